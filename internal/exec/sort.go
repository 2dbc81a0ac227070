package exec

import (
	"context"
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

// sortStep sorts a part's rows to runs: the sink of a task. Where the budget is short of the whole part it cuts runs and gives them to
// an exchange.
type sortStep struct {
	what   *sortColumns
	sorter *sorting.Sorter
	limit  int64
	held   *mem.Reservation
	out    *SortedRun
}

// sortExtra is how many times the memory of its rows a run may take while it is sorted: the order, words of keys and their copies.
const sortExtra = 2

func (c *compiler) sortSink(ctx context.Context, schema *arrow.Schema) (sink, columns, error) {
	node, ok := c.frag.Breaker.(*plan.Sort)
	if !ok {
		return nil, nil, fault.New(fault.Internal, "Sort", "the fragment has no sort")
	}
	all := allColumns(schema)
	what, err := newSortColumns(schema, node.Keys, all.list(), c.held.Grow)
	if err != nil {
		return nil, nil, err
	}
	// Runs go to the exchange as they are made: the sorter has the share of the table and of what the table would give away.
	s := &sortStep{what: what, limit: 2 * tableBytes(ctx) / sortExtra, held: c.held}
	s.out = &SortedRun{types: what.options.Types, keys: what.options.Keys, held: c.held}
	return s, all, s.restart()
}

func (s *sortStep) restart() (err error) {
	s.sorter, err = sorting.NewSorter(s.what.options)
	return err
}

func (s *sortStep) push(ctx context.Context, b *vec.Batch) error {
	cols, err := s.what.of(ctx, b)
	if err != nil {
		return err
	}
	if err := s.sorter.Add(cols, b.Rows); err != nil {
		return err
	}
	if s.sorter.Bytes() > s.limit {
		return s.cut(ctx, true)
	}
	return nil
}

// cut ends a run, which goes to an exchange where it must.
func (s *sortStep) cut(ctx context.Context, away bool) error {
	rows := s.sorter.NumRows()
	if rows == 0 {
		return nil
	}
	bytes := s.sorter.Bytes()
	run, err := s.sorter.Finish()
	if err != nil {
		return err
	}
	if !away {
		s.out.runs = append(s.out.runs, &pile{options: s.what.options, run: run, stats: run.Stats(), bytes: bytes})
		return nil
	}
	p, err := newPile(ctx, s.what.options, run)
	if err != nil {
		return err
	}
	run.Release()
	s.out.runs = append(s.out.runs, p)
	return s.restart()
}

// finish sorts what is left. It stays in memory while half of what may live is free: that never shows in the answer, which is the same
// however it is kept.
func (s *sortStep) finish(ctx context.Context) error {
	budget := mem.From(ctx)
	soft := budget.Soft()
	return s.cut(ctx, tiny.Load() || soft > 0 && budget.Used() > soft/2)
}

func (s *sortStep) result() any { return s.out }

// given implements giver.
func (s *sortStep) given() (rows, bytes int64) { return s.out.NumRows(), s.out.Bytes() }

// mergeRuns pushes part i of the rows of sorted runs in one order.
func mergeRuns(ctx context.Context, node *plan.Sort, parts []*SortedRun, i, of int, reserve func(int64) error, out *link) error {
	in := node.Input.Schema()
	what, err := newSortColumns(in, node.Keys, allColumns(in).list(), reserve)
	if err != nil {
		return err
	}
	var piles []*pile
	for _, p := range parts {
		piles = append(piles, p.runs...)
	}
	from, to, err := bounds(parts, piles, i, of)
	if err != nil {
		return err
	}
	ins := make([]sorting.Input, len(piles))
	for k, p := range piles {
		var end func()
		ins[k], end = p.input(ctx, from[k], to[k])
		defer end()
	}
	return pushMerged(ctx, what, ins, -1, 0, in.NumFields(), out)
}

// bounds returns where part i of a merge begins and ends in each pile of the parts.
func bounds(parts []*SortedRun, piles []*pile, i, of int) (from, to []int64, err error) {
	if of <= 1 || len(piles) == 0 {
		from, to = make([]int64, len(piles)), make([]int64, len(piles))
		for k, p := range piles {
			to[k] = p.NumRows()
		}
		return from, to, nil
	}
	first := parts[0]
	first.once.Do(func() {
		all := make([]sorting.Pile, len(piles))
		for k, p := range piles {
			all[k] = p
		}
		first.cutter = sorting.NewCutter(first.options(), all)
	})
	if from, err = first.cutter.Part(i, of); err != nil {
		return nil, nil, err
	}
	to, err = first.cutter.Part(i+1, of)
	return from, to, err
}

// pushMerged merges runs and pushes rows [offset, limit) of them, with the carried columns in their places of the schema.
func pushMerged(ctx context.Context, what *sortColumns, runs []sorting.Input, limit, offset int64, width int, out *link) error {
	m, err := sorting.NewStreamMerger(what.options, runs, limit)
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
	what, err := newSortColumns(in, n.Keys, need.list(), c.work.Grow)
	if err != nil {
		return nil, nil, err
	}
	top, err := sorting.NewTopK(what.options, int(min(rowsKept(n), sorting.MaxRows)))
	if err != nil {
		return nil, nil, err
	}
	if c.frag.Shared != nil && c.firstTopK() == n {
		top.Share(&c.frag.Shared.top)
		if tiny.Load() {
			top.CutAfter(1)
		}
	}
	return &topKStep{link: l, node: n, what: what, top: top, width: in.NumFields()}, what.needs(in), nil
}

// firstTopK is the top-k that the rows of the scan meet first.
func (c *compiler) firstTopK() *plan.TopK {
	for _, n := range c.chain {
		if n, ok := n.(*plan.TopK); ok {
			return n
		}
	}
	return nil
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
	if run.NumRows() == 0 {
		return s.link.finish(ctx)
	}
	return s.link.finishAfter(ctx, pushMerged(ctx, s.what, []sorting.Input{{Run: run}}, rowsKept(s.node), s.node.Offset, s.width, &s.link))
}
