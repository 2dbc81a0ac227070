package parquetio

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"
)

// sharedData returns a folder of the shared data, or skips the test.
func sharedData(t testing.TB, folder string) string {
	t.Helper()
	root := os.Getenv("SHEAF_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skip("shared data is not there: set SHEAF_DATA")
	}
	return dir
}

// openPath opens a file of the file system.
func openPath(path string) (*File, func(), error) {
	fd, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	st, err := fd.Stat()
	if err != nil {
		return nil, nil, err
	}
	f, err := Open(fd, st.Size(), filepath.Base(path))
	return f, func() { fd.Close() }, err
}

// readAll reads all row groups and calls each for every batch.
func readAll(f *File, o ReadOptions, each func(cols []arrow.Array, rows int)) (int64, error) {
	var total int64
	for g := range f.NumRowGroups() {
		o.RowGroup = g
		r, err := f.Read(o)
		if err != nil {
			return total, err
		}
		for {
			b, err := r.Next(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				r.Close()
				return total, err
			}
			if each != nil {
				each(b.Cols, b.Rows)
			}
			total += int64(b.Rows)
		}
		r.Close()
	}
	return total, nil
}

// conformanceFailures are the files that must fail, and what the error must say beside the file: three are damaged on purpose, one
// holds times that timestamp[ns] cannot, and one needs 1 GiB for a page of 4 KB, which LargePages allows.
var conformanceFailures = map[string][]string{
	"datapage_v1-corrupt-checksum.parquet":           {"row group 0", `column "a"`, "checksum"},
	"rle-dict-uncompressed-corrupt-checksum.parquet": {"row group 0", `column "long_field"`, "checksum"},
	"int96_from_spark.parquet":                       {"row group 0", `column "a"`, "does not fit timestamp[ns]"},
	"large_string_map.brotli.parquet":                {"out of proportion", `column "arr.key_value.key"`, "LargePages"},
}

func TestConformance(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedData(t, "parquet"), "*.parquet"))
	require.NoError(t, err)
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			f, done, err := openPath(path)
			require.NoError(t, err)
			defer done()
			rows, err := readAll(f, ReadOptions{KeepDictionaries: true}, touch)
			if want := conformanceFailures[name]; want != nil {
				require.ErrorContains(t, err, name)
				for _, part := range want {
					require.ErrorContains(t, err, part)
				}
				checkFault(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, f.NumRows(), rows)
			if rows < 2000 {
				checkRanges(t, f, 5)
			}
		})
	}
}

// TestRealMonths reads real months of the New York taxis and checks what is known of them.
func TestRealMonths(t *testing.T) {
	f, done, err := openPath(filepath.Join(sharedData(t, "taxi"), "green_tripdata_2023-01.parquet"))
	require.NoError(t, err)
	defer done()
	require.Equal(t, int64(68211), f.NumRows())
	pass := f.Schema().FieldIndices("passenger_count")[0]
	fee := f.Schema().FieldIndices("ehail_fee")[0]
	nulls, fees, most := 0, 0, 0.0
	dist := f.Schema().FieldIndices("trip_distance")[0]
	_, err = readAll(f, ReadOptions{Columns: []int{pass, fee, dist}}, func(cols []arrow.Array, rows int) {
		nulls += cols[0].NullN()
		fees += rows - cols[1].NullN()
		for _, d := range cols[2].(*array.Float64).Float64Values() {
			most = max(most, d)
		}
	})
	require.NoError(t, err)
	require.Equal(t, 4324, nulls)
	require.Zero(t, fees)
	require.Equal(t, 120098.84, most)
	require.Equal(t, 120098.84, f.Stats(0)["trip_distance"].Max)
	require.Equal(t, int64(4324), f.Stats(0)["passenger_count"].Nulls)
}
