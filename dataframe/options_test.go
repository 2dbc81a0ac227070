package dataframe_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/sched/proc"
	"github.com/sheafdata/sheaf/writers"
)

// measured is a row of numbers whose sums round: of all magnitudes, with some that nearly cancel out.
type measured struct {
	K, Few int64
	X, Y   float64
	Z      float32
	I      int64
	Null   *float64
}

func measurements(n int) []measured {
	r := rand.New(rand.NewPCG(17, 4))
	rows := make([]measured, n)
	for i := range rows {
		x := math.Ldexp(r.NormFloat64(), r.IntN(60)-30)
		rows[i] = measured{K: r.Int64N(int64(n) / 3), Few: r.Int64N(7), X: x, Y: x + r.Float64(), Z: float32(r.NormFloat64()), I: r.Int64() >> 20}
		if i%3 == 0 {
			rows[i].Null = &rows[i].Y
		}
		if i%1000 == 1 {
			rows[i].X = -rows[i-1].X * (1 + 1e-15)
		}
	}
	return rows
}

// roundings are the aggregates that round on the way.
func roundings() []expr.Expr {
	x, y, z := expr.Col("X"), expr.Col("Y"), expr.Col("Z")
	return []expr.Expr{expr.Sum(x).As("sum"), expr.Mean(x).As("mean"), expr.Var(x).As("var"), expr.Std(y).As("std"), expr.VarPop(z).As("var_pop"),
		expr.StdPop(expr.Col("I")).As("std_pop"), expr.Corr(x, y).As("corr"), expr.Cov(x, z).As("cov"), expr.Sum(z).As("sum32"), expr.Mean(z).As("mean32"),
		expr.Sum(expr.Col("Null")).Where(y.Gt(0)).As("some"), expr.Mean(x.Mul(y)).As("product"), expr.Max(x).As("max"), expr.Median(x).As("median")}
}

// roundedFrames are frames in whose answers the order of additions shows, each sorted.
func roundedFrames(df *dataframe.DataFrame) map[string]*dataframe.DataFrame {
	windows := []any{"Few", "K"}
	for _, e := range roundings() {
		windows = append(windows, e.Over("Few").As("over_"+e.Name()))
	}
	var sums []expr.Expr
	for _, e := range roundings() {
		sums = append(sums, expr.Sum(e.Name()).As(e.Name()))
	}
	sliding := expr.Sum("X").OrderBy("Y").Rows(-100, 0).Over("Few").As("sliding")
	return map[string]*dataframe.DataFrame{
		"all":     df.GroupBy().Agg(roundings()...),
		"few":     df.GroupBy("Few").Agg(roundings()...).Sort("Few"),
		"many":    df.GroupBy("K").Agg(roundings()...).GroupBy(expr.Col("K").Mod(100).As("K")).Agg(sums...).Sort("K"),
		"joined":  df.Join(df.GroupBy("Few").Agg(expr.Mean("X").As("m")), dataframe.Using("Few")).GroupBy().Agg(expr.Sum(expr.Col("X").Sub(expr.Col("m"))).As("d")),
		"windows": df.Select(windows...).Sort("Few", "K").Limit(300),
		"frames":  df.With(sliding).GroupBy().Agg(expr.Sum("sliding").As("s"), expr.Corr("sliding", "X").As("c")),
		"pivot":   df.GroupBy("K").Pivot("Few", 0, 1, 2).Agg(expr.Mean("X")).Sort("K").Limit(300),
	}
}

// bitsOf are the rows of a frame with all digits of their floats.
func bitsOf(t *testing.T, df *dataframe.DataFrame, opts ...sched.Option) []string {
	t.Helper()
	table, err := df.Collect(t.Context(), opts...)
	require.NoError(t, err)
	var out []string
	for i := range table.NumRows() {
		var b strings.Builder
		for _, name := range table.Schema().Fields() {
			fmt.Fprintf(&b, "%v ", table.Value(i, name.Name))
		}
		out = append(out, b.String())
	}
	return out
}

// Answers are the same to the last bit however many workers there are, however little memory, and however the files are cut.
func TestReproducible(t *testing.T) {
	const n = 70_000 // more than the rows of a split
	df := dataframe.FromStructs(measurements(n))
	dir := t.TempDir()
	one, many, csv := filepath.Join(dir, "one.parquet"), filepath.Join(dir, "many"), filepath.Join(dir, "csv")
	for path, o := range map[string]*writers.ParquetOptions{one: {OneFile: true, RowGroupRows: 7001}, many: {FileRows: n / 9}} {
		_, err := df.Write(t.Context(), writers.Parquet(path, o))
		require.NoError(t, err)
	}
	_, err := df.Write(t.Context(), writers.CSV(csv, &writers.CSVOptions{FileRows: n / 4}))
	require.NoError(t, err)
	sources := map[string]map[string]*dataframe.DataFrame{
		"memory": roundedFrames(df), "one file": roundedFrames(readers.Parquet(one, nil)), "many files": roundedFrames(readers.Parquet(many+"/*.parquet", nil)),
		"csv": roundedFrames(readers.CSV(csv+"/*.csv", &readers.CSVOptions{Types: map[string]arrow.DataType{"Z": arrow.PrimitiveTypes.Float32}})),
	}
	if testing.Short() {
		delete(sources, "one file")
		delete(sources, "csv")
	}
	options := map[string][]sched.Option{
		"one worker": {sched.Workers(1)}, "eight workers": {sched.Workers(8)},
		"little memory": {sched.Workers(2), sched.Memory(32 << 20)}, "other processes": {sched.On(proc.New(2))},
	}
	rounded := 0 // answers that are others without the option
	for name := range sources["memory"] {
		want := bitsOf(t, sources["memory"][name], sched.Reproducible())
		for source, frames := range sources {
			for how, o := range options {
				if how == "other processes" && source != "many files" { // frames of Go values stay here
					continue
				}
				got := bitsOf(t, frames[name], append(o, sched.Reproducible())...)
				require.Equal(t, len(want), len(got), "%s of %s, %s", name, source, how)
				for i := range want {
					require.Equal(t, want[i], got[i], "%s of %s, %s", name, source, how)
				}
			}
			if other := bitsOf(t, frames[name]); !slices.Equal(want, other) {
				rounded++
			}
		}
	}
	require.Greater(t, rounded, 6, "the numbers must round")
}

// TestInOrderKeepsFirstAppearance groups by more keys than are merged in one task without the option.
func TestInOrderKeepsFirstAppearance(t *testing.T) {
	type row struct{ K int64 }
	const n = 300_000
	rows := make([]row, n)
	for i := range rows {
		rows[i].K = int64(i) * 7919 % 1_000_003
	}
	df := dataframe.FromStructs(rows).GroupBy("K").Agg(expr.Count().As("n")).Select("K")
	got, err := dataframe.CollectAs[row](t.Context(), df, sched.InOrder())
	require.NoError(t, err)
	require.Equal(t, rows, got)
}
