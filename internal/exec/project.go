package exec

import (
	"context"

	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/vec"
)

// projectStep computes the columns of its output from those of its input.
type projectStep struct {
	link
	prog *eval.Program
	out  vec.Batch
}

func newProjectStep(l link, prog *eval.Program, width int) *projectStep {
	return &projectStep{link: l, prog: prog, out: vec.Batch{Cols: make([]vec.Vec, width)}}
}

func (s *projectStep) push(ctx context.Context, b *vec.Batch) error {
	if err := s.prog.Run(ctx, b, s.out.Cols); err != nil {
		return err
	}
	s.out.Rows, s.out.Seq = b.Rows, b.Seq
	return s.link.push(ctx, &s.out)
}
