package parquetio

import (
	"encoding/binary"
	"math/bits"
)

// appendHybrid appends values below 1<<width as the RLE / bit-packing hybrid. Runs that are cheaper as such become RLE runs; all
// between them is one bit-packed run.
func appendHybrid[T uint8 | uint32](dst []byte, v []T, width uint) []byte {
	// An RLE run costs its header, its value and a header of the bit-packed run after it.
	minRun := max(8, int((4+width/8)*8/max(width, 1)))
	start, i := 0, 0
	for i+8 <= len(v) {
		g := (*[8]T)(v[i:])
		if (g[0]^g[1])|(g[1]^g[2])|(g[2]^g[3])|(g[3]^g[4])|(g[4]^g[5])|(g[5]^g[6])|(g[6]^g[7]) != 0 {
			i += 8
			continue
		}
		j, first := i+8, v[i]
		for j < len(v) && v[j] == first {
			j++
		}
		if j-i < minRun {
			i += (j - i) &^ 7
			continue
		}
		dst = appendPacked(dst, v[start:i], width)
		dst = appendRun(dst, j-i, uint32(first), width)
		start, i = j, j
	}
	return appendPacked(dst, v[start:], width)
}

func appendRun(dst []byte, n int, value uint32, width uint) []byte {
	dst = binary.AppendUvarint(dst, uint64(n)<<1)
	for ; width > 0; width -= min(width, 8) {
		dst = append(dst, byte(value))
		value >>= 8
	}
	return dst
}

// appendPacked appends a bit-packed run, its last group filled with zeros.
func appendPacked[T uint8 | uint32](dst []byte, v []T, width uint) []byte {
	if len(v) == 0 {
		return dst
	}
	groups := (len(v) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	at := len(dst)
	dst = grown(dst, groups*int(width)+16)
	whole := len(v) &^ 7
	packGroups(dst[at:], v[:whole], width)
	if whole < len(v) {
		var last [8]T
		copy(last[:], v[whole:])
		packGroups(dst[at+whole/8*int(width):], last[:], width)
	}
	return dst[:at+groups*int(width)]
}

// grown returns b with n more bytes, whose contents are unspecified.
func grown(b []byte, n int) []byte {
	if need := len(b) + n; need > cap(b) {
		c := make([]byte, len(b), max(need, 2*cap(b)))
		copy(c, b)
		b = c
	}
	return b[:len(b)+n]
}

// packGroups packs groups of 8 values of width bits into width bytes each. dst has 8 bytes more than that, which are overwritten.
// Values are paired, the pairs paired and so on, so that a group is a few words whatever the width.
func packGroups[T uint8 | uint32](dst []byte, v []T, width uint) {
	switch {
	case width <= 8:
		packNarrow(dst, v, width)
	case width <= 16:
		packMiddle(dst, v, width)
	default:
		packWide(dst, v, width)
	}
}

func packNarrow[T uint8 | uint32](dst []byte, v []T, width uint) {
	w1, w2, w4 := width&63, 2*width&63, 4*width&63
	for len(v) >= 8 {
		g := (*[8]T)(v)
		a := uint64(g[0]) | uint64(g[1])<<w1
		b := uint64(g[2]) | uint64(g[3])<<w1
		c := uint64(g[4]) | uint64(g[5])<<w1
		d := uint64(g[6]) | uint64(g[7])<<w1
		a |= b << w2
		c |= d << w2
		binary.LittleEndian.PutUint64(dst, a|c<<w4)
		dst, v = dst[width:], v[8:]
	}
}

func packMiddle[T uint8 | uint32](dst []byte, v []T, width uint) {
	w1, w2, w4 := width&63, 2*width&63, 4*width
	for len(v) >= 8 {
		g := (*[8]T)(v)
		a := uint64(g[0]) | uint64(g[1])<<w1
		b := uint64(g[2]) | uint64(g[3])<<w1
		c := uint64(g[4]) | uint64(g[5])<<w1
		d := uint64(g[6]) | uint64(g[7])<<w1
		a |= b << w2
		c |= d << w2
		binary.LittleEndian.PutUint64(dst, a|c<<w4)
		binary.LittleEndian.PutUint64(dst[8:], c>>(64-w4))
		dst, v = dst[width:], v[8:]
	}
}

func packWide[T uint8 | uint32](dst []byte, v []T, width uint) {
	var words [5]uint64
	w1 := width & 63
	for len(v) >= 8 {
		g := (*[8]T)(v)
		words = [5]uint64{}
		for k := range 4 {
			pair := uint64(g[2*k]) | uint64(g[2*k+1])<<w1
			pos := uint(k) * 2 * width
			words[pos>>6] |= pair << (pos & 63)
			words[pos>>6+1] |= pair >> 1 >> (63 - pos&63)
		}
		n := int(width+7) / 8
		for k := range n {
			binary.LittleEndian.PutUint64(dst[8*k:], words[k])
		}
		dst, v = dst[width:], v[8:]
	}
}

// appendBits appends the first n bits of b as the hybrid of width 1. Long runs of whole bytes become RLE runs.
func appendBits(dst, b []byte, n int) []byte {
	const minRun = 8 // bytes
	start, i := 0, 0
	whole := n / 8
	for i < whole {
		c := b[i]
		if c != 0 && c != 0xff {
			i++
			continue
		}
		j := i + 1
		for j < whole && b[j] == c {
			j++
		}
		if j-i >= minRun {
			dst = appendBitBytes(dst, b[start:i])
			dst = appendRun(dst, (j-i)*8, uint32(c&1), 1)
			start = j
		}
		i = j
	}
	if start*8 == n {
		return dst
	}
	at := len(dst)
	dst = appendBitBytes(dst, b[start:(n+7)/8])
	if n&7 != 0 && len(dst) > at {
		dst[len(dst)-1] &= 1<<(n&7) - 1
	}
	return dst
}

func appendBitBytes(dst, b []byte) []byte {
	if len(b) == 0 {
		return dst
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))<<1|1), b...)
}

// codeWidth is the bits of codes of n values, at least 1 because some readers know no codes of no bits.
func codeWidth(n int) uint { return uint(max(1, bits.Len32(uint32(max(n, 1)-1)))) }
