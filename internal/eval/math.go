package eval

import (
	"math"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

var mathematics = map[string]builder{
	"neg": unary("neg"), "abs": unary("abs"), "sign": unary("sign"),
	"floor": unary("floor"), "ceil": unary("ceil"), "round": unary("round"),
	"sqrt": unary("sqrt"), "exp": unary("exp"), "log": unary("log"),
	"pow": buildPow,
}

func unary(op string) builder {
	return func(n *node) (runFunc, error) {
		if n.phys != n.args[0].phys {
			return nil, nil
		}
		digits, _ := n.e.Param(0).(int64)
		switch n.phys {
		case vec.Int8:
			return signedUnary[int8](n, op, digits), nil
		case vec.Int16:
			return signedUnary[int16](n, op, digits), nil
		case vec.Int32:
			return signedUnary[int32](n, op, digits), nil
		case vec.Int64:
			return signedUnary[int64](n, op, digits), nil
		case vec.Uint8:
			return unsignedUnary[uint8](n, op, digits), nil
		case vec.Uint16:
			return unsignedUnary[uint16](n, op, digits), nil
		case vec.Uint32:
			return unsignedUnary[uint32](n, op, digits), nil
		case vec.Uint64:
			return unsignedUnary[uint64](n, op, digits), nil
		case vec.Float32:
			return floatUnary[float32](n, op, digits), nil
		case vec.Float64:
			return floatUnary[float64](n, op, digits), nil
		case vec.Dec128, vec.Dec256:
			return decimalUnary(n, op, digits), nil
		}
		return nil, nil
	}
}

// floats runs one operation over a column.
func floats[T kernel.Float](dst, a []T, op string) {
	a = a[:len(dst)]
	switch op {
	case "neg":
		for i := range dst {
			dst[i] = -a[i]
		}
	case "abs":
		for i := range dst {
			dst[i] = T(math.Abs(float64(a[i])))
		}
	case "sign":
		for i, v := range a {
			switch {
			case v > 0:
				dst[i] = 1
			case v < 0:
				dst[i] = -1
			default:
				dst[i] = v // zero, NaN
			}
		}
	case "floor":
		for i := range dst {
			dst[i] = T(math.Floor(float64(a[i])))
		}
	case "ceil":
		for i := range dst {
			dst[i] = T(math.Ceil(float64(a[i])))
		}
	case "sqrt":
		for i := range dst {
			dst[i] = T(math.Sqrt(float64(a[i])))
		}
	case "exp":
		for i := range dst {
			dst[i] = T(math.Exp(float64(a[i])))
		}
	case "log":
		for i := range dst {
			dst[i] = T(kernel.Log(float64(a[i])))
		}
	}
}

func floatUnary[T kernel.Float](n *node, op string, digits int64) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		dst, src := vec.Of[T](out), vec.Of[T](a)
		if op == "round" {
			roundFloats(dst, src, digits)
		} else {
			floats(dst, src, op)
		}
		return out, nil
	}
}

// mostScale is the greatest power of ten that a float has exactly.
const mostScale = 22

// roundText is v rounded to many digits, by its decimal digits.
func roundText(v float64, digits int64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', int(min(digits, 1100)), 64), 64)
	if err != nil {
		return v
	}
	return r
}

// roundFloats rounds halves away from zero; a value that the scaling would lose stays.
func roundFloats[T kernel.Float](dst, a []T, digits int64) {
	a = a[:len(dst)]
	if digits == 0 {
		for i := range dst {
			dst[i] = T(math.Round(float64(a[i])))
		}
		return
	}
	f := math.Pow(10, math.Abs(float64(digits)))
	const whole = 1 << 52 // floats from here on have no fraction
	for i := range dst {
		v := float64(a[i])
		var r float64
		switch {
		case digits > mostScale:
			r = roundText(v, digits)
		case digits > 0 && math.Abs(v*f) >= whole:
			r = v
		case digits > 0:
			r = math.Round(v*f) / f
		default:
			r = math.Round(v/f) * f
		}
		if r != r || math.IsInf(r, 0) {
			r = v
			if digits < 0 && !math.IsInf(v, 0) && v == v {
				r = 0 // 10^-digits is beyond all floats
			}
		}
		dst[i] = T(r)
	}
}

// signedUnary computes a lane at a time: only neg, abs and round of negative digits can fail, at the least value or when rounding up.
func signedUnary[T kernel.Signed](n *node, op string, digits int64) runFunc {
	if op == "floor" || op == "ceil" || op == "round" && digits >= 0 {
		return func(x *state, act mask) (*vec.Vec, error) { return x.plain(n.args[0], act) }
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		dst, src := vec.Of[T](out), vec.Of[T](a)
		bad := false
		switch op {
		case "neg":
			for i, v := range src {
				dst[i] = -v
				bad = bad || v == -v && v != 0
			}
		case "abs":
			for i, v := range src {
				dst[i] = max(v, -v)
				bad = bad || v == -v && v != 0
			}
		case "sign":
			for i, v := range src {
				dst[i] = 0
				if v > 0 {
					dst[i] = 1
				} else if v < 0 {
					dst[i] = -1
				}
			}
		case "round":
			for i, v := range src {
				r, ok := roundInt(int64(v), digits)
				dst[i] = T(r)
				bad = bad || !ok || int64(T(r)) != r
			}
		}
		if !bad {
			return out, nil
		}
		return out, x.firstBad(n, a, out.Valid, act, func(i int) bool {
			if op == "round" {
				r, ok := roundInt(int64(src[i]), digits)
				return !ok || int64(T(r)) != r
			}
			return src[i] == -src[i] && src[i] != 0
		})
	}
}

// firstBad looks for a live row that fails, for operations of one operand.
func (x *state) firstBad(n *node, a *vec.Vec, valid []uint64, act mask, bad func(i int) bool) error {
	live := x.live(valid, act)
	for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
		if bad(i) {
			return badValue(n.e, i, rowText(a, i), overflow)
		}
	}
	return nil
}

// roundInt rounds to a multiple of 10^-digits, halves away from zero.
func roundInt(v, digits int64) (int64, bool) {
	if digits < -18 {
		if digits == -19 && (v >= 5e18 || v <= -5e18) {
			return 0, false
		}
		return 0, true
	}
	f := int64(1)
	for range -digits {
		f *= 10
	}
	q, r := v/f, v%f
	switch {
	case r >= f-r:
		q++
	case -r >= f+r:
		q--
	}
	return q * f, !kernel.MulOverflows(q, f)
}

func unsignedUnary[T kernel.Unsigned](n *node, op string, digits int64) runFunc {
	if op != "sign" && (op != "round" || digits >= 0) {
		return func(x *state, act mask) (*vec.Vec, error) { return x.plain(n.args[0], act) }
	}
	f, big := uint64(1), false // big: 10^-digits is beyond 64 bits
	for range -digits {
		big = big || f > math.MaxUint64/10
		f *= 10
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		dst, src := vec.Of[T](out), vec.Of[T](a)
		fails := func(i int) bool {
			if big || op == "sign" {
				return false
			}
			v := uint64(src[i])
			up := v - v%f
			if v%f >= f-v%f {
				up += f
			}
			return up < v-v%f || uint64(T(up)) != up
		}
		bad := false
		for i, v := range src {
			switch {
			case op == "sign":
				dst[i] = min(v, 1)
			case big:
				dst[i] = 0
			default:
				bad = bad || fails(i)
				r := uint64(v) % f
				d := uint64(v) - r
				if r >= f-r {
					d += f
				}
				dst[i] = T(d)
			}
		}
		if bad {
			return out, x.firstBad(n, a, out.Valid, act, fails)
		}
		return out, nil
	}
}

// decimalUnary works in big integers; the result keeps the scale.
func decimalUnary(n *node, op string, digits int64) runFunc {
	t, ok := n.typ.(arrow.DecimalType)
	if !ok {
		return nil
	}
	limit, scale := pow10(t.GetPrecision()), t.GetScale()
	drop := int64(scale) // digits to clear at the end
	if op == "round" {
		drop = int64(scale) - digits
	}
	unit := pow10(int32(max(0, min(drop, 80))))
	var v, r big.Int
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		live := x.live(a.Valid, act)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			bigAt(&v, a, i)
			switch op {
			case "neg":
				v.Neg(&v)
			case "abs":
				v.Abs(&v)
			case "sign":
				v.Mul(pow10(scale), big.NewInt(int64(v.Sign())))
			default:
				roundBig(&v, &r, unit, op)
			}
			if v.CmpAbs(limit) >= 0 {
				return nil, badValue(n.e, i, rowText(a, i), "the result does not fit %s", n.typ)
			}
			putBig(out, i, &v)
		}
		return out, nil
	}
}

// roundBig makes v a multiple of unit.
func roundBig(v, r, unit *big.Int, op string) {
	sign := int64(v.Sign())
	q := new(big.Int)
	q.QuoRem(v, unit, r)
	switch {
	case op == "floor" && r.Sign() < 0, op == "ceil" && r.Sign() > 0:
		q.Add(q, big.NewInt(sign))
	case op == "round":
		if r.Lsh(r, 1).CmpAbs(unit) >= 0 {
			q.Add(q, big.NewInt(sign))
		}
	}
	v.Mul(q, unit)
}

func buildPow(n *node) (runFunc, error) {
	if n.phys != vec.Float64 || n.args[0].phys != vec.Float64 || n.args[1].phys != vec.Float64 {
		return nil, nil
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, b, err := x.pair(n.args[0], n.args[1], false, false, act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = x.both(a.Valid, b.Valid)
		dst, q := vec.Of[float64](out), vec.Of[float64](b)
		for i, p := range vec.Of[float64](a) {
			dst[i] = math.Pow(p, q[i])
		}
		return out, nil
	}, nil
}
