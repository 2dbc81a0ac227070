package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// bindArith binds add, sub, mul, div, floor_div and mod.
func bindArith(b *binder, n *node) (*node, error) {
	es, err := b.operands(n.args)
	if err != nil {
		return nil, err
	}
	if es, err = b.arithLiterals(n, es); err != nil {
		return nil, err
	}
	for i := range es {
		es[i] = CastTo(es[i], withoutHalf(es[i].n.typ))
		if other := es[1-i].n.typ; es[i].n.typ.ID() == arrow.NULL {
			es[i] = CastTo(es[i], nullMeets(n.info.Name, other))
		}
	}
	x, y := classOf(es[0].n.typ), classOf(es[1].n.typ)
	switch {
	case x.number() && y.number():
		return n.arithNumbers(es[0], es[1])
	case x >= dateClass && x <= durationClass || y >= dateClass && y <= durationClass:
		return n.arithTimes(es[0], es[1])
	}
	return nil, n.arithMismatch(es[0], es[1])
}

// nullMeets is the type that an untyped null has beside the other operand.
func nullMeets(op string, other arrow.DataType) arrow.DataType {
	switch classOf(other) {
	case nullClass:
		return int64Type
	case timestampClass, dateClass:
		if op == "add" {
			return &arrow.DurationType{Unit: unitOf(other)}
		}
	case durationClass:
		if op == "mul" {
			return int64Type
		}
	}
	return other
}

// arithLiterals gives unbound literals their types.
func (b *binder) arithLiterals(n *node, es []Expr) ([]Expr, error) {
	if es[0].isRaw() && es[1].isRaw() {
		t := leader(es)
		if t == nil {
			t = int64Type
		}
		for i, e := range es {
			lt := literalType(e.n.value, t)
			if e.n.value == nil {
				lt = t
			}
			if lt == nil || classOf(lt).integer() && classOf(t).integer() {
				lt = defaultType(e.n.value)
			}
			a, err := b.adapt(e, lt)
			if err != nil {
				return nil, err
			}
			es[i] = a
		}
		return es, nil
	}
	for i, e := range es {
		if !e.isRaw() {
			continue
		}
		other := withoutHalf(es[1-i].n.typ)
		t := b.arithLiteralType(n, e, other)
		if t == nil {
			return nil, misfitLiteral(n, e, other)
		}
		a, err := b.adapt(e, t)
		if err != nil {
			return nil, err
		}
		es[i] = a
	}
	return es, nil
}

// arithLiteralType is literalType with what arithmetic allows beside it: floats beside 64-bit integers, numbers beside durations.
func (b *binder) arithLiteralType(n *node, lit Expr, other arrow.DataType) arrow.DataType {
	v := lit.n.value
	if v == nil {
		return arrow.Null
	}
	if other.ID() == arrow.NULL {
		return defaultType(v)
	}
	if _, isInt := canonical(v).(int64); isInt && classOf(other) == durationClass && n.info.Name == "mul" {
		return int64Type
	}
	t := literalType(v, other)
	if t != nil && classOf(other) == floatClass && classOf(t).integer() {
		return float64T
	}
	if t != nil && classOf(other) == decimalClass && n.info.Name != "mul" && n.info.Name != "div" {
		// A literal of a smaller scale takes the column's, so that the kernel need not rescale it.
		if d, o := t.(arrow.DecimalType), other.(arrow.DecimalType); d.GetScale() < o.GetScale() {
			if wide := decimalOf(d.GetPrecision()-d.GetScale()+o.GetScale(), o.GetScale()); wide != nil {
				return wide
			}
		}
	}
	return t
}

func (n *node) arithNumbers(l, r Expr) (*node, error) {
	a, c := l.n.typ, r.n.typ
	ca, cc := classOf(a), classOf(c)
	op := n.info.Name
	if (ca == decimalClass || cc == decimalClass) && ca != floatClass && cc != floatClass {
		return n.arithDecimals(l, r)
	}
	t := common(a, c, forValue)
	if op == "div" && (t == nil || classOf(t) != floatClass) {
		t = float64T
	}
	if t == nil {
		return nil, mismatch(n, a, c)
	}
	out := n.result(t, CastTo(l, t), CastTo(r, t))
	if classOf(t) == floatClass {
		out.nullable = l.n.nullable || r.n.nullable
	} else if divisor, ok := r.Physical(); ok && divisor != nil && !isZeroNumber(divisor) {
		out.nullable = l.n.nullable
	}
	return out, nil
}

func isZeroNumber(v any) bool { return v == any(int64(0)) || v == any(uint64(0)) }

// arithDecimals leaves the operands their scales and says what the result holds: all digits of sums and products, 6 or the larger of
// both scales for quotients (rounded half away from zero), whole numbers for floor_div. A precision over 38 (76 where an operand is
// decimal256) is cut to it: then a result may overflow, which is an error.
func (n *node) arithDecimals(l, r Expr) (*node, error) {
	a, c := asDecimal(l.n.typ), asDecimal(r.n.typ)
	precision, scale := decimalResult(n.info.Name, a, c)
	limit := int32(38)
	if a.ID() == arrow.DECIMAL256 || c.ID() == arrow.DECIMAL256 || scale > limit {
		limit = 76
	}
	if scale > limit {
		return nil, n.fault("%s has %d digits after the point, more than decimals hold", Expr{n: n}, scale).WithHint("Cast an operand to fewer")
	}
	precision = min(max(precision, scale, 1), limit)
	t := decimalWidth(precision, scale, limit)
	return n.result(t, CastTo(l, decimalWidth(a.GetPrecision(), a.GetScale(), limit)), CastTo(r, decimalWidth(c.GetPrecision(), c.GetScale(), limit))), nil
}

func decimalWidth(precision, scale, limit int32) arrow.DataType {
	if limit > 38 {
		return &arrow.Decimal256Type{Precision: precision, Scale: scale}
	}
	return &arrow.Decimal128Type{Precision: precision, Scale: scale}
}

// decimalResult is the precision, before any cut, and the scale of an operation on decimals.
func decimalResult(op string, a, c arrow.DecimalType) (precision, scale int32) {
	p1, s1, p2, s2 := a.GetPrecision(), a.GetScale(), c.GetPrecision(), c.GetScale()
	switch op {
	case "mul":
		return p1 + p2, s1 + s2
	case "div":
		scale = max(6, s1, s2)
		return p1 - s1 + s2 + scale + 1, scale
	case "floor_div":
		return p1 - s1 + s2 + 1, 0
	case "mod":
		scale = max(s1, s2)
		return p2 - s2 + scale, scale
	}
	scale = max(s1, s2)
	return max(p1-s1, p2-s2) + scale + 1, scale
}

// arithTimes binds what dates, timestamps and durations allow.
func (n *node) arithTimes(l, r Expr) (*node, error) {
	x, y, op := classOf(l.n.typ), classOf(r.n.typ), n.info.Name
	point := func(c class) bool { return c == dateClass || c == timestampClass }
	switch {
	case op == "add" && x == durationClass && point(y):
		return n.shiftTime(r, l)
	case (op == "add" || op == "sub") && point(x) && y == durationClass:
		return n.shiftTime(l, r)
	case op == "sub" && point(x) && point(y):
		return n.timeDifference(l, r)
	case x == durationClass && y == durationClass && (op == "add" || op == "sub" || op == "div" || op == "mod" || op == "floor_div"):
		return n.durations(l, r)
	case op == "mul" && x == durationClass && y.integer() && r.n.typ.ID() != arrow.UINT64:
		return n.result(l.n.typ, l, CastTo(r, int64Type)), nil
	case op == "mul" && y == durationClass && x.integer() && l.n.typ.ID() != arrow.UINT64:
		return n.result(r.n.typ, r, CastTo(l, int64Type)), nil
	}
	return nil, n.arithMismatch(l, r)
}

// shiftTime is a timestamp and a duration in the finer of both units; a date counts as a timestamp at midnight.
func (n *node) shiftTime(point, by Expr) (*node, error) {
	unit, zone := max(unitOf(point.n.typ), unitOf(by.n.typ)), ""
	if ts, ok := point.n.typ.(*arrow.TimestampType); ok {
		zone = ts.TimeZone
	}
	t := &arrow.TimestampType{Unit: unit, TimeZone: zone}
	return n.result(t, CastTo(point, t), CastTo(by, &arrow.DurationType{Unit: unit})), nil
}

func (n *node) timeDifference(l, r Expr) (*node, error) {
	t := common(l.n.typ, r.n.typ, forValue)
	if t == nil {
		return nil, mismatch(n, l.n.typ, r.n.typ)
	}
	if classOf(t) == dateClass {
		t = &arrow.TimestampType{Unit: arrow.Second}
	}
	return n.result(&arrow.DurationType{Unit: unitOf(t)}, CastTo(l, keepZone(l.n.typ, t)), CastTo(r, keepZone(r.n.typ, t))), nil
}

// durations add to durations; their ratio is a number.
func (n *node) durations(l, r Expr) (*node, error) {
	t := common(l.n.typ, r.n.typ, forValue)
	l, r = CastTo(l, t), CastTo(r, t)
	switch n.info.Name {
	case "div":
		return n.resultNull(float64T, l.n.nullable || r.n.nullable, l, r), nil
	case "floor_div":
		return n.result(int64Type, l, r), nil
	}
	return n.result(t, l, r), nil
}

// arithMismatch says what to do instead of arithmetic on such types.
func (n *node) arithMismatch(l, r Expr) *fault.Error {
	f := n.fault("%s of %s and %s is not defined (%s)", n.info.Call, l.describe(), r.describe(), Expr{n: n})
	x, y := classOf(l.n.typ), classOf(r.n.typ)
	switch {
	case n.info.Name == "add" && x == textClass && y == textClass:
		return f.WithHint("texts are joined by Str().Concat")
	case x == textClass || y == textClass:
		return f.WithHint("Cast the text to a number")
	case x == boolClass || y == boolClass:
		return f.WithHint("turn the bool into a number with If(x, 1, 0)")
	case x == dateClass || x == timestampClass:
		return f.WithHint("add or subtract a time.Duration, or use Dt().AddMonths")
	case x == durationClass || y == durationClass:
		return f.WithHint("use Dt().Seconds() for a number")
	}
	return f
}

// toFloat converts a number to float64.
func (n *node) toFloat(e Expr) (Expr, error) {
	if c := classOf(e.n.typ); !c.number() && c != nullClass {
		return Expr{}, n.wrongOperand(e, "numbers")
	}
	return CastTo(e, float64T), nil
}

// bindFloat binds operations on float64: pow, sqrt, exp, log.
func bindFloat(b *binder, n *node) (*node, error) {
	args := make([]Expr, len(n.args))
	for i, a := range n.args {
		e, err := b.bind(a)
		if err != nil {
			return nil, err
		}
		if args[i], err = n.toFloat(e); err != nil {
			return nil, err
		}
	}
	return n.result(float64T, args...), nil
}

// bindSigned binds neg, abs and sign.
func bindSigned(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	t := withoutHalf(e.n.typ)
	c := classOf(t)
	switch {
	case c == nullClass:
		t = int64Type
	case c == unsignedClass && n.info.Name == "neg":
		if bits(t) == 64 {
			return nil, n.wrongOperand(e, "signed numbers").WithHint("Cast it to int64 or float64")
		}
		t = intType(2 * bits(t))
	case c == durationClass && n.info.Name != "sign", c.number():
	default:
		return nil, n.wrongOperand(e, "numbers")
	}
	return n.result(t, CastTo(e, t)), nil
}

// bindRounding binds floor, ceil and round, which keep the type.
func bindRounding(b *binder, n *node) (*node, error) {
	e, err := b.one(n)
	if err != nil {
		return nil, err
	}
	t := withoutHalf(e.n.typ)
	switch c := classOf(t); {
	case c == nullClass:
		t = float64T
	case !c.number():
		return nil, n.wrongOperand(e, "numbers")
	}
	return n.result(t, CastTo(e, t)), nil
}
