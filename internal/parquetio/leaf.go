package parquetio

import (
	"context"
	"errors"
	"fmt"

	"github.com/sheafdata/sheaf/fault"
)

// leafReader decodes one column chunk as a stream of rows. Each read decodes the next rows from the pages straight into out, the
// buffers of the batch being made: nothing as large as a page is kept besides the page's own bytes.
type leafReader struct {
	f     *File
	leaf  *leaf
	group int
	mem   *arena
	codec int32
	src   source

	ctx      context.Context // of the call of Next that is on
	row      int64           // the row of the row group that comes next
	page     page
	dict     *dictionary
	seenData bool
	expect   int64 // rows of the next page by the page directory, 0 unknown
	keepDict bool  // codes are given as they are, for a dictionary array
	spelt    bool  // keepDict is off for the batch at hand
	utf8     UTF8Mode

	out leafOut

	// levels of nested columns, decoded and not taken yet
	defs, reps []uint8
	levelPos   int

	slotDef uint8    // as in column
	nested  bool     // the column's levels are needed, not only its values
	last    []byte   // valuesPrefix: the last value
	scratch []byte   // physical values before conversion
	scraps  [][]byte // buffers of the current page besides its data
	pinned  [][]byte // pages that the batch has views of
	side    []byte   // bytes of the batch's views that are in no page
}

// leafOut is what a leaf has for the batch.
type leafOut struct {
	n     int    // slots
	nulls int    // of them null
	valid []byte // a bit a slot
	dense bool   // no slot of a flat column is null so far, and valid is not written
	data  []byte // values, codes or bits
	codes bool   // data has dictionary codes
	bufs  [][]byte
	// nested columns: the level pairs of the batch
	defs, reps []uint8
}

// UTF8Mode says what happens to text that is not valid UTF-8.
type UTF8Mode uint8

// The modes.
const (
	UTF8Error   UTF8Mode = iota // is an error that names its place
	UTF8Replace                 // gets U+FFFD for what is invalid
	UTF8Keep                    // is given as it is
)

func (f *File) newLeafReader(c *column, top bool, mem *arena, o *ReadOptions, window int) (*leafReader, error) {
	l, group := c.leaf, o.RowGroup
	chunk := &f.meta.groups[group].cols[l.index]
	r := &leafReader{f: f, leaf: l, group: group, mem: mem, codec: chunk.codec, utf8: o.UTF8, slotDef: c.slotDef}
	switch {
	case chunk.encrypted:
		return nil, r.fail(errors.New("the column is encrypted, which is not supported"))
	case chunk.external:
		return nil, r.fail(errors.New("the column chunk is in another file, which is not supported"))
	}
	r.nested = !top || !c.flat()
	r.keepDict = o.KeepDictionaries && l.out == outView && !r.nested
	start, end := chunk.span()
	r.src = source{f: f, mem: mem, off: start, end: end, stop: end, winSize: int(min(int64(window), max(end-start, 1)))}
	r.page.bufIndex = -1
	return r, nil
}

// until tells that no row from row on will be read.
func (r *leafReader) until(row int64) {
	if row >= r.f.meta.groups[r.group].rows || r.unread() {
		return
	}
	if end := r.f.directory(r.group, r.leaf).endOf(row - 1); end > 0 {
		r.src.stop = end
	}
}

// fail makes err an error that names the column's place. Memory faults keep their kind.
func (r *leafReader) fail(err error) error {
	var fe *fault.Error
	if errors.As(err, &fe) {
		if fe.File == "" {
			fe.File, fe.Column = r.f.name, r.leaf.path
		}
		return fe
	}
	place := fmt.Sprintf("row group %d", r.group)
	if r.page.no > 0 {
		place += fmt.Sprintf(", page %d at %d", r.page.no, r.page.off)
	}
	return &fault.Error{Kind: fault.Input, Op: op, File: r.f.name, Column: r.leaf.path, Err: fmt.Errorf("%s: %w", place, err)}
}

// begin starts a batch: the buffers of the last one may be reused from here on.
func (r *leafReader) begin() {
	for _, b := range r.pinned {
		r.mem.put(b)
	}
	r.pinned = r.pinned[:0]
	if r.spelt {
		r.keepDict, r.spelt = true, false
	}
	o := &r.out
	o.n, o.nulls, o.dense, o.bufs = 0, 0, true, o.bufs[:0]
	o.defs, o.reps = o.defs[:0], o.reps[:0]
	r.side = nil
	r.page.bufIndex = -1
}

// reserve makes room for n slots in all.
func (r *leafReader) reserve(n int) error {
	o := &r.out
	var err error
	if o.valid, err = r.mem.grow(o.valid, (n+7)/8); err != nil {
		return err
	}
	size := n * r.leaf.width
	switch {
	case o.codes:
		size = n * 4
	case r.leaf.out == outBool:
		size = (n + 7) / 8
	case r.leaf.out == outNull:
		size = 0
	}
	o.data, err = r.mem.grow(o.data, size)
	return err
}

// readFlat reads the next n rows of a column without lists and with at most one level.
func (r *leafReader) readFlat(n int) error {
	if err := r.reserve(r.out.n + n); err != nil {
		return err
	}
	end := r.out.n + n
	for r.out.n < end {
		if r.page.left == 0 {
			if err := r.nextPage(); err != nil {
				return err
			}
			if r.out.codes != (r.keepDict && r.page.kind == valuesDict) {
				return errors.New("the encoding of a page changed while it was read")
			}
		}
		if err := r.readSlots(min(end-r.out.n, r.page.left)); err != nil {
			return err
		}
	}
	r.row += int64(n)
	return nil
}

// readSlots reads the next m slots of the current page.
func (r *leafReader) readSlots(m int) error {
	o := &r.out
	k := m
	if r.leaf.maxDef > 0 && !(o.dense && r.page.def.ones(m)) {
		if o.dense {
			fillBits(o.valid, 0, o.n, true)
			o.dense = false
		}
		var err error
		if k, err = r.page.def.bits(o.valid, o.n, m); err != nil {
			return err
		}
		o.nulls += m - k
	}
	if err := r.values(o.n, m, k); err != nil {
		return err
	}
	o.n += m
	r.page.left -= m
	return nil
}

// skipFlat passes over n rows, n > 0.
func (r *leafReader) skipFlat(n int64) error {
	r.row += n
	for n > 0 {
		if r.page.left == 0 {
			skipped, err := r.skipPage(n)
			if err != nil {
				return err
			}
			n -= skipped
			continue
		}
		m := int(min(n, int64(r.page.left), skipStep))
		if err := r.skipSlots(m); err != nil {
			return err
		}
		n -= int64(m)
	}
	return nil
}

// skipStep is how many levels are decoded at once to be thrown away.
const skipStep = 4096

// skipPage passes over the next page if it has at most n values, without reading its bytes, else opens it.
func (r *leafReader) skipPage(n int64) (int64, error) {
	var h pageHeader
	l, err := r.src.header(r.src.off, &h)
	if err != nil {
		return 0, err
	}
	if (h.typ == pageData || h.typ == pageDataV2) && int64(h.values) <= n {
		r.dropPage()
		r.page.no++
		r.page.off = r.src.off
		r.seenData = true
		r.src.off += int64(l) + int64(h.compressed)
		return int64(h.values), nil
	}
	return 0, r.nextPage()
}

func (r *leafReader) skipSlots(m int) error {
	k := m
	if r.leaf.maxDef > 0 {
		var buf [skipStep/8 + 8]byte
		var err error
		if k, err = r.page.def.bits(buf[:], 0, m); err != nil {
			return err
		}
	}
	r.page.left -= m
	return r.skipValues(k)
}

// seek moves to a row at or after the current one.
func (r *leafReader) seek(row int64) error {
	if row == r.row {
		return nil
	}
	if row < r.row {
		return errors.New("internal: rows are read backwards")
	}
	if r.page.left == 0 || r.nested || row-r.row > int64(r.page.left) {
		if err := r.jump(row); err != nil {
			return err
		}
	}
	if row == r.row {
		return nil
	}
	if !r.nested {
		return r.skipFlat(row - r.row)
	}
	return r.skipNested(row - r.row)
}

// jump goes to the page that holds row, where the page directory knows it.
func (r *leafReader) jump(row int64) error {
	dir := r.f.directory(r.group, r.leaf)
	i := dir.find(row)
	if i < 0 || dir.pages[i].row <= r.row {
		return nil
	}
	if !r.seenData && r.dict == nil {
		window := r.src.winSize
		r.src.winSize = min(window, minWindow)
		if err := r.firstDictionary(); err != nil {
			return err
		}
		r.src.winSize = window
	}
	r.dropPage()
	r.levelPos = 0
	r.defs, r.reps = r.defs[:0], r.reps[:0]
	r.seenData = true
	r.src.off = dir.pages[i].off
	r.expect = dir.rows(i)
	r.page.no = i
	r.row = dir.pages[i].row
	return nil
}

// firstDictionary loads the dictionary page where the chunk starts with one.
func (r *leafReader) firstDictionary() error {
	var h pageHeader
	l, err := r.src.header(r.src.off, &h)
	if err != nil {
		return err
	}
	if h.typ != pageDict {
		return nil
	}
	off := r.src.off
	r.page.no, r.page.off = 1, off
	r.src.off += int64(l) + int64(h.compressed)
	return r.loadDictionary(off, l, &h)
}

// peekDict says whether the next data page has codes, and how many values, without leaving the current one. At the chunk's end it
// returns 0 values.
func (r *leafReader) peekDict(off int64) (codes bool, values int, next int64, err error) {
	var h pageHeader
	for {
		l, err := r.src.header(off, &h)
		if err == errChunkEnds {
			return false, 0, off, nil
		}
		if err != nil {
			return false, 0, off, err
		}
		off += int64(l) + int64(h.compressed)
		if (h.typ == pageData || h.typ == pageDataV2) && h.values > 0 {
			return h.enc.isDict(), int(h.values), off, nil
		}
	}
}

// alike returns how many of the next n rows come as the same kind of array: as codes, where dictionaries are kept and the pages are
// dictionary-encoded, or else as values.
func (r *leafReader) alike(n int) (codes bool, rows int, err error) {
	if !r.keepDict {
		return false, n, nil
	}
	off, have := r.src.off, r.page.left
	if have > 0 {
		codes = r.page.kind == valuesDict
	} else {
		var values int
		if codes, values, off, err = r.peekDict(off); err != nil || values == 0 {
			return codes, n, err
		}
		have = values
	}
	for have < n {
		next, values, after, err := r.peekDict(off)
		if err != nil {
			return codes, 0, err
		}
		if values == 0 || next != codes {
			break
		}
		have += values
		off = after
	}
	return codes, min(have, n), nil
}
