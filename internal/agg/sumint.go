package agg

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// int128 is a two's complement integer: lo, then hi, as decimal128 lies in memory.
type int128 = [2]uint64

// intTotal sums integers and booleans in 128 bits, which no number of rows overflows.
type intTotal struct {
	sums []int128
	ones []uint8 // booleans as bytes
}

// sumType is the type of an integer sum in a state.
var sumType arrow.DataType = &arrow.Decimal128Type{Precision: 38}

type signed interface {
	~int8 | ~int16 | ~int32 | ~int64
}

type unsigned interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

func (t *intTotal) grow(groups int) { t.sums = growTo(t.sums, groups) }

func (t *intTotal) add(gids []uint32, v *vec.Vec) error {
	switch v.Phys {
	case vec.Bool:
		t.ones = bytesOf(t.ones, v)
		addUnsigned(t.sums, gids, t.ones)
	case vec.Int8:
		addSigned(t.sums, gids, vec.Of[int8](v))
	case vec.Int16:
		addSigned(t.sums, gids, vec.Of[int16](v))
	case vec.Int32:
		addSigned(t.sums, gids, vec.Of[int32](v))
	case vec.Int64:
		addSigned(t.sums, gids, vec.Of[int64](v))
	case vec.Uint8:
		addUnsigned(t.sums, gids, vec.Of[uint8](v))
	case vec.Uint16:
		addUnsigned(t.sums, gids, vec.Of[uint16](v))
	case vec.Uint32:
		addUnsigned(t.sums, gids, vec.Of[uint32](v))
	case vec.Uint64:
		addUnsigned(t.sums, gids, vec.Of[uint64](v))
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

func addSigned[T signed](sums []int128, gids []uint32, vals []T) {
	if gids == nil {
		var lo, hi, c uint64
		for _, x := range vals {
			lo, c = bits.Add64(lo, uint64(x), 0)
			hi += uint64(int64(x)>>63) + c
		}
		add128(&sums[0], lo, hi)
		return
	}
	gids = gids[:len(vals)]
	for i, x := range vals {
		s := &sums[gids[i]]
		lo, c := bits.Add64(s[0], uint64(x), 0)
		s[0] = lo
		s[1] += uint64(int64(x)>>63) + c
	}
}

func addUnsigned[T unsigned](sums []int128, gids []uint32, vals []T) {
	if gids == nil {
		var lo, hi, c uint64
		for _, x := range vals {
			lo, c = bits.Add64(lo, uint64(x), 0)
			hi += c
		}
		add128(&sums[0], lo, hi)
		return
	}
	gids = gids[:len(vals)]
	for i, x := range vals {
		s := &sums[gids[i]]
		lo, c := bits.Add64(s[0], uint64(x), 0)
		s[0] = lo
		s[1] += c
	}
}

func add128(s *int128, lo, hi uint64) {
	var c uint64
	s[0], c = bits.Add64(s[0], lo, 0)
	s[1], _ = bits.Add64(s[1], hi, c)
}

func (t *intTotal) merge(gids []uint32, state []vec.Vec) error {
	more := vec.Of[[2]uint64](&state[0])
	for i, g := range gids {
		add128(&t.sums[g], more[i][0], more[i][1])
	}
	return nil
}

func (t *intTotal) types() []arrow.DataType { return []arrow.DataType{sumType} }

func (t *intTotal) columns(valid []uint64) []vec.Vec {
	return []vec.Vec{column(sumType, t.sums, valid)}
}

func (t *intTotal) bytes() int64 { return int64(cap(t.sums)) * 16 }

// float returns the sum rounded once: a magnitude of up to 64 bits converts exactly rounded, and a longer one keeps what was cut off as
// a sticky last bit.
func (t *intTotal) float(g int) float64 { return float128(t.sums[g]) }

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
		lo, hi := t.sums[g][0], t.sums[g][1]
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
			if t.sums[g][1] != 0 {
				return vec.Vec{}, s.overflow()
			}
			out[g] = t.sums[g][0]
		}
		return column(s.out, out, valid), nil
	case vec.Int64:
		out := make([]int64, groups)
		for g := range out {
			lo := int64(t.sums[g][0])
			if t.sums[g][1] != uint64(lo>>63) {
				return vec.Vec{}, s.overflow()
			}
			out[g] = lo
		}
		return column(s.out, out, valid), nil
	case vec.Dec128:
		return vec.Vec{Type: s.out, Phys: p, Width: w, Len: groups, Data: vec.Bytes(t.sums[:groups]), Valid: valid}, nil
	}
	return vec.Vec{}, s.badType()
}
