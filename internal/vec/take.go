package vec

import (
	"math"
	"unsafe"

	"github.com/sheafdata/sheaf/internal/bitmap"
)

// NoRow as an index of TakeOpt and AppendTakeOpt means a null row.
const NoRow = math.MaxUint32

// Take makes dst the rows of src at idx, in that order, in memory of s; text keeps sharing src's buffers and a dictionary stays one.
// dst may be src.
func Take(dst, src *Vec, idx []uint32, s *Scratch) { take(dst, src, idx, false, s) }

// TakeOpt is Take where an index may be NoRow: the row is then null.
func TakeOpt(dst, src *Vec, idx []uint32, s *Scratch) { take(dst, src, idx, true, s) }

func take(dst, src *Vec, idx []uint32, opt bool, s *Scratch) {
	in := *src
	out := in
	out.Len = len(idx)
	out.Valid, out.Data = nil, nil
	some := true // src has a row that a missing index may stand on
	if opt {
		some = in.Len > 0
		out.Valid = takeValidOpt(in.Valid, idx, some, s)
		if bitmap.All(out.Valid, len(idx)) {
			out.Valid = nil
		}
	} else if in.Valid != nil {
		out.Valid = s.Bits(len(idx))
		takeBits(out.Valid, in.Valid, idx)
	}
	switch {
	case in.Phys == Null:
	case in.Dict == nil && in.Phys == Struct:
		out.Child = s.Vecs(len(in.Child))
		for i := range in.Child {
			take(&out.Child[i], &in.Child[i], idx, opt, s)
		}
	case in.Dict == nil && in.Phys == List:
		takeList(&out, &in, idx, opt, s)
	case in.Dict == nil && in.Phys == Bool:
		bits := s.Bits(len(idx))
		if !some {
			clear(bits)
		} else if opt {
			takeBitsOpt(bits, in.Bits(), idx)
		} else {
			takeBits(bits, in.Bits(), idx)
		}
		out.Data = Bytes(bits)
	case in.Width > 0:
		out.Data = s.Alloc(len(idx) * in.Width)
		if !some {
			clear(out.Data)
		} else {
			takeFixed(out.Data, &in, idx, opt)
		}
	}
	*dst = out
}

func takeFixed(out []byte, in *Vec, idx []uint32, opt bool) {
	switch in.Width {
	case 1:
		gather[uint8](out, in, idx, opt)
	case 2:
		gather[uint16](out, in, idx, opt)
	case 4:
		gather[uint32](out, in, idx, opt)
	case 8:
		gather[uint64](out, in, idx, opt)
	case 16:
		gather[[16]byte](out, in, idx, opt)
	case 32:
		gather[[32]byte](out, in, idx, opt)
	default:
		w := in.Width
		for i, k := range idx {
			if opt && k == NoRow {
				k = 0
			}
			copy(out[i*w:(i+1)*w], in.Data[int(k)*w:(int(k)+1)*w])
		}
	}
}

// over returns a slice of the values in b.
func over[T Element](b []byte, n int) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

func gather[T Element](out []byte, v *Vec, idx []uint32, opt bool) {
	dst, src := over[T](out, len(idx)), Of[T](v)
	dst = dst[:len(idx)]
	if !opt {
		for i, k := range idx {
			dst[i] = src[k]
		}
		return
	}
	for i, k := range idx {
		if k == NoRow {
			k = 0
		}
		dst[i] = src[k]
	}
}

// takeBits gathers bits, a word of them a step.
func takeBits(dst, src []uint64, idx []uint32) {
	i := 0
	for ; i+64 <= len(idx); i += 64 {
		var w uint64
		for j, k := range idx[i : i+64] {
			w |= src[k>>6] >> (k & 63) & 1 << (uint(j) & 63)
		}
		dst[i>>6] = w
	}
	if i < len(idx) {
		var w uint64
		for j, k := range idx[i:] {
			w |= src[k>>6] >> (k & 63) & 1 << (uint(j) & 63)
		}
		dst[i>>6] = w
	}
}

func takeBitsOpt(dst, src []uint64, idx []uint32) {
	clear(dst)
	for i, k := range idx {
		if k != NoRow {
			dst[i>>6] |= src[k>>6] >> (k & 63) & 1 << (uint(i) & 63)
		}
	}
}

// takeValidOpt returns the validity of rows that may be missing; src is nil where all are valid.
func takeValidOpt(src []uint64, idx []uint32, some bool, s *Scratch) []uint64 {
	dst := s.Bits(len(idx))
	switch {
	case !some:
		clear(dst)
	case src != nil:
		takeBitsOpt(dst, src, idx)
	default:
		for w := range dst {
			word := uint64(0)
			for j, k := range idx[64*w : min(64*w+64, len(idx))] {
				b := uint64(1)
				if k == NoRow {
					b = 0
				}
				word |= b << (uint(j) & 63)
			}
			dst[w] = word
		}
	}
	return dst
}

// takeList gathers lists: the new offsets, then the elements by an index list.
func takeList(out, in *Vec, idx []uint32, opt bool, s *Scratch) {
	offs := Alloc[int32](s, len(idx)+1)
	total := int32(0)
	for i, k := range idx {
		offs[i] = total
		if !opt || k != NoRow {
			total += in.Offs[k+1] - in.Offs[k]
		}
	}
	offs[len(idx)] = total
	child := Alloc[uint32](s, int(total))
	at := 0
	for _, k := range idx {
		if opt && k == NoRow {
			continue
		}
		for e := in.Offs[k]; e < in.Offs[k+1]; e++ {
			child[at] = uint32(e)
			at++
		}
	}
	out.Offs = offs
	out.Child = s.Vecs(1)
	Take(&out.Child[0], &in.Child[0], child, s)
}

// Slice makes dst the n rows of src from row from on, sharing values; validity and booleans are copied to s where from is not at a word.
func Slice(dst, src *Vec, from, n int, s *Scratch) {
	out := *src
	out.Len = n
	if n == 0 {
		out.Valid = nil
	} else if src.Valid != nil {
		out.Valid = sliceBits(src.Valid, from, n, s)
	}
	switch {
	case out.Dict != nil:
		out.Data = src.Data[from*4 : (from+n)*4]
	case out.Phys == Bool:
		if n > 0 {
			out.Data = Bytes(sliceBits(src.Bits(), from, n, s))
		}
	case out.Phys == List:
		out.Offs = src.Offs[from : from+n+1]
	case out.Phys == Struct:
		out.Child = s.Vecs(len(src.Child))
		for i := range src.Child {
			Slice(&out.Child[i], &src.Child[i], from, n, s)
		}
	case out.Width > 0:
		out.Data = src.Data[from*out.Width : (from+n)*out.Width]
	}
	*dst = out
}

func sliceBits(b []uint64, from, n int, s *Scratch) []uint64 {
	if from&63 == 0 {
		return b[from>>6 : from>>6+bitmap.Words(n)]
	}
	out := s.Bits(n)
	bitmap.Slice(out, b, from, n)
	return out
}

// Nulls returns the validity of v's rows with the nulls of its dictionary in it: nil where no row is null.
func (v *Vec) Nulls(s *Scratch) []uint64 {
	if v.Dict == nil || v.Dict.Values.Valid == nil || v.Len == 0 {
		return v.Valid
	}
	out := s.Bits(v.Len)
	takeBits(out, v.Dict.Values.Valid, v.Codes())
	if v.Valid != nil {
		bitmap.And(out, out, v.Valid[:len(out)])
	} else if bitmap.All(out, v.Len) {
		return nil
	}
	return out
}

// Decode makes dst the values of src without a dictionary; where src has none, dst is src. dst may be src.
func Decode(dst, src *Vec, s *Scratch) {
	if src.Dict == nil {
		*dst = *src
		return
	}
	in := *src
	if in.Dict.Values.Len == 0 {
		none := Alloc[uint32](s, in.Len)
		for i := range none {
			none[i] = NoRow
		}
		TakeOpt(dst, &in.Dict.Values, none, s)
		return
	}
	valid := in.Nulls(s)
	Take(dst, &in.Dict.Values, in.Codes(), s)
	dst.Valid = valid
}
