package parquetio

import (
	"encoding/binary"
	"unsafe"
)

// Unpacking of bit-packed runs: value i of a run of width w takes bits i·w up to (i+1)·w. Eight values fill w bytes, so a run is
// read in groups of eight: one 8-byte load a group up to 8 bits, two up to 16, one a value above. Loads near the end of the run
// go through the careful path.

// packedAt returns value i of a bit-packed run, w <= 32.
func packedAt(src []byte, i int, w uint) uint32 {
	p := i * int(w)
	return uint32(load64(src, p>>3) >> (uint(p) & 7) & (1<<w - 1))
}

// gatherPacked fills dst with dict under the codes of a run from value idx on. It returns false where a code is beyond dict.
func gatherPacked[T fixed](dst, dict []T, src []byte, idx int, w uint) bool {
	if len(dict) == 0 {
		return len(dst) == 0
	}
	if w == 0 {
		fill(dst, dict[0])
		return true
	}
	i := 0
	for i < len(dst) && (idx+i)&7 != 0 {
		k := int(packedAt(src, idx+i, w))
		if k >= len(dict) {
			return false
		}
		dst[i] = dict[k]
		i++
	}
	// groups that an 8-byte load at each of their places cannot leave
	groups := min((len(dst)-i)/8, (len(src)-8)/int(w)-(idx+i)/8)
	if groups > 0 {
		s := src[(idx+i)/8*int(w):]
		n, ok := groups*8, false
		switch {
		case w <= 8:
			ok = gather8(dst[i:i+n], dict, s, w)
		case w <= 16:
			ok = gather16(dst[i:i+n], dict, s, w)
		default:
			ok = gather32(dst[i:i+n], dict, s, w)
		}
		if !ok {
			return false
		}
		i += n
	}
	for ; i < len(dst); i++ {
		k := int(packedAt(src, idx+i, w))
		if k >= len(dict) {
			return false
		}
		dst[i] = dict[k]
	}
	return true
}

// gather8 does whole groups of width at most 8. The codes of a group are checked together before any is followed; only then do
// the loads go without bounds checks.
func gather8[T fixed](dst, dict []T, src []byte, w uint) bool {
	mask := uint64(1)<<w - 1
	w &= 63
	w2, w3, w4, w5, w6, w7 := 2*w, 3*w, 4*w, 5*w, 6*w, 7*w
	last := uint64(len(dict)) - 1 // dict is not empty
	base := unsafe.Pointer(unsafe.SliceData(dict))
	var z T
	size := unsafe.Sizeof(z)
	for off := 0; len(dst) >= 8; off += int(w) {
		v := binary.LittleEndian.Uint64(src[off:])
		k0, k1, k2, k3 := v&mask, v>>(w&63)&mask, v>>(w2&63)&mask, v>>(w3&63)&mask
		k4, k5, k6, k7 := v>>(w4&63)&mask, v>>(w5&63)&mask, v>>(w6&63)&mask, v>>(w7&63)&mask
		if int64((last-k0)|(last-k1)|(last-k2)|(last-k3)|(last-k4)|(last-k5)|(last-k6)|(last-k7)) < 0 {
			return false
		}
		d := (*[8]T)(dst)
		d[0] = *(*T)(unsafe.Add(base, uintptr(k0)*size))
		d[1] = *(*T)(unsafe.Add(base, uintptr(k1)*size))
		d[2] = *(*T)(unsafe.Add(base, uintptr(k2)*size))
		d[3] = *(*T)(unsafe.Add(base, uintptr(k3)*size))
		d[4] = *(*T)(unsafe.Add(base, uintptr(k4)*size))
		d[5] = *(*T)(unsafe.Add(base, uintptr(k5)*size))
		d[6] = *(*T)(unsafe.Add(base, uintptr(k6)*size))
		d[7] = *(*T)(unsafe.Add(base, uintptr(k7)*size))
		dst = dst[8:]
	}
	return true
}

// gather16 is gather8 for widths of 9 to 16: a group is two loads of four values each.
func gather16[T fixed](dst, dict []T, src []byte, w uint) bool {
	mask := uint64(1)<<w - 1
	half, odd := int(w/2), 4*(w&1)
	w &= 63
	w2, w3 := 2*w, 3*w
	last := uint64(len(dict)) - 1
	base := unsafe.Pointer(unsafe.SliceData(dict))
	var z T
	size := unsafe.Sizeof(z)
	for off := 0; len(dst) >= 8; off += int(w) {
		v, u := binary.LittleEndian.Uint64(src[off:]), binary.LittleEndian.Uint64(src[off+half:])>>(odd&63)
		k0, k1, k2, k3 := v&mask, v>>(w&63)&mask, v>>(w2&63)&mask, v>>(w3&63)&mask
		k4, k5, k6, k7 := u&mask, u>>(w&63)&mask, u>>(w2&63)&mask, u>>(w3&63)&mask
		if int64((last-k0)|(last-k1)|(last-k2)|(last-k3)|(last-k4)|(last-k5)|(last-k6)|(last-k7)) < 0 {
			return false
		}
		d := (*[8]T)(dst)
		d[0] = *(*T)(unsafe.Add(base, uintptr(k0)*size))
		d[1] = *(*T)(unsafe.Add(base, uintptr(k1)*size))
		d[2] = *(*T)(unsafe.Add(base, uintptr(k2)*size))
		d[3] = *(*T)(unsafe.Add(base, uintptr(k3)*size))
		d[4] = *(*T)(unsafe.Add(base, uintptr(k4)*size))
		d[5] = *(*T)(unsafe.Add(base, uintptr(k5)*size))
		d[6] = *(*T)(unsafe.Add(base, uintptr(k6)*size))
		d[7] = *(*T)(unsafe.Add(base, uintptr(k7)*size))
		dst = dst[8:]
	}
	return true
}

// gather32 is gather8 for greater widths, a load a value.
func gather32[T fixed](dst, dict []T, src []byte, w uint) bool {
	mask := uint64(1)<<w - 1
	p := uint(0)
	for i := range dst {
		k := binary.LittleEndian.Uint64(src[p>>3:]) >> (p & 7) & mask
		if k >= uint64(len(dict)) {
			return false
		}
		dst[i] = dict[k]
		p += w
	}
	return true
}

// unpackCodes fills dst with the values of a run from idx on, and says whether all are below limit.
func unpackCodes(dst []uint32, src []byte, idx int, w uint, limit int) bool {
	if w == 0 {
		clear(dst)
		return limit > 0
	}
	last := uint64(limit) - 1 // last − k is negative for a code that is too large, and for all where there is no code
	bad := uint64(0)
	i := 0
	for ; i < len(dst) && (idx+i)&7 != 0; i++ {
		dst[i] = packedAt(src, idx+i, w)
		bad |= last - uint64(dst[i])
	}
	if groups := min((len(dst)-i)/8, (len(src)-8)/int(w)-(idx+i)/8); groups > 0 && w <= 16 {
		n := groups * 8
		bad |= unpack16(dst[i:i+n], src[(idx+i)/8*int(w):], w, last)
		i += n
	}
	mask, p := uint64(1)<<w-1, (idx+i)*int(w)
	for ; i < len(dst) && p>>3+8 <= len(src); i++ {
		k := binary.LittleEndian.Uint64(src[p>>3:]) >> (uint(p) & 7) & mask
		dst[i] = uint32(k)
		bad |= last - k
		p += int(w)
	}
	for ; i < len(dst); i++ {
		dst[i] = packedAt(src, idx+i, w)
		bad |= last - uint64(dst[i])
	}
	return int64(bad) >= 0
}

// unpack16 does whole groups of width at most 16, as gather16 does, and returns last − k of all codes or-ed.
func unpack16(dst []uint32, src []byte, w uint, last uint64) (bad uint64) {
	mask := uint64(1)<<w - 1
	half, odd := int(w/2), 4*(w&1)
	w &= 63
	w2, w3 := 2*w, 3*w
	for off := 0; len(dst) >= 8; off += int(w) {
		v, u := binary.LittleEndian.Uint64(src[off:]), binary.LittleEndian.Uint64(src[off+half:])>>(odd&63)
		k0, k1, k2, k3 := v&mask, v>>(w&63)&mask, v>>(w2&63)&mask, v>>(w3&63)&mask
		k4, k5, k6, k7 := u&mask, u>>(w&63)&mask, u>>(w2&63)&mask, u>>(w3&63)&mask
		bad |= (last - k0) | (last - k1) | (last - k2) | (last - k3) | (last - k4) | (last - k5) | (last - k6) | (last - k7)
		d := (*[8]uint32)(dst)
		d[0], d[1], d[2], d[3] = uint32(k0), uint32(k1), uint32(k2), uint32(k3)
		d[4], d[5], d[6], d[7] = uint32(k4), uint32(k5), uint32(k6), uint32(k7)
		dst = dst[8:]
	}
	return bad
}

// unpackLevels fills dst with the values of a run of width at most 8.
func unpackLevels(dst []uint8, src []byte, idx int, w uint) {
	if w == 0 {
		clear(dst)
		return
	}
	mask := uint64(1)<<w - 1
	i := 0
	for ; i < len(dst) && (idx+i)&7 != 0; i++ {
		dst[i] = uint8(packedAt(src, idx+i, w))
	}
	for off := (idx + i) / 8 * int(w); i+8 <= len(dst) && off+8 <= len(src); off += int(w) {
		v := binary.LittleEndian.Uint64(src[off:])
		d := (*[8]uint8)(dst[i:])
		for j := range d {
			d[j] = uint8(v & mask)
			v >>= w & 63
		}
		i += 8
	}
	for ; i < len(dst); i++ {
		dst[i] = uint8(packedAt(src, idx+i, w))
	}
}

// transpose turns n values of the deprecated BIT_PACKED levels, most significant bit first, into bits of the hybrid's order.
func transpose(dst, src []byte, n int, w uint) {
	clear(dst)
	for i := range n {
		var v uint32
		for j := range w {
			p := uint(i)*w + j
			v = v<<1 | uint32(src[p>>3]>>(7-p&7)&1)
		}
		for j := range w {
			p := uint(i)*w + j
			dst[p>>3] |= byte(v>>j&1) << (p & 7)
		}
	}
}
