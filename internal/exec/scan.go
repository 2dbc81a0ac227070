package exec

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
)

// scan pushes the batches of a split. It can stop between two pushes and go on later.
type scan struct {
	link
	pending
	split  partition.Split
	schema *arrow.Schema // of the batches
	part   int           // number of the split, from 0
	filter *rowFilter    // nil: nothing is known of rows that need not come

	reader  partition.Reader // once open
	batches int              // read so far
	rows    int64            // in them
	pool    vec.Scratch
}

// run opens the split and pushes its rows. It returns errPaused where the task has to stop for a while; run again then goes on.
func (s *scan) run(ctx context.Context) (err error) {
	if s.reader == nil {
		if s.reader, err = s.split.Open(ctx, envOf(ctx)); err != nil {
			return err
		}
		if r, ok := s.reader.(partition.FilteredReader); ok && s.filter != nil {
			r.SetFilter(s.filter)
		}
	}
	paused := false
	defer func() { // also when a step panics
		if !paused {
			if closed := s.close(); err == nil {
				err = closed
			}
		}
	}()
	err = s.pushAllOf(ctx)
	paused = errors.Is(err, errPaused)
	return err
}

// close closes the reader, if it is open.
func (s *scan) close() error {
	if s.reader == nil {
		return nil
	}
	r := s.reader
	s.reader = nil
	return r.Close()
}

func (s *scan) pushAllOf(ctx context.Context) error {
	for {
		for s.at < s.out.Rows {
			if err := s.some(ctx, &s.link); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.next(ctx)
		if err == io.EOF {
			s.count()
			return nil
		}
		if err != nil {
			return err
		}
		s.out.Seq = uint64(partition.MakeSeq(s.part, s.batches))
		s.begin()
		s.batches++
		s.rows += int64(s.out.Rows)
	}
}

// count notes how many rows the filter has left out, where the split knows its rows.
func (s *scan) count() {
	if st := s.split.Stats(); s.filter != nil && st.Exact && st.Rows > s.rows {
		s.clock.ops[0].LeftOut += st.Rows - s.rows
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

// envOf lends a reader the pooled allocator and the run's budget. A reader cannot spill and is granted its first bytes whatever is in
// use: the pages and dictionaries of a common file.
func envOf(ctx context.Context) *partition.Env {
	budget := mem.From(ctx)
	var held atomic.Int64 // a reader may reserve from its prefetching goroutine too
	return &partition.Env{
		Alloc: mem.Shared,
		Reserve: func(n int64) (func(), error) {
			var err error
			if held.Add(n) <= scanFloor {
				err = budget.Want(n)
			} else {
				err = budget.Reserve("scan", n)
			}
			if err != nil {
				held.Add(-n)
				return nil, err
			}
			return sync.OnceFunc(func() {
				held.Add(-n)
				budget.Release(n)
			}), nil
		},
	}
}
