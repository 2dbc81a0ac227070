package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

func bindCol(b *binder, n *node) (*node, error) {
	name, _ := n.params[0].(string)
	if b.schema == nil {
		return nil, n.fault("column %q stands where there are no columns", name)
	}
	switch at := b.schema.FieldIndices(name); len(at) {
	case 1:
		f := b.schema.Field(at[0])
		out := n.resultNull(ValueType(f.Type), f.Nullable || f.Type.ID() == arrow.NULL)
		out.field = &f
		return out, nil
	case 0:
		f := n.fault("column %q not found", name)
		f.Hint = fault.Suggest(name, FieldNames(b.schema))
		return nil, f
	}
	return nil, n.fault("column %q stands several times in the frame", name)
}

// FieldNames returns the names of a schema's columns in order.
func FieldNames(s *arrow.Schema) []string {
	names := make([]string, s.NumFields())
	for i := range names {
		names[i] = s.Field(i).Name
	}
	return names
}

func bindLit(b *binder, n *node) (*node, error) {
	if n.typ != nil {
		return n, nil
	}
	e, err := b.adapt(Expr{n: n}, defaultType(n.value))
	return e.n, err
}

// bindBool binds operands that must be bool.
func (b *binder) bools(n *node, args []Expr) ([]Expr, error) {
	es, err := b.operands(args)
	if err != nil {
		return nil, err
	}
	for i, e := range es {
		if e.isRaw() {
			if _, ok := e.n.value.(bool); !ok && e.n.value != nil {
				return nil, n.fault("%s takes conditions, not the constant %s (%s)", n.info.Call, e, Expr{n: n})
			}
			if es[i], err = b.adapt(e, boolType); err != nil {
				return nil, err
			}
			continue
		}
		if e.n.typ.ID() != arrow.BOOL && e.n.typ.ID() != arrow.NULL {
			return nil, n.wrongOperand(e, "conditions").WithHint("write a comparison such as Gt(0) or NotNull()")
		}
		es[i] = CastTo(e, boolType)
	}
	return es, nil
}

func bindLogical(b *binder, n *node) (*node, error) {
	es, err := b.bools(n, n.args)
	if err != nil {
		return nil, err
	}
	return n.result(boolType, es...), nil
}

func bindIfExpr(b *binder, n *node) (*node, error) {
	cond, err := b.bools(n, n.args[:1])
	if err != nil {
		return nil, err
	}
	values, err := b.unified(n, n.args[1:], forValue)
	if err != nil {
		return nil, err
	}
	return n.resultNull(values[0].n.typ, values[0].n.nullable || values[1].n.nullable, cond[0], values[0], values[1]), nil
}

// unified binds operands and brings them to one type.
func (b *binder) unified(n *node, args []Expr, why purpose) ([]Expr, error) {
	es, err := b.operands(args)
	if err != nil {
		return nil, err
	}
	es, _, err = b.unify(n, es, why)
	return es, err
}

func bindUnified(b *binder, n *node) (*node, error) {
	es, err := b.unified(n, n.args, forValue)
	if err != nil {
		return nil, err
	}
	t, nullable := es[0].n.typ, true
	if n.info.Name != "coalesce" && !classOf(t).ordered() {
		return nil, n.wrongOperand(es[0], "values with an order")
	}
	for _, e := range es {
		nullable = nullable && e.n.nullable
	}
	return n.resultNull(t, nullable, es...), nil
}

// flipped is the comparison with its sides exchanged.
var flipped = map[string]string{"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}

func bindCompare(b *binder, n *node) (*node, error) {
	es, err := b.operands(n.args)
	if err != nil {
		return nil, err
	}
	es, _, err = b.unify(n, es, forCompare)
	if err != nil {
		return nil, err
	}
	if err := n.comparable(es); err != nil {
		return nil, err
	}
	out := n.result(boolType, es...)
	if es[0].n.info == opLit && es[1].n.info != opLit {
		out.args = []Expr{es[1], es[0]}
		out.info = ops[flipped[n.info.Name]]
	}
	return out, nil
}

// comparable refuses types that have no order or equality here.
func (n *node) comparable(es []Expr) error {
	for _, e := range es {
		if t := e.n.typ; t.ID() != arrow.NULL && !classOf(t).ordered() {
			return n.wrongOperand(e, "numbers, text, bools, dates and times").WithHint("compare its fields or elements")
		}
	}
	return nil
}

func bindBetween(b *binder, n *node) (*node, error) {
	es, err := b.operands(n.args)
	if err != nil {
		return nil, err
	}
	if b.needsPairs(es) {
		lo := finish(&node{info: ops["ge"], args: []Expr{n.args[0], n.args[1]}, site: n.site})
		hi := finish(&node{info: ops["le"], args: []Expr{n.args[0], n.args[2]}, site: n.site})
		return bindLogical(b, &node{info: opAnd, args: []Expr{lo, hi}, site: n.site})
	}
	es, _, err = b.unify(n, es, forCompare)
	if err != nil {
		return nil, err
	}
	if err := n.comparable(es); err != nil {
		return nil, err
	}
	return n.result(boolType, es...), nil
}

// needsPairs says whether operands mix 64-bit integers and floats, which compare exactly only two at a time.
func (b *binder) needsPairs(es []Expr) bool {
	wide, float := false, false
	for _, e := range es {
		if !e.isRaw() {
			wide = wide || e.n.typ.ID() == arrow.INT64 || e.n.typ.ID() == arrow.UINT64
			float = float || classOf(e.n.typ) == floatClass
			continue
		}
		switch x := canonical(e.n.value).(type) {
		case float64:
			float = true
		case int64:
			wide = wide || x > 1<<53 || x < -1<<53
		case uint64:
			wide = true
		}
	}
	return wide && float
}

func bindIn(b *binder, n *node) (*node, error) {
	es, err := b.operands(n.args)
	if err != nil {
		return nil, err
	}
	if es[0].isRaw() {
		t := defaultType(es[0].n.value)
		if lead := leader(es[1:]); lead != nil && es[0].n.value == nil {
			t = lead
		}
		if es[0], err = b.adapt(es[0], t); err != nil {
			return nil, err
		}
	}
	es[0] = CastTo(es[0], withoutHalf(es[0].n.typ))
	if err := n.comparable(es[:1]); err != nil {
		return nil, err
	}
	for _, e := range es[1:] {
		if e.n.info != opLit || !e.isRaw() && !e.isNullLit() && !arrow.TypeEqual(e.n.typ, es[0].n.typ) {
			return b.inByEquality(n)
		}
	}
	return b.inConstants(n, es[0], es[1:])
}

// inByEquality writes a list that holds more than constants as equalities.
func (b *binder) inByEquality(n *node) (*node, error) {
	or := &node{info: opOr, site: n.site}
	for _, v := range n.args[1:] {
		or.args = append(or.args, finish(&node{info: ops["eq"], args: []Expr{n.args[0], v}, site: n.site}))
	}
	return bindLogical(b, or)
}

// inConstants adapts the constants to the value. One that the value's type cannot hold (2.5 beside an integer) never matches and is
// left out; the value is never widened.
func (b *binder) inConstants(n *node, value Expr, lits []Expr) (*node, error) {
	t := value.n.typ
	args, hasNull := []Expr{value}, false
	for _, lit := range lits {
		if lit.isNullLit() {
			hasNull = true
			continue
		}
		if !lit.isRaw() {
			args = append(args, lit)
			continue
		}
		lt := literalType(lit.n.value, t)
		if lt == nil {
			return nil, misfitLiteral(n, lit, t)
		}
		if neverEqual(lit.n.value, lt, t) {
			continue
		}
		a, err := b.adapt(lit, t)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	if hasNull {
		args = append(args, NullOf(t))
	}
	return n.result(boolType, args...), nil
}

// neverEqual says whether a constant, which by itself would have type lt, equals no value of type t.
func neverEqual(v any, lt, t arrow.DataType) bool {
	switch {
	case classOf(t) == floatClass:
		return !arrow.TypeEqual(lt, t) && classOf(lt) != floatClass || bits(lt) > bits(t)
	case classOf(t).number():
		_, err := literalAs(v, t)
		return err != nil
	}
	return classOf(t) == timestampClass && unitOf(lt) > unitOf(t)
}

func bindIsNull(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	return n.resultNull(boolType, false, e), nil
}

func bindIsNaN(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	if !classOf(e.n.typ).number() && e.n.typ.ID() != arrow.NULL {
		return nil, n.wrongOperand(e, "a number").WithHint("for missing values use IsNull")
	}
	if classOf(e.n.typ) != floatClass || e.n.typ.ID() == arrow.FLOAT16 {
		e = CastTo(e, float64T)
	}
	return n.result(boolType, e), nil
}

func bindFillNaN(b *binder, n *node) (*node, error) {
	es, err := b.unified(n, n.args, forValue)
	if err != nil {
		return nil, err
	}
	if classOf(es[0].n.typ) != floatClass {
		return nil, n.wrongOperand(es[0], "a float").WithHint("for missing values use Coalesce")
	}
	return n.result(es[0].n.typ, es...), nil
}

func bindStructOf(b *binder, n *node) (*node, error) {
	args := make([]Expr, len(n.args))
	fields := make([]arrow.Field, len(n.args))
	seen := map[string]bool{}
	for i := range args {
		var err error
		if args[i], err = b.bind(n.args[i]); err != nil {
			return nil, err
		}
		name, _ := n.params[i].(string)
		if seen[name] {
			return nil, n.fault("StructOf has two fields named %q", name).WithHint("rename one with As")
		}
		seen[name] = true
		fields[i] = arrow.Field{Name: name, Type: args[i].n.typ, Nullable: true} // as in bindListOf
	}
	return n.resultNull(arrow.StructOf(fields...), false, args...), nil
}

func bindField(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	st, ok := e.n.typ.(*arrow.StructType)
	if !ok {
		return nil, n.wrongOperand(e, "a struct")
	}
	name, _ := n.params[0].(string)
	if i, ok := st.FieldIdx(name); ok {
		f := st.Field(i)
		return n.resultNull(ValueType(f.Type), e.n.nullable || f.Nullable, e), nil
	}
	names := make([]string, st.NumFields())
	for i := range names {
		names[i] = st.Field(i).Name
	}
	f := n.fault("field %q not found in %s", name, e.describe())
	f.Hint = fault.Suggest(name, names)
	return nil, f
}

func bindUserFunc(b *binder, n *node) (*node, error) {
	name, _ := n.params[0].(string)
	u, ok := UserFunc(name)
	if !ok {
		f := unknownFunction(name)
		f.At = n.site.String()
		return nil, f
	}
	es, err := b.operands(n.args)
	if err != nil {
		return nil, err
	}
	if !u.variadic && len(es) != len(u.Args) {
		return nil, n.fault("%s takes %d arguments, not %d", name, len(u.Args), len(es))
	}
	nullable := u.variadic
	for i := range es {
		if u.variadic {
			es[i], err = b.bind(es[i])
		} else {
			es[i], err = b.argument(n, es[i], u.Args[i])
		}
		if err != nil {
			return nil, err
		}
		nullable = nullable || es[i].n.nullable
	}
	out := n.resultNull(ValueType(u.Result), nullable, es...)
	if !arrow.TypeEqual(out.typ, u.Result) {
		out.field = &arrow.Field{Type: u.Result, Nullable: nullable}
	}
	return out, nil
}

// argument brings an argument to what a user function takes. Dates and timestamps stay as they are: each becomes a time.Time.
func (b *binder) argument(n *node, e Expr, want arrow.DataType) (Expr, error) {
	name, _ := n.params[0].(string)
	if e.isRaw() && literalType(e.n.value, want) != nil {
		if adapted, err := b.adapt(e, want); err == nil {
			return adapted, nil
		}
	}
	if e.isRaw() {
		var err error
		if e, err = b.bind(e); err != nil {
			return Expr{}, err
		}
	}
	have := e.n.typ
	if classOf(want) == timestampClass && (classOf(have) == dateClass || classOf(have) == timestampClass) {
		return e, nil
	}
	if c := common(have, want, forValue); c == nil || !arrow.TypeEqual(c, want) && !losesNothing(have, want) {
		return Expr{}, n.fault("the user function %s takes %s, not %s", name, typeName(want), e.describe()).WithHint("Cast the argument")
	}
	return CastTo(e, want), nil
}

// losesNothing allows the conversions of arguments that widen by promotion only to a wider type than common says: integers to
// float64.
func losesNothing(have, want arrow.DataType) bool {
	return want.ID() == arrow.FLOAT64 && classOf(have).number() || classOf(have) == durationClass && classOf(want) == durationClass
}

func bindKeyModifier(_ *binder, n *node) (*node, error) {
	return nil, n.fault("%s makes a sort key, which stands in Sort and OrderBy only", n.info.Call)
}
