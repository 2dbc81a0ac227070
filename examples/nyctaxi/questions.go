package main

import (
	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

// question is one question and the columns that it needs.
type question struct {
	name, title string
	needs       []string
	ask         func(trips, zones *dataframe.DataFrame) *dataframe.DataFrame
}

var (
	pickup, dropoff = expr.Col("pickup"), expr.Col("dropoff")
	fare, tip       = expr.Col("fare_amount"), expr.Col("tip_amount")
)

// questions are asked in this order.
var questions = []question{
	{"by_day", "How many trips a day, and for how much money?", []string{"pickup", "total_amount"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.GroupBy(pickup.Dt().Date().As("day")).
				Agg(expr.Count().As("trips"), expr.Sum("total_amount").As("revenue")).
				Sort("day")
		}},
	{"tip_share", "What share of the fare is the tip, by weekday (Monday is 1) and hour?", []string{"pickup", "fare_amount", "tip_amount"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.Filter(fare.Gt(0)).
				GroupBy(pickup.Dt().Weekday().As("weekday"), pickup.Dt().Hour().As("hour")).
				Agg(expr.Mean(tip.Div(fare)).As("tip_share"), expr.Count().As("trips")).
				Sort("weekday", "hour")
		}},
	{"by_passengers", "What do trips cost, and how far do they go, by number of passengers?", []string{"passenger_count", "fare_amount", "trip_distance"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.GroupBy("passenger_count").
				Agg(expr.Mean(fare).As("fare"), expr.Mean("trip_distance").As("distance"), expr.Count().As("trips")).
				Sort("passenger_count")
		}},
	{"by_payment", "How do people pay, and what was the most they paid?", []string{"payment_type", "total_amount"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.GroupBy("payment_type").
				Agg(expr.Count().As("trips"), expr.Max("total_amount").As("most")).
				Sort("payment_type")
		}},
	{"top_zones", "Which 20 zones have the most pickups?", []string{"pickup_zone"},
		func(trips, zones *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.Join(zones, dataframe.On("pickup_zone", "LocationID")).
				GroupBy("borough", "zone").Agg(expr.Count().As("trips")).
				Sort(dataframe.Desc("trips"), "borough", "zone").Limit(20)
		}},
	{"longest", "Which were the ten longest trips, in miles?", []string{"pickup", "trip_distance", "total_amount"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.Select("pickup", "trip_distance", "total_amount").
				Sort(dataframe.Desc("trip_distance"), "pickup", "total_amount").Limit(10)
		}},
	{"dirt", "How many records are wrong, by rule?", []string{"pickup", "dropoff", "fare_amount", "trip_distance", "passenger_count"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			count := func(rule expr.Expr) expr.Expr { return expr.Sum(expr.If(rule, 1, 0)) }
			return trips.GroupBy().Agg(
				count(fare.Lt(0)).As("negative_fare"),
				count(expr.Col("trip_distance").Eq(0)).As("no_distance"),
				count(dropoff.Lt(pickup)).As("ends_before_start"),
				count(expr.Col("passenger_count").IsNull()).As("no_passenger_count"))
		}},
}
