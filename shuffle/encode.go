package shuffle

import (
	"encoding/binary"
	"unsafe"

	"github.com/klauspost/compress/s2"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Columns travel as nodes and buffers. A node is a byte of flags, then numbers that the flags and the type ask for; nodes of children
// follow that of their parent. Buffers are the raw memory of the column, little-endian, in the order of the nodes:
//
//	validity    ⌈rows/64⌉ words, where nodeNulls is set
//	dictionary  codes of the node's width, then the values as columns of their own in one buffer
//	booleans    ⌈rows/64⌉ words
//	text        a header of 16 bytes a row, offsets into the text behind them
//	list        rows+1 offsets from 0; the number of elements is in the node
//	others      Width bytes a row
const (
	nodeNulls = 1 << iota
	nodeDict
)

// encoder turns columns into nodes and buffers. Both are good until reset.
type encoder struct {
	scratch vec.Scratch
	nodes   []byte
	bufs    [][]byte
	kinds   []ints               // of bufs
	dicts   map[*vec.Dict][]byte // the values of dictionaries met in this chunk
	packed  []byte               // room for one buffer that is made smaller
	skip    []uint8              // by buffer: how often not to try to compress it
}

func (e *encoder) reset() {
	e.scratch.Reset()
	e.nodes, e.bufs, e.kinds = e.nodes[:0], e.bufs[:0], e.kinds[:0]
}

// begin forgets what was learnt of another chunk.
func (e *encoder) begin() {
	e.reset()
	clear(e.dicts)
	clear(e.skip)
}

func (e *encoder) add(b []byte, kind ints) {
	e.bufs = append(e.bufs, b)
	e.kinds = append(e.kinds, kind)
}

// maxDictShare is the rows a dictionary entry must serve to be worth its place in a frame.
const maxDictShare = 4

func (e *encoder) column(c *column, v *vec.Vec) {
	if v.Dict != nil && (v.Dict.Values.Len > v.Len/maxDictShare || c.phys == vec.List || c.phys == vec.Struct) {
		var plain vec.Vec
		vec.Decode(&plain, v, &e.scratch)
		v = &plain
	}
	flags := byte(0)
	n := v.Len
	valid := v.Valid
	if valid != nil && (n == 0 || bitmap.All(valid, n)) {
		valid = nil
	}
	if valid != nil {
		flags |= nodeNulls
		e.add(vec.Bytes(valid[:bitmap.Words(n)]), noInts)
	}
	if v.Dict != nil {
		e.nodes = append(e.nodes, flags|nodeDict)
		e.dictionary(c, v)
		return
	}
	e.nodes = append(e.nodes, flags)
	switch c.phys {
	case vec.Null:
	case vec.Bool:
		e.add(v.Data[:bitmap.Words(n)*8], noInts)
	case vec.View:
		e.views(v, valid)
	case vec.List:
		e.list(c, v)
	case vec.Struct:
		for i := range c.child {
			e.column(&c.child[i], &v.Child[i])
		}
	default:
		e.add(v.Data[:n*c.width], intsOf(c.phys))
	}
}

// dictionary adds the codes, as narrow as they can be, and the values.
func (e *encoder) dictionary(c *column, v *vec.Vec) {
	codes := v.Codes()
	width := 4
	switch size := v.Dict.Values.Len; {
	case size <= 1<<8:
		width = 1
		e.add(narrow[uint8](e, codes), noInts)
	case size <= 1<<16:
		width = 2
		e.add(narrow[uint16](e, codes), noInts)
	default:
		e.add(v.Data[:len(codes)*4], noInts)
	}
	blob, ok := e.dicts[v.Dict]
	if !ok {
		var sub encoder
		sub.column(c, &v.Dict.Values)
		blob = sub.blob(v.Dict.Values.Len)
		if e.dicts == nil {
			e.dicts = map[*vec.Dict][]byte{}
		}
		e.dicts[v.Dict] = blob
	}
	e.nodes = append(e.nodes, byte(width))
	e.add(blob, noInts)
}

func narrow[T uint8 | uint16](e *encoder, codes []uint32) []byte {
	out := vec.Alloc[T](&e.scratch, len(codes))
	for i, c := range codes {
		out[i] = T(c)
	}
	return vec.Bytes(out)
}

// blob is nodes and buffers in one piece of memory: rows, the length of the nodes, nodes, then each buffer's length and bytes.
func (e *encoder) blob(rows int) []byte {
	out := binary.AppendUvarint(nil, uint64(rows))
	out = binary.AppendUvarint(out, uint64(len(e.nodes)))
	out = append(out, e.nodes...)
	for _, b := range e.bufs {
		out = binary.AppendUvarint(out, uint64(len(b)))
		out = append(out, b...)
	}
	return out
}

// views adds headers that point into one buffer, and that buffer: the text that the rows use, and no more. What lies under a null
// becomes empty.
func (e *encoder) views(v *vec.Vec, valid []uint64) {
	out := vec.Alloc[vec.ViewHeader](&e.scratch, v.Len)
	copy(out, vec.Of[vec.ViewHeader](v))
	text := moveText(out, valid, v.Bufs, &e.scratch)
	e.add(vec.Bytes(out), noInts)
	e.add(text, noInts)
}

// list adds offsets from 0 and the elements between the first and the last.
func (e *encoder) list(c *column, v *vec.Vec) {
	offs := vec.Alloc[int32](&e.scratch, v.Len+1)
	lo, hi := int32(0), int32(0)
	if v.Len > 0 {
		lo, hi = v.Offs[0], v.Offs[v.Len]
		for i, o := range v.Offs[:v.Len+1] {
			offs[i] = o - lo
		}
	} else {
		offs[0] = 0
	}
	e.nodes = binary.AppendUvarint(e.nodes, uint64(hi-lo))
	e.add(vec.Bytes(offs), ints32)
	var elems vec.Vec
	vec.Slice(&elems, &v.Child[0], int(lo), int(hi-lo), &e.scratch)
	e.column(&c.child[0], &elems)
}

const (
	// minPack is the smallest buffer that is tried to be compressed, samplePack the part of it that is tried first.
	minPack    = 512
	samplePack = 4096
	// retryPack is for how many frames of a chunk a buffer that did not shrink is left raw unseen.
	retryPack = 15
	// maxRatio bounds how much a buffer may shrink, beyond smallRaw bytes: a reader refuses more, since a few damaged bytes must not
	// claim any amount of memory.
	maxRatio = 256
	smallRaw = 4 << 20
)

// pack returns buffer i as it is stored, and the codec: as narrow numbers, or compressed where that halves it, else raw.
func (e *encoder) pack(i int) ([]byte, byte) {
	b := e.bufs[i]
	for len(e.skip) <= i {
		e.skip = append(e.skip, 0)
	}
	if len(b) < minPack {
		return b, codecRaw
	}
	if e.kinds[i] != noInts {
		p, width := narrowTo(e.packed[:0], b, e.kinds[i])
		e.packed = p[:cap(p)]
		if width > 0 {
			return p, codecNarrow | byte(width)<<4 | byte(e.kinds[i])<<2
		}
	}
	if e.skip[i] > 0 {
		e.skip[i]--
		return b, codecRaw
	}
	if need := s2.MaxEncodedLen(len(b)); len(e.packed) < need {
		e.packed = make([]byte, need)
	}
	if len(b) > 2*samplePack {
		mid := (len(b) - samplePack) / 2
		if len(s2.Encode(e.packed, b[mid:mid+samplePack])) > samplePack/2 {
			e.skip[i] = retryPack
			return b, codecRaw
		}
	}
	p := s2.Encode(e.packed, b)
	if len(p) > len(b)/2 || len(b) > smallRaw && len(b)/maxRatio > len(p) {
		e.skip[i] = retryPack
		return b, codecRaw
	}
	return p, codecS2
}

// asBytes views words as bytes.
func asBytes[T uint64 | uint16](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	var z T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(z)))
}
