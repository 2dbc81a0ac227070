package eval

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// dec is a decimal128 as it lies in memory: the low half of the two's complement integer, then the high one. Most values fit the low half
// alone; the loops below do those at once and leave the others to big integers.
type dec = [2]uint64

// fits64 says whether x is an int64.
func fits64(x dec) bool { return x[1] == uint64(int64(x[0])>>63) }

// lessDec compares as signed integers.
func lessDec(x, y dec) bool {
	return int64(x[1]) < int64(y[1]) || x[1] == y[1] && x[0] < y[0]
}

// decComparer compares decimals of one scale.
type decComparer struct{}

func (decComparer) vv(eq bool, dst []uint64, a, b *vec.Vec) {
	p, q := vec.Of[dec](a), vec.Of[dec](b)
	for i := range dst {
		var w uint64
		lo := i * 64
		x := p[lo:min(lo+64, len(p))]
		y := q[lo:][:len(x)]
		for j := range x {
			is := x[j] == y[j]
			if !eq {
				is = lessDec(x[j], y[j])
			}
			w |= bit(is) << (uint(j) & 63)
		}
		dst[i] = w
	}
}

func (decComparer) vs(rel relation, dst []uint64, a, b *vec.Vec) {
	p, y := vec.Of[dec](a), vec.Of[dec](b)[0]
	for i := range dst {
		lo := i * 64
		x := p[lo:min(lo+64, len(p))]
		switch rel {
		case equal:
			dst[i] = equalToDec(x, y)
		case less:
			dst[i] = lessThanDec(x, y)
		default: // x ≤ y is not y < x
			dst[i] = atMostDec(x, y)
		}
	}
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func equalToDec(x []dec, y dec) (w uint64) {
	for j := range x {
		w |= bit((x[j][0]^y[0])|(x[j][1]^y[1]) == 0) << (uint(j) & 63)
	}
	return w
}

// lessThanDec subtracts y: the sign of the difference says it, but for overflow, which differing signs of the operands can bring.
func lessThanDec(x []dec, y dec) (w uint64) {
	flip := uint64(1) << 63 // turns signed order into unsigned order
	yh := y[1] ^ flip
	for j := range x {
		_, borrow := bits.Sub64(x[j][0], y[0], 0)
		_, borrow = bits.Sub64(x[j][1]^flip, yh, borrow)
		w |= borrow << (uint(j) & 63)
	}
	return w
}

func atMostDec(x []dec, y dec) (w uint64) {
	flip := uint64(1) << 63
	yh := y[1] ^ flip
	for j := range x {
		_, borrow := bits.Sub64(y[0], x[j][0], 0)
		_, borrow = bits.Sub64(yh, x[j][1]^flip, borrow)
		w |= (borrow ^ 1) << (uint(j) & 63)
	}
	return w
}

// within says whether x is below the limit of the result's precision, either way.
func (c *decimalCalc) within(hi, lo uint64) bool {
	sign := uint64(int64(hi) >> 63)
	if hi^sign < c.hi {
		return true
	}
	al, borrow := bits.Sub64(lo^sign, sign, 0)
	ah, _ := bits.Sub64(hi^sign, sign, borrow)
	return ah < c.hi || ah == c.hi && al < c.lo
}

// products computes all rows; it marks in left those that need big integers.
func (c *decimalCalc) products(out, a, b []dec, left []uint64) (any bool) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		p, q := a[i], b[i]
		hi, lo := mul64(int64(p[0]), int64(q[0]))
		out[i] = dec{lo, hi}
		if !fits64(p) || !fits64(q) || !c.within(hi, lo) {
			bitmap.Set(left, i)
			any = true
		}
	}
	return any
}

// sums is products for a + b, or a − b where sign is −1, of operands that are brought to one scale.
func (c *decimalCalc) sums(out, a, b []dec, left []uint64, sign int64) (any bool) {
	a, b = a[:len(out)], b[:len(out)]
	f1, f2 := c.f1, c.f2*sign
	if c.f1 == 1 && c.f2 == 1 {
		return c.plainSums(out, a, b, left, uint64(sign>>63))
	}
	for i := range out {
		p, q := a[i], b[i]
		h1, l1 := mul64(int64(p[0]), f1)
		h2, l2 := mul64(int64(q[0]), f2)
		lo, carry := bits.Add64(l1, l2, 0)
		hi, _ := bits.Add64(h1, h2, carry)
		out[i] = dec{lo, hi}
		if !fits64(p) || !fits64(q) || !c.within(hi, lo) {
			bitmap.Set(left, i)
			any = true
		}
	}
	return any
}

// plainSums is sums of operands of one scale: whole 128-bit integers. minus is all ones for a difference.
func (c *decimalCalc) plainSums(out, a, b []dec, left []uint64, minus uint64) (any bool) {
	for i := range out {
		p, q := a[i], dec{b[i][0] ^ minus, b[i][1] ^ minus}
		lo, carry := bits.Add64(p[0], q[0], minus&1)
		hi, _ := bits.Add64(p[1], q[1], carry)
		out[i] = dec{lo, hi}
		over := (p[1] ^ hi) & (q[1] ^ hi) >> 63 // the operands have the sign that the sum lacks
		if over != 0 || !c.within(hi, lo) {
			bitmap.Set(left, i)
			any = true
		}
	}
	return any
}

// all computes every row at once, dead ones too, and returns the bits of those that are left to big integers, nil for none. ok is false
// where the operation has no such way.
func (c *decimalCalc) all(x *state, out, a, b *vec.Vec) (left []uint64, ok bool) {
	if c.width != 16 || c.f1 == 0 || c.f2 == 0 || c.hi|c.lo == 0 {
		return nil, false
	}
	dst, p, q := vec.Of[dec](out), vec.Of[dec](a), vec.Of[dec](b)
	bad := x.s.Bits(x.n)
	clear(bad)
	any := false
	switch c.op {
	case "mul":
		any = c.products(dst, p, q, bad)
	case "add":
		any = c.sums(dst, p, q, bad, 1)
	case "sub":
		any = c.sums(dst, p, q, bad, -1)
	default:
		return nil, false
	}
	if !any {
		bad = nil
	}
	return bad, true
}

// exactPowers are the powers of ten that a float64 holds exactly.
var exactPowers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// castDecFloat converts decimals to float64 as reading their text would: an integer of up to 53 bits over an exact power of ten is
// rounded once (Clinger, "How to read floating point numbers accurately", 1990). slow converts the others.
func castDecFloat(from arrow.DataType, slow func(out *vec.Vec, i int, a *vec.Vec)) caster {
	scale := scaleOf(from)
	if scale < 0 || int(scale) >= len(exactPowers) {
		return nil
	}
	unit := exactPowers[scale]
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		out := x.out(arrow.PrimitiveTypes.Float64)
		dst, src := vec.Of[float64](out), vec.Of[dec](a)
		for i, p := range src[:len(dst)] {
			v := int64(p[0])
			if fits64(p) && v <= 1<<53 && v >= -1<<53 {
				dst[i] = float64(v) / unit
			} else if live == nil || bitmap.Get(live, i) {
				slow(out, i, a)
			}
		}
		return out, nil
	}
}

// castToDec converts integers of up to 64 bits, and decimals that fit them, to decimals of a scale that is no smaller: factor is the power
// of ten between the scales, below 2^63. slow converts the others, and says whether it could.
func castToDec(to arrow.DataType, factor int64, slow func(out *vec.Vec, i int, a *vec.Vec) bool) caster {
	c := &decimalCalc{limit: pow10(to.(arrow.DecimalType).GetPrecision())}
	c.setLimit()
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		out := x.out(to)
		dst := vec.Of[dec](out)
		asDecs(a, dst)
		var bad []uint64
		for i, p := range dst {
			hi, lo := mul64(int64(p[0]), factor)
			if fits64(p) && c.within(hi, lo) {
				dst[i] = dec{lo, hi}
			} else if (live == nil || bitmap.Get(live, i)) && !slow(out, i, a) {
				bad = x.mark(bad, i)
			}
		}
		return out, bad
	}
}

// asDecs writes integers, or copies decimals, as decimals of their scale.
func asDecs(v *vec.Vec, dst []dec) {
	switch v.Phys {
	case vec.Int8:
		extend(dst, vec.Of[int8](v))
	case vec.Int16:
		extend(dst, vec.Of[int16](v))
	case vec.Int32:
		extend(dst, vec.Of[int32](v))
	case vec.Int64:
		extend(dst, vec.Of[int64](v))
	case vec.Uint8:
		extend(dst, vec.Of[uint8](v))
	case vec.Uint16:
		extend(dst, vec.Of[uint16](v))
	case vec.Uint32:
		extend(dst, vec.Of[uint32](v))
	case vec.Dec128:
		copy(dst, vec.Of[dec](v))
	}
}

func extend[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](dst []dec, src []T) {
	for i, x := range src[:len(dst)] {
		v := int64(x)
		dst[i] = dec{uint64(v), uint64(v >> 63)}
	}
}
