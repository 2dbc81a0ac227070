package agg

import (
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// twoFloats is a sum and the rounding errors made on the way: the exact sum is near s + c (Knuth's TwoSum, as in Neumaier's
// "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974, without the branch).
type twoFloats struct{ s, c float64 }

// floatTotal sums floats with compensation: the relative error to Σ|x| stays below 1e-15 for any number of rows met in practice.
type floatTotal struct {
	cells
	wide []float64 // float16 and float32 values as float64
	cols [2][]float64
}

func (t *floatTotal) size() int { return 2 }

func (t *floatTotal) move(s *store, at int, own bool) { t.cells = cells{s, at, own} }

func (t *floatTotal) add(gids []uint32, v *vec.Vec) error {
	vals := v64(&t.wide, v)
	if gids == nil {
		sumOne(t.float2(0), vals)
		return nil
	}
	gids = gids[:len(vals)]
	if t.groups <= fewGroups && t.addFew(gids, vals) {
		return nil
	}
	t.fetch(gids)
	words, stride, at := t.words[:len(t.words)-1], t.stride, t.at
	for i, x := range vals {
		a := (*twoFloats)(unsafe.Pointer(&words[int(gids[i])*stride+at]))
		s := a.s + x
		z := s - a.s
		a.c += (a.s - (s - z)) + (x - z)
		a.s = s
	}
	return nil
}

// fewGroups is the number of groups up to which rows are dealt out to several accumulators a group: neighbouring rows are then mostly of
// one group, and its sum would wait for itself (add, store, load) at every row. Two ways halved the time of ten groups (2026-11).
const fewGroups = 64

// addFew adds values to few groups: even and odd rows apart, brought together at the end. It does nothing and returns false where a part
// is not finite: its half of the values may overflow where all of them do not.
func (t *floatTotal) addFew(gids []uint32, vals []float64) bool {
	var part [2][fewGroups]twoFloats
	i := 0
	for ; i+1 < len(vals); i += 2 {
		part[0][gids[i]%fewGroups].add(vals[i])
		part[1][gids[i+1]%fewGroups].add(vals[i+1])
	}
	if i < len(vals) {
		part[0][gids[i]%fewGroups].add(vals[i])
	}
	for g := range t.groups {
		if a, b := part[0][g].s, part[1][g].s; a-a != 0 || b-b != 0 {
			return false
		}
	}
	for g := range t.groups {
		sum := t.float2(g)
		for k := range part {
			sum.add(part[k][g].s)
			sum.c += part[k][g].c
		}
	}
	return true
}

// block is the values summed plainly before compensation takes over: the error of 64 additions in 4 chains is below 16 roundings.
const block = 64

// sumOne adds all values to one sum.
func sumOne(a *twoFloats, vals []float64) {
	for len(vals) >= block {
		b := (*[block]float64)(vals)
		var s0, s1, s2, s3 float64
		for i := 0; i < block; i += 4 {
			s0 += b[i]
			s1 += b[i+1]
			s2 += b[i+2]
			s3 += b[i+3]
		}
		a.add((s0 + s1) + (s2 + s3))
		vals = vals[block:]
	}
	for _, x := range vals {
		a.add(x)
	}
}

func (a *twoFloats) add(x float64) {
	s := a.s + x
	z := s - a.s
	a.c += (a.s - (s - z)) + (x - z)
	a.s = s
}

// value is the rounded sum. Infinities and NaN make c meaningless.
func (a *twoFloats) value() float64 {
	if a.s-a.s != 0 {
		return a.s
	}
	return a.s + a.c
}

func (t *floatTotal) merge(gids []uint32, state []vec.Vec) error {
	s, c := vec.Of[float64](&state[0]), vec.Of[float64](&state[1])
	for i, g := range gids {
		a := t.float2(int(g))
		a.add(s[i])
		a.c += c[i]
	}
	return nil
}

func (t *floatTotal) types() []arrow.DataType {
	return []arrow.DataType{arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Float64}
}

func (t *floatTotal) columns(valid []uint64) []vec.Vec {
	s, c := growTo(t.cols[0][:0], t.groups)[:t.groups], growTo(t.cols[1][:0], t.groups)[:t.groups]
	for g := range s {
		a := *t.float2(g)
		if a.s-a.s != 0 {
			a.c = 0
		}
		s[g], c[g] = a.s, a.c
	}
	t.cols = [2][]float64{s, c}
	return []vec.Vec{column(arrow.PrimitiveTypes.Float64, s, valid), column(arrow.PrimitiveTypes.Float64, c, nil)}
}

func (t *floatTotal) float(g int) float64 { return t.float2(g).value() }

func (t *floatTotal) bytes() int64 {
	return t.storeBytes() + int64(cap(t.cols[0])+cap(t.cols[1]))*8
}

// v64 returns the values of a plain numeric column as float64: over its own memory, or in *wide.
func v64(wide *[]float64, v *vec.Vec) []float64 {
	if v.Phys == vec.Float64 {
		return vec.Of[float64](v)
	}
	out := growTo((*wide)[:0], v.Len)[:v.Len]
	*wide = out
	switch v.Phys {
	case vec.Bool:
		words := v.Bits()
		for i := range out {
			out[i] = float64(words[i>>6] >> (uint(i) & 63) & 1)
		}
	case vec.Int8:
		toFloats(out, vec.Of[int8](v))
	case vec.Int16:
		toFloats(out, vec.Of[int16](v))
	case vec.Int32:
		toFloats(out, vec.Of[int32](v))
	case vec.Int64:
		toFloats(out, vec.Of[int64](v))
	case vec.Uint8:
		toFloats(out, vec.Of[uint8](v))
	case vec.Uint16:
		toFloats(out, vec.Of[uint16](v))
	case vec.Uint32:
		toFloats(out, vec.Of[uint32](v))
	case vec.Uint64:
		toFloats(out, vec.Of[uint64](v))
	case vec.Float32:
		toFloats(out, vec.Of[float32](v))
	case vec.Float16:
		for i, x := range vec.Of[uint16](v) {
			out[i] = half(x)
		}
	case vec.Dec128:
		scale := decScale(v.Type)
		for i, x := range vec.Of[[2]uint64](v) {
			out[i] = float128(x) / scale
		}
	case vec.Dec256:
		scale := decScale(v.Type)
		for i, x := range vec.Of[[32]byte](v) {
			out[i] = float256(fromBytes(x)) / scale
		}
	}
	return out
}

func toFloats[T signed | unsigned | ~float32](dst []float64, vals []T) {
	dst = dst[:len(vals)]
	for i, x := range vals {
		dst[i] = float64(x)
	}
}

// decScale is the power of ten by which a decimal's integer is divided.
func decScale(t arrow.DataType) float64 {
	return math.Pow10(int(t.(arrow.DecimalType).GetScale()))
}
