package run_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/plan"
)

// windowOf makes an operator of window calls.
func windowOf(name string, calls ...expr.Expr) exectest.Operator {
	return one("window: "+name, func(in plan.Node) (plan.Node, error) {
		named := make([]expr.Expr, len(calls))
		for i, c := range calls {
			named[i] = c.As(fmt.Sprint("w", i))
		}
		return plan.NewWindow(in, named...)
	})
}

// framesOf is windowOf over few rows, because the reference takes the product of rows and frames.
func framesOf(name string, calls ...expr.Expr) exectest.Operator {
	op := windowOf(name, calls...)
	whole := op.Make
	op.Skips = true
	op.Make = func(in []plan.Node) (plan.Node, error) {
		few, err := plan.NewLimit(in[0], 250, 0)
		if err != nil {
			return nil, err
		}
		return whole([]plan.Node{few})
	}
	return op
}

// each gives every call the modifiers.
func each(with func(expr.Expr) expr.Expr, calls ...expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(calls))
	for i, c := range calls {
		out[i] = with(c)
	}
	return out
}

// places are the functions that are no aggregates.
func places() []expr.Expr {
	return []expr.Expr{expr.RowNumber(), expr.Rank(), expr.DenseRank(), expr.Lag(col("t"), 1), expr.Lag(col("b"), 3), expr.Lead(col("f"), 2), expr.Lag(col("s"), 0),
		expr.Lag(col("u"), -1), expr.Lead(col("y"), 1<<40), expr.FillForward(col("t")), expr.FillBackward(col("k")), expr.FillForward(col("b")),
		expr.CumSum(col("i")), expr.CumSum(col("f")), expr.CumMin(col("w")), expr.CumMax(col("s")), expr.CumMax(col("ts"))}
}

// framed are aggregates, one of each way of keeping a sliding state and kind of column.
func framed() []expr.Expr {
	return []expr.Expr{expr.Count(), expr.CountOf(col("s")), expr.Sum(col("f")), expr.Sum(col("w")), expr.Sum(col("h")), expr.Sum(col("i")), expr.Sum(col("u")), expr.Sum(col("b")),
		expr.Mean(col("f")), expr.Mean(col("k")), expr.Mean(col("q")), expr.Var(col("f")), expr.Std(col("i")), expr.VarPop(col("h")), expr.StdPop(col("k")),
		expr.Min(col("w")), expr.Max(col("w")), expr.Min(col("t")), expr.Max(col("s")), expr.Min(col("q")), expr.Max(col("d")), expr.Any(col("b")), expr.All(col("b")),
		expr.First(col("t")), expr.Last(col("f")), expr.NUnique(col("t")), expr.NUnique(col("w")), expr.Mode(col("s")), expr.Mode(col("w")), expr.Median(col("i")),
		expr.Quantile(col("f"), 0.3), expr.Corr(col("i"), col("f")), expr.Cov(col("k"), col("f")), expr.ListOf(col("s")), expr.ListOf(col("k"))}
}

func windowOperators() []exectest.Operator {
	over := func(keys ...any) func(expr.Expr) expr.Expr {
		return func(e expr.Expr) expr.Expr { return e.Over(keys...) }
	}
	ordered := func(by []any, keys ...any) func(expr.Expr) expr.Expr {
		return func(e expr.Expr) expr.Expr { return e.OrderBy(by...).Over(keys...) }
	}
	rows := func(from, to int64, keys ...any) func(expr.Expr) expr.Expr {
		return func(e expr.Expr) expr.Expr { return e.OrderBy(col("f").Desc()).Rows(from, to).Over(keys...) }
	}
	ops := []exectest.Operator{
		framesOf("places in row order", each(over("i"), places()...)...),
		windowOf("places of the whole frame", each(over(), expr.RowNumber(), expr.Rank(), expr.Lag(col("t"), 2), expr.FillForward(col("s")))...),
		framesOf("places in order", each(ordered([]any{col("s").Desc(), col("w").NullsFirst()}, "i"), places()...)...),
		framesOf("places of some rows", each(func(e expr.Expr) expr.Expr { return e.Where(col("b")).OrderBy("u").Over("i") }, places()...)...),
		framesOf("aggregates of partitions", each(over("s", col("k").Gt(0)), aggregates()...)...),
		windowOf("some aggregates of partitions", each(over("i"), expr.Sum(col("f")), expr.Max(col("t")), expr.Count().Where(col("b")))...),
		framesOf("aggregates of partitions in order", each(ordered([]any{"t"}, "i"), expr.First(col("s")), expr.Last(col("f")), expr.ListOf(col("u")), expr.Mode(col("s")), expr.Sum(col("f")))...),
		windowOf("aggregates of the whole frame", each(over(), expr.Count(), expr.Sum(col("f")), expr.Max(col("t")).Where(col("b")))...),
		windowOf("many keys", each(ordered([]any{"t", "f"}, "s", "b", "w", "y"), expr.RowNumber(), expr.Sum(col("i")), expr.Lag(col("t"), 1))...),
		framesOf("different keys", expr.RowNumber().Over("s"), expr.Sum(col("f")).Over("b"), expr.Rank().OrderBy("w").Over("u"), expr.Count().Over("s")),
	}
	some := func(i int) (calls []expr.Expr) { // a third of framed: the reference is slow
		for k, e := range framed() {
			if (k+i)%3 == 0 {
				calls = append(calls, e)
			}
		}
		return calls
	}
	for i, f := range [][2]int64{{-3, 0}, {-2, 2}, {0, 3}, {1, 2}, {-5, -4}, {expr.UnboundedPreceding, 0}, {-1, expr.UnboundedFollowing}} {
		ops = append(ops, framesOf(fmt.Sprintf("rows %d to %d", f[0], f[1]), each(rows(f[0], f[1], "i"), some(i)...)...))
	}
	ops = append(ops, framesOf("rows of some", each(func(e expr.Expr) expr.Expr {
		return e.Where(col("u").Gt(1)).Rows(-4, 1).Over("i")
	}, some(1)...)...), framesOf("rows of large partitions", each(rows(-4, 2, "u"), some(2)...)...))
	var ranges []expr.Expr
	for i, r := range []struct {
		key      any
		from, to any
	}{{col("i"), -100, 100}, {col("i").Desc().NullsFirst(), -50, 0}, {"u", -1, 1}, {"k", expr.UnboundedPreceding, 0}, {"k", 0, 2}, {"w", -1.5, 1}, {col("w").Desc(), -1, 2.5},
		{"f", 0.5, 30.0}, {"q", -3, -1}, {col("q").Desc(), expr.UnboundedPreceding, 2}, {"ts", -20 * time.Second, time.Millisecond}, {col("d").Desc(), -36 * time.Hour, 5 * 24 * time.Hour},
		{"d", -time.Hour, expr.UnboundedFollowing}} {
		agg := []expr.Expr{expr.Count(), expr.Sum(col("f")), expr.Max(col("s")), expr.First(col("k")), expr.Last(col("t"))}
		ranges = append(ranges, agg[i%5].OrderBy(r.key).Range(r.from, r.to).Over("s"), expr.Count().OrderBy(r.key).Range(r.from, r.to).Over("u"))
	}
	ops = append(ops, framesOf("ranges", ranges...))
	return append(ops, cutWindow("groups of the first rows", 40, func(n plan.Node) (plan.Node, error) {
		return plan.NewGroupBy(n, []expr.Expr{col("s")}, []expr.Expr{expr.Count().As("n"), expr.Sum(col("w0")).As("sum")}, false)
	}), cutWindow("join of the first rows", 5, func(n plan.Node) (plan.Node, error) {
		return plan.NewJoin(n, n, plan.JoinSpec{Kind: plan.Full, Using: []string{"k"}})
	}))
}

// cutWindow makes an operator over the first rows of a window in one task, which has enough before the window has given all.
func cutWindow(name string, rows int64, next func(plan.Node) (plan.Node, error)) exectest.Operator {
	return one("window: "+name, func(in plan.Node) (plan.Node, error) {
		n, err := plan.NewWindow(in, expr.RowNumber().OrderBy(col("f")).Over().As("w0"))
		n, err = then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewLimit(n, rows, 2) })
		return then(n, err, next)
	})
}

// Window functions give what their definitions say, row by row.
func TestWindows(t *testing.T) {
	for i, op := range windowOperators() {
		if testing.Short() && i%4 != 0 {
			continue
		}
		exectest.Test(t, query, op)
	}
}

// topOf is a filter by rank over a window.
func topOf(name string, rank expr.Expr, is func(expr.Expr) expr.Expr) exectest.Operator {
	return one("window: "+name, func(in plan.Node) (plan.Node, error) {
		n, err := plan.NewWindow(in, rank.As("rank"))
		n, err = then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewFilter(n, is(col("rank"))) })
		return then(n, err, func(n plan.Node) (plan.Node, error) {
			return plan.NewProject(n, col("k"), col("s"), col("t"), col("w"))
		})
	})
}

// Filters by rank leave rows out early, and never one of the answer.
func TestTopOfPartitions(t *testing.T) {
	le := func(k int) func(expr.Expr) expr.Expr { return func(e expr.Expr) expr.Expr { return e.Le(k) } }
	for i, op := range []exectest.Operator{
		topOf("two by wild float", expr.RowNumber().OrderBy(col("w").Desc()).Over("u"), le(2)),
		topOf("three by nulls first", expr.RowNumber().OrderBy(col("k").NullsFirst()).Over("s", "b"), le(3)),
		topOf("one by text", expr.RowNumber().OrderBy(col("s").Desc(), "t").Over("u"), func(e expr.Expr) expr.Expr { return e.Eq(1) }),
		topOf("the third", expr.RowNumber().OrderBy("t").Over("u"), func(e expr.Expr) expr.Expr { return e.Eq(3) }),
		topOf("five of all", expr.RowNumber().OrderBy("q").Over(), func(e expr.Expr) expr.Expr { return e.Lt(6).And(col("b")) }),
		topOf("first rows", expr.RowNumber().Over("k"), le(4)),
		topOf("by bool", expr.RowNumber().OrderBy(col("b").Desc().NullsFirst()).Over("k"), le(4)),
		topOf("rank", expr.Rank().OrderBy("d").Over("i"), le(2)),
	} {
		if testing.Short() && i%3 != 0 {
			continue
		}
		exectest.Test(t, query, op)
		op.Name += ", given on often"
		withTinyTables(func() { exectest.Test(t, query, op) })
	}
}

// withTinyTables calls fn while tasks hold next to nothing.
func withTinyTables(fn func()) {
	defer exec.SetTinyTables(exec.SetTinyTables(true))
	fn()
}

// window appends window calls, or computes with them.
func (g *generator) window(in plan.Node) (plan.Node, error) {
	calls := make([]expr.Expr, 1+g.r.IntN(3))
	var over []any
	for range g.r.IntN(3) {
		over = append(over, g.any(in, 0))
	}
	for i := range calls {
		e := g.windowCall(in)
		if g.r.IntN(4) == 0 {
			e = e.Where(g.bool(in, 1))
		}
		if i > 0 && g.r.IntN(4) == 0 {
			over = []any{g.any(in, 0)}
		}
		calls[i] = e.Over(over...).As(g.fresh())
	}
	return plan.NewWith(in, calls...)
}

func (g *generator) windowCall(in plan.Node) expr.Expr {
	var e expr.Expr
	x := g.any(in, g.r.IntN(2))
	place := true
	switch g.r.IntN(14) {
	case 0:
		e = expr.RowNumber()
	case 1:
		e = expr.Rank()
	case 2:
		e = expr.DenseRank()
	case 3:
		e = expr.Lag(x, g.r.IntN(4)-1)
	case 4:
		e = expr.Lead(x, g.r.IntN(4)-1)
	case 5:
		e = expr.FillForward(x)
	case 6:
		e = expr.FillBackward(x)
	case 7:
		e = expr.CumSum(g.float(in, 1))
	case 8:
		e = expr.CumMax(x)
	default:
		e, place = g.agg(in), false
	}
	ordered := g.r.IntN(3) > 0
	if !place && g.r.IntN(2) == 0 {
		from, to := int64(g.r.IntN(7)-4), int64(g.r.IntN(4))
		if g.r.IntN(4) == 0 {
			from = expr.UnboundedPreceding
		}
		if g.r.IntN(3) > 0 {
			return order(e.Rows(min(from, to), max(from, to)), g, in, ordered)
		}
		return e.OrderBy(g.int(in, 0)).Range(min(from, to), max(from, to))
	}
	return order(e, g, in, ordered)
}

func order(e expr.Expr, g *generator, in plan.Node, ordered bool) expr.Expr {
	if !ordered {
		return e
	}
	var keys []any
	for _, k := range g.keys(in) {
		key := k.Expr
		if k.Desc {
			key = key.Desc()
		}
		if k.NullsFirst {
			key = key.NullsFirst()
		}
		keys = append(keys, key)
	}
	return e.OrderBy(keys...)
}

// firstOf keeps the first rows of partitions.
func (g *generator) firstOf(in plan.Node) (plan.Node, error) {
	rank := order(expr.RowNumber(), g, in, g.r.IntN(4) > 0).Over(g.any(in, 0))
	return plan.NewFilter(in, rank.Le(1+g.r.IntN(3)), g.bool(in, 1))
}
