package exec

import (
	"context"

	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
)

// probeStep joins its input, the left side, with a table built of the right side. Columns that nothing downstream reads are left
// empty.
type probeStep struct {
	link
	prog    *eval.Program // the left keys
	prober  *join.Prober
	outer   bool // rows without a match come too, with nulls on the right
	payload []vec.Vec
	cols    []probeColumn
	keys    []vec.Vec
	out     vec.Batch
	scratch vec.Scratch
}

// probeColumn says where an output column comes from.
type probeColumn struct {
	from  int
	right bool
	live  bool
}

func (s *probeStep) push(ctx context.Context, b *vec.Batch) error {
	if err := s.prog.Run(ctx, b, s.keys); err != nil {
		return err
	}
	if err := s.prober.Probe(s.keys, b.Rows); err != nil {
		return err
	}
	for {
		pairs, ok := s.prober.Next()
		if !ok {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.gather(ctx, b, pairs); err != nil {
			return err
		}
	}
}

// gather pushes the joined rows of the pairs.
func (s *probeStep) gather(ctx context.Context, b *vec.Batch, pairs join.Pairs) error {
	s.scratch.Reset()
	for i, c := range s.cols {
		switch {
		case !c.live:
		case c.right && s.outer:
			vec.TakeOpt(&s.out.Cols[i], &s.payload[c.from], pairs.Right, &s.scratch)
		case c.right:
			vec.Take(&s.out.Cols[i], &s.payload[c.from], pairs.Right, &s.scratch)
		case pairs.Whole:
			s.out.Cols[i] = b.Cols[c.from]
		default:
			vec.Take(&s.out.Cols[i], &b.Cols[c.from], pairs.Left, &s.scratch)
		}
	}
	s.out.Rows, s.out.Seq = len(pairs.Left), b.Seq
	return s.link.push(ctx, &s.out)
}
