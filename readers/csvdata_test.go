package readers

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/partition"
)

var updateCSV = flag.Bool("update-csv", false, "write the golden files of the CSV tests")

// sharedData is the folder of real files, or the test is skipped.
func sharedData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SHEAF_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no shared data: set SHEAF_DATA (%v)", err)
	}
	return dir
}

// digest sums a column up so that two readers can be compared: values that are not null, and a sum over them.
type digest struct {
	values int64
	sum    float64
}

func (d *digest) add(t *testing.T, arr arrow.Array) {
	for i := range arr.Len() {
		if arr.IsNull(i) {
			continue
		}
		d.values++
		switch a := arr.(type) {
		case *array.Int64:
			d.sum += float64(a.Value(i))
		case *array.Float64:
			d.sum += a.Value(i)
		case *array.Boolean:
			if a.Value(i) {
				d.sum++
			}
		case *array.StringView:
			d.sum += float64(len(a.Value(i)))
		case *array.Date32:
			d.sum += float64(a.Value(i))
		case *array.Timestamp:
			d.sum += float64(a.Value(i) / 1e6)
		case *array.Time64:
			d.sum += float64(a.Value(i) / 1e6)
		default:
			t.Fatalf("no digest of %T", arr)
		}
	}
}

// scanAll runs a source and calls see for each batch, in order.
func scanAll(t testing.TB, src partition.Source, req partition.ScanRequest, see func(b partition.Batch)) (splits int, err error) {
	t.Helper()
	ctx := context.Background()
	scan, err := src.Plan(ctx, req)
	require.NoError(t, err)
	for _, sp := range scan.Splits {
		if err := readSplit(ctx, sp, see); err != nil {
			return len(scan.Splits), err
		}
	}
	return len(scan.Splits), nil
}

func readSplit(ctx context.Context, sp partition.Split, see func(b partition.Batch)) error {
	r, err := sp.Open(ctx, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		see(b)
	}
}

// csvDigest describes what is read of a file: a line a column.
func csvDigest(t *testing.T, src partition.Source, splitBytes int64) string {
	ds := make([]digest, src.Schema().NumFields())
	rows := 0
	_, err := scanAll(t, src, partition.ScanRequest{SplitBytes: splitBytes}, func(b partition.Batch) {
		rows += b.Rows
		require.LessOrEqual(t, b.Rows, 8192)
		for i, c := range b.Cols {
			require.Equal(t, b.Rows, c.Len())
			ds[i].add(t, c)
		}
	})
	require.NoError(t, err)
	var out strings.Builder
	fmt.Fprintf(&out, "%d rows\n", rows)
	for i, f := range src.Schema().Fields() {
		fmt.Fprintf(&out, "%s\t%s\t%d\t%.9e\n", f.Name, f.Type, ds[i].values, ds[i].sum)
	}
	return out.String()
}

// TestSharedCSV reads the real files in one split and in many. The golden values were compared with DuckDB's.
func TestSharedCSV(t *testing.T) {
	dir := sharedData(t)
	var got strings.Builder
	for _, pattern := range []string{"taxi/*.csv", "etl/*.csv*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			src, err := newCSVSource(f, nil, false)
			require.NoError(t, err)
			whole := csvDigest(t, src, 0)
			require.Equal(t, whole, csvDigest(t, src, 7001), "many splits of %s", f)
			fmt.Fprintf(&got, "== %s\n%s", filepath.Base(f), whole)
		}
	}
	golden := filepath.Join("testdata", "csv", "shared.golden")
	if *updateCSV {
		require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
}
