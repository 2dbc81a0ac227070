// First is the example of the README: the payment types with the highest share of tips.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
)

func main() {
	fare, tip := expr.Col("fare_amount"), expr.Col("tip_amount")
	top, err := readers.CSV("examples/nyctaxi/testdata/sample.csv", nil).
		Filter(fare.Gt(0)).
		GroupBy("payment_type").
		Agg(expr.Count().As("trips"), expr.Mean(tip.Div(fare)).As("tip_share"), expr.Max("tip_amount").As("most")).
		Sort(dataframe.Desc("tip_share")).Limit(10).
		Collect(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(top)
}
