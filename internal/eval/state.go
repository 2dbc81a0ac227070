package eval

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// state is one execution of a program: the batch, and the memory of the steps' results, which lives until the next batch.
type state struct {
	ctx    context.Context
	in     *vec.Batch
	n      int // rows
	s      vec.Scratch
	gen    uint64     // counts batches
	masks  uint64     // counts masks of this batch
	tmp    []byte     // one text in the making
	writer textWriter // the text column in the making
}

// mask is a set of active rows. The zero mask is all rows; others have an id of their own, by which results are found again.
type mask struct {
	id   uint64
	bits []uint64
}

// runFunc computes a step for all rows of the batch; lanes outside of act are unspecified. It returns a Vec of the node's type with a row
// each, or a dictionary of such.
type runFunc func(x *state, act mask) (*vec.Vec, error)

// node is a step: an operation on the results of others.
type node struct {
	e      expr.Expr
	typ    arrow.DataType // logical
	phys   vec.Phys
	args   []*node
	run    runFunc
	masked bool // can fail or is dear, itself or below: worth its active rows
	con    *vec.Vec
	col    int // of the input, for a bare column; else -1
	dictOf int // of the input, 1 + the column whose dictionary this step looks for; else 0

	gen, under uint64 // the batch and mask that val was computed for
	val        *vec.Vec

	plainOf, plain *vec.Vec // a dictionary that val was, and its values, in batch plainGen
	plainGen       uint64
}

// isLit says whether n is a constant, isNull whether that is null.
func (n *node) isLit() bool  { return n.con != nil }
func (n *node) isNull() bool { return n.con != nil && !n.con.ValidAt(0) }

// vec returns a zero Vec that lives as long as the batch's results.
func (x *state) vec() *vec.Vec { return &x.s.Vecs(1)[0] }

// out returns a Vec of type t with Data of unspecified content and a row a row of the batch.
func (x *state) out(t arrow.DataType) *vec.Vec {
	v := x.vec()
	x.s.New(v, t, x.n)
	return v
}

// newMask gives a set of rows its id.
func (x *state) newMask(bits []uint64) mask {
	x.masks++
	return mask{id: x.masks, bits: bits}
}

// eval returns the step's result, computed at most once a batch and mask. It may be a dictionary; of a constant it is the one row.
func (x *state) eval(n *node, act mask) (*vec.Vec, error) {
	if n.con != nil {
		return n.con, nil
	}
	if !n.masked {
		act = mask{}
	}
	if n.gen == x.gen && (n.under == 0 || n.under == act.id) {
		return n.val, nil
	}
	v, err := n.run(x, act)
	if err != nil {
		return nil, err
	}
	n.val, n.gen, n.under = v, x.gen, act.id
	return v, nil
}

// whole is eval with constants made columns.
func (x *state) whole(n *node, act mask) (*vec.Vec, error) {
	v, err := x.eval(n, act)
	if err != nil || n.con == nil {
		return v, err
	}
	if n.gen == x.gen {
		return n.val, nil
	}
	idx := vec.Alloc[uint32](&x.s, x.n)
	clear(idx)
	out := x.vec()
	vec.Take(out, n.con, idx, &x.s)
	n.val, n.gen = out, x.gen
	return out, nil
}

// plain is whole without dictionaries: what kernels read. Constants stay one row where lit is wanted.
func (x *state) plain(n *node, act mask) (*vec.Vec, error) {
	v, err := x.whole(n, act)
	if err != nil {
		return nil, err
	}
	if v.Dict == nil {
		return v, nil
	}
	if n.plainOf != v || n.plainGen != x.gen {
		n.plainOf, n.plainGen, n.plain = v, x.gen, x.decoded(v)
	}
	return n.plain, nil
}

// operand is plain, but a constant stays its one row.
func (x *state) operand(n *node, act mask) (*vec.Vec, error) {
	if n.con != nil {
		return n.con, nil
	}
	return x.plain(n, act)
}

func (x *state) decoded(v *vec.Vec) *vec.Vec {
	if v.Dict == nil {
		return v
	}
	out := x.vec()
	vec.Decode(out, v, &x.s)
	return out
}

// nulls returns a column of nulls.
func (x *state) nulls(t arrow.DataType) *vec.Vec {
	idx := vec.Alloc[uint32](&x.s, x.n)
	for i := range idx {
		idx[i] = vec.NoRow
	}
	b := vec.NewBuilder(t)
	none, out := b.Vec(), x.vec()
	vec.TakeOpt(out, &none, idx, &x.s)
	out.Type = t
	return out
}

// both is the validity of rows valid in a and b, nil for all. The bitmaps are of n rows.
func (x *state) both(a, b []uint64) []uint64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	w := bitmap.Words(x.n)
	out := x.s.Bits(x.n)
	bitmap.And(out, a[:w], b[:w])
	return out
}

// except is the rows of valid, nil for all, that are not in drop.
func (x *state) except(valid, drop []uint64) []uint64 {
	w := bitmap.Words(x.n)
	out := x.s.Bits(x.n)
	if valid == nil {
		bitmap.Not(out, drop[:w])
	} else {
		bitmap.AndNot(out, valid[:w], drop[:w])
	}
	return out
}

// within is act reduced to the rows of bits.
func (x *state) within(act mask, bits []uint64) mask {
	if act.bits == nil {
		return x.newMask(bits)
	}
	return x.newMask(x.both(act.bits, bits))
}

// live is the rows that count for errors: valid and active. nil is all.
func (x *state) live(valid []uint64, act mask) []uint64 { return x.both(valid, act.bits) }

// next returns the first row at or after i in rows, nil for all; n where there is none.
func (x *state) next(rows []uint64, i int) int {
	if rows == nil || i >= x.n {
		return min(i, x.n)
	}
	if i = bitmap.Next(rows, i, x.n); i < 0 {
		return x.n
	}
	return i
}
