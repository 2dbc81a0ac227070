package window

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/bitmap"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

// A large value, an infinity or NaN that has left the frame leaves nothing behind.
func TestSlidingSumsForget(t *testing.T) {
	x := []float64{0.1, 1e300, 0.2, 0.3, math.Inf(1), 0.4, 0.5, math.NaN(), 0.6, 0.7}
	cols := []vec.Vec{{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Width: 8, Len: len(x), Data: vec.Bytes(make([]int64, len(x)))},
		{Type: arrow.PrimitiveTypes.Float64, Phys: vec.Float64, Width: 8, Len: len(x), Data: vec.Bytes(x)}}
	for _, of := range []func(any) expr.Expr{expr.Sum, expr.Mean, expr.VarPop} {
		call := callOf(t, of(expr.Col("x")).Rows(-1, 0), 1)
		out, err := Compute(context.Background(), &Spec{Over: []int{0}, Calls: []Call{call}}, cols, len(x), nil)
		require.NoError(t, err)
		got := vec.Of[float64](&out[0])
		for _, i := range []int{3, 6, 9} {
			a, b := x[i-1], x[i]
			want := map[string]float64{"sum": a + b, "mean": (a + b) / 2, "var_pop": (a - b) * (a - b) / 4}[call.Expr.Op()]
			require.InEpsilon(t, want, got[i], 1e-12, "%s at %d", call.Expr.Op(), i)
		}
	}
}

// What is told of memory adds up: the result's is left, after an error nothing.
func TestMemoryIsGivenBack(t *testing.T) {
	const rows = 5000
	cols := table(rows, 40)
	spec := Spec{Over: []int{0}, Order: []sorting.Key{{Col: 1}}, Calls: []Call{callOf(t, expr.Rank()), callOf(t, expr.Sum(expr.Col("x")).Rows(-3, 3), 1),
		callOf(t, expr.Median(expr.Col("x")).Rows(-3, 3), 1), callOf(t, expr.Max(expr.Col("n")), 2), callOf(t, expr.Lag(expr.Col("n"), 1), 2)}}
	held, asked := int64(0), 0
	limit := -1
	reserve := func(n int64) error {
		if n > 0 {
			if asked++; asked == limit {
				return errors.New("no more")
			}
		}
		held += n
		require.GreaterOrEqual(t, held, int64(0))
		return nil
	}
	_, err := Compute(context.Background(), &spec, cols, rows, reserve)
	require.NoError(t, err)
	require.GreaterOrEqual(t, held, int64(5*8*rows))
	require.Less(t, held, int64(5*10*rows))
	for limit = asked; limit > 0; limit-- {
		held, asked = 0, 0
		_, err := Compute(context.Background(), &spec, cols, rows, reserve)
		require.ErrorContains(t, err, "no more")
		require.Zero(t, held, "after request %d", limit)
	}
}

// Top keeps every row of the answer, in batches of any size, and few others.
func TestTopKeepsTheFirst(t *testing.T) {
	const rows, k = 4096, 2
	cols := table(rows, 100)
	spec := Spec{Over: []int{0}, Order: []sorting.Key{{Col: 1, Desc: true}}, Calls: []Call{callOf(t, expr.RowNumber())}}
	want, err := Compute(context.Background(), &spec, cols, rows, nil)
	require.NoError(t, err)
	numbers := vec.Of[int64](&want[0])
	for _, size := range []int{1, 7, rows} {
		top, ok, err := NewTop(&spec, []arrow.DataType{cols[0].Type, cols[1].Type, cols[2].Type}, k, nil)
		require.NoError(t, err)
		require.True(t, ok)
		var at []uint32
		var kept []Kept
		for from := 0; from < rows; from += size {
			n := min(size, rows-from)
			part := make([]vec.Vec, len(cols))
			for i := range cols {
				vec.Slice(&part[i], &cols[i], from, n, nil)
			}
			keep, _, g, w, err := top.Add(part, n)
			require.NoError(t, err)
			var batch Kept
			for i := range n {
				if bitmap.Get(keep, i) {
					batch.Parts, batch.Words, at = append(batch.Parts, g[i]), append(batch.Words, w[i]), append(at, uint32(from+i))
				}
			}
			kept = append(kept, batch)
		}
		require.Equal(t, 100, top.Partitions())
		keep, n := top.Still(kept, len(at))
		require.Equal(t, 200, n)
		for i, row := range at {
			require.Equal(t, numbers[row] <= k, bitmap.Get(keep, i), "row %d", row)
		}
	}
}
