package shuffle

import (
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// keep makes dst the rows of src, in the order of idx where that is not nil, in memory of s alone but for dictionaries.
func keep(dst, src *vec.Vec, idx []uint32, s *vec.Scratch) {
	if idx != nil {
		vec.Take(dst, src, idx, s)
	} else {
		clone(dst, src, s)
	}
	own(dst, s)
}

// clone copies what belongs to the rows, but not text.
func clone(dst, src *vec.Vec, s *vec.Scratch) {
	out := *src
	if src.Valid != nil {
		out.Valid = s.Bits(src.Len)
		copy(out.Valid, src.Valid)
	}
	if src.Data != nil {
		out.Data = s.Alloc(len(src.Data))
		copy(out.Data, src.Data)
	}
	if src.Offs != nil {
		out.Offs = vec.Alloc[int32](s, len(src.Offs))
		copy(out.Offs, src.Offs)
	}
	if len(src.Child) > 0 {
		out.Child = s.Vecs(len(src.Child))
		for i := range src.Child {
			clone(&out.Child[i], &src.Child[i], s)
		}
	}
	*dst = out
}

// own moves the text of v, whose headers are its own, to memory of s: one buffer in the order of rows.
func own(v *vec.Vec, s *vec.Scratch) {
	for i := range v.Child {
		own(&v.Child[i], s)
	}
	if v.Phys != vec.View || v.Dict != nil || len(v.Bufs) == 0 {
		return
	}
	heads := vec.Of[vec.ViewHeader](v)
	text := moveText(heads, v.Valid, v.Bufs, s)
	v.Bufs = nil
	if len(text) > 0 {
		v.Bufs = s.BufList(1)
		v.Bufs[0] = text
	}
}

// moveText copies the long texts of headers into one buffer and makes the headers point there. What lies under a null becomes empty.
func moveText(heads []vec.ViewHeader, valid []uint64, bufs [][]byte, s *vec.Scratch) []byte {
	if valid != nil {
		for i := range heads {
			if !bitmap.Get(valid, i) {
				heads[i] = vec.ViewHeader{}
			}
		}
	}
	total := 0
	for i := range heads {
		if heads[i].Len > vec.InlineLen {
			total += int(heads[i].Len)
		}
	}
	text := s.Alloc(total)
	at := 0
	for i := range heads {
		if h := &heads[i]; h.Len > vec.InlineLen {
			k := copy(text[at:], bufs[h.Buf][h.Off:h.Off+h.Len])
			h.Buf, h.Off = 0, uint32(at)
			at += k
		}
	}
	return text
}

// plainer makes dst the plain rows of a dictionary that takes more memory than it saves, and src else; in memory of s.
func plainer(dst, src *vec.Vec, s *vec.Scratch) {
	*dst = *src
	if d := src.Dict; d != nil && d.Values.Bytes() > int64(src.Len)*int64(d.Values.Width-4) {
		vec.Decode(dst, src, s)
	}
	if src.Dict == nil && len(src.Child) > 0 {
		dst.Child = s.Vecs(len(src.Child))
		for i := range src.Child {
			plainer(&dst.Child[i], &src.Child[i], s)
		}
	}
}

// dictBytes is the memory of the dictionaries of v.
func dictBytes(v *vec.Vec) int64 {
	n := int64(0)
	if v.Dict != nil {
		n = v.Dict.Values.Bytes()
	}
	for i := range v.Child {
		n += dictBytes(&v.Child[i])
	}
	return n
}
