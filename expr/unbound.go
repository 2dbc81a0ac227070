package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// Unbound returns e without types, to be bound to another schema; what is below it stays as it is (Bind takes both). A literal keeps
// its type.
func (e Expr) Unbound() Expr {
	if e.n == nil || e.n.typ == nil || e.n.info == opLit {
		return e
	}
	n := *e.n
	n.typ, n.field, n.nullable = nil, nil, false
	return finish(&n)
}

// CommonType returns the type that values of both value types are compared in without loss, as Eq has it; ok is false where there
// is none (a 64-bit integer with a float too).
func CommonType(a, b arrow.DataType) (t arrow.DataType, ok bool) {
	t = common(withoutHalf(ValueType(a)), withoutHalf(ValueType(b)), forCompare)
	return t, t != nil
}

// WidenType returns the type that columns of two types are brought to where frames or files are put under each other. Without promote
// only what loses nothing widens: integers of one sign, int8 to int32 and uint8 to uint32 to double, float to double, null to any, a
// dictionary to its values. With promote 64-bit integers become double beside a float, too, and all else becomes text.
func WidenType(a, b arrow.DataType, promote bool) (t arrow.DataType, ok bool) {
	if arrow.TypeEqual(a, b) {
		return a, true
	}
	switch {
	case a.ID() == arrow.NULL:
		return b, true
	case b.ID() == arrow.NULL:
		return a, true
	}
	x, y := ValueType(a), ValueType(b)
	if t := lossless(x, y); t != nil {
		return t, true
	}
	if !promote {
		return nil, false
	}
	if t := common(x, y, forValue); t != nil {
		return t, true
	}
	if castable(x, textType) && castable(y, textType) {
		return textType, true
	}
	return nil, false
}

// lossless is common without what rounds or changes the kind of a value.
func lossless(x, y arrow.DataType) arrow.DataType {
	cx, cy := classOf(x), classOf(y)
	if cx != cy && !(cx.number() && cy.number()) {
		return nil
	}
	if (cx == decimalClass) != (cy == decimalClass) && (cx == floatClass || cy == floatClass) {
		return nil
	}
	if t := common(x, y, forCompare); t != nil && !(cx.integer() && cy.integer() && classOf(t) == decimalClass) {
		return t
	}
	return nil
}

// Orderable says whether values of the type can be compared by size, as Sort, Min and Lt need: numbers, text, binary, bools, dates and
// times, and the null type.
func Orderable(t arrow.DataType) bool {
	c := classOf(ValueType(t))
	return c.ordered() || c == nullClass
}
