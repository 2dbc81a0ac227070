package writers_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/writers"
)

// kind is a format of files, as tests write and read it.
type kind struct {
	name, ext string
	write     func(path string, o options) partition.Sink
	read      func(path string, schema *arrow.Schema, hive bool) *dataframe.DataFrame
}

// options are those that all formats have.
type options struct {
	mode    writers.Mode
	by      []string
	oneFile bool
	rows    int64
}

var kinds = []kind{
	{"parquet", ".parquet", func(path string, o options) partition.Sink {
		return writers.Parquet(path, &writers.ParquetOptions{Mode: o.mode, PartitionBy: o.by, OneFile: o.oneFile, FileRows: o.rows})
	}, func(path string, s *arrow.Schema, hive bool) *dataframe.DataFrame {
		return readers.Parquet(path, &readers.ParquetOptions{Schema: s, Hive: hive})
	}},
	{"csv", ".csv", func(path string, o options) partition.Sink {
		return writers.CSV(path, &writers.CSVOptions{Mode: o.mode, PartitionBy: o.by, OneFile: o.oneFile, FileRows: o.rows})
	}, readCSV},
	{"csv gzip", ".csv.gz", func(path string, o options) partition.Sink {
		return writers.CSV(path, &writers.CSVOptions{Mode: o.mode, PartitionBy: o.by, OneFile: o.oneFile, FileRows: o.rows, Compression: "gzip"})
	}, readCSV},
	{"json", ".jsonl", func(path string, o options) partition.Sink {
		return writers.JSON(path, &writers.JSONOptions{Mode: o.mode, PartitionBy: o.by, OneFile: o.oneFile, FileRows: o.rows})
	}, readJSON},
	{"json zstd", ".json.zst", func(path string, o options) partition.Sink {
		return writers.JSON(path, &writers.JSONOptions{Mode: o.mode, PartitionBy: o.by, OneFile: o.oneFile, FileRows: o.rows, Compression: "zstd"})
	}, readJSON},
	{"ipc", ".arrow", func(path string, o options) partition.Sink {
		return writers.IPC(path, &writers.IPCOptions{Mode: o.mode, PartitionBy: o.by, OneFile: o.oneFile, FileRows: o.rows, Compression: "lz4"})
	}, func(path string, s *arrow.Schema, hive bool) *dataframe.DataFrame {
		return readers.IPC(path, &readers.IPCOptions{Schema: s, Hive: hive})
	}},
}

func readCSV(path string, s *arrow.Schema, hive bool) *dataframe.DataFrame {
	return readers.CSV(path, &readers.CSVOptions{Schema: s, Hive: hive})
}

func readJSON(path string, s *arrow.Schema, hive bool) *dataframe.DataFrame {
	return readers.JSON(path, &readers.JSONOptions{Schema: s, Hive: hive})
}

// each runs a test for every format.
func each(t *testing.T, test func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			if w, err := k.write(filepath.Join(t.TempDir(), "x"+k.ext), options{}).Open(context.Background(), rowsSchema, 1); err != nil && strings.Contains(err.Error(), "not built") {
				t.Skip(err)
			} else if err == nil {
				require.NoError(t, w.Abort(context.Background()))
			}
			test(t, k)
		})
	}
}

var rowsSchema = arrow.NewSchema([]arrow.Field{
	{Name: "i", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "f", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "t", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	{Name: "d", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
}, nil)

// rowsFrom makes rows with a running number in i.
func rowsFrom(first, n int) arrow.RecordBatch {
	r := rand.New(rand.NewPCG(uint64(first), 1))
	b := array.NewRecordBuilder(memory.DefaultAllocator, rowsSchema)
	texts := []string{"", "a", "two words", `with "quotes", commas`, "and\nlines", "größe", strings.Repeat("long ", 30)}
	for i := range n {
		b.Field(0).(*array.Int64Builder).Append(int64(first + i))
		for c := 1; c < 6; c++ {
			if r.IntN(5) == 0 {
				b.Field(c).AppendNull()
				continue
			}
			switch c {
			case 1:
				b.Field(1).(*array.Float64Builder).Append(r.NormFloat64() * 1000)
			case 2:
				b.Field(2).(*array.StringBuilder).Append(texts[r.IntN(len(texts))])
			case 3:
				b.Field(3).(*array.BooleanBuilder).Append(r.IntN(2) == 0)
			case 4:
				b.Field(4).(*array.TimestampBuilder).Append(arrow.Timestamp(r.Int64N(2e15)))
			case 5:
				b.Field(5).(*array.Date32Builder).Append(arrow.Date32(r.Int32N(30000)))
			}
		}
	}
	return b.NewRecordBatch()
}

func batchOf(rec arrow.RecordBatch) partition.Batch {
	return partition.Batch{Cols: rec.Columns(), Rows: int(rec.NumRows())}
}

// lines returns the rows of a frame as texts, in order.
func lines(t *testing.T, df *dataframe.DataFrame) []string {
	t.Helper()
	tab, err := df.Collect(context.Background())
	require.NoError(t, err)
	var out []string
	for rec := range tab.Batches() {
		for i := range int(rec.NumRows()) {
			var b strings.Builder
			for c, col := range rec.Columns() {
				fmt.Fprintf(&b, "%s=%s|", rec.ColumnName(c), col.ValueStr(i))
			}
			out = append(out, b.String())
		}
	}
	return out
}

// namesBelow lists what is in a folder, hidden names too.
func namesBelow(t *testing.T, dir string) []string {
	t.Helper()
	names := []string{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && p != dir {
			rel, _ := filepath.Rel(dir, p)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	}))
	return names
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
