package dataframe_test

import (
	"context"
	"fmt"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

type observation struct {
	Station string
	Hour    int
	Temp    *float64
}

func degrees(x float64) *float64 { return &x }

func weather() *dataframe.DataFrame {
	return dataframe.FromStructs([]observation{
		{"pier", 6, degrees(11)}, {"hill", 6, degrees(8.5)}, {"pier", 12, degrees(17.5)}, {"hill", 12, degrees(14)},
		{"pier", 18, nil}, {"hill", 18, degrees(12)}, {"pier", 23, degrees(11)},
	})
}

// How often each value occurs: group by it and count.
func ExampleDataFrame_GroupBy_valueCounts() {
	t, err := weather().GroupBy("Temp").Agg(expr.Count().As("n")).Sort(dataframe.Desc("n"), "Temp").Limit(3).Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌─────────┬───────┐
	// │    Temp │     n │
	// │ float64 │ int64 │
	// ├─────────┼───────┤
	// │    11.0 │     2 │
	// │     8.5 │     1 │
	// │    12.0 │     1 │
	// └─────────┴───────┘
	// 3 rows × 2 columns
}

// Quantiles are exact, interpolated between neighbours; nulls are left out.
func ExampleGrouped_Agg_quantiles() {
	t, err := weather().GroupBy("Station").Agg(
		expr.Median("Temp").As("median"),
		expr.Quantile("Temp", 0.9).As("q90"),
		expr.Mode("Temp").As("mode"),
	).Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌─────────┬─────────┬─────────┬─────────┐
	// │ Station │  median │     q90 │    mode │
	// │ text    │ float64 │ float64 │ float64 │
	// ├─────────┼─────────┼─────────┼─────────┤
	// │ pier    │    11.0 │    16.2 │    11.0 │
	// │ hill    │    12.0 │    13.6 │     8.5 │
	// └─────────┴─────────┴─────────┴─────────┘
	// 2 rows × 4 columns
}

// First, Last, ListOf and Mode take the rows in an order of their own where OrderBy gives one.
func ExampleGrouped_Agg_orderBy() {
	t, err := weather().GroupBy("Station").Agg(
		expr.First("Hour").OrderBy(expr.Col("Temp").Desc()).As("warmest_at"),
		expr.ListOf("Temp").OrderBy("Hour").As("course"),
	).Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌─────────┬────────────┬──────────────────────────┐
	// │ Station │ warmest_at │ course                   │
	// │ text    │      int64 │ list<float64>            │
	// ├─────────┼────────────┼──────────────────────────┤
	// │ pier    │         12 │ [11.0, 17.5, null, 11.0] │
	// │ hill    │         12 │ [8.5, 14.0, 12.0]        │
	// └─────────┴────────────┴──────────────────────────┘
	// 2 rows × 3 columns
}

// Where lets an aggregate see some of the rows.
func ExampleGrouped_Agg_where() {
	t, err := weather().GroupBy("Station").Agg(
		expr.Mean("Temp").Where(expr.Col("Hour").Ge(12)).As("later"),
		expr.Count().Where(expr.Col("Temp").IsNull()).As("missing"),
	).Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌─────────┬─────────┬─────────┐
	// │ Station │   later │ missing │
	// │ text    │ float64 │   int64 │
	// ├─────────┼─────────┼─────────┤
	// │ pier    │   14.25 │       1 │
	// │ hill    │   13.0  │       0 │
	// └─────────┴─────────┴─────────┘
	// 2 rows × 3 columns
}

// Describe shows the shape of every column.
func ExampleDataFrame_Describe() {
	t, err := weather().Describe(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌────────────┬─────────┬─────────────┬─────────────┐
	// │ statistic  │ Station │        Hour │        Temp │
	// │ text       │ text    │     float64 │     float64 │
	// ├────────────┼─────────┼─────────────┼─────────────┤
	// │ count      │ 7       │  7.0        │  6.0        │
	// │ null_count │ 0       │  0.0        │  1.0        │
	// │ mean       │ null    │ 13.5714286  │ 12.3333333  │
	// │ std        │ null    │  6.42539604 │  3.09300286 │
	// │ min        │ hill    │  6.0        │  8.5        │
	// │ 25%        │ null    │  9.0        │ 11.0        │
	// │ 50%        │ null    │ 12.0        │ 11.5        │
	// │ 75%        │ null    │ 18.0        │ 13.5        │
	// │ max        │ pier    │ 23.0        │ 17.5        │
	// └────────────┴─────────┴─────────────┴─────────────┘
	// 9 rows × 4 columns
}
