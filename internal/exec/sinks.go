package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/agg"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/shuffle"
)

// sink makes the pipeline's last step and says which columns of the root it reads.
func (c *compiler) sink(ctx context.Context) (sink, columns, error) {
	schema := c.frag.Root.Schema()
	switch c.frag.Mode {
	case Emit:
		return newEmitStep(schema, c.held), allColumns(schema), nil
	case PartialGroups:
		return c.groupSink(ctx, schema)
	case SortRun:
		return c.sortSink(ctx, schema)
	case BuildTable:
		return c.buildSink(ctx, schema)
	}
	if c.frag.Mode == Exchange {
		return c.exchangeSink(ctx, schema)
	}
	if c.frag.Mode == WriteRows {
		return c.writeSink(ctx, schema)
	}
	return nil, nil, fault.New(fault.Internal, "exec", "unknown mode %d", c.frag.Mode)
}

func (s *emitStep) result() any  { return s.rows }
func (s *groupStep) result() any { return s.out }

// groupSink compiles keys, arguments and conditions of a group-by into one program, so that equal parts are computed once.
func (c *compiler) groupSink(ctx context.Context, schema *arrow.Schema) (sink, columns, error) {
	node, ok := c.frag.Breaker.(*plan.GroupBy)
	if !ok {
		return nil, nil, fault.New(fault.Internal, "GroupBy", "the fragment has no group-by")
	}
	g, err := newGrouping(node, c.held, 0, false)
	if err != nil {
		return nil, nil, err
	}
	s := &groupStep{grouping: g, look: few(flushGroups), limit: min(flushBytes, tableBytes(ctx))}
	s.spill = &groupSpill{space: shuffle.From(ctx), node: node}
	c.atEnd(s.spill.abort)
	exprs := slices.Clone(node.Keys)
	for _, a := range node.Aggs {
		args := aggArgs{from: len(exprs), where: -1}
		where := a.Mods().Where
		for _, arg := range agg.Args(a) {
			if !where.IsZero() && arg.CanFail() { // an error counts only for the rows that the aggregate sees
				arg = expr.If(where, arg, expr.NullOf(arg.Type()))
			} else if a.Op() == "sum" {
				arg = asBits(arg)
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

// asBits is the argument of an integer sum as booleans, which are summed by counting bits, where it is 1 or 0 by a condition or a boolean
// cast to an integer.
func asBits(arg expr.Expr) expr.Expr {
	switch {
	case arg.Op() == "cast" && isInteger(arg.Type()) && arg.Arg(0).Type() != nil && arg.Arg(0).Type().ID() == arrow.BOOL:
		return arg.Arg(0)
	case arg.Op() == "if" && isInteger(arg.Type()) && isWhole(arg.Arg(1), 1) && isWhole(arg.Arg(2), 0):
		return expr.Coalesce(arg.Arg(0), false) // a condition that is null takes the other value
	}
	return arg
}

func isInteger(t arrow.DataType) bool { return t != nil && arrow.IsInteger(t.ID()) }

// isWhole says whether e is the integer literal x.
func isWhole(e expr.Expr, x int64) bool {
	switch v, _ := e.Physical(); v := v.(type) {
	case int64:
		return v == x
	case uint64:
		return v == uint64(x)
	}
	return false
}
