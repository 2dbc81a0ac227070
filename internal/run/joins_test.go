package run_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/internal/ref"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

// joinOf makes an operator of a join as the user would give it.
func joinOf(name string, spec plan.JoinSpec) exectest.Operator {
	return exectest.Operator{Name: name, Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) { return plan.NewJoin(in[0], in[1], spec) }}
}

func asOf(kind plan.JoinKind, key string, dir plan.Direction, within any, using ...string) plan.JoinSpec {
	return plan.JoinSpec{Kind: kind, Using: using, AsOf: &plan.AsOfSpec{Left: col(key), Right: col(key), Dir: dir, Within: within}}
}

// few makes a join of some rows of both sides, whose product is small.
func few(name string, spec plan.JoinSpec) exectest.Operator {
	return exectest.Operator{Name: name, Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) {
		l, err := plan.NewFilter(in[0], col("k").Ge(3))
		if err != nil {
			return nil, err
		}
		r, err := plan.NewFilter(in[1], col("k").Lt(-2))
		return then(r, err, func(r plan.Node) (plan.Node, error) { return plan.NewJoin(l, r, spec) })
	}}
}

// joins are all kinds of join, by all kinds of condition.
func joins() []exectest.Operator {
	var all []exectest.Operator
	near := col("i").Sub(col("i_right")).Abs().Lt(400)
	for kind := plan.Inner; kind < plan.Cross; kind++ {
		k := kind.String() + ", "
		all = append(all,
			joinOf(k+"using a number", plan.JoinSpec{Kind: kind, Using: []string{"i"}}),
			joinOf(k+"using text and bool", plan.JoinSpec{Kind: kind, Using: []string{"t", "b"}}),
			joinOf(k+"using wild floats, text and a condition", plan.JoinSpec{Kind: kind, Using: []string{"w", "s"}, Residual: []expr.Expr{near}}),
			joinOf(k+"on different names", plan.JoinSpec{Kind: kind, LeftOn: []expr.Expr{col("k")}, RightOn: []expr.Expr{col("u")}, Residual: []expr.Expr{near, col("s").Ne(col("s_right"))}}),
			few(k+"where a condition holds", plan.JoinSpec{Kind: kind, Residual: []expr.Expr{col("i").Lt(col("f_right").Mul(-9))}}),
			joinOf(k+"where a condition on one side holds", plan.JoinSpec{Kind: kind, Using: []string{"i"}, Residual: []expr.Expr{col("s_right").Eq("a")}}),
			few(k+"where nothing holds", plan.JoinSpec{Kind: kind, Residual: []expr.Expr{col("k").Lt(col("k_right"))}}))
	}
	all = append(all, few("cross", plan.JoinSpec{Kind: plan.Cross}))
	for dir := plan.Backward; dir <= plan.Nearest; dir++ {
		all = append(all,
			joinOf("as of a number", asOf(plan.Left, "i", dir, nil)), joinOf("as of a time, by text", asOf(plan.Inner, "ts", dir, 30*time.Second, "s")),
			joinOf("as of wild floats", asOf(plan.Left, "w", dir, 2.5, "u")), joinOf("as of a large number", asOf(plan.Inner, "q", dir, 3, "s")),
			joinOf("as of a date", asOf(plan.Left, "d", dir, 72*time.Hour, "k", "b")), joinOf("as of a small float", asOf(plan.Left, "h", dir, 0.5)))
	}
	return append(all, exectest.Operator{Name: "full joins in a row, then groups", Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) {
		n, err := plan.NewJoin(in[0], in[1], plan.JoinSpec{Kind: plan.Full, Using: []string{"i"}, Suffix: "_2"})
		n, err = then(n, err, func(n plan.Node) (plan.Node, error) {
			return plan.NewJoin(n, in[0], plan.JoinSpec{Kind: plan.Right, Using: []string{"t"}, Suffix: "_3"})
		})
		n, err = then(n, err, func(n plan.Node) (plan.Node, error) {
			return plan.NewJoin(n, in[1], plan.JoinSpec{Kind: plan.Full, Using: []string{"i"}, Suffix: "_4"})
		})
		return then(n, err, func(n plan.Node) (plan.Node, error) {
			return plan.NewGroupBy(n, []expr.Expr{col("s"), col("s_3")}, []expr.Expr{expr.Count().As("n"), expr.First("t_4").As("t"), expr.Sum("f_2").As("f")}, false)
		})
	}}, exectest.Operator{Name: "concat of joins with a tail", Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) {
		n, err := plan.NewJoin(in[0], in[1], plan.JoinSpec{Kind: plan.Right, Using: []string{"i"}})
		return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewConcat([]plan.Node{n, n}) })
	}}, exectest.Operator{Name: "sort of a full join", Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) {
		n, err := plan.NewJoin(in[0], in[1], plan.JoinSpec{Kind: plan.Full, Using: []string{"t"}})
		return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewSort(n, desc("f_right"), asc("t")) })
	}}, exectest.Operator{Name: "join with a join in one task", Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) {
		n, err := plan.NewLimit(in[0], 200, 3)
		n, err = then(n, err, func(n plan.Node) (plan.Node, error) {
			return plan.NewJoin(n, in[1], plan.JoinSpec{Kind: plan.Left, Using: []string{"i"}})
		})
		return then(n, err, func(n plan.Node) (plan.Node, error) {
			return plan.NewJoin(in[1], n, plan.JoinSpec{Kind: plan.Inner, Using: []string{"t"}, Suffix: "_n"})
		})
	}}, exectest.Operator{Name: "join with a full join", Inputs: 2, Make: func(in []plan.Node) (plan.Node, error) {
		n, err := plan.NewJoin(in[0], in[1], plan.JoinSpec{Kind: plan.Full, Using: []string{"i"}})
		return then(n, err, func(n plan.Node) (plan.Node, error) {
			return plan.NewJoin(in[1], n, plan.JoinSpec{Kind: plan.Left, Using: []string{"t"}, Suffix: "_n"})
		})
	}})
}

// Every join gives the rows of the reference, in its order.
func TestJoins(t *testing.T) {
	for i, op := range joins() {
		if testing.Short() && i%5 != 0 {
			continue
		}
		exectest.Test(t, query, op)
	}
}

// Joined rows that go to the answer as they are, in batches large enough not to be put together, and of tables that lie row by row.
func TestJoinsOfManyRows(t *testing.T) {
	defer exec.PackTables(exec.PackTables(1))
	for i := range 12 {
		r := rand.New(rand.NewPCG(uint64(i), 8))
		nulls := []float64{0, 0.1, 0.1, 1}[i%4]
		left := exectest.NewSource(exectest.Random(r, exectest.Schema, 9000, nulls), exectest.Layout{Splits: 2, Batch: 8192, Text: exectest.Text(i % 3), Sliced: i%2 == 0})
		right := exectest.NewSource(exectest.Random(r, exectest.Schema, []int{0, 1, 200, 1500}[i/3], 0.1), exectest.Layout{Splits: 1, Batch: 700, Text: exectest.Text(i / 4)})
		for kind := plan.Inner; kind < plan.Cross; kind++ {
			n, err := plan.NewJoin(plan.NewScan(left), plan.NewScan(right), plan.JoinSpec{Kind: kind, Using: []string{"i"}})
			require.NoError(t, err)
			want, err := ref.Run(context.Background(), n)
			require.NoError(t, err)
			for _, packed := range []int64{1, 1 << 30} {
				exec.PackTables(packed)
				for _, on := range []sched.Scheduler{sched.Pool(2), asBytes()} {
					recs, err := query(context.Background(), n, sched.Options{Workers: 2, On: on})
					require.NoError(t, err)
					require.Empty(t, ref.Diff(want, ref.OfRecords(n.Schema(), recs)), "%s, case %d, packed from %d bytes", kind, i, packed)
					require.Zero(t, mem.Process().Used())
				}
			}
		}
	}
}
