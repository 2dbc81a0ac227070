package eval

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

var (
	background  = context.Background()
	emptySchema = arrow.NewSchema(nil, nil)
)

// buildFunc calls a user function on the active rows only.
func buildFunc(n *node) (runFunc, error) {
	fn := n.e.UserFunction()
	if fn == nil {
		return nil, nil
	}
	n.masked = true
	return func(x *state, act mask) (*vec.Vec, error) {
		rows := x.n
		if act.bits != nil {
			rows = bitmap.Count(act.bits, x.n)
		}
		args := make([]arrow.Array, len(n.args))
		for i, a := range n.args {
			v, err := x.whole(a, act)
			if err != nil {
				return nil, err
			}
			var part vec.Vec
			vec.Filter(&part, v, x.ones(act.bits), rows, &x.s)
			if args[i], err = vec.ToArrow(&part, a.e.Type()); err != nil {
				return nil, err
			}
		}
		res, err := x.call(n.e, fn, args, rows)
		if err != nil {
			return nil, x.placed(n.e, err, act)
		}
		out := x.vec()
		if err := vec.FromArrow(res, out, &x.s); err != nil {
			return nil, err
		}
		if out.Len != rows {
			return nil, fault.New(fault.Data, n.e.Info().Call, "%s returned %d rows for %d", n.e, out.Len, rows)
		}
		if out.Phys != n.phys {
			return nil, fault.New(fault.Type, n.e.Info().Call, "%s returned %s, not %s", n.e, out.Type, n.typ)
		}
		if rows < x.n {
			x.spread(out, act.bits)
		}
		return out, nil
	}, nil
}

// call turns a panic of the function into an error.
func (x *state) call(e expr.Expr, fn *expr.UserFunction, args []arrow.Array, rows int) (res arrow.Array, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(e, -1, p)
		}
	}()
	return fn.Call(x.ctx, memory.DefaultAllocator, args, rows)
}

// placed gives an error of a call its place in the user's code, and the row, which counts among the active ones, that of the batch.
func (x *state) placed(e expr.Expr, err error, act mask) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	moved := *f
	if moved.At == "" {
		moved.At = e.At()
	}
	if act.bits != nil && f.Row > 0 {
		idx := vec.Alloc[uint32](&x.s, bitmap.Count(act.bits, x.n)+bitmap.IndexRoom)
		if k := bitmap.Indices(idx, act.bits, x.n); f.Row <= int64(k) {
			moved.Row = int64(idx[f.Row-1]) + 1
		}
	}
	return &moved
}

// spread gives the rows of out, one an active row, their places in the batch; the others are null.
func (x *state) spread(out *vec.Vec, bits []uint64) {
	idx := vec.Alloc[uint32](&x.s, x.n)
	k := uint32(0)
	for i := range idx {
		idx[i] = vec.NoRow
		if bitmap.Get(bits, i) {
			idx[i] = k
			k++
		}
	}
	vec.TakeOpt(out, out, idx, &x.s)
}
