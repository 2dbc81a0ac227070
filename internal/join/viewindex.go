package join

import (
	"bytes"
	"unsafe"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// viewIndex is an open-addressing table of text keys. A slot holds the key's view: short keys compare as two words, long ones by
// length and prefix and then through the buffers of the build column.
type viewIndex struct {
	slots []viewSlot
	bufs  [][]byte
}

type viewSlot struct {
	a, b uint64 // the view's halves: length and prefix; the rest, or buffer and offset
	head uint32
}

// halves returns a view's 16 bytes as two words.
func halves(h *vec.ViewHeader) (a, b uint64) {
	p := (*[2]uint64)(unsafe.Pointer(h))
	return p[0], p[1]
}

// viewLen is the length in the first half of a view (little-endian, as all platforms of the engine are).
func viewLen(a uint64) uint32 { return uint32(a) }

// newViews indexes the build column, which must be flat: no dictionary, no nulls.
func newViews(col *vec.Vec, l *linker) *viewIndex {
	x := &viewIndex{slots: make([]viewSlot, slotCount(col.Len)), bufs: col.Bufs}
	headers := vec.Of[vec.ViewHeader](col)
	m := uint64(len(x.slots) - 1)
	for r := len(headers) - 1; r >= 0; r-- {
		h := &headers[r]
		a, b := halves(h)
		s := hashView(h, a, b, col.Bufs) & m
		for x.slots[s].head != 0 && !x.equal(&x.slots[s], h, a, b, col.Bufs) {
			s = (s + 1) & m
		}
		e := &x.slots[s]
		if e.head != 0 {
			l.link(r, e.head)
		}
		*e = viewSlot{a: a, b: b, head: uint32(r) + 1}
	}
	return x
}

// equal compares the slot's key with view h (halves a and b) over bufs.
func (x *viewIndex) equal(e *viewSlot, h *vec.ViewHeader, a, b uint64, bufs [][]byte) bool {
	if e.a != a {
		return false
	}
	if viewLen(a) <= vec.InlineLen {
		return e.b == b
	}
	return bytes.Equal((*vec.ViewHeader)(unsafe.Pointer(&e.a)).Value(x.bufs), h.Value(bufs))
}

// lookup finds the keys of a flat probe column. valid (nil: all) masks nulls, whose views may point anywhere.
func (x *viewIndex) lookup(dst []uint32, col *vec.Vec, valid []uint64) {
	headers := vec.Of[vec.ViewHeader](col)
	slots, m := x.slots, uint64(len(x.slots)-1)
	var at [touchBlock]uint64
	far := len(slots)*int(unsafe.Sizeof(viewSlot{})) >= touchBytes
	for from := 0; from < len(headers); from += touchBlock {
		to := min(from+touchBlock, len(headers))
		for i := from; i < to; i++ {
			if valid == nil || valid[i>>6]>>(uint(i)&63)&1 != 0 {
				h := &headers[i]
				a, b := halves(h)
				at[i-from] = hashView(h, a, b, col.Bufs) & m
			}
		}
		if far {
			touchViews(at[:to-from], slots)
		}
		for i := from; i < to; i++ {
			if valid != nil && valid[i>>6]>>(uint(i)&63)&1 == 0 {
				dst[i] = 0
				continue
			}
			h := &headers[i]
			a, b := halves(h)
			s := at[i-from]
			for slots[s].head != 0 && !x.equal(&slots[s], h, a, b, col.Bufs) {
				s = (s + 1) & m
			}
			dst[i] = slots[s].head
		}
	}
}

func hashView(h *vec.ViewHeader, a, b uint64, bufs [][]byte) uint64 {
	if viewLen(a) <= vec.InlineLen {
		return hash.Pair(a, b)
	}
	return hash.Bytes(h.Value(bufs))
}
