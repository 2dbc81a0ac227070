package parquetio

import (
	"encoding/binary"
)

// thriftEncoder appends the thrift compact protocol to b; see thriftReader for the wire form.
type thriftEncoder struct {
	b     []byte
	last  int16
	stack []int16
}

func (w *thriftEncoder) field(id int16, typ byte) {
	if d := id - w.last; d > 0 && d < 16 {
		w.b = append(w.b, byte(d)<<4|typ)
	} else {
		w.b = binary.AppendVarint(append(w.b, typ), int64(id))
	}
	w.last = id
}

func (w *thriftEncoder) i32(id int16, v int32) {
	w.field(id, tI32)
	w.b = binary.AppendVarint(w.b, int64(v))
}

func (w *thriftEncoder) i64(id int16, v int64) {
	w.field(id, tI64)
	w.b = binary.AppendVarint(w.b, v)
}

func (w *thriftEncoder) bool(id int16, v bool) {
	if v {
		w.field(id, tTrue)
	} else {
		w.field(id, tFalse)
	}
}

func (w *thriftEncoder) bytes(id int16, v []byte) {
	w.field(id, tBinary)
	w.rawBytes(v)
}

func (w *thriftEncoder) rawBytes(v []byte) {
	w.b = append(binary.AppendUvarint(w.b, uint64(len(v))), v...)
}

func (w *thriftEncoder) string(id int16, s string) {
	w.field(id, tBinary)
	w.rawString(s)
}

func (w *thriftEncoder) rawString(s string) {
	w.b = append(binary.AppendUvarint(w.b, uint64(len(s))), s...)
}

func (w *thriftEncoder) list(id int16, elem byte, n int) {
	w.field(id, tList)
	if n < 15 {
		w.b = append(w.b, byte(n)<<4|elem)
		return
	}
	w.b = binary.AppendUvarint(append(w.b, 0xf0|elem), uint64(n))
}

// begin starts a struct, as field id or, with id 0, as an element of a list or the outermost value.
func (w *thriftEncoder) begin(id int16) {
	if id != 0 {
		w.field(id, tStruct)
	}
	w.stack = append(w.stack, w.last)
	w.last = 0
}

func (w *thriftEncoder) end() {
	w.b = append(w.b, tStop)
	w.last = w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
}

// empty writes a struct without fields.
func (w *thriftEncoder) empty(id int16) {
	w.begin(id)
	w.end()
}

// encodePageHeader appends a page header; nullable says that definition levels exist.
func (p *pageMeta) encodeHeader(w *thriftEncoder) {
	w.begin(0)
	w.i32(1, p.typ)
	w.i32(2, int32(p.uncompressed))
	w.i32(3, int32(len(p.payload)))
	w.i32(4, int32(p.crc))
	if p.typ == pageDict {
		w.begin(7)
		w.i32(1, int32(p.values))
		w.i32(2, int32(encPlain))
		w.end()
	} else {
		w.begin(5)
		w.i32(1, int32(p.values))
		w.i32(2, int32(p.enc))
		w.i32(3, int32(encRLE))
		w.i32(4, int32(encRLE))
		w.end()
	}
	w.end()
}

// encodeSchemaElement appends an element of the flattened schema.
func encodeSchemaElement(w *thriftEncoder, e *schemaElement) {
	w.begin(0)
	if e.hasType {
		w.i32(1, int32(e.typ))
		if e.typ == physFixed {
			w.i32(2, e.typeLen)
		}
	}
	if e.rep >= 0 {
		w.i32(3, e.rep)
	}
	w.string(4, e.name)
	if !e.hasType {
		w.i32(5, e.children)
	}
	if e.conv != convNone {
		w.i32(6, e.conv)
	}
	if e.logical.kind == logDecimal {
		w.i32(7, e.scale)
		w.i32(8, e.prec)
	}
	if e.fieldID >= 0 {
		w.i32(9, e.fieldID)
	}
	if e.logical.kind != logNone {
		w.begin(10)
		e.logical.encode(w)
		w.end()
	}
	w.end()
}

func (l *logicalType) encode(w *thriftEncoder) {
	w.begin(l.kind)
	switch l.kind {
	case logDecimal:
		w.i32(1, l.scale)
		w.i32(2, l.prec)
	case logTime, logTimestamp:
		w.bool(1, l.utc)
		w.begin(2)
		w.empty(l.unit)
		w.end()
	case logInteger:
		w.field(1, tByte)
		w.b = append(w.b, byte(l.bitWidth))
		w.bool(2, l.signed)
	}
	w.end()
}

// Footer returns what follows the row groups in a file: the page index and the footer. at is where it starts in the file; chunks are
// its row groups in the order in which readers shall see them, which need not be that of the bytes.
func (e *Encoder) Footer(chunks []Placed, at int64) ([]byte, error) {
	w := &thriftEncoder{}
	places := make([][]indexPlace, len(chunks))
	if !e.o.NoPageIndex {
		for i := range chunks {
			places[i] = make([]indexPlace, len(chunks[i].Chunk.cols))
		}
		e.columnIndexes(w, chunks, places, at)
		e.offsetIndexes(w, chunks, places, at)
	}
	start := len(w.b)
	e.fileMeta(w, chunks, places)
	if n := len(w.b) - start; n > maxFooter {
		return nil, writeFault("the footer would take %d bytes", n).WithHint("write larger row groups or several files")
	}
	w.b = binary.LittleEndian.AppendUint32(w.b, uint32(len(w.b)-start))
	return append(w.b, magic...), nil
}

// indexPlace is where the indexes of a column chunk are in the file; lengths of 0 say that there is none.
type indexPlace struct {
	columnOff, offsetOff int64
	columnLen, offsetLen int32
}

func (e *Encoder) columnIndexes(w *thriftEncoder, chunks []Placed, places [][]indexPlace, at int64) {
	for i := range chunks {
		for j := range chunks[i].Chunk.cols {
			index := chunks[i].Chunk.cols[j].index
			if len(index) == 0 {
				continue
			}
			from := len(w.b)
			w.b = append(w.b, index...)
			places[i][j].columnOff, places[i][j].columnLen = at+int64(from), int32(len(w.b)-from)
		}
	}
}

func (e *Encoder) offsetIndexes(w *thriftEncoder, chunks []Placed, places [][]indexPlace, at int64) {
	for i := range chunks {
		base := chunks[i].Offset
		for j := range chunks[i].Chunk.cols {
			from := len(w.b)
			chunks[i].Chunk.cols[j].encodeOffsetIndex(w, base)
			places[i][j].offsetOff, places[i][j].offsetLen = at+int64(from), int32(len(w.b)-from)
		}
	}
}

// indexable says whether every page with values has bounds, as the column index demands. Pages of NaN alone have none.
func (c *columnMeta) indexable() bool {
	for i := range c.pages {
		if p := &c.pages[i]; p.nulls < p.values && p.min == nil {
			return false
		}
	}
	return len(c.pages) > 0
}

func (c *columnMeta) encodeColumnIndex(w *thriftEncoder, l *writeLeaf) {
	n := len(c.pages)
	w.begin(0)
	w.list(1, tTrue, n)
	for i := range c.pages {
		if c.pages[i].nulls == c.pages[i].values {
			w.b = append(w.b, tTrue)
		} else {
			w.b = append(w.b, tFalse)
		}
	}
	w.list(2, tBinary, n)
	for i := range c.pages {
		w.rawBytes(c.pages[i].min)
	}
	w.list(3, tBinary, n)
	for i := range c.pages {
		w.rawBytes(c.pages[i].max)
	}
	w.i32(4, c.boundaryOrder(l))
	w.list(5, tI64, n)
	for i := range c.pages {
		w.b = binary.AppendVarint(w.b, int64(c.pages[i].nulls))
	}
	w.end()
}

// boundaryOrder says whether the bounds of the pages ascend (1), descend (2) or neither (0).
func (c *columnMeta) boundaryOrder(l *writeLeaf) int32 {
	var last *pageMeta
	up, down := true, true
	for i := range c.pages {
		p := &c.pages[i]
		if p.min == nil {
			continue
		}
		if last != nil {
			lo, hi := l.compare(last.min, p.min), l.compare(last.max, p.max)
			up = up && lo <= 0 && hi <= 0
			down = down && lo >= 0 && hi >= 0
		}
		last = p
	}
	switch {
	case up:
		return 1
	case down:
		return 2
	}
	return 0
}

func (c *columnMeta) encodeOffsetIndex(w *thriftEncoder, base int64) {
	w.begin(0)
	w.list(1, tStruct, len(c.at))
	for i := range c.at {
		p := &c.at[i]
		w.begin(0)
		w.i64(1, base+p.off)
		w.i32(2, p.size)
		w.i64(3, p.row)
		w.end()
	}
	w.end()
}

// fileMeta appends the footer's thrift.
func (e *Encoder) fileMeta(w *thriftEncoder, chunks []Placed, places [][]indexPlace) {
	var rows int64
	groups := 0
	for i := range chunks {
		if chunks[i].Chunk.rows > 0 {
			groups++
			rows += chunks[i].Chunk.rows
		}
	}
	w.begin(0)
	w.i32(1, 2)
	w.list(2, tStruct, len(e.tree.elems))
	for i := range e.tree.elems {
		encodeSchemaElement(w, &e.tree.elems[i])
	}
	w.i64(3, rows)
	w.list(4, tStruct, groups)
	ordinal := int16(0)
	for i := range chunks {
		if chunks[i].Chunk.rows > 0 {
			e.rowGroup(w, &chunks[i], places[i], ordinal)
			ordinal++
		}
	}
	w.list(5, tStruct, 1)
	w.begin(0)
	w.string(1, arrowSchemaKey)
	w.string(2, e.tree.arrowSchema)
	w.end()
	w.string(6, "sheaf")
	w.list(7, tStruct, len(e.tree.leaves))
	for range e.tree.leaves {
		w.begin(0)
		w.empty(1)
		w.end()
	}
	w.end()
}

func (e *Encoder) rowGroup(w *thriftEncoder, p *Placed, places []indexPlace, ordinal int16) {
	c := p.Chunk
	var uncompressed, compressed int64
	w.begin(0)
	w.list(1, tStruct, len(c.cols))
	for j := range c.cols {
		uncompressed += c.cols[j].uncompressed
		compressed += c.cols[j].compressed
		w.begin(0)
		w.i64(2, 0)
		w.begin(3)
		c.cols[j].encode(w, e.tree.leaves[j], p.Offset)
		w.end()
		if places != nil {
			at := &places[j]
			w.i64(4, at.offsetOff)
			w.i32(5, at.offsetLen)
			if at.columnLen > 0 {
				w.i64(6, at.columnOff)
				w.i32(7, at.columnLen)
			}
		}
		w.end()
	}
	w.i64(2, uncompressed)
	w.i64(3, c.rows)
	w.i64(5, p.Offset)
	w.i64(6, compressed)
	if ordinal >= 0 { // more row groups than an i16 counts have no ordinal
		w.field(7, tI16)
		w.b = binary.AppendVarint(w.b, int64(ordinal))
	}
	w.end()
}

// encode appends the fields of the column chunk's metadata. base is where the row group starts in the file.
func (c *columnMeta) encode(w *thriftEncoder, l *writeLeaf, base int64) {
	w.i32(1, int32(l.elem.typ))
	c.encodeEncodings(w)
	w.list(3, tBinary, len(l.path))
	for _, name := range l.path {
		w.rawString(name)
	}
	w.i32(4, c.codec)
	w.i64(5, c.values)
	w.i64(6, c.uncompressed)
	w.i64(7, c.compressed)
	if len(c.at) > 0 {
		w.i64(9, base+c.at[0].off)
	} else {
		w.i64(9, base+c.off)
	}
	if c.dictValues > 0 {
		w.i64(11, base+c.off)
	}
	w.begin(12)
	w.i64(3, c.nulls)
	c.bounds.encode(w)
	w.end()
	c.encodeStats(w)
	if c.bloomLen > 0 {
		w.i64(14, base+c.bloomOff)
		w.i32(15, c.bloomLen)
	}
	if l.elem.typ == physByteArray {
		w.begin(16)
		w.i64(1, c.textBytes)
		w.end()
	}
}

// writtenEncodings are the encodings that data pages may have, in the order in which they are listed.
var writtenEncodings = [...]encoding{encPlain, encRLEDict, encDeltaBinary, encDeltaLength}

func (c *columnMeta) encodeEncodings(w *thriftEncoder) {
	list := []encoding{encRLE}
	for i, enc := range writtenEncodings {
		if c.encPages[i] > 0 || enc == encPlain && c.dictValues > 0 {
			list = append(list, enc)
		}
	}
	w.list(2, tI32, len(list))
	for _, enc := range list {
		w.b = binary.AppendVarint(w.b, int64(enc))
	}
}

// encodeStats appends how many pages have which encoding.
func (c *columnMeta) encodeStats(w *thriftEncoder) {
	n := 0
	for _, k := range c.encPages {
		if k > 0 {
			n++
		}
	}
	if c.dictValues > 0 {
		n++
	}
	w.list(13, tStruct, n)
	one := func(page int32, enc encoding, count int32) {
		w.begin(0)
		w.i32(1, page)
		w.i32(2, int32(enc))
		w.i32(3, count)
		w.end()
	}
	if c.dictValues > 0 {
		one(pageDict, encPlain, 1)
	}
	for i, k := range c.encPages {
		if k > 0 {
			one(pageData, writtenEncodings[i], k)
		}
	}
}
