package shuffle

import (
	"context"
	"io"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

const (
	// pieceRows is the most rows of a batch that shows a chunk's or a frame's rows as they lie there.
	pieceRows = 8192
	// minBatch is how many rows a batch has at least, but for the last: fewer are gathered from several chunks, because every batch
	// costs the operators behind the reader a fixed time. See Reader.Least.
	minBatch = 1024
)

// Reader gives rows of several outputs, whose columns have the same types. It is used by one goroutine, which closes it: until then the
// rows at hand cannot be written to files.
type Reader struct {
	outs   []*Output
	lo, hi int // buckets
	ranged bool
	from   int64 // of a range, rows of the current output from the current chunk on
	to     int64
	size   int64 // rows of the range
	whole  bool  // of a hashed output all buckets are read, in the order of adding
	at     int   // current output
	chunk  int   // next chunk of it
	least  int   // rows of a batch, but for the last
	got    totalsOf
	err    error

	cur     cursor
	acc     gathered
	scratch vec.Scratch // of the batch
	held    int64
	space   *Space
}

// totalsOf is what was read of an output.
type totalsOf struct {
	rows int64
	sum  uint64
}

// gathered is rows that were copied together.
type gathered struct {
	build  []*vec.Builder
	hashes []uint64
	rows   int
}

// NewReader reads the rows of buckets [lo, hi), output after output. Of all buckets ([0, Buckets)) rows come in the order in which they
// were added. Of fewer the order is: output, then chunk (a fixed number of added bytes), then bucket, then the order of adding. Rows of
// one bucket thus keep their order always. The order does not depend on what was spilled.
func NewReader(outs []*Output, lo, hi int) *Reader {
	lo, hi = max(lo, 0), min(hi, Buckets)
	return newReader(outs, Reader{lo: lo, hi: max(lo, hi), whole: lo == 0 && hi == Buckets})
}

// NewRangeReader reads rows [from, to) of an output that is not hashed: a run in sorted order, for one.
func NewRangeReader(out *Output, from, to int64) *Reader {
	to = min(to, out.totals.rows)
	from = max(min(from, to), 0)
	return newReader([]*Output{out}, Reader{hi: Buckets, ranged: true, from: from, to: to, size: to - from, whole: true})
}

func newReader(outs []*Output, r Reader) *Reader {
	r.outs, r.least = outs, minBatch
	if len(outs) > 0 {
		r.space = outs[0].space
	}
	return &r
}

// Least makes batches have at least so many rows, but for the last. Fewer are gathered from several chunks: what costs little a batch does
// better with small ones that lie where they are.
func (r *Reader) Least(rows int) { r.least = rows }

// Next sets b to the next rows, at most a few tens of thousands of them, and hashes to theirs (nil where the output has none). They are
// good until the next call. io.EOF is the end, given only after all rows were counted and their hashes added up as written.
func (r *Reader) Next(ctx context.Context, b *vec.Batch) (hashes []uint64, err error) {
	if r.err == nil {
		r.err = ctx.Err()
	}
	if r.err != nil {
		return nil, r.err
	}
	hashes, err = r.next(ctx, b)
	r.account()
	if err != nil {
		r.err = err
		r.cur.end()
	}
	return hashes, err
}

func (r *Reader) next(ctx context.Context, b *vec.Batch) ([]uint64, error) {
	r.scratch.Reset()
	r.acc.reset()
	for {
		n, err := r.more()
		if err == io.EOF && r.acc.rows > 0 {
			return r.acc.batch(b), nil
		}
		if err != nil {
			return nil, err
		}
		hashes := r.cur.show(b, n, &r.scratch)
		r.count(n, hashes)
		if r.acc.rows == 0 && (n >= r.least || r.last()) {
			return hashes, nil
		}
		r.acc.add(b, hashes)
		r.scratch.Reset()
		if r.acc.rows >= r.least {
			return r.acc.batch(b), nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// last says that the current piece ends the last chunk of the last output, so that there is nothing to gather it with.
func (r *Reader) last() bool {
	return !r.cur.more() && r.at == len(r.outs)-1 && r.chunk == len(r.outs[r.at].chunks)
}

// more makes the cursor stand on rows and returns how many the next piece has.
func (r *Reader) more() (int, error) {
	for !r.cur.more() {
		r.cur.end()
		if r.at == len(r.outs) {
			return 0, io.EOF
		}
		o := r.outs[r.at]
		if r.chunk == len(o.chunks) {
			if err := r.check(o); err != nil {
				return 0, err
			}
			r.at, r.chunk, r.got = r.at+1, 0, totalsOf{}
			continue
		}
		c := o.chunks[r.chunk]
		r.chunk++
		first, last := c.span(r.lo, r.hi)
		if r.ranged {
			first, last = int(min(r.from, int64(c.rows))), int(max(0, min(r.to, int64(c.rows))))
			r.from, r.to = max(0, r.from-int64(c.rows)), r.to-int64(c.rows)
		}
		if first < last {
			if err := r.cur.begin(c, first, last, r.whole || !o.schema.Hashed); err != nil {
				return 0, err
			}
		}
	}
	if err := r.cur.fetch(); err != nil {
		return 0, err
	}
	return min(r.cur.ready(), pieceRows), nil
}

func (r *Reader) count(n int, hashes []uint64) {
	r.got.rows += int64(n)
	sum := uint64(0)
	for _, h := range hashes {
		sum += h
	}
	r.got.sum += sum
}

// check holds what was read of an output against what was written.
func (r *Reader) check(o *Output) error {
	rows, sum := o.totals.of(r.lo, r.hi)
	if r.ranged {
		rows, sum = r.size, 0
	}
	if r.got.rows != rows || r.got.sum != sum {
		return damaged(o.schema, "%d rows were written and %d read; hash sums %#x and %#x", rows, r.got.rows, sum, r.got.sum)
	}
	return nil
}

// damaged is the fault of an exchange that lost, doubled or changed rows.
func damaged(s *schema, format string, args ...any) error {
	return fault.New(fault.Internal, s.Name, "the exchange of rows is damaged: "+format, args...).
		WithHint("the disk or the memory of this machine may be failing; if not, this is a bug of Sheaf")
}

// account reserves what the reader holds: a few frames and one batch, without which nothing could be read.
func (r *Reader) account() {
	if r.space == nil {
		return
	}
	now := r.scratch.Bytes() + r.cur.bytes() + r.acc.bytes()
	switch {
	case now > r.held:
		r.space.must(now - r.held)
	case now < r.held:
		r.space.release(r.held - now)
	}
	r.held = now
}

// Close gives memory back. It may be called several times.
func (r *Reader) Close() {
	r.cur.end()
	if r.err == nil {
		r.err = fault.New(fault.Internal, "shuffle", "a reader is used after Close")
	}
	if r.held > 0 {
		r.space.release(r.held)
	}
	r.held = 0
	r.cur, r.acc, r.scratch = cursor{}, gathered{}, vec.Scratch{}
}

func (g *gathered) reset() {
	if g.rows > 0 {
		for _, b := range g.build {
			b.Reset()
		}
		g.hashes, g.rows = g.hashes[:0], 0
	}
}

func (g *gathered) add(b *vec.Batch, hashes []uint64) {
	if g.build == nil {
		g.build = make([]*vec.Builder, len(b.Cols))
		for i := range b.Cols {
			g.build[i] = vec.NewBuilder(b.Cols[i].Type)
		}
	}
	for i := range b.Cols {
		g.build[i].Append(&b.Cols[i])
	}
	g.hashes = append(g.hashes, hashes...)
	g.rows += b.Rows
}

func (g *gathered) batch(b *vec.Batch) []uint64 {
	b.Cols = b.Cols[:0]
	for _, x := range g.build {
		b.Cols = append(b.Cols, x.Vec())
	}
	b.Rows = g.rows
	if len(g.hashes) == 0 {
		return nil
	}
	return g.hashes
}

func (g *gathered) bytes() int64 {
	n := int64(cap(g.hashes)) * 8
	for _, b := range g.build {
		n += b.Bytes()
	}
	return n
}
