package readers

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
)

// dirtyAllocator is an allocator whose memory has something in it, as that of a pool does.
type dirtyAllocator struct{ memory.Allocator }

func (d dirtyAllocator) Allocate(size int) []byte {
	b := d.Allocator.Allocate(size)
	for i := range b {
		b[i] = 0xA7
	}
	return b
}

func (d dirtyAllocator) Reallocate(size int, b []byte) []byte {
	n := d.Allocate(size)
	copy(n, b)
	return n
}

// Columns that a file lacks are null, whatever was in the memory that they get.
func TestMissingColumnsAreNullInUsedMemory(t *testing.T) {
	types := []arrow.DataType{
		arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Float64, arrow.FixedWidthTypes.Boolean, arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString,
		arrow.BinaryTypes.StringView, arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Timestamp_us, &arrow.Decimal128Type{Precision: 20, Scale: 2},
		arrow.ListOf(arrow.PrimitiveTypes.Int64), arrow.StructOf(arrow.Field{Name: "x", Type: arrow.BinaryTypes.String, Nullable: true}),
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String},
	}
	alloc := dirtyAllocator{memory.NewGoAllocator()}
	nothing := array.NewNull(70)
	for _, typ := range types {
		t.Run(typ.String(), func(t *testing.T) {
			a := &adapter{}
			a.add("missing", typ, -1)
			out, err := newAdapting(a, "a.parquet", alloc).realise(nil, 70, 0)
			require.NoError(t, err)
			cast, err := castArray(alloc, nothing, typ)
			require.NoError(t, err)
			for _, arr := range []arrow.Array{out[0], cast} {
				require.Equal(t, 70, arr.Len())
				for i := range arr.Len() {
					require.True(t, arr.IsNull(i), "row %d", i)
				}
				rec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "x", Type: arr.DataType(), Nullable: true}}, nil), []arrow.Array{arr}, 70)
				_, err := rec.MarshalJSON()
				require.NoError(t, err)
			}
		})
	}
}
