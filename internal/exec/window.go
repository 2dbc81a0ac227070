package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/eval"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/internal/window"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
)

// windowStep collects rows, computes window functions over all of them, and gives the rows on in their order.
type windowStep struct {
	link
	what  *windowColumns
	build []*vec.Builder
	rows  int
	held  *mem.Reservation // of the rows and of what is computed of them, made with the first rows
	base  int64            // bytes reserved for the rows
	width int              // columns of the input
	live  []int            // held columns that are read downstream
	top   *topFilter
	sieve bool  // of the rows that top leaves, all may go on
	limit int64 // bytes of rows at which a sieve gives them on and begins anew
}

// sieveBytes is the most that a sieve holds.
const sieveBytes = 256 << 20

// windowColumns says what is held of the input: some of its columns, then what is computed of them.
type windowColumns struct {
	in     *arrow.Schema
	carry  []int // columns of the input
	exprs  []expr.Expr
	prog   *eval.Program
	cols   []vec.Vec
	types  []arrow.DataType
	specs  []window.Spec
	places [][]int // of each spec's calls: the column of the output
}

// column returns the held column of an expression. Computed ones are counted from the end for now: see settle.
func (w *windowColumns) column(e expr.Expr) int {
	if name, ok := e.Unalias().ColumnName(); ok {
		at := columnAt(w.in, name)
		if i := slices.Index(w.carry, at); i >= 0 {
			return i
		}
		w.carry = append(w.carry, at)
		return len(w.carry) - 1
	}
	for i, have := range w.exprs {
		if expr.Equal(have, e) {
			return ^i
		}
	}
	w.exprs = append(w.exprs, e)
	return ^(len(w.exprs) - 1)
}

// settle turns the numbers of computed columns into places behind the others, which are all known now.
func (w *windowColumns) settle() error {
	place := func(at *int) {
		if *at < 0 {
			*at = len(w.carry) + ^*at
		}
	}
	for s := range w.specs {
		spec := &w.specs[s]
		for i := range spec.Over {
			place(&spec.Over[i])
		}
		for i := range spec.Order {
			place(&spec.Order[i].Col)
		}
		for c := range spec.Calls {
			call := &spec.Calls[c]
			for i := range call.Args {
				place(&call.Args[i])
			}
			if call.Where != noWhere {
				place(&call.Where)
			} else {
				call.Where = -1
			}
		}
	}
	for _, at := range w.carry {
		w.types = append(w.types, w.in.Field(at).Type)
	}
	w.types = append(w.types, exprTypes(w.exprs)...)
	w.cols = make([]vec.Vec, len(w.types))
	if len(w.exprs) == 0 {
		return nil
	}
	var err error
	w.prog, err = eval.Compile(w.exprs, w.in)
	return err
}

// noWhere stands for no condition until settle.
const noWhere = -1 << 30

// add puts a call, whose column of the output is at, to those of the same keys and order.
func (w *windowColumns) add(e expr.Expr, at int) error {
	e = e.Unalias()
	m := e.Mods()
	var spec window.Spec
	for _, k := range m.Over {
		spec.Over = append(spec.Over, w.column(k))
	}
	for _, k := range m.OrderBy {
		spec.Order = append(spec.Order, sorting.Key{Col: w.column(k.Expr), Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	call := window.Call{Expr: e, Where: noWhere}
	for _, arg := range e.Args() {
		if !m.Where.IsZero() && arg.CanFail() { // an error counts only for the rows that the call sees
			seen, err := expr.Bind(expr.If(m.Where, arg, expr.NullOf(arg.Type())), w.in)
			if err != nil {
				return err
			}
			arg = seen
		}
		call.Args = append(call.Args, w.column(arg))
	}
	if !m.Where.IsZero() {
		call.Where = w.column(m.Where)
	}
	i := slices.IndexFunc(w.specs, func(s window.Spec) bool { return slices.Equal(s.Over, spec.Over) && slices.Equal(s.Order, spec.Order) })
	if i < 0 {
		i = len(w.specs)
		w.specs, w.places = append(w.specs, spec), append(w.places, nil)
	}
	w.specs[i].Calls = append(w.specs[i].Calls, call)
	w.places[i] = append(w.places[i], at)
	return nil
}

// of returns the columns to hold of a batch.
func (w *windowColumns) of(ctx context.Context, b *vec.Batch) ([]vec.Vec, error) {
	for i, at := range w.carry {
		w.cols[i] = b.Cols[at]
	}
	if w.prog == nil {
		return w.cols, nil
	}
	return w.cols, w.prog.Run(ctx, b, w.cols[len(w.carry):])
}

func (c *compiler) window(n *plan.Window, l link, need columns) (step, columns, error) {
	in := n.Input.Schema()
	w := &windowColumns{in: in, carry: need[:in.NumFields()].list()}
	s := &windowStep{link: l, what: w, width: n.Schema().NumFields()}
	c.atEnd(s.free)
	for i := range w.carry {
		s.live = append(s.live, i)
	}
	for i, e := range n.Exprs {
		if at := in.NumFields() + i; need[at] {
			if err := w.add(e, at); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := w.settle(); err != nil {
		return nil, nil, err
	}
	s.top = c.topOf(n, w)
	s.sieve = c.frag.Sieve && slices.Index(c.chain, plan.Node(n)) == len(c.chain)-3
	s.begin()
	reads := make(columns, in.NumFields())
	for _, at := range w.carry {
		reads[at] = true
	}
	return s, reads.add(in, w.exprs...), nil
}

func (s *windowStep) push(ctx context.Context, b *vec.Batch) error {
	if s.held == nil {
		s.held = mem.From(ctx).Reservation("window")
		s.limit = min(sieveBytes, tableBytes(ctx))
	}
	cols, err := s.what.of(ctx, b)
	if err != nil {
		return err
	}
	rows := b.Rows
	held := int64(0)
	if s.top != nil {
		if cols, rows, err = s.top.keep(cols, rows, s.held.Grow); err != nil {
			return err
		}
		held = s.top.bytes()
	}
	for i, c := range s.build {
		c.Append(&cols[i])
		held += c.Bytes()
	}
	s.rows += rows
	if err := s.reserve(held); err != nil || !s.sieve || held <= s.limit {
		return err
	}
	if err := s.compute(ctx); err != nil {
		return err
	}
	s.begin()
	return nil
}

// begin makes the step hold no rows.
func (s *windowStep) begin() {
	s.rows, s.held = 0, nil
	for _, t := range s.what.types {
		s.build = append(s.build, vec.NewBuilder(t))
	}
	if t := s.top; t != nil {
		s.top = &topFilter{spec: t.spec, what: t.what, k: t.k, cols: t.cols}
	}
}

// free gives all memory back.
func (s *windowStep) free() {
	if s.held != nil {
		s.held.Free()
	}
	s.build, s.base = nil, 0
}

// reserve makes the bytes reserved for rows n.
func (s *windowStep) reserve(n int64) error {
	if n == s.base {
		return nil
	}
	delta := n - s.base
	if err := s.held.Grow(delta); err != nil {
		return err
	}
	s.base = n
	return nil
}

func (s *windowStep) finish(ctx context.Context) error {
	if s.rows == 0 {
		return s.link.finish(ctx)
	}
	return s.link.finishAfter(ctx, s.compute(ctx))
}

func (s *windowStep) compute(ctx context.Context) error {
	cols := make([]vec.Vec, len(s.build))
	for i, b := range s.build {
		cols[i] = b.Vec()
	}
	if s.top != nil {
		s.rows = s.top.still(cols, s.rows)
	}
	out := vec.Batch{Cols: make([]vec.Vec, s.width), Rows: s.rows}
	specs := s.what.specs
	if s.sieve && s.top != nil && s.top.few(s.rows) {
		if err := s.rankFirst(&out); err != nil {
			return err
		}
		specs = nil
	}
	for i := range specs {
		made, err := window.Compute(ctx, &specs[i], cols, s.rows, s.held.Grow)
		if err != nil {
			return err
		}
		for c, at := range s.what.places[i] {
			out.Cols[at] = made[c]
		}
	}
	for _, i := range s.live {
		out.Cols[s.what.carry[i]] = cols[i]
	}
	err := s.link.pushAll(ctx, &out)
	s.free()
	return err
}

// rankFirst gives every row the first rank, which passes the filter: the later stage ranks them.
func (s *windowStep) rankFirst(out *vec.Batch) error {
	if err := s.held.Grow(8 * int64(out.Rows)); err != nil {
		return err
	}
	ones := make([]int64, out.Rows)
	for i := range ones {
		ones[i] = 1
	}
	rank := vec.Vec{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Len: out.Rows, Data: vec.Bytes(ones)}
	for _, places := range s.what.places {
		for _, at := range places {
			out.Cols[at] = rank
		}
	}
	return nil
}
