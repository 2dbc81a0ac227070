package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
)

func bindCast(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	target, _ := n.params[0].(arrow.DataType)
	t := ValueType(target)
	if !castable(e.n.typ, t) {
		f := n.fault("%s cannot be cast to %s (%s)", e.describe(), typeName(target), Expr{n: n})
		return nil, f
	}
	out := n.result(t, e)
	if !arrow.TypeEqual(t, target) {
		out.field = &arrow.Field{Type: target, Nullable: out.nullable}
	}
	return out, nil
}

// castable says whether there is a cast between two value types.
func castable(from, to arrow.DataType) bool {
	if arrow.TypeEqual(from, to) {
		return true
	}
	x, y := classOf(from), classOf(to)
	switch x {
	case nullClass:
		return true
	case boolClass:
		return y.number() || y == textClass
	case signedClass, unsignedClass:
		return y.number() || y == boolClass || y == textClass || y >= dateClass && y <= durationClass
	case floatClass, decimalClass:
		return y.number() || y == boolClass || y == textClass
	case textClass:
		return y >= boolClass && y <= timestampClass
	case binaryClass:
		return y == textClass || y == binaryClass
	case dateClass:
		return y.integer() || y == textClass || y == dateClass || y == timestampClass
	case timeClass:
		return y.integer() || y == textClass || y == timeClass || y == durationClass
	case timestampClass:
		return y.integer() || y == textClass || y >= dateClass && y <= timestampClass
	case durationClass:
		return y.integer() || y == textClass || y == durationClass
	}
	return castableNested(from, to)
}

// castableNested goes by elements and by the fields' places.
func castableNested(from, to arrow.DataType) bool {
	switch x := from.(type) {
	case arrow.ListLikeType:
		y, ok := to.(arrow.ListLikeType)
		if _, fixed := to.(*arrow.FixedSizeListType); !ok || fixed || from.ID() == arrow.MAP || to.ID() == arrow.MAP {
			return false
		}
		return castable(ValueType(x.Elem()), ValueType(y.Elem()))
	case *arrow.StructType:
		y, ok := to.(*arrow.StructType)
		if !ok || x.NumFields() != y.NumFields() {
			return false
		}
		for i := range x.NumFields() {
			if !castable(ValueType(x.Field(i).Type), ValueType(y.Field(i).Type)) {
				return false
			}
		}
		return true
	}
	return false
}

// castFails says whether a cast between value types can fail for some value.
func castFails(from, to arrow.DataType) bool {
	if arrow.TypeEqual(from, to) {
		return false
	}
	x, y := classOf(from), classOf(to)
	switch {
	case x == nullClass, x == boolClass && y != decimalClass, y == boolClass && x != textClass:
		return false
	case y == textClass:
		return x == binaryClass
	case y == binaryClass:
		return to.ID() == arrow.FIXED_SIZE_BINARY
	case x.integer() && y.integer():
		return !widensInt(from, to)
	case y == floatClass:
		return x == textClass || x == floatClass && bits(to) < bits(from) || bits(to) == 16
	case y == decimalClass && x.integer():
		d := to.(arrow.DecimalType)
		return d.GetPrecision()-d.GetScale() < integerDigits(from)
	case y == decimalClass && x == decimalClass:
		a, c := from.(arrow.DecimalType), to.(arrow.DecimalType)
		return c.GetScale() < a.GetScale() || c.GetPrecision()-c.GetScale() < a.GetPrecision()-a.GetScale()
	case x == timestampClass && (y == dateClass || y == timeClass):
		return false
	case x == dateClass && y == timestampClass:
		return unitOf(to) > arrow.Millisecond
	case x == timestampClass && y == timestampClass, x == timeClass && y == timeClass:
		return unitOf(from) != unitOf(to)
	case x == dateClass && y == dateClass:
		return false
	case y.integer() && x >= dateClass:
		return bits(to) < bits(from) || y == unsignedClass
	}
	return true
}

func widensInt(from, to arrow.DataType) bool {
	x, y := classOf(from), classOf(to)
	switch {
	case x == y:
		return bits(from) <= bits(to)
	case x == unsignedClass:
		return bits(from) < bits(to)
	}
	return false
}

// CanFail says whether evaluating the bound expression can end in an error for some values: overflow, a lossy cast, a user function.
// Rules must not move such an expression to rows that it was not evaluated on before. An unbound expression can.
func (e Expr) CanFail() bool {
	fails := false
	Walk(e, func(x Expr) bool {
		fails = fails || x.FailsItself()
		return !fails
	})
	return fails
}

// FailsItself says whether the operation of e itself can fail, its operands given.
func (e Expr) FailsItself() bool {
	n := e.n
	if n == nil || n.err != nil {
		return true
	}
	switch n.info.Fails {
	case FailsNever:
		return false
	case FailsAlways:
		return true
	}
	if n.typ == nil || len(n.args) == 0 || n.args[0].n.typ == nil {
		return true
	}
	return n.failsByType(classOf(n.typ))
}

func (n *node) failsByType(c class) bool {
	arg := n.args[0].n.typ
	switch n.info.Name {
	case "cast":
		target, _ := n.params[0].(arrow.DataType)
		return castFails(arg, ValueType(target))
	case "round":
		digits, _ := n.params[0].(int64)
		return c == decimalClass || c.integer() && digits < 0
	case "floor", "ceil":
		return c == decimalClass
	case "sum", "cum_sum":
		return c != floatClass
	case "neg", "abs":
		return c == signedClass || c == durationClass
	case "floor_div":
		if v, ok := n.args[1].Physical(); ok && v != any(int64(-1)) && c == signedClass {
			return false
		}
		return c == signedClass || c == durationClass || n.cutsDecimal()
	case "mod":
		return false
	}
	switch c {
	case floatClass:
		return false
	case decimalClass:
		return n.cutsDecimal()
	}
	return true
}

// cutsDecimal says whether the result of decimal arithmetic may need more digits than its type has.
func (n *node) cutsDecimal() bool {
	out, ok := n.typ.(arrow.DecimalType)
	a, okA := n.args[0].n.typ.(arrow.DecimalType)
	c, okC := n.args[len(n.args)-1].n.typ.(arrow.DecimalType)
	if !ok || !okA || !okC {
		return false
	}
	precision, _ := decimalResult(n.info.Name, a, c)
	return precision > out.GetPrecision()
}
