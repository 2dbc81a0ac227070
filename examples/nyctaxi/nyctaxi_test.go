package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"flag"
	"html"
	"image/png"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/sched/proc"
)

var update = flag.Bool("update", false, "rewrite the output of the sample")

func TestMain(m *testing.M) { proc.Main(m) }

// TestSampleOutput compares what the program prints for the built-in sample, times aside.
func TestSampleOutput(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, filepath.Join("testdata", "sample.csv"), t.TempDir(), false))
	var kept []string
	for _, line := range strings.Split(out.String(), "\n") {
		if !strings.HasSuffix(line, " s") && !strings.HasPrefix(line, "Charts and all tables:") {
			kept = append(kept, line)
		}
	}
	got := strings.Join(kept, "\n")
	golden := filepath.Join("testdata", "sample.txt")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// TestAnswersEqualDuckDB asks the questions of each real trip file and compares the answers with those that DuckDB gave
// (testdata/answers, made by bench/taxi/golden.py).
func TestAnswersEqualDuckDB(t *testing.T) {
	folder := os.Getenv("SHEAF_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	files, err := filepath.Glob(filepath.Join("testdata", "answers", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		name := filepath.Base(f)
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(folder, "taxi", name)
			if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
				t.Skipf("no %s: name the folder of real data in SHEAF_DATA", data)
			}
			trips, err := openTrips(data)
			require.NoError(t, err)
			for _, q := range questions {
				lack, err := missing(t.Context(), trips, q.needs)
				require.NoError(t, err)
				want, err := os.ReadFile(filepath.Join(f, q.name+".csv"))
				if errors.Is(err, fs.ErrNotExist) {
					require.NotEmpty(t, lack, "%s: DuckDB could not answer, nor can we", q.name)
					continue
				}
				require.NoError(t, err)
				require.Empty(t, lack, q.name)
				table, err := q.ask(trips, openZones()).Collect(t.Context())
				require.NoError(t, err, q.name)
				compare(t, q.name, table, string(want))
			}
			require.NoError(t, run(t.Context(), io.Discard, data, t.TempDir(), true), "with charts")
		})
	}
}

// TestReport checks the page and the charts of the sample: all there, nothing from the network, pictures of a size to look at.
func TestReport(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "report")
	require.NoError(t, run(t.Context(), io.Discard, filepath.Join("testdata", "sample.csv"), folder, false))
	page, err := os.ReadFile(filepath.Join(folder, "report.html"))
	require.NoError(t, err)
	text := html.UnescapeString(string(page))
	require.False(t, strings.Contains(text, "http"), "a link to the network")
	require.False(t, strings.Contains(text, "ZgotmplZ"), "what the template took for unsafe")
	for _, q := range questions {
		require.Contains(t, text, q.title)
		picture, err := os.ReadFile(filepath.Join(folder, q.name+".png"))
		require.NoError(t, err)
		img, err := png.DecodeConfig(bytes.NewReader(picture))
		require.NoError(t, err)
		require.Equal(t, 1080, img.Width)
		require.Greater(t, img.Height, 200)
		require.True(t, strings.Contains(text, base64.StdEncoding.EncodeToString(picture)), "%s in the page", q.name)
	}
}

// TestWithoutColumns: what the columns cannot answer is said, and the rest goes on.
func TestWithoutColumns(t *testing.T) {
	data := filepath.Join(t.TempDir(), "trips.csv")
	require.NoError(t, os.WriteFile(data, []byte("pickup_datetime,total_amount\n2009-01-01 00:10:00,5.5\n,7\n"), 0o644))
	var out bytes.Buffer
	folder := t.TempDir()
	require.NoError(t, run(t.Context(), &out, data, folder, false))
	require.Contains(t, out.String(), "These records cannot tell: they have no fare_amount.")
	page, err := os.ReadFile(filepath.Join(folder, "report.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "they have no <code>pickup_zone</code>")
	require.FileExists(t, filepath.Join(folder, "by_day.png"))
	require.NoFileExists(t, filepath.Join(folder, "tip_share.png"))
}

// compare holds a table against CSV: numbers to 1e-9, empty is null.
func compare(t *testing.T, question string, table *dataframe.Table, want string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(want)).ReadAll()
	require.NoError(t, err)
	require.EqualValues(t, len(rows)-1, table.NumRows(), question)
	for i, row := range rows[1:] {
		for c, f := range table.Schema().Fields() {
			got := asText(table.Value(int64(i), f.Name))
			if x, err := strconv.ParseFloat(row[c], 64); err == nil {
				y, err := strconv.ParseFloat(got, 64)
				require.NoError(t, err, "%s, row %d, %s: %q", question, i, f.Name, got)
				require.LessOrEqual(t, math.Abs(x-y), 1e-9*math.Max(math.Abs(x), math.Abs(y)), "%s, row %d, %s: %v and %v", question, i, f.Name, y, x)
				continue
			}
			require.Equal(t, row[c], got, "%s, row %d, %s", question, i, f.Name)
		}
	}
}

func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return strings.TrimSuffix(v.Format("2006-01-02 15:04:05"), " 00:00:00")
	}
	return "?"
}

// TestOtherProcesses asks the questions through worker processes: everything between the files and the answer crosses as bytes.
func TestOtherProcesses(t *testing.T) {
	open := func(name string) *dataframe.DataFrame {
		path, err := filepath.Abs(filepath.Join("testdata", name))
		require.NoError(t, err)
		return readers.CSV(path, nil)
	}
	trips, err := tidy("sample.csv", open("sample.csv"))
	require.NoError(t, err)
	for _, q := range questions {
		here, err := q.ask(trips, open("zones.csv")).Collect(context.Background())
		require.NoError(t, err, q.name)
		there, err := q.ask(trips, open("zones.csv")).Collect(context.Background(), sched.On(proc.New(2)))
		require.NoError(t, err, q.name)
		require.Equal(t, here.String(), there.String(), q.name)
	}
}
