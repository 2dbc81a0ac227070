package exec

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/vec"
)

// everyNth is a part that leaves every nth row and counts how often it is asked.
type everyNth struct{ n, asked int }

func (p *everyNth) ready() bool       { return true }
func (p *everyNth) bounds() expr.Expr { return expr.Expr{} }
func (p *everyNth) keep(_ context.Context, b *vec.Batch, mask []uint64) error {
	p.asked++
	clear(mask)
	for i := 0; i < b.Rows; i += p.n {
		mask[i>>6] |= 1 << (i & 63)
	}
	return nil
}

func filterOf(parts ...filterPart) *rowFilter {
	return &rowFilter{parts: parts, rests: make([]rest, len(parts)), cols: []int{0}, batch: vec.Batch{Cols: make([]vec.Vec, 1)}}
}

func keepSome(t *testing.T, r *rowFilter, rows int) int {
	t.Helper()
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for range rows {
		b.Append(0)
	}
	mask := make([]uint64, (rows+63)/64)
	kept, err := r.Keep([]arrow.Array{b.NewArray()}, rows, mask)
	require.NoError(t, err)
	return kept
}

// What leaves all rows is passed over for a while, and asked again.
func TestUselessPartRests(t *testing.T) {
	all, half := &everyNth{n: 1}, &everyNth{n: 2}
	r := filterOf(all, half)
	for range 200 {
		require.Equal(t, 50, keepSome(t, r, 100))
	}
	require.Equal(t, 200, half.asked)
	require.Less(t, all.asked, 20)
	require.Greater(t, all.asked, 3)
	before := all.asked
	r.Worth(100, 100) // the filter as a whole is useless: its next try is one of all parts
	keepSome(t, r, 100)
	require.Equal(t, before+1, all.asked)
}

// Where few rows are left, what has to look at all is not asked.
func TestFewRowsAreNotAskedAgain(t *testing.T) {
	few, next := &everyNth{n: 20}, &everyNth{n: 3}
	require.Equal(t, 5, keepSome(t, filterOf(few, next), 100))
	require.Zero(t, next.asked)
	some := &everyNth{n: 5}
	require.Equal(t, 7, keepSome(t, filterOf(some, next), 100))
	require.Equal(t, 1, next.asked)
}

func TestCostOfConditions(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int64}, {Name: "d", Type: &arrow.Decimal128Type{Precision: 9, Scale: 2}}, {Name: "s", Type: arrow.BinaryTypes.String},
	}, nil)
	var costs []int
	for _, e := range []expr.Expr{
		expr.Col("n").Gt(3), expr.Col("d").Gt(3), expr.Col("d").Between(3, 4), expr.Col("s").Str().Contains("x"),
	} {
		bound, err := expr.Bind(e, schema)
		require.NoError(t, err)
		costs = append(costs, costOf(bound))
	}
	require.IsIncreasing(t, costs)
}
