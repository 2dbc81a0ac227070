package dataframe_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

// Windows are values of a row that depend on the rows around it. Over says which rows belong together, OrderBy in which order they
// stand, Rows or Range which of them count.
func Example_windows() {
	day := func(d int) time.Time { return time.Date(2024, time.May, d, 0, 0, 0, 0, time.UTC) }
	sales := dataframe.FromStructs([]struct {
		Shop  string    `sheaf:"shop"`
		Day   time.Time `sheaf:"day"`
		Euros float64   `sheaf:"euros"`
	}{
		{"north", day(1), 40}, {"south", day(1), 15}, {"north", day(2), 10}, {"south", day(3), 25}, {"north", day(9), 70},
	})
	euros := expr.Col("euros")
	windows := sales.With(
		expr.RowNumber().OrderBy("day").Over("shop").As("visit"),
		euros.Sub(expr.Lag(euros, 1).OrderBy("day").Over("shop")).As("change"),
		expr.CumSum(euros).OrderBy("day").Over("shop").As("so far"),
		expr.Sum(euros).OrderBy("day").Range(-6*24*time.Hour, 0).Over("shop").As("week"), // this day and the six before
		euros.Div(expr.Sum(euros).Over()).As("share"),                                    // of all shops together
	)
	table, err := windows.Drop("day").Collect(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(table)

	best := sales.Filter(expr.RowNumber().OrderBy(euros.Desc()).Over("shop").Le(1)).Drop("day")
	if table, err = best.Collect(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(table)
	// Output:
	// ┌───────┬─────────┬───────┬─────────┬─────────┬─────────┬─────────┐
	// │ shop  │   euros │ visit │  change │  so far │    week │   share │
	// │ text  │ float64 │ int64 │ float64 │ float64 │ float64 │ float64 │
	// ├───────┼─────────┼───────┼─────────┼─────────┼─────────┼─────────┤
	// │ north │    40.0 │     1 │    null │    40.0 │    40.0 │ 0.25    │
	// │ south │    15.0 │     1 │    null │    15.0 │    15.0 │ 0.09375 │
	// │ north │    10.0 │     2 │   -30.0 │    50.0 │    50.0 │ 0.0625  │
	// │ south │    25.0 │     2 │    10.0 │    40.0 │    40.0 │ 0.15625 │
	// │ north │    70.0 │     3 │    60.0 │   120.0 │    70.0 │ 0.4375  │
	// └───────┴─────────┴───────┴─────────┴─────────┴─────────┴─────────┘
	// 5 rows × 7 columns
	//
	// ┌───────┬─────────┐
	// │ shop  │   euros │
	// │ text  │ float64 │
	// ├───────┼─────────┤
	// │ south │    25.0 │
	// │ north │    70.0 │
	// └───────┴─────────┘
	// 2 rows × 2 columns
}
