package parquetio

import (
	"bytes"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// RowGroup collects rows and encodes them as they come: it holds the encoded pages and, of each column, one page in the making and the
// dictionary. One goroutine uses it at a time.
type RowGroup struct {
	e      *Encoder
	store  *pageStore
	leaves []leafWriter
	memory *leafMemory // the leaves and what they share
	// shreds is the levels of each node, scratch of nested columns.
	shreds []levels
	arrays vec.Scratch // of AddArrays
	vecs   []vec.Vec
	rows   int64
	err    error
}

// Begin starts a row group. alloc provides the buffers of its pages; nil is a pool of the process. The caller finishes or discards it.
func (e *Encoder) Begin(alloc memory.Allocator) *RowGroup {
	if alloc == nil {
		alloc = mem.Shared
	}
	g := &RowGroup{e: e, store: &pageStore{alloc: alloc}, shreds: make([]levels, e.tree.nodes)}
	var ok bool
	if g.memory, ok = e.used.take(); !ok {
		g.memory = &leafMemory{leaves: make([]leafWriter, len(e.tree.leaves))}
	}
	g.leaves = g.memory.leaves
	for i, l := range e.tree.leaves {
		g.leaves[i].begin(g, l)
	}
	return g
}

// Add encodes rows of the columns, which hold what the schema says: values of its types as vec lays them out. It keeps nothing of them,
// but the identity of dictionaries. After an error the row group is of no use but to discard.
func (g *RowGroup) Add(cols []vec.Vec, rows int) error {
	if g.err != nil {
		return g.err
	}
	if len(cols) != len(g.e.tree.columns) {
		return fault.New(fault.Internal, writeOp, "%d columns are given, the schema has %d", len(cols), len(g.e.tree.columns))
	}
	for i, n := range g.e.tree.columns {
		if cols[i].Len != rows {
			return fault.New(fault.Internal, writeOp, "a column has %d rows of %d", cols[i].Len, rows)
		}
		if err := g.column(n, &cols[i]); err != nil {
			err.Column = g.e.tree.columns[i].name(g.e.tree)
			g.err = err
			return err
		}
	}
	g.rows += int64(rows)
	return nil
}

// AddArrays is Add for Arrow arrays of any layout of the schema's types.
func (g *RowGroup) AddArrays(cols []arrow.Array, rows int) error {
	g.arrays.Reset()
	if len(g.vecs) != len(cols) {
		g.vecs = make([]vec.Vec, len(cols))
	}
	for i, a := range cols {
		g.vecs[i] = vec.Vec{}
		if err := vec.FromArrow(a, &g.vecs[i], &g.arrays); err != nil {
			return err
		}
	}
	return g.Add(g.vecs, rows)
}

func (g *RowGroup) column(n *writeNode, v *vec.Vec) *fault.Error {
	if n.kind == kindLeaf {
		return g.leaves[n.leaf.index].addFlat(v)
	}
	// So many rows at once that the levels stay small, however long the lists are.
	const step = 4096
	for from := 0; from < v.Len; from += step {
		top := &g.shreds[n.id]
		top.rows(from, min(step, v.Len-from))
		if err := g.shred(n, v, top); err != nil {
			return err
		}
	}
	return nil
}

// name is the name of a top-level column.
func (n *writeNode) name(t *writeTree) string {
	for n.kind != kindLeaf {
		n = n.children[0]
	}
	return n.leaf.path[0]
}

// Rows returns how many rows were added.
func (g *RowGroup) Rows() int64 { return g.rows }

// Bytes returns the memory that the row group takes, which changes with every Add: reserve it of the budget.
func (g *RowGroup) Bytes() int64 {
	return g.store.bytes + g.arrays.Bytes() + g.leafBytes()
}

// leafBytes is the memory of the pages in the making and the dictionaries.
func (g *RowGroup) leafBytes() int64 {
	if g.memory == nil {
		return 0
	}
	n := g.memory.leafScratch.bytes()
	for i := range g.leaves {
		n += int64(g.leaves[i].bytes())
	}
	return n
}

// spareBytes is the most memory of a row group that is kept for the next.
const spareBytes = 64 << 20

// Full says that the row group has its rows or its bytes: Finish it and begin the next.
func (g *RowGroup) Full() bool {
	return g.rows >= g.e.o.RowGroupRows || g.store.bytes >= rowGroupBytes
}

// Room returns how many rows are missing until the row group is full of rows, at least 1: give no more at once for row groups of equal
// size.
func (g *RowGroup) Room() int64 { return max(1, g.e.o.RowGroupRows-g.rows) }

// Discard releases the memory of a row group that will not be finished. It may be called after Finish, which it does not touch.
func (g *RowGroup) Discard() {
	if g.store != nil {
		g.store.free()
	}
	if g.memory != nil && g.leafBytes() <= spareBytes {
		g.e.used.put(g.memory)
	}
	g.store, g.leaves, g.memory = &pageStore{}, nil, nil
	g.err = fault.New(fault.Internal, writeOp, "the row group is finished")
}

// Finish returns the encoded row group. The RowGroup cannot be used any more. A row group without rows gives a Chunk of no bytes, which
// need not be written and which Footer leaves out.
func (g *RowGroup) Finish() (*Chunk, error) {
	if g.err != nil {
		return nil, g.err
	}
	c := &Chunk{rows: g.rows, store: g.store}
	if g.rows > 0 {
		c.cols = make([]columnMeta, len(g.leaves))
		for i := range g.leaves {
			w := &g.leaves[i]
			if err := w.finish(&c.cols[i]); err != nil {
				err.Column = w.l.name
				g.Discard()
				return nil, err
			}
			c.place(&c.cols[i])
			g.index(&c.cols[i], w.l)
		}
		for i := range c.cols {
			c.placeBloom(&c.cols[i])
		}
	}
	g.store = nil
	g.Discard()
	return c, nil
}

// index makes what the footer says of the pages, which need not live as long.
func (g *RowGroup) index(m *columnMeta, l *writeLeaf) {
	m.at = make([]pageAt, len(m.pages))
	for i := range m.pages {
		p := &m.pages[i]
		m.at[i] = pageAt{off: p.off, row: p.firstRow, size: int32(p.size)}
	}
	if !g.e.o.NoPageIndex && m.indexable() {
		b := &g.memory.headBuf
		b.b = b.b[:0]
		m.encodeColumnIndex(b, l)
		m.index = bytes.Clone(b.b)
	}
}

// Chunk is an encoded row group: its bytes until Release, and its metadata, which Footer needs. Offsets within count from its start.
type Chunk struct {
	rows  int64
	size  int64
	cols  []columnMeta
	store *pageStore
}

// columnMeta is a column chunk: its pages, and what the footer says of them.
type columnMeta struct {
	dict  *pageMeta
	pages []pageMeta
	at    []pageAt // of each page
	index []byte   // the column index, empty for none
	codec int32
	// values counts nulls and empty lists too.
	values, nulls int64
	// sizes of all pages with their headers
	uncompressed, compressed int64
	off                      int64
	bounds                   storedBounds
	dictValues               int
	encPages                 [len(writtenEncodings)]int32
	textBytes                int64
	bloom                    []byte // header and bits
	bloomOff                 int64
	bloomLen                 int32
}

// pageAt is where a page stands in the row group, and its first row.
type pageAt struct {
	off, row int64
	size     int32
}

// pageMeta is a page.
type pageMeta struct {
	typ          int32
	enc          encoding
	values       int
	nulls        int
	firstRow     int64
	uncompressed int
	crc          uint32
	raw          bool   // payload is not compressed yet, because that seemed of no use
	header       []byte // thrift
	payload      []byte
	off          int64 // of the header
	size         int   // with the header
	min, max     []byte
}

// place gives the pages of a column their offsets.
func (c *Chunk) place(m *columnMeta) {
	m.off = c.size
	for i := -1; i < len(m.pages); i++ {
		p := m.dict
		if i >= 0 {
			p = &m.pages[i]
		}
		if p == nil {
			continue
		}
		p.off, p.size = c.size, len(p.header)+len(p.payload)
		m.compressed += int64(p.size)
		m.uncompressed += int64(len(p.header) + p.uncompressed)
		c.size += int64(p.size)
	}
}

func (c *Chunk) placeBloom(m *columnMeta) {
	if m.bloom != nil {
		m.bloomOff, m.bloomLen = c.size, int32(len(m.bloom))
		c.size += int64(len(m.bloom))
	}
}

// Rows returns the number of rows.
func (c *Chunk) Rows() int64 { return c.rows }

// Size returns how many bytes WriteTo writes.
func (c *Chunk) Size() int64 { return c.size }

// Bytes returns the memory that the chunk takes: the encoded bytes until Release, and its metadata.
func (c *Chunk) Bytes() int64 {
	const perPage = 256
	n := int64(0)
	for i := range c.cols {
		n += int64(len(c.cols[i].pages)*perPage + len(c.cols[i].at)*24 + len(c.cols[i].index) + len(c.cols[i].bloom))
	}
	if c.store != nil {
		n += c.store.bytes
	}
	return n
}

// writeBuffer is the bytes that WriteTo gathers before it writes.
const writeBuffer = 512 << 10

// WriteTo writes the row group's bytes, in few large writes.
func (c *Chunk) WriteTo(w io.Writer) (int64, error) {
	if c.size > 0 && c.store == nil {
		return 0, fault.New(fault.Internal, writeOp, "the row group is released")
	}
	if c.size == 0 {
		return 0, nil
	}
	b := gathered{to: w, buf: c.store.alloc.Allocate(int(min(writeBuffer, c.size)))[:0]}
	defer func() { c.store.alloc.Free(b.buf) }()
	for i := range c.cols {
		m := &c.cols[i]
		if m.dict != nil {
			b.write(m.dict.header)
			b.write(m.dict.payload)
		}
		for j := range m.pages {
			b.write(m.pages[j].header)
			b.write(m.pages[j].payload)
		}
	}
	for i := range c.cols {
		b.write(c.cols[i].bloom)
	}
	if err := b.flush(); err != nil {
		return 0, err
	}
	return c.size, nil
}

// gathered makes few large writes of many small ones. It keeps the first error.
type gathered struct {
	to  io.Writer
	buf []byte
	err error
}

func (g *gathered) write(b []byte) {
	if len(b) > cap(g.buf)-len(g.buf) {
		_ = g.flush()
	}
	if len(b) < cap(g.buf) {
		g.buf = append(g.buf, b...)
	} else if g.err == nil {
		_, g.err = g.to.Write(b)
	}
}

func (g *gathered) flush() error {
	if g.err == nil && len(g.buf) > 0 {
		_, g.err = g.to.Write(g.buf)
	}
	g.buf = g.buf[:0]
	return g.err
}

// Release gives the encoded bytes back; the metadata stays. Call it when they are written, or will not be.
func (c *Chunk) Release() {
	if c.store == nil {
		return
	}
	c.store.free()
	c.store = nil
	for i := range c.cols {
		m := &c.cols[i]
		m.dict, m.bloom, m.pages = nil, nil, nil
	}
}

// pageStore keeps the bytes of encoded pages in few blocks.
type pageStore struct {
	alloc  memory.Allocator
	blocks [][]byte
	used   int // of the last block
	bytes  int64
}

const (
	minBlock = 4 << 10
	maxBlock = 1 << 20
)

// keep copies b.
func (s *pageStore) keep(b []byte) []byte {
	last := len(s.blocks) - 1
	if last < 0 || s.used+len(b) > len(s.blocks[last]) {
		size := minBlock
		for size < maxBlock && int64(size) < s.bytes {
			size *= 2
		}
		for size < len(b) {
			size *= 2
		}
		s.blocks = append(s.blocks, s.alloc.Allocate(size))
		s.bytes += int64(size)
		s.used, last = 0, last+1
	}
	to := s.blocks[last][s.used : s.used+len(b) : s.used+len(b)]
	copy(to, b)
	s.used += len(b)
	return to
}

func (s *pageStore) free() {
	for _, b := range s.blocks {
		s.alloc.Free(b)
	}
	s.blocks, s.bytes, s.used = nil, 0, 0
}
