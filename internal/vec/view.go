package vec

import (
	"encoding/binary"
	"unsafe"
)

// ViewHeader is the 16 bytes of a string or binary value, as Arrow lays out views: the length, then up to 12 bytes inline, or a
// prefix of 4 bytes, the buffer's index and the offset in it.
type ViewHeader struct {
	Len    uint32
	Prefix [4]byte // the first 4 bytes, zero-padded
	Buf    uint32  // long: buffer index; short: bytes 4–7, zero-padded
	Off    uint32  // long: offset in the buffer; short: bytes 8–11, zero-padded
}

// InlineLen is the longest value that a header holds itself.
const InlineLen = 12

// Inline returns the header of a value of at most InlineLen bytes.
func Inline(s []byte) ViewHeader {
	var raw [16]byte
	binary.LittleEndian.PutUint32(raw[:], uint32(len(s)))
	copy(raw[4:], s)
	return *(*ViewHeader)(unsafe.Pointer(&raw))
}

// Long returns the header of a value of more than InlineLen bytes that stands at off of buffer buf.
func Long(s []byte, buf, off uint32) ViewHeader {
	return ViewHeader{Len: uint32(len(s)), Prefix: [4]byte(s[:4]), Buf: buf, Off: off}
}

// Value returns the bytes of header h, over the header itself or a buffer: good while both live.
func (h *ViewHeader) Value(bufs [][]byte) []byte {
	if h.Len <= InlineLen {
		return unsafe.Slice((*byte)(unsafe.Pointer(&h.Prefix)), h.Len)
	}
	b := bufs[h.Buf]
	return b[h.Off : h.Off+h.Len : h.Off+h.Len]
}
