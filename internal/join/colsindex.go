package join

import (
	"bytes"
	"unsafe"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// colsIndex is an open-addressing table of keys of several columns that do not fit two words: slots of hash and head, the keys beside
// by column. A lookup goes column by column, too: it finds the candidates of all rows by their hashes, then compares a column of
// all candidates at a time, and tries again with the few that differ.
type colsIndex struct {
	slots []bytesSlot
	cols  []keyColumn
}

// keyColumn is a key column of all rows: words, or text.
type keyColumn struct {
	words []uint64
	heads []vec.ViewHeader
	bufs  [][]byte
}

func (k *keyColumn) bytes() int64 { return 8 * int64(cap(k.words)) }

// equal says whether row i has the value of row j of another column of the kind.
func (k *keyColumn) equal(i int, o *keyColumn, j int) bool {
	if k.words != nil {
		return k.words[i] == o.words[j]
	}
	return equalViews(&k.heads[i], k.bufs, &o.heads[j], o.bufs)
}

func equalViews(x *vec.ViewHeader, xBufs [][]byte, y *vec.ViewHeader, yBufs [][]byte) bool {
	a, b := halves(x)
	c, d := halves(y)
	if a != c {
		return false
	}
	return b == d && viewLen(a) <= vec.InlineLen || viewLen(a) > vec.InlineLen && bytes.Equal(x.Value(xBufs), y.Value(yBufs))
}

// colsReader brings key columns into the form of keyColumns. It is scratch of one task.
type colsReader struct {
	words  wordReader
	cols   []keyColumn
	hashes []uint64
	pos    []uint32 // per row: its slot
	try    []uint32 // rows to look up
	found  []uint32 // rows whose candidate is to be compared
	again  []uint32
	s      vec.Scratch
}

// read returns the columns, good until the next read. What stands under nulls is arbitrary and, for text, must not be looked at.
func (r *colsReader) read(l *keyLayout, keys []vec.Vec, rows int) []keyColumn {
	r.s.Reset()
	r.cols = grow(r.cols, len(keys))
	if len(r.words.dict) < len(keys) {
		r.words.dict = make([]dictWords, len(keys))
	}
	for i := range keys {
		c := &r.cols[i]
		if l.cols[i].phys != vec.View {
			c.words = grow(c.words, max(rows, 1))
			r.words.load(c.words[:rows], i, &keys[i])
			continue
		}
		var flat vec.Vec
		vec.Decode(&flat, &keys[i], &r.s)
		c.words, c.heads, c.bufs = nil, vec.Of[vec.ViewHeader](&flat), flat.Bufs
	}
	return r.cols
}

// hashRows writes a hash of each row's key; rows that are not valid (nil: all are) get any.
func hashRows(dst []uint64, cols []keyColumn, valid []uint64) {
	clear(dst)
	for c := range cols {
		k := &cols[c]
		if k.words != nil {
			words := k.words[:len(dst)]
			for i, w := range words {
				dst[i] = hash.Combine(dst[i], hash.Word(w))
			}
			continue
		}
		for i := range dst {
			if valid != nil && valid[i>>6]>>(uint(i)&63)&1 == 0 {
				continue
			}
			h := &k.heads[i]
			a, b := halves(h)
			dst[i] = hash.Combine(dst[i], hashView(h, a, b, k.bufs))
		}
	}
}

func newCols(cols []keyColumn, rows int, l *linker) *colsIndex {
	x := &colsIndex{slots: make([]bytesSlot, slotCount(rows)), cols: cols}
	const block = 4096
	var hashes [block]uint64
	m := uint64(len(x.slots) - 1)
	for end := rows; end > 0; end -= min(end, block) {
		from := max(end-block, 0)
		hashRows(hashes[:end-from], tail(cols, from), nil)
		for r := end - 1; r >= from; r-- {
			h := hashes[r-from]
			e := x.find(r, h, m)
			if e.head != 0 {
				l.link(r, e.head)
			}
			*e = bytesSlot{hash: uint32(h >> 32), head: uint32(r) + 1}
		}
	}
	return x
}

// tail is the columns from a row on.
func tail(cols []keyColumn, row int) []keyColumn {
	out := make([]keyColumn, len(cols))
	for i, c := range cols {
		if c.words != nil {
			out[i].words = c.words[row:]
		} else {
			out[i].heads, out[i].bufs = c.heads[row:], c.bufs
		}
	}
	return out
}

// find returns the slot that holds the key of build row r, or the empty one where it belongs.
func (x *colsIndex) find(r int, h, m uint64) *bytesSlot {
	tag := uint32(h >> 32)
	for s := h & m; ; s = (s + 1) & m {
		e := &x.slots[s]
		if e.head == 0 || e.hash == tag && x.sameRow(r, int(e.head)-1) {
			return e
		}
	}
}

func (x *colsIndex) sameRow(a, b int) bool {
	for c := range x.cols {
		if !x.cols[c].equal(a, &x.cols[c], b) {
			return false
		}
	}
	return true
}

// lookup finds the keys of a batch, whose columns r.read gave.
func (x *colsIndex) lookup(dst []uint32, r *colsReader, valid []uint64) {
	n := len(dst)
	r.hashes, r.pos = grow(r.hashes, n), grow(r.pos, n)
	r.try, r.found, r.again = grow(r.try, n)[:0], grow(r.found, n)[:0], grow(r.again, n)[:0]
	hashRows(r.hashes, r.cols, valid)
	m := uint64(len(x.slots) - 1)
	for i := range dst {
		if valid != nil && valid[i>>6]>>(uint(i)&63)&1 == 0 {
			dst[i] = 0
			continue
		}
		r.pos[i] = uint32(r.hashes[i] & m)
		r.try = append(r.try, uint32(i))
	}
	for len(r.try) > 0 {
		x.candidates(dst, r)
		r.again = r.again[:0]
		for c := range x.cols {
			x.compare(dst, r, c)
		}
		for _, i := range r.again {
			r.pos[i] = uint32((uint64(r.pos[i]) + 1) & m)
		}
		r.try, r.again = r.again, r.try
	}
}

// candidates finds for each row to try the next slot with its hash, or an empty one: that row is done.
func (x *colsIndex) candidates(dst []uint32, r *colsReader) {
	slots, m := x.slots, uint64(len(x.slots)-1)
	r.found = r.found[:0]
	far := len(slots)*int(unsafe.Sizeof(bytesSlot{})) >= touchBytes
	for k, i := range r.try {
		if far && k%touchBlock == 0 {
			touchHashed(r.try[k:min(k+touchBlock, len(r.try))], r.pos, slots)
		}
		tag, s := uint32(r.hashes[i]>>32), uint64(r.pos[i])
		e := &slots[s&m]
		for e.head != 0 && e.hash != tag {
			s = (s + 1) & m
			e = &slots[s]
		}
		dst[i], r.pos[i] = e.head, uint32(s)
		if e.head != 0 {
			r.found = append(r.found, i)
		}
	}
}

// compare keeps the found rows whose candidate has an equal value in column c; the others are to be tried again.
func (x *colsIndex) compare(dst []uint32, r *colsReader, c int) {
	have, want := &x.cols[c], &r.cols[c]
	kept := r.found[:0]
	if have.words != nil {
		for _, i := range r.found {
			if have.words[dst[i]-1] == want.words[i] {
				kept = append(kept, i)
			} else {
				r.again = append(r.again, i)
			}
		}
	} else {
		far := len(have.heads)*int(unsafe.Sizeof(vec.ViewHeader{})) >= touchBytes
		for k, i := range r.found {
			if far && k%touchBlock == 0 {
				touchHeads(r.found[k:min(k+touchBlock, len(r.found))], dst, have.heads)
			}
			if equalViews(&have.heads[dst[i]-1], have.bufs, &want.heads[i], want.bufs) {
				kept = append(kept, i)
			} else {
				r.again = append(r.again, i)
			}
		}
	}
	r.found = kept
}
