package optimizer

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// BenchmarkOptimize is a whole optimization: of a query of the size that people write, and of one that a program builds, with a
// hundred steps over a hundred columns.
func BenchmarkOptimize(b *testing.B) {
	col := expr.Col
	small := from(trips).filter(col("fare").Gt(0)).with(col("tip").Div(col("fare")).As("share")).
		join(from(zones), using(plan.Left)).filter(col("area").Gt(1)).
		group(es(col("name")), es(expr.Count().As("n"), expr.Mean(col("share")).As("share"))).sort("n").limit(10, 0)

	wide := &table{name: "wide"}
	var fields []arrow.Field
	for i := range 100 {
		fields = append(fields, field(fmt.Sprintf("c%d", i), arrow.PrimitiveTypes.Float64))
	}
	wide.schema = arrow.NewSchema(fields, nil)
	long := from(wide)
	for i := range 100 {
		long = long.with(col(fmt.Sprintf("c%d", i)).Add(col("c0")).As(fmt.Sprintf("c%d", i)))
		if i%10 == 0 {
			long = long.filter(col(fmt.Sprintf("c%d", i)).Gt(i))
		}
	}
	for _, c := range []struct {
		name string
		n    plan.Node
	}{{"query", small.n}, {"long", long.n}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Optimize(c.n, Options{Fold: foldSome}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
