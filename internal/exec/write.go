package exec

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

func init() { register("written", encodeWritten, decodeWritten) }

// Written is the result of a task that has given its rows to a sink: how many.
type Written struct {
	N int64
	marked
}

// Free implements Result.
func (w *Written) Free() {}

// Held implements Result.
func (w *Written) Held() *mem.Reservation { return nil }

func encodeWritten(w *Written) ([]byte, error) { return binary.AppendVarint(nil, w.N), nil }

func decodeWritten(b []byte) (*Written, error) {
	n, size := binary.Varint(b)
	if size != len(b) || size <= 0 {
		return nil, fmt.Errorf("written: damaged")
	}
	return &Written{N: n}, nil
}

// Writes are the sinks that the stages of a run write to, once they are open. It is safe for concurrent use.
type Writes struct {
	mu   sync.Mutex
	open map[int]partition.PartitionedWriter
}

// Set says what a stage writes to.
func (w *Writes) Set(stage int, to partition.PartitionedWriter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[int]partition.PartitionedWriter{}
	}
	w.open[stage] = to
}

func (w *Writes) get(stage int) partition.PartitionedWriter {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open[stage]
}

type writesKey struct{}

// WithWrites returns a context in which tasks of mode WriteRows find what to write to. Where a context has none, as in another
// process, they open the sink of their Breaker, and only write parts of it.
func WithWrites(ctx context.Context, w *Writes) context.Context {
	return context.WithValue(ctx, writesKey{}, w)
}

// vecWriter is a partition.Writer that takes the engine's batches as they are: views, dictionaries, leftovers under nulls. The batch
// is good until it returns.
type vecWriter interface {
	WriteVec(ctx context.Context, b *vec.Batch) error
}

// abandoner is a partition.Writer that can be told that its part failed. Others are closed.
type abandoner interface{ Abandon() }

// writeStep gives rows to one part of a sink.
type writeStep struct {
	schema *arrow.Schema
	part   int
	to     partition.Writer
	vecs   vecWriter // to, where it takes vecs
	build  []*vec.Builder
	held   *mem.Reservation
	n      int64
	seq    int
	closed bool
}

func (c *compiler) writeSink(ctx context.Context, schema *arrow.Schema) (sink, columns, error) {
	node, ok := c.frag.Breaker.(*plan.Write)
	if !ok {
		return nil, nil, fault.New(fault.Internal, "write", "the fragment has no write")
	}
	writes, _ := ctx.Value(writesKey{}).(*Writes)
	to := writes.get(c.frag.Stage)
	if to == nil {
		var err error
		if to, err = node.Sink.Open(ctx, schema, 0); err != nil {
			return nil, nil, err
		}
	}
	part, err := to.Part(ctx, c.part)
	if err != nil {
		return nil, nil, err
	}
	s := &writeStep{schema: schema, part: c.part, to: part, held: c.held}
	if s.vecs, ok = part.(vecWriter); !ok {
		for _, f := range schema.Fields() {
			s.build = append(s.build, vec.NewBuilder(f.Type))
		}
	}
	c.atEnd(s.abandon)
	return s, allColumns(schema), nil
}

// abandon gives the part up where it was not closed: the task failed.
func (s *writeStep) abandon() {
	if s.closed {
		return
	}
	s.closed = true
	if a, ok := s.to.(abandoner); ok {
		a.Abandon()
		return
	}
	_ = s.to.Close() // the write as a whole is aborted
}

func (s *writeStep) push(ctx context.Context, b *vec.Batch) error {
	s.n += int64(b.Rows)
	switch {
	case s.vecs != nil:
		return s.vecs.WriteVec(ctx, b)
	case len(s.build) == 0 || b.Rows >= minEmit && s.build[0].Len() == 0:
		return s.write(ctx, b.Cols, b.Rows)
	}
	bytes := int64(0)
	for i, c := range s.build {
		c.Append(&b.Cols[i])
		bytes += c.Bytes()
	}
	if s.build[0].Len() < minEmit && bytes < maxEmitBytes {
		return nil
	}
	return s.flush(ctx)
}

// flush writes the rows that were put together.
func (s *writeStep) flush(ctx context.Context) error {
	if len(s.build) == 0 || s.build[0].Len() == 0 {
		return nil
	}
	rows := s.build[0].Len()
	cols := make([]vec.Vec, len(s.build))
	for i, c := range s.build {
		cols[i] = c.Vec()
	}
	err := s.write(ctx, cols, rows)
	for _, c := range s.build {
		c.Reset()
	}
	return err
}

// write gives a sink of the user's rows of exactly the schema, which stay good after Write too.
func (s *writeStep) write(ctx context.Context, cols []vec.Vec, rows int) error {
	rec, err := toRecord(s.schema, cols, rows)
	if err != nil {
		return err
	}
	b := partition.Batch{Cols: rec.Columns(), Rows: rows, Seq: partition.MakeSeq(s.part, s.seq)}
	s.seq++
	return s.to.Write(ctx, b)
}

func (s *writeStep) finish(ctx context.Context) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.closed = true
	return s.to.Close()
}

func (s *writeStep) result() any { return &Written{N: s.n} }
