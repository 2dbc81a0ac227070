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
}

func newDistinctStep(l link, types []arrow.DataType, keys, live []int, width int, held *mem.Reservation) (*distinctStep, error) {
	table, err := group.New(types, group.Options{Reserve: held.Grow})
	if err != nil {
		return nil, err
	}
	return &distinctStep{link: l, table: table, keys: keys, live: live, cols: make([]vec.Vec, len(keys)), out: vec.Batch{Cols: make([]vec.Vec, width)}}, nil
}

func (s *distinctStep) push(ctx context.Context, b *vec.Batch) error {
	for i, c := range s.keys {
		s.cols[i] = b.Cols[c]
	}
	s.gids = growTo(s.gids, b.Rows)
	if err := s.table.Intern(s.cols, b.Rows, s.gids); err != nil {
		return err
	}
	first := s.table.FirstRows()
	if len(first) == b.Rows {
		return s.link.push(ctx, b)
	}
	s.scratch.Reset()
	for _, c := range s.live {
		vec.Take(&s.out.Cols[c], &b.Cols[c], first, &s.scratch)
	}
	s.out.Rows, s.out.Seq = len(first), b.Seq
	return s.link.push(ctx, &s.out)
}

// growTo returns s with n elements of unspecified content.
func growTo[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
