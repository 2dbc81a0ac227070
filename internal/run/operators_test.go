package run_test

import (
	"context"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

// query runs a plan as it stands and returns its rows, in order.
func query(ctx context.Context, n plan.Node, o sched.Options) ([]arrow.RecordBatch, error) {
	var recs []arrow.RecordBatch
	_, err := run.Query(ctx, []plan.Node{n}, o, func(_ int, rows *exec.Rows) bool {
		recs = append(recs, rows.Batches...)
		return true
	})
	return recs, err
}

var col = expr.Col

func desc(name string) plan.SortKey { return plan.SortKey{Expr: col(name), Desc: true} }
func asc(name string) plan.SortKey  { return plan.SortKey{Expr: col(name)} }

// one makes an operator of a node over one input.
func one(name string, make func(in plan.Node) (plan.Node, error)) exectest.Operator {
	return exectest.Operator{Name: name, Inputs: 1, Make: func(in []plan.Node) (plan.Node, error) { return make(in[0]) }}
}

// then puts a node on top of another.
func then(n plan.Node, err error, next func(plan.Node) (plan.Node, error)) (plan.Node, error) {
	if err != nil {
		return nil, err
	}
	return next(n)
}

func skips(op exectest.Operator) exectest.Operator {
	op.Skips = true
	return op
}

// aggregates are all that exist, over columns of every kind.
func aggregates() []expr.Expr {
	aggs := []expr.Expr{expr.Count().As("n"), expr.Count().Where(col("b")).As("n_b"), expr.Any(col("b")).As("any_b"), expr.All(col("b")).As("all_b")}
	for _, c := range []string{"k", "i", "u", "f", "w", "h", "s", "t", "b", "ts", "d", "q", "y"} {
		aggs = append(aggs, expr.CountOf(col(c)).As("count_"+c), expr.First(col(c)).As("first_"+c), expr.Last(col(c)).As("last_"+c), expr.NUnique(col(c)).As("nunique_"+c))
		if c != "y" {
			aggs = append(aggs, expr.Min(col(c)).As("min_"+c), expr.Max(col(c)).Where(col("k").Gt(0)).As("max_"+c))
		}
	}
	for _, c := range []string{"k", "i", "u", "f", "w", "h"} {
		aggs = append(aggs, expr.Sum(col(c)).As("sum_"+c), expr.Mean(col(c)).As("mean_"+c))
	}
	aggs = append(aggs, expr.Sum(col("b")).As("sum_b"), expr.Sum(expr.If(col("b"), 1, 0)).As("true_b"), expr.Sum(expr.If(col("i").Gt(0), 1, 0)).Where(col("b")).As("greater"),
		expr.Sum(expr.If(col("k").Gt(0), expr.Lit(uint8(1)), expr.Lit(uint8(0)))).As("greater_k"), expr.Sum(expr.If(col("b"), 0, 1)).As("not_true_b"))
	for _, c := range []string{"k", "i", "f", "h"} {
		aggs = append(aggs, expr.Var(col(c)).As("var_"+c), expr.StdPop(col(c)).As("std_pop_"+c), expr.Std(col(c)).As("std_"+c), expr.VarPop(col(c)).As("var_pop_"+c))
	}
	return aggs
}

// someAggregates are one of each way of keeping state.
func someAggregates() []expr.Expr {
	return []expr.Expr{expr.Count().As("n"), expr.Sum(col("f")).As("sum"), expr.Sum(col("i")).As("sum_i"), expr.Std(col("i")).As("std"), expr.Max(col("t")).As("max"),
		expr.First(col("s")).As("first"), expr.NUnique(col("t")).As("nunique"), expr.Mean(col("w")).Where(col("b")).As("mean"), expr.Last(col("b")).As("last")}
}

func groupBy(name string, dropNull bool, aggs []expr.Expr, keys ...string) exectest.Operator {
	return one(name, func(in plan.Node) (plan.Node, error) {
		var exprs []expr.Expr
		for _, k := range keys {
			exprs = append(exprs, col(k).As("key_"+k))
		}
		return plan.NewGroupBy(in, exprs, aggs, dropNull)
	})
}

func join(name string, kind plan.JoinKind, keys ...string) exectest.Operator {
	return exectest.Operator{Name: name, Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) {
		spec := plan.JoinSpec{Kind: kind}
		for _, k := range keys {
			spec.LeftOn, spec.RightOn = append(spec.LeftOn, col(k)), append(spec.RightOn, col(k))
		}
		return plan.NewJoin(in[0], in[1], spec)
	}}
}

func operators() []exectest.Operator {
	all := []exectest.Operator{
		one("scan", func(in plan.Node) (plan.Node, error) { return in, nil }),
		one("scan of some columns and rows", func(in plan.Node) (plan.Node, error) {
			pred, err := expr.Bind(col("i").Gt(0).And(col("s").Ne("a")), in.Schema())
			if err != nil {
				return nil, err
			}
			return in.(*plan.Scan).With([]string{"t", "i"}, pred, 0)
		}),
		one("filter", func(in plan.Node) (plan.Node, error) { return plan.NewFilter(in, col("k").Gt(0), col("w").Lt(1)) }),
		one("filter by text", func(in plan.Node) (plan.Node, error) {
			return plan.NewFilter(in, col("s").In("a", "b", "größe").Or(col("t").Str().EndsWith("7")))
		}),
		one("filter of nothing", func(in plan.Node) (plan.Node, error) { return plan.NewFilter(in, col("k").Gt(100)) }),
		one("project", func(in plan.Node) (plan.Node, error) {
			return plan.NewProject(in, col("f").Add(col("i")).As("x"), col("s").Str().Concat("-", col("t")).As("st"), col("t"), col("k").FloorDiv(col("u")).As("div"),
				expr.If(col("b"), col("w"), col("f")).As("w"), expr.Lit("always").As("lit"), expr.Lit(nil).As("null"))
		}),
		one("group by a number", func(in plan.Node) (plan.Node, error) {
			return plan.NewGroupBy(in, []expr.Expr{col("i")}, []expr.Expr{expr.Sum(col("f")).As("x")}, false)
		}),
		groupBy("group by text", false, aggregates(), "s"), groupBy("group by long text without nulls", true, someAggregates(), "t"), groupBy("group by bool and small number", false, someAggregates(), "b", "u"),
		groupBy("group by wild floats", false, someAggregates(), "w"), groupBy("group by many", false, someAggregates(), "s", "k", "b", "t", "w", "y"),
		groupBy("aggregate all", false, aggregates()),
		join("inner join by a number", plan.Inner, "i"), join("left join by text", plan.Left, "t"), join("inner join by two", plan.Inner, "i", "s"),
		join("semi join", plan.Semi, "i"), join("anti join", plan.Anti, "i"), join("left join by float and text", plan.Left, "f", "t"), join("anti join by text", plan.Anti, "s"),
		one("sort by a number", func(in plan.Node) (plan.Node, error) { return plan.NewSort(in, asc("i")) }),
		one("sort by several", func(in plan.Node) (plan.Node, error) {
			return plan.NewSort(in, desc("s"), plan.SortKey{Expr: col("w"), NullsFirst: true}, asc("t"))
		}),
		one("sort by an expression", func(in plan.Node) (plan.Node, error) {
			return plan.NewSort(in, plan.SortKey{Expr: col("i").Abs(), Desc: true, NullsFirst: true}, asc("b"))
		}),
		one("top 10", func(in plan.Node) (plan.Node, error) { return plan.NewTopK(in, []plan.SortKey{desc("f")}, 10, 0) }),
		one("top 40 after 25 by text", func(in plan.Node) (plan.Node, error) {
			return plan.NewTopK(in, []plan.SortKey{asc("t"), desc("k")}, 40, 25)
		}),
		one("top of more than there is", func(in plan.Node) (plan.Node, error) {
			return plan.NewTopK(in, []plan.SortKey{asc("w")}, math.MaxInt64, 3)
		}),
		one("limit within top-k", func(in plan.Node) (plan.Node, error) {
			n, err := plan.NewTopK(in, []plan.SortKey{asc("t")}, 40, 1)
			return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewLimit(n, 7, 2) })
		}),
		one("distinct", func(in plan.Node) (plan.Node, error) { return plan.NewDistinct(in, nil, false) }),
		one("distinct by text and float", func(in plan.Node) (plan.Node, error) { return plan.NewDistinct(in, []string{"s", "w"}, false) }),
		one("offset", func(in plan.Node) (plan.Node, error) { return plan.NewLimit(in, -1, 17) }),
		{Name: "concat", Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) { return plan.NewConcat([]plan.Node{in[0], in[1], in[0]}) }},
	}
	for _, n := range [][2]int64{{0, 0}, {1, 0}, {10, 0}, {10, 5}, {9000, 1}, {math.MaxInt64, 2}} {
		all = append(all, skips(one("limit", func(in plan.Node) (plan.Node, error) { return plan.NewLimit(in, n[0], n[1]) })))
	}
	return append(all, skips(one("limit after filter, then sort", func(in plan.Node) (plan.Node, error) {
		n, err := plan.NewFilter(in, col("k").Ge(2))
		n, err = then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewLimit(n, 12, 3) })
		return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewSort(n, desc("t")) })
	})), skips(one("limit after sort and filter", func(in plan.Node) (plan.Node, error) {
		n, err := plan.NewSort(in, desc("t"))
		n, err = then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewFilter(n, col("b")) })
		n, err = then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewLimit(n, -1, 3) })
		return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewLimit(n, 5, 4) })
	})))
}

// Every operator gives the rows of the reference, whatever the shape of its input and the number of workers, and leaves nothing behind.
func TestOperators(t *testing.T) {
	for i, op := range operators() {
		if testing.Short() && i%6 != 0 { // every sixth still covers each kind of task; the whole matrix takes most of a minute
			continue
		}
		exectest.Test(t, query, op)
	}
}
