package exec

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
)

// scan pushes the batches of a split.
type scan struct {
	link
	split  partition.Split
	schema *arrow.Schema // of the batches
	part   int           // number of the split, from 0
	out    vec.Batch
	pool   vec.Scratch
}

func (s *scan) run(ctx context.Context) (err error) {
	reader, err := s.split.Open(ctx, envOf(ctx))
	if err != nil {
		return err
	}
	defer func() { // also when a step panics
		if closed := reader.Close(); err == nil {
			err = closed
		}
	}()
	return s.pushAllOf(ctx, reader)
}

func (s *scan) pushAllOf(ctx context.Context, reader partition.Reader) error {
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := reader.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.convert(b); err != nil {
			return err
		}
		s.out.Seq = uint64(partition.MakeSeq(s.part, n))
		if err := s.link.pushAll(ctx, &s.out); err != nil {
			return err
		}
	}
}

// convert makes s.out the engine's view of a reader's batch.
func (s *scan) convert(b partition.Batch) error {
	if len(b.Cols) != s.schema.NumFields() {
		return fault.New(fault.Internal, "scan", "a reader gave %d columns, %d were asked for", len(b.Cols), s.schema.NumFields())
	}
	s.pool.Reset()
	s.out.Rows = b.Rows
	s.out.Cols = growTo(s.out.Cols, len(b.Cols))
	for i, c := range b.Cols {
		if c.Len() != b.Rows {
			return fault.New(fault.Internal, "scan", "a reader gave a column of %d rows in a batch of %d", c.Len(), b.Rows)
		}
		if err := vec.FromArrow(c, &s.out.Cols[i], &s.pool); err != nil {
			return err
		}
	}
	return nil
}

// envOf lends a reader the pooled allocator and the run's budget.
func envOf(ctx context.Context) *partition.Env {
	budget := mem.From(ctx)
	return &partition.Env{
		Alloc: mem.Shared,
		Reserve: func(n int64) (func(), error) {
			if err := budget.Reserve("scan", n); err != nil {
				return nil, err
			}
			return sync.OnceFunc(func() { budget.Release(n) }), nil
		},
	}
}

// pushRecords pushes the record batches of earlier tasks' rows, in order.
func pushRecords(ctx context.Context, parts []*Rows, l *link) error {
	var pool vec.Scratch
	var b vec.Batch
	for _, p := range parts {
		for _, rec := range p.Batches {
			if err := ctx.Err(); err != nil {
				return err
			}
			pool.Reset()
			b.Rows = int(rec.NumRows())
			b.Cols = growTo(b.Cols, int(rec.NumCols()))
			for i := range b.Cols {
				if err := vec.FromArrow(rec.Column(i), &b.Cols[i], &pool); err != nil {
					return fmt.Errorf("column %q: %w", rec.ColumnName(i), err)
				}
			}
			if err := l.pushAll(ctx, &b); err != nil {
				return err
			}
		}
	}
	return nil
}
