package eval

import (
	"math"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

var arithmetic = map[string]builder{
	"add":       func(n *node) (runFunc, error) { return addSubMul(n, "add"), nil },
	"sub":       func(n *node) (runFunc, error) { return addSubMul(n, "sub"), nil },
	"mul":       func(n *node) (runFunc, error) { return addSubMul(n, "mul"), nil },
	"div":       buildDiv,
	"floor_div": func(n *node) (runFunc, error) { return divMod(n, false), nil },
	"mod":       func(n *node) (runFunc, error) { return divMod(n, true), nil },
}

// binaryOp is the kernels of an operation for one element type. vs and sv may be nil: the constant is made a column then. bad tells which
// pair fails, for operations whose kernels return true when some lane does.
type binaryOp[T kernel.Number] struct {
	vv  func(dst, a, b []T) bool
	vs  func(dst, a []T, y T) bool
	sv  func(dst []T, x T, b []T) bool
	bad func(x, y T) bool
	why string
}

func (k binaryOp[T]) run(n *node) runFunc {
	l, r := n.args[0], n.args[1]
	useVS := r.isLit() && k.vs != nil && !l.isLit()
	useSV := l.isLit() && k.sv != nil && !r.isLit()
	return func(x *state, act mask) (*vec.Vec, error) {
		a, b, err := x.pair(l, r, useSV, useVS, act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		dst, p, q := vec.Of[T](out), vec.Of[T](a), vec.Of[T](b)
		var bad bool
		switch {
		case x.n == 0:
		case useVS:
			bad, out.Valid = k.vs(dst, p, q[0]), a.Valid
		case useSV:
			bad, out.Valid = k.sv(dst, p[0], q), b.Valid
		default:
			bad, out.Valid = k.vv(dst, p, q), x.both(a.Valid, b.Valid)
		}
		if bad {
			return out, k.check(x, n, a, b, x.live(out.Valid, act))
		}
		return out, nil
	}
}

// pair evaluates both operands; a constant stays one row where asked for.
func (x *state) pair(l, r *node, litL, litR bool, act mask) (a, b *vec.Vec, err error) {
	if a = l.con; !litL {
		if a, err = x.plain(l, act); err != nil {
			return nil, nil, err
		}
	}
	if b = r.con; !litR {
		if b, err = x.plain(r, act); err != nil {
			return nil, nil, err
		}
	}
	return a, b, nil
}

// check looks for a live row that fails.
func (k binaryOp[T]) check(x *state, n *node, a, b *vec.Vec, live []uint64) error {
	p, q := vec.Of[T](a), vec.Of[T](b)
	one := func(s []T, i int) T {
		if len(s) == 1 {
			return s[0]
		}
		return s[i]
	}
	for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
		if k.bad(one(p, i), one(q, i)) {
			return badValue(n.e, i, rowText(a, i)+", "+rowText(b, i), "%s", k.why)
		}
	}
	return nil
}

// rowText is row i of v as text, or its only row.
func rowText(v *vec.Vec, i int) string {
	if v.Len == 1 {
		i = 0
	}
	return v.Text(i)
}

func addSubMul(n *node, op string) runFunc {
	if n.args[0].phys != n.args[1].phys || n.args[0].phys != n.phys {
		return nil
	}
	switch n.phys {
	case vec.Int8:
		return signedOp(op, kernel.MulNarrowVV[int8], kernel.MulNarrowVS[int8]).run(n)
	case vec.Int16:
		return signedOp(op, kernel.MulNarrowVV[int16], kernel.MulNarrowVS[int16]).run(n)
	case vec.Int32:
		return signedOp(op, kernel.MulNarrowVV[int32], kernel.MulNarrowVS[int32]).run(n)
	case vec.Int64:
		return signedOp(op, kernel.MulInt64VV[int64], kernel.MulInt64VS[int64]).run(n)
	case vec.Uint8:
		return unsignedOp(op, kernel.MulNarrowVV[uint8]).run(n)
	case vec.Uint16:
		return unsignedOp(op, kernel.MulNarrowVV[uint16]).run(n)
	case vec.Uint32:
		return unsignedOp(op, kernel.MulUint32VV[uint32]).run(n)
	case vec.Uint64:
		return unsignedOp(op, kernel.MulUint64VV[uint64]).run(n)
	case vec.Float32:
		return floatOp[float32](op).run(n)
	case vec.Float64:
		return floatOp[float64](op).run(n)
	case vec.Dec128, vec.Dec256:
		return decimalOp(n, op)
	}
	return nil
}

const overflow = "the result does not fit the type"

func signedOp[T kernel.Signed](op string, mul func(dst, a, b []T) bool, mulVS func(dst, a []T, y T) bool) binaryOp[T] {
	switch op {
	case "add":
		vs := kernel.AddSignedVS[T]
		return binaryOp[T]{vv: kernel.AddSignedVV[T], vs: vs, sv: func(dst []T, x T, b []T) bool { return vs(dst, b, x) },
			bad: func(x, y T) bool { s := x + y; return (x^s)&(y^s) < 0 }, why: overflow}
	case "sub":
		return binaryOp[T]{vv: kernel.SubSignedVV[T], vs: kernel.SubSignedVS[T], sv: kernel.SubSignedSV[T],
			bad: func(x, y T) bool { return (x^y)&(x^(x-y)) < 0 }, why: overflow}
	}
	return binaryOp[T]{vv: mul, vs: mulVS, sv: func(dst []T, x T, b []T) bool { return mulVS(dst, b, x) },
		bad: func(x, y T) bool {
			return kernel.MulOverflows(int64(x), int64(y)) || int64(T(int64(x)*int64(y))) != int64(x)*int64(y)
		}, why: overflow}
}

func unsignedOp[T kernel.Unsigned](op string, mul func(dst, a, b []T) bool) binaryOp[T] {
	switch op {
	case "add":
		vs := kernel.AddUnsignedVS[T]
		return binaryOp[T]{vv: kernel.AddUnsignedVV[T], vs: vs, sv: func(dst []T, x T, b []T) bool { return vs(dst, b, x) },
			bad: func(x, y T) bool { return x+y < x }, why: overflow}
	case "sub":
		return binaryOp[T]{vv: kernel.SubUnsignedVV[T], vs: kernel.SubUnsignedVS[T], sv: kernel.SubUnsignedSV[T],
			bad: func(x, y T) bool { return x < y }, why: "the result is below zero, which the type cannot hold"}
	}
	return binaryOp[T]{vv: mul, bad: func(x, y T) bool { return x != 0 && (x*y)/x != y }, why: overflow}
}

func floatOp[T kernel.Float](op string) binaryOp[T] {
	vv := map[string]func(dst, a, b []T){"add": kernel.AddFloatVV[T], "sub": kernel.SubFloatVV[T], "mul": kernel.MulFloatVV[T], "div": kernel.DivFloatVV[T]}[op]
	vs := map[string]func(dst, a []T, y T){"add": kernel.AddFloatVS[T], "mul": kernel.MulFloatVS[T], "div": kernel.DivFloatVS[T],
		"sub": func(dst, a []T, y T) { kernel.AddFloatVS(dst, a, -y) }}[op]
	sv := map[string]func(dst []T, x T, b []T){"sub": kernel.SubFloatSV[T], "div": kernel.DivFloatSV[T],
		"add": func(dst []T, x T, b []T) { kernel.AddFloatVS(dst, b, x) }, "mul": func(dst []T, x T, b []T) { kernel.MulFloatVS(dst, b, x) }}[op]
	return binaryOp[T]{
		vv: func(dst, a, b []T) bool { vv(dst, a, b); return false },
		vs: func(dst, a []T, y T) bool { vs(dst, a, y); return false },
		sv: func(dst []T, x T, b []T) bool { sv(dst, x, b); return false },
	}
}

// buildDiv is true division. Durations give the ratio of their ticks.
func buildDiv(n *node) (runFunc, error) {
	switch {
	case n.phys == vec.Float64 && n.args[0].phys == vec.Float64:
		return floatOp[float64]("div").run(n), nil
	case n.phys == vec.Float32 && n.args[0].phys == vec.Float32:
		return floatOp[float32]("div").run(n), nil
	case n.phys == vec.Float64 && n.args[0].phys == vec.Int64:
		return ratio(n), nil
	case n.phys == vec.Dec128 || n.phys == vec.Dec256:
		return decimalOp(n, "div"), nil
	}
	return nil, nil
}

func ratio(n *node) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		a, b, err := x.pair(n.args[0], n.args[1], false, false, act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = x.both(a.Valid, b.Valid)
		dst, q := vec.Of[float64](out), vec.Of[int64](b)
		for i, p := range vec.Of[int64](a) {
			dst[i] = float64(p) / float64(q[i])
		}
		return out, nil
	}
}

func divMod(n *node, mod bool) runFunc {
	switch n.args[0].phys {
	case vec.Int8:
		return signedDiv[int8](n, mod)
	case vec.Int16:
		return signedDiv[int16](n, mod)
	case vec.Int32:
		return signedDiv[int32](n, mod)
	case vec.Int64:
		return signedDiv[int64](n, mod)
	case vec.Uint8:
		return unsignedDiv[uint8](n, mod)
	case vec.Uint16:
		return unsignedDiv[uint16](n, mod)
	case vec.Uint32:
		return unsignedDiv[uint32](n, mod)
	case vec.Uint64:
		return unsignedDiv[uint64](n, mod)
	case vec.Float32:
		return floatDivMod[float32](n, mod)
	case vec.Float64:
		return floatDivMod[float64](n, mod)
	case vec.Dec128, vec.Dec256:
		if mod {
			return decimalOp(n, "mod")
		}
		return decimalOp(n, "floor_div")
	}
	return nil
}

func signedDiv[T kernel.Signed](n *node, mod bool) runFunc {
	check := binaryOp[T]{bad: func(x, y T) bool { return y == -1 && x == -x && x != 0 }, why: overflow}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, b, err := x.pair(n.args[0], n.args[1], false, false, act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		zero := x.s.Bits(x.n)
		bad := false
		if mod {
			kernel.FloorModSignedVV(vec.Of[T](out), vec.Of[T](a), vec.Of[T](b), zero)
		} else {
			bad = kernel.FloorDivSignedVV(vec.Of[T](out), vec.Of[T](a), vec.Of[T](b), zero)
		}
		out.Valid = x.withoutZero(x.both(a.Valid, b.Valid), zero)
		if bad {
			return out, check.check(x, n, a, b, x.live(out.Valid, act))
		}
		return out, nil
	}
}

func unsignedDiv[T kernel.Unsigned](n *node, mod bool) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		a, b, err := x.pair(n.args[0], n.args[1], false, false, act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		zero := x.s.Bits(x.n)
		kernel.DivModUnsignedVV(vec.Of[T](out), vec.Of[T](a), vec.Of[T](b), zero, mod)
		out.Valid = x.withoutZero(x.both(a.Valid, b.Valid), zero)
		return out, nil
	}
}

// withoutZero is valid less the rows whose divisor is zero.
func (x *state) withoutZero(valid, zero []uint64) []uint64 {
	if !bitmap.Any(zero, x.n) {
		return valid
	}
	return x.except(valid, zero)
}

func floatDivMod[T kernel.Float](n *node, mod bool) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		a, b, err := x.pair(n.args[0], n.args[1], false, false, act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = x.both(a.Valid, b.Valid)
		dst, q := vec.Of[T](out), vec.Of[T](b)
		for i, p := range vec.Of[T](a) {
			if mod {
				dst[i] = T(floorMod(float64(p), float64(q[i])))
			} else {
				dst[i] = T(floorQuotient(float64(p), float64(q[i])))
			}
		}
		return out, nil
	}
}

// floorQuotient is ⌊x ÷ y⌋, also where y is infinite and the quotient vanishes.
func floorQuotient(x, y float64) float64 {
	if math.IsInf(y, 0) && !math.IsInf(x, 0) && (x < 0 && y > 0 || x > 0 && y < 0) {
		return -1
	}
	return math.Floor(x / y)
}

// floorMod is the remainder with the sign of the divisor, zero's, too; exact, unlike x − y·⌊x ÷ y⌋.
func floorMod(x, y float64) float64 {
	r := math.Mod(x, y)
	switch {
	case r == 0:
		return math.Copysign(r, y)
	case (r < 0) != (y < 0):
		r += y
	}
	return r
}
