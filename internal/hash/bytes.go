package hash

import (
	"encoding/binary"
	"unsafe"

	"github.com/sheafdata/sheaf/internal/vec"
)

// Bytes hashes a byte string: up to vec.InlineLen bytes as the two words of its view header, longer ones by folding 16 bytes a step
// in one lane, or 48 in three.
func Bytes(b []byte) uint64 {
	if len(b) <= vec.InlineLen {
		h := vec.Inline(b)
		w := (*[2]uint64)(unsafe.Pointer(&h))
		return Pair(w[0], w[1])
	}
	return long(b)
}

// at reads the 8 bytes at off of p.
func at(p unsafe.Pointer, off int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, off))[:])
}

// long hashes more than 12 bytes. The last 16 (or the last and first 8) are read overlapping, so that no length needs a byte loop. Up
// to 48 bytes the steps do not wait for each other.
func long(b []byte) uint64 {
	n := len(b)
	p := unsafe.Pointer(unsafe.SliceData(b))
	seed := uint64(n) ^ k4
	if n < 16 {
		return fold(fold(at(p, 0)^k0, at(p, n-8)^seed), k2)
	}
	h := fold(at(p, n-16)^k1, at(p, n-8)^seed)
	switch {
	case n <= 16:
	case n <= 32:
		h ^= fold(at(p, 0)^k0, at(p, 8)^seed)
	case n <= 48:
		h ^= fold(at(p, 0)^k0, at(p, 8)^seed) ^ fold(at(p, 16)^k2, at(p, 24)^seed)
	default:
		h ^= blocks(p, n, seed)
	}
	return fold(h^k4, k3^uint64(n))
}

// blocks hashes all but what the last 16 bytes hold.
func blocks(p unsafe.Pointer, n int, seed uint64) uint64 {
	s0, s1, s2 := seed, seed, seed
	for ; n > 48; n -= 48 {
		s0 = fold(at(p, 0)^k0, at(p, 8)^s0)
		s1 = fold(at(p, 16)^k1, at(p, 24)^s1)
		s2 = fold(at(p, 32)^k2, at(p, 40)^s2)
		p = unsafe.Add(p, 48)
	}
	if n > 16 {
		s0 = fold(at(p, 0)^k0, at(p, 8)^s0)
	}
	if n > 32 {
		s1 = fold(at(p, 16)^k1, at(p, 24)^s1)
	}
	return s0 ^ s1 ^ s2
}

// Views hashes text and binary values given as view headers over bufs. dst has the length of heads.
func Views(dst []uint64, heads []vec.ViewHeader, bufs [][]byte) {
	dst = dst[:len(heads)]
	if allEqual.Load() {
		clear(dst)
		return
	}
	for i := range heads {
		h := &heads[i]
		if h.Len <= vec.InlineLen {
			w := (*[2]uint64)(unsafe.Pointer(h))
			dst[i] = fold(fold(w[0]^k0, k1)^w[1], k2)
			continue
		}
		b := bufs[h.Buf]
		dst[i] = long(b[h.Off : uint64(h.Off)+uint64(h.Len)])
	}
}

// fixedBytes hashes values of width bytes each.
func fixedBytes(dst []uint64, data []byte, width int) {
	if allEqual.Load() {
		clear(dst)
		return
	}
	for i := range dst {
		dst[i] = Bytes(data[i*width : (i+1)*width])
	}
}
