package main

import (
	"context"
	"time"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

// question is one question, the columns that it needs, how it is asked, and how the answer is drawn.
type question struct {
	name, title, text string
	needs             []string
	ask               func(trips, zones *dataframe.DataFrame) *dataframe.DataFrame
	draw              func(context.Context, *dataframe.DataFrame) (chart, error)
}

var (
	pickup, dropoff = expr.Col("pickup"), expr.Col("dropoff")
	fare, tip       = expr.Col("fare_amount"), expr.Col("tip_amount")
	miles           = expr.Col("trip_distance")
)

// questions are asked in this order.
var questions = []question{
	{"by_day", "How many trips a day, and for how much money?",
		"Days of less than a hundredth of the busiest day's trips are in the table only: most are clocks that were wrong.",
		[]string{"pickup", "total_amount"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.GroupBy(pickup.Dt().Date().As("day")).
				Agg(expr.Count().As("trips"), expr.Sum("total_amount").As("revenue")).
				Sort("day")
		}, drawDays},
	{"tip_share", "What share of the fare is the tip, by weekday and hour?",
		"The mean over trips with a fare, tip_share 0.2 is 20 percent. Weekday 1 is Monday. Tips in cash are not on record and count as none.",
		[]string{"pickup", "fare_amount", "tip_amount"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.Filter(fare.Gt(0)).
				GroupBy(pickup.Dt().Weekday().As("weekday"), pickup.Dt().Hour().As("hour")).
				Agg(expr.Mean(tip.Div(fare)).As("tip_share"), expr.Count().As("trips")).
				Sort("weekday", "hour")
		}, drawTips},
	{"by_passengers", "What do trips cost, and how far do they go, by number of passengers?",
		"Means of the fare in US dollars and of the distance in miles. The driver types the number in; null is a trip without it. Impossible distances are in the means.",
		[]string{"passenger_count", "fare_amount", "trip_distance"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.GroupBy("passenger_count").
				Agg(expr.Mean(fare).As("fare"), expr.Mean(miles).As("distance"), expr.Count().As("trips")).
				Sort("passenger_count")
		}, drawPassengers},
	{"by_payment", "How do people pay, and what was the most they paid?",
		"0 is a flexible fare, 1 a credit card, 2 cash, 3 no charge, 4 a dispute; most is in US dollars.",
		[]string{"payment_type", "total_amount"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.GroupBy("payment_type").
				Agg(expr.Count().As("trips"), expr.Max("total_amount").As("most")).
				Sort("payment_type")
		}, drawPayments},
	{"top_zones", "Which 20 zones have the most pickups?",
		"The trips are joined with the 263 taxi zones of the city.",
		[]string{"pickup_zone"},
		func(trips, zones *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.Join(zones, dataframe.On("pickup_zone", "LocationID")).
				GroupBy("borough", "zone").Agg(expr.Count().As("trips")).
				Sort(dataframe.Desc("trips"), "borough", "zone").Limit(20)
		}, drawZones},
	{"longest", "Which were the ten longest trips, in miles?",
		"As recorded: of a distance of more than some 200 miles the meter is to blame.",
		[]string{"pickup", "trip_distance", "total_amount"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			return trips.Select("pickup", "trip_distance", "total_amount").
				Sort(dataframe.Desc("trip_distance"), "pickup", "total_amount").Limit(10)
		}, drawLongest},
	{"dirt", "How many records are wrong, by rule?",
		"A record can break several rules.",
		[]string{"pickup", "dropoff", "fare_amount", "trip_distance", "passenger_count"},
		func(trips, _ *dataframe.DataFrame) *dataframe.DataFrame {
			var counts []expr.Expr
			for _, r := range rules {
				counts = append(counts, expr.Sum(expr.If(r.broken, 1, 0)).As(r.name))
			}
			return trips.GroupBy().Agg(counts...)
		}, drawDirt},
	{"by_borough", "What share of an hour's revenue does each borough bring?",
		"By the borough of pickup; the shares of an hour add up to 1. EWR is Newark Airport.",
		[]string{"pickup", "pickup_zone", "total_amount"},
		func(trips, zones *dataframe.DataFrame) *dataframe.DataFrame {
			revenue := expr.Col("revenue")
			return trips.Join(zones, dataframe.On("pickup_zone", "LocationID")).
				GroupBy(pickup.Dt().Hour().As("hour"), "borough").Agg(expr.Sum("total_amount").As("revenue")).
				With(revenue.Div(expr.Sum(revenue).Over("hour")).As("share")).
				Sort("hour", "borough")
		}, drawBoroughs},
}

// rules are what a record must not be.
var rules = []struct {
	name, says string
	broken     expr.Expr
}{
	{"negative_fare", "negative fare", fare.Lt(0)},
	{"no_distance", "no distance", miles.Eq(0)},
	{"impossible_distance", "more than 200 miles", miles.Gt(200)},
	{"ends_before_start", "ends before it starts", dropoff.Lt(pickup)},
	{"day_long", "takes 20 hours and more", dropoff.Sub(pickup).Ge(20 * time.Hour)},
	{"no_passenger_count", "no passenger count", expr.Col("passenger_count").IsNull()},
}
