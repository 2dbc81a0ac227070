package parquetio

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// TestParquetGoReadsTheSame holds flat columns and their Bloom filters against another reader.
func TestParquetGoReadsTheSame(t *testing.T) {
	types := []arrow.DataType{arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String, &arrow.FixedSizeBinaryType{ByteWidth: 7}}
	for _, distinct := range []int{0, 9} {
		// Not lz4: parquet-go 0.32 mixes its buffers up where a page shrinks to less than a third.
		for _, codec := range []string{"zstd", "snappy", "gzip", "brotli", "none"} {
			var fields []arrow.Field
			var cols []arrow.Array
			var bloom []string
			for i, typ := range types {
				g := newGen(uint64(i))
				g.nulls, g.distinct = 0.2, distinct
				f := arrow.Field{Name: fmt.Sprintf("c%d", i), Type: typ, Nullable: i%2 == 0}
				fields, cols = append(fields, f), append(cols, g.array(f, 1500))
				if i > 0 {
					bloom = append(bloom, f.Name)
				}
			}
			b := encodeFile(t, arrow.NewSchema(fields, nil), WriteOptions{Compression: codec, Bloom: bloom}, [][]arrow.Array{cols, cols}, 1)
			checkParquetGo(t, b, cols)
		}
	}
}

func checkParquetGo(t *testing.T, b []byte, cols []arrow.Array) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	require.Len(t, f.RowGroups(), 2)
	for _, rg := range f.RowGroups() {
		rows := rg.Rows()
		buf := make([]parquet.Row, 100)
		at := 0
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				for j, v := range row {
					checkValue(t, cols[j], at, v)
				}
				at++
			}
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
		}
		require.NoError(t, rows.Close())
		require.Equal(t, cols[0].Len(), at)
		checkBlooms(t, rg, cols)
	}
}

func checkValue(t *testing.T, a arrow.Array, i int, v parquet.Value) {
	t.Helper()
	require.Equal(t, a.IsNull(i), v.IsNull())
	if v.IsNull() {
		return
	}
	switch a := a.(type) {
	case *array.Boolean:
		require.Equal(t, a.Value(i), v.Boolean())
	case *array.Int16:
		require.Equal(t, int32(a.Value(i)), v.Int32())
	case *array.Int32:
		require.Equal(t, a.Value(i), v.Int32())
	case *array.Int64:
		require.Equal(t, a.Value(i), v.Int64())
	case *array.Uint32:
		require.Equal(t, a.Value(i), v.Uint32())
	case *array.Float64:
		require.Equal(t, fmt.Sprint(a.Value(i)), fmt.Sprint(v.Double()))
	case *array.String:
		require.Equal(t, a.Value(i), string(v.ByteArray()))
	case *array.FixedSizeBinary:
		require.Equal(t, a.Value(i), v.ByteArray())
	}
}

// checkBlooms: every value is found, and most others are not.
func checkBlooms(t *testing.T, rg parquet.RowGroup, cols []arrow.Array) {
	t.Helper()
	for j, a := range cols {
		filter := rg.ColumnChunks()[j].BloomFilter()
		if j == 0 {
			require.Nil(t, filter)
			continue
		}
		require.NotNil(t, filter)
		check := func(v parquet.Value) bool {
			ok, err := filter.Check(v)
			require.NoError(t, err)
			return ok
		}
		if a, ok := a.(*array.String); ok {
			found := 0
			for i := range a.Len() {
				require.True(t, a.IsNull(i) || check(parquet.ValueOf(a.Value(i))))
				if check(parquet.ValueOf(fmt.Sprint("not there", i))) {
					found++
				}
			}
			require.Less(t, found, a.Len()/20)
		}
		if a, ok := a.(*array.Int64); ok {
			for i := range a.Len() {
				require.True(t, a.IsNull(i) || check(parquet.ValueOf(a.Value(i))))
			}
		}
	}
}
