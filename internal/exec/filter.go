package exec

import (
	"context"

	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/vec"
)

// filterStep keeps the rows for which the predicate is true. Only the columns that something downstream reads are compacted; the
// others are left empty.
type filterStep struct {
	link
	prog    *eval.Program
	keep    []int
	out     vec.Batch
	scratch vec.Scratch
}

func newFilterStep(l link, prog *eval.Program, width int, keep []int) *filterStep {
	return &filterStep{link: l, prog: prog, keep: keep, out: vec.Batch{Cols: make([]vec.Vec, width)}}
}

func (s *filterStep) push(ctx context.Context, b *vec.Batch) error {
	bits, count, err := s.prog.Filter(ctx, b)
	switch {
	case err != nil:
		return err
	case count == 0:
		return nil
	case count == b.Rows:
		return s.link.push(ctx, b)
	}
	s.scratch.Reset()
	for _, c := range s.keep {
		vec.Filter(&s.out.Cols[c], &b.Cols[c], bits, count, &s.scratch)
	}
	s.out.Rows, s.out.Seq = count, b.Seq
	return s.link.push(ctx, &s.out)
}
