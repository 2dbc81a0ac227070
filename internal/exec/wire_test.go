package exec_test

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/internal/ref"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

var col = expr.Col

func must(n plan.Node, err error) plan.Node {
	if err != nil {
		panic(err)
	}
	return n
}

// splitOf returns the one split of random rows.
func splitOf(rows int, nulls float64) partition.Split {
	src := exectest.NewSource(exectest.Random(rand.New(rand.NewPCG(7, uint64(rows))), exectest.Schema, rows, nulls), exectest.Layout{Splits: 1, Batch: 70, Clean: true})
	scan, err := src.Plan(context.Background(), partition.ScanRequest{})
	if err != nil {
		panic(err)
	}
	return scan.Splits[0]
}

// tasks are one of each mode, over a split.
func tasks(rows int, nulls float64) map[string]*exec.Task {
	in := plan.NewInput(0, exectest.Schema)
	aggs := []expr.Expr{expr.Count().As("n"), expr.Mean(col("f")).As("m"), expr.Sum(col("k")).As("sum"), expr.Min(col("s")).As("min"), expr.NUnique(col("i")).As("nu"), expr.Last(col("t")).As("last"), expr.Var(col("f")).As("var")}
	right := plan.NewInput(1, exectest.Schema)
	frags := map[string]*exec.Fragment{
		"rows":   {Root: must(plan.NewFilter(in, col("k").Gt(0))), Mode: exec.Emit},
		"groups": {Root: in, Mode: exec.PartialGroups, Breaker: must(plan.NewGroupBy(in, []expr.Expr{col("s"), col("w")}, aggs, false))},
		"totals": {Root: in, Mode: exec.PartialGroups, Breaker: must(plan.NewGroupBy(in, nil, aggs, false))},
		"sorted": {Root: in, Mode: exec.SortRun, Breaker: must(plan.NewSort(in, plan.SortKey{Expr: col("k").Abs(), Desc: true}, plan.SortKey{Expr: col("t"), NullsFirst: true}))},
		"table":  {Root: in, Mode: exec.BuildTable, Breaker: must(plan.NewJoin(in, right, plan.JoinSpec{LeftOn: []expr.Expr{col("i"), col("s")}, RightOn: []expr.Expr{col("i"), col("s")}}))},
	}
	all := map[string]*exec.Task{}
	for name, f := range frags {
		f.Stage = 3
		all[name] = &exec.Task{Fragment: f, Split: splitOf(rows, nulls), Part: 2, Hi: exec.Buckets}
	}
	return all
}

// Tasks and their results are the same after a journey through bytes.
func TestTasksAndResultsAsBytes(t *testing.T) {
	for _, rows := range []int{0, 1, 500} {
		for _, nulls := range []float64{0, 0.3, 1} {
			for name, task := range tasks(rows, nulls) {
				args, ok, err := exec.EncodeTask(task)
				require.NoError(t, err, name)
				require.True(t, ok, name)
				back, err := exec.DecodeTask(args)
				require.NoError(t, err, name)
				require.Equal(t, task.Part, back.Part)
				require.Equal(t, task.Fragment.Stage, back.Fragment.Stage)
				again, _, err := exec.EncodeTask(back)
				require.NoError(t, err)
				require.Equal(t, args, again, name)

				want, err := task.Do(t.Context(), nil)
				require.NoError(t, err, name)
				got, err := back.Do(t.Context(), nil)
				require.NoError(t, err, name)
				wantBytes, err := graph.EncodeResult(nil, want)
				require.NoError(t, err, name)
				gotBytes, err := graph.EncodeResult(nil, got)
				require.NoError(t, err, name)
				requireSameResult(t, want, wantBytes, gotBytes, name)

				copied, err := graph.DecodeResult(wantBytes)
				require.NoError(t, err, name)
				third, err := graph.EncodeResult(nil, copied)
				require.NoError(t, err, name)
				requireSameResult(t, want, wantBytes, third, name)
				for _, r := range []any{want, got, copied} {
					r.(exec.Result).Free()
				}
				require.Zero(t, mem.Process().Used(), name)
			}
		}
	}
}

// requireSameResult holds bytes against those of a result. Rows that went through an exchange carry its number, which no two have.
func requireSameResult(t *testing.T, result any, want, got []byte, name string) {
	if g, ok := result.(*exec.Groups); ok && g.Out != nil {
		require.Len(t, got, len(want), name)
		return
	}
	require.Equal(t, want, got, name)
}

// local is a split that cannot leave the process.
type local struct{}

func (local) Stats() partition.Stats { return partition.Stats{} }

func (local) Open(context.Context, *partition.Env) (partition.Reader, error) { return nil, io.EOF }

func TestLocalTasksHaveNoBytes(t *testing.T) {
	task := tasks(1, 0)["rows"]
	task.Split = local{}
	_, ok, err := exec.EncodeTask(task)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestDecodeTaskRefuses(t *testing.T) {
	good, _, err := exec.EncodeTask(tasks(1, 0)["rows"])
	require.NoError(t, err)
	for name, b := range map[string][]byte{
		"nothing":         nil,
		"half of it":      good[:len(good)/2],
		"no version":      good[2:],
		"another version": append([]byte{0x08, 99}, good[2:]...),
		"noise":           []byte("not a task at all"),
	} {
		_, err := exec.DecodeTask(b)
		require.Error(t, err, name)
	}
}

// A worker process keeps nothing of what it has given away.
func TestOperationFreesItsMemory(t *testing.T) {
	op, ok := graph.Lookup(exec.TaskOp)
	require.True(t, ok)
	for name, task := range tasks(500, 0.1) {
		args, _, err := exec.EncodeTask(task)
		require.NoError(t, err)
		_, err = op(t.Context(), args, nil)
		require.NoError(t, err, name)
		require.Zero(t, mem.Process().Used(), name)
	}
}

// A task that has less memory than it needs fails with a Memory fault and holds nothing.
func TestTasksFreeWhatTheyReservedWhenTheyFail(t *testing.T) {
	for name, task := range tasks(500, 0.1) {
		for _, limit := range []int64{1, 2000, 20_000, 40_000} {
			b := mem.New("test", limit)
			v, err := task.Do(mem.With(t.Context(), b), nil)
			if err == nil {
				v.(exec.Result).Free()
			} else {
				var f *fault.Error
				require.True(t, errors.As(err, &f), name)
				require.Equal(t, fault.Memory, f.Kind, "%s: %v", name, err)
			}
			require.Zero(t, b.Used(), name)
			b.Close()
		}
	}
}

// A task that gets other inputs than it should says so.
func TestTasksRefuseWrongInputs(t *testing.T) {
	rows, err := tasks(5, 0)["rows"].Do(t.Context(), nil)
	require.NoError(t, err)
	in := plan.NewInput(0, exectest.Schema)
	group := must(plan.NewGroupBy(in, []expr.Expr{col("s")}, []expr.Expr{expr.Count()}, false))
	out := plan.NewInput(0, group.Schema())
	for name, c := range map[string]struct {
		f  *exec.Fragment
		in []any
	}{
		"groups wanted":    {&exec.Fragment{Root: out, Merge: group, FromTasks: true}, []any{rows}},
		"a table wanted":   {&exec.Fragment{Root: in, Tables: 1, FromTasks: true}, []any{rows}},
		"a table missing":  {&exec.Fragment{Root: in, Tables: 1, FromTasks: true}, nil},
		"rows wanted":      {&exec.Fragment{Root: in, FromTasks: true}, []any{"text"}},
		"no such operator": {&exec.Fragment{Root: group, FromTasks: true}, []any{rows}},
		"no such merge":    {&exec.Fragment{Root: out, Merge: must(plan.NewLimit(in, 1, 0)), FromTasks: true}, []any{rows}},
	} {
		_, err := (&exec.Task{Fragment: c.f, Hi: exec.Buckets}).Do(t.Context(), c.in)
		var f *fault.Error
		require.True(t, errors.As(err, &f), name)
		require.Equal(t, fault.Internal, f.Kind, "%s: %v", name, err)
	}
	rows.(exec.Result).Free()
}

// Rows come out as they went in, NaN and both zeros bit for bit.
func TestRowsKeepTheirBits(t *testing.T) {
	task := tasks(500, 0.1)["rows"]
	task.Fragment.Root = plan.NewInput(0, exectest.Schema)
	v, err := task.Do(t.Context(), nil)
	require.NoError(t, err)
	defer v.(exec.Result).Free()
	want := exectest.Random(rand.New(rand.NewPCG(7, 500)), exectest.Schema, 500, 0.1)
	got := ref.OfRecords(exectest.Schema, v.(*exec.Rows).Batches)
	require.Len(t, got.Rows, 500)
	for i, r := range want.Rows {
		for c, w := range r {
			g := got.Rows[i][c]
			if f, ok := w.(float64); ok {
				require.Equal(t, math.Float64bits(f), math.Float64bits(g.(float64)))
				continue
			}
			require.Equal(t, w, g)
		}
	}
}

func FuzzDecodeTask(f *testing.F) {
	for _, task := range tasks(20, 0.1) {
		b, _, err := exec.EncodeTask(task)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		task, err := exec.DecodeTask(b)
		if err != nil {
			return
		}
		again, ok, err := exec.EncodeTask(task)
		require.NoError(t, err)
		if ok {
			_, err = exec.DecodeTask(again)
			require.NoError(t, err)
		}
		v, err := task.Do(t.Context(), nil) // what was decoded can be run, or says why not
		if r, ok := v.(exec.Result); ok && err == nil {
			r.Free()
		}
	})
}

func FuzzDecodeResult(f *testing.F) {
	for _, task := range tasks(20, 0.1) {
		v, err := task.Do(f.Context(), nil)
		require.NoError(f, err)
		b, err := graph.EncodeResult(nil, v)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := graph.DecodeResult(b)
		if _, ours := v.(exec.Result); err != nil || !ours {
			return
		}
		_, err = graph.EncodeResult(nil, v)
		require.NoError(t, err)
	})
}
