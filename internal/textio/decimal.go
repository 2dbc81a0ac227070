package textio

import (
	"math/big"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// maxScale is the largest scale of decimals that a cell holds with all their digits.
const maxScale = 19

// decimals formats decimals of up to 64 bits in their cells, the others a value at a time.
func (c *column) decimals(v *vec.Vec, at, n int) {
	scale := int(v.Type.(*arrow.Decimal128Type).Scale)
	vals := vec.Of[[2]uint64](v)[at : at+n]
	for i, x := range vals {
		lo, neg := x[0], int64(x[1]) < 0
		if neg {
			lo = -lo
		}
		if scale < 0 || scale > maxScale || neg && (x[1] != ^uint64(0) || lo == 0) || !neg && x[1] != 0 {
			c.tmp = appendDecimal(c.tmp[:0], v, at+i)
			c.putBytes(i, c.tmp)
			continue
		}
		to := &c.cells[i]
		end := 0
		if neg {
			to[0] = '-'
			end = 1
		}
		if scale == 0 {
			c.lens[i] = c.finish(to, putUint(to, end, lo))
			continue
		}
		whole := lo / pow10[scale]
		end = putUint(to, end, whole)
		to[end&31] = '.'
		c.lens[i] = c.finish(to, putFixed(to, end+1, lo-whole*pow10[scale], scale))
	}
}

// appendDecimal appends a decimal of any size with all its decimals.
func appendDecimal(dst []byte, v *vec.Vec, i int) []byte {
	scale := int(v.Type.(arrow.DecimalType).GetScale())
	le := v.Data[i*v.Width : (i+1)*v.Width]
	neg := int8(le[len(le)-1]) < 0
	be := make([]byte, len(le))
	for k, b := range le {
		if neg {
			b = ^b
		}
		be[len(le)-1-k] = b
	}
	z := new(big.Int).SetBytes(be)
	if neg {
		z.Add(z, big.NewInt(1))
		dst = append(dst, '-')
	}
	digits := z.String()
	if scale <= 0 {
		dst = append(dst, digits...)
		for range -scale {
			if z.Sign() != 0 {
				dst = append(dst, '0')
			}
		}
		return dst
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	point := len(digits) - scale
	dst = append(dst, digits[:point]...)
	return append(append(dst, '.'), digits[point:]...)
}
