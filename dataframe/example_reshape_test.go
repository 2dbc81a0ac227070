package dataframe_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

type order struct {
	Customer string   `sheaf:"customer"`
	Month    string   `sheaf:"month"`
	Items    []string `sheaf:"items"`
	Total    float64  `sheaf:"total"`
}

var orders = []order{
	{"ada", "jan", []string{"tea", "milk"}, 7.5}, {"bob", "jan", []string{"bread"}, 3}, {"ada", "feb", nil, 0}, {"ada", "jan", []string{"tea"}, 4},
	{"bob", "feb", []string{"milk", "tea"}, 9},
}

// Pivot turns the values of a column into columns. Without values it looks for them first.
func ExampleGrouped_Pivot() {
	df := dataframe.FromStructs(orders)
	t, err := df.GroupBy("customer").Pivot("month", "jan", "feb").Agg(expr.Sum("total")).Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌──────────┬─────────┬─────────┐
	// │ customer │     jan │     feb │
	// │ text     │ float64 │ float64 │
	// ├──────────┼─────────┼─────────┤
	// │ ada      │    11.5 │     0.0 │
	// │ bob      │     3.0 │     9.0 │
	// └──────────┴─────────┴─────────┘
	// 2 rows × 3 columns
}

// Unpivot is the way back: a row for every column given, with its name and its value.
func ExampleDataFrame_Unpivot() {
	df := dataframe.FromStructs(orders)
	wide := df.GroupBy("customer").Pivot("month", "jan", "feb").Agg(expr.Sum("total"))
	t, err := wide.Unpivot([]string{"jan", "feb"}, "month", "total").Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌──────────┬───────┬─────────┐
	// │ customer │ month │   total │
	// │ text     │ text  │ float64 │
	// ├──────────┼───────┼─────────┤
	// │ ada      │ jan   │    11.5 │
	// │ ada      │ feb   │     0.0 │
	// │ bob      │ jan   │     3.0 │
	// │ bob      │ feb   │     9.0 │
	// └──────────┴───────┴─────────┘
	// 4 rows × 3 columns
}

// Explode gives a row for every element of a list; a null or empty list gives one row with null.
func ExampleDataFrame_Explode() {
	df := dataframe.FromStructs(orders)
	t, err := df.Explode("items").Select("customer", "items").Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌──────────┬───────┐
	// │ customer │ items │
	// │ text     │ text  │
	// ├──────────┼───────┤
	// │ ada      │ tea   │
	// │ ada      │ milk  │
	// │ bob      │ bread │
	// │ ada      │ null  │
	// │ ada      │ tea   │
	// │ bob      │ milk  │
	// │ bob      │ tea   │
	// └──────────┴───────┘
	// 7 rows × 2 columns
}

// Text can be split to a list and exploded: the usual way to count words.
func ExampleDataFrame_Explode_words() {
	type line struct{ Text string }
	df := dataframe.FromStructs([]line{{"to be or not to be"}, {"be that as it may"}})
	words := df.Select(expr.Col("Text").Str().Split(" ").As("word")).Explode("word")
	t, err := words.GroupBy("word").Agg(expr.Count().As("n")).Sort(dataframe.Desc("n"), "word").Limit(3).Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌──────┬───────┐
	// │ word │     n │
	// │ text │ int64 │
	// ├──────┼───────┤
	// │ be   │     3 │
	// │ to   │     2 │
	// │ as   │     1 │
	// └──────┴───────┘
	// 3 rows × 2 columns
}

// DistinctLast keeps the last row of each key: here the latest order of each customer.
func ExampleDataFrame_DistinctLast() {
	t, err := dataframe.FromStructs(orders).DistinctLast("customer").Select("customer", "month", "total").Collect(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Print(t)
	// Output:
	// ┌──────────┬───────┬─────────┐
	// │ customer │ month │   total │
	// │ text     │ text  │ float64 │
	// ├──────────┼───────┼─────────┤
	// │ ada      │ jan   │     4.0 │
	// │ bob      │ feb   │     9.0 │
	// └──────────┴───────┴─────────┘
	// 2 rows × 3 columns
}

// Map makes a row of every row, FlatMap none or several. The structs say which columns are read and made.
func ExampleMap() {
	type in struct {
		Customer string  `sheaf:"customer"`
		Total    float64 `sheaf:"total"`
	}
	type out struct {
		Name  string
		Cents int64
	}
	df := dataframe.Map(dataframe.FromStructs(orders), func(o in) out {
		return out{Name: strings.ToUpper(o.Customer), Cents: int64(o.Total * 100)}
	})
	rows, err := dataframe.CollectAs[out](context.Background(), df)
	if err != nil {
		panic(err)
	}
	fmt.Println(rows)
	// Output:
	// [{ADA 750} {BOB 300} {ADA 0} {ADA 400} {BOB 900}]
}

func ExampleFlatMap() {
	type in struct {
		Items []string `sheaf:"items"`
	}
	type out struct{ Item string }
	df := dataframe.FlatMap(dataframe.FromStructs(orders), func(o in) ([]out, error) {
		var rows []out
		for _, i := range o.Items {
			rows = append(rows, out{i})
		}
		return rows, nil
	})
	n, err := df.Count(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println(n, "items")
	// Output:
	// 6 items
}
