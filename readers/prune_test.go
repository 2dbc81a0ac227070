package readers

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
)

func TestJudge(t *testing.T) {
	look := func(name string) (facts, bool) {
		switch name {
		case "i": // 10 to 20, no nulls
			return facts{min: int64(10), max: int64(20)}, true
		case "n": // 10 to 20 and nulls
			return facts{min: int64(10), max: int64(20), mayNull: true}, true
		case "null":
			return facts{mayNull: true, onlyNull: true}, true
		case "f": // 1 to 2, perhaps NaN
			return facts{min: 1.0, max: 2.0, mayNaN: true}, true
		case "s":
			return facts{min: "bear", max: "cat", values: []any{"bear", "cat"}}, true
		case "half": // only a lower bound
			return facts{min: int64(10)}, true
		case "b":
			return facts{min: false, max: false}, true
		}
		return facts{}, false
	}
	const T, F, N = canTrue, canFalse, canNull
	i, n, f, s := expr.Col("i"), expr.Col("n"), expr.Col("f"), expr.Col("s")
	cases := []struct {
		e    expr.Expr
		want outcomes
	}{
		{i.Lt(10), F}, {i.Le(10), T | F}, {i.Gt(20), F}, {i.Ge(10), T}, {i.Eq(15), T | F}, {i.Eq(21), F}, {i.Ne(21), T}, {i.Gt(9.5), T}, {i.Lt(math.NaN()), T},
		{n.Lt(10), F | N}, {n.Ge(10), T | N}, {n.IsNull(), T | F}, {i.IsNull(), F}, {i.NotNull(), T}, {expr.Col("null").IsNull(), T}, {expr.Col("null").Eq(1), N},
		{f.Gt(2), T | F}, {f.Lt(1), F}, {f.Le(2), T | F}, {f.IsNaN(), T | F | N}, {f.Ge(1), T}, {f.Eq(math.NaN()), T | F},
		{i.IsNaN(), F}, {s.Eq("bull"), F}, {s.Eq("cat"), T | F}, {s.In("bull", "cow"), F}, {s.In("cat", nil), T | N}, {s.Str().StartsWith("d"), F}, {s.Str().StartsWith("be"), T | F | N},
		{i.Between(0, 9), F}, {i.Between(0, 30), T}, {i.Between(12, 13), T | F}, {expr.Col("half").Lt(10), F}, {expr.Col("half").Gt(100), T | F},
		{i.Lt(10).And(expr.Col("unknown").Eq(1)), F}, {i.Ge(10).Or(expr.Col("unknown").Eq(1)), T}, {i.Lt(10).Not(), T}, {n.Lt(10).Not(), T | N},
		{n.Ge(10).And(n.Le(20)), T | N}, {expr.Col("b"), F}, {expr.Col("unknown").Eq(1), T | F | N}, {i.Add(1).Gt(100), T | F | N},
	}
	for _, c := range cases {
		got := judge(c.e, look)
		require.Equal(t, c.want, got, "%s: %03b, want %03b", c.e, got, c.want)
	}
}

func TestCompareValues(t *testing.T) {
	ordered := []any{math.Inf(-1), int64(math.MinInt64), -1.5, int64(0), 0.5, int64(1), int64(1 << 53), int64(1<<53 + 1), float64(1<<53 + 2), uint64(math.MaxUint64), math.Inf(1), math.NaN()}
	for i, a := range ordered {
		for j, b := range ordered {
			c, ok := compareValues(a, b)
			require.True(t, ok, "%v and %v", a, b)
			require.Equal(t, sign(i-j), c, "%v and %v", a, b)
		}
	}
	_, ok := compareValues("a", int64(1))
	require.False(t, ok)
	c, ok := compareValues(math.Copysign(0, -1), 0.0)
	require.True(t, ok && c == 0)
}

func sign(i int) int { return max(-1, min(1, i)) }

// pruneTable makes rows whose values cluster, so that statistics rule out some pages and groups and not others.
func pruneTable(rng *rand.Rand, rows int) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "i", Type: i32, Nullable: true}, {Name: "f", Type: f64, Nullable: true}, {Name: "s", Type: text, Nullable: true},
		{Name: "at", Type: micros, Nullable: true}, {Name: "u", Type: u64, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	level := 0
	for range rows {
		if rng.IntN(40) == 0 {
			level = rng.IntN(20)
		}
		v := level*10 + rng.IntN(12)
		for c := range 5 {
			if rng.IntN(12) == 0 || level == 3 {
				b.Field(c).AppendNull()
				continue
			}
			switch f := b.Field(c).(type) {
			case *array.Int32Builder:
				f.Append(int32(v - 100))
			case *array.Float64Builder:
				x := float64(v) / 4
				if rng.IntN(100) == 0 && level%2 == 0 {
					x = math.NaN()
				}
				f.Append(x)
			case *array.StringBuilder:
				f.Append(strings.Repeat("é", level%4) + fmt.Sprint(v))
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(v) * 3600e6)
			case *array.Uint64Builder:
				f.Append(uint64(v) << 56)
			}
		}
	}
	return b.NewRecordBatch()
}

func randomPredicate(rng *rand.Rand, depth int) expr.Expr {
	if depth > 0 && rng.IntN(2) == 0 {
		a, b := randomPredicate(rng, depth-1), randomPredicate(rng, depth-1)
		switch rng.IntN(3) {
		case 0:
			return a.And(b)
		case 1:
			return a.Or(b)
		}
		return a.Not()
	}
	v := rng.IntN(200)
	var c expr.Expr
	var lit func(int) any
	switch rng.IntN(5) {
	case 0:
		c, lit = expr.Col("i"), func(v int) any { return v - 100 }
		if rng.IntN(4) == 0 {
			lit = func(v int) any { return float64(v) - 99.5 }
		}
	case 1:
		c, lit = expr.Col("f"), func(v int) any { return float64(v) / 4 }
		if rng.IntN(8) == 0 {
			lit = func(int) any { return math.NaN() }
		}
	case 2:
		c, lit = expr.Col("s"), func(v int) any { return strings.Repeat("é", v%4) + fmt.Sprint(v) }
	case 3:
		c, lit = expr.Col("at"), func(v int) any { return time.UnixMicro(int64(v) * 3600e6).UTC() }
	default:
		c, lit = expr.Col("u"), func(v int) any { return uint64(v) << 56 }
	}
	switch rng.IntN(10) {
	case 0:
		return c.Eq(lit(v))
	case 1:
		return c.Ne(lit(v))
	case 2:
		return c.Lt(lit(v))
	case 3:
		return c.Le(lit(v))
	case 4:
		return c.Gt(lit(v))
	case 5:
		return c.Ge(lit(v))
	case 6:
		return c.Between(lit(v), lit(v+rng.IntN(30)))
	case 7:
		return c.In(lit(v), lit(rng.IntN(200)), lit(rng.IntN(200)))
	case 8:
		return c.IsNull()
	}
	return c.NotNull()
}

// holds evaluates a predicate on one row: a row is an interval of one value, over which a predicate has one outcome.
func holds(t testing.TB, e expr.Expr, b partition.Batch, names []string, row int) bool {
	out := judge(e, func(name string) (facts, bool) {
		arr := b.Cols[slices.Index(names, name)]
		if arr.IsNull(row) {
			return facts{mayNull: true, onlyNull: true}, true
		}
		var v any
		if d, ok := arr.(*array.Dictionary); ok {
			v = literalOf(d.Dictionary(), d.GetValueIndex(row))
		} else {
			v = literalOf(arr, row)
		}
		if isNaN(v) {
			return facts{min: v, max: v, mayNaN: true}, true
		}
		return facts{min: v, max: v}, true
	})
	require.Contains(t, []outcomes{canTrue, canFalse, canNull}, out, "%s", e)
	return out == canTrue
}

// matching returns the rows of the scan that satisfy the predicate, how many were read, and those that break a dropped Residual.
func matching(t testing.TB, src partition.Source, r partition.ScanRequest, e expr.Expr) (rows []string, read, wrong int) {
	ctx := context.Background()
	scan, err := src.Plan(ctx, r)
	require.NoError(t, err)
	names := fieldNames(src.Schema())
	for _, s := range scan.Splits {
		rd, err := s.Open(ctx, nil)
		require.NoError(t, err)
		for {
			b, err := rd.Next(ctx)
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			for i := range b.Rows {
				read++
				if !holds(t, e, b, names, i) {
					if !r.Predicate.IsZero() && (scan.Residual.IsZero() || holds(t, scan.Residual, b, names, i)) {
						wrong++
					}
					continue
				}
				var row []string
				for _, c := range b.Cols {
					row = append(row, strings.Clone(c.ValueStr(i)))
				}
				rows = append(rows, strings.Join(row, "|"))
			}
		}
		require.NoError(t, rd.Close())
	}
	return rows, read, wrong
}

// checkPruning compares the answers of random predicates with and without pruning and returns the share of rows read.
func checkPruning(t testing.TB, seed uint64, predicates int) float64 {
	rng := rand.New(rand.NewPCG(seed, 7))
	dir := t.TempDir()
	shape := parquetShape{groupRows: int64(200 + rng.IntN(400)), pageRows: int64(20 + rng.IntN(60)), dict: rng.IntN(2) == 0}
	writeParquet(t, filepath.Join(dir, "a.parquet"), shape, pruneTable(rng, 1200))
	writeParquet(t, filepath.Join(dir, "b.parquet"), shape, pruneTable(rng, 300))
	src, err := newParquetSource(dir, (*ParquetOptions)(nil).file())
	require.NoError(t, err)
	read, all := 0, 0
	for range predicates {
		e, err := expr.Bind(randomPredicate(rng, 2), src.Schema())
		require.NoError(t, err)
		want, n, _ := matching(t, src, partition.ScanRequest{}, e)
		got, m, wrong := matching(t, src, partition.ScanRequest{Predicate: e}, e)
		require.Equal(t, want, got, "%s", e)
		require.Zero(t, wrong, "%s: rows satisfy the Residual and not the predicate", e)
		read, all = read+m, all+n
	}
	return float64(read) / float64(all)
}

func TestPruningKeepsTheAnswer(t *testing.T) {
	share := 0.0
	for seed := range uint64(6) {
		share += checkPruning(t, seed, 40) / 6
	}
	require.Less(t, share, 0.9, "pruning leaves out too little")
}

func FuzzPruning(f *testing.F) {
	f.Add(uint64(1))
	f.Add(uint64(99))
	f.Fuzz(func(t *testing.T, seed uint64) { checkPruning(t, seed, 5) })
}

func TestLimitOpensFewSplits(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range 4 {
		writeParquet(t, filepath.Join(dir, fmt.Sprintf("%d.parquet", i)), parquetShape{groupRows: 100, pageRows: 50}, mixedRecord(rng, i*300, 300))
	}
	src, err := newParquetSource(dir, (*ParquetOptions)(nil).file())
	require.NoError(t, err)
	scan, err := src.Plan(context.Background(), partition.ScanRequest{Limit: 10})
	require.NoError(t, err)
	require.Len(t, scan.Splits, 1)
	scan, err = src.Plan(context.Background(), partition.ScanRequest{Limit: 301})
	require.NoError(t, err)
	require.Len(t, scan.Splits, 2)
	scan, err = src.Plan(context.Background(), partition.ScanRequest{Predicate: expr.Col("id").Ge(100).And(expr.Col("id").Lt(400))})
	require.NoError(t, err)
	require.True(t, scan.Residual.IsZero(), "the row groups' bounds decide it")
	require.Equal(t, int64(200), scan.Splits[0].Stats().Rows)
	require.Equal(t, int64(100), scan.Splits[0].Stats().Columns["id"].Min)
	require.Equal(t, int64(299), scan.Splits[0].Stats().Columns["id"].Max)
	scan, err = src.Plan(context.Background(), partition.ScanRequest{Predicate: expr.Col("id").Gt(5000)})
	require.NoError(t, err)
	require.Empty(t, scan.Splits)
}
