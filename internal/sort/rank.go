package sorting

import (
	"encoding/binary"
	"math"

	"github.com/sheafdata/sheaf/internal/vec"
)

// A rank is a value as an unsigned integer of the same order. Kinds of at most 64 bits have exact ranks.

const signBit = 1 << 63

// hasRank says whether values of the kind have exact ranks.
func hasRank(p vec.Phys) bool {
	switch p {
	case vec.Bool, vec.Int8, vec.Int16, vec.Int32, vec.Int64, vec.Uint8, vec.Uint16, vec.Uint32, vec.Uint64,
		vec.Float16, vec.Float32, vec.Float64:
		return true
	}
	return false
}

// ranks writes the rank of every row of a column that has ranks; under nulls it is arbitrary.
func ranks(dst []uint64, v *vec.Vec) {
	if v.Dict != nil {
		values := make([]uint64, max(v.Dict.Values.Len, 1))
		ranks(values[:v.Dict.Values.Len], &v.Dict.Values)
		for i, c := range v.Codes() {
			dst[i] = values[c]
		}
		return
	}
	dst = dst[:v.Len]
	switch v.Phys {
	case vec.Bool:
		words := v.Bits()
		for i := range dst {
			dst[i] = words[i>>6] >> (uint(i) & 63) & 1
		}
	case vec.Int8:
		signedRanks(dst, vec.Of[int8](v))
	case vec.Int16:
		signedRanks(dst, vec.Of[int16](v))
	case vec.Int32:
		signedRanks(dst, vec.Of[int32](v))
	case vec.Int64:
		signedRanks(dst, vec.Of[int64](v))
	case vec.Uint8:
		unsignedRanks(dst, vec.Of[uint8](v))
	case vec.Uint16:
		unsignedRanks(dst, vec.Of[uint16](v))
	case vec.Uint32:
		unsignedRanks(dst, vec.Of[uint32](v))
	case vec.Uint64:
		copy(dst, vec.Of[uint64](v))
	case vec.Float16:
		for i, x := range vec.Of[uint16](v) {
			dst[i] = rank16(x)
		}
	case vec.Float32:
		for i, x := range vec.Of[float32](v) {
			dst[i] = rank64(float64(x)) // exact, and keeps the order
		}
	case vec.Float64:
		for i, x := range vec.Of[float64](v) {
			dst[i] = rank64(x)
		}
	default:
		clear(dst)
	}
}

func signedRanks[T int8 | int16 | int32 | int64](dst []uint64, src []T) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = uint64(int64(src[i])) ^ signBit
	}
}

func unsignedRanks[T uint8 | uint16 | uint32](dst []uint64, src []T) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = uint64(src[i])
	}
}

// rank64 flips the bits of negative numbers and the sign of the others; NaN of any bits is the greatest.
func rank64(x float64) uint64 {
	if x != x {
		return math.MaxUint64
	}
	b := math.Float64bits(x + 0) // −0 + 0 is 0
	return b ^ (uint64(int64(b)>>63) | signBit)
}

func rank16(x uint16) uint64 {
	switch {
	case x&0x7fff > 0x7c00:
		return 1 << 16 // NaN
	case x == 0x8000:
		return 0x8000 // −0 is 0
	case x&0x8000 != 0:
		return uint64(^x)
	}
	return uint64(x) | 0x8000
}

// prefix64 is the bytes of a value from skip on as a big-endian word, zero-padded.
func prefix64(p []byte, skip int) uint64 {
	p = p[min(skip, len(p)):]
	if len(p) >= 8 {
		return binary.BigEndian.Uint64(p)
	}
	var pad [8]byte
	copy(pad[:], p)
	return binary.BigEndian.Uint64(pad[:])
}
