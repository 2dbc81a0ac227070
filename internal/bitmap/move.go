package bitmap

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Of returns the words over b's memory that hold n bits, and whether that works: b starts at a word's address and the words lie within
// its capacity.
func Of(b []byte, n int) ([]uint64, bool) {
	w := Words(n)
	p := unsafe.SliceData(b)
	if n == 0 || cap(b) < w*8 || uintptr(unsafe.Pointer(p))&7 != 0 {
		return nil, n == 0
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(p)), w), true
}

// FromBytes copies n bits of src, from bit off, to the front of dst.
func FromBytes(dst []uint64, src []byte, off, n int) {
	if n == 0 {
		return
	}
	dst = dst[:Words(n)]
	src = src[off>>3:]
	shift := uint(off) & 7
	for i := range dst {
		dst[i] = load(src, i*8) >> shift
		if shift != 0 && i*8+8 < len(src) {
			dst[i] |= uint64(src[i*8+8]) << (64 - shift)
		}
	}
}

// load reads the 8 bytes at i, zeros beyond the end.
func load(b []byte, i int) uint64 {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])
	}
	var w uint64
	for k := 0; i+k < len(b); k++ {
		w |= uint64(b[i+k]) << (8 * k)
	}
	return w
}

// ToBytes returns a fresh slice with the first n bits of src; bits beyond n are zero, and so is the padding up to a word.
func ToBytes(src []uint64, n int) []byte {
	w := Words(n)
	out := make([]byte, w*8)
	for i, x := range src[:w] {
		if i == w-1 {
			x &= Tail(n)
		}
		binary.LittleEndian.PutUint64(out[i*8:], x)
	}
	return out[:(n+7)/8]
}

// Copy copies n bits of src from bit srcOff to dst from bit dstOff; other bits of dst stay.
func Copy(dst []uint64, dstOff int, src []uint64, srcOff, n int) {
	if dstOff&63 == 0 && srcOff&63 == 0 {
		d, s := dst[dstOff>>6:], src[srcOff>>6:]
		full := n >> 6
		copy(d[:full], s[:full])
		if n&63 != 0 {
			m := Tail(n)
			d[full] = d[full]&^m | s[full]&m
		}
		return
	}
	for n > 0 {
		k := min(64-dstOff&63, n)
		x := read(src, srcOff, k)
		m := (^uint64(0) >> uint(64-k)) << (uint(dstOff) & 63)
		w := &dst[dstOff>>6]
		*w = *w&^m | x<<(uint(dstOff)&63)&m
		dstOff, srcOff, n = dstOff+k, srcOff+k, n-k
	}
}

// read returns the k ≤ 64 bits of b from bit off; higher bits are unspecified.
func read(b []uint64, off, k int) uint64 {
	i, s := off>>6, uint(off)&63
	x := b[i] >> s
	if int(s)+k > 64 {
		x |= b[i+1] << (64 - s)
	}
	return x
}

// Slice copies n bits of src from bit off to the front of dst, word-wise.
func Slice(dst, src []uint64, off, n int) {
	if n == 0 {
		return
	}
	dst = dst[:Words(n)]
	src = src[off>>6:]
	s := uint(off) & 63
	if s == 0 {
		copy(dst, src)
		return
	}
	for i := range dst {
		x := src[i] >> s
		if i+1 < len(src) {
			x |= src[i+1] << (64 - s)
		}
		dst[i] = x
	}
}

// Indices writes the positions of the set bits among the first n to dst and returns how many. dst has room for Count(b, n) plus 8: the
// loop stores ahead of what it keeps.
func Indices(dst []uint32, b []uint64, n int) int {
	if n == 0 {
		return 0
	}
	k, last := 0, Words(n)-1
	for i := 0; i <= last; i++ {
		w := b[i]
		if i == last {
			w &= Tail(n)
		}
		base := uint32(i) << 6
		if w == ^uint64(0) {
			d := dst[k : k+64]
			for j := range d {
				d[j] = base + uint32(j)
			}
			k += 64
			continue
		}
		k = wordIndices(dst, k, w, base)
	}
	return k
}

// wordIndices writes the set bits of one word, four a step: the stores past the last bit are harmless and the branch is taken once for
// four bits.
func wordIndices(dst []uint32, k int, w uint64, base uint32) int {
	c := bits.OnesCount64(w)
	for at := k; w != 0; at += 4 {
		d := dst[at : at+4 : at+4]
		d[0] = base + uint32(bits.TrailingZeros64(w))
		w &= w - 1
		d[1] = base + uint32(bits.TrailingZeros64(w))
		w &= w - 1
		d[2] = base + uint32(bits.TrailingZeros64(w))
		w &= w - 1
		d[3] = base + uint32(bits.TrailingZeros64(w))
		w &= w - 1
	}
	return k + c
}

// IndexRoom is how many places beyond the count Indices wants in its dst.
const IndexRoom = 8

// Compress packs the bits of src where mask is set to the front of dst and returns how many: the bitmap of the rows that a filter keeps.
// dst has room for Words of that count, plus one word, and must not overlap src.
func Compress(dst, src, mask []uint64, n int) int {
	k, last := 0, Words(n)-1
	var acc uint64 // the bits not yet stored, k&63 of them
	for i := 0; i <= last; i++ {
		m := mask[i]
		if i == last {
			m &= Tail(n)
		}
		if m == 0 {
			continue
		}
		x, c := src[i], 64
		if m != ^uint64(0) {
			x, c = Extract(src[i], m), bits.OnesCount64(m)
		}
		s := uint(k) & 63
		acc |= x << s
		if int(s)+c >= 64 {
			dst[k>>6] = acc
			acc = x >> (64 - s) // 0 for s == 0: Go's shifts by 64 give 0
		}
		k += c
	}
	if k&63 != 0 {
		dst[k>>6] = acc
	}
	return k
}

// Extract packs the bits of x where m is set to the low end (the PEXT instruction; parallel suffix method of Hacker's Delight 7-4).
func Extract(x, m uint64) uint64 {
	x &= m
	if bits.OnesCount64(m) < 8 {
		var out uint64
		for k := uint(0); m != 0; k++ {
			out |= x >> (uint(bits.TrailingZeros64(m)) & 63) & 1 << k
			m &= m - 1
		}
		return out
	}
	mk := ^m << 1
	for i := uint(0); i < 6; i++ {
		mp := mk ^ mk<<1
		mp ^= mp << 2
		mp ^= mp << 4
		mp ^= mp << 8
		mp ^= mp << 16
		mp ^= mp << 32
		mv := mp & m
		m = m ^ mv | mv>>(1<<i)
		t := x & mv
		x = x ^ t | t>>(1<<i)
		mk &^= mp
	}
	return x
}
