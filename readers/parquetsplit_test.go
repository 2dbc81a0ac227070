package readers

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/partition"
)

// A small file of very many equal rows is read in splits that stay small as arrays: a task keeps the rows of its split.
func TestParquetSplitsAreSmallAsArrays(t *testing.T) {
	const rows = 3 << 20
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int64}}, nil))
	b.Field(0).(*array.Int64Builder).AppendValues(make([]int64, rows), nil)
	path := filepath.Join(t.TempDir(), "same.parquet")
	writeParquet(t, path, parquetShape{groupRows: rows, pageRows: 1 << 20, dict: true}, b.NewRecordBatch())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(100<<10))
	src, err := newParquetSource(path, (&ParquetOptions{}).file())
	require.NoError(t, err)
	scan, err := src.Plan(t.Context(), partition.ScanRequest{})
	require.NoError(t, err)
	var all int64
	for _, s := range scan.Splits {
		n := s.Stats().Rows
		require.LessOrEqual(t, n*8, int64(splitArrays+splitArraysPerByte*info.Size()))
		all += n
	}
	require.EqualValues(t, rows, all)
}

// LargePages goes to the splits, over their wire form too.
func TestParquetLargePages(t *testing.T) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int64}}, nil))
	b.Field(0).(*array.Int64Builder).Append(1)
	path := filepath.Join(t.TempDir(), "a.parquet")
	writeParquet(t, path, parquetShape{groupRows: 10, pageRows: 10}, b.NewRecordBatch())
	for _, large := range []bool{false, true} {
		src, err := newParquetSource(path, (&ParquetOptions{LargePages: large}).file())
		require.NoError(t, err)
		scan, err := src.Plan(t.Context(), partition.ScanRequest{})
		require.NoError(t, err)
		wire, err := scan.Splits[0].(partition.PortableSplit).MarshalBinary()
		require.NoError(t, err)
		decoded, err := decodeParquetSplit(wire)
		require.NoError(t, err)
		require.Equal(t, large, scan.Splits[0].(*parquetSplit).largePages)
		require.Equal(t, large, decoded.(*parquetSplit).largePages)
	}
}
