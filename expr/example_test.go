package expr_test

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

type ride struct {
	City  string    `sheaf:"city"`
	At    time.Time `sheaf:"at"`
	Fare  float64   `sheaf:"fare"`
	Tip   *float64  `sheaf:"tip"`
	Seats int32     `sheaf:"seats"`
}

var (
	two   = 2.0
	noon  = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	rides = dataframe.FromStructs([]ride{
		{"Bonn", noon, 10, &two, 4},
		{"Köln", noon.Add(-3 * time.Hour), 8, nil, 2},
	})
)

func show(df *dataframe.DataFrame) {
	table, err := df.Collect(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(table)
}

// An expression says what to compute. It knows nothing of a frame until it is given to one, and prints itself.
func Example() {
	share := expr.Col("tip").Div(expr.Col("fare")).As("share")
	fmt.Println(share)
	show(rides.Select("city", share))
	// Output:
	// tip.Div(fare).As("share")
	// ┌──────┬─────────┐
	// │ city │   share │
	// │ text │ float64 │
	// ├──────┼─────────┤
	// │ Bonn │     0.2 │
	// │ Köln │    null │
	// └──────┴─────────┘
	// 2 rows × 2 columns
}

// Null is a value that is not there: what is computed from it is null, and Coalesce puts another value in its place.
func ExampleCoalesce() {
	tip := expr.Col("tip")
	show(rides.Select(tip, tip.Gt(1).As("large"), tip.IsNull().As("none"), expr.Coalesce(tip, 0).As("filled")))
	// Output:
	// ┌─────────┬───────┬───────┬─────────┐
	// │     tip │ large │ none  │  filled │
	// │ float64 │ bool  │ bool  │ float64 │
	// ├─────────┼───────┼───────┼─────────┤
	// │     2.0 │ true  │ false │     2.0 │
	// │    null │ null  │ true  │     0.0 │
	// └─────────┴───────┴───────┴─────────┘
	// 2 rows × 4 columns
}

func ExampleIf() {
	size := expr.If(expr.Col("seats").Gt(3), "large", "small").As("size")
	show(rides.Select("seats", size))
	// Output:
	// ┌───────┬───────┐
	// │ seats │ size  │
	// │ int32 │ text  │
	// ├───────┼───────┤
	// │     4 │ large │
	// │     2 │ small │
	// └───────┴───────┘
	// 2 rows × 2 columns
}

func ExampleExpr_Str() {
	city := expr.Col("city").Str()
	show(rides.Select(city.Upper().As("upper"), city.Len().As("characters"), city.LenBytes().As("bytes"), city.Extract("^(.)", 1).As("first")))
	// Output:
	// ┌───────┬────────────┬───────┬───────┐
	// │ upper │ characters │ bytes │ first │
	// │ text  │      int64 │ int64 │ text  │
	// ├───────┼────────────┼───────┼───────┤
	// │ BONN  │          4 │     4 │ B     │
	// │ KÖLN  │          4 │     5 │ K     │
	// └───────┴────────────┴───────┴───────┘
	// 2 rows × 4 columns
}

func ExampleExpr_Dt() {
	at := expr.Col("at").Dt()
	show(rides.Select(at.Date().As("date"), at.Hour().As("hour"), at.Truncate("month").As("month"), at.In("Asia/Tokyo").Dt().Hour().As("in Tokyo")))
	// Output:
	// ┌────────────┬───────┬───────────────────────┬──────────┐
	// │ date       │  hour │ month                 │ in Tokyo │
	// │ date       │ int64 │ timestamp[us, tz=UTC] │    int64 │
	// ├────────────┼───────┼───────────────────────┼──────────┤
	// │ 2024-02-29 │    12 │ 2024-02-01 00:00:00Z  │       21 │
	// │ 2024-02-29 │     9 │ 2024-02-01 00:00:00Z  │       18 │
	// └────────────┴───────┴───────────────────────┴──────────┘
	// 2 rows × 4 columns
}

// Cast is an error where a value does not fit; TryCast gives null.
func ExampleExpr_TryCast() {
	show(rides.Select(expr.Lit("12").TryCast(arrow.PrimitiveTypes.Int64).As("number"), expr.Col("city").TryCast(arrow.PrimitiveTypes.Int64).As("city")).Limit(1))
	_, err := rides.Select(expr.Col("fare").Mul(1e10).Cast(arrow.PrimitiveTypes.Int32)).Collect(context.Background())
	fmt.Println(err != nil)
	// Output:
	// ┌────────┬───────┐
	// │ number │  city │
	// │  int64 │ int64 │
	// ├────────┼───────┤
	// │     12 │  null │
	// └────────┴───────┘
	// 1 row × 2 columns
	// true
}

// An aggregate stands in Agg, also inside arithmetic; Where restricts it to some rows.
func ExampleSum() {
	fare := expr.Col("fare")
	show(rides.GroupBy().Agg(
		expr.Sum(fare).As("all"),
		expr.Sum(fare).Where(expr.Col("tip").NotNull()).As("tipped"),
		expr.Max(fare).Sub(expr.Min(fare)).As("spread")))
	// Output:
	// ┌─────────┬─────────┬─────────┐
	// │     all │  tipped │  spread │
	// │ float64 │ float64 │ float64 │
	// ├─────────┼─────────┼─────────┤
	// │    18.0 │    10.0 │     2.0 │
	// └─────────┴─────────┴─────────┘
	// 1 row × 3 columns
}

// Over makes an aggregate a column: each row gets that of its partition, here of all rows.
func ExampleExpr_Over() {
	show(rides.Select("city", expr.Col("fare").Div(expr.Sum("fare").Over()).Mul(100).Round(1).As("percent")))
	// Output:
	// ┌──────┬─────────┐
	// │ city │ percent │
	// │ text │ float64 │
	// ├──────┼─────────┤
	// │ Bonn │    55.6 │
	// │ Köln │    44.4 │
	// └──────┴─────────┘
	// 2 rows × 2 columns
}

// hypot is a function of the program's own. It belongs in a package-level variable: its name is registered once.
var hypot = expr.Func2("hypot_example", math.Hypot)

func ExampleFunc2() {
	show(rides.Select(hypot("fare", "tip").As("hypot")))
	// Output:
	// ┌───────────┐
	// │     hypot │
	// │   float64 │
	// ├───────────┤
	// │ 10.198039 │
	// │      null │
	// └───────────┘
	// 2 rows × 1 column
}
