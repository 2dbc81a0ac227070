package window

import (
	"math/big"
	"math/bits"

	"github.com/sheafdata/sheaf/internal/vec"
)

// wide is a two's complement integer of 320 bits, the lowest word first: it holds any sum of 256-bit decimals that a machine can add.
type wide [5]uint64

func (x *wide) add(y *wide) {
	var carry uint64
	for i := range x {
		x[i], carry = bits.Add64(x[i], y[i], carry)
	}
}

func (x *wide) sub(y *wide) {
	var borrow uint64
	for i := range x {
		x[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
}

func (x *wide) xor(flip uint64) {
	for i := range x {
		x[i] ^= flip
	}
}

func (x *wide) less(y *wide) bool {
	const sign = 1 << 63
	if a, b := x[4]^sign, y[4]^sign; a != b {
		return a < b
	}
	for i := 3; i >= 0; i-- {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

// wideOf is a big integer, held at ±2^318.
func wideOf(n *big.Int) wide {
	limit := new(big.Int).Lsh(big.NewInt(1), 318)
	abs := new(big.Int).Abs(n)
	if abs.Cmp(limit) > 0 {
		abs = limit
	}
	var x wide
	for i, w := range abs.Bits() {
		if bits.UintSize == 64 {
			x[i] = uint64(w)
		} else {
			x[i/2] |= uint64(w) << (32 * (i % 2))
		}
	}
	if n.Sign() < 0 {
		var zero wide
		zero.sub(&x)
		return zero
	}
	return x
}

// pow10 is 10 to the n.
func pow10(n int32) wide {
	return wideOf(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
}

// decimals widens a plain decimal column.
func decimals(v *vec.Vec) []wide {
	out := make([]wide, v.Len)
	if v.Phys == vec.Dec128 {
		for i, x := range vec.Of[[2]uint64](v) {
			s := uint64(int64(x[1]) >> 63)
			out[i] = wide{x[0], x[1], s, s, s}
		}
		return out
	}
	words := vec.Of[uint64](&vec.Vec{Data: v.Data, Len: 4 * v.Len})
	for i := range out {
		w := words[4*i : 4*i+4]
		out[i] = wide{w[0], w[1], w[2], w[3], uint64(int64(w[3]) >> 63)}
	}
	return out
}
