package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
)

// sink makes the pipeline's last step and says which columns of the root it reads.
func (c *compiler) sink() (sink, columns, error) {
	schema := c.frag.Root.Schema()
	switch c.frag.Mode {
	case Emit:
		return newEmitStep(schema, c.held), allColumns(schema), nil
	case PartialGroups:
		return c.groupSink(schema)
	case SortRun:
		return c.sortSink(schema)
	case BuildTable:
		return c.buildSink(schema)
	}
	return nil, nil, fault.New(fault.Internal, "exec", "unknown mode %d", c.frag.Mode)
}

func (s *emitStep) result() any  { return s.rows }
func (s *groupStep) result() any { return s.out }

// groupSink compiles keys, arguments and conditions of a group-by into one program, so that equal parts are computed once.
func (c *compiler) groupSink(schema *arrow.Schema) (sink, columns, error) {
	node, ok := c.frag.Breaker.(*plan.GroupBy)
	if !ok {
		return nil, nil, fault.New(fault.Internal, "GroupBy", "the fragment has no group-by")
	}
	g, err := newGrouping(node, c.held)
	if err != nil {
		return nil, nil, err
	}
	s := &groupStep{grouping: g}
	exprs := slices.Clone(node.Keys)
	for _, a := range node.Aggs {
		args := aggArgs{from: len(exprs), where: -1}
		where := a.Mods().Where
		for _, arg := range a.Args() {
			if !where.IsZero() && arg.CanFail() { // an error counts only for the rows that the aggregate sees
				arg = expr.If(where, arg, expr.NullOf(arg.Type()))
			}
			exprs = append(exprs, arg)
		}
		args.to = len(exprs)
		if !where.IsZero() {
			args.where = len(exprs)
			exprs = append(exprs, where)
		}
		s.args = append(s.args, args)
	}
	if s.prog, err = eval.Compile(exprs, schema); err != nil {
		return nil, nil, err
	}
	s.cols = make([]vec.Vec, len(exprs))
	return s, make(columns, schema.NumFields()).add(schema, exprs...), nil
}

// buildStep collects the right side of a join into a table.
type buildStep struct {
	prog    *eval.Program
	keys    []vec.Vec
	payload []int
	cols    []vec.Vec
	builder *join.Builder
	held    *mem.Reservation
	table   *Table
}

func (c *compiler) buildSink(schema *arrow.Schema) (sink, columns, error) {
	node, ok := c.frag.Breaker.(*plan.Join)
	if !ok {
		return nil, nil, fault.New(fault.Internal, "Join", "the fragment has no join")
	}
	prog, err := eval.Compile(node.RightKeys, schema)
	if err != nil {
		return nil, nil, err
	}
	s := &buildStep{prog: prog, keys: make([]vec.Vec, len(node.RightKeys)), held: c.held}
	need := make(columns, schema.NumFields())
	var types []arrow.DataType
	if node.Kind == plan.Inner || node.Kind == plan.Left {
		for _, out := range node.RightOut {
			at := columnAt(schema, out.Name)
			s.payload = append(s.payload, at)
			need[at] = true
			types = append(types, schema.Field(at).Type)
		}
	}
	s.cols = make([]vec.Vec, len(s.payload))
	s.builder = join.NewBuilder(join.Options{Keys: exprTypes(node.RightKeys), Payload: types, KeepKeys: true, Reserve: c.held.Grow})
	return s, need.add(schema, node.RightKeys...), nil
}

func (s *buildStep) push(ctx context.Context, b *vec.Batch) error {
	if err := s.prog.Run(ctx, b, s.keys); err != nil {
		return err
	}
	for i, at := range s.payload {
		s.cols[i] = b.Cols[at]
	}
	return s.builder.Add(s.keys, s.cols, b.Rows)
}

func (s *buildStep) finish(context.Context) error {
	table, err := s.builder.Build()
	if err != nil {
		return err
	}
	s.table = newTable(table, s.held)
	return nil
}

func (s *buildStep) result() any { return s.table }
