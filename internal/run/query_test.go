package run_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/internal/ref"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

var numbers = arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)

// counted is a source of rows numbered from 0, with their numbers as text, in splits of equal size.
func counted(rows, splits, batch int) *evenSource {
	e := &evenSource{}
	for i := range rows {
		e.rows = append(e.rows, ref.Row{int64(i), fmt.Sprint(i)})
	}
	e.splits, e.batch = splits, batch
	return e
}

// evenSource gives splits of equal size through partition.NewSource.
type evenSource struct {
	rows          []ref.Row
	splits, batch int
	opened        []int
	at            func(split, batch int) error
}

func (e *evenSource) scan() plan.Node {
	var parts []func(context.Context) iter.Seq2[arrow.RecordBatch, error]
	size := (len(e.rows) + e.splits - 1) / e.splits
	e.opened = make([]int, e.splits)
	for s := range e.splits {
		part := e.rows[min(s*size, len(e.rows)):min((s+1)*size, len(e.rows))]
		parts = append(parts, func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
			e.opened[s]++
			return e.batches(s, part)
		})
	}
	return plan.NewScan(partition.NewSource(numbers, parts...))
}

func (e *evenSource) batches(split int, rows []ref.Row) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for n := 0; len(rows) > 0; n++ {
			if e.at != nil {
				if err := e.at(split, n); err != nil {
					yield(nil, err)
					return
				}
			}
			part := rows[:min(e.batch, len(rows))]
			rows = rows[len(part):]
			if !yield(record(part), nil) {
				return
			}
		}
	}
}

func record(rows []ref.Row) arrow.RecordBatch {
	n, s := array.NewInt64Builder(mem.Shared), array.NewStringBuilder(mem.Shared)
	for _, r := range rows {
		n.Append(r[0].(int64))
		s.Append(r[1].(string))
	}
	return array.NewRecordBatch(numbers, []arrow.Array{n.NewArray(), s.NewArray()}, int64(len(rows)))
}

func sum(xs []int) (n int) {
	for _, x := range xs {
		n += x
	}
	return n
}

func TestLimitOpensOneSplit(t *testing.T) {
	for _, workers := range []int{1, 4} {
		src := counted(2000, 50, 7)
		recs, err := query(t.Context(), must(plan.NewLimit(src.scan(), 10, 3)), sched.Options{Workers: workers})
		require.NoError(t, err)
		rows := ref.OfRecords(numbers, recs).Rows
		require.Len(t, rows, 10)
		require.Equal(t, int64(3), rows[0][0])
		require.Equal(t, 1, sum(src.opened), "%d workers", workers)
	}
}

func TestLimitReadsOnWhereItMust(t *testing.T) {
	for _, workers := range []int{1, 4} {
		src := counted(2000, 50, 7)
		few := must(plan.NewFilter(src.scan(), col("n").Mod(100).Eq(99)))
		recs, err := query(t.Context(), must(plan.NewLimit(few, 3, 1)), sched.Options{Workers: workers})
		require.NoError(t, err)
		rows := ref.OfRecords(numbers, recs).Rows
		require.Equal(t, []ref.Row{{int64(199), "199"}, {int64(299), "299"}, {int64(399), "399"}}, rows)
		require.Less(t, sum(src.opened), 50)
	}
}

// An error behind the rows that suffice does not count, however early it shows.
func TestErrorBehindALimit(t *testing.T) {
	for range 5 {
		slow := make(chan struct{})
		failed := sync.OnceFunc(func() { close(slow) })
		src := counted(2000, 50, 7)
		src.at = func(split, _ int) error {
			switch {
			case split == 2:
				<-slow // until a later split has failed
			case split > 2:
				failed()
				return errors.New("broken")
			}
			return nil
		}
		n := must(plan.NewLimit(src.scan(), 100, 0))
		recs, err := query(t.Context(), n, sched.Options{Workers: 4, On: sched.Pool(4)})
		require.NoError(t, err)
		require.Len(t, ref.OfRecords(n.Schema(), recs).Rows, 100)
	}
}

func must(n plan.Node, err error) plan.Node {
	if err != nil {
		panic(err)
	}
	return n
}

// Below 64 k groups they come in order of first appearance, however many parts have each of them.
func TestGroupsInOrderOfFirstAppearance(t *testing.T) {
	src := counted(0, 6, 8192)
	r := rand.New(rand.NewPCG(1, 1))
	for range 6 {
		for _, n := range r.Perm(17000) {
			src.rows = append(src.rows, ref.Row{int64(n), "x"})
		}
	}
	n := must(plan.NewGroupBy(src.scan(), []expr.Expr{col("n")}, []expr.Expr{expr.Count()}, false))
	for _, workers := range []int{1, 8} {
		recs, err := query(t.Context(), n, sched.Options{Workers: workers})
		require.NoError(t, err)
		got := ref.OfRecords(n.Schema(), recs).Rows
		require.Len(t, got, 17000)
		for i := range got {
			require.Equal(t, ref.Row{src.rows[i][0], int64(6)}, got[i])
		}
	}
}

// More groups come by hash bucket, in an order that does not depend on the workers.
func TestManyGroups(t *testing.T) {
	src := counted(90_000, 5, 8192)
	n := must(plan.NewGroupBy(src.scan(), []expr.Expr{col("n").Mod(80_000).As("k")}, []expr.Expr{expr.Count(), expr.Max(col("s")).As("s")}, false))
	var first []ref.Row
	for _, workers := range []int{1, 8} {
		recs, err := query(t.Context(), n, sched.Options{Workers: workers})
		require.NoError(t, err)
		got := ref.OfRecords(n.Schema(), recs)
		require.Len(t, got.Rows, 80_000)
		if first == nil {
			first = got.Rows
			want := &ref.Table{Schema: n.Schema()}
			for i := range 80_000 {
				row := ref.Row{int64(i), int64(1), fmt.Sprint(i)}
				if i < 10_000 {
					row = ref.Row{int64(i), int64(2), max(fmt.Sprint(i), fmt.Sprint(i+80_000))}
				}
				want.Rows = append(want.Rows, row)
			}
			require.Empty(t, ref.DiffRows(want, got))
		}
		require.Equal(t, first, got.Rows)
	}
}

// Errors of values name the partition, and its row where all rows of the partition came so far.
func TestPlaceOfAnError(t *testing.T) {
	bad := func() plan.Node {
		src := counted(30_000, 3, 9000)
		src.rows[25_000][1] = "no number"
		return src.scan()
	}
	number := col("s").Cast(arrow.PrimitiveTypes.Int64)
	for _, c := range []struct {
		name string
		row  int64
		node plan.Node
	}{
		{"project", 5001, must(plan.NewProject(bad(), number.As("x")))},
		{"filter", 5001, must(plan.NewFilter(bad(), number.Gt(5)))},
		{"project of a project", 5001, must(plan.NewProject(must(plan.NewProject(bad(), col("s").As("s"))), number.As("x")))},
		{"group by", 5001, must(plan.NewGroupBy(bad(), nil, []expr.Expr{expr.Sum(number).As("x")}, false))},
		{"project of a filter", 0, must(plan.NewProject(must(plan.NewFilter(bad(), col("n").Gt(3))), number.As("x")))},
		{"after a sort", -1, must(plan.NewProject(must(plan.NewSort(bad(), asc("n"))), number.As("x")))},
	} {
		_, err := query(t.Context(), c.node, sched.Options{Workers: 2})
		var f *fault.Error
		require.ErrorAs(t, err, &f, c.name)
		require.Equal(t, fault.Data, f.Kind, c.name)
		if c.row < 0 {
			require.Zero(t, f.Partition, c.name)
			require.Zero(t, f.Row, c.name)
			continue
		}
		require.Equal(t, 3, f.Partition, c.name)
		require.Equal(t, c.row, f.Row, "%s: %v", c.name, err)
	}
}

func TestAnErrorWhereItDoesNotCount(t *testing.T) {
	src := counted(10, 1, 5)
	src.rows[7][1] = "no number"
	number := expr.Sum(col("s").Cast(arrow.PrimitiveTypes.Int64)).Where(col("n").Ne(7))
	n := must(plan.NewGroupBy(src.scan(), nil, []expr.Expr{number.As("x")}, false))
	recs, err := query(t.Context(), n, sched.Options{})
	require.NoError(t, err)
	require.Equal(t, []ref.Row{{int64(45 - 7)}}, ref.OfRecords(n.Schema(), recs).Rows)

	// Nor in a row whose key is null, where such rows are left out.
	number = expr.Sum(col("s").Cast(arrow.PrimitiveTypes.Int64))
	n = must(plan.NewGroupBy(src.scan(), []expr.Expr{expr.If(col("n").Ne(7), 1, nil).As("k")}, []expr.Expr{number.As("x")}, true))
	recs, err = query(t.Context(), n, sched.Options{})
	require.NoError(t, err)
	require.Equal(t, []ref.Row{{int64(1), int64(45 - 7)}}, ref.OfRecords(n.Schema(), recs).Rows)
}

func TestRowsWithoutColumns(t *testing.T) {
	src := exectest.NewSource(exectest.Random(rand.New(rand.NewPCG(1, 2)), exectest.Schema, 20_000, 0.1), exectest.Layout{Splits: 4, Batch: 6000})
	scan, err := plan.NewScan(src).With([]string{}, expr.Expr{}, 0)
	require.NoError(t, err)
	n := must(plan.NewGroupBy(must(plan.NewLimit(scan, 15_000, 1)), nil, []expr.Expr{expr.Count()}, false))
	recs, err := query(t.Context(), n, sched.Options{})
	require.NoError(t, err)
	require.Equal(t, []ref.Row{{int64(15_000)}}, ref.OfRecords(n.Schema(), recs).Rows)
	recs, err = query(t.Context(), scan, sched.Options{})
	require.NoError(t, err)
	rows := int64(0)
	for _, r := range recs {
		rows += r.NumRows()
	}
	require.EqualValues(t, 20_000, rows)
}

// A receiver that has enough ends the query, and nothing is left of it.
func TestYieldEndsTheQuery(t *testing.T) {
	for _, workers := range []int{1, 4} {
		src := exectest.NewSource(exectest.Random(rand.New(rand.NewPCG(1, 2)), exectest.Schema, 4000, 0.1), exectest.Layout{Splits: 60, Batch: 10})
		given := 0
		_, err := run.Query(t.Context(), []plan.Node{plan.NewScan(src)}, sched.Options{Workers: workers}, func(int, *exec.Rows) bool {
			given++
			return given < 20
		})
		require.NoError(t, err)
		require.Equal(t, 20, given)
		require.Zero(t, src.Open.Load())
		require.Zero(t, mem.Process().Used())
		require.Less(t, src.Opened.Load(), int64(60))
	}
}

func TestSharedFrames(t *testing.T) {
	src := counted(100, 4, 7)
	cached := plan.NewCache(must(plan.NewFilter(src.scan(), col("n").Lt(50))))
	frames := []plan.Node{cached, must(plan.NewSort(cached, desc("n"))), must(plan.NewGroupBy(cached, nil, []expr.Expr{expr.Count()}, false))}
	rows := make([][]ref.Row, len(frames))
	_, err := run.Query(t.Context(), frames, sched.Options{Workers: 3}, func(f int, part *exec.Rows) bool {
		rows[f] = append(rows[f], ref.OfRecords(frames[f].Schema(), part.Batches).Rows...)
		return true
	})
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, 1, 1}, src.opened)
	require.Len(t, rows[0], 50)
	require.Equal(t, int64(49), rows[1][0][0])
	require.Equal(t, []ref.Row{{int64(50)}}, rows[2])
}

// oddSource breaks the contract of a source.
type oddSource struct {
	plan func() (*partition.Scan, error)
}

func (*oddSource) Schema() *arrow.Schema { return numbers }

func (s *oddSource) Plan(context.Context, partition.ScanRequest) (*partition.Scan, error) {
	return s.plan()
}

func TestOddSources(t *testing.T) {
	one, err := partition.NewSource(arrow.NewSchema(numbers.Fields()[:1], nil), func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			yield(record([]ref.Row{{int64(1), "1"}}).NewSlice(0, 1), nil)
		}
	}).Plan(t.Context(), partition.ScanRequest{})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		plan func() (*partition.Scan, error)
		kind fault.Kind
	}{
		"a panic":         {func() (*partition.Scan, error) { panic("no plan") }, fault.Panic},
		"nothing":         {func() (*partition.Scan, error) { return nil, nil }, fault.Internal},
		"an error":        {func() (*partition.Scan, error) { return nil, errors.New("gone") }, fault.Input},
		"too few columns": {func() (*partition.Scan, error) { return one, nil }, fault.Type},
	} {
		_, err := query(t.Context(), plan.NewScan(&oddSource{c.plan}), sched.Options{})
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, c.kind, f.Kind, "%s: %v", name, err)
	}
}

// wideSource is one split whose rows take far more memory than the budget.
func wideSource(batches int, opened *atomic.Int32) plan.Node {
	text := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil)
	long := strings.Repeat("x", 64<<10)
	b := array.NewStringBuilder(mem.Shared)
	for range 16 {
		b.Append(long)
	}
	rec := array.NewRecordBatch(text, []arrow.Array{b.NewArray()}, 16) // 1 MiB
	one := func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			opened.Add(1)
			defer opened.Add(-1)
			for range batches {
				if !yield(rec, nil) {
					return
				}
			}
		}
	}
	return plan.NewScan(partition.NewSource(text, one, one))
}

// An answer of any size streams through a small budget: tasks pause when they are ahead of who reads their rows.
func TestAnswersStreamThroughASmallBudget(t *testing.T) {
	for name, on := range map[string]sched.Scheduler{"inline": sched.Inline(), "one worker": sched.Pool(1), "two workers": sched.Pool(2)} {
		t.Run(name, func(t *testing.T) {
			var open atomic.Int32
			rows := int64(0)
			receipt, err := run.Query(t.Context(), []plan.Node{wideSource(100, &open)}, sched.Options{On: on, Memory: 24 << 20}, func(_ int, part *exec.Rows) bool {
				rows += part.N
				return true
			})
			require.NoError(t, err)
			require.EqualValues(t, 2*100*16, rows)
			require.Less(t, receipt.PeakMemory, int64(24<<20))
			require.Zero(t, open.Load())
		})
	}
}

// Rows that were given out are nobody's any more, also those of tasks that have paused and ended: what the receiver drops is garbage.
func TestRowsGivenOutAreLetGo(t *testing.T) {
	var given []weak.Pointer[memory.Buffer]
	parts, paused, most := 0, 0, 0
	o := sched.Options{Workers: 1, Memory: 24 << 20, SpillDir: t.TempDir()}
	_, err := run.Query(t.Context(), []plan.Node{manyKeys(1_500_000, false, nil)}, o, func(_ int, part *exec.Rows) bool {
		for _, rec := range part.Batches {
			given = append(given, weak.Make(rec.Column(1).Data().Buffers()[2]))
		}
		if part.More != nil {
			paused++
		}
		if parts++; parts%4 == 0 {
			runtime.GC()
			alive := 0
			for _, b := range given {
				if b.Value() != nil {
					alive++
				}
			}
			most = max(most, alive)
		}
		return true
	})
	require.NoError(t, err)
	require.Greater(t, paused, 6, "tasks pause")
	require.Greater(t, len(given), 300)
	require.Less(t, most, 30, "of %d batches, what two tasks may hold", len(given))
}

// Whoever stops reading leaves no paused task behind.
func TestPausedTasksAreDropped(t *testing.T) {
	for _, workers := range []int{1, 2} {
		var open atomic.Int32
		parts := 0
		_, err := run.Query(t.Context(), []plan.Node{wideSource(100, &open)}, sched.Options{On: sched.Pool(workers)}, func(int, *exec.Rows) bool {
			parts++
			return parts < 3
		})
		require.NoError(t, err)
		require.Equal(t, 3, parts)
		require.Zero(t, open.Load())
	}
}

// What the steps of a dropped task hold goes back with it: here the table of a distinct that looks at rows as they come.
func TestPausedStepsGiveBack(t *testing.T) {
	n := must(plan.NewDistinct(must(plan.NewLimit(manyKeys(200_000, false, nil), 190_000, 0)), []string{"k"}, false))
	parts := 0
	_, err := run.Query(t.Context(), []plan.Node{n}, sched.Options{On: sched.Pool(2)}, func(_ int, part *exec.Rows) bool {
		require.NotNil(t, part.More, "the answer is large enough to come in pieces")
		parts++
		return false
	})
	require.NoError(t, err)
	require.Equal(t, 1, parts)
	require.Zero(t, mem.Process().Used())
}
