package window

import (
	"math/bits"

	"github.com/sheafdata/sheaf/internal/vec"
)

// means is Mean over frames.
func (s *slide) means() (vec.Vec, error) {
	v, err := s.values(0)
	if err != nil {
		return vec.Vec{}, err
	}
	if p, _, _ := vec.PhysOf(s.call.Expr.Type()); p == vec.Int64 { // a duration
		out, err := s.int64s()
		if err != nil {
			return vec.Vec{}, err
		}
		slideIntMeans(out, nil, s.perm, s.lo, s.hi, ints(&v))
		return s.column(out, s.present(1)), nil
	}
	out, err := s.float64s()
	if err != nil {
		return vec.Vec{}, err
	}
	switch v.Phys {
	case vec.Float16, vec.Float32, vec.Float64, vec.Uint64, vec.Dec128, vec.Dec256:
		if err := s.floatSums(out, floats(&v)); err != nil {
			return vec.Vec{}, err
		}
		for p, row := range s.perm {
			if n := s.hi[p] - s.lo[p]; n > 0 {
				out[row] /= float64(n)
			}
		}
	default:
		slideIntMeans(nil, out, s.perm, s.lo, s.hi, ints(&v))
	}
	return s.floatColumn(out, s.present(1)), nil
}

// slideIntMeans divides exact sums, rounding to even: in whole numbers where whole is not nil, else in floats.
func slideIntMeans(whole []int64, float []float64, perm, lo, hi []uint32, vals []int64) {
	var sum, top int64
	a, b := uint32(0), uint32(0)
	for p, row := range perm {
		from, to := lo[p], hi[p]
		if from >= b {
			a, b, sum, top = from, from, 0, 0
		}
		for ; b < to; b++ {
			sum, top = add128(sum, top, vals[b])
		}
		for ; a < from; a++ {
			sum, top = sub128(sum, top, vals[a])
		}
		n := to - from
		switch {
		case n == 0:
		case whole != nil:
			whole[row] = divide128(sum, top, uint64(n))
		case top == sum>>63:
			float[row] = float64(sum) / float64(n)
		default:
			float[row] = (float64(top)*(1<<64) + float64(uint64(sum))) / float64(n)
		}
	}
}

// divide128 divides a 128-bit integer by n, rounded half to even; the quotient fits 64 bits, being a mean of such.
func divide128(lo, hi int64, n uint64) int64 {
	l, h := uint64(lo), uint64(hi)
	neg := hi < 0
	if neg {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	q, r := bits.Div64(h, l, n)
	if rest := n - r; r > rest || r == rest && q&1 == 1 {
		q++
	}
	if neg {
		return -int64(q)
	}
	return int64(q)
}
