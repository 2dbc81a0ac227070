package exec

import (
	"context"

	"github.com/sheafdata/sheaf/internal/vec"
)

// limitStep leaves out the first offset rows and gives at most n of the rest; n < 0 is no limit. Once it has given all it ends the
// task's input.
type limitStep struct {
	link
	offset, n int64
	out       vec.Batch
	scratch   vec.Scratch
}

func newLimitStep(l link, n, offset int64, width int) *limitStep {
	return &limitStep{link: l, n: n, offset: offset, out: vec.Batch{Cols: make([]vec.Vec, width)}}
}

func (s *limitStep) push(ctx context.Context, b *vec.Batch) error {
	if s.n == 0 {
		return errEnough
	}
	from := min(s.offset, int64(b.Rows))
	s.offset -= from
	rows := int64(b.Rows) - from
	if s.n > 0 {
		rows = min(rows, s.n)
		s.n -= rows
	}
	if rows > 0 {
		if err := s.link.push(ctx, s.cut(b, int(from), int(rows))); err != nil {
			return err
		}
	}
	if s.n == 0 {
		return errEnough
	}
	return nil
}

// cut returns rows [from, from+rows) of b.
func (s *limitStep) cut(b *vec.Batch, from, rows int) *vec.Batch {
	if rows == b.Rows {
		return b
	}
	s.scratch.Reset()
	for i := range b.Cols {
		s.out.Cols[i] = vec.Vec{} // a column that nobody reads downstream may be empty
		if b.Cols[i].Len > 0 {
			vec.Slice(&s.out.Cols[i], &b.Cols[i], from, rows, &s.scratch)
		}
	}
	s.out.Rows, s.out.Seq = rows, b.Seq
	return &s.out
}
