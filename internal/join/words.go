package join

import (
	"math"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// wordReader packs fixed-width key columns into words. It is scratch of one task.
type wordReader struct {
	lanes [2][]uint64
	tmp   []uint64
	dict  []dictWords // per key column
}

// dictWords keeps the words of a dictionary's values while the dictionary stays the same.
type dictWords struct {
	of    *vec.Dict
	words []uint64
}

// read returns a word a row per lane of the layout, good until the next read. The words under nulls are arbitrary.
func (r *wordReader) read(l *keyLayout, keys []vec.Vec, rows int) [2][]uint64 {
	if len(keys) == 1 && l.cols[0].phys == vec.Dec128 {
		return r.readDecimals(&keys[0])
	}
	if len(keys) == 1 && keys[0].Dict == nil && (l.cols[0].phys == vec.Int64 || l.cols[0].phys == vec.Uint64) {
		return [2][]uint64{vec.Of[uint64](&keys[0])}
	}
	if len(r.dict) < len(keys) {
		r.dict = make([]dictWords, len(keys))
	}
	for lane := range r.lanes {
		r.lanes[lane] = grow(r.lanes[lane], rows)
	}
	if len(keys) == 0 {
		clear(r.lanes[0])
	}
	var started [2]bool
	for i := range keys {
		c := l.cols[i]
		if !started[c.lane] {
			r.load(r.lanes[c.lane], i, &keys[i])
			if len(keys) > 1 {
				mask(r.lanes[c.lane], c.bits)
			}
			started[c.lane] = true
			continue
		}
		r.tmp = grow(r.tmp, rows)
		r.load(r.tmp, i, &keys[i])
		mask(r.tmp, c.bits)
		shiftIn(r.lanes[c.lane], r.tmp, c.bits)
	}
	if !started[1] {
		return [2][]uint64{r.lanes[0]}
	}
	return r.lanes
}

// load writes a word a row of key column i, through the dictionary where there is one.
func (r *wordReader) load(dst []uint64, i int, v *vec.Vec) {
	if v.Dict == nil {
		loadWords(dst, v)
		return
	}
	d := &r.dict[i]
	if d.of != v.Dict {
		d.words = grow(d.words, max(v.Dict.Values.Len, 1))
		loadWords(d.words[:v.Dict.Values.Len], &v.Dict.Values)
		d.of = v.Dict
	}
	words := d.words
	for j, c := range v.Codes() {
		dst[j] = words[c]
	}
}

// readDecimals splits 16-byte values into two lanes.
func (r *wordReader) readDecimals(v *vec.Vec) [2][]uint64 {
	lo, hi := grow(r.lanes[0], v.Len), grow(r.lanes[1], v.Len)
	r.lanes = [2][]uint64{lo, hi}
	if v.Dict != nil {
		values := vec.Of[[2]uint64](&v.Dict.Values)
		for i, c := range v.Codes() {
			if int(c) < len(values) {
				lo[i], hi[i] = values[c][0], values[c][1]
			}
		}
		return r.lanes
	}
	for i, x := range vec.Of[[2]uint64](v) {
		lo[i], hi[i] = x[0], x[1]
	}
	return r.lanes
}

// loadWords writes each value as a word: integers extended by their sign, floats as canonical bits.
func loadWords(dst []uint64, v *vec.Vec) {
	switch v.Phys {
	case vec.Bool:
		for i := range dst {
			dst[i] = v.Bits()[i>>6] >> (uint(i) & 63) & 1
		}
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
	case vec.Uint64:
		copy(dst, vec.Of[uint64](v))
	case vec.Float16:
		for i, x := range vec.Of[uint16](v) {
			dst[i] = uint64(canonical16(x))
		}
	case vec.Float32:
		for i, x := range vec.Of[float32](v) {
			dst[i] = uint64(canonical32(x))
		}
	case vec.Float64:
		for i, x := range vec.Of[float64](v) {
			dst[i] = hash.FloatBits(x)
		}
	default:
		clear(dst) // Null: no row is looked up
	}
}

func extend[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](dst []uint64, src []T) {
	dst = dst[:len(src)]
	for i, x := range src {
		dst[i] = uint64(int64(x))
	}
}

// canonical32 makes equal floats equal bits: one NaN, one zero.
func canonical32(x float32) uint32 {
	if x != x {
		return 0x7fc00000
	}
	return math.Float32bits(x + 0)
}

func canonical16(x uint16) uint16 {
	if x&0x7fff > 0x7c00 {
		return 0x7e00
	}
	if x == 0x8000 {
		return 0
	}
	return x
}

// mask keeps the low n bits of each word.
func mask(words []uint64, n uint) {
	if n >= 64 {
		return
	}
	m := uint64(1)<<n - 1
	for i := range words {
		words[i] &= m
	}
}

func shiftIn(dst, src []uint64, n uint) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = dst[i]<<n | src[i]
	}
}

// grow returns s with n elements, their content unspecified.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
