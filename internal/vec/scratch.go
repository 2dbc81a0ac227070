package vec

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/invariants"
)

// Scratch is the reusable memory of one operator instance: what a call allocates from it lives until Reset, which the operator calls
// when it is pushed the next batch. After a few batches nothing is allocated any more. It is not safe for concurrent use. The zero
// Scratch is ready; a nil *Scratch works and allocates anew each time.
type Scratch struct {
	chunk []byte // the current chunk
	used  int    // bytes of chunk given out
	full  int    // bytes of this round in earlier chunks
	vecs  []Vec
	bufs  [][]byte
	dicts []dictEntry
	types map[arrow.DataType]arrow.DataType
}

const (
	// firstChunk is the bytes a Scratch starts with. It is small because results of tasks keep theirs: those of thousands of small files
	// wait for one merge. What needs more doubles within a batch.
	firstChunk = 4 << 10
	// align is what every allocation starts at a multiple of: a cache line.
	align = 64
	// maxDicts is how many arrow dictionaries a Scratch remembers: a scan has one a text column and row group.
	maxDicts = 64
)

// Reset takes back all that was allocated. Dictionaries made by FromArrow stay good.
func (s *Scratch) Reset() {
	if s == nil {
		return
	}
	if s.full > 0 {
		s.chunk = alignedBytes(s.full + s.used + (s.full+s.used)/4)
		s.full = 0
	} else if invariants.Enabled {
		for i := range s.chunk[:s.used] {
			s.chunk[i] = 0xDB
		}
	}
	s.used = 0
	clear(s.vecs)
	clear(s.bufs)
	s.vecs, s.bufs = s.vecs[:0], s.bufs[:0]
}

// Bytes returns how many bytes s holds.
func (s *Scratch) Bytes() int64 {
	if s == nil {
		return 0
	}
	return int64(len(s.chunk) + s.full)
}

// Alloc returns n bytes of unspecified content, 64-byte aligned within their chunk, with room to read on to a multiple of 64.
func (s *Scratch) Alloc(n int) []byte {
	room := (n + align - 1) &^ (align - 1)
	if s == nil {
		return alignedBytes(room)[:n]
	}
	if s.used+room > len(s.chunk) {
		s.full += s.used
		s.chunk = alignedBytes(max(room, 2*len(s.chunk), firstChunk))
		s.used = 0
	}
	b := s.chunk[s.used : s.used+n : s.used+room]
	s.used += room
	return b
}

// alignedBytes returns n zero bytes at an address that is a multiple of 8.
func alignedBytes(n int) []byte {
	if n == 0 {
		return nil
	}
	w := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), len(w)*8)[:n]
}

// Alloc returns n values of unspecified content from s.
func Alloc[T Element](s *Scratch, n int) []T {
	if n == 0 {
		return nil
	}
	var z T
	b := s.Alloc(n * int(unsafe.Sizeof(z)))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// Bits returns a bitmap for n bits, of unspecified content, from s.
func (s *Scratch) Bits(n int) []uint64 { return Alloc[uint64](s, bitmap.Words(n)) }

// Vecs returns n zero Vecs from s, for use as Child.
func (s *Scratch) Vecs(n int) []Vec {
	if s == nil || n == 0 {
		return make([]Vec, n)
	}
	if len(s.vecs)+n > cap(s.vecs) {
		s.vecs = make([]Vec, 0, max(2*cap(s.vecs), n, 8)) // those given out live on in the old array
	}
	at := len(s.vecs)
	s.vecs = s.vecs[:at+n]
	return s.vecs[at : at+n : at+n]
}

// BufList returns n nil buffers from s, for use as Bufs.
func (s *Scratch) BufList(n int) [][]byte {
	if s == nil || n == 0 {
		return make([][]byte, n)
	}
	if len(s.bufs)+n > cap(s.bufs) {
		s.bufs = make([][]byte, 0, max(2*cap(s.bufs), n, 8))
	}
	at := len(s.bufs)
	s.bufs = s.bufs[:at+n]
	return s.bufs[at : at+n : at+n]
}

// New makes v a plain column of n rows of the logical type t with Data of unspecified content from s, and no nulls. It serves all
// kinds but List and Struct, whose children are the caller's.
func (s *Scratch) New(v *Vec, t arrow.DataType, n int) {
	p, w, _ := PhysOf(t)
	*v = Vec{Type: t, Phys: p, Width: w, Len: n}
	if p == Bool {
		v.Data = s.Alloc(bitmap.Words(n) * 8)
	} else if w > 0 {
		v.Data = s.Alloc(n * w)
	}
}

// logical is Logical with a memory for the nested types, whose normal form is made anew at each call.
func (s *Scratch) logical(t arrow.DataType) arrow.DataType {
	switch t.(type) {
	case *arrow.StructType, *arrow.MapType, *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType, *arrow.Decimal32Type, *arrow.Decimal64Type,
		*arrow.ListViewType, *arrow.LargeListViewType:
	default:
		return Logical(t)
	}
	if s == nil {
		return Logical(t)
	}
	if l, ok := s.types[t]; ok {
		return l
	}
	if s.types == nil || len(s.types) >= maxDicts {
		s.types = map[arrow.DataType]arrow.DataType{}
	}
	l := Logical(t)
	s.types[t] = l
	return l
}

// dictEntry remembers which Dict an arrow dictionary became. Holding the array's data keeps its address from being used again.
type dictEntry struct {
	from arrow.ArrayData
	to   *Dict
}

func (s *Scratch) findDict(d arrow.ArrayData) *Dict {
	if s == nil {
		return nil
	}
	for i := range s.dicts {
		if s.dicts[i].from == d {
			return s.dicts[i].to
		}
	}
	return nil
}

func (s *Scratch) keepDict(d arrow.ArrayData, to *Dict) {
	if s == nil {
		return
	}
	if len(s.dicts) >= maxDicts {
		copy(s.dicts, s.dicts[1:])
		s.dicts = s.dicts[:maxDicts-1]
	}
	s.dicts = append(s.dicts, dictEntry{d, to})
}
