package parquetio

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Bitmaps here are Arrow's: bit i of byte i/8, least significant first.

// load64 returns the 8 bytes of b from off, little-endian, with zeros beyond the end.
func load64(b []byte, off int) uint64 {
	if off+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[off:])
	}
	var v uint64
	for i := len(b) - 1; i >= off; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v
}

// loadBits returns n <= 57 bits of b from bit pos.
func loadBits(b []byte, pos, n int) uint64 {
	return load64(b, pos>>3) >> (uint(pos) & 7) & (1<<uint(n) - 1)
}

// load64Bits returns n <= 64 bits of b from bit pos.
func load64Bits(b []byte, pos, n int) uint64 {
	v := load64(b, pos>>3)
	if s := uint(pos) & 7; s != 0 {
		v >>= s
		if i := pos>>3 + 8; int(64-s) < n && i < len(b) {
			v |= uint64(b[i]) << (64 - s)
		}
	}
	if n < 64 {
		v &= 1<<uint(n) - 1
	}
	return v
}

// copyBits copies n bits of src from spos to dst from dpos, and returns how many are 1. The bits of dst from dpos on up to the
// end of their byte are overwritten; those below dpos are kept.
func copyBits(dst []byte, dpos int, src []byte, spos, n int) (ones int) {
	if h := dpos & 7; h != 0 && n > 0 {
		k := min(8-h, n)
		v := loadBits(src, spos, k)
		ones += bits.OnesCount64(v)
		i := dpos >> 3
		dst[i] = dst[i]&(1<<uint(h)-1) | byte(v)<<uint(h)
		dpos, spos, n = dpos+k, spos+k, n-k
	}
	d := dst[dpos>>3:]
	i := 0
	for ; n >= 64; n -= 64 {
		v := load64Bits(src, spos, 64)
		ones += bits.OnesCount64(v)
		binary.LittleEndian.PutUint64(d[i:], v)
		i += 8
		spos += 64
	}
	for ; n > 0; n -= 8 {
		k := min(n, 8)
		v := loadBits(src, spos, k)
		ones += bits.OnesCount64(v)
		d[i] = byte(v)
		i++
		spos += k
	}
	return ones
}

// fillBits sets n bits of dst from pos to value, with the same freedom as copyBits.
func fillBits(dst []byte, pos, n int, value bool) {
	var fill byte
	if value {
		fill = 0xff
	}
	if h := pos & 7; h != 0 && n > 0 {
		i := pos >> 3
		dst[i] = dst[i]&(1<<uint(h)-1) | fill<<uint(h)
		k := min(8-h, n)
		pos, n = pos+k, n-k
	}
	d := dst[pos>>3 : pos>>3+(n+7)>>3]
	for word := -uint64(fill & 1); len(d) >= 8; d = d[8:] {
		binary.LittleEndian.PutUint64(d, word)
	}
	for i := range d {
		d[i] = fill
	}
}

// expand moves the k values at the front of v to the slots of v whose bit is set, of the len(v) bits of valid from pos; k is the
// number of set bits. Slots without a value are left zero or with some value of v.
func expand[T any](v []T, k int, valid []byte, pos int) {
	n := len(v)
	for n > k && k > 0 {
		start := max(0, n-64)
		w := load64Bits(valid, pos+start, n-start)
		switch ones := bits.OnesCount64(w); {
		case ones == 0:
			clear(v[start:n])
		case ones == n-start:
			copy(v[start:n], v[k-ones:k])
			k -= ones
		case n-start-ones <= fewNulls:
			k = expandRuns(v, start, n, k, w)
		default:
			k = expandWord(v[:n], start, k, w)
		}
		n = start
	}
	if k == 0 {
		clear(v[:n])
	}
}

// fewNulls is how many nulls of 64 slots make moving runs of values cheaper than moving each: a move costs about 6 slots.
const fewNulls = 8

// expandRuns does what expandWord does, a run of values at a time.
func expandRuns[T any](v []T, start, end, k int, w uint64) int {
	w <<= uint(64 - (end - start))
	for end > start && k > 0 {
		if ones := min(bits.LeadingZeros64(^w), end-start); ones > 0 {
			copy(v[end-ones:end], v[k-ones:k])
			k -= ones
			end -= ones
			w <<= uint(ones)
			continue
		}
		zeros := min(bits.LeadingZeros64(w), end-start)
		clear(v[end-zeros : end])
		end -= zeros
		w <<= uint(zeros)
	}
	clear(v[start:end])
	return k
}

// expandWord spreads the last of the k packed values over the slots from start to the end of v, at most 64, by their bits w. A
// slot without a value takes the nearest value below: a branch per slot would cost more than the store.
func expandWord[T any](v []T, start, k int, w uint64) int {
	for j := len(v) - 1; j >= start; j-- {
		if k == 0 {
			clear(v[start : j+1])
			return 0
		}
		v[j] = v[k-1]
		k -= int(w >> uint(j-start) & 1)
	}
	return k
}

// expandBits does what expand does, for values of a bit: the k bits at the front of src go to the n bits of dst from dpos.
func expandBits(dst []byte, dpos int, src []byte, valid []byte, vpos, n int) {
	k := 0
	for i := 0; i < n; i++ {
		bit := src[k>>3] >> (uint(k) & 7) & 1
		p := dpos + i
		ok := valid[(vpos+i)>>3] >> (uint(vpos+i) & 7) & 1
		dst[p>>3] = dst[p>>3]&^(1<<(uint(p)&7)) | (bit&ok)<<(uint(p)&7)
		k += int(ok)
	}
}

// fixed are the element types of fixed-width buffers.
type fixed interface {
	uint8 | uint16 | uint32 | uint64 | [16]byte | [32]byte | viewHeader
}

// as returns the memory of b as a slice of T. b comes from a buffer of the arena, which is aligned.
func as[T fixed](b []byte) []T {
	var z T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(z)))
}

// raw returns the memory of s.
func raw[T fixed](s []T) []byte {
	var z T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(z)))
}
