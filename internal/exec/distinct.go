package exec

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/group"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// distinctStep keeps the first row of each key, in row order. Run over the rows that several tasks kept, in their order, it keeps the
// first of all.
type distinctStep struct {
	link
	table   group.Table
	keys    []int // columns of the input
	live    []int
	cols    []vec.Vec
	gids    []uint32
	out     vec.Batch
	scratch vec.Scratch

	// partial says that others look for doubles again: the step may forget keys, and stops looking where there are hardly any doubles.
	partial bool
	limit   int64
	seen    int
	held    *mem.Reservation
	make    func() (group.Table, error)
}

func newDistinctStep(l link, types []arrow.DataType, keys, live []int, width int, held *mem.Reservation) (*distinctStep, error) {
	s := &distinctStep{link: l, keys: keys, live: live, cols: make([]vec.Vec, len(keys)), out: vec.Batch{Cols: make([]vec.Vec, width)}, held: held}
	s.make = func() (group.Table, error) { return group.New(types, group.Options{Reserve: held.Grow}) }
	var err error
	s.table, err = s.make()
	return s, err
}

// forget bounds the table of a partial step.
func (s *distinctStep) forget(rows int) (err error) {
	s.seen += rows
	n := s.table.Len()
	switch {
	case n >= few(flushGroups) && 2*n > s.seen: // hardly any doubles: passing them on costs less than finding them
		s.held.Grow(-s.table.Bytes())
		s.table = nil
	case s.table.Bytes() > s.limit:
		s.held.Grow(-s.table.Bytes())
		s.table, err = s.make()
		s.seen = 0
	}
	return err
}

func (s *distinctStep) push(ctx context.Context, b *vec.Batch) error {
	if s.table == nil {
		return s.link.push(ctx, b)
	}
	for i, c := range s.keys {
		s.cols[i] = b.Cols[c]
	}
	s.gids = growTo(s.gids, b.Rows)
	if err := s.table.Intern(s.cols, b.Rows, s.gids); err != nil {
		return err
	}
	first := s.table.FirstRows()
	if len(first) == b.Rows {
		if err := s.link.push(ctx, b); err != nil || !s.partial {
			return err
		}
		return s.forget(b.Rows)
	}
	s.scratch.Reset()
	for _, c := range s.live {
		vec.Take(&s.out.Cols[c], &b.Cols[c], first, &s.scratch)
	}
	s.out.Rows, s.out.Seq = len(first), b.Seq
	if err := s.link.push(ctx, &s.out); err != nil || !s.partial {
		return err
	}
	return s.forget(b.Rows)
}

// growTo returns s with n elements of unspecified content.
func growTo[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
