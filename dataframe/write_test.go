package dataframe_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/sched/proc"
	"github.com/sheafdata/sheaf/writers"
)

// numberedRow is what the frames of these tests hold.
type numberedRow struct {
	N    int64  `sheaf:"n"`
	Text string `sheaf:"text"`
}

// numberedFrame has rows numbered from 0, of which each split has at least 64 Ki.
func numberedFrame(rows int) *dataframe.DataFrame {
	all := make([]numberedRow, rows)
	for i := range all {
		all[i] = numberedRow{int64(i), strings.Repeat("x", i%40)}
	}
	return dataframe.FromStructs(all)
}

// ledgerSink is a sink of a user: it notes what is done to it, and may fail.
type ledgerSink struct {
	mu      sync.Mutex
	parts   map[int][]int64
	open    int
	commits int
	aborts  int
	at      func(what string) error
}

func (s *ledgerSink) step(what string) error {
	if s.at == nil {
		return nil
	}
	return s.at(what)
}

func (s *ledgerSink) Open(context.Context, *arrow.Schema, int) (partition.PartitionedWriter, error) {
	s.parts = map[int][]int64{}
	return s, s.step("open")
}

func (s *ledgerSink) Part(_ context.Context, i int) (partition.Writer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, twice := s.parts[i]; twice {
		return nil, errors.New("a part is begun twice")
	}
	s.parts[i] = []int64{}
	s.open++
	return &ledgerPart{s, i}, s.step("part")
}

func (s *ledgerSink) Commit(context.Context) (partition.Report, error) {
	s.commits++
	rows := int64(0)
	for _, p := range s.parts {
		rows += int64(len(p))
	}
	return partition.Report{Rows: rows}, s.step("commit")
}

func (s *ledgerSink) Abort(context.Context) error { s.aborts++; return s.step("abort") }

type ledgerPart struct {
	sink *ledgerSink
	i    int
}

func (p *ledgerPart) Write(_ context.Context, b partition.Batch) error {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	p.sink.parts[p.i] = append(p.sink.parts[p.i], b.Cols[0].(*array.Int64).Int64Values()...)
	return p.sink.step("write")
}

func (p *ledgerPart) Close() error {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	p.sink.open--
	return p.sink.step("close")
}

// TestWriteToASinkOfTheUser: every row comes once, in its place among the parts, and Commit ends it.
func TestWriteToASinkOfTheUser(t *testing.T) {
	const rows = 300_000
	df := numberedFrame(rows).Filter(expr.Col("n").Mod(3).Ne(0))
	s := &ledgerSink{}
	rep, err := df.Write(context.Background(), s, sched.Workers(4))
	require.NoError(t, err)
	require.EqualValues(t, rows*2/3, rep.Rows)
	require.Equal(t, []int{1, 0, 0}, []int{s.commits, s.aborts, s.open})
	require.Greater(t, len(s.parts), 2)
	next := int64(1)
	for i := range len(s.parts) {
		for _, n := range s.parts[i] {
			require.Equal(t, next, n)
			if next++; next%3 == 0 {
				next++
			}
		}
	}
}

// TestAFailedWriteIsAborted has each step of a sink fail, and panic: there is one Abort then, or one Commit, never both.
func TestAFailedWriteIsAborted(t *testing.T) {
	broken := errors.New("broken")
	for _, what := range []string{"open", "part", "write", "close", "commit"} {
		for _, panics := range []bool{false, true} {
			s := &ledgerSink{at: func(step string) error {
				if step != what {
					return nil
				}
				if panics {
					panic(broken)
				}
				return broken
			}}
			_, err := numberedFrame(150_000).Write(context.Background(), s, sched.Workers(2))
			var f *fault.Error
			require.ErrorAs(t, err, &f, what)
			require.ErrorContains(t, err, "broken", what)
			require.NotEmpty(t, f.At, what)
			if panics {
				require.Equal(t, fault.Panic, f.Kind, "%s: %v", what, err)
			} else {
				require.ErrorIs(t, err, broken, what)
			}
			switch what {
			case "open":
				require.Equal(t, []int{0, 0}, []int{s.commits, s.aborts}, what)
			case "commit":
				require.Equal(t, []int{1, 0}, []int{s.commits, s.aborts}, what)
			default:
				require.Equal(t, []int{0, 1}, []int{s.commits, s.aborts}, what)
			}
		}
	}
	s := &ledgerSink{}
	_, err := numberedFrame(150_000).With(expr.Lit(1).FloorDiv(expr.Col("n").Sub(expr.Col("n"))).As("null"), expr.Col("n").Cast(arrow.PrimitiveTypes.Int8).As("small")).
		Write(context.Background(), s, sched.Workers(2))
	require.Error(t, err)
	require.Equal(t, []int{0, 1, 0}, []int{s.commits, s.aborts, s.open}, "what fails before the sink aborts it too")
}

// TestWriteFromOtherProcesses writes parts in worker processes, into folders and into one file, and commits here.
func TestWriteFromOtherProcesses(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	df := numberedFrame(200_000)
	_, err := df.Write(context.Background(), writers.Parquet(in, &writers.ParquetOptions{FileRows: 30_000}))
	require.NoError(t, err)
	there := sched.On(proc.New(2))
	for _, name := range []string{"folder", "one.csv", "one.jsonl.gz", "one.parquet"} {
		path := filepath.Join(dir, name)
		sink, read := writers.CSV(path, nil), func() *dataframe.DataFrame { return readers.CSV(path, nil) }
		switch {
		case strings.Contains(name, ".jsonl"):
			sink, read = writers.JSON(path, nil), func() *dataframe.DataFrame { return readers.JSON(path, nil) }
		case strings.HasSuffix(name, ".parquet"):
			sink, read = writers.Parquet(path, nil), func() *dataframe.DataFrame { return readers.Parquet(path, nil) }
		}
		rep, err := readers.Parquet(in, nil).Write(context.Background(), sink, there)
		require.NoError(t, err, name)
		require.EqualValues(t, 200_000, rep.Rows, name)
		rows, err := dataframe.CollectAs[struct {
			N int64 `sheaf:"n"`
		}](context.Background(), read().Select("n"))
		require.NoError(t, err, name)
		require.Len(t, rows, 200_000)
		for i, r := range rows {
			if int64(i) != r.N {
				t.Fatalf("%s: row %d is %d", name, i, r.N)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 5, "nothing is left behind")
}

// TestPersistSpills keeps more rows than the budget has room for.
func TestPersistSpills(t *testing.T) {
	before := mem.Process().Used()
	dir := t.TempDir()
	const rows = 400_000
	kept, err := numberedFrame(rows).With(expr.Col("text").Str().Concat("y", expr.Col("text")).As("more")).Persist(context.Background(), sched.Memory(8<<20), sched.SpillDir(dir))
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, entries, "it does not fit in memory")
	for range 2 {
		got, err := dataframe.CollectAs[numberedRow](context.Background(), kept.Filter(expr.Col("n").Mod(1000).Eq(7)).Select("text", "n").Sort("n"))
		require.NoError(t, err)
		require.Len(t, got, rows/1000)
		for i, r := range got {
			require.Equal(t, numberedRow{int64(i*1000 + 7), strings.Repeat("x", (i*1000+7)%40)}, r)
		}
		n, err := kept.Count(context.Background())
		require.NoError(t, err)
		require.EqualValues(t, rows, n)
	}
	kept.Unpersist()
	kept.Unpersist()
	_, err = kept.Count(context.Background())
	require.ErrorContains(t, err, "Unpersist")
	_, err = kept.Collect(context.Background())
	require.ErrorContains(t, err, "Unpersist")
	require.Equal(t, before, mem.Process().Used())
	entries, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// TestPagesUnderPressure groups a file whose pages and dictionaries take most of the budget: the readers go on, the groups go to disk.
func TestPagesUnderPressure(t *testing.T) {
	const rows, values = 300_000, 30_000
	path := filepath.Join(t.TempDir(), "wide.parquet")
	df := numberedFrame(rows)
	for _, name := range []string{"a", "b", "c", "d"} {
		code := expr.Col("n").Mul(7919).Mod(values).Add(int64(name[0]) * values)
		df = df.With(expr.Lit(strings.Repeat(name, 40)).Str().Concat("", code.Cast(arrow.BinaryTypes.String)).As(name))
	}
	_, err := df.Write(context.Background(), writers.Parquet(path, &writers.ParquetOptions{PageBytes: 4 << 20}))
	require.NoError(t, err)
	dir := t.TempDir()
	grouped := readers.Parquet(path, nil).GroupBy("a", "b", "c", "d", "n").Agg(expr.Count().As("rows"))
	n, err := grouped.Count(context.Background(), sched.Memory(32<<20), sched.Workers(2), sched.SpillDir(dir))
	require.NoError(t, err)
	require.EqualValues(t, rows, n)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// TestPersistGoesWithItsFrames: the rows are freed once no frame has them.
func TestPersistGoesWithItsFrames(t *testing.T) {
	before := mem.Process().Used()
	kept, err := numberedFrame(100_000).Persist(context.Background())
	require.NoError(t, err)
	require.Greater(t, mem.Process().Used(), before)
	runtime.GC()
	require.Greater(t, mem.Process().Used(), before, "a frame has them")
	runtime.KeepAlive(kept)
	kept = nil
	for end := time.Now().Add(20 * time.Second); mem.Process().Used() > before && time.Now().Before(end); {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	require.Equal(t, before, mem.Process().Used())
}

// TestPersistOfOddFrames keeps frames without rows or columns, and of every type of column.
func TestPersistOfOddFrames(t *testing.T) {
	df := numberedFrame(1000)
	odd := df.With(expr.StructOf("n", "text").As("pair"), expr.Col("text").Cast(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}).As("dict"),
		expr.Lit(nil).As("null"), expr.Col("n").Cast(&arrow.Decimal128Type{Precision: 20, Scale: 3}).As("dec"), expr.Col("text").Str().Split("x").As("list"), expr.Col("n").Mod(2).Eq(0).As("even"))
	for name, f := range map[string]*dataframe.DataFrame{"all types": odd, "no rows": df.Limit(0), "no columns": df.Select()} {
		want, err := f.Collect(context.Background())
		require.NoError(t, err, name)
		kept, err := f.Persist(context.Background())
		require.NoError(t, err, name)
		got, err := kept.Collect(context.Background())
		require.NoError(t, err, name)
		require.True(t, want.Schema().Equal(got.Schema()), name)
		require.Equal(t, want.NumRows(), got.NumRows(), name)
		for _, field := range want.Schema().Fields() {
			require.True(t, array.ChunkedEqual(want.Column(field.Name), got.Column(field.Name)), "%s: %s", name, field.Name)
		}
		kept.Unpersist()
	}
}
