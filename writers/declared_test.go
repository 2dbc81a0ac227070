package writers_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/writers"
)

// TestFixedListsAndSmallDecimals reads files of lists of a fixed size and of small decimals: alone, with conditions, beside files of lists
// and decimals that are not.
func TestFixedListsAndSmallDecimals(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	const rows = `[{"i": 0, "v": [1, 2], "d": "1.50"}, {"i": 1, "v": null, "d": null}, {"i": 2, "v": [3, null], "d": "-2.25"},
		{"i": 3, "v": null, "d": "1.50"}, {"i": 4, "v": [5, 6], "d": "9.75"}]`
	write := func(name string, v, d arrow.DataType) {
		s := arrow.NewSchema([]arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "v", Type: v, Nullable: true}, {Name: "d", Type: d, Nullable: true}}, nil)
		rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, s, strings.NewReader(rows))
		require.NoError(t, err)
		_, err = dataframe.FromRecords(s, rec).Write(ctx, writers.Parquet(filepath.Join(dir, name), nil))
		require.NoError(t, err)
	}
	i32 := arrow.PrimitiveTypes.Int32
	write("a.parquet", arrow.FixedSizeListOf(2, i32), &arrow.Decimal64Type{Precision: 12, Scale: 2})
	write("b.parquet", arrow.ListOf(i32), &arrow.Decimal128Type{Precision: 12, Scale: 2})

	fixed := readers.Parquet(filepath.Join(dir, "a.parquet"), nil)
	require.Equal(t, "fixed_size_list<item: int32, nullable>[2]", fixed.Schema().Field(1).Type.String())
	require.Equal(t, "decimal64(12, 2)", fixed.Schema().Field(2).Type.String())
	plain := readers.Parquet(filepath.Join(dir, "b.parquet"), nil)
	require.Equal(t, lines(t, plain), lines(t, fixed))
	for _, c := range []expr.Expr{expr.Col("d").Eq(1.5), expr.Col("d").IsNull(), expr.Col("v").IsNull(), expr.Col("v").List().Get(1).Eq(2), expr.Col("i").Gt(2)} {
		require.Equal(t, lines(t, plain.Filter(c)), lines(t, fixed.Filter(c)), "%v", c)
	}
	require.Equal(t, lines(t, plain.Offset(1).Limit(3)), lines(t, fixed.Offset(1).Limit(3)))
	require.Equal(t, lines(t, plain.Explode("v")), lines(t, fixed.Explode("v")))

	for _, files := range [][]string{{"a.parquet", "b.parquet"}, {"b.parquet", "a.parquet"}} {
		both := readers.Parquet(dir, &readers.ParquetOptions{Files: files})
		require.NoError(t, both.Err())
		require.Equal(t, "list<item: int32, nullable>", both.Schema().Field(1).Type.String())
		require.Equal(t, "decimal(12, 2)", both.Schema().Field(2).Type.String())
		require.Equal(t, append(lines(t, plain), lines(t, plain)...), lines(t, both))
	}
}
