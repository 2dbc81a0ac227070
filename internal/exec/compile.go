package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
)

// pipeline is a fragment made ready to run once, in one task.
type pipeline struct {
	head  link // what the source pushes into
	clock *clock
	sink  sink
	// marks are what the probes note of join tables; they go with the result.
	marks []Mark
	parts *parts // the join that goes by parts, at the head; nil for none
	// whole is how many of the first operators get every row of the source.
	whole int
	ends  []func()
	life  *life // nil: the task runs to its end
}

// feed runs the source.
func (p *pipeline) feed(ctx context.Context, s source) error {
	if p.life == nil {
		return s.run(ctx)
	}
	return p.life.during(ctx, s.run)
}

// end gives back what steps hold; the task's result stays.
func (p *pipeline) end() {
	for _, f := range p.ends {
		f()
	}
}

// countsRows says whether the rows that an operator sees are those of a partition, one for one.
func (p *pipeline) countsRows(op int) bool { return op <= p.whole }

// sink is the last step of a pipeline: it makes the task's result.
type sink interface {
	step
	// result is called once, after finish.
	result() any
}

// compiler builds a pipeline from its end to its start, so that each step knows who reads what it makes.
type compiler struct {
	frag   *Fragment
	chain  []plan.Node // from the leaf's reader up to the root
	tables []*Table
	clock  *clock
	held   *mem.Reservation // what the result holds
	work   *mem.Reservation // what steps hold until the task ends
	marks  []Mark
	parts  *parts   // the join that goes by parts
	part   int      // number of the task in its stage
	limit  int64    // bytes that a table should have at most, where rows can go on without it
	ends   []func() // what is to be done when the task has ended, well or not
}

// atEnd makes f run when the task has ended, well or not. It must not undo what the task's result owns.
func (c *compiler) atEnd(f func()) { c.ends = append(c.ends, f) }

// compile makes the pipeline of a task's fragment. tables are the join tables that it depends on; held is what its result reserves
// from.
func compile(ctx context.Context, t *Task, tables []*Table, held *mem.Reservation) (*pipeline, error) {
	frag := t.Fragment
	c := &compiler{frag: frag, chain: chainOf(frag.Root), tables: tables, held: held, part: t.Part, limit: min(flushBytes, tableBytes(ctx))}
	c.work = reservation(ctx, sinkName(frag))
	c.atEnd(c.work.Free)
	names := []string{sourceName(frag)}
	for _, n := range c.chain {
		names = append(names, OpName(n))
	}
	c.clock = newClock(append(names, sinkName(frag)))
	out, need, err := c.sink(ctx)
	if err != nil {
		return nil, err
	}
	var next step = out
	for i := len(c.chain) - 1; i >= 0; i-- {
		l := link{clock: c.clock, from: i + 1, to: i + 2, next: next}
		if next, need, err = c.step(c.chain[i], l, need); err != nil {
			return nil, err
		}
	}
	return &pipeline{head: link{clock: c.clock, from: 0, to: 1, next: next}, clock: c.clock, sink: out, marks: c.marks, parts: c.parts, whole: c.whole(), ends: c.ends}, nil
}

// whole counts the operators before which no row is left out or added: projections and the next one.
func (c *compiler) whole() int {
	if c.frag.FromTasks {
		return 0
	}
	for i, n := range c.chain {
		if _, ok := n.(*plan.Project); !ok {
			return i + 1
		}
	}
	return len(c.chain) + 1
}

// chainOf lists the nodes of a fragment from the reader of leaf 0 up to the root.
func chainOf(root plan.Node) []plan.Node {
	var chain []plan.Node
	for n := root; len(n.Inputs()) > 0; n = n.Inputs()[0] {
		chain = append(chain, n)
	}
	slices.Reverse(chain)
	return chain
}

// columns is a set of column places of a schema.
type columns []bool

func allColumns(s *arrow.Schema) columns {
	c := make(columns, s.NumFields())
	for i := range c {
		c[i] = true
	}
	return c
}

// add adds the columns that the expressions read.
func (c columns) add(s *arrow.Schema, exprs ...expr.Expr) columns {
	c = slices.Clone(c)
	for _, e := range exprs {
		for _, name := range e.Columns() {
			if at := columnAt(s, name); at >= 0 {
				c[at] = true
			}
		}
	}
	return c
}

func (c columns) list() []int {
	var list []int
	for i, in := range c {
		if in {
			list = append(list, i)
		}
	}
	return list
}

func columnAt(s *arrow.Schema, name string) int {
	if at := s.FieldIndices(name); len(at) > 0 { // Fields would copy the schema
		return at[0]
	}
	return -1
}

func columnsAt(s *arrow.Schema, names []string) []int {
	idx := make([]int, len(names))
	for i, n := range names {
		idx[i] = columnAt(s, n)
	}
	return idx
}

// step makes the step of a node. need are the columns of the node's output that are read; the columns of its input that it needs
// come back.
func (c *compiler) step(n plan.Node, l link, need columns) (step, columns, error) {
	switch n := n.(type) {
	case *plan.Filter:
		return c.filter(n, l, need)
	case *plan.Project:
		prog, err := eval.Compile(n.Exprs, n.Input.Schema())
		if err != nil {
			return nil, nil, err
		}
		none := make(columns, n.Input.Schema().NumFields())
		return newProjectStep(l, prog, len(n.Exprs)), none.add(n.Input.Schema(), n.Exprs...), nil
	case *plan.Limit:
		return newLimitStep(l, n.N, n.Offset, n.Schema().NumFields()), need, nil
	case *plan.Join:
		return c.probe(n, l, need)
	case *plan.Distinct:
		return c.distinct(n, l, need)
	case *plan.TopK:
		return c.topK(n, l, need)
	case *plan.Window:
		return c.window(n, l, need)
	case *plan.Explode:
		return c.explode(n, l, need)
	case *plan.Unpivot:
		return c.unpivot(n, l, need)
	case *plan.MapBatches:
		return c.mapBatches(n, l)
	}
	return nil, nil, fault.New(fault.Internal, OpName(n), "exec has no operator for it")
}

func (c *compiler) filter(n *plan.Filter, l link, need columns) (step, columns, error) {
	in := n.Input.Schema()
	prog, err := eval.Compile([]expr.Expr{n.Pred}, in)
	if err != nil {
		return nil, nil, err
	}
	return newFilterStep(l, prog, in.NumFields(), need.list()), need.add(in, n.Pred), nil
}

func (c *compiler) distinct(n *plan.Distinct, l link, need columns) (step, columns, error) {
	in := n.Input.Schema()
	keys := allColumns(in).list()
	if len(n.Cols) > 0 {
		keys = columnsAt(in, n.Cols)
	}
	need = slices.Clone(need)
	types := make([]arrow.DataType, len(keys))
	for i, k := range keys {
		need[k] = true
		types[i] = vec.Logical(in.Field(k).Type)
	}
	if n.Last {
		s, err := newDistinctLastStep(l, in, keys, need.list(), c.work)
		return s, need, err
	}
	s, err := newDistinctStep(l, types, keys, need.list(), in.NumFields(), c.work)
	if err != nil {
		return nil, nil, err
	}
	s.partial, s.limit = c.frag.Mode == Exchange && c.frag.Number, c.limit
	return s, need, nil
}

// OpName returns the name of a node's operator, as receipts and plans show it.
func OpName(n plan.Node) string {
	switch n := n.(type) {
	case *plan.Scan:
		return "scan"
	case *plan.Filter:
		return "filter"
	case *plan.Project:
		return "project"
	case *plan.GroupBy:
		return "group_by"
	case *plan.Join:
		return "join"
	case *plan.Sort:
		return "sort"
	case *plan.TopK:
		return "top_k"
	case *plan.Limit:
		return "limit"
	case *plan.Distinct:
		return "distinct"
	case *plan.Concat:
		return "concat"
	case *plan.Input:
		return "input"
	case *plan.Explode:
		return "explode"
	case *plan.Unpivot:
		return "unpivot"
	case *plan.Window:
		return "window"
	case *plan.MapBatches:
		return "map_batches"
	case *plan.Repartition:
		return "repartition"
	case *plan.Cache:
		return "cache"
	case *plan.Write:
		return "write"
	default:
		_ = n
		return "operator"
	}
}

func sourceName(f *Fragment) string {
	switch {
	case f.Merge != nil:
		return "merge " + OpName(f.Merge)
	case f.FromTasks:
		return "rows"
	}
	return "scan"
}

func sinkName(f *Fragment) string {
	switch f.Mode {
	case PartialGroups:
		return "partial group_by"
	case SortRun:
		return "sort"
	case BuildTable:
		return "build join table"
	case Exchange:
		return "exchange"
	case WriteRows:
		return "write"
	}
	return "collect"
}
