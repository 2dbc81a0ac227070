package expr

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// Bind resolves the columns of e against the schema, checks all types, adapts literals to their neighbours, inserts casts so that
// the operands of an operation have the types its kernels take, and gives every node its type. The result has a name of its own
// that later rewrites do not change. A bound expression may be bound again, to the same or another schema. The error is a
// *fault.Error of kind Plan with the place of the node at fault; its Op is empty.
//
// What a bound tree promises: no operand has the null type (but those of is_null, not_null, counts, first, last, mode and list_of);
// the operands of add, sub, mul, div, floor_div, mod, pow and of comparisons have one type, except
//   - comparisons of int64 or uint64 with float64, in either order, which must be exact: both keep their type;
//   - timestamp ± duration, of one unit, the timestamp first, and duration × int64, the duration first;
//   - timestamps compared, subtracted or put side by side in coalesce, if, in…: one unit, both naive or both zoned, zones may differ;
//   - decimals in arithmetic: one width (128 or 256), each its own precision and scale; the result type says the scale to reach.
//
// Arithmetic and comparisons have no float16. The values of between, in, coalesce, greatest, least, if and fill_nan have one type; the
// operands of in but the first are literals, nulls among them typed, and may be none (then a null value gives null, others false). A
// comparison of a literal with anything else has the literal last. pow, sqrt, exp, log, corr and cov take float64; mean, var, std,
// median and quantiles take integers, float32 and float64 (mean also durations); sum takes also decimals and durations.
func Bind(e Expr, s *arrow.Schema) (Expr, error) {
	if e.n == nil {
		return Expr{}, zeroFault("")
	}
	b := &binder{schema: s, done: map[*node]Expr{}}
	out, err := b.bind(e)
	if err != nil {
		return Expr{}, err
	}
	return out.named(e.Name()), nil
}

// binder binds one expression. Its methods return errors as *fault.Error.
type binder struct {
	schema *arrow.Schema
	done   map[*node]Expr
}

// fault is a fault of the node with its place.
func (n *node) fault(format string, args ...any) *fault.Error {
	f := fault.New(fault.Plan, "", format, args...)
	f.At = n.site.String()
	return f
}

// bind binds a node and gives a literal that nothing adapted its default type.
func (b *binder) bind(e Expr) (Expr, error) {
	n := e.n
	if n.err != nil {
		return Expr{}, n.err
	}
	if out, ok := b.done[n]; ok {
		return out, nil
	}
	out, err := b.checked(n)
	if err != nil {
		return Expr{}, err
	}
	if out == n { // bound before; others may be reading it, so nothing is written
		b.done[n] = e
		return e, nil
	}
	if out.alias == "" {
		out.alias = n.alias
	}
	bound := finish(out)
	b.done[n] = bound
	return bound, nil
}

// checked binds the node and what surrounds an aggregate or window function.
func (b *binder) checked(n *node) (*node, error) {
	if n.info.Kind != Aggregate && n.info.Kind != Window {
		return n.info.bind(b, n)
	}
	for _, a := range n.args {
		if a.n.contains&(ContainsAggregate|ContainsWindow) != 0 {
			f := n.fault("%s of another aggregate or window function", n.info.Call)
			return nil, f.WithHint("compute the inner one in a step of its own")
		}
	}
	mods, err := b.mods(n)
	if err != nil {
		return nil, err
	}
	out, err := n.info.bind(b, n)
	if err != nil {
		return nil, err
	}
	out.mods = mods
	return out, nil
}

// operands binds arguments but leaves unbound literals, which adapt to the others.
func (b *binder) operands(args []Expr) ([]Expr, error) {
	out := make([]Expr, len(args))
	for i, a := range args {
		if a.isRaw() && a.n.err == nil {
			out[i] = a
			continue
		}
		var err error
		if out[i], err = b.bind(a); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// isRaw says whether e is a literal without a type yet.
func (e Expr) isRaw() bool { return e.n.info == opLit && e.n.typ == nil }

func (e Expr) isNullLit() bool { return e.n.info == opLit && e.n.value == nil }

// one binds the only argument.
func (b *binder) one(n *node) (Expr, error) { return b.bind(n.args[0]) }

// result is n with bound operands and a type; it is null where an operand can be, or where the operation makes null.
func (n *node) result(t arrow.DataType, args ...Expr) *node {
	nullable := n.info.MakesNull
	for _, a := range args {
		nullable = nullable || a.n.nullable
	}
	return n.resultNull(t, nullable, args...)
}

func (n *node) resultNull(t arrow.DataType, nullable bool, args ...Expr) *node {
	out := *n
	out.args, out.typ, out.nullable, out.field = args, t, nullable, nil
	return &out
}

// adapt gives an unbound literal a type; err tells where the value does not fit.
func (b *binder) adapt(lit Expr, t arrow.DataType) (Expr, error) {
	v, err := literalAs(lit.n.value, t)
	if err != nil {
		return Expr{}, lit.n.fault("%w", err)
	}
	out := *lit.n
	out.value, out.typ, out.nullable = v, t, v == nil
	return finish(&out), nil
}

// CastTo converts a bound expression to the type by a cast that counts as implicit; e itself where it has the type. A literal is
// converted at once where the type holds it.
func CastTo(e Expr, t arrow.DataType) Expr {
	if e.n == nil || e.n.err != nil || e.n.typ == nil || arrow.TypeEqual(e.n.typ, t) {
		return e
	}
	if e.n.info == opLit {
		v, _ := e.Literal()
		if v == nil || canonical(v) != nil {
			if p, err := literalAs(v, t); err == nil {
				return typedLit(p, t, e.n.site)
			}
		}
	}
	return finish(&node{info: opCast, args: []Expr{e}, params: []any{t}, typ: ValueType(t), nullable: e.n.nullable, implicit: true, site: e.n.site})
}

// unify brings operands to one type: literals adapt, the others widen. mixed says that instead they stay a 64-bit integer and a
// float, for an exact comparison of two.
func (b *binder) unify(n *node, es []Expr, why purpose) (out []Expr, mixed bool, err error) {
	t, mixed, err := b.commonOf(n, es, why)
	if err != nil {
		return nil, false, err
	}
	out = make([]Expr, len(es))
	for i, e := range es {
		target := t
		if mixed {
			target = mixedTarget(e, t)
		}
		if !e.isRaw() {
			out[i] = CastTo(e, keepZone(e.n.typ, target))
			continue
		}
		if out[i], err = b.adapt(e, target); err != nil {
			return nil, false, err
		}
	}
	return out, mixed, nil
}

// mixedTarget is the type that a side of an exact mixed comparison has: floats as float64, integers as they are. For a literal t is
// the type it was found to need.
func mixedTarget(e Expr, t arrow.DataType) arrow.DataType {
	if e.isRaw() {
		if _, float := canonical(e.n.value).(float64); float {
			return float64T
		}
		return t
	}
	if classOf(e.n.typ) == floatClass {
		return float64T
	}
	return e.n.typ
}

// keepZone avoids a cast that would change nothing but the zone of a timestamp: instants do not depend on it.
func keepZone(from, to arrow.DataType) arrow.DataType {
	a, okA := from.(*arrow.TimestampType)
	c, okC := to.(*arrow.TimestampType)
	if okA && okC && a.TimeZone != "" && c.TimeZone != "" {
		return &arrow.TimestampType{Unit: c.Unit, TimeZone: a.TimeZone}
	}
	return to
}

// commonOf finds the common type of operands, literals last.
func (b *binder) commonOf(n *node, es []Expr, why purpose) (t arrow.DataType, mixed bool, err error) {
	for _, e := range es {
		if e.isRaw() {
			continue
		}
		if t, mixed, err = join(n, t, withoutHalf(e.n.typ), why, len(es)); err != nil || mixed {
			return t, mixed, err
		}
	}
	if t == nil || t.ID() == arrow.NULL {
		if lead := leader(es); lead != nil {
			t = lead
		}
	}
	for _, e := range es {
		if !e.isRaw() || e.n.value == nil {
			continue
		}
		lt := literalType(e.n.value, t)
		if lt == nil {
			return nil, false, misfitLiteral(n, e, t)
		}
		if why == forValue && classOf(t) == floatClass && classOf(lt).integer() {
			lt = float64T
		}
		if t, mixed, err = join(n, t, lt, why, len(es)); err != nil || mixed {
			return lt, mixed, err
		}
	}
	if t == nil {
		t = arrow.Null
	}
	return t, false, nil
}

// join widens t by u; a nil t is no type yet.
func join(n *node, t, u arrow.DataType, why purpose, operands int) (arrow.DataType, bool, error) {
	if t == nil {
		return u, false, nil
	}
	c := common(t, u, why)
	switch {
	case c != nil:
		return c, false, nil
	case why == forCompare && exactMixed(t, u) && operands == 2:
		return t, true, nil
	case why == forCompare && exactMixed(t, u):
		return float64T, false, nil
	}
	return nil, false, mismatch(n, t, u)
}

// withoutHalf widens float16, which has no kernels.
func withoutHalf(t arrow.DataType) arrow.DataType {
	if t.ID() == arrow.FLOAT16 {
		return float32T
	}
	return t
}

// leader is the default type that unbound literals take when nothing else has a type: of the first that is no text, else text. A
// float among integers leads.
func leader(es []Expr) arrow.DataType {
	var lead arrow.DataType
	for _, e := range es {
		if !e.isRaw() || e.n.value == nil {
			continue
		}
		t := defaultType(e.n.value)
		if lead == nil || lead.ID() == arrow.STRING && t.ID() != arrow.STRING || t.ID() == arrow.FLOAT64 && classOf(lead).integer() {
			lead = t
		}
	}
	return lead
}

// mismatch is the fault of two types that do not go together.
func mismatch(n *node, a, c arrow.DataType) *fault.Error {
	f := n.fault("%s and %s do not go together in %s", typeName(a), typeName(c), Expr{n: n})
	ta, okA := a.(*arrow.TimestampType)
	tc, okC := c.(*arrow.TimestampType)
	zoned := okA && ta.TimeZone != "" || okC && tc.TimeZone != ""
	ca, cc := classOf(a), classOf(c)
	switch {
	case okA && okC, zoned && (ca == dateClass || cc == dateClass):
		return f.WithHint("give the one without a zone its zone with Dt().In(zone)")
	case ca.integer() && cc.integer():
		return f.WithHint("Cast one of them, say to int64 or float64")
	case ca == textClass && cc.number(), cc == textClass && ca.number():
		return f.WithHint("Cast the text to a number or the number to text")
	case ca == textClass || cc == textClass:
		return f.WithHint("Cast the text, or read it with Str().ParseTime")
	}
	return f.WithHint("Cast one of them")
}

// misfitLiteral is the fault of a constant beside a type that it does not adapt to.
func misfitLiteral(n *node, lit Expr, t arrow.DataType) *fault.Error {
	f := n.fault("the constant %s does not go with %s in %s", lit, typeName(t), Expr{n: n})
	c := classOf(t)
	switch lit.n.value.(type) {
	case string:
		if c.number() {
			return f.WithHint("text never becomes a number: leave out the quotes")
		}
	case bool:
		return f.WithHint("compare with a value of type %s", typeName(t))
	}
	switch {
	case c == textClass:
		return f.WithHint("put the constant in quotes, or Cast the text")
	case c == boolClass:
		return f.WithHint("use the bool itself, Not or If(x, 1, 0)")
	case c == dateClass || c == timestampClass:
		return f.WithHint("give a time.Time or text such as \"2024-01-31\"")
	case c == durationClass:
		return f.WithHint("give a time.Duration")
	}
	return f
}

// wrongOperand is the fault of an operand of a type that the operation does not take.
func (n *node) wrongOperand(a Expr, want string) *fault.Error {
	return n.fault("%s takes %s, not %s (%s)", n.info.Call, want, a.describe(), Expr{n: n})
}

// describe names an operand and its type.
func (e Expr) describe() string {
	if name, ok := e.ColumnName(); ok {
		return fmt.Sprintf("%s column %q", typeName(e.n.typ), name)
	}
	return typeName(e.n.typ)
}
