package agg

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// int128 is a two's complement integer: lo, then hi, as decimal128 lies in memory.
type int128 = [2]uint64

// intTotal sums integers and booleans in 128 bits, which no number of rows overflows. The sum of group g is its cell, signed, plus 2^64
// times hi[g]; hi is made when some sum first leaves 64 bits, which hardly ever happens.
type intTotal struct {
	cells
	hi   []int64
	ones []uint8  // booleans as bytes
	sums []int128 // of columns
}

// sumType is the type of an integer sum in a state.
var sumType arrow.DataType = &arrow.Decimal128Type{Precision: 38}

type signed interface {
	~int8 | ~int16 | ~int32 | ~int64
}

type unsigned interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

func (t *intTotal) grow(groups int) {
	t.store.grow(groups)
	if t.hi != nil {
		t.hi = growTo(t.hi, t.groups)
	}
}

func (t *intTotal) reset() {
	t.store.reset()
	t.hi = nil
}

func (t *intTotal) size() int { return 1 }

func (t *intTotal) move(s *store, at int, own bool) { t.cells = cells{s, at, own} }

func (t *intTotal) add(gids []uint32, v *vec.Vec) error {
	switch v.Phys {
	case vec.Bool:
		if gids == nil {
			t.addHalves(int64(popCount(v.Bits(), v.Len)), 0)
			return nil
		}
		t.ones = bytesOf(t.ones, v)
		addUnsigned(t, gids, t.ones)
	case vec.Int8:
		addSigned(t, gids, vec.Of[int8](v))
	case vec.Int16:
		addSigned(t, gids, vec.Of[int16](v))
	case vec.Int32:
		addSigned(t, gids, vec.Of[int32](v))
	case vec.Int64:
		addSigned(t, gids, vec.Of[int64](v))
	case vec.Uint8:
		addUnsigned(t, gids, vec.Of[uint8](v))
	case vec.Uint16:
		addUnsigned(t, gids, vec.Of[uint16](v))
	case vec.Uint32:
		addUnsigned(t, gids, vec.Of[uint32](v))
	case vec.Uint64:
		addUnsigned(t, gids, vec.Of[uint64](v))
	}
	return nil
}

// bytesOf spreads booleans to a byte each.
func bytesOf(dst []uint8, v *vec.Vec) []uint8 {
	dst = growTo(dst[:0], v.Len)[:v.Len]
	words := v.Bits()
	for i := range dst {
		dst[i] = uint8(words[i>>6] >> (uint(i) & 63) & 1)
	}
	return dst
}

func addSigned[T signed](t *intTotal, gids []uint32, vals []T) {
	if gids == nil {
		// The upper and the lower half of each value in a sum of its own: neither overflows below 2^31 rows.
		var lo, hi int64
		for _, x := range vals {
			lo += int64(x) & math.MaxUint32
			hi += int64(x) >> 32
		}
		t.addHalves(lo, hi)
		return
	}
	t.fetch(gids)
	gids = gids[:len(vals)]
	for {
		n := addFitting(t.words, t.stride, t.at, gids, vals)
		if n == len(vals) {
			return
		}
		t.add128(gids[n], int128{uint64(vals[n]), uint64(int64(vals[n]) >> 63)})
		gids, vals = gids[n+1:], vals[n+1:]
	}
}

// addFitting adds values to the words of their groups until a sum would leave 64 bits, and returns how many it has added.
//
//go:noinline // inlined, its variables would be in memory
func addFitting[T signed](words []uint64, stride, at int, gids []uint32, vals []T) int {
	gids = gids[:len(vals)]
	for i, x := range vals {
		p := &words[int(gids[i])*stride+at]
		a := int64(*p)
		s := a + int64(x)
		if (a^s)&(int64(x)^s) < 0 {
			return i
		}
		*p = uint64(s)
	}
	return len(vals)
}

func addUnsigned[T unsigned](t *intTotal, gids []uint32, vals []T) {
	if gids == nil {
		var lo, hi int64
		for _, x := range vals {
			lo += int64(uint64(x) & math.MaxUint32)
			hi += int64(uint64(x) >> 32)
		}
		t.addHalves(lo, hi)
		return
	}
	t.fetch(gids)
	gids = gids[:len(vals)]
	for {
		n := addFittingUnsigned(t.words, t.stride, t.at, gids, vals)
		if n == len(vals) {
			return
		}
		t.add128(gids[n], int128{uint64(vals[n]), 0})
		gids, vals = gids[n+1:], vals[n+1:]
	}
}

// addFittingUnsigned is addFitting where a value of 2^63 or more does not fit either.
//
//go:noinline // as for addFitting
func addFittingUnsigned[T unsigned](words []uint64, stride, at int, gids []uint32, vals []T) int {
	gids = gids[:len(vals)]
	for i, x := range vals {
		p := &words[int(gids[i])*stride+at]
		a := int64(*p)
		s := a + int64(x)
		if int64(x)|(^a&s) < 0 { // as an int64 x is negative, or a is not and the sum is
			return i
		}
		*p = uint64(s)
	}
	return len(vals)
}

// addHalves adds hi·2^32 + lo to group 0.
func (t *intTotal) addHalves(lo, hi int64) {
	a := int128{uint64(hi) << 32, uint64(hi >> 32)}
	add128(&a, uint64(lo), 0)
	t.add128(0, a)
}

// add128 adds x to group g.
func (t *intTotal) add128(g uint32, x int128) {
	s := t.sum(int(g))
	add128(&s, x[0], x[1])
	*t.word(int(g), 0) = s[0]
	hi := int64(s[1]) - int64(s[0])>>63 // what sign extension of lo does not give
	if hi != 0 && t.hi == nil {
		t.hi = make([]int64, t.groups)
	}
	if t.hi != nil {
		t.hi[g] = hi
	}
}

// sum is the sum of group g.
func (t *intTotal) sum(g int) int128 {
	lo := *t.int(g, 0)
	s := int128{uint64(lo), uint64(lo >> 63)}
	if t.hi != nil {
		s[1] += uint64(t.hi[g])
	}
	return s
}

func add128(s *int128, lo, hi uint64) {
	var c uint64
	s[0], c = bits.Add64(s[0], lo, 0)
	s[1], _ = bits.Add64(s[1], hi, c)
}

func (t *intTotal) merge(gids []uint32, state []vec.Vec) error {
	more := vec.Of[[2]uint64](&state[0])
	for i, g := range gids {
		x := more[i]
		p := t.int(int(g), 0)
		a := *p
		s := a + int64(x[0])
		if x[1] != uint64(int64(x[0])>>63) || (a^s)&(int64(x[0])^s) < 0 { // it or the sum does not fit 64 bits
			t.add128(g, x)
			continue
		}
		*p = s
	}
	return nil
}

func (t *intTotal) types() []arrow.DataType { return []arrow.DataType{sumType} }

func (t *intTotal) columns(valid []uint64) []vec.Vec {
	return []vec.Vec{column(sumType, t.all(t.groups), valid)}
}

// all are the sums of the groups.
func (t *intTotal) all(groups int) []int128 {
	t.sums = growTo(t.sums[:0], groups)[:groups]
	for g := range t.sums {
		t.sums[g] = t.sum(g)
	}
	return t.sums
}

func (t *intTotal) bytes() int64 { return t.storeBytes() + int64(cap(t.hi))*8 + int64(cap(t.sums))*16 }

// float returns the sum rounded once: a magnitude of up to 64 bits converts exactly rounded, and a longer one keeps what was cut off as
// a sticky last bit.
func (t *intTotal) float(g int) float64 { return float128(t.sum(g)) }

func float128(s int128) float64 {
	lo, hi := s[0], s[1]
	neg := int64(hi) < 0
	if neg {
		var b uint64
		lo, b = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, b)
	}
	f := 0.0
	if hi == 0 {
		f = float64(lo)
	} else {
		n := uint(bits.LeadingZeros64(hi))
		top := hi<<n | lo>>1>>(63-n)
		if lo<<n != 0 {
			top |= 1
		}
		f = math.Ldexp(float64(top), 64-int(n))
	}
	if neg {
		return -f
	}
	return f
}

// divide returns the sums divided by n, rounded half to even: the mean of 64-bit values, which 64 bits hold. Where n is 0 it is 0.
func (t *intTotal) divide(n []int64) []int64 {
	out := make([]int64, len(n))
	for g, d := range n {
		if d == 0 {
			continue
		}
		s := t.sum(g)
		lo, hi := s[0], s[1]
		neg := int64(hi) < 0
		if neg {
			var b uint64
			lo, b = bits.Sub64(0, lo, 0)
			hi, _ = bits.Sub64(0, hi, b)
		}
		q, r := bits.Div64(hi, lo, uint64(d))
		if rest := uint64(d) - r; r > rest || r == rest && q&1 == 1 {
			q++
		}
		out[g] = int64(q)
		if neg {
			out[g] = -out[g]
		}
	}
	return out
}

// result brings the sums to 64 bits.
func (t *intTotal) result(s *spec, groups int, valid []uint64) (vec.Vec, error) {
	p, w, _ := vec.PhysOf(s.out)
	switch p {
	case vec.Float64:
		out := make([]float64, groups)
		for g := range out {
			out[g] = t.float(g)
		}
		return column(s.out, out, valid), nil
	case vec.Uint64:
		out := make([]uint64, groups)
		for g := range out {
			sum := t.sum(g)
			if sum[1] != 0 {
				return vec.Vec{}, s.overflow()
			}
			out[g] = sum[0]
		}
		return column(s.out, out, valid), nil
	case vec.Int64:
		out := make([]int64, groups)
		for g := range out {
			if t.hi != nil && t.hi[g] != 0 {
				return vec.Vec{}, s.overflow()
			}
			out[g] = *t.int(g, 0)
		}
		return column(s.out, out, valid), nil
	case vec.Dec128:
		return vec.Vec{Type: s.out, Phys: p, Width: w, Len: groups, Data: vec.Bytes(t.all(groups)), Valid: valid}, nil
	}
	return vec.Vec{}, s.badType()
}
