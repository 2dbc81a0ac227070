package parquetio

import (
	"hash/crc32"
	"math"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// leafMode is how the values of a column chunk are encoded.
type leafMode uint8

const (
	modeProbe leafMode = iota // as codes, but the first page decides
	modeDict
	modePlain
	modeDelta // integers as differences where a page is smaller so, else plain
)

// leafWriter encodes a column of a row group: it fills one page after the other.
type leafWriter struct {
	g    *RowGroup
	l    *writeLeaf
	mode leafMode

	// The page in the making: entries are values, nulls and empty lists.
	rows, entries, nulls int
	valid                []byte  // a bit an entry, of flat columns that may be null
	reps, defs           []uint8 // of all others with levels
	codes                []uint32
	text                 int    // bytes of text that codes stand for, while the first page decides
	plain                []byte // values in plain encoding; bits for booleans
	bits                 int    // booleans in plain
	bounds               writeBounds

	d32 numDict[uint32]
	d64 numDict[uint64]
	dt  textDict

	// Of the chunk.
	meta     columnMeta
	firstRow int64
	all      writeBounds
	known    int // entries of the dictionary when the page began
	badPages int // pages in a row for which codes did not pay
	tries    int // pages that were not smaller compressed, in a row
	skip     int // pages to leave uncompressed before the next try
	bloom    *bloomFilter

	*leafScratch // of the row group
}

// leafMemory is the memory of a row group's leaves, which goes on to the next row group.
type leafMemory struct {
	leaves []leafWriter
	leafScratch
}

// leafScratch is what one leaf after the other uses: nothing in it lives from one call of a leaf to the next.
type leafScratch struct {
	idx     []int32
	n32     []uint32
	n64     []uint64
	fixed   []byte
	heads   []vec.ViewHeader
	body    []byte
	packed  []byte
	headBuf thriftEncoder
}

func (s *leafScratch) bytes() int64 {
	return int64(4*cap(s.idx) + 4*cap(s.n32) + 8*cap(s.n64) + cap(s.fixed) + 16*cap(s.heads) + cap(s.body) + cap(s.packed) + cap(s.headBuf.b))
}

// begin makes w ready for a column chunk. It keeps the memory of the last one, whose values are forgotten.
func (w *leafWriter) begin(g *RowGroup, l *writeLeaf) {
	w.g, w.l, w.leafScratch = g, l, &g.memory.leafScratch
	w.meta, w.all, w.bloom = columnMeta{}, writeBounds{}, nil
	w.firstRow, w.badPages, w.tries, w.skip, w.known = 0, 0, 0, 0, 0
	w.emptyPage()
	w.d32.reset()
	w.d64.reset()
	w.dt.reset()
	w.dt.prefixed = l.elem.typ == physByteArray
	w.mode = modeProbe
	if l.elem.typ == physBoolean || l.conv == writeNull {
		w.mode = modePlain
	}
}

// emptyPage begins the next page.
func (w *leafWriter) emptyPage() {
	w.rows, w.entries, w.nulls, w.bits, w.text, w.known = 0, 0, 0, 0, 0, w.dictLen()
	w.valid, w.reps, w.defs, w.codes, w.plain = w.valid[:0], w.reps[:0], w.defs[:0], w.codes[:0], w.plain[:0]
	w.bounds.reset()
}

// bytes is the memory the writer takes beside finished pages and scratch.
func (w *leafWriter) bytes() int {
	n := cap(w.valid) + cap(w.reps) + cap(w.defs) + 4*cap(w.codes) + cap(w.plain) + w.d32.bytes() + w.d64.bytes() + w.dt.bytes()
	if w.bloom != nil {
		n += len(w.bloom.bits) * 8
	}
	return n
}

// dictLen is how many values the dictionary has.
func (w *leafWriter) dictLen() int { return len(w.d32.vals) + len(w.d64.vals) + w.dt.size() }

// dictBytes is the bytes of the dictionary's values, plain-encoded.
func (w *leafWriter) dictBytes() int {
	return 4*len(w.d32.vals) + 8*len(w.d64.vals) + len(w.dt.arena)
}

// addFlat adds a column without levels but that of nulls.
func (w *leafWriter) addFlat(v *vec.Vec) *fault.Error {
	if v.Phys != w.l.phys && v.Phys != vec.Null {
		return checkPhys(&writeNode{kind: kindLeaf, leaf: w.l}, v)
	}
	for from := 0; from < v.Len; {
		n := w.span(v, from, min(v.Len-from, pageRows-w.rows))
		if err := w.addSpan(v, from, n); err != nil {
			return err
		}
		from += n
		if w.pageFull() {
			if err := w.flush(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// addSpan adds n rows, which the page takes.
func (w *leafWriter) addSpan(v *vec.Vec, from, n int) *fault.Error {
	s := selection{from: from, n: n}
	if w.l.maxDef > 0 {
		w.addValid(v, &s)
	} else if v.Phys == vec.Null && n > 0 || v.Valid != nil || v.Dict != nil && hasNulls(&v.Dict.Values) {
		for i := from; i < from+n; i++ {
			if !v.ValidAt(i) {
				return errNotNullable()
			}
		}
	}
	w.rows += n
	w.entries += n
	w.countText(v, s)
	return w.values(v, s)
}

// addNested adds the slots of a nested column, whole rows a page.
func (w *leafWriter) addNested(v *vec.Vec, at *levels) *fault.Error {
	for from := 0; from < len(at.idx); {
		to := w.nestedSpan(v, at, from)
		w.idx = w.idx[:0]
		for i := from; i < to; i++ {
			if at.rep[i] == 0 {
				w.rows++
			}
			if at.idx[i] >= 0 {
				w.idx = append(w.idx, at.idx[i])
			}
		}
		if w.l.maxRep > 0 {
			w.reps = append(w.reps, at.rep[from:to]...)
		}
		if w.l.maxDef > 0 {
			w.defs = append(w.defs, at.def[from:to]...)
		}
		w.entries += to - from
		w.nulls += to - from - len(w.idx)
		if len(w.idx) > 0 {
			s := selection{n: len(w.idx), idx: w.idx}
			w.countText(v, s)
			if err := w.values(v, s); err != nil {
				return err
			}
		}
		from = to
		if w.pageFull() {
			if err := w.flush(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// countText counts what text would take without a dictionary, as long as it may come to that.
func (w *leafWriter) countText(v *vec.Vec, s selection) {
	if w.mode == modeProbe && v.Phys == vec.View {
		w.text += textBytes(v, s)
	}
}

// pageFull says that the page has its rows or its bytes. The page that decides whether there is a dictionary may have to do without, and
// one in which the dictionary gets too large is the last that adds to it.
func (w *leafWriter) pageFull() bool {
	const maxEntries = 2 * pageRows
	if w.rows >= pageRows || w.entries >= maxEntries || len(w.plain) >= w.g.e.o.PageBytes {
		return true
	}
	if len(w.codes) == 0 {
		return false
	}
	return w.text >= maxDictBytes || w.dictBytes() >= maxDictBytes || len(w.codes)*int(codeWidth(w.dictLen()))/8 >= w.g.e.o.PageBytes
}

// flush ends the page. last says that no more rows come.
func (w *leafWriter) flush(last bool) *fault.Error {
	if w.entries == 0 {
		return nil
	}
	if w.mode == modeProbe && (len(w.codes) > 0 || last) {
		w.decide(last)
	}
	w.body = w.appendLevels(w.body[:0])
	enc, limit := encPlain, w.dictLen()
	if w.mode <= modeDict {
		w.codeBounds()
		enc = encRLEDict
		width := codeWidth(limit)
		w.body = appendHybrid(append(w.body, byte(width)), w.codes, width)
	} else {
		enc = w.appendValues()
	}
	if err := w.page(enc); err != nil {
		return err
	}
	if w.mode == modeDict {
		w.checkDict()
	}
	w.emptyPage()
	return nil
}

// appendValues appends the values of a page without dictionary.
func (w *leafWriter) appendValues() encoding {
	if w.mode == modeDelta {
		at := len(w.body)
		if w.l.elem.typ == physInt32 {
			w.body = appendDelta(w.body, as[uint32](w.plain))
		} else {
			w.body = appendDelta(w.body, as[uint64](w.plain))
		}
		if len(w.body)-at < len(w.plain) {
			return encDeltaBinary
		}
		w.body = w.body[:at]
	}
	w.body = append(w.body, w.plain...)
	return encPlain
}

// appendLevels appends the levels of the page, each kind with its length before it.
func (w *leafWriter) appendLevels(dst []byte) []byte {
	for _, k := range [2]struct {
		most   uint8
		levels []uint8
	}{{w.l.maxRep, w.reps}, {w.l.maxDef, w.defs}} {
		if k.most == 0 {
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		switch {
		case len(k.levels) > 0:
			dst = appendHybrid(dst, k.levels, codeWidth(int(k.most)+1))
		case w.nulls == 0:
			dst = appendRun(dst, w.entries, 1, 1)
		default:
			dst = appendBits(dst, w.valid, w.entries)
		}
		putLength(dst[at:], len(dst)-at-4)
	}
	return dst
}

func putLength(b []byte, n int) {
	b[0], b[1], b[2], b[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
}

// page stores body as a data page.
func (w *leafWriter) page(enc encoding) *fault.Error {
	if len(w.body) > math.MaxInt32-1<<20 {
		return fault.New(fault.Data, writeOp, "a page of the column would take %d bytes, Parquet has at most 2 GiB", len(w.body)).WithHint("values of one row this long do not fit")
	}
	p := pageMeta{typ: pageData, enc: enc, values: w.entries, nulls: w.nulls, firstRow: w.firstRow, uncompressed: len(w.body)}
	b := w.bounds.store(w.l)
	p.min, p.max = b.min, b.max
	if p.max == nil { // too long and without a successor: the index needs both or none
		p.min = nil
	}
	if err := w.compressPage(&p, w.body); err != nil {
		return err
	}
	w.all.merge(&w.bounds, w.l)
	for i, e := range writtenEncodings {
		if e == enc {
			w.meta.encPages[i]++
		}
	}
	w.meta.values += int64(w.entries)
	w.meta.nulls += int64(w.nulls)
	w.firstRow += int64(w.rows)
	w.meta.pages = append(w.meta.pages, p)
	return nil
}

// worthwhile says whether so many bytes compressed are better than the raw ones, which are faster to read.
func worthwhile(compressed, raw int) bool { return compressed < raw-raw/16 }

// compressPage stores the body of a page. After pages that did not shrink the next ones are stored raw without trying; finish makes one codec of them.
func (w *leafWriter) compressPage(p *pageMeta, body []byte) *fault.Error {
	codec := w.g.e.codec
	if codec != codecNone && w.skip == 0 {
		var err error
		if w.packed, err = w.g.e.compress(w.packed, body); err != nil {
			return &fault.Error{Kind: fault.Internal, Op: writeOp, Err: err}
		}
		if worthwhile(len(w.packed), len(body)) {
			w.tries = 0
			p.payload = w.g.store.keep(w.packed)
			return nil
		}
		w.tries = min(w.tries+1, 4)
		w.skip = 1 << w.tries
	}
	if w.skip > 0 {
		w.skip--
	}
	p.raw = true
	p.payload = w.g.store.keep(body)
	return nil
}

// finish ends the chunk and gives its description.
func (w *leafWriter) finish(m *columnMeta) *fault.Error {
	if err := w.flush(true); err != nil {
		return err
	}
	if err := w.dictPage(); err != nil {
		return err
	}
	if err := w.settleCodec(); err != nil {
		return err
	}
	if w.l.bloom {
		w.meta.bloom = w.finishBloom()
	}
	w.meta.bounds = w.all.store(w.l)
	for i := -1; i < len(w.meta.pages); i++ {
		p := w.meta.dict
		if i >= 0 {
			p = &w.meta.pages[i]
		}
		if p != nil {
			p.crc = crc32.ChecksumIEEE(p.payload)
			w.headBuf.b = w.headBuf.b[:0]
			p.encodeHeader(&w.headBuf)
			p.header = w.g.store.keep(w.headBuf.b)
		}
	}
	*m = w.meta
	return nil
}

// dictPage makes the dictionary page where any page has codes.
func (w *leafWriter) dictPage() *fault.Error {
	if w.meta.encPages[1] == 0 {
		return nil
	}
	body := w.dt.arena
	switch {
	case len(w.d32.vals) > 0:
		body = raw(w.d32.vals)
	case len(w.d64.vals) > 0:
		body = raw(w.d64.vals)
	}
	p := &pageMeta{typ: pageDict, values: w.dictLen(), uncompressed: len(body)}
	w.meta.dictValues = p.values
	w.skip = 0
	if err := w.compressPage(p, body); err != nil {
		return err
	}
	w.meta.dict = p
	return nil
}

// settleCodec gives all pages one codec: none where no page shrank, else raw pages are put into the codec's form.
func (w *leafWriter) settleCodec() *fault.Error {
	m := &w.meta
	pages := make([]*pageMeta, 0, len(m.pages)+1)
	if m.dict != nil {
		pages = append(pages, m.dict)
	}
	for i := range m.pages {
		pages = append(pages, &m.pages[i])
	}
	m.codec = codecNone
	for _, p := range pages {
		if !p.raw {
			m.codec = w.g.e.codec
		}
	}
	if m.codec == codecNone {
		return nil
	}
	for _, p := range pages {
		if !p.raw {
			continue
		}
		var ok bool
		if w.packed, ok = appendStored(m.codec, w.packed[:0], p.payload); !ok {
			var err error
			if w.packed, err = w.g.e.compress(w.packed, p.payload); err != nil {
				return &fault.Error{Kind: fault.Internal, Op: writeOp, Err: err}
			}
		}
		p.raw, p.payload = false, w.g.store.keep(w.packed)
	}
	return nil
}
