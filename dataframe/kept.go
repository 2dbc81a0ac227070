package dataframe

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/shuffle"
)

// keptSource is the rows of a persisted frame: the sink that they are written to, and then a source of them. It is local: what is in
// memory does not travel.
type keptSource struct {
	schema *arrow.Schema
	types  []arrow.DataType
	store  *keptStore
}

// keptStore is where the rows are. It does not refer to the source, whose end the garbage collector tells it of.
type keptStore struct {
	mu     sync.Mutex
	space  *shuffle.Space
	budget *mem.Budget
	outs   []*shuffle.Output // in row order
	rows   int64
	gone   bool
	users  int // readers under way: the space must outlive them
}

func newKeptSource(schema *arrow.Schema, o sched.Options) *keptSource {
	s := &keptSource{schema: schema, store: &keptStore{}}
	for _, f := range schema.Fields() {
		s.types = append(s.types, vec.Logical(f.Type))
	}
	s.store.budget = mem.Process().Child("persist", o.Memory)
	s.store.space = shuffle.NewSpace(s.store.budget, o.SpillDir)
	runtime.AddCleanup(s, func(store *keptStore) { _ = store.close() }, s.store)
	return s
}

// close drops the rows, once nobody reads any more. It may be called several times.
func (s *keptStore) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil
	}
	s.gone = true
	return s.free()
}

// free gives everything back where nobody needs it.
func (s *keptStore) free() error {
	if !s.gone || s.users > 0 || s.space == nil {
		return nil
	}
	for _, o := range s.outs {
		o.Free()
	}
	err := s.space.Close()
	s.budget.Close()
	s.outs, s.space = nil, nil
	return err
}

// use keeps the rows until done; it fails where they are gone.
func (s *keptStore) use() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return unpersisted()
	}
	s.users++
	return nil
}

func (s *keptStore) done() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	return s.free()
}

// Open implements partition.Sink.
func (s *keptSource) Open(context.Context, *arrow.Schema, int) (partition.PartitionedWriter, error) {
	return &keptWrite{src: s, parts: map[int]*shuffle.Output{}}, nil
}

// keptWrite is the rows on their way in.
type keptWrite struct {
	src   *keptSource
	mu    sync.Mutex
	parts map[int]*shuffle.Output
}

// Part implements partition.PartitionedWriter.
func (w *keptWrite) Part(_ context.Context, i int) (partition.Writer, error) {
	return &keptPart{write: w, i: i, to: w.src.store.space.Writer(shuffle.Options{Name: "persist", Types: w.src.types})}, nil
}

// Commit implements partition.PartitionedWriter.
func (w *keptWrite) Commit(context.Context) (partition.Report, error) {
	s := w.src.store
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; len(w.parts) > 0; i++ {
		out, ok := w.parts[i]
		if !ok {
			continue
		}
		delete(w.parts, i)
		s.outs = append(s.outs, out)
		s.rows += out.Rows(0, shuffle.Buckets)
	}
	return partition.Report{Rows: s.rows}, nil
}

// Abort implements partition.PartitionedWriter.
func (w *keptWrite) Abort(context.Context) error {
	for _, out := range w.parts {
		out.Free()
	}
	return nil
}

// keptPart is the rows of one part.
type keptPart struct {
	write *keptWrite
	i     int
	to    *shuffle.Writer
	pool  vec.Scratch
}

// WriteVec takes the engine's batches as they are.
func (p *keptPart) WriteVec(_ context.Context, b *vec.Batch) error {
	return p.to.Add(b.Cols, nil, b.Rows)
}

// Write implements partition.Writer.
func (p *keptPart) Write(ctx context.Context, b partition.Batch) error {
	p.pool.Reset()
	v := vec.Batch{Rows: b.Rows, Cols: make([]vec.Vec, len(b.Cols))}
	for i, c := range b.Cols {
		if err := vec.FromArrow(c, &v.Cols[i], &p.pool); err != nil {
			return err
		}
	}
	return p.WriteVec(ctx, &v)
}

// Close implements partition.Writer.
func (p *keptPart) Close() error {
	out, err := p.to.Finish()
	if err != nil {
		p.to.Abort()
		return err
	}
	p.write.mu.Lock()
	defer p.write.mu.Unlock()
	p.write.parts[p.i] = out
	return nil
}

// Abandon gives up what was written: what made the rows failed.
func (p *keptPart) Abandon() { p.to.Abort() }

// Schema implements partition.Source.
func (s *keptSource) Schema() *arrow.Schema { return s.schema }

// Stats says how many rows there are.
func (s *keptSource) Stats() partition.Stats {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return partition.Stats{Exact: true, Rows: s.store.rows}
}

// Plan implements partition.Source: splits of even row counts.
func (s *keptSource) Plan(_ context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	cols, err := partition.ColumnIndexes(s.schema, r.Columns)
	if err != nil {
		return nil, err
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if s.store.gone {
		return nil, unpersisted()
	}
	scan := &partition.Scan{Residual: r.Predicate}
	target := max(memorySplitRows, s.store.rows/int64(memorySplitsPerWorker*runtime.GOMAXPROCS(0)))
	split := &keptSplit{src: s, cols: cols}
	for _, out := range s.store.outs {
		rows := out.Rows(0, shuffle.Buckets)
		for at := int64(0); at < rows; {
			n := min(rows-at, target-split.rows)
			split.pieces = append(split.pieces, keptPiece{out, at, at + n})
			split.rows += n
			at += n
			if split.rows == target {
				scan.Splits = append(scan.Splits, split)
				split = &keptSplit{src: s, cols: cols}
			}
		}
	}
	if split.rows > 0 {
		scan.Splits = append(scan.Splits, split)
	}
	return scan, nil
}

// keptPiece is rows [from, to) of an output.
type keptPiece struct {
	out      *shuffle.Output
	from, to int64
}

type keptSplit struct {
	src    *keptSource // which keeps the rows
	cols   []int
	pieces []keptPiece
	rows   int64
}

// Stats implements partition.Split.
func (s *keptSplit) Stats() partition.Stats { return partition.Stats{Exact: true, Rows: s.rows} }

// Open implements partition.Split.
func (s *keptSplit) Open(context.Context, *partition.Env) (partition.Reader, error) {
	if err := s.src.store.use(); err != nil {
		return nil, err
	}
	return &keptReader{split: s}, nil
}

// keptReader reads the pieces of a split, one after the other.
type keptReader struct {
	split  *keptSplit
	next   int
	reader *shuffle.Reader
	all    vec.Batch
	some   vec.Batch
	closed bool
}

// NextVec gives the engine its batches as they are, until the next call.
func (r *keptReader) NextVec(ctx context.Context, b *vec.Batch) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.reader == nil {
			if r.next == len(r.split.pieces) {
				return io.EOF
			}
			p := r.split.pieces[r.next]
			r.next++
			r.reader = shuffle.NewRangeReader(p.out, p.from, p.to)
		}
		_, err := r.reader.Next(ctx, &r.all)
		if err == nil {
			b.Rows = r.all.Rows
			b.Cols = b.Cols[:0]
			for _, c := range r.split.cols {
				b.Cols = append(b.Cols, r.all.Cols[c])
			}
			return nil
		}
		r.reader.Close()
		r.reader = nil
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
}

// Next implements partition.Reader.
func (r *keptReader) Next(ctx context.Context) (partition.Batch, error) {
	if err := r.NextVec(ctx, &r.some); err != nil {
		return partition.Batch{}, err
	}
	out := partition.Batch{Rows: r.some.Rows, Cols: make([]arrow.Array, len(r.some.Cols))}
	for i, c := range r.split.cols {
		a, err := vec.ToArrow(&r.some.Cols[i], r.split.src.schema.Field(c).Type)
		if err != nil {
			return partition.Batch{}, err
		}
		out.Cols[i] = a
	}
	return out, nil
}

// Close implements partition.Reader.
func (r *keptReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.reader != nil {
		r.reader.Close()
	}
	if err := r.split.src.store.done(); err != nil {
		return fault.New(fault.Input, "Persist", "the rows could not be removed: %w", err)
	}
	return nil
}
