package group

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
)

// TestReset fills tables of every kind again after they were emptied: they are as new, and have reserved what they hold.
func TestReset(t *testing.T) {
	i32, i64, f64, str := arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String
	for seed, types := range [][]arrow.DataType{
		{i32}, {i64}, {arrow.PrimitiveTypes.Uint8}, {f64}, {i64, i32}, {f64, i64}, {f64, i64, i64}, {i32, arrow.PrimitiveTypes.Int8},
		{str}, {str, i32}, {i64, str, str}, {f64, str}, {&arrow.Decimal128Type{Precision: 20}},
	} {
		for _, unlike := range []bool{false, true} {
			g := rowtest.New(uint64(seed))
			g.Card = []int{3, 400, 1 << 40}[seed%3]
			g.Nulls = []float64{0, 0.1}[seed%2]
			reserved := int64(0)
			tab, err := New(types, Options{Unlike: unlike, SizeHint: 500, Reserve: func(n int64) error { reserved += n; return nil }})
			require.NoError(t, err)
			texts := false
			for _, ty := range types {
				texts = texts || ty == str
			}
			for round := range 4 {
				checkTable(t, g, tab, types, []int{3, 0, 100, 1300, 64, 700 << round})
				require.Equal(t, reserved, tab.Bytes())
				_, rows := tab.(*rowTable)
				ok := Reset(tab)
				require.Equal(t, rows || !texts, ok, "%s", types)
				if !ok {
					break
				}
				require.Zero(t, tab.Len())
				require.Empty(t, tab.Hashes())
			}
		}
	}
}
