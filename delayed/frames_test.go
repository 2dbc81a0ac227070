package delayed_test

import (
	"context"
	"io"
	"iter"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/partition/partitiontest"
	"github.com/sheafdata/sheaf/sched"
)

var numbers = arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}, {Name: "s", Type: arrow.BinaryTypes.String}}, nil)

// numbersFrom returns the rows from, from+1, …
func numbersFrom(from, rows int) arrow.RecordBatch {
	n, s := array.NewInt64Builder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	for i := from; i < from+rows; i++ {
		n.Append(int64(i))
		s.Append("abc"[i%3 : i%3+1])
	}
	return array.NewRecordBatch(numbers, []arrow.Array{n.NewArray(), s.NewArray()}, int64(rows))
}

type row struct {
	N int64  `sheaf:"n"`
	S string `sheaf:"s"`
}

func TestFrameOfDelayed(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		var base atomic.Int64
		shared := delayed.Func0(func() int { return int(base.Add(1)) * 100 })()
		batch := delayed.Func2(numbersFrom)
		var parts []*delayed.Value[arrow.RecordBatch]
		for i := range 7 {
			parts = append(parts, batch(lazyAdd(shared, of(10*i)), of(10)))
		}
		df := delayed.Frame(numbers, parts...)
		require.NoError(t, df.Err())
		require.Zero(t, base.Load())
		rows, err := dataframe.CollectAs[row](ctx, df, on)
		require.NoError(t, err)
		require.Len(t, rows, 70)
		for i, r := range rows {
			require.Equal(t, row{int64(100 + i), "abc"[(100+i)%3 : (100+i)%3+1]}, r)
		}
		require.EqualValues(t, 1, base.Load(), "what the parts share runs once a query")

		n, err := dataframe.One[int64](ctx, df.Filter(expr.Col("s").Eq("a")).GroupBy().Agg(expr.Count()), on)
		require.NoError(t, err)
		require.EqualValues(t, 23, n)
		require.EqualValues(t, 2, base.Load())
	})
}

func TestFrameErrors(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		fails := delayed.Func0Err(func() (arrow.RecordBatch, error) { return nil, io.ErrUnexpectedEOF })
		_, err := delayed.Frame(numbers, delayed.Of(numbersFrom(0, 3)), fails()).Collect(ctx, on)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		none := delayed.Func0(func() arrow.RecordBatch { return nil })
		_, err = delayed.Frame(numbers, none()).Collect(ctx, on)
		require.ErrorContains(t, err, "part 0 is nil")
		other := delayed.Func0(func() arrow.RecordBatch { return array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 3) })
		_, err = delayed.Frame(numbers, other()).Collect(ctx, on)
		require.ErrorContains(t, err, "not of the frame's schema")
	})
	require.ErrorContains(t, delayed.Frame(nil, delayed.Of(numbersFrom(0, 1))).Err(), "schema is nil")
	require.ErrorContains(t, delayed.Frame[*delayed.Value[arrow.RecordBatch]](numbers, nil).Err(), "nil")
}

// A frame that reads no further than it must computes no more parts than that.
func TestFrameStopsEarly(t *testing.T) {
	noLeaks(t)
	var made atomic.Int64
	batch := delayed.Func1(func(from int) arrow.RecordBatch { made.Add(1); return numbersFrom(from, 10) })
	var parts []*delayed.Value[arrow.RecordBatch]
	for i := range 100 {
		parts = append(parts, batch(of(10*i)))
	}
	got, err := delayed.Frame(numbers, parts...).Head(ctx, 5, sched.On(sched.Inline()))
	require.NoError(t, err)
	require.EqualValues(t, 5, got.NumRows())
	require.Less(t, made.Load(), int64(10))
}

func TestTableAndParts(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		df := dataframe.FromRecords(numbers, numbersFrom(0, 5), numbersFrom(5, 1), numbersFrom(6, 14)).Filter(expr.Col("n").Ge(3))
		rows := delayed.Func1(func(t *dataframe.Table) int64 { return t.NumRows() })
		n, err := rows(delayed.Table(df)).Compute(ctx, on)
		require.NoError(t, err)
		require.EqualValues(t, 17, n)

		for _, parts := range []int{1, 4, 17, 30} {
			batches, err := delayed.ComputeAll(ctx, delayed.Parts(df, parts), on)
			require.NoError(t, err)
			require.Len(t, batches, parts)
			back, err := dataframe.CollectAs[row](ctx, dataframe.FromRecords(batches[0].Schema(), batches...), on)
			require.NoError(t, err)
			require.Len(t, back, 17)
			for i, r := range back {
				require.EqualValues(t, 3+i, r.N)
			}
		}
		_, err = delayed.Table(df.Select("missing")).Compute(ctx, on)
		require.ErrorContains(t, err, "missing")
	})
}

// The splits of a source, each a delayed value, and a frame of what was made of them.
func TestSplits(t *testing.T) {
	src := partition.NewSource(numbers, batches(numbersFrom(0, 4), numbersFrom(4, 3)), batches(), batches(numbersFrom(7, 2)))
	parts, err := delayed.Splits(ctx, src)
	require.NoError(t, err)
	require.Len(t, parts, 3)
	size := delayed.Func1(func(r arrow.RecordBatch) int64 { return r.NumRows() })
	sizes, err := delayed.ComputeAll(ctx, delayed.Each(size, parts))
	require.NoError(t, err)
	require.Equal(t, []int64{7, 0, 2}, sizes)
	n, err := delayed.Frame(numbers, parts...).Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 9, n)
	_, err = delayed.Splits(ctx, nil)
	require.ErrorContains(t, err, "the source is nil")
}

func batches(recs ...arrow.RecordBatch) func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
	return func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for _, r := range recs {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// counter counts the tasks that have finished, by group.
type counter struct {
	mu     sync.Mutex
	groups map[string]int
	runs   map[int64]bool
}

func (c *counter) Observe(e sched.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Kind == sched.Finished {
		c.groups[e.Key.Group]++
		c.runs[e.Run] = true
	}
}

// One pool runs frames and calls, each within the other, and an observer of the outermost sees every task of all.
func TestOnePoolForAll(t *testing.T) {
	noLeaks(t)
	for _, workers := range []int{1, 2} {
		pool := sched.On(sched.Pool(workers))
		seen := &counter{groups: map[string]int{}, runs: map[int64]bool{}}
		batch := delayed.Func1(func(from int) arrow.RecordBatch { return numbersFrom(from, 10) }, delayed.Name("make"))
		var parts []*delayed.Value[arrow.RecordBatch]
		for i := range 20 {
			parts = append(parts, batch(of(10*i)))
		}
		df := delayed.Frame(numbers, parts...).GroupBy("s").Agg(expr.Sum("n").As("sum"))
		sum := delayed.Func1(func(t *dataframe.Table) (sum int64) {
			for i := range t.NumRows() {
				sum += t.Value(i, "sum").(int64)
			}
			return sum
		}, delayed.Name("sum"))
		a, b, err := delayed.Compute2(ctx, sum(delayed.Table(df)), lazyInc(of(1)), pool, sched.Observe(seen))
		require.NoError(t, err)
		require.EqualValues(t, 199*200/2, a)
		require.Equal(t, 2, b)
		require.Equal(t, 20, seen.groups["make"])
		require.Equal(t, 1, seen.groups["sum"])
		require.Equal(t, 1, seen.groups["collect"])
		require.Equal(t, 1, seen.groups["inc"])
		require.Len(t, seen.runs, 22, "the calls, the query, and one a part")
	}
}

func TestFrameSourceConforms(t *testing.T) {
	src := delayed.Source(numbers, delayed.Of(numbersFrom(0, 9)), delayed.Func2(numbersFrom)(of(9), of(5)))
	partitiontest.TestSource(t, src)
}
