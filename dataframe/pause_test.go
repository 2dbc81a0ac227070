package dataframe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/writers"
)

// cursor is a source of one split whose reader, as a query of a database does, lives in the context that it was opened with.
type cursor struct {
	schema *arrow.Schema
	rows   int64
	fail   func() // called after all rows; nil: they end

	mu     sync.Mutex
	opened []context.Context
}

func newCursor(rows int64) *cursor {
	return &cursor{schema: arrow.NewSchema([]arrow.Field{{Name: "Key", Type: arrow.PrimitiveTypes.Int64}}, nil), rows: rows}
}

func (c *cursor) Schema() *arrow.Schema { return c.schema }
func (c *cursor) Plan(context.Context, partition.ScanRequest) (*partition.Scan, error) {
	return &partition.Scan{Splits: []partition.Split{c}}, nil
}
func (c *cursor) Stats() partition.Stats { return partition.Stats{} }
func (c *cursor) Open(ctx context.Context, _ *partition.Env) (partition.Reader, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened = append(c.opened, ctx)
	context.AfterFunc(ctx, func() {}) // somebody watches it: an end would be noticed
	return &cursorReader{cursor: c, opened: ctx}, nil
}

type cursorReader struct {
	*cursor
	opened context.Context
	at     int64
}

func (r *cursorReader) Next(context.Context) (partition.Batch, error) {
	if err := r.opened.Err(); err != nil {
		return partition.Batch{}, err
	}
	if r.at == r.rows {
		if r.fail != nil {
			r.fail()
		}
		return partition.Batch{}, io.EOF
	}
	n := min(r.rows-r.at, 8192)
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for range n {
		b.Append(r.at)
		r.at++
	}
	return partition.Batch{Cols: []arrow.Array{b.NewArray()}, Rows: int(n)}, nil
}
func (r *cursorReader) Close() error { return nil }

// A filter of rows that a reader asks in the middle of a batch goes on asking after a pause.
func TestLateFiltersOutlivePauses(t *testing.T) {
	const rows = 20_000
	all := make([]struct {
		X    int64
		Text string
	}, rows)
	for i := range all {
		all[i].X, all[i].Text = int64(i), fmt.Sprintf("%02000d", i)
	}
	path := t.TempDir() + "/t.parquet"
	_, err := dataframe.FromStructs(all).Write(t.Context(), writers.Parquet(path, &writers.ParquetOptions{OneFile: true, Compression: "none"}))
	require.NoError(t, err)
	df := readers.Parquet(path, nil).Filter(expr.Col("X").Mod(4).Ne(1))
	n := int64(0)
	for rec, err := range df.Batches(context.Background(), sched.Workers(2), sched.Memory(16<<20)) {
		require.NoError(t, err)
		n += rec.NumRows()
	}
	require.EqualValues(t, rows/4*3, n)
}

// queries are the ways in which a task over a cursor pauses: between pushes, and within one.
func (c *cursor) queries() map[string]*dataframe.DataFrame {
	df := dataframe.FromSource(c)
	right := dataframe.FromStructs([]struct{ Key, V int64 }{{1, 2}})
	return map[string]*dataframe.DataFrame{"scan": df, "join": df.Join(right, dataframe.Left, dataframe.Using("Key"))}
}

// ended waits until the contexts that readers were opened with are over, whose tasks have ended.
func (c *cursor) ended(t *testing.T) {
	t.Helper()
	for _, ctx := range c.opened {
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
			t.Fatal("a context outlives its task")
		}
	}
}

// What a task has opened with its context outlives the pauses of the task, and not the task.
func TestContextsOutlivePauses(t *testing.T) {
	const rows = 1 << 20
	c := newCursor(rows)
	for name, df := range c.queries() {
		t.Run(name, func(t *testing.T) {
			n, batches := int64(0), 0
			for rec, err := range df.Batches(context.Background(), sched.Workers(2)) {
				require.NoError(t, err)
				n += rec.NumRows()
				batches++
			}
			require.EqualValues(t, rows, n)
			require.Greater(t, batches, 1)
			c.ended(t)
		})
		t.Run(name+", broken off", func(t *testing.T) {
			for _, err := range df.Batches(context.Background(), sched.Workers(2)) {
				require.NoError(t, err)
				break
			}
			c.ended(t)
		})
		t.Run(name+", cancelled", func(t *testing.T) {
			why := errors.New("no time")
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			var last error
			for _, err := range df.Batches(ctx, sched.Workers(2)) {
				last = err
				cancel(why)
			}
			require.ErrorIs(t, last, why)
			c.ended(t)
		})
		t.Run(name+", too late", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			var last error
			for _, err := range df.Batches(ctx, sched.Workers(2)) {
				if last = err; err == nil {
					<-ctx.Done()
				}
			}
			require.ErrorIs(t, last, context.DeadlineExceeded)
			c.ended(t)
		})
	}
}

// The error of a panic has the stack of what panicked, also where the task runs on a stack of its own.
func TestPanicsOfPausedTasksHaveTheirStack(t *testing.T) {
	c := newCursor(1 << 20)
	c.fail = theCulprit
	for name, df := range c.queries() {
		t.Run(name, func(t *testing.T) {
			var last error
			for _, err := range df.Batches(context.Background(), sched.Workers(2)) {
				last = err
			}
			require.ErrorContains(t, last, "no such thing")
			require.ErrorContains(t, last, "theCulprit")
		})
	}
}

//go:noinline
func theCulprit() { panic("no such thing") }

// A function of a paused task may compute other frames with its context: they run in its place.
func TestPausedTasksRunOtherFrames(t *testing.T) {
	const rows = 1 << 20
	small := dataframe.FromStructs([]struct{ X int64 }{{1}, {2}})
	c := newCursor(rows)
	df := dataframe.FromSource(c).MapBatches(c.schema, func(ctx context.Context, in arrow.RecordBatch) (arrow.RecordBatch, error) {
		n, err := small.Count(ctx)
		if err != nil || n != 2 {
			return nil, errors.Join(err, errors.New("wrong count"))
		}
		return in, nil
	})
	for _, workers := range []int{1, 2} {
		n := int64(0)
		for rec, err := range df.Batches(context.Background(), sched.Workers(workers)) {
			require.NoError(t, err)
			n += rec.NumRows()
		}
		require.EqualValues(t, rows, n)
	}
	c.ended(t)
}
