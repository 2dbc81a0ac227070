package window

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

// table is rows of a key of so many values, a float and an integer.
func table(rows, keys int) []vec.Vec {
	r := rand.New(rand.NewPCG(1, 2))
	k, x, n := make([]int64, rows), make([]float64, rows), make([]int64, rows)
	for i := range rows {
		k[i], x[i], n[i] = int64(r.IntN(keys)), r.Float64()*1000, int64(r.IntN(1000))
	}
	column := func(t arrow.DataType, p vec.Phys, data []byte) vec.Vec {
		return vec.Vec{Type: t, Phys: p, Width: 8, Len: rows, Data: data}
	}
	return []vec.Vec{column(arrow.PrimitiveTypes.Int64, vec.Int64, vec.Bytes(k)), column(arrow.PrimitiveTypes.Float64, vec.Float64, vec.Bytes(x)),
		column(arrow.PrimitiveTypes.Int64, vec.Int64, vec.Bytes(n))}
}

var tableSchema = arrow.NewSchema([]arrow.Field{{Name: "k", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)

// callOf binds a call over the columns of table.
func callOf(tb testing.TB, e expr.Expr, args ...int) Call {
	b, err := expr.Bind(e.Over("k"), tableSchema)
	if err != nil {
		tb.Fatal(err)
	}
	return Call{Expr: b, Args: args, Where: -1}
}

func BenchmarkWindow(b *testing.B) {
	const rows = 1 << 20
	ordered := []sorting.Key{{Col: 1, Desc: true}}
	x := expr.Col("x")
	for _, c := range []struct {
		name  string
		order []sorting.Key
		call  expr.Expr
		args  []int
	}{
		{"row_number", nil, expr.RowNumber(), nil},
		{"row_number ordered", ordered, expr.RowNumber(), nil},
		{"rank ordered", ordered, expr.Rank(), nil},
		{"lag ordered", ordered, expr.Lag(x, 1), []int{1}},
		{"sum", nil, expr.Sum(x), []int{1}},
		{"cum_sum ordered", ordered, expr.CumSum(x), []int{1}},
		{"sum of 10 rows ordered", ordered, expr.Sum(x).Rows(-9, 0), []int{1}},
		{"max of 10 rows ordered", ordered, expr.Max(x).Rows(-9, 0), []int{1}},
		{"median of 100 rows ordered", ordered, expr.Median(x).Rows(-99, 0), []int{1}},
		{"mode of 100 rows", nil, expr.Mode(expr.Col("n")).Rows(-99, 0), []int{2}},
	} {
		for _, keys := range []int{1000, 100000} {
			cols := table(rows, keys)
			spec := Spec{Over: []int{0}, Order: c.order, Calls: []Call{callOf(b, c.call, c.args...)}}
			b.Run(fmt.Sprintf("%s/%d", c.name, keys), func(b *testing.B) {
				for b.Loop() {
					if _, err := Compute(context.Background(), &spec, cols, rows, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			})
		}
	}
}
