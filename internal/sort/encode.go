package sorting

import (
	"encoding/binary"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// packer writes planes of bits into the words of all rows, one after the other from the top bit of the first word.
type packer struct {
	dst    []uint64 // row-major
	stride int
	at     uint // bits written so far
}

// put appends the low n bits (1 to 64) of each plane value.
func (p *packer) put(plane []uint64, n uint) {
	if n == 0 {
		return
	}
	w, free := int(p.at/64), 64-p.at%64
	p.at += n
	stride, dst := p.stride, p.dst[w:]
	if n <= free {
		shift := free - n
		for i, x := range plane {
			dst[i*stride] |= x << shift
		}
		return
	}
	over := n - free
	for i, x := range plane {
		d := dst[i*stride:]
		d[0] |= x >> over
		d[1] |= x << (64 - over)
	}
}

// encode writes the words of all rows of the columns; dst has rows × l.words elements.
func (l *layout) encode(dst []uint64, cols []vec.Vec, rows int) {
	if l.words == 0 || rows == 0 {
		return
	}
	clear(dst)
	p := &packer{dst: dst, stride: l.words}
	plane := make([]uint64, rows)
	for i := range l.keys {
		k := &l.keys[i]
		v := &cols[k.Col]
		valid := v.Nulls(nil)
		if k.flag {
			nullPlane(plane, valid, v.Phys == vec.Null, k.NullsFirst)
			p.put(plane, 1)
		}
		if v.Phys == vec.Null { // by type or by chance: all rows are null
			valid = make([]uint64, bitmap.Words(rows))
		}
		k.encode(p, plane, v, valid)
	}
}

// nullPlane is 1 for what goes last: nulls, or with first the values.
func nullPlane(plane, valid []uint64, all, first bool) {
	for i := range plane {
		isValid := uint64(1)
		if all {
			isValid = 0
		} else if valid != nil {
			isValid = valid[i>>6] >> (uint(i) & 63) & 1
		}
		if first {
			plane[i] = isValid
		} else {
			plane[i] = isValid ^ 1
		}
	}
}

func (k *keyLayout) encode(p *packer, plane []uint64, v *vec.Vec, valid []uint64) {
	switch k.form {
	case formRank:
		k.encodeRanks(plane, v, valid)
		p.put(plane, k.bits)
	case formText, formText2, formPrefix:
		if v.Phys == vec.Fixed {
			k.fixedPlane(plane, v)
		} else {
			k.textPlane(plane, v, valid, 0)
		}
		k.finish(plane, valid, k.bits)
		p.put(plane, k.bits)
		if k.form == formText2 {
			k.textPlane(plane, v, valid, 1)
			k.finish(plane, valid, k.last)
			p.put(plane, k.last)
		}
	case formWide:
		for w := range k.stats.width / 8 {
			widePlane(plane, v, k.stats.width, w)
			k.finish(plane, valid, 64)
			p.put(plane, 64)
		}
	}
}

// encodeRanks makes the plane of a ranked key: distance from the least value, or from the greatest when descending, nulls beyond.
func (k *keyLayout) encodeRanks(plane []uint64, v *vec.Vec, valid []uint64) {
	if v.Phys != vec.Null {
		ranks(plane, v)
	}
	lo, hi := k.stats.lo, k.stats.hi
	if k.Desc {
		for i, x := range plane {
			plane[i] = hi - x
		}
	} else {
		for i, x := range plane {
			plane[i] = x - lo
		}
	}
	null := uint64(0)
	if k.stats.nulls && !k.flag {
		if k.NullsFirst {
			for i := range plane {
				plane[i]++
			}
		} else {
			null = hi - lo + 1
		}
	}
	if valid == nil {
		return
	}
	for i := range plane {
		if valid[i>>6]>>(uint(i)&63)&1 == 0 {
			plane[i] = null
		}
	}
}

// finish inverts a descending plane of n bits and clears it under nulls, which their flag places.
func (k *keyLayout) finish(plane, valid []uint64, n uint) {
	if k.Desc {
		m := ^uint64(0) >> (64 - n)
		for i := range plane {
			plane[i] ^= m
		}
	}
	if valid == nil {
		return
	}
	for i := range plane {
		plane[i] &= -(valid[i>>6] >> (uint(i) & 63) & 1)
	}
}

// textPlane is the part'th 8 bytes of text after the common prefix; the last of an exact form ends with the length.
func (k *keyLayout) textPlane(plane []uint64, v *vec.Vec, valid []uint64, part int) {
	if v.Phys != vec.View {
		return
	}
	values, codes := v, []uint32(nil)
	if v.Dict != nil {
		values, codes = &v.Dict.Values, v.Codes()
	}
	withLen := k.form == formText || k.form == formText2 && part == 1
	room := k.bits // of bytes and length
	if part == 1 {
		room = k.last
	}
	drop := 64 - (room - k.shift) // bits of the word below the bytes that can occur
	skip := k.skip + 8*part
	heads := vec.Of[vec.ViewHeader](values)
	for i := range plane {
		if valid != nil && valid[i>>6]>>(uint(i)&63)&1 == 0 {
			continue
		}
		var h *vec.ViewHeader
		if codes != nil {
			h = &heads[codes[i]]
		} else {
			h = &heads[i]
		}
		x := prefix64(h.Value(values.Bufs), skip)
		if withLen {
			x = x>>drop<<k.shift | uint64(int(h.Len)-k.skip)
		}
		plane[i] = x
	}
}

// fixedPlane is the first 8 bytes of fixed-size binary.
func (k *keyLayout) fixedPlane(plane []uint64, v *vec.Vec) {
	values, w := v, k.stats.width
	if v.Dict != nil {
		values = &v.Dict.Values
	}
	for i := range plane {
		j := i
		if v.Dict != nil {
			j = int(v.Codes()[i])
		}
		if (j+1)*w <= len(values.Data) {
			plane[i] = prefix64(values.Data[j*w:(j+1)*w], 0)
		}
	}
}

// widePlane is word w from the top of little-endian integers of width bytes, as a rank.
func widePlane(plane []uint64, v *vec.Vec, width, w int) {
	values := v
	if v.Dict != nil {
		values = &v.Dict.Values
	}
	flip := uint64(0)
	if w == 0 {
		flip = signBit
	}
	at := width - 8*(w+1)
	for i := range plane {
		j := i
		if v.Dict != nil {
			j = int(v.Codes()[i])
		}
		if (j+1)*width <= len(values.Data) {
			plane[i] = binary.LittleEndian.Uint64(values.Data[j*width+at:]) ^ flip
		}
	}
}
