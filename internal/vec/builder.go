package vec

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
)

// Builder accumulates the rows of one column in memory of its own: nothing appended is referred to afterwards, but the *Dict of
// dictionary input, which is kept while all rows share one. A column has at most 2³²-1 rows, and a list column 2³¹-1 elements.
// It is not safe for concurrent use.
type Builder struct {
	typ   arrow.DataType // logical
	phys  Phys
	width int // of a plain value
	n     int
	data  []byte
	valid []uint64 // nil until the first null
	offs  []int32
	child []*Builder
	text  arena
	dict  *Dict   // set: data holds codes
	tmp   Scratch // of appendTake
	// expected is how many rows are to come, as Expect says.
	expected int
}

// NewBuilder returns an empty builder for columns of type t.
func NewBuilder(t arrow.DataType) *Builder {
	t = Logical(t)
	b := &Builder{typ: t}
	b.phys, b.width, _ = PhysOf(t)
	if b.phys == List || b.phys == Struct {
		for _, f := range elemFields(t) {
			b.child = append(b.child, NewBuilder(f.Type))
		}
	}
	if b.phys == List {
		b.offs = []int32{0}
	}
	return b
}

// Expect says how many rows are to come in all, so that memory for their fixed-width part is taken at once rather than in growing
// pieces, each of which is copied. It is a hint.
func (b *Builder) Expect(rows int) { b.expected = rows }

// Len returns the number of rows.
func (b *Builder) Len() int { return b.n }

// Type returns the logical type of the rows.
func (b *Builder) Type() arrow.DataType { return b.typ }

// Bytes returns the memory that b holds.
func (b *Builder) Bytes() int64 {
	sum := int64(cap(b.data)) + int64(cap(b.valid))*8 + int64(cap(b.offs))*4 + b.text.bytes + b.tmp.Bytes()
	for _, c := range b.child {
		sum += c.Bytes()
	}
	return sum
}

// Reset forgets the rows and keeps the memory: Vecs of b are no longer good.
func (b *Builder) Reset() {
	b.n, b.data, b.valid, b.dict = 0, b.data[:0], nil, nil
	b.text.reset()
	if b.phys == List {
		b.offs = b.offs[:1]
	}
	for _, c := range b.child {
		c.Reset()
	}
}

// Vec returns a view of all rows, good until b changes.
func (b *Builder) Vec() Vec {
	v := Vec{Type: b.typ, Phys: b.phys, Width: b.width, Len: b.n, Valid: b.valid, Data: b.data, Dict: b.dict}
	if b.dict != nil {
		v.Width = 4
		return v
	}
	switch b.phys {
	case View:
		v.Bufs = b.text.bufs
	case List:
		v.Offs = b.offs
	}
	if len(b.child) > 0 || b.phys == Struct {
		v.Child = make([]Vec, len(b.child))
		for i, c := range b.child {
			v.Child[i] = c.Vec()
		}
	}
	return v
}

// Append appends all rows of v, whose logical type is b's.
func (b *Builder) Append(v *Vec) { b.AppendRange(v, 0, v.Len) }

// AppendRange appends n rows of v from row from on.
func (b *Builder) AppendRange(v *Vec, from, n int) {
	if n == 0 {
		return
	}
	if v.Phys == Null {
		b.AppendNulls(n)
		return
	}
	if b.keepDict(v) {
		b.grow(n, 4)
		b.data = append(b.data, v.Data[from*4:(from+n)*4]...)
		b.appendValid(v.Valid, from, n)
		b.n += n
		return
	}
	if v.Dict != nil {
		var tmp Vec
		Slice(&tmp, v, from, n, nil)
		Decode(&tmp, &tmp, nil)
		b.AppendRange(&tmp, 0, n)
		return
	}
	switch b.phys {
	case Bool:
		b.growBits(n)
		bitmap.Copy(words(b.data), b.n, v.Bits(), from, n)
	case View:
		b.appendViews(v, from, n)
	case List:
		b.appendLists(v, from, n)
	case Struct:
		for i, c := range b.child {
			c.AppendRange(&v.Child[i], from, n)
		}
	default:
		b.grow(n, b.width)
		b.data = append(b.data, v.Data[from*b.width:(from+n)*b.width]...)
	}
	b.appendValid(v.Valid, from, n)
	b.n += n
}

// AppendTake appends the rows of v at idx.
func (b *Builder) AppendTake(v *Vec, idx []uint32) { b.appendTake(v, idx, false) }

// AppendTakeOpt is AppendTake where an index may be NoRow: the row is then null.
func (b *Builder) AppendTakeOpt(v *Vec, idx []uint32) { b.appendTake(v, idx, true) }

// takeBlock is the rows that appendTake gathers at a time, so that the copy in between stays in the cache.
const takeBlock = 4096

func (b *Builder) appendTake(v *Vec, idx []uint32, opt bool) {
	for len(idx) > 0 {
		k := min(takeBlock, len(idx))
		var tmp Vec
		b.tmp.Reset()
		take(&tmp, v, idx[:k], opt, &b.tmp)
		b.AppendRange(&tmp, 0, k)
		idx = idx[k:]
	}
}

// AppendNulls appends n null rows.
func (b *Builder) AppendNulls(n int) {
	if n == 0 {
		return
	}
	switch {
	case b.phys == Null:
	case b.dict != nil:
		b.growZero(n, 4)
	case b.phys == Bool:
		b.growBits(n)
	case b.phys == List:
		for range n {
			b.offs = append(b.offs, b.offs[len(b.offs)-1])
		}
	case b.phys == Struct:
		for _, c := range b.child {
			c.AppendNulls(n)
		}
	default:
		b.growZero(n, b.width)
	}
	if b.phys != Null {
		b.makeValid(n)
		bitmap.ClearRange(b.valid, b.n, b.n+n)
	}
	b.n += n
}

// keepDict says whether v's codes are to be appended as they are, after making b a dictionary column (no rows, or nulls only) or a
// plain one (rows of another dictionary).
func (b *Builder) keepDict(v *Vec) bool {
	if v.Dict != nil && b.n == 0 {
		b.dict = v.Dict
		b.data = b.data[:0]
	}
	if b.dict == nil {
		return false
	}
	if b.dict == v.Dict {
		return true
	}
	b.decode()
	return false
}

// decode makes b's rows plain.
func (b *Builder) decode() {
	all := b.Vec()
	var tmp Vec
	Decode(&tmp, &all, nil)
	plain := NewBuilder(b.typ)
	plain.expected = b.expected
	plain.Append(&tmp)
	*b = *plain
}

// grow makes room for n more values of w bytes.
func (b *Builder) grow(n, w int) {
	need := len(b.data) + n*w
	if need <= cap(b.data) {
		return
	}
	room := 2 * cap(b.data)
	if b.n < b.expected {
		room = b.expected * w
	}
	c := alignedBytes(max(need, room, 512))
	b.data = c[:copy(c, b.data)]
}

func (b *Builder) growZero(n, w int) {
	b.grow(n, w)
	at := len(b.data)
	b.data = b.data[:at+n*w]
	clear(b.data[at:])
}

// growBits makes data the words of n more booleans.
func (b *Builder) growBits(n int) {
	if extra := bitmap.Words(b.n+n)*8 - len(b.data); extra > 0 {
		b.growZero(extra, 1)
	}
}

func words(b []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}

// appendValid appends the validity of n rows; src nil means that all have values.
func (b *Builder) appendValid(src []uint64, from, n int) {
	if src == nil && b.valid == nil {
		return
	}
	b.makeValid(n)
	if src == nil {
		bitmap.SetRange(b.valid, b.n, b.n+n)
		return
	}
	bitmap.Copy(b.valid, b.n, src, from, n)
}

// makeValid makes the bitmap exist, with room for n more rows.
func (b *Builder) makeValid(n int) {
	had := len(b.valid)
	need := bitmap.Words(b.n + n)
	if need > cap(b.valid) {
		c := make([]uint64, max(need, 2*cap(b.valid), 16, bitmap.Words(b.expected)))
		copy(c, b.valid)
		b.valid = c
	}
	b.valid = b.valid[:need]
	if had == 0 {
		bitmap.SetRange(b.valid, 0, b.n)
	}
}

func (b *Builder) appendLists(v *Vec, from, n int) {
	lo, hi := v.Offs[from], v.Offs[from+n]
	delta := b.offs[len(b.offs)-1] - lo
	for _, o := range v.Offs[from+1 : from+n+1] {
		b.offs = append(b.offs, o+delta)
	}
	b.child[0].AppendRange(&v.Child[0], int(lo), int(hi-lo))
}

func (b *Builder) appendViews(v *Vec, from, n int) {
	b.grow(n, 16)
	at := len(b.data)
	b.data = b.data[:at+n*16]
	out := over[ViewHeader](b.data[at:], n)
	in := Of[ViewHeader](v)[from : from+n]
	for i := range in {
		h := in[i]
		if h.Len > InlineLen {
			if v.Valid != nil && !bitmap.Get(v.Valid, from+i) {
				h = ViewHeader{} // what lies under a null is not copied
			} else {
				h = b.text.add(h, v.Bufs)
			}
		}
		out[i] = h
	}
}

// arena is append-only text in chunks that never move.
type arena struct {
	bufs  [][]byte
	bytes int64
}

const (
	minChunk = 4 << 10
	maxChunk = 4 << 20 // large enough that a view's buffer list stays short, small enough not to waste much
)

// add copies a long value and returns its header here.
func (a *arena) add(h ViewHeader, bufs [][]byte) ViewHeader {
	src := bufs[h.Buf][h.Off : h.Off+h.Len]
	last := len(a.bufs) - 1
	if last < 0 || cap(a.bufs[last])-len(a.bufs[last]) < len(src) {
		size := minChunk
		if last >= 0 {
			size = min(2*cap(a.bufs[last]), maxChunk)
		}
		size = max(size, len(src))
		a.bufs = append(a.bufs, make([]byte, 0, size))
		a.bytes += int64(size)
		last++
	}
	h.Buf, h.Off = uint32(last), uint32(len(a.bufs[last]))
	a.bufs[last] = append(a.bufs[last], src...)
	return h
}

// reset forgets the text and keeps the largest chunk.
func (a *arena) reset() {
	if n := len(a.bufs); n > 0 {
		keep := a.bufs[n-1][:0]
		clear(a.bufs)
		a.bufs = append(a.bufs[:0], keep)
		a.bytes = int64(cap(keep))
	}
}
