package parquetio

import (
	"encoding/binary"
	"errors"
)

// deltaDecoder decodes DELTA_BINARY_PACKED as a stream: a header (block size, miniblocks a block, number of values, first value),
// then blocks of a least delta, a bit width for each miniblock, and the miniblocks' packed deltas.
type deltaDecoder struct {
	b         []byte // what follows the current miniblock
	mini      int    // values a miniblock
	perBlock  int    // miniblocks a block
	left      int    // values not decoded yet, the first value included
	first     bool   // the first value is still to give
	last      int64
	least     int64
	widths    []byte // bit widths of the miniblocks to come in this block
	miniLeft  int    // values left in the current miniblock
	miniWidth uint
	packed    []byte
	idx       int
}

var (
	errDelta      = errors.New("a delta-encoded block is damaged")
	errDeltaShort = errors.New("a delta-encoded page ends before its values do")
)

// maxDeltaBlock bounds a block, far above what writers use (128 to a few thousand values).
const maxDeltaBlock = 1 << 20

// open reads the header. most is how many values there may be. It returns the header's length.
func (d *deltaDecoder) open(b []byte, most int) (int, error) {
	*d = deltaDecoder{}
	if len(b) == 0 { // a page of nulls only
		return 0, nil
	}
	var f [3]uint64
	pos := 0
	for i := range f {
		v, n := binary.Uvarint(b[pos:])
		if n <= 0 {
			return 0, errDelta
		}
		f[i] = v
		pos += n
	}
	first, n := binary.Varint(b[pos:])
	if n <= 0 {
		return 0, errDelta
	}
	pos += n
	block, minis, count := f[0], f[1], f[2]
	if block == 0 || block > maxDeltaBlock || minis == 0 || block%minis != 0 || block/minis%8 != 0 || count > uint64(most) {
		return 0, errDelta
	}
	*d = deltaDecoder{b: b[pos:], mini: int(block / minis), perBlock: int(minis), left: int(count), first: count > 0, last: first}
	return pos, nil
}

// nextMini moves to the next miniblock.
func (d *deltaDecoder) nextMini() error {
	if len(d.widths) == 0 {
		least, n := binary.Varint(d.b)
		if n <= 0 || len(d.b)-n < d.perBlock {
			return errDeltaShort
		}
		d.least = least
		d.widths = d.b[n : n+d.perBlock]
		d.b = d.b[n+d.perBlock:]
	}
	w := int(d.widths[0])
	if w > 64 {
		return errDelta
	}
	d.widths = d.widths[1:]
	bytes := w * d.mini / 8
	if bytes > len(d.b) { // the last miniblock may be cut after its last value
		need := (w*min(d.left, d.mini) + 7) / 8
		if need > len(d.b) {
			return errDeltaShort
		}
		bytes = len(d.b)
	}
	d.packed, d.b = d.b[:bytes], d.b[bytes:]
	d.miniWidth, d.miniLeft, d.idx = uint(w), d.mini, 0
	return nil
}

// deltaInt are the types that deltas are decoded to; sums wrap in their width, as the format says.
type deltaInt interface{ int32 | int64 }

// decodeDelta fills dst with the next values.
func decodeDelta[T deltaInt](d *deltaDecoder, dst []T) error {
	if len(dst) > d.left {
		return errDeltaShort
	}
	if len(dst) > 0 && d.first {
		dst[0] = T(d.last)
		dst, d.first = dst[1:], false
		d.left--
	}
	for len(dst) > 0 {
		if d.miniLeft == 0 {
			if err := d.nextMini(); err != nil {
				return err
			}
		}
		k := min(len(dst), d.miniLeft)
		decodeMini(d, dst[:k])
		d.idx += k
		d.miniLeft -= k
		d.left -= k
		dst = dst[k:]
	}
	return nil
}

func decodeMini[T deltaInt](d *deltaDecoder, dst []T) {
	last, least, w := T(d.last), T(d.least), d.miniWidth
	switch {
	case w == 0:
		for i := range dst {
			last += least
			dst[i] = last
		}
	case w <= 56:
		mask := uint64(1)<<w - 1
		p := uint(d.idx) * w
		i := 0
		for ; i < len(dst) && int(p>>3)+8 <= len(d.packed); i++ {
			last += least + T(binary.LittleEndian.Uint64(d.packed[p>>3:])>>(p&7)&mask)
			dst[i] = last
			p += w
		}
		for ; i < len(dst); i++ {
			last += least + T(loadBits(d.packed, int(p), int(w)))
			dst[i] = last
			p += w
		}
	default:
		p := d.idx * int(w)
		for i := range dst {
			last += least + T(load64Bits(d.packed, p, int(w)))
			dst[i] = last
			p += int(w)
		}
	}
	d.last = int64(last)
}

// deltaEnd returns the length of the delta-encoded block of values at the start of b, without decoding it.
func deltaEnd(b []byte, most int) (int, error) {
	var d deltaDecoder
	if _, err := d.open(b, most); err != nil {
		return 0, err
	}
	left := d.left
	if d.first {
		left--
	}
	for left > 0 {
		d.left = left
		if err := d.nextMini(); err != nil {
			return 0, err
		}
		left -= d.mini
		// Miniblocks beyond the last value have a width, and no bytes.
		if left <= 0 {
			break
		}
	}
	return len(b) - len(d.b), nil
}
