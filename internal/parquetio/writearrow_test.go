package parquetio

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"
)

// TestArrowReadsTheSame has arrow-go read what is written, nested columns too.
func TestArrowReadsTheSame(t *testing.T) {
	item := arrow.Field{Name: "element", Type: arrow.PrimitiveTypes.Int32, Nullable: true}
	lists := arrow.ListOfField(item)
	types := []arrow.DataType{arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String,
		arrow.BinaryTypes.Binary, &arrow.FixedSizeBinaryType{ByteWidth: 7}, arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Timestamp_us,
		&arrow.Decimal128Type{Precision: 9, Scale: 2}, &arrow.Decimal128Type{Precision: 30, Scale: 4}, lists,
		arrow.ListOfField(arrow.Field{Name: "element", Type: lists, Nullable: true}),
		arrow.StructOf(arrow.Field{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}, arrow.Field{Name: "b", Type: lists, Nullable: true})}
	for _, codec := range []string{"zstd", "snappy", "lz4", "none"} {
		for i, typ := range types {
			for _, distinct := range []int{0, 9} {
				t.Run(fmt.Sprintf("%s/%v/%d", codec, typ, distinct), func(t *testing.T) {
					g := newGen(uint64(i))
					g.nulls, g.distinct = 0.2, distinct
					f := arrow.Field{Name: "c", Type: typ, Nullable: i%3 > 0 || i > 14}
					col := g.array(f, 1500)
					b := encodeFile(t, arrow.NewSchema([]arrow.Field{f}, nil), WriteOptions{Compression: codec, PageBytes: 2000}, [][]arrow.Array{{col}, {col}}, 1)
					table, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(b), parquet.NewReaderProperties(nil),
						pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
					require.NoError(t, err)
					got, err := array.Concatenate(table.Column(0).Data().Chunks(), memory.DefaultAllocator)
					require.NoError(t, err)
					want, err := array.Concatenate([]arrow.Array{col, col}, memory.DefaultAllocator)
					require.NoError(t, err)
					require.True(t, arrow.TypeEqual(want.DataType(), got.DataType()), "%v", got.DataType())
					require.Equal(t, want.String(), got.String()) // NaN equals none
				})
			}
		}
	}
}
