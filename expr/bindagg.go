package expr

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// mods binds the modifiers of an aggregate or window function and checks that they go together.
func (b *binder) mods(n *node) (*Mods, error) {
	if n.mods == nil {
		if n.info.Kind == Window {
			return nil, n.needsOver()
		}
		return nil, nil
	}
	m := *n.mods
	if !m.HasOver {
		if n.info.Kind == Window {
			return nil, n.needsOver()
		}
		if m.Frame.Kind != WholePartition {
			return nil, n.fault("a frame (Rows, Range) needs Over (%s)", Expr{n: n})
		}
	}
	if n.info.Kind == Window && m.Frame.Kind != WholePartition {
		return nil, n.fault("%s has no frame: Rows and Range are for aggregates", n.info.Call)
	}
	var err error
	if m.Where.n != nil {
		if m.Where, err = b.inner(n, "Where", m.Where); err != nil {
			return nil, err
		}
		if m.Where.n.typ.ID() != arrow.BOOL && m.Where.n.typ.ID() != arrow.NULL {
			return nil, n.fault("Where takes a condition, not %s", m.Where.describe())
		}
		m.Where = CastTo(m.Where, boolType)
	}
	if err := b.modKeys(n, &m); err != nil {
		return nil, err
	}
	return &m, nil
}

func (n *node) needsOver() error {
	return n.fault("%s needs Over (%s)", n.info.Call, Expr{n: n}).WithHint("write %s.Over(keys...), Over() for the whole frame", Expr{n: n})
}

// modKeys binds the keys of OrderBy and Over and the bounds of a range.
func (b *binder) modKeys(n *node, m *Mods) error {
	keys := make([]SortKey, len(m.OrderBy))
	for i, k := range m.OrderBy {
		e, err := b.inner(n, "OrderBy", k.Expr)
		if err != nil {
			return err
		}
		if t := e.n.typ; !classOf(t).ordered() && t.ID() != arrow.NULL {
			return n.fault("OrderBy takes values with an order, not %s", e.describe())
		}
		keys[i] = SortKey{Expr: e, Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	if m.OrderBy != nil {
		m.OrderBy = keys
	}
	over := make([]Expr, len(m.Over))
	for i, k := range m.Over {
		e, err := b.inner(n, "Over", k)
		if err != nil {
			return err
		}
		over[i] = e
	}
	m.Over = over
	if m.Frame.Kind == RangeFrame {
		return n.rangeFrame(m)
	}
	return nil
}

// inner binds an expression inside a modifier.
func (b *binder) inner(n *node, mod string, e Expr) (Expr, error) {
	if e.Contains()&(ContainsAggregate|ContainsWindow) != 0 {
		return Expr{}, n.fault("%s of %s holds an aggregate or window function", mod, n.info.Call).WithHint("compute it in a step of its own")
	}
	return b.bind(e)
}

// rangeFrame brings the bounds to the kind of the order key: int64 for integers, float64 for other numbers, time.Duration for times.
func (n *node) rangeFrame(m *Mods) error {
	if len(m.OrderBy) != 1 {
		return n.fault("Range needs exactly one OrderBy key, not %d", len(m.OrderBy))
	}
	key := m.OrderBy[0].Expr
	from, okFrom := boundAs(m.Frame.From, classOf(key.n.typ))
	to, okTo := boundAs(m.Frame.To, classOf(key.n.typ))
	if !okFrom || !okTo {
		f := n.fault("the bounds %v and %v of Range do not go with an order by %s", m.Frame.From, m.Frame.To, key.describe())
		return f.WithHint("use numbers for a number and time.Duration for dates and times")
	}
	m.Frame.From, m.Frame.To = from, to
	return nil
}

func boundAs(v any, c class) (any, bool) {
	if v == any(UnboundedPreceding) || v == any(UnboundedFollowing) {
		return v, true
	}
	switch c {
	case signedClass, unsignedClass:
		i, ok := v.(int64)
		return i, ok
	case floatClass, decimalClass:
		if i, ok := v.(int64); ok {
			return float64(i), true
		}
		f, ok := v.(float64)
		return f, ok
	case dateClass, timestampClass, timeClass, durationClass:
		if v == any(int64(0)) {
			return time.Duration(0), true
		}
		d, ok := v.(time.Duration)
		return d, ok
	}
	return nil, false
}

// bindCount binds counts, which are never null.
func bindCount(b *binder, n *node) (*node, error) {
	args, err := b.all(n.args)
	if err != nil {
		return nil, err
	}
	return n.resultNull(int64Type, false, args...), nil
}

func (b *binder) all(args []Expr) ([]Expr, error) {
	out := make([]Expr, len(args))
	for i, a := range args {
		var err error
		if out[i], err = b.bind(a); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// bindSum binds sum and cum_sum.
func bindSum(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	switch t := e.n.typ; classOf(t) {
	case nullClass, boolClass:
		return n.resultNull(int64Type, true, CastTo(e, int64Type)), nil
	case signedClass:
		return n.resultNull(int64Type, true, e), nil
	case unsignedClass:
		if t.ID() == arrow.UINT64 {
			return n.resultNull(t, true, e), nil
		}
		return n.resultNull(int64Type, true, e), nil
	case floatClass:
		return n.resultNull(float64T, true, CastTo(e, withoutHalf(t))), nil
	case decimalClass:
		d := t.(arrow.DecimalType)
		if t.ID() == arrow.DECIMAL256 {
			return n.resultNull(&arrow.Decimal256Type{Precision: 76, Scale: d.GetScale()}, true, e), nil
		}
		return n.resultNull(&arrow.Decimal128Type{Precision: 38, Scale: d.GetScale()}, true, e), nil
	case durationClass:
		return n.resultNull(t, true, e), nil
	}
	return nil, n.notANumber(e)
}

func (n *node) notANumber(e Expr) error {
	f := n.wrongOperand(e, "numbers")
	if classOf(e.n.typ) == textClass {
		return f.WithHint("Cast the text to a number")
	}
	return f
}

// bindMoment binds mean, variances, quantiles and correlations.
func bindMoment(b *binder, n *node) (*node, error) {
	args, err := b.all(n.args)
	if err != nil {
		return nil, err
	}
	for i, e := range args {
		switch c := classOf(e.n.typ); {
		case n.info.Name == "mean" && c == durationClass:
			return n.resultNull(e.n.typ, true, e), nil
		case c == nullClass, c == decimalClass, len(args) == 2 && c.number():
			args[i] = CastTo(e, float64T)
		case c == boolClass:
			args[i] = CastTo(e, map[bool]arrow.DataType{true: float64T, false: int64Type}[len(args) == 2])
		case c == floatClass:
			args[i] = CastTo(e, withoutHalf(e.n.typ))
		case c.integer():
		default:
			return nil, n.notANumber(e)
		}
	}
	if n.info.Name == "quantiles" {
		if len((Expr{n: n}).Quantiles()) == 0 {
			return nil, n.fault("Quantiles without a quantile")
		}
		return n.resultNull(arrow.ListOf(float64T), true, args...), nil
	}
	return n.resultNull(float64T, true, args...), nil
}

// bindExtreme binds min, max and their cumulative forms.
func bindExtreme(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	t := withoutHalf(e.n.typ)
	if t.ID() == arrow.NULL {
		t = int64Type
	}
	if !classOf(t).ordered() {
		return nil, n.wrongOperand(e, "values with an order")
	}
	return n.resultNull(t, true, CastTo(e, t)), nil
}

// bindPick binds what returns one of the values as it is.
func bindPick(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	return n.resultNull(e.n.typ, true, e), nil
}

func bindAnyAll(b *binder, n *node) (*node, error) {
	es, err := b.bools(n, n.args)
	if err != nil {
		return nil, err
	}
	return n.resultNull(boolType, true, es...), nil
}

// bindListOf gives a list whose values may be null, whatever is known of them: an optimizer that comes to know better must not change
// the type.
func bindListOf(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	return n.resultNull(arrow.ListOf(e.n.typ), true, e), nil
}

// bindRank binds the ranks, which are null in rows that their condition leaves out.
func bindRank(_ *binder, n *node) (*node, error) {
	return n.resultNull(int64Type, n.mods != nil && n.mods.Where.n != nil), nil
}

// bindShift binds lag, lead and the fills, which keep the type.
func bindShift(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	return n.resultNull(e.n.typ, true, e), nil
}
