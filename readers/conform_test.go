package readers

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/partition/partitiontest"
)

// mixedSchema has a column of every kind that files often have.
var mixedSchema = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: arrow.PrimitiveTypes.Int64},
	{Name: "small", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "city", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	{Name: "day", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	{Name: "ok", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "none", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
}, nil)

// mixedRecord makes n rows from row first on; ids go up, other values repeat and are null now and then.
func mixedRecord(rng *rand.Rand, first, n int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, mixedSchema)
	defer b.Release()
	for i := first; i < first+n; i++ {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		for c := 1; c < mixedSchema.NumFields(); c++ {
			if rng.IntN(10) == 0 || c == mixedSchema.NumFields()-1 {
				b.Field(c).AppendNull()
				continue
			}
			switch f := b.Field(c).(type) {
			case *array.Int32Builder:
				f.Append(int32(rng.IntN(50) + i/100))
			case *array.Float64Builder:
				f.Append(float64(rng.IntN(1000))/8 + float64(i))
			case *array.StringBuilder:
				if c == 3 {
					f.Append(fmt.Sprintf("a name of some length %d", i))
				} else {
					f.Append(string(rune('A' + rng.IntN(5))))
				}
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(1.6e15) + arrow.Timestamp(i)*1e6)
			case *array.Date32Builder:
				f.Append(arrow.Date32(19000 + i/50))
			case *array.BooleanBuilder:
				f.Append(rng.IntN(2) == 0)
			}
		}
	}
	return b.NewRecordBatch()
}

type parquetShape struct {
	groupRows int64
	pageRows  int64
	dict      bool
}

// writeParquet writes the records; the page index is on.
func writeParquet(t testing.TB, path string, shape parquetShape, recs ...arrow.RecordBatch) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	props := parquet.NewWriterProperties(parquet.WithMaxRowGroupLength(shape.groupRows), parquet.WithDataPageSize(shape.pageRows*8), parquet.WithBatchSize(max(shape.pageRows, 1)),
		parquet.WithDictionaryDefault(shape.dict), parquet.WithCompression(compress.Codecs.Snappy), parquet.WithPageIndexEnabled(true), parquet.WithStats(true))
	w, err := pqarrow.NewFileWriter(recs[0].Schema(), f, props, pqarrow.DefaultWriterProps())
	require.NoError(t, err)
	for _, r := range recs {
		require.NoError(t, w.WriteBuffered(r))
	}
	require.NoError(t, w.Close())
}

func TestParquetConforms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, shape := range []parquetShape{{groupRows: 1 << 20, pageRows: 1 << 20}, {groupRows: 700, pageRows: 100, dict: true}} {
		dir := t.TempDir()
		writeParquet(t, filepath.Join(dir, "a.parquet"), shape, mixedRecord(rng, 0, 1500))
		writeParquet(t, filepath.Join(dir, "b.parquet"), shape, mixedRecord(rng, 1500, 1000))
		src, err := newParquetSource(dir, (&ParquetOptions{FileColumn: "file"}).file())
		require.NoError(t, err)
		partitiontest.TestSource(t, src)
		declared, err := newParquetSource(dir, (&ParquetOptions{Schema: src.Schema(), FileColumn: "file"}).file())
		require.NoError(t, err)
		require.Equal(t, rowsOf(t, src, partition.ScanRequest{}), rowsOf(t, declared, partition.ScanRequest{}))
	}
}

func TestIPCConforms(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	recs := []arrow.RecordBatch{mixedRecord(rng, 0, 600), mixedRecord(rng, 600, 0), mixedRecord(rng, 600, 900)}
	for name, opts := range map[string][]ipc.Option{"plain": nil, "lz4": {ipc.WithLZ4()}, "zstd": {ipc.WithZstd()}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeIPC(t, filepath.Join(dir, "a.arrow"), true, recs, opts...)
			writeIPC(t, filepath.Join(dir, "b.arrows"), false, recs, opts...)
			src, err := newIPCSource(dir, (&IPCOptions{FileColumn: "file"}).file())
			require.NoError(t, err)
			partitiontest.TestSource(t, src)
			require.Len(t, rowsOf(t, src, partition.ScanRequest{}), 3000)
		})
	}
	path := filepath.Join(t.TempDir(), "large.arrow")
	writeIPC(t, path, true, []arrow.RecordBatch{mixedRecord(rng, 0, 20000)})
	src, err := newIPCSource(path, (&IPCOptions{}).file())
	require.NoError(t, err)
	rows := rowsOf(t, src, partition.ScanRequest{Columns: []string{"id"}})
	require.Len(t, rows, 20000)
	require.Equal(t, "19999", rows[19999][0])
}

func writeIPC(t testing.TB, path string, file bool, recs []arrow.RecordBatch, opts ...ipc.Option) {
	t.Helper()
	var buf bytes.Buffer
	opts = append(opts, ipc.WithSchema(recs[0].Schema()))
	var w interface {
		Write(arrow.RecordBatch) error
		Close() error
	}
	if file {
		fw, err := ipc.NewFileWriter(&buf, opts...)
		require.NoError(t, err)
		w = fw
	} else {
		w = ipc.NewWriter(&buf, opts...)
	}
	for _, r := range recs {
		require.NoError(t, w.Write(r))
	}
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(path, buf.Bytes(), 0o644))
}

func TestJSONConforms(t *testing.T) {
	dir := t.TempDir()
	var lines, list strings.Builder
	for i := range 3000 {
		rec := fmt.Sprintf(`{"id":%d,"x":%g,"s":"text %d","l":[%d,null],"o":{"a":%d}}`, i, float64(i)/4, i, i, i%7)
		if i%5 == 0 {
			rec = fmt.Sprintf(`{"id":%d,"x":null}`, i)
		}
		lines.WriteString(rec + "\n")
		list.WriteString(strings.Repeat(",", min(i, 1)) + rec)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.jsonl"), []byte(lines.String()), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.json"), []byte("["+list.String()+"]"), 0o644))
	src, err := newJSONSource(dir, (&JSONOptions{FileColumn: "file"}).file(), defaultJSONDepth)
	require.NoError(t, err)
	partitiontest.TestSource(t, src)
	scan, err := src.Plan(context.Background(), partition.ScanRequest{SplitBytes: 10000})
	require.NoError(t, err)
	require.Greater(t, len(scan.Splits), 10)
}
