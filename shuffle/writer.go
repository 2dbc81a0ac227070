package shuffle

import (
	"math"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Options of a Writer.
type Options struct {
	// Name of the exchange for errors: the operator, "group_by".
	Name string
	// Types of the columns.
	Types []arrow.DataType
	// Hashed says that rows come with hashes and are read by bucket.
	Hashed bool
	// Shift skips so many top bits of a hash: a row's bucket is hash<<Shift>>(64-HashBits). It is how a bucket that is too big for one
	// task is divided again.
	Shift uint
}

// alwaysSpill is set by tests.
var alwaysSpill atomic.Bool

// SetAlwaysSpill makes every exchange write its rows to files as soon as they are complete, or undoes it, and returns what was set:
// tests prove with it that no answer depends on where rows wait.
func SetAlwaysSpill(on bool) (was bool) { return alwaysSpill.Swap(on) }

// Writer collects the rows of one task. It is used by one goroutine.
type Writer struct {
	space    *Space
	schema   *schema
	exchange uint64
	totals   totals
	used     int64 // bytes of sealed chunks
	chunks   []*chunk
	failed   error
	done     bool

	// The open chunk: its memory serves one chunk after the other.
	build   []*vec.Builder
	hashes  []uint64
	rows    int
	sum     uint64 // of hashes
	scratch vec.Scratch
	held    int64 // reserved for it
	// constants are what sealed chunks share.
	constants constants
}

// totals is what was added, by bucket: readers must get the same.
type totals struct {
	rows   int64
	bucket *[Buckets]struct {
		rows int64
		sum  uint64 // of hashes
	}
}

// Writer returns an empty writer.
func (s *Space) Writer(o Options) *Writer { return s.writer(schemaOf(o)) }

func (s *Space) writer(sc *schema) *Writer {
	w := &Writer{space: s, schema: sc, exchange: exchanges.Add(1)}
	if sc.Hashed {
		w.totals.bucket = new([Buckets]struct {
			rows int64
			sum  uint64
		})
	}
	return w
}

const (
	// addStep is how many rows are added at a time at most: between two steps memory is claimed and chunks end. The first rows of a
	// writer are fewer, and wide rows are, so that a chunk never grows much larger than it should.
	addStep   = 4096
	firstStep = 256
	// maxChunk is what the rows of one step may take: offsets in a chunk have 32 bits.
	maxChunk = 1 << 31
)

// Add copies rows. hashes has one a row where Options.Hashed is set, and is nil else. Columns may be in any encoding, and the encoding
// may differ from batch to batch; what a reader gets has the same values, text maybe as views or dictionaries.
// It may write to disk, also rows of other writers and outputs of the space. After an error the writer is of no use but for Abort.
func (w *Writer) Add(cols []vec.Vec, hashes []uint64, rows int) error {
	if err := w.usable(cols, hashes, rows); err != nil {
		return err
	}
	if w.build == nil {
		w.begin()
	}
	for from := 0; from < rows; {
		n := min(rows-from, w.step(), chunkRows-w.rows)
		w.append(cols, hashes, from, n)
		from += n
		if err := w.claim(); err != nil {
			return err
		}
		size := w.size()
		if size > maxChunk {
			w.failed = fault.New(fault.Memory, w.schema.Name, "%d rows take %d bytes, which is more than an exchange can move at once", w.rows, size).
				WithHint("split values that are so long over several rows")
			return w.failed
		}
		if w.rows == chunkRows || size >= chunkBytes {
			if err := w.seal(); err != nil {
				return err
			}
		}
	}
	return nil
}

// step is how many rows to add next, by the width of those before.
func (w *Writer) step() int {
	rows := w.totals.rows
	if rows == 0 {
		return firstStep
	}
	return int(max(1, min(addStep, chunkBytes*rows/max(w.Bytes(), 1))))
}

func (w *Writer) begin() {
	w.build = make([]*vec.Builder, len(w.schema.cols))
	for i := range w.build {
		w.build[i] = vec.NewBuilder(w.schema.cols[i].typ)
	}
}

// size is the bytes of the open chunk's rows.
func (w *Writer) size() int64 {
	n := int64(len(w.hashes)) * 8
	for _, b := range w.build {
		n += b.Used()
	}
	return n
}

// usable says what is wrong with a call of Add.
func (w *Writer) usable(cols []vec.Vec, hashes []uint64, rows int) error {
	switch {
	case w.failed != nil:
		return w.failed
	case w.done:
		return fault.New(fault.Internal, w.schema.Name, "rows are added to an exchange that is finished")
	case len(cols) != len(w.schema.cols) || w.schema.Hashed && len(hashes) < rows:
		return fault.New(fault.Internal, w.schema.Name, "an exchange of %d columns got %d columns and %d hashes of %d rows", len(w.schema.cols), len(cols), len(hashes), rows)
	}
	return nil
}

// append copies n rows from row from on to the open chunk.
func (w *Writer) append(cols []vec.Vec, hashes []uint64, from, n int) {
	for i, b := range w.build {
		b.AppendRange(&cols[i], from, n)
	}
	if w.schema.Hashed {
		w.addHashes(hashes[from : from+n])
	}
	w.rows += n
	w.totals.rows += int64(n)
}

func (w *Writer) addHashes(hashes []uint64) {
	w.hashes = append(w.hashes, hashes...)
	sum := w.sum
	for _, h := range hashes {
		sum += h
	}
	w.sum = sum
}

// count adds a chunk to the totals of buckets and holds it against what was added.
func (w *Writer) count(c *chunk) error {
	rows, sum := 0, uint64(0)
	for i := range Buckets {
		first, last := c.starts[i], c.starts[i+1]
		inBucket := uint64(0)
		for _, h := range c.hashes[first:last] {
			inBucket += h
		}
		b := &w.totals.bucket[i]
		b.rows += int64(last - first)
		b.sum += inBucket
		rows += int(last - first)
		sum += inBucket
	}
	if rows != w.rows || sum != w.sum {
		return damaged(w.schema, "%d rows were added and %d kept; hash sums %#x and %#x", w.rows, rows, w.sum, sum)
	}
	return nil
}

// claim reserves what the open chunk holds by now. That is granted always: a chunk is the least that an exchange needs, and what makes
// room is that the full ones are written to files.
func (w *Writer) claim() error {
	now := int64(cap(w.hashes))*8 + w.scratch.Bytes()
	for _, b := range w.build {
		now += b.Bytes() + b.DictBytes()
	}
	var err error
	switch {
	case now > w.held:
		err = w.space.want(now - w.held)
	case now < w.held:
		w.space.release(w.held - now)
	}
	if err != nil {
		w.failed = err
		return err
	}
	w.held = now
	return nil
}

// seal makes a chunk of the rows that were added since the last.
func (w *Writer) seal() error {
	if w.rows == 0 {
		return nil
	}
	cols := make([]vec.Vec, len(w.build))
	for i, b := range w.build {
		cols[i] = b.Vec()
	}
	c := w.space.newChunk(w, cols)
	want := c.bytes
	c.bytes = 0
	w.chunks = append(w.chunks, c)
	if w.schema.Hashed {
		w.failed = w.count(c)
	}
	for _, b := range w.build {
		b.Reset()
	}
	w.scratch.Reset()
	w.hashes, w.rows, w.sum = w.hashes[:0], 0, 0
	w.used += c.used
	if w.failed == nil {
		w.failed = w.space.want(want)
	}
	if w.failed != nil {
		return w.failed
	}
	c.mu.Lock()
	c.bytes = want
	w.space.list.add(c)
	c.mu.Unlock()
	return nil
}

// Rows and Bytes are what was added so far, bytes as in memory.
func (w *Writer) Rows() int64 { return w.totals.rows }

// Bytes is the memory that the rows added so far take, in memory or when they are read.
func (w *Writer) Bytes() int64 {
	return w.used + w.size()
}

// Finish returns the rows as an Output, which owns them.
func (w *Writer) Finish() (*Output, error) {
	if w.failed == nil && w.done {
		return nil, fault.New(fault.Internal, w.schema.Name, "an exchange is finished twice")
	}
	if w.failed == nil {
		w.failed = w.seal()
	}
	if w.failed != nil {
		return nil, w.failed
	}
	w.end()
	if alwaysSpill.Load() {
		if _, err := w.space.Spill(math.MaxInt64); err != nil {
			return nil, err
		}
	}
	return &Output{space: w.space, schema: w.schema, exchange: w.exchange, totals: w.totals, used: w.used, chunks: w.chunks}, nil
}

// Abort frees what was added, where there is no Finish. It may be called several times, also after Finish, which makes it do nothing.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.end()
	for _, c := range w.chunks {
		c.free()
	}
	w.chunks = nil
}

// end gives the memory of the open chunk back.
func (w *Writer) end() {
	w.done = true
	w.space.release(w.held)
	w.build, w.hashes, w.scratch, w.constants, w.held = nil, nil, vec.Scratch{}, nil, 0
}
