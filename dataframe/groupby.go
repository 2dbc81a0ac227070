package dataframe

import (
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/plan"
)

// Grouped is a frame with group keys, waiting for aggregates. It never changes.
type Grouped struct {
	df       *DataFrame
	keys     []expr.Expr
	dropNull bool
	pivot    *pivot // nil: none
}

// GroupBy groups rows by equal keys; null is a key like any other. No keys: the whole frame is one group, also when it is empty.
func (df *DataFrame) GroupBy(keys ...any) *Grouped {
	g := &Grouped{}
	g.df = df.then("GroupBy", func(in plan.Node) (plan.Node, error) {
		exprs, err := columnsOf(keys)
		if err != nil {
			return nil, err
		}
		g.keys = exprs
		return in, plan.CheckKeys(in, exprs) // the faults of keys belong to this line
	})
	return g
}

// DropNullKeys leaves out the groups of which a key is null.
func (g *Grouped) DropNullKeys() *Grouped {
	if g == nil {
		return nil
	}
	c := *g
	c.dropNull = true
	return &c
}

// Agg gives a row a group: its keys, then the aggregates. Aggregates may stand in arithmetic, beside keys and literals.
func (g *Grouped) Agg(aggs ...expr.Expr) *DataFrame {
	if g == nil || g.df == nil {
		return failed(fault.Caller(), "Agg", fault.New(fault.Plan, "Agg", "the groups are nil").WithHint("call GroupBy on a frame"))
	}
	return g.df.then("Agg", func(in plan.Node) (plan.Node, error) {
		if g.pivot != nil {
			return g.pivot.node(in, g, slices.Clone(aggs))
		}
		return plan.NewAgg(in, g.keys, slices.Clone(aggs), g.dropNull)
	})
}
