// Package bitmap works on bitmaps of 64-bit words: bit i is bit i&63 of word i>>6, as Arrow lays them out on little-endian machines.
//
// A bitmap of n bits has Words(n) words; bits beyond n are unspecified on input and on output unless a function says otherwise.
// A nil bitmap has no meaning here: callers that use nil for "all set" branch before. The package imports nothing of the project.
package bitmap

import "math/bits"

// Words returns how many words n bits take.
func Words(n int) int { return int((uint(n) + 63) / 64) }

// Tail returns the mask of the bits of the last word of n bits that are in use: all ones where n is a multiple of 64.
func Tail(n int) uint64 { return ^uint64(0) >> (uint(-n) & 63) }

// Get says whether bit i is set.
func Get(b []uint64, i int) bool { return b[uint(i)>>6]>>(uint(i)&63)&1 != 0 }

// Set sets bit i.
func Set(b []uint64, i int) { b[uint(i)>>6] |= 1 << (uint(i) & 63) }

// Clear clears bit i.
func Clear(b []uint64, i int) { b[uint(i)>>6] &^= 1 << (uint(i) & 63) }

// SetTo makes bit i equal to v.
func SetTo(b []uint64, i int, v bool) {
	if v {
		Set(b, i)
		return
	}
	Clear(b, i)
}

// And sets dst to a & b. The three are equally long; dst may be a or b, here and below.
func And(dst, a, b []uint64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] & b[i]
	}
}

// Or sets dst to a | b.
func Or(dst, a, b []uint64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] | b[i]
	}
}

// AndNot sets dst to a &^ b.
func AndNot(dst, a, b []uint64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] &^ b[i]
	}
}

// OrNot sets dst to a | ^b.
func OrNot(dst, a, b []uint64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] | ^b[i]
	}
}

// Xor sets dst to a ^ b.
func Xor(dst, a, b []uint64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] ^ b[i]
	}
}

// Not sets dst to ^a.
func Not(dst, a []uint64) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = ^a[i]
	}
}

// Fill sets all words of dst to ones, or to zeros.
func Fill(dst []uint64, v bool) {
	w := uint64(0)
	if v {
		w = ^w
	}
	for i := range dst {
		dst[i] = w
	}
}

// Count returns how many of the first n bits are set.
func Count(b []uint64, n int) int {
	if n <= 0 {
		return 0
	}
	b = b[:Words(n)]
	last := len(b) - 1
	c := bits.OnesCount64(b[last] & Tail(n))
	for _, w := range b[:last] {
		c += bits.OnesCount64(w)
	}
	return c
}

// Any says whether one of the first n bits is set.
func Any(b []uint64, n int) bool {
	if n <= 0 {
		return false
	}
	last := Words(n) - 1
	var or uint64
	for _, w := range b[:last] {
		or |= w
	}
	return or|b[last]&Tail(n) != 0
}

// All says whether all of the first n bits are set.
func All(b []uint64, n int) bool {
	if n <= 0 {
		return true
	}
	last := Words(n) - 1
	and := ^uint64(0)
	for _, w := range b[:last] {
		and &= w
	}
	return and&(b[last]|^Tail(n)) == ^uint64(0)
}

// Next returns the first set bit at or after from and before n, or -1.
func Next(b []uint64, from, n int) int {
	if from >= n {
		return -1
	}
	i := from >> 6
	w := b[i] & (^uint64(0) << (uint(from) & 63))
	for last := Words(n); ; {
		if w != 0 {
			if at := i<<6 + bits.TrailingZeros64(w); at < n {
				return at
			}
			return -1
		}
		if i++; i >= last {
			return -1
		}
		w = b[i]
	}
}

// SetRange sets the bits from … to-1.
func SetRange(b []uint64, from, to int) {
	if from >= to {
		return
	}
	i, last := from>>6, (to-1)>>6
	head, tail := ^uint64(0)<<(uint(from)&63), Tail(to)
	if i == last {
		b[i] |= head & tail
		return
	}
	b[i] |= head
	for i++; i < last; i++ {
		b[i] = ^uint64(0)
	}
	b[last] |= tail
}

// ClearRange clears the bits from … to-1.
func ClearRange(b []uint64, from, to int) {
	if from >= to {
		return
	}
	i, last := from>>6, (to-1)>>6
	head, tail := ^uint64(0)<<(uint(from)&63), Tail(to)
	if i == last {
		b[i] &^= head & tail
		return
	}
	b[i] &^= head
	for i++; i < last; i++ {
		b[i] = 0
	}
	b[last] &^= tail
}
