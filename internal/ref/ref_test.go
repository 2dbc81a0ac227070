package ref

import (
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
)

func TestDiff(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}, {Name: "x", Type: arrow.PrimitiveTypes.Float64}}, nil)
	table := func(rows ...Row) *Table { return &Table{Schema: s, Rows: rows} }
	one, two := Row{int64(1), 0.5}, Row{int64(2), math.NaN()}
	require.Empty(t, Diff(table(one, two), table(one, two)))
	require.Empty(t, Diff(table(one), table(Row{int64(1), 0.5 + 1e-16})))
	require.Empty(t, DiffRows(table(one, two), table(two, one)))
	for name, got := range map[string]*Table{
		"order": table(two, one), "a row less": table(one), "null": table(Row{nil, 0.5}, two), "a float": table(Row{int64(1), 0.5 + 1e-11}, two),
		"another type": table(Row{uint64(1), 0.5}, two), "no number": table(Row{int64(1), math.NaN()}, two),
	} {
		require.NotEmpty(t, Diff(table(one, two), got), name)
	}
	require.NotEmpty(t, DiffRows(table(one, one, two), table(one, two, two)))
}

func TestOrder(t *testing.T) {
	rising := []any{math.Inf(-1), int64(math.MinInt64), -1.5, int64(0), 0.5, float64(1 << 53), int64(1<<53 + 1), uint64(math.MaxUint64), math.Inf(1), math.NaN()}
	for i, a := range rising {
		for k, b := range rising {
			switch c := Order(a, b); {
			case i < k:
				require.Negative(t, c, "%v %v", a, b)
			case i > k:
				require.Positive(t, c, "%v %v", a, b)
			default:
				require.Zero(t, c, "%v %v", a, b)
			}
		}
	}
	require.Equal(t, keyText(Row{0.0, nil}), keyText(Row{math.Copysign(0, -1), nil}))
	require.NotEqual(t, keyText(Row{"a", "b"}), keyText(Row{"ab", ""}))
	require.NotEqual(t, keyText(Row{nil}), keyText(Row{"<nil>"}))
}
