package shuffle

import (
	"github.com/sheafdata/sheaf/internal/vec"
)

// cursor walks the rows of one chunk that a reader wants, wherever they are. Its memory serves one chunk after the other.
type cursor struct {
	chunk *chunk // pinned; nil where there is none
	// The rows at hand: all of the chunk's, in memory, or those of a frame.
	cols   []vec.Vec
	hashes []uint64
	order  []uint32 // not nil: the rows are to be picked in this order
	pos    int      // the next row, or place in order
	stop   int
	// What remains in the file: rows [next, last) in the order of frames.
	next, last int
	frame      int
	whole      bool

	raw  vec.Scratch // frames and what is decoded of them
	dec  decoder
	head frame
	load gathered // all frames of a chunk
	inv  []uint32 // memory of order
}

// more says whether rows are left.
func (c *cursor) more() bool { return c.chunk != nil && (c.pos < c.stop || c.next < c.last) }

// ready is how many rows are at hand.
func (c *cursor) ready() int { return c.stop - c.pos }

// begin stands on rows [first, last) of a chunk: in the order of adding where whole says so, else in that of buckets.
func (c *cursor) begin(ch *chunk, first, last int, whole bool) error {
	inMemory, err := ch.pin()
	if err != nil {
		return err
	}
	c.chunk, c.whole, c.frame = ch, whole, 0
	c.order = nil
	if !inMemory {
		c.pos, c.stop = 0, 0
		c.next, c.last = first, last
		return nil
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	c.cols, c.hashes = ch.cols, ch.hashes
	c.pos, c.stop, c.next, c.last = first, last, 0, 0
	if whole && ch.starts != nil {
		c.reorder(ch.rows)
		return c.placeAt(ch.places, 0)
	}
	return nil
}

// reorder makes order empty, for so many rows.
func (c *cursor) reorder(rows int) {
	if cap(c.inv) < rows {
		c.inv = make([]uint32, rows)
	}
	c.order = c.inv[:rows]
	for i := range c.order {
		c.order[i] = vec.NoRow
	}
}

// placeAt says that rows from first on, in the order of buckets, have these places in the order of adding.
func (c *cursor) placeAt(places []uint16, first int) error {
	for i, p := range places {
		if int(p) >= len(c.order) || c.order[p] != vec.NoRow {
			return damaged(c.chunk.schema, "row %d of a chunk of %d comes twice", p, len(c.order))
		}
		c.order[p] = uint32(first + i)
	}
	return nil
}

// show makes b the next n rows at hand, where they lie or in memory of s, and returns their hashes.
func (c *cursor) show(b *vec.Batch, n int, s *vec.Scratch) []uint64 {
	at := c.pos
	c.pos += n
	if c.order == nil {
		show(b, c.cols, at, n, s)
		if c.hashes == nil {
			return nil
		}
		return c.hashes[at : at+n]
	}
	idx := c.order[at : at+n]
	b.Cols = b.Cols[:0]
	b.Rows = n
	for i := range c.cols {
		b.Cols = append(b.Cols, vec.Vec{})
		vec.Take(&b.Cols[i], &c.cols[i], idx, s)
	}
	hashes := vec.Alloc[uint64](s, n)
	pick(hashes, c.hashes, idx)
	return hashes
}

// end leaves the chunk.
func (c *cursor) end() {
	if c.chunk != nil {
		c.chunk.unpin()
	}
	c.chunk, c.cols, c.hashes, c.order = nil, nil, nil, nil
}

// fetch makes rows be at hand where those before are used up.
func (c *cursor) fetch() error {
	if c.pos < c.stop {
		return nil
	}
	if c.whole && c.chunk.starts != nil {
		return c.loadAll()
	}
	for c.frame < len(c.chunk.frames) {
		ref := c.chunk.frames[c.frame]
		c.frame++
		first, last := int(ref.first), int(ref.first+ref.rows)
		if last <= c.next || first >= c.last {
			continue
		}
		if err := c.read(ref); err != nil {
			return err
		}
		c.cols, c.hashes = c.head.cols, c.head.hashes
		c.pos, c.stop = max(c.next-first, 0), min(last, c.last)-first
		c.next = min(last, c.last)
		return nil
	}
	return damaged(c.chunk.schema, "a chunk of %d rows ends before row %d", c.chunk.rows, c.next+1)
}

// read reads and decodes one frame into head, and sees that it is the one that was asked for.
func (c *cursor) read(ref frameRef) error {
	ch := c.chunk
	c.raw.Reset()
	c.dec.scratch = &c.raw
	b := c.raw.Alloc(int(ref.len))
	if err := ch.space.store.read(b, ch.place, int64(ref.off)); err != nil {
		return err
	}
	if err := c.head.read(b, ch.schema, &c.dec); err != nil {
		return damaged(ch.schema, "%w", err)
	}
	want := ch.id
	want.first, want.rows, want.lo, want.hi = ref.first, ref.rows, ref.lo, ref.hi
	flags := uint32(0)
	if ch.schema.Hashed {
		flags = frameHashes | framePlaces
	}
	if c.head.frameID != want || c.head.flags != flags {
		return damaged(ch.schema, "a frame holds rows %+v where %+v were written", c.head.frameID, want)
	}
	return nil
}

// loadAll brings a chunk of hashed rows back into the order of adding.
func (c *cursor) loadAll() error {
	ch := c.chunk
	c.load.reset()
	c.reorder(ch.rows)
	for _, ref := range ch.frames {
		if err := c.read(ref); err != nil {
			return err
		}
		if err := c.placeAt(c.head.places, c.load.rows); err != nil {
			return err
		}
		c.load.add(&vec.Batch{Cols: c.head.cols, Rows: int(ref.rows)}, c.head.hashes)
	}
	if c.load.rows != ch.rows {
		return damaged(ch.schema, "a chunk of %d rows has %d", ch.rows, c.load.rows)
	}
	var all vec.Batch
	c.hashes = c.load.batch(&all)
	c.cols = all.Cols
	c.pos, c.stop, c.next = 0, ch.rows, c.last
	return nil
}

func (c *cursor) bytes() int64 {
	return c.raw.Bytes() + c.load.bytes() + int64(cap(c.inv))*4
}
