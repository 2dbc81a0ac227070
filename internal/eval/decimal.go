package eval

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// decimalCalc is an operation on decimals: operands of scales s1 and s2, a result of scale and precision of the result's type.
type decimalCalc struct {
	n     *node
	op    string
	s1    int32
	s2    int32
	scale int32
	limit *big.Int // 10^precision: what a result must stay below
	width int      // bytes of a value
	f1    int64    // factors that bring the operands to one scale; 0: they need more than 64 bits
	f2    int64
	lo    uint64 // limit, where it fits 128 bits
	hi    uint64

	// numbers in the making, for the exact path
	x, y, z, r big.Int
}

func scaleOf(t arrow.DataType) int32 {
	if d, ok := t.(arrow.DecimalType); ok {
		return d.GetScale()
	}
	return 0
}

func pow10(n int32) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// decimalOp is exact: add, sub and mul of values that fit 64 bits are done in 128 (see decimal128.go), all else in big integers. Results are
// rounded half away from zero where the scale asks for it.
func decimalOp(n *node, op string) runFunc {
	t, ok := n.typ.(arrow.DecimalType)
	if !ok || n.args[0].phys != n.phys || n.args[1].phys != n.phys {
		return nil
	}
	c := &decimalCalc{n: n, op: op, s1: scaleOf(n.args[0].typ), s2: scaleOf(n.args[1].typ), scale: t.GetScale(), limit: pow10(t.GetPrecision()), width: 16}
	if n.phys == vec.Dec256 {
		c.width = 32
	}
	if f := pow10(max(0, c.scale-c.s1)); f.IsInt64() {
		c.f1 = f.Int64()
	}
	if f := pow10(max(0, c.scale-c.s2)); f.IsInt64() {
		c.f2 = f.Int64()
	}
	c.setLimit()
	return c.run
}

// setLimit sets the limit's words, 0 where it needs more than two.
func (c *decimalCalc) setLimit() {
	if c.limit.BitLen() <= 128 {
		var b [16]byte
		c.limit.FillBytes(b[:])
		c.hi, c.lo = binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	}
}

func (c *decimalCalc) run(x *state, act mask) (*vec.Vec, error) {
	a, b, err := x.pair(c.n.args[0], c.n.args[1], false, false, act)
	if err != nil {
		return nil, err
	}
	out := x.out(c.n.typ)
	valid := x.both(a.Valid, b.Valid)
	zero := x.s.Bits(x.n)
	clear(zero)
	live := x.live(valid, act)
	if left, ok := c.all(x, out, a, b); ok {
		if left == nil {
			out.Valid = valid
			return out, nil
		}
		live = x.both(live, left)
	}
	for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
		isZero, ok := c.exact(out, a, b, i)
		if isZero {
			bitmap.Set(zero, i)
		} else if !ok {
			return nil, badValue(c.n.e, i, rowText(a, i)+", "+rowText(b, i), "the result does not fit %s", c.n.typ)
		}
	}
	out.Valid = x.withoutZero(valid, zero)
	return out, nil
}

// mul64 is the signed product of 128 bits.
func mul64(x, y int64) (hi, lo uint64) {
	hi, lo = bits.Mul64(uint64(x), uint64(y))
	hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
	return hi, lo
}

// exact computes row i in big integers. zero: the divisor is; ok: the result fits.
func (c *decimalCalc) exact(out, a, b *vec.Vec, i int) (zero, ok bool) {
	bigAt(&c.x, a, i)
	bigAt(&c.y, b, i)
	switch c.op {
	case "mul":
		c.z.Mul(&c.x, &c.y)
		return false, c.store(out, i)
	case "div":
		if c.y.Sign() == 0 {
			return true, false
		}
		// x·10^-s1 ÷ y·10^-s2 at the result's scale: x·10^(scale-s1+s2) ÷ y
		if up := c.scale - c.s1 + c.s2; up >= 0 {
			c.x.Mul(&c.x, pow10(up))
		} else {
			c.y.Mul(&c.y, pow10(-up))
		}
		divRound(&c.z, &c.x, &c.y, &c.r)
		return false, c.store(out, i)
	}
	common := max(c.s1, c.s2)
	c.x.Mul(&c.x, pow10(common-c.s1))
	c.y.Mul(&c.y, pow10(common-c.s2))
	switch c.op {
	case "add":
		c.z.Add(&c.x, &c.y)
	case "sub":
		c.z.Sub(&c.x, &c.y)
	case "floor_div", "mod":
		if c.y.Sign() == 0 {
			return true, false
		}
		c.z.QuoRem(&c.x, &c.y, &c.r)
		if c.r.Sign() != 0 && c.r.Sign() != c.y.Sign() {
			c.z.Sub(&c.z, big.NewInt(1))
			c.r.Add(&c.r, &c.y)
		}
		if c.op == "mod" {
			c.z.Set(&c.r)
		}
	}
	return false, c.store(out, i)
}

func (c *decimalCalc) store(out *vec.Vec, i int) bool {
	if c.z.CmpAbs(c.limit) >= 0 {
		return false
	}
	putBig(out, i, &c.z)
	return true
}

// divRound sets z to x ÷ y, rounded half away from zero; r is scratch.
func divRound(z, x, y, r *big.Int) {
	z.QuoRem(x, y, r)
	r.Lsh(r, 1)
	if r.CmpAbs(y) >= 0 {
		one := int64(x.Sign() * y.Sign())
		z.Add(z, big.NewInt(one))
	}
}

// bigAt sets z to the unscaled value of row i of a decimal column.
func bigAt(z *big.Int, v *vec.Vec, i int) {
	w := v.Width
	raw := v.Data[i*w : (i+1)*w]
	negative := int8(raw[w-1]) < 0
	var be [32]byte
	carry := uint16(1)
	for k := range w {
		c := raw[k]
		if negative {
			s := uint16(^c) + carry
			c, carry = byte(s), s>>8
		}
		be[w-1-k] = c
	}
	z.SetBytes(be[:w])
	if negative {
		z.Neg(z)
	}
}

// putBig stores z, which fits, as row i of a decimal column.
func putBig(v *vec.Vec, i int, z *big.Int) {
	w := v.Width
	var be [32]byte
	z.FillBytes(be[:])
	raw := v.Data[i*w : (i+1)*w]
	carry := uint16(1)
	for k := range w {
		c := be[31-k]
		if z.Sign() < 0 {
			s := uint16(^c) + carry
			c, carry = byte(s), s>>8
		}
		raw[k] = c
	}
}
