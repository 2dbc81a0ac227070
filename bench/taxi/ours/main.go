// Ours answers the benchmark's questions with Sheaf: it reads the name of a question a line and writes a JSON line with the seconds it
// took and the answer's rows.
//
//	ours TRIPS ZONES
package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/sheafdata/sheaf/bench/serve"
	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
)

type frame = dataframe.DataFrame

var at, fare, tip = expr.Col("tpep_pickup_datetime"), expr.Col("fare_amount"), expr.Col("tip_amount")

var questions = map[string]func(trips, zones *frame) *frame{
	"by_day": func(trips, _ *frame) *frame {
		return trips.GroupBy(at.Dt().Date().As("day")).Agg(expr.Count().As("trips"), expr.Sum("total_amount").As("revenue")).Sort("day")
	},
	"tip_share": func(trips, _ *frame) *frame {
		return trips.Filter(fare.Gt(0)).GroupBy(at.Dt().Weekday().As("weekday"), at.Dt().Hour().As("hour")).
			Agg(expr.Mean(tip.Div(fare)).As("tip_share"), expr.Count().As("trips")).Sort("weekday", "hour")
	},
	"by_passengers": func(trips, _ *frame) *frame {
		return trips.GroupBy("passenger_count").
			Agg(expr.Mean(fare).As("fare"), expr.Mean("trip_distance").As("distance"), expr.Count().As("trips")).Sort("passenger_count")
	},
	"by_payment": func(trips, _ *frame) *frame {
		return trips.GroupBy("payment_type").Agg(expr.Count().As("trips"), expr.Max("total_amount").As("most")).Sort("payment_type")
	},
	"top_zones": func(trips, zones *frame) *frame {
		return trips.Join(zones, dataframe.On("PULocationID", "LocationID")).GroupBy("borough", "zone").
			Agg(expr.Count().As("trips")).Sort(dataframe.Desc("trips"), "borough", "zone").Limit(20)
	},
	"longest": func(trips, _ *frame) *frame {
		return trips.Select("tpep_pickup_datetime", "trip_distance", "total_amount").
			Sort(dataframe.Desc("trip_distance"), "tpep_pickup_datetime", "total_amount").Limit(10)
	},
	"dirt": func(trips, _ *frame) *frame {
		one := func(rule expr.Expr) expr.Expr { return expr.Sum(expr.If(rule, 1, 0)) }
		return trips.GroupBy().Agg(one(fare.Lt(0)).As("negative_fare"), one(expr.Col("trip_distance").Eq(0)).As("no_distance"),
			one(expr.Col("tpep_dropoff_datetime").Lt(at)).As("ends_before_start"),
			one(expr.Col("passenger_count").IsNull()).As("no_passenger_count"))
	},
}

func open(path string) *frame {
	if strings.HasSuffix(path, ".csv") {
		return readers.CSV(path, nil)
	}
	return readers.Parquet(path, nil)
}

type reply struct {
	Seconds float64 `json:"seconds"`
	Rows    [][]any `json:"rows"`
	Error   string  `json:"error,omitempty"`
}

func answer(name string) reply {
	start := time.Now()
	table, err := questions[name](open(os.Args[1]), open(os.Args[2])).Collect(context.Background())
	r := reply{Seconds: time.Since(start).Seconds()}
	if err != nil {
		r.Error = err.Error()
		return r
	}
	for i := range table.NumRows() {
		var row []any
		for _, f := range table.Schema().Fields() {
			v := table.Value(i, f.Name)
			if t, ok := v.(time.Time); ok {
				v = t.Format("2006-01-02 15:04:05")
			}
			row = append(row, v)
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

func main() { serve.Lines(answer) }
