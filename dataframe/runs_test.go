package dataframe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/sched"
)

type reading struct {
	ID    int64
	Place string
	Value float64
}

// readings are n rows with floats whose sum depends on the order of additions.
func readings(n int) []reading {
	rows := make([]reading, n)
	for i := range rows {
		rows[i] = reading{int64(i), fmt.Sprintf("place %d", i*i%97), math.Sin(float64(i)) * math.Pow(10, float64(i%9))}
	}
	return rows
}

// endless is a source of one endless split, which counts its batches and closes done when its iterator ends.
func endless(t *testing.T) (df *dataframe.DataFrame, done <-chan struct{}) {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for i := range 4096 {
		b.Append(int64(i))
	}
	rec := array.NewRecordBatch(schema, []arrow.Array{b.NewArray()}, 4096)
	ended := make(chan struct{})
	var once sync.Once
	return dataframe.FromSource(partition.NewSource(schema, func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			defer once.Do(func() { close(ended) })
			for yield(rec, nil) {
			}
		}
	})), ended
}

// settled waits for the goroutines of a run to end, as they must soon after it.
func settled(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("goroutines are left over:\n%s", stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestCancelInTheMiddle(t *testing.T) {
	before := runtime.NumGoroutine()
	for what, action := range map[string]func(context.Context, *dataframe.DataFrame) error{
		"Count": func(ctx context.Context, df *dataframe.DataFrame) error { _, err := df.Count(ctx); return err },
		"Collect": func(ctx context.Context, df *dataframe.DataFrame) error {
			_, err := df.GroupBy("i").Agg(expr.Count()).Collect(ctx)
			return err
		},
		"Inline": func(ctx context.Context, df *dataframe.DataFrame) error {
			_, err := df.Count(ctx, sched.On(sched.Inline()))
			return err
		},
	} {
		df, ended := endless(t)
		cctx, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
		err := action(cctx, df)
		cancel()
		f := asFault(t, err)
		require.Equal(t, fault.Canceled, f.Kind, "%s: %v", what, err)
		require.ErrorIs(t, err, context.DeadlineExceeded, what)
		require.Contains(t, f.At, "runs_test.go:", what)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: the source was not closed", what)
		}
	}
	settled(t, before)
	cctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err := dataframe.FromStructs(readings(10)).Collect(cctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, fault.Canceled, asFault(t, err).Kind)
}

// TestBreaksCancel: what is endless ends when nobody wants more.
func TestBreaksCancel(t *testing.T) {
	before := runtime.NumGoroutine()
	df, ended := endless(t)
	table, err := df.Limit(10).Collect(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(10), table.NumRows())
	<-ended
	many := dataframe.FromStructs(readings(200_000))
	for range many.Batches(ctx) {
		break
	}
	for range dataframe.Rows[reading](ctx, many) {
		break
	}
	settled(t, before)
}

func TestMemoryBudget(t *testing.T) {
	rows := make([]struct {
		K int64
		S string
	}, 300_000)
	for i := range rows {
		rows[i].K, rows[i].S = int64(i), fmt.Sprintf("a text of some length, number %d", i)
	}
	df := dataframe.FromStructs(rows)
	before := runtime.NumGoroutine()
	for what, big := range map[string]*dataframe.DataFrame{
		"group_by": df.GroupBy("K", "S").Agg(expr.Count()), "sort": df.Sort("S"), "distinct": df.Distinct("S"), "join": df.Limit(1).Join(df, dataframe.Using("K")),
	} {
		_, err := big.Collect(ctx, sched.Memory(1<<20))
		if err == nil {
			continue // it went to disk, which is the better answer
		}
		f := asFault(t, err)
		require.Equal(t, fault.Memory, f.Kind, "%s: %v", what, err)
		require.Contains(t, f.Error(), "sched.Memory", "%s: the message names the knob", what)
		require.Regexp(t, `1(\.0)? ?MiB|1,?048,?576`, f.Error(), "%s: the message names the limit", what)
	}
	settled(t, before)
	n, err := df.GroupBy("K", "S").Agg(expr.Count()).Count(ctx)
	require.NoError(t, err, "the process's budget is whole again")
	require.Equal(t, int64(300_000), n)
}

var (
	errUserFunction = errors.New("no such place")
	explode42       = expr.Func1("test_explode_42", func(v int64) int64 {
		if v == 42 {
			panic("I do not like 42")
		}
		return v
	})
	explodeArrow = expr.FuncArrow("test_explode_arrow", arrow.PrimitiveTypes.Int64, func(_ context.Context, args []arrow.Array) (arrow.Array, error) {
		var none []int
		_ = none[args[0].Len()]
		return nil, nil
	})
	refuse = expr.FuncArrow("test_refuse", arrow.PrimitiveTypes.Int64, func(context.Context, []arrow.Array) (arrow.Array, error) { return nil, errUserFunction })
	wrongs = expr.FuncArrow("test_wrong_length", arrow.PrimitiveTypes.Int64, func(context.Context, []arrow.Array) (arrow.Array, error) {
		return array.NewInt64Builder(memory.DefaultAllocator).NewArray(), nil
	})
)

// TestUserFunctionsThatFail: a panic, an error and a wrong result come back as faults; the process and later runs go on.
func TestUserFunctionsThatFail(t *testing.T) {
	df := dataframe.FromStructs(readings(1000))
	before := runtime.NumGoroutine()
	_, err := df.Select(explode42("ID")).Collect(ctx)
	f := asFault(t, err)
	require.Equal(t, fault.Panic, f.Kind, "%v", err)
	require.Contains(t, f.Error(), "I do not like 42")
	require.Equal(t, int64(43), f.Row)
	_, err = df.Select(explodeArrow("ID")).Collect(ctx)
	f = asFault(t, err)
	require.Equal(t, fault.Panic, f.Kind, "%v", err)
	require.Contains(t, f.Error(), "index out of range")
	_, err = df.Select(refuse("ID")).Collect(ctx)
	require.ErrorIs(t, asFault(t, err), errUserFunction)
	_, err = df.Select(wrongs("ID")).Collect(ctx)
	require.Contains(t, asFault(t, err).Error(), "test_wrong_length")
	n, err := df.Filter(col("ID").Ne(42)).Select(explode42("ID")).Count(ctx)
	require.NoError(t, err, "rows that are filtered out are not evaluated")
	require.Equal(t, int64(999), n)
	settled(t, before)
}

// events counts what an observer sees.
type events struct {
	mu    sync.Mutex
	kinds map[sched.EventKind]int
}

func (e *events) Observe(ev sched.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kinds == nil {
		e.kinds = map[sched.EventKind]int{}
	}
	e.kinds[ev.Kind]++
}

func TestObserversAndProgress(t *testing.T) {
	parts, _ := inParts(t, dataframe.FromStructs(readings(1000)), 100)
	var seen events
	var line bytes.Buffer
	_, err := parts.GroupBy("Place").Agg(expr.Sum("Value")).Collect(ctx, sched.Observe(&seen), sched.Progress(&line))
	require.NoError(t, err)
	require.Greater(t, seen.kinds[sched.Started], 10)
	require.Equal(t, seen.kinds[sched.Started], seen.kinds[sched.Finished])
	require.Zero(t, seen.kinds[sched.Failed])
	require.NotZero(t, line.Len())
}

// questions are frames whose answers must not depend on workers or schedulers, to the bit.
func questions(df *dataframe.DataFrame) map[string]*dataframe.DataFrame {
	return map[string]*dataframe.DataFrame{
		"sums":   df.GroupBy("Place").Agg(expr.Sum("Value"), expr.Mean("Value").As("mean"), expr.Std("Value").As("std"), expr.First("ID")),
		"whole":  df.GroupBy().Agg(expr.Sum("Value"), expr.Mean(col("Value").Mul(3)).As("mean")),
		"sort":   df.Sort(dataframe.Desc("Value")).Limit(500),
		"join":   df.Join(df.GroupBy("Place").Agg(expr.Max("Value").As("most")), dataframe.Using("Place")).Filter(col("Value").Eq(col("most"))),
		"unique": df.Select("Place").Distinct(),
		"rows":   df.Filter(col("Value").Gt(0)).With(col("Value").Div(7).As("v")),
	}
}

// TestAnswersDoNotDependOnWorkers compares every value, floats by their bits.
func TestAnswersDoNotDependOnWorkers(t *testing.T) {
	parts, _ := inParts(t, dataframe.FromStructs(readings(20_000)), 700)
	for what, df := range questions(parts) {
		want := bits(t, df, sched.Workers(1))
		require.NotEmpty(t, want)
		for name, opts := range map[string][]dataframe.RunOption{
			"8 workers": {sched.On(sched.Pool(8))}, "inline": {sched.On(sched.Inline())}, "a pool of 3": {sched.On(sched.Pool(3))}, "again": {sched.Workers(1)}, "defaults": nil,
		} {
			require.Equal(t, want, bits(t, df, opts...), "%s, %s", what, name)
		}
	}
}

// bits writes an answer so that equal texts are equal bits.
func bits(t *testing.T, df *dataframe.DataFrame, opts ...dataframe.RunOption) string {
	t.Helper()
	table, err := df.Collect(ctx, opts...)
	require.NoError(t, err)
	var b strings.Builder
	for r := range table.NumRows() {
		for _, f := range table.Schema().Fields() {
			v := table.Value(r, f.Name)
			if x, ok := v.(float64); ok {
				v = math.Float64bits(x)
			}
			fmt.Fprintf(&b, "%v,", v)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// collecting is a sink that keeps what it is given.
type collecting struct {
	mu                 sync.Mutex
	rows               int64
	committed, aborted bool
	fail               error
}

func (s *collecting) Open(context.Context, *arrow.Schema, int) (partition.PartitionedWriter, error) {
	return s, nil
}
func (s *collecting) Part(context.Context, int) (partition.Writer, error) {
	return collectingPart{s}, nil
}
func (s *collecting) Abort(context.Context) error { s.aborted = true; return nil }
func (s *collecting) Commit(context.Context) (partition.Report, error) {
	s.committed = true
	return partition.Report{Rows: s.rows, Files: []string{"memory"}}, nil
}

type collectingPart struct{ s *collecting }

func (p collectingPart) Write(_ context.Context, b partition.Batch) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.rows += int64(b.Rows)
	return p.s.fail
}
func (collectingPart) Close() error { return nil }

// TestWritesAreCommittedOrAborted: once, and never both.
func TestWritesAreCommittedOrAborted(t *testing.T) {
	df := dataframe.FromStructs(readings(30_000))
	good := &collecting{}
	report, err := df.Write(ctx, good)
	require.NoError(t, err)
	require.Equal(t, int64(30_000), report.Rows)
	require.True(t, good.committed && !good.aborted)
	full := &collecting{fail: errors.New("disk full")}
	_, err = df.Write(ctx, full)
	require.ErrorIs(t, asFault(t, err), full.fail)
	require.True(t, full.aborted && !full.committed)
	broken := &collecting{}
	_, err = df.Select(explode42("ID")).Write(ctx, broken)
	require.Equal(t, fault.Panic, asFault(t, err).Kind)
	require.True(t, broken.aborted && !broken.committed)
	none := &collecting{}
	_, err = df.Limit(0).Write(ctx, none)
	require.NoError(t, err)
	require.True(t, none.committed)
}
