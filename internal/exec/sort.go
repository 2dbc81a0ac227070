package exec

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/eval"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
)

// SortedRun is the sorted rows of a part: the columns of the sort's input, then the computed keys.
type SortedRun struct {
	*sorting.Run
	types []arrow.DataType
	keys  []sorting.Key
	held  *mem.Reservation
}

// Free gives the reserved bytes back. The rows stay good: a cancelled task may still read them.
func (r *SortedRun) Free() {
	if r.held != nil {
		r.held.Free()
	}
}

// sortColumns says what is sorted: some columns of the input and the keys, of which those that are no plain column are computed and
// stand behind the others.
type sortColumns struct {
	carry   []int // columns of the input
	options sorting.Options
	exprs   []expr.Expr // computed keys
	prog    *eval.Program
	cols    []vec.Vec
}

func newSortColumns(in *arrow.Schema, keys []plan.SortKey, carry []int, reserve func(int64) error) (*sortColumns, error) {
	s := &sortColumns{carry: slices.Clone(carry), options: sorting.Options{Reserve: reserve}}
	for _, k := range keys {
		if name, ok := k.Expr.Unalias().ColumnName(); ok {
			if at := columnAt(in, name); !slices.Contains(s.carry, at) {
				s.carry = append(s.carry, at)
			}
		}
	}
	for _, c := range s.carry {
		s.options.Types = append(s.options.Types, in.Field(c).Type)
	}
	for _, k := range keys {
		key := sorting.Key{Desc: k.Desc, NullsFirst: k.NullsFirst}
		if name, ok := k.Expr.Unalias().ColumnName(); ok {
			key.Col = slices.Index(s.carry, columnAt(in, name))
		} else {
			key.Col = len(s.options.Types)
			s.options.Types = append(s.options.Types, k.Expr.Type())
			s.exprs = append(s.exprs, k.Expr)
		}
		s.options.Keys = append(s.options.Keys, key)
	}
	s.cols = make([]vec.Vec, len(s.options.Types))
	if len(s.exprs) == 0 {
		return s, nil
	}
	var err error
	s.prog, err = eval.Compile(s.exprs, in)
	return s, err
}

// needs adds what is read of the input.
func (s *sortColumns) needs(in *arrow.Schema) columns {
	c := make(columns, in.NumFields())
	for _, at := range s.carry {
		c[at] = true
	}
	return c.add(in, s.exprs...)
}

// of returns the columns to sort of a batch.
func (s *sortColumns) of(ctx context.Context, b *vec.Batch) ([]vec.Vec, error) {
	for i, at := range s.carry {
		s.cols[i] = b.Cols[at]
	}
	if s.prog == nil {
		return s.cols, nil
	}
	return s.cols, s.prog.Run(ctx, b, s.cols[len(s.carry):])
}

// sortStep sorts a part's rows to a run: the sink of a task.
type sortStep struct {
	what   *sortColumns
	sorter *sorting.Sorter
	run    *sorting.Run
	held   *mem.Reservation
}

func (c *compiler) sortSink(schema *arrow.Schema) (sink, columns, error) {
	node, ok := c.frag.Breaker.(*plan.Sort)
	if !ok {
		return nil, nil, fault.New(fault.Internal, "Sort", "the fragment has no sort")
	}
	all := allColumns(schema)
	what, err := newSortColumns(schema, node.Keys, all.list(), c.held.Grow)
	if err != nil {
		return nil, nil, err
	}
	sorter, err := sorting.NewSorter(what.options)
	if err != nil {
		return nil, nil, err
	}
	return &sortStep{what: what, sorter: sorter, held: c.held}, all, nil
}

func (s *sortStep) push(ctx context.Context, b *vec.Batch) error {
	cols, err := s.what.of(ctx, b)
	if err != nil {
		return err
	}
	return s.sorter.Add(cols, b.Rows)
}

func (s *sortStep) finish(context.Context) (err error) {
	s.run, err = s.sorter.Finish()
	return err
}

func (s *sortStep) result() any {
	return &SortedRun{Run: s.run, types: s.what.options.Types, keys: s.what.options.Keys, held: s.held}
}

// mergeRuns pushes the rows of sorted runs in one order.
func mergeRuns(ctx context.Context, node *plan.Sort, parts []*SortedRun, reserve func(int64) error, out *link) error {
	in := node.Input.Schema()
	what, err := newSortColumns(in, node.Keys, allColumns(in).list(), reserve)
	if err != nil {
		return err
	}
	runs := make([]*sorting.Run, len(parts))
	for i, p := range parts {
		runs[i] = p.Run
	}
	return pushMerged(ctx, what, runs, -1, 0, in.NumFields(), out)
}

// pushMerged merges runs and pushes rows [offset, limit) of them, with the carried columns in their places of the schema.
func pushMerged(ctx context.Context, what *sortColumns, runs []*sorting.Run, limit, offset int64, width int, out *link) error {
	m, err := sorting.NewMerger(what.options, runs, limit)
	if err != nil {
		return err
	}
	defer m.Release()
	var scratch vec.Scratch
	cols := make([]vec.Vec, len(what.options.Types))
	b := vec.Batch{Cols: make([]vec.Vec, width)}
	skip := newLimitStep(*out, -1, offset, width)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		scratch.Reset()
		n, err := m.Next(cols, batchRows, &scratch)
		if err != nil || n == 0 {
			return err
		}
		for i, at := range what.carry {
			b.Cols[at] = cols[i]
		}
		b.Rows = n
		if err := skip.push(ctx, &b); err != nil {
			return err
		}
	}
}

// topKStep keeps the first rows of an order. Run over the rows that several tasks kept, in their order, it keeps the first of all.
type topKStep struct {
	link
	node  *plan.TopK
	what  *sortColumns
	top   *sorting.TopK
	width int
}

// rowsKept is how many rows of its order a top-k must know.
func rowsKept(n *plan.TopK) int64 {
	if n.N > math.MaxInt64-n.Offset {
		return math.MaxInt64
	}
	return n.N + n.Offset
}

func (c *compiler) topK(n *plan.TopK, l link, need columns) (step, columns, error) {
	in := n.Input.Schema()
	what, err := newSortColumns(in, n.Keys, need.list(), c.held.Grow)
	if err != nil {
		return nil, nil, err
	}
	top, err := sorting.NewTopK(what.options, int(min(rowsKept(n), sorting.MaxRows)))
	if err != nil {
		return nil, nil, err
	}
	return &topKStep{link: l, node: n, what: what, top: top, width: in.NumFields()}, what.needs(in), nil
}

func (s *topKStep) push(ctx context.Context, b *vec.Batch) error {
	if s.node.N == 0 {
		return errEnough
	}
	cols, err := s.what.of(ctx, b)
	if err != nil {
		return err
	}
	return s.top.Add(cols, b.Rows)
}

func (s *topKStep) finish(ctx context.Context) error {
	run, err := s.top.Finish()
	if err != nil {
		return err
	}
	defer run.Release()
	if run.NumRows() > 0 {
		err := pushMerged(ctx, s.what, []*sorting.Run{run}, rowsKept(s.node), s.node.Offset, s.width, &s.link)
		if err != nil && !errors.Is(err, errEnough) { // enough for what follows, which must still finish
			return err
		}
	}
	return s.link.finish(ctx)
}
