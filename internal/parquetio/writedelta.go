package parquetio

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

const (
	deltaBlock = 128 // values
	deltaMini  = 32  // values of a miniblock
)

// appendDelta appends numbers as DELTA_BINARY_PACKED: differences to the value before, less the least of the block, in as many bits as
// each miniblock needs. Arithmetic wraps, as the format wants.
func appendDelta[K number](dst []byte, v []K) []byte {
	dst = binary.AppendUvarint(dst, deltaBlock)
	dst = binary.AppendUvarint(dst, deltaBlock/deltaMini)
	dst = binary.AppendUvarint(dst, uint64(len(v)))
	if len(v) == 0 {
		return append(dst, 0)
	}
	dst = binary.AppendVarint(dst, signed(v[0]))
	last := v[0]
	var deltas [deltaBlock]K
	for v = v[1:]; len(v) > 0; {
		n := min(len(v), deltaBlock)
		least := signed(v[0] - last)
		for i, x := range v[:n] {
			deltas[i] = x - last
			least, last = min(least, signed(deltas[i])), x
		}
		for i := range deltas[:n] {
			deltas[i] -= K(least)
		}
		clear(deltas[n:])
		dst = appendDeltaBlock(binary.AppendVarint(dst, least), &deltas, n)
		v = v[n:]
	}
	return dst
}

// appendDeltaBlock appends the widths of the miniblocks and those of them that have values.
func appendDeltaBlock[K number](dst []byte, deltas *[deltaBlock]K, n int) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for m := 0; m*deltaMini < n; m++ {
		mini := deltas[m*deltaMini : (m+1)*deltaMini]
		var all K
		for _, d := range mini {
			all |= d
		}
		width := bits.Len64(uint64(all))
		dst[at+m] = byte(width)
		dst = appendMini(dst, mini, uint(width))
	}
	return dst
}

// appendMini bit-packs a miniblock.
func appendMini[K number](dst []byte, mini []K, width uint) []byte {
	if width == 0 {
		return dst
	}
	var acc uint64
	var have uint
	for _, d := range mini {
		x := uint64(d)
		acc |= x << have
		have += width
		if have >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			have -= 64
			acc = x >> (width - have)
		}
	}
	for ; have > 0; have -= 8 { // a multiple of 8, because 32 values are
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// signed returns the number with its sign.
func signed[K number](x K) int64 {
	if unsafe.Sizeof(x) == 4 {
		return int64(int32(uint32(x)))
	}
	return int64(x)
}
