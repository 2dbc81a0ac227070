package shuffle

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/internal/vec"
)

const (
	// bucketFrame is the bytes after which a frame of hashed rows ends at the next bucket: a reader of few buckets reads little more than
	// it needs, and compression and system calls still pay.
	bucketFrame = 64 << 10
	// rowFrame is the same of rows that are not hashed: a merge holds a frame of each of its runs at a time.
	rowFrame = 32 << 10
)

// list is the chunks that can be spilled, by size: class i has those of at least 2^i bytes.
type list struct {
	mu      sync.Mutex
	classes [64][]*chunk
	bytes   atomic.Int64
}

// add lists a sealed chunk that is in memory. The chunk's lock is held.
func (l *list) add(c *chunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.listed = c.bytes
	c.class = bits.Len64(uint64(max(c.listed, 1))) - 1
	c.slot = len(l.classes[c.class])
	l.classes[c.class] = append(l.classes[c.class], c)
	l.bytes.Add(c.listed)
}

// remove takes a chunk out, if it is in.
func (l *list) remove(c *chunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take(c)
}

func (l *list) take(c *chunk) {
	if c.class < 0 {
		return
	}
	in := l.classes[c.class]
	last := in[len(in)-1]
	in[c.slot], last.slot = last, c.slot
	in[len(in)-1] = nil
	l.classes[c.class] = in[:len(in)-1]
	l.bytes.Add(-c.listed)
	c.class = -1
}

// pop takes out the largest chunk that nobody reads and pins it. Those that are being read are passed over.
func (l *list) pop() *chunk {
	l.mu.Lock()
	defer l.mu.Unlock()
	for class := len(l.classes) - 1; class >= 0; class-- {
		in := l.classes[class]
		for i := len(in) - 1; i >= 0; i-- {
			if c := in[i]; c.pinIdle() {
				l.take(c)
				return c
			}
		}
	}
	return nil
}

func (l *list) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.classes {
		l.classes[i] = nil
	}
	l.bytes.Store(0)
}

// pinIdle pins a chunk that is in memory only and that nobody uses at this moment.
func (c *chunk) pinIdle() bool {
	if !c.mu.TryLock() {
		return false
	}
	defer c.mu.Unlock()
	if c.pins > 0 || c.freed || c.cols == nil || c.frames != nil {
		return false
	}
	c.pins++
	return true
}

// Spillable is part of mem.Spiller.
func (s *Space) Spillable() int64 { return s.list.bytes.Load() }

// Spill is part of mem.Spiller: it writes chunks to files, the largest first, until want bytes are free.
func (s *Space) Spill(want int64) (freed int64, err error) {
	for freed < want && !s.closed.Load() {
		c := s.list.pop()
		if c == nil {
			break
		}
		n, err := s.write(c)
		freed += n
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// encoders are kept from spill to spill: their memory is about that of a chunk.
var encoders = sync.Pool{New: func() any { return &spiller{} }}

type spiller struct {
	encoder
	out    []byte
	frames []frameRef
	batch  vec.Batch
}

// write spills a chunk that is pinned, unpins it, and returns how many bytes became free.
func (s *Space) write(c *chunk) (freed int64, err error) {
	w := encoders.Get().(*spiller)
	room := 2 * c.used // frames, and one frame's rows
	s.budget.Must(room)
	w.encode(c)
	at, err := s.store.write(w.out)
	c.mu.Lock()
	before := c.bytes
	if err == nil {
		c.place, c.frames, c.stored = at, slices.Clone(w.frames), int64(len(w.out))
		s.spilled.Add(c.stored)
	} else if !c.freed {
		s.list.add(c)
	}
	c.mu.Unlock()
	s.budget.Release(room)
	if cap(w.out) <= 4*chunkBytes {
		encoders.Put(w)
	}
	return before - c.unpin(), err
}

// encode makes the chunk's frames.
func (w *spiller) encode(c *chunk) {
	w.begin()
	w.out, w.frames = w.out[:0], w.frames[:0]
	perFrame := rowsPerFrame(c)
	bucket := 0
	for first := 0; first < c.rows; {
		n := min(perFrame, c.rows-first)
		lo := bucket
		if c.starts != nil {
			n, lo, bucket = cut(c.starts, first, perFrame, bucket)
		}
		w.frame(c, first, n, lo, bucket)
		first += n
	}
}

func rowsPerFrame(c *chunk) int {
	size := int64(rowFrame)
	if c.starts != nil {
		size = bucketFrame
	}
	return int(max(1, min(size*int64(c.rows)/max(c.used, 1), maxFrameRows)))
}

// cut returns how many rows from first on are a frame, and its first and last bucket: whole buckets up to the one that reaches least
// rows; a bucket that is much larger than that is cut.
func cut(starts *[Buckets + 1]uint32, first, least, bucket int) (n, lo, hi int) {
	for int(starts[bucket+1]) <= first {
		bucket++
	}
	lo = bucket
	for hi = bucket; int(starts[hi+1])-first < least && hi+1 < Buckets; hi++ {
	}
	if n = int(starts[hi+1]) - first; n > 8*least {
		n = 8 * least
	}
	return n, lo, hi
}

// frame appends one frame of rows first … first+n-1 in the order of buckets.
func (w *spiller) frame(c *chunk, first, n, lo, hi int) {
	w.reset()
	id := c.id
	id.first, id.rows, id.lo, id.hi = uint32(first), uint32(n), uint16(lo), uint16(hi)
	show(&w.batch, c.cols, first, n, &w.scratch)
	var hashes []uint64
	var places []uint16
	if c.starts != nil {
		hashes, places = c.hashes[first:first+n], c.places[first:first+n]
	}
	w.out = pad(w.out)
	at := len(w.out)
	w.out = w.appendFrame(w.out, c.schema, id, w.batch.Cols, hashes, places)
	w.frames = append(w.frames, frameRef{
		off: uint32(at), len: uint32(len(w.out) - at), first: id.first, rows: id.rows, lo: id.lo, hi: id.hi,
	})
}

// show makes b the n rows of columns from row from on, where they lie.
func show(b *vec.Batch, cols []vec.Vec, from, n int, s *vec.Scratch) {
	b.Cols = b.Cols[:0]
	b.Rows = n
	for i := range cols {
		b.Cols = append(b.Cols, vec.Vec{})
		vec.Slice(&b.Cols[i], &cols[i], from, n, s)
	}
}

// pick sets dst to the hashes of rows.
func pick(dst, hashes []uint64, idx []uint32) {
	dst = dst[:len(idx)]
	for i, k := range idx {
		dst[i] = hashes[k]
	}
}
