package dataframe_test

import (
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

// A text beside a time of a zone is the same instant as that text in a column, also where clocks are changed.
func TestTextsAsTimesOfAZone(t *testing.T) {
	for zone, texts := range map[string][]string{
		"Europe/Berlin":       {"2020-10-25 02:30:00", "2020-03-29 02:30:00", "2020-10-25 01:59:59", "2020-10-25 03:00:00", "2020-03-29 03:00:00", "2020-07-01 12:00:00"},
		"America/New_York":    {"2020-11-01 01:30:00", "2020-03-08 02:30:00", "2020-11-01 00:59:59", "2020-11-01 02:00:00", "2020-03-08 03:00:00"},
		"Australia/Lord_Howe": {"2020-04-05 01:45:00", "2020-10-04 02:15:00"},
	} {
		for _, text := range texts {
			at := expr.Col("T").Cast(&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: zone})
			table, err := dataframe.FromStructs([]struct{ T string }{{text}}).Select(at.Eq(text).As("same"), at.Sub(text).As("apart")).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, true, table.Value(0, "same"), "%s %s: %v", zone, text, table.Value(0, "apart"))
		}
	}
}

// A column made of the empty text has a name, with one aggregate as with several.
func TestPivotOfAnEmptyText(t *testing.T) {
	df := dataframe.FromStructs([]struct {
		G int
		K string
		V int
	}{{1, "", 2}, {1, "a", 3}, {2, "", 4}})
	table, err := df.GroupBy("G").Pivot("K").Agg(expr.Sum("V").As("V")).Sort("G").Collect(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, table.Value(0, `""`))
	require.EqualValues(t, 4, table.Value(1, `""`))
	require.EqualValues(t, 3, table.Value(0, "a"))
}

// Rounding to more digits than a number has leaves it, and the remainder's sign is the divisor's.
func TestRoundingAtTheEdges(t *testing.T) {
	type edge struct {
		X, Y float64
		D    int64
	}
	for _, c := range []struct {
		x    float64
		d    int64
		want float64
	}{
		{-101155.90137262666, 15, -101155.90137262666}, {-730387.462725312, 15, -730387.462725312}, {0.1, 300, 0.1}, {0.1, 2000, 0.1}, {1e-25, 24, 0}, {6e-25, 24, 1e-24},
		{2.5, 0, 3}, {-2.25, 1, -2.3}, {1234.5678, 2, 1234.57}, {1234.5678, -2, 1200}, {5e-324, 30, 0}, {math.MaxFloat64, 5, math.MaxFloat64}, {math.Inf(1), 30, math.Inf(1)},
	} {
		table, err := dataframe.FromStructs([]edge{{X: c.x}}).Select(expr.Col("X").Round(int(c.d)).As("r")).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.want, table.Value(0, "r"), "%v to %d digits", c.x, c.d)
	}
	for _, c := range []struct{ x, y, mod, quotient float64 }{
		{-4, 1, 0, -4}, {4, -1, math.Copysign(0, -1), -4}, {4, math.Inf(-1), math.Inf(-1), -1}, {-4, math.Inf(1), math.Inf(1), -1}, {4, math.Inf(1), 4, 0}, {-5, 3, 1, -2}, {5, -3, -1, -2},
	} {
		table, err := dataframe.FromStructs([]edge{{X: c.x, Y: c.y}}).Select(expr.Col("X").Mod(expr.Col("Y")).As("m"), expr.Col("X").FloorDiv(expr.Col("Y")).As("q")).Collect(t.Context())
		require.NoError(t, err)
		m := table.Value(0, "m").(float64)
		require.Equal(t, c.mod, m)
		require.Equal(t, math.Signbit(c.mod), math.Signbit(m), "%v mod %v", c.x, c.y)
		require.Equal(t, c.quotient, table.Value(0, "q"))
	}
}
