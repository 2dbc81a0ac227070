package run_test

import (
	"testing"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/plan"
)

// collecting are the aggregates that hold all values of a group, or look at pairs of them.
func collecting() []expr.Expr {
	var aggs []expr.Expr
	for _, c := range []string{"k", "i", "u", "f", "w", "h"} {
		aggs = append(aggs, expr.Median(col(c)).As("median_"+c), expr.Quantile(col(c), 0.9).Where(col("b")).As("q9_"+c), expr.Mode(col(c)).As("mode_"+c))
	}
	for _, c := range []string{"k", "s", "t", "b", "ts", "y"} {
		aggs = append(aggs, expr.ListOf(col(c)).As("list_"+c), expr.ListOf(col(c)).Where(col("k").Gt(0)).As("some_"+c))
	}
	return append(aggs, expr.Quantiles(col("f"), 0.25, 0.5, 0.75).As("quartiles"),
		expr.Corr(col("i"), col("f")).As("corr"), expr.Cov(col("f"), col("h")).As("cov"), expr.Cov(col("k"), col("w")).Where(col("b")).As("cov_w"))
}

// ordering are the aggregates with an order of their own.
func ordering() []expr.Expr {
	by := []any{col("i").Desc(), col("s").NullsFirst()}
	return []expr.Expr{
		expr.First(col("t")).OrderBy(by...).As("first"), expr.Last(col("t")).OrderBy(by...).As("last"), expr.Last(col("f")).OrderBy("k").Where(col("b")).As("last_f"),
		expr.ListOf(col("k")).OrderBy(by...).As("list"), expr.Mode(col("u")).OrderBy(col("f").Desc()).As("mode"),
		expr.First(col("s")).OrderBy(col("i").Abs()).As("first_s"), expr.Sum(col("k")).OrderBy("i").As("sum"),
	}
}

func withLists(in plan.Node) (plan.Node, error) {
	return plan.NewGroupBy(in, []expr.Expr{col("s"), col("u")}, []expr.Expr{expr.ListOf(col("i")).As("is"), expr.ListOf(col("t")).Where(col("b")).As("ts")}, false)
}

func structs() []expr.Expr {
	pair := expr.StructOf(col("k"), col("t"))
	return []expr.Expr{expr.First(pair).As("first"), expr.Last(pair).Where(col("b")).As("last"), expr.NUnique(expr.StructOf(col("k"), col("b"))).As("n"),
		expr.ListOf(pair).As("list"), expr.Mode(expr.StructOf(col("k"))).As("mode"), expr.First(pair).OrderBy(col("i").Desc()).As("top")}
}

func reshaping() []exectest.Operator {
	return []exectest.Operator{
		groupBy("collecting by text", false, collecting(), "s"), groupBy("collecting all", false, collecting()), groupBy("collecting by many", false, collecting(), "t"),
		groupBy("ordered by text", false, ordering(), "s"), groupBy("ordered all", false, ordering()),
		groupBy("structs by number", false, structs(), "u"), groupBy("structs of all", false, structs()),
		one("explode one list", func(in plan.Node) (plan.Node, error) {
			n, err := withLists(in)
			return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewExplode(n, []string{"is"}) })
		}),
		one("explode two lists, filter", func(in plan.Node) (plan.Node, error) {
			n, err := withLists(in)
			n, err = then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewExplode(n, []string{"ts", "is"}) })
			return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewFilter(n, col("is").Gt(0)) })
		}),
		one("explode split text", func(in plan.Node) (plan.Node, error) {
			n, err := plan.NewWith(in, col("t").Str().Split(" ").As("words"))
			return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewExplode(n, []string{"words"}) })
		}),
		one("list functions", func(in plan.Node) (plan.Node, error) {
			n, err := withLists(in)
			return then(n, err, func(n plan.Node) (plan.Node, error) {
				pair := expr.StructOf(col("s"), col("u"))
				return plan.NewProject(n, col("is").List().Len().As("len"), col("is").List().Get(-1).As("last"), col("is").List().Get(2).As("third"),
					col("is").List().Contains(3).As("has"), col("ts").List().Join("|").As("joined"), pair.As("pair"), pair.Field("s").As("field"))
			})
		}),
		one("unpivot numbers", func(in plan.Node) (plan.Node, error) {
			return plan.NewUnpivot(in, []string{"w", "f"}, "column", "value")
		}),
		one("unpivot text, of which the values are read", func(in plan.Node) (plan.Node, error) {
			n, err := plan.NewUnpivot(in, []string{"s", "t"}, "a column of some length", "value")
			return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewProject(n, col("value"), col("k")) })
		}),
		one("distinct, last", func(in plan.Node) (plan.Node, error) { return plan.NewDistinct(in, nil, true) }),
		one("distinct last by text and float", func(in plan.Node) (plan.Node, error) { return plan.NewDistinct(in, []string{"s", "w"}, true) }),
		one("distinct last, then limit", func(in plan.Node) (plan.Node, error) {
			n, err := plan.NewDistinct(in, []string{"i"}, true)
			return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewLimit(n, 30, 5) })
		}),
	}
}

// Aggregates that collect, and operators that change the shape of rows, give the rows of the reference.
func TestReshape(t *testing.T) {
	for i, op := range reshaping() {
		if testing.Short() && i%4 != 0 {
			continue
		}
		exectest.Test(t, query, op)
	}
}
