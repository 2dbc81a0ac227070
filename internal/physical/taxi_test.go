package physical_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// named is a source that is planned over, never read.
type named struct {
	name   string
	schema *arrow.Schema
}

func (n *named) String() string        { return n.name }
func (n *named) Schema() *arrow.Schema { return n.schema }

func (n *named) Plan(context.Context, partition.ScanRequest) (*partition.Scan, error) {
	return nil, fmt.Errorf("%s is not to be read", n.name)
}

func frame(name string, fields ...arrow.Field) *dataframe.DataFrame {
	return dataframe.FromSource(&named{name, arrow.NewSchema(fields, nil)})
}

func field(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

// taxi returns the frames of the taxi questions: trips of two years, the zones.
func taxi() (trips, zones *dataframe.DataFrame) {
	p := arrow.PrimitiveTypes
	at := &arrow.TimestampType{Unit: arrow.Microsecond}
	fields := []arrow.Field{field("VendorID", p.Int64), field("pickup", at), field("dropoff", at), field("passenger_count", p.Int64), field("trip_distance", p.Float64),
		field("payment_type", p.Int64), field("fare_amount", p.Float64), field("tip_amount", p.Float64), field("total_amount", p.Float64), field("pickup_zone", p.Int64)}
	trips = dataframe.Concat(frame("trips of 2023", fields...), frame("trips of 2024", fields...))
	zones = frame("zones", field("LocationID", p.Int64), field("borough", arrow.BinaryTypes.String), field("zone", arrow.BinaryTypes.String), field("service", arrow.BinaryTypes.String))
	return trips, zones
}

type question struct {
	title string
	frame *dataframe.DataFrame
}

// questions are those of examples/nyctaxi.
func questions() []question {
	trips, zones := taxi()
	pickup, dropoff, fare, tip := expr.Col("pickup"), expr.Col("dropoff"), expr.Col("fare_amount"), expr.Col("tip_amount")
	count := func(rule expr.Expr, name string) expr.Expr { return expr.Sum(expr.If(rule, 1, 0)).As(name) }
	return []question{
		{"trips and money by day", trips.GroupBy(pickup.Dt().Date().As("day")).Agg(expr.Count().As("trips"), expr.Sum("total_amount").As("revenue")).Sort("day")},
		{"share of the tip by weekday and hour", trips.Filter(fare.Gt(0)).GroupBy(pickup.Dt().Weekday().As("weekday"), pickup.Dt().Hour().As("hour")).
			Agg(expr.Mean(tip.Div(fare)).As("tip_share"), expr.Count().As("trips")).Sort("weekday", "hour")},
		{"fare and distance by passengers", trips.GroupBy("passenger_count").
			Agg(expr.Mean(fare).As("fare"), expr.Mean("trip_distance").As("distance"), expr.Count().As("trips")).Sort("passenger_count")},
		{"ways to pay", trips.GroupBy("payment_type").Agg(expr.Count().As("trips"), expr.Max("total_amount").As("most")).Sort("payment_type")},
		{"20 zones with the most pickups", trips.Join(zones, dataframe.On("pickup_zone", "LocationID")).GroupBy("borough", "zone").Agg(expr.Count().As("trips")).
			Sort(dataframe.Desc("trips"), "borough", "zone").Limit(20)},
		{"ten longest trips", trips.Select("pickup", "trip_distance", "total_amount").Sort(dataframe.Desc("trip_distance"), "pickup", "total_amount").Limit(10)},
		{"wrong records", trips.GroupBy().Agg(count(fare.Lt(0), "negative_fare"), count(expr.Col("trip_distance").Eq(0), "no_distance"),
			count(dropoff.Lt(pickup), "ends_before_start"), count(expr.Col("passenger_count").IsNull(), "no_passenger_count"))},
	}
}

// The stages of the taxi questions are as the golden file has them.
func TestStagesOfTheTaxiQuestions(t *testing.T) {
	var b strings.Builder
	for _, q := range questions() {
		require.NoError(t, q.frame.Err(), q.title)
		fmt.Fprintf(&b, "-- %s\n%s\n", q.title, q.frame.Explain(dataframe.Physical))
	}
	golden(t, "taxi.txt", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run with -update after looking at the difference")
}
