package optimizer_test

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/optimizer"
	"github.com/sheafdata/sheaf/plan"
)

// The optimizer gives a plan of the same rows for less work: here two filters become one, and a sort of which few rows are wanted a
// top-k. The trace says which rules fired.
func ExampleOptimize() {
	trips := arrow.NewSchema([]arrow.Field{{Name: "zone", Type: arrow.BinaryTypes.String}, {Name: "fare", Type: arrow.PrimitiveTypes.Float64}}, nil)
	n, err := plan.NewFilter(plan.NewInput(0, trips), expr.Col("fare").Gt(0))
	if err == nil {
		n, err = plan.NewFilter(n, expr.Col("zone").NotNull())
	}
	if err == nil {
		n, err = plan.NewSort(n, plan.SortKey{Expr: expr.Col("fare"), Desc: true})
	}
	if err == nil {
		n, err = plan.NewLimit(n, 10, 0)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	better, _, err := optimizer.Optimize(n, optimizer.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan.Format(better))
	// Output:
	// TopK 10 by fare desc
	//   Filter fare.Gt(0).And(zone.NotNull())
	//     Input 0
}
