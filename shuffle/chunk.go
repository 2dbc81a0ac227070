package shuffle

import (
	"sync"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

const (
	// chunkBytes is how many added bytes end a chunk. It does not depend on memory, so that neither does the order of rows; it is small
	// enough that a task's open chunk is little beside any budget, and that picking a bucket's rows stays in the second cache, and large
	// enough that a 64th of its buckets is a worthwhile read.
	chunkBytes = 2 << 20
	// chunkRows ends a chunk of narrow rows: places have 16 bits.
	chunkRows = maxFrameRows
)

// chunk is rows of one writer: in memory in the order of adding, or in a file as frames in the order of buckets, or for a moment both.
type chunk struct {
	space  *Space
	schema *schema
	id     frameID // exchange and chunk
	rows   int
	used   int64 // bytes of the rows
	// starts are where buckets begin in the order of buckets, nil where rows are not hashed.
	starts *[Buckets + 1]uint32

	mu    sync.Mutex
	pins  int // readers at work
	freed bool
	// In memory, in the order of buckets where rows are hashed: columns, hashes, and the rows' places in the order of adding.
	mem    *vec.Scratch
	cols   []vec.Vec // nil where the rows are in a file only
	hashes []uint64
	places []uint16
	bytes  int64 // reserved
	// In a file.
	place  place
	frames []frameRef
	stored int64

	class, slot int // where the space lists it, class -1 where it does not; guarded by the list
	listed      int64
}

// frameRef is a frame in a chunk's extent.
type frameRef struct {
	off, len    uint32
	first, rows uint32
	lo, hi      uint16
}

// chunkOverhead is about what a chunk takes beside its rows, in memory or not.
const chunkOverhead = 2 << 10

// newChunk returns a chunk of the rows in columns, copied and put in the order of buckets where they are hashed: it is done while they
// are in the cache, and makes what readers of some buckets read one piece. Columns are the writer's open chunk.
func (s *Space) newChunk(w *Writer, cols []vec.Vec) *chunk {
	sc, hashes, rows, tmp := w.schema, w.hashes, w.rows, &w.scratch
	id := frameID{exchange: w.exchange, chunk: uint32(len(w.chunks))}
	c := &chunk{space: s, schema: sc, id: id, rows: rows, class: -1, mem: s.spare.get()}
	size := 128
	if sc.Hashed {
		size += rows * 10
	}
	plain, shared := make([]vec.Vec, len(cols)), make([]bool, len(cols))
	for i := range cols {
		plainer(&plain[i], &cols[i], tmp)
		if shared[i] = w.constants.share(i, &plain[i]); !shared[i] {
			size += roomOf(&plain[i], sc.Hashed)
		}
	}
	c.mem.Room(size)
	var idx []uint32
	if sc.Hashed {
		idx = c.sort(hashes, tmp)
	}
	c.cols = plain
	c.used = int64(rows) * 8
	c.bytes = chunkOverhead
	for i := range plain {
		if shared[i] { // reserved for each chunk as if it had its own: any of them may be the last
			c.bytes += int64(len(plain[i].Data))
		} else {
			keep(&c.cols[i], &plain[i], idx, c.mem)
		}
		c.used += c.cols[i].Bytes()
		c.bytes += dictBytes(&c.cols[i])
	}
	c.bytes += c.mem.Bytes()
	return c
}

// roomOf is how many bytes of a scratch a copy of v takes, rows picked or not.
func roomOf(v *vec.Vec, picked bool) int {
	n := 4*64 + len(v.Data) + len(v.Valid)*8 + len(v.Offs)*4
	if v.Dict == nil {
		for _, b := range v.Bufs {
			n += len(b)
		}
	}
	for i := range v.Child {
		n += roomOf(&v.Child[i], picked)
		if picked && v.Phys == vec.List {
			n += v.Child[i].Len * 4 // the list of the elements' rows
		}
	}
	return n
}

// sort sets starts, places and hashes, and returns the rows in the order of buckets.
func (c *chunk) sort(hashes []uint64, tmp *vec.Scratch) []uint32 {
	c.starts = new([Buckets + 1]uint32)
	shift := c.schema.Shift
	for _, h := range hashes {
		c.starts[h<<shift>>(64-HashBits)+1]++
	}
	for i := range Buckets {
		c.starts[i+1] += c.starts[i]
	}
	at := *c.starts
	idx := vec.Alloc[uint32](tmp, len(hashes))
	places, sorted := vec.Alloc[uint16](c.mem, len(hashes)), vec.Alloc[uint64](c.mem, len(hashes))
	for i, h := range hashes {
		b := h << shift >> (64 - HashBits)
		k := at[b]
		at[b] = k + 1
		idx[k] = uint32(i)
		places[k] = uint16(i)
		sorted[k] = h
	}
	c.places, c.hashes = places, sorted
	return idx
}

// span is the places of buckets [lo, hi) in the order of buckets.
func (c *chunk) span(lo, hi int) (first, last int) {
	if c.starts != nil {
		return int(c.starts[lo]), int(c.starts[hi])
	}
	if lo > 0 || hi <= 0 {
		return 0, 0
	}
	return 0, c.rows
}

// pin keeps the chunk's rows where they are until unpin. inMemory says where that is.
func (c *chunk) pin() (inMemory bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.freed {
		return false, fault.New(fault.Internal, c.schema.Name, "the rows of an exchange are read after they were freed")
	}
	c.pins++
	return c.cols != nil, nil
}

// unpin ends what pin began. It returns the bytes that the chunk still holds.
func (c *chunk) unpin() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pins--; c.pins > 0 {
		return c.bytes
	}
	switch {
	case c.freed:
		c.drop()
		c.dropFile()
	case c.frames != nil && c.cols != nil:
		c.drop()
	}
	return c.bytes
}

// drop gives the memory of the rows back. The lock is held.
func (c *chunk) drop() {
	if c.cols == nil {
		return
	}
	c.space.spare.put(c.mem)
	freed := c.bytes - chunkOverhead
	c.mem, c.cols, c.hashes, c.places = nil, nil, nil, nil
	c.bytes = chunkOverhead
	c.space.release(freed)
}

// dropFile gives back what remains of a chunk that is freed: its room in a file and its overhead.
func (c *chunk) dropFile() {
	if c.frames != nil {
		c.space.store.release(c.place)
		c.frames = nil
	}
	c.space.release(c.bytes)
	c.bytes = 0
}

// free gives everything back, at once or when the last reader is done. It may be called several times.
func (c *chunk) free() {
	c.mu.Lock()
	if !c.freed {
		c.freed = true
		if c.pins == 0 {
			c.drop()
			c.dropFile()
		}
	}
	c.mu.Unlock()
	c.space.list.remove(c)
}
