package month

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
)

// trips names what the shares are measured on, the same in every source.
func trips(df *dataframe.DataFrame, pickup, zone string) *dataframe.DataFrame {
	return df.Select(expr.Col(pickup).As("pickup"), expr.Col(zone).As("zone"), "passenger_count", expr.Col("trip_distance").As("miles"),
		expr.Col("fare_amount").As("fare"), expr.Col("payment_type").As("payment"))
}

// measure returns the measures of tables/shares.csv.
func measure(t *testing.T, df *dataframe.DataFrame, month time.Time) map[string]float64 {
	t.Helper()
	col := expr.Col
	share := func(rule expr.Expr, name string) expr.Expr { return expr.Mean(expr.If(rule, 1.0, 0.0)).As(name) }
	table, err := df.GroupBy().Agg(
		share(col("passenger_count").IsNull(), "null passenger_count"),
		share(col("fare").Lt(0), "negative fare"),
		share(col("miles").Eq(0), "zero distance"),
		share(col("pickup").Lt(month).Or(col("pickup").Ge(month.AddDate(0, 1, 0))), "out of the month"),
		share(col("payment").Eq(1), "paid by card"),
		share(col("passenger_count").Eq(1), "one passenger"),
	).Collect(t.Context())
	require.NoError(t, err)
	m := map[string]float64{}
	for _, f := range table.Schema().Fields() {
		m[f.Name] = table.Value(0, f.Name).(float64)
	}
	counts, err := dataframe.CollectAs[int64](t.Context(), df.GroupBy("zone").Agg(expr.Count().As("n")).Sort(dataframe.Desc("n")).Select("n"))
	require.NoError(t, err)
	m["zones"] = float64(len(counts))
	for _, n := range []int{1, 5, 20} {
		sum, all := int64(0), int64(0)
		for i, c := range counts {
			if all += c; i < n {
				sum += c
			}
		}
		m[fmt.Sprintf("top %d zone%s", n, map[bool]string{true: "s"}[n > 1])] = float64(sum) / float64(all)
	}
	for _, c := range []string{"miles", "fare"} {
		values, err := dataframe.CollectAs[float64](t.Context(), df.Select(c))
		require.NoError(t, err)
		slices.Sort(values)
		for _, q := range []float64{0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99} {
			at := q * float64(len(values)-1)
			low := values[int(at)]
			m[fmt.Sprintf("%s at %g", c, q)] = low + (at-math.Floor(at))*(values[int(math.Ceil(at))]-low)
		}
	}
	return m
}

// sharesTable reads tables/shares.csv: for each measure its columns by name.
func sharesTable(t *testing.T) (measures []string, table map[string]map[string]string) {
	t.Helper()
	f, err := os.Open("tables/shares.csv")
	require.NoError(t, err)
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	table = map[string]map[string]string{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		measures = append(measures, line[0])
		table[line[0]] = row
	}
	return measures, table
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return x
}

// TestSharesAreReal measures the real months that tables/shares.csv says it was measured on.
func TestSharesAreReal(t *testing.T) {
	folder := os.Getenv("SHEAF_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(folder, "taxi")); err != nil {
		t.Skipf("no %s: name the folder of real data in SHEAF_DATA", filepath.Join(folder, "taxi"))
	}
	measures, table := sharesTable(t)
	for _, real := range []struct {
		column, pickup string
		month          time.Time
		df             *dataframe.DataFrame
	}{
		{"yellow_2019_03", "tpep_pickup_datetime", time.Date(2019, 3, 1, 0, 0, 0, 0, time.UTC),
			readers.CSV(filepath.Join(folder, "taxi", "seaborn_raw_taxis_2019-03.csv"), nil).Filter(expr.Col("color").Eq("yellow"))},
		{"green_2021_01", "lpep_pickup_datetime", time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
			readers.Parquet(filepath.Join(folder, "taxi", "green_tripdata_2021-01_modified.parquet"), nil)},
		{"green_2023_01", "lpep_pickup_datetime", time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC),
			readers.Parquet(filepath.Join(folder, "taxi", "green_tripdata_2023-01.parquet"), nil)},
	} {
		got := measure(t, trips(real.df, real.pickup, "PULocationID"), real.month)
		for _, m := range measures {
			want := number(t, table[m][real.column])
			require.InDelta(t, want, got[m], 1e-5*math.Max(1e-3, want), "%s of %s", m, real.column)
		}
	}
}

// TestMonthHasRealShares holds the made month against the real shares, each within the tolerance that the table states.
func TestMonthHasRealShares(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a month of 3,000,000 trips")
	}
	path := filepath.Join(t.TempDir(), "month.parquet")
	require.NoError(t, writeParquet(t.Context(), path, Rows, func(string, int, int) {}))
	month := trips(readers.Parquet(path, nil), "tpep_pickup_datetime", "PULocationID")
	n, err := month.Count(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, Rows, n)
	got := measure(t, month, start)
	measures, table := sharesTable(t)
	for _, m := range measures {
		row := table[m]
		require.Equal(t, row[row["source"]], row["value"], m)
		require.InDelta(t, number(t, row["value"]), got[m], number(t, row["tolerance"]), m)
	}
	week := map[[2]int64]float64{}
	type cell struct{ Weekday, Hour, N int64 }
	cells, err := dataframe.CollectAs[cell](t.Context(), month.
		GroupBy(expr.Col("pickup").Dt().Weekday().As("Weekday"), expr.Col("pickup").Dt().Hour().As("Hour")).Agg(expr.Count().As("N")))
	require.NoError(t, err)
	for _, c := range cells {
		days := 4.0
		if c.Weekday == 7 || c.Weekday <= 2 { // January 2023 has five Sundays, Mondays and Tuesdays
			days = 5
		}
		week[[2]int64{c.Weekday, c.Hour}] = float64(c.N) / days
	}
	sum := 0.0
	for _, rate := range week {
		sum += rate
	}
	apart := 0.0
	for _, r := range read("hours.csv") {
		got := week[[2]int64{int64(r[0]), int64(r[1])}] / sum
		require.InDelta(t, r[2], got, 0.15*r[2], "weekday %v, hour %v", r[0], r[1])
		apart += math.Abs(got-r[2]) / 2
	}
	require.Less(t, apart, 0.02, "share of trips in another hour of the week than in 2019")
}

// TestAsWrittenByTheTLC checks the layout that makes these files hard to read in parallel.
func TestAsWrittenByTheTLC(t *testing.T) {
	path := filepath.Join(t.TempDir(), "month.parquet")
	require.NoError(t, writeParquet(t.Context(), path, 200_000, func(string, int, int) {}))
	f, err := file.OpenParquetFile(path, false)
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, 1, f.NumRowGroups())
	require.EqualValues(t, 200_000, f.NumRows())
	for i := range f.MetaData().Schema.NumColumns() {
		chunk, err := f.MetaData().RowGroup(0).ColumnChunk(i)
		require.NoError(t, err)
		require.Equal(t, "SNAPPY", chunk.Compression().String())
		require.True(t, chunk.HasDictionaryPage())
		require.Nil(t, chunk.GetColumnIndexLocation(), "a page index")
		require.EqualValues(t, 1, f.MetaData().Schema.Column(i).MaxDefinitionLevel(), "nullable")
	}
}

func TestSameMonthEveryTime(t *testing.T) {
	read := func() []byte {
		path := filepath.Join(t.TempDir(), "month.parquet")
		require.NoError(t, writeParquet(t.Context(), path, 100_000, func(string, int, int) {}))
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		return b
	}
	require.Equal(t, read(), read())
}

// made makes a small month.
func made(t *testing.T, folder string) Files {
	t.Helper()
	files, made, err := ensure(t.Context(), folder, 100_000, nil)
	require.NoError(t, err)
	require.True(t, made)
	return files
}

func TestMadeOnce(t *testing.T) {
	folder := t.TempDir()
	files := made(t, folder)
	again, made, err := ensure(t.Context(), folder, 100_000, func(string, int, int) { t.Error("made again") })
	require.NoError(t, err)
	require.False(t, made)
	require.Equal(t, files, again)
	require.Equal(t, []string{"yellow_tripdata_2023-01.csv", "yellow_tripdata_2023-01.parquet"}, names(t, folder))
}

func names(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestSameRowsAsCSV compares counts, nulls, sums and extremes of all columns of both files.
func TestSameRowsAsCSV(t *testing.T) {
	files := made(t, t.TempDir())
	var lines []string
	for _, df := range []*dataframe.DataFrame{readers.Parquet(files.Parquet, nil), readers.CSV(files.CSV, nil)} {
		var aggs []expr.Expr
		for _, f := range schema.Fields() {
			aggs = append(aggs, expr.CountOf(f.Name).As(f.Name+" n"), expr.Min(f.Name).As(f.Name+" min"), expr.Max(f.Name).As(f.Name+" max"))
			if f.Type.ID() == arrow.INT64 || f.Type.ID() == arrow.FLOAT64 {
				aggs = append(aggs, expr.Sum(expr.Col(f.Name).Mul(100).Round(0)).Cast(arrow.PrimitiveTypes.Int64).As(f.Name+" sum"))
			}
		}
		table, err := df.GroupBy().Agg(aggs...).Collect(t.Context())
		require.NoError(t, err)
		line := ""
		for _, f := range table.Schema().Fields() {
			line += fmt.Sprintf("%s: %v\n", f.Name, table.Value(0, f.Name))
		}
		lines = append(lines, line)
	}
	require.Equal(t, lines[0], lines[1])
}

// TestBrokenOffRunsLeaveNoMonth cancels the making in its middle, and finds folders of processes that were killed.
func TestBrokenOffRunsLeaveNoMonth(t *testing.T) {
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := ensure(ctx, folder, 200_000, func(string, int, int) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, names(t, folder))

	gone := exec.Command(os.Args[0], "-test.run=^$")
	require.NoError(t, gone.Run())
	dead, alive := fmt.Sprint(working, gone.Process.Pid), fmt.Sprint(working, os.Getppid())
	for _, work := range []string{dead, alive} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, work), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, work, "month.parquet"), []byte("PAR1"), 0o644))
	}
	made(t, folder)
	require.NotContains(t, names(t, folder), dead)
	require.Contains(t, names(t, folder), alive)
}
