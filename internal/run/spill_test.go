package run_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

var wide = arrow.NewSchema([]arrow.Field{{Name: "k", Type: arrow.PrimitiveTypes.Int64}, {Name: "t", Type: arrow.BinaryTypes.String}, {Name: "x", Type: arrow.PrimitiveTypes.Float64}}, nil)

// manyKeys is rows with different (k, t) in a shuffled order, every one of them twice where twice says so. at is called before every batch.
func manyKeys(rows int, twice bool, at func()) plan.Node {
	const splits = 12
	var parts []func(context.Context) iter.Seq2[arrow.RecordBatch, error]
	for s := range splits {
		parts = append(parts, func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
			return func(yield func(arrow.RecordBatch, error) bool) {
				for from := s * rows / splits; from < (s+1)*rows/splits; from += 4096 {
					if at != nil {
						at()
					}
					if !yield(keysFrom(from, min(from+4096, (s+1)*rows/splits), rows, twice), nil) {
						return
					}
				}
			}
		})
	}
	return plan.NewScan(partition.NewSource(wide, parts...))
}

func keysFrom(from, to, rows int, twice bool) arrow.RecordBatch {
	k, t, x := array.NewInt64Builder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator), array.NewFloat64Builder(memory.DefaultAllocator)
	for i := from; i < to; i++ {
		id := i * 7919 % rows
		if twice {
			id %= rows / 2
		}
		k.Append(int64(id))
		t.Append(fmt.Sprintf("the key of %d", id%1009))
		x.Append(float64(id%97) / 7)
	}
	return array.NewRecordBatch(wide, []arrow.Array{k.NewArray(), t.NewArray(), x.NewArray()}, int64(to-from))
}

// spilling are plans that need many times the memory of the tests below.
func spilling(rows int, at func()) map[string]plan.Node {
	in := func() plan.Node { return manyKeys(rows, true, at) }
	renamed := must(plan.NewRenameFunc(manyKeys(rows, false, at), func(s string) string { return "r_" + s }))
	return map[string]plan.Node{
		"group by":    must(plan.NewAgg(in(), []expr.Expr{col("k"), col("t")}, []expr.Expr{expr.Sum("x").As("s"), expr.Count().As("n")}, false)),
		"median":      must(plan.NewAgg(in(), []expr.Expr{col("k").Mod(50000).As("k")}, []expr.Expr{expr.Median("x").As("m"), expr.NUnique("t").As("u")}, false)),
		"distinct":    must(plan.NewDistinct(in(), []string{"k"}, false)),
		"sort":        must(plan.NewSort(in(), plan.SortKey{Expr: col("t"), Desc: true}, plan.SortKey{Expr: col("x")})),
		"large top-k": must(plan.NewTopK(in(), []plan.SortKey{{Expr: col("k")}}, int64(rows)*3/4, 100)),
		"join": must(plan.NewJoin(in(), renamed, plan.JoinSpec{Kind: plan.Inner, LeftOn: []expr.Expr{col("k"), col("t")},
			RightOn: []expr.Expr{col("r_k"), col("r_t")}})),
		"left join": must(plan.NewJoin(in(), renamed, plan.JoinSpec{Kind: plan.Left, LeftOn: []expr.Expr{col("k")}, RightOn: []expr.Expr{col("r_k").Add(rows / 4)}})),
		"two at once": must(plan.NewSort(must(plan.NewAgg(must(plan.NewDistinct(in(), nil, false)), []expr.Expr{col("k")}, []expr.Expr{expr.First("t").As("t")}, false)),
			plan.SortKey{Expr: col("t")})),
	}
}

// answer runs a plan and returns its rows as text, sorted unless their order is part of the answer.
func answer(t *testing.T, n plan.Node, ordered bool, o sched.Options) ([]string, *run.Receipt) {
	var rows []string
	receipt, err := run.Query(t.Context(), []plan.Node{n}, o, func(_ int, part *exec.Rows) bool {
		for _, rec := range part.Batches {
			for i := range int(rec.NumRows()) {
				var b strings.Builder
				for _, c := range rec.Columns() {
					b.WriteString(c.ValueStr(i))
					b.WriteByte('|')
				}
				rows = append(rows, b.String())
			}
		}
		return true
	})
	require.NoError(t, err)
	if !ordered {
		slices.Sort(rows)
	}
	return rows, receipt
}

// What does not fit into the budget goes through files, and nothing of it shows: the same rows, and an empty folder.
func TestSpillingChangesNoAnswer(t *testing.T) {
	rows, limit := 480_000, int64(10<<20)
	if testing.Short() {
		rows, limit = 120_000, 5<<20
	}
	for name, n := range spilling(rows, nil) {
		t.Run(name, func(t *testing.T) {
			ordered := name == "sort" || name == "large top-k" || name == "distinct"
			want, receipt := answer(t, n, ordered, sched.Options{})
			require.Zero(t, receipt.Spilled)
			for _, workers := range []int{1, 2} {
				dir := t.TempDir()
				got, receipt := answer(t, n, ordered, sched.Options{Workers: workers, Memory: limit, SpillDir: dir})
				require.Equal(t, len(want), len(got))
				require.True(t, slices.Equal(want, got), "%d workers", workers)
				require.NotZero(t, receipt.Spilled)
				require.LessOrEqual(t, receipt.PeakMemory, limit+48<<20, "beside the budget there are a few chunks a worker")
				requireEmpty(t, dir)
				require.Zero(t, mem.Process().Used())
			}
		})
	}
}

func requireEmpty(t *testing.T, dir string) {
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "the spill folder is as it was")
}

// A run that is cancelled while it spills leaves nothing, and is gone at once.
func TestCancelWhileSpilling(t *testing.T) {
	rows, shares := 150_000, []int{20, 60, 95}
	if testing.Short() {
		rows, shares = 100_000, []int{60}
	}
	for _, share := range shares {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stopped by the test")
		batches, total := 0, 0
		at := func() {}
		for name, n := range spilling(rows, func() { at() }) {
			before, dir := runtime.NumGoroutine(), t.TempDir()
			o := sched.Options{Workers: 1, Memory: 5 << 20, SpillDir: dir}
			ctx, cancel = context.WithCancelCause(t.Context())
			batches = 0
			at = func() { batches++ }
			_, err := run.Query(t.Context(), []plan.Node{n}, o, func(int, *exec.Rows) bool { return true })
			require.NoError(t, err)
			total, batches = batches, 0
			var canceled time.Time
			at = func() {
				if batches++; batches == total*share/100 {
					canceled = time.Now()
					cancel(stop)
				}
			}
			_, err = run.Query(ctx, []plan.Node{n}, o, func(int, *exec.Rows) bool { return true })
			took := time.Since(canceled)
			var f *fault.Error
			require.ErrorAs(t, err, &f, name)
			require.Equal(t, fault.Canceled, f.Kind, "%s: %v", name, err)
			require.Zero(t, mem.Process().Used(), name)
			requireEmpty(t, dir)
			require.Less(t, took, 10*time.Second, "%s hangs", name)
			require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 5*time.Second, time.Millisecond, name)
		}
		cancel(nil)
		_ = ctx
	}
}

// A folder that cannot be written to is an error that names it, at once.
func TestSpillFolderThatIsNotThere(t *testing.T) {
	dir := t.TempDir() + "/missing"
	for name, n := range spilling(150_000, nil) {
		_, err := run.Query(t.Context(), []plan.Node{n}, sched.Options{Workers: 2, Memory: 3 << 20, SpillDir: dir}, func(int, *exec.Rows) bool { return true })
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Contains(t, err.Error(), "missing", name)
		require.Zero(t, mem.Process().Used(), name)
	}
}
