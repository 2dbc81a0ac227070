package vec

import (
	"encoding/binary"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
)

// fromText makes headers over the data buffer of a utf8 or binary array of 32- or 64-bit offsets.
func fromText(t arrow.DataType, d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	if v.Len == 0 {
		return nil
	}
	w := 4
	if id := t.ID(); id == arrow.LARGE_STRING || id == arrow.LARGE_BINARY {
		w = 8
	}
	raw := Vec{Width: w, Len: v.Len + 1}
	if err := fromFixed(d, off, &raw, s); err != nil {
		return err
	}
	data := bytesOf(d, 2)
	out := Alloc[ViewHeader](s, v.Len)
	ok := false
	if w == 4 {
		ok = headers32(out, Of[int32](&raw), data)
	} else {
		ok = headers64(out, Of[int64](&raw), data)
	}
	if !ok {
		return badArray(t, "an offset is outside of the data")
	}
	v.Data = Bytes(out)
	v.Bufs = windows(data, s)
	return nil
}

// windowShift is the log2 of the distance of the buffers that a data buffer over 4 GiB is seen as, since headers have 32-bit offsets.
const windowShift = 31

// windows returns data as the buffers of views: itself, or overlapping windows of 4 GiB that start every 2 GiB.
func windows(data []byte, s *Scratch) [][]byte {
	if uint64(len(data)) <= 1<<32 {
		out := s.BufList(1)
		out[0] = data
		return out
	}
	n := (len(data) + 1<<windowShift - 1) >> windowShift
	out := s.BufList(n)
	for i := range out {
		out[i] = data[i<<windowShift : min(len(data), (i+2)<<windowShift)]
	}
	return out
}

// inlineMask[n] keeps the first n of the second and third words of a header's 12 inline bytes, given as 8 + 4.
var inlineMask = func() (m [13][2]uint64) {
	for n := range m {
		for i := range n {
			if i < 8 {
				m[n][0] |= 0xFF << (8 * i)
			} else {
				m[n][1] |= 0xFF << (8 * (i - 8))
			}
		}
	}
	return m
}()

// header returns the header of data[a:b], a long one as of the buffer that starts at 0.
func header(data []byte, a, b uint64) ViewHeader {
	n := b - a
	if n > InlineLen {
		return ViewHeader{Len: uint32(n), Prefix: [4]byte(data[a : a+4]), Buf: uint32(a >> 32), Off: uint32(a)}
	}
	if a+16 > uint64(len(data)) {
		return Inline(data[a:b])
	}
	p := data[a : a+16 : a+16]
	m := &inlineMask[n]
	x, y := binary.LittleEndian.Uint64(p)&m[0], uint32(binary.LittleEndian.Uint64(p[8:])&m[1])
	var h ViewHeader
	h.Len = uint32(n)
	*(*uint32)(unsafe.Pointer(&h.Prefix)) = uint32(x)
	h.Buf, h.Off = uint32(x>>32), y
	return h
}

// headers32 makes the headers of the values between consecutive offsets; false where these do not rise or leave the data.
func headers32(out []ViewHeader, offs []int32, data []byte) bool {
	offs = offs[:len(out)+1]
	if offs[0] < 0 || int(offs[len(out)]) > len(data) {
		return false
	}
	a := offs[0]
	for i := range out {
		b := offs[i+1]
		if b < a || int(b) > len(data) {
			return false
		}
		out[i] = header(data, uint64(a), uint64(b))
		a = b
	}
	return true
}

func headers64(out []ViewHeader, offs []int64, data []byte) bool {
	offs = offs[:len(out)+1]
	if offs[0] < 0 || offs[len(out)] > int64(len(data)) {
		return false
	}
	a := offs[0]
	split := uint64(len(data)) > 1<<32
	for i := range out {
		b := offs[i+1]
		if b < a || b > int64(len(data)) || b-a > 1<<31-1 {
			return false
		}
		h := header(data, uint64(a), uint64(b))
		if split && h.Len > InlineLen {
			h.Buf, h.Off = uint32(a>>windowShift), uint32(a&(1<<windowShift-1))
		}
		out[i] = h
		a = b
	}
	return true
}

// fromViews shares the headers of a view array, after a look at each: what lies under a null may be garbage in an array from elsewhere,
// and so may what is behind a short value (Arrow's own builders leave there what their allocator gave them). Both are zeroed in a copy
// then, because short values are compared with all that is around them.
func fromViews(t arrow.DataType, d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	if v.Len == 0 {
		return nil
	}
	if err := fromFixed(d, off, v, s); err != nil {
		return err
	}
	arrowBufs := d.Buffers()[2:]
	v.Bufs = s.BufList(len(arrowBufs))
	for i, b := range arrowBufs {
		v.Bufs[i] = bufBytes(b)
	}
	heads, copied := Of[ViewHeader](v), false
	for i := range heads {
		h := &heads[i]
		if h.Len <= InlineLen {
			if h.padded() {
				continue
			}
		} else if int(h.Buf) < len(v.Bufs) && uint64(h.Off)+uint64(h.Len) <= uint64(len(v.Bufs[h.Buf])) {
			continue
		} else if v.Valid == nil || bitmap.Get(v.Valid, i) {
			return badArray(t, "a view is outside of its buffer")
		}
		if !copied {
			c := Alloc[ViewHeader](s, v.Len)
			copy(c, heads)
			heads, copied = c, true
		}
		heads[i] = heads[i].clean()
	}
	v.Data = Bytes(heads)
	return nil
}

// padded says whether what follows a short value in its header is zero.
func (h *ViewHeader) padded() bool {
	m := &inlineMask[h.Len]
	x := uint64(*(*uint32)(unsafe.Pointer(&h.Prefix))) | uint64(h.Buf)<<32
	return x&^m[0]|uint64(h.Off)&^m[1] == 0
}

// clean returns the header with zeros behind a short value, and the header of the empty value for a long one.
func (h ViewHeader) clean() ViewHeader {
	if h.Len > InlineLen {
		return ViewHeader{}
	}
	m := &inlineMask[h.Len]
	*(*uint32)(unsafe.Pointer(&h.Prefix)) &= uint32(m[0])
	h.Buf &= uint32(m[0] >> 32)
	h.Off &= uint32(m[1])
	return h
}
