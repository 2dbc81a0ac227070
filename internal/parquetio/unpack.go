package parquetio

import "encoding/binary"

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
	if w == 0 {
		if len(dict) == 0 {
			return false
		}
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

func gather8[T fixed](dst, dict []T, src []byte, w uint) bool {
	mask := uint64(1)<<w - 1
	w &= 63
	for off := 0; len(dst) >= 8; off += int(w) {
		v := binary.LittleEndian.Uint64(src[off:])
		d := (*[8]T)(dst)
		for j := range d {
			k := v & mask
			if k >= uint64(len(dict)) {
				return false
			}
			d[j] = dict[k]
			v >>= w
		}
		dst = dst[8:]
	}
	return true
}

func gather16[T fixed](dst, dict []T, src []byte, w uint) bool {
	mask := uint64(1)<<w - 1
	half, odd := int(w/2), 4*(w&1)
	w &= 63
	for off := 0; len(dst) >= 8; off += int(w) {
		d := (*[8]T)(dst)
		v := binary.LittleEndian.Uint64(src[off:])
		for j := range 4 {
			k := v & mask
			if k >= uint64(len(dict)) {
				return false
			}
			d[j] = dict[k]
			v >>= w
		}
		v = binary.LittleEndian.Uint64(src[off+half:]) >> odd
		for j := range 4 {
			k := v & mask
			if k >= uint64(len(dict)) {
				return false
			}
			d[4+j] = dict[k]
			v >>= w
		}
		dst = dst[8:]
	}
	return true
}

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

// unpackCodes fills dst with the values of a run from idx on and returns the largest.
func unpackCodes(dst []uint32, src []byte, idx int, w uint) (most uint32) {
	if w == 0 {
		clear(dst)
		return 0
	}
	mask := uint64(1)<<w - 1
	i := 0
	for ; i < len(dst) && (idx+i)&7 != 0; i++ {
		dst[i] = packedAt(src, idx+i, w)
		most = max(most, dst[i])
	}
	if w <= 8 {
		for off := (idx + i) / 8 * int(w); i+8 <= len(dst) && off+8 <= len(src); off += int(w) {
			v := binary.LittleEndian.Uint64(src[off:])
			d := (*[8]uint32)(dst[i:])
			for j := range d {
				d[j] = uint32(v & mask)
				most = max(most, d[j])
				v >>= w & 63
			}
			i += 8
		}
	} else {
		p := (idx + i) * int(w)
		for ; i < len(dst) && p>>3+8 <= len(src); i++ {
			dst[i] = uint32(binary.LittleEndian.Uint64(src[p>>3:]) >> (uint(p) & 7) & mask)
			most = max(most, dst[i])
			p += int(w)
		}
	}
	for ; i < len(dst); i++ {
		dst[i] = packedAt(src, idx+i, w)
		most = max(most, dst[i])
	}
	return most
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
