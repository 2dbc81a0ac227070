package window

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// overflow is the error of a sum that its type does not hold.
func (s *slide) overflow() error {
	e := s.call.Expr
	f := fault.New(fault.Data, e.Info().Call, "the sum does not fit %s", e.Type()).
		WithHint("cast the column to float64 or to a wider decimal before summing")
	f.At = e.At()
	if cols := e.Columns(); len(cols) > 0 {
		f.Column = cols[0]
	}
	return f
}

// sums is Sum over frames. Those of integers and decimals are exact: what enters is added and what leaves is taken off again.
func (s *slide) sums() (vec.Vec, error) {
	v, err := s.values(0)
	if err != nil {
		return vec.Vec{}, err
	}
	switch v.Phys {
	case vec.Float16, vec.Float32, vec.Float64:
		out, err := s.float64s()
		if err != nil {
			return vec.Vec{}, err
		}
		err = s.floatSums(out, floats(&v))
		return s.floatColumn(out, s.present(1)), err
	case vec.Dec128, vec.Dec256:
		return s.decimalSums(&v)
	case vec.Uint64:
		out, err := s.int64s()
		if err != nil {
			return vec.Vec{}, err
		}
		if !slideUints(out, s.perm, s.lo, s.hi, vec.Of[uint64](&v)) {
			return vec.Vec{}, s.overflow()
		}
		return s.column(out, s.present(1)), nil
	}
	out, err := s.int64s()
	if err != nil {
		return vec.Vec{}, err
	}
	if !slideInts(out, s.perm, s.lo, s.hi, ints(&v)) {
		return vec.Vec{}, s.overflow()
	}
	return s.column(out, s.present(1)), nil
}

// ints widens integers and booleans.
func ints(v *vec.Vec) []int64 {
	switch v.Phys {
	case vec.Int8:
		return widened(vec.Of[int8](v))
	case vec.Int16:
		return widened(vec.Of[int16](v))
	case vec.Int32:
		return widened(vec.Of[int32](v))
	case vec.Uint8:
		return widened(vec.Of[uint8](v))
	case vec.Uint16:
		return widened(vec.Of[uint16](v))
	case vec.Uint32:
		return widened(vec.Of[uint32](v))
	case vec.Bool:
		out := make([]int64, v.Len)
		words := v.Bits()
		for i := range out {
			out[i] = int64(words[i>>6] >> (uint(i) & 63) & 1)
		}
		return out
	}
	return vec.Of[int64](v)
}

// floats returns numbers as float64.
func floats(v *vec.Vec) []float64 {
	switch v.Phys {
	case vec.Float64:
		return vec.Of[float64](v)
	case vec.Float32:
		return toFloats(vec.Of[float32](v))
	case vec.Float16:
		out := make([]float64, v.Len)
		for i, x := range vec.Of[uint16](v) {
			out[i] = math.Float64frombits(hash.Half(x))
		}
		return out
	case vec.Uint64:
		return toFloats(vec.Of[uint64](v))
	case vec.Dec128, vec.Dec256:
		scale := math.Pow10(int(v.Type.(arrow.DecimalType).GetScale()))
		out := make([]float64, v.Len)
		for i, x := range decimals(v) {
			out[i] = x.float() / scale
		}
		return out
	}
	return toFloats(ints(v))
}

func toFloats[T int64 | uint64 | float32](vals []T) []float64 {
	out := make([]float64, len(vals))
	for i, x := range vals {
		out[i] = float64(x)
	}
	return out
}

// slideInts adds in 128 bits; false where a sum does not fit 64. Frames of the next partition begin where nothing of the last is left.
func slideInts(out []int64, perm, lo, hi []uint32, vals []int64) bool {
	var sum, top int64 // top: the bits above 64
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
		if top != sum>>63 {
			return false
		}
		out[row] = sum
	}
	return true
}

func add128(lo, hi, x int64) (int64, int64) {
	s, carry := bits.Add64(uint64(lo), uint64(x), 0)
	return int64(s), hi + x>>63 + int64(carry)
}

func sub128(lo, hi, x int64) (int64, int64) {
	s, borrow := bits.Sub64(uint64(lo), uint64(x), 0)
	return int64(s), hi - x>>63 - int64(borrow)
}

func slideUints(out []int64, perm, lo, hi []uint32, vals []uint64) bool {
	var sum, top, c uint64
	a, b := uint32(0), uint32(0)
	for p, row := range perm {
		from, to := lo[p], hi[p]
		if from >= b {
			a, b, sum, top = from, from, 0, 0
		}
		for ; b < to; b++ {
			sum, c = bits.Add64(sum, vals[b], 0)
			top += c
		}
		for ; a < from; a++ {
			sum, c = bits.Sub64(sum, vals[a], 0)
			top -= c
		}
		if top != 0 {
			return false
		}
		out[row] = int64(sum)
	}
	return true
}

// decimalSums are exact in 320 bits; a sum beyond the digits of its type is an error.
func (s *slide) decimalSums(v *vec.Vec) (vec.Vec, error) {
	t := vec.Logical(s.call.Expr.Type())
	phys, width, _ := vec.PhysOf(t)
	rows := s.computer.rows
	if err := s.mem.grow(40 * int64(len(s.counted.rows))); err != nil {
		return vec.Vec{}, err
	}
	if err := s.result.grow(int64(width+1) * int64(rows)); err != nil {
		return vec.Vec{}, err
	}
	vals, limit := decimals(v), pow10(t.(arrow.DecimalType).GetPrecision())
	out := make([]uint64, rows*width/8)
	var sum wide
	a, b := uint32(0), uint32(0)
	for p, row := range s.perm {
		from, to := s.lo[p], s.hi[p]
		if from >= b {
			a, b, sum = from, from, wide{}
		}
		for ; b < to; b++ {
			sum.add(&vals[b])
		}
		for ; a < from; a++ {
			sum.sub(&vals[a])
		}
		abs := sum
		if int64(sum[4]) < 0 {
			abs = wide{}
			abs.sub(&sum)
		}
		if !abs.less(&limit) {
			return vec.Vec{}, s.overflow()
		}
		copy(out[int(row)*width/8:], sum[:width/8])
	}
	return vec.Vec{Type: t, Phys: phys, Width: width, Len: rows, Data: vec.Bytes(out), Valid: s.present(1)}, nil
}

// exactFloat is a float sum and the rounding errors made on the way (Knuth's TwoSum).
type exactFloat struct{ s, c float64 }

func (a *exactFloat) add(x float64) {
	s := a.s + x
	z := s - a.s
	a.c += (a.s - (s - z)) + (x - z)
	a.s = s
}

// value is the rounded sum. Infinities and NaN make c meaningless.
func (a *exactFloat) value() float64 {
	if a.s-a.s != 0 {
		return a.s
	}
	return a.s + a.c
}

// floatSums never subtracts: a frame is a stretch [lo, mid), whose sums from every row up to mid were made from right to left, and a
// stretch [mid, hi), whose sum grows as rows enter. When the first has left, the second takes its place (the queue of two stacks).
func (s *slide) floatSums(out, vals []float64) error {
	room, err := s.stack(16)
	if err != nil {
		return err
	}
	stack := make([]exactFloat, room)
	var right exactFloat
	base, mid, end := uint32(0), uint32(0), uint32(0) // stack[i-base] for base ≤ i < mid
	for p, row := range s.perm {
		lo, hi := s.lo[p], s.hi[p]
		if lo >= mid {
			var sum exactFloat
			for i := hi; i > lo; i-- {
				sum.add(vals[i-1])
				stack[i-1-lo] = sum
			}
			base, mid, end, right = lo, hi, hi, exactFloat{}
		}
		for ; end < hi; end++ {
			right.add(vals[end])
		}
		if lo == hi {
			continue
		}
		sum := right
		if lo < mid {
			l := &stack[lo-base]
			sum.add(l.s)
			sum.c += l.c
		}
		out[row] = sum.value()
	}
	return nil
}

// stack returns the length that the stack of a sliding state reaches, and reserves for elements of so many bytes.
func (s *slide) stack(bytes int64) (int, error) {
	longest, mid := uint32(0), uint32(0)
	for p, lo := range s.lo {
		if lo >= mid {
			mid = s.hi[p]
			longest = max(longest, mid-lo)
		}
	}
	return int(longest), s.mem.grow(bytes * int64(longest))
}

// float is the nearest float64 to within a few roundings.
func (x wide) float() float64 {
	neg := int64(x[4]) < 0
	if neg {
		var abs wide
		abs.sub(&x)
		x = abs
	}
	f := 0.0
	for i := len(x) - 1; i >= 0; i-- {
		f = f*(1<<64) + float64(x[i])
	}
	if neg {
		return -f
	}
	return f
}
