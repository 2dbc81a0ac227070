package plan_test

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// A plan is a tree of nodes, each checked against the columns of its input as it is made.
func Example() {
	trips := arrow.NewSchema([]arrow.Field{{Name: "zone", Type: arrow.BinaryTypes.String}, {Name: "fare", Type: arrow.PrimitiveTypes.Float64}}, nil)
	var n plan.Node = plan.NewInput(0, trips)
	n, err := plan.NewFilter(n, expr.Col("fare").Gt(0))
	if err == nil {
		n, err = plan.NewGroupBy(n, []expr.Expr{expr.Col("zone")}, []expr.Expr{expr.Mean("fare").As("mean_fare")}, false)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan.Format(n))
	fmt.Println(n.Schema().Field(1).Name, n.Schema().Field(1).Type)

	_, err = plan.NewFilter(n, expr.Col("mean_fair").Gt(10))
	fmt.Println(err)
	// Output:
	// GroupBy zone: Mean(fare).As("mean_fare")
	//   Filter fare.Gt(0)
	//     Input 0
	// mean_fare float64
	// plan/example_test.go:27: Filter: column "mean_fair" not found; did you mean "mean_fare"?
}
