// Package eval computes expressions over batches: Compile turns bound trees of package expr into a program of typed steps, Run and
// Filter execute it on one batch after another.
//
// A step's kernel is chosen when the program is compiled and called once a batch, over plain slices. Equal sub-expressions are one step.
// Nulls are bitmaps, combined word-wise. A step that can fail, or is dear, gets the set of active rows from If, And, Or and Coalesce above it
// and does not count, or compute, the others. What depends on one dictionary column alone is computed once a dictionary.
//
// eval knows expr, vec, bitmap and kernel; it must not know plans, operators or where batches come from.
//
//	p, err := eval.Compile([]expr.Expr{expr.Col("tip").Div(expr.Col("fare"))}, schema)
//	out := make([]vec.Vec, 1)
//	err = p.Run(ctx, &batch, out)
package eval

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Program is compiled expressions with the memory of their results. It belongs to one task: it is not safe for concurrent use.
type Program struct {
	roots []*node
	x     state
}

// Compile makes a program of scalar expressions over batches whose columns are those of in, in its order. Expressions that are not
// bound yet are bound to in. Aggregates and window functions are a fault: their operands are what is compiled.
func Compile(exprs []expr.Expr, in *arrow.Schema) (*Program, error) {
	c := newCompiler(in)
	p := &Program{}
	for _, e := range exprs {
		n, err := c.root(e)
		if err != nil {
			return nil, err
		}
		p.roots = append(p.roots, n)
	}
	return p, nil
}

// Run computes all expressions on a batch. out[i], one for each, is good until the next call and while the batch is; a bare column is
// passed through. An error of a value names expression and row, counted from 1 within the batch.
func (p *Program) Run(ctx context.Context, in *vec.Batch, out []vec.Vec) error {
	if err := p.begin(ctx, in); err != nil {
		return err
	}
	for i, n := range p.roots {
		v, err := p.x.whole(n, mask{})
		if err != nil {
			return err
		}
		out[i] = *v
	}
	return nil
}

// Filter computes boolean expressions and returns the bitmap of the rows where all are true, and how many there are. Rows that an earlier
// expression, or an earlier operand of And, rules out are not active in the later ones. The bitmap is good until the next call.
func (p *Program) Filter(ctx context.Context, in *vec.Batch) (bits []uint64, count int, err error) {
	if err := p.begin(ctx, in); err != nil {
		return nil, 0, err
	}
	x := &p.x
	keep := mask{}
	for _, n := range p.roots {
		if keep, err = x.truth(n, keep); err != nil {
			return nil, 0, err
		}
		if keep.bits != nil && !bitmap.Any(keep.bits, x.n) {
			return keep.bits, 0, nil
		}
	}
	if keep.bits == nil {
		all := x.s.Bits(x.n)
		bitmap.Fill(all, true)
		return all, x.n, nil
	}
	return keep.bits, bitmap.Count(keep.bits, x.n), nil
}

// Bytes returns the memory that the program holds for results.
func (p *Program) Bytes() int64 { return p.x.s.Bytes() }

func (p *Program) begin(ctx context.Context, in *vec.Batch) error {
	if err := ctx.Err(); err != nil {
		return &fault.Error{Kind: fault.Canceled, Err: context.Cause(ctx)}
	}
	x := &p.x
	x.s.Reset()
	x.ctx, x.in, x.n = ctx, in, in.Rows
	x.gen++
	x.masks = 0
	return nil
}
