// Package plantest holds what tests of plans share: a list of faulty queries whose messages are pinned by golden files, once for the
// nodes of package plan and once for the methods of a frame. It must not be imported by anything but tests; it imports expr and Arrow.
package plantest

import (
	"math/big"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// Case is a faulty query: a method of a frame over Trips and its arguments.
type Case struct {
	// Name says what is wrong; it is unique.
	Name string
	// Method is the frame's method: Select, With, Drop, Rename, Filter, GroupBy, Agg, Sort, Limit, Offset, Distinct, Explode, Unpivot,
	// Repartition, JoinUsing, JoinOn, JoinExpr (with Zones on the right) or Concat (of the frame and its columns Args). For Agg the
	// first argument is the []any of keys.
	Method string
	Args   []any
}

// Trips is the schema of the left side.
var Trips = arrow.NewSchema([]arrow.Field{
	{Name: "fare_amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "tip_amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "passenger_count", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "zone_id", Type: arrow.PrimitiveTypes.Int32},
	{Name: "id", Type: arrow.PrimitiveTypes.Uint64}, {Name: "vendor", Type: arrow.BinaryTypes.String}, {Name: "flag", Type: arrow.FixedWidthTypes.Boolean},
	{Name: "day", Type: arrow.FixedWidthTypes.Date32}, {Name: "pickup", Type: &arrow.TimestampType{Unit: arrow.Microsecond}},
	{Name: "seen", Type: arrow.FixedWidthTypes.Timestamp_us}, {Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String)},
	{Name: "at", Type: arrow.StructOf(arrow.Field{Name: "lat", Type: arrow.PrimitiveTypes.Float64}, arrow.Field{Name: "lon", Type: arrow.PrimitiveTypes.Float64})},
	{Name: "price", Type: &arrow.Decimal128Type{Precision: 10, Scale: 2}},
}, nil)

// Zones is the schema of the right side of joins.
var Zones = arrow.NewSchema([]arrow.Field{
	{Name: "zone_id", Type: arrow.PrimitiveTypes.Int32}, {Name: "vendor", Type: arrow.BinaryTypes.String}, {Name: "vendor_right", Type: arrow.BinaryTypes.String},
	{Name: "borough", Type: arrow.BinaryTypes.String}, {Name: "area", Type: arrow.PrimitiveTypes.Float64},
}, nil)

func c(name string) expr.Expr { return expr.Col(name) }

// Faulty returns the cases, built anew.
func Faulty() []Case {
	return append(append(append(columns(), types()...), literals()...), append(aggregates(), shapes()...)...)
}

func columns() []Case {
	return []Case{
		{"unknown column, a letter missing", "Filter", []any{c("fare_amout").Gt(0)}},
		{"unknown column, other case", "Select", []any{"Vendor"}},
		{"unknown column, nothing near", "With", []any{c("xyzzy").Add(1)}},
		{"unknown column to drop", "Drop", []any{"tip"}},
		{"unknown column to rename", "Rename", []any{"tips", "x"}},
		{"unknown field of a struct", "Select", []any{c("at").Field("latt")}},
		{"two columns of one name", "Select", []any{"vendor", c("fare_amount").As("vendor")}},
		{"rename to a name that is taken", "Rename", []any{"tip_amount", "vendor"}},
		{"zero expression", "Filter", []any{expr.Expr{}}},
		{"zero expression inside", "With", []any{c("fare_amount").Add(expr.Expr{})}},
		{"empty name", "With", []any{c("fare_amount").As("")}},
		{"struct with two fields of one name", "Select", []any{expr.StructOf("vendor", c("flag").As("vendor"))}},
	}
}

func types() []Case {
	return []Case{
		{"number plus text", "With", []any{c("fare_amount").Add(c("vendor"))}},
		{"text plus text", "With", []any{c("vendor").Add(c("vendor"))}},
		{"bool in arithmetic", "With", []any{c("flag").Mul(2)}},
		{"uint64 with int64", "With", []any{c("id").Add(c("passenger_count"))}},
		{"text compared with a number", "Filter", []any{c("vendor").Gt(c("fare_amount"))}},
		{"naive with zoned", "Filter", []any{c("pickup").Lt(c("seen"))}},
		{"date with zoned", "Filter", []any{c("day").Eq(c("seen"))}},
		{"filter by a number", "Filter", []any{c("fare_amount")}},
		{"and of a number", "Filter", []any{c("flag").And(c("passenger_count"))}},
		{"if with two kinds of value", "With", []any{expr.If(c("flag"), c("vendor"), c("fare_amount"))}},
		{"text operation on a number", "With", []any{c("fare_amount").Str().Lower()}},
		{"date part of text", "With", []any{c("vendor").Dt().Year()}},
		{"hour of a date", "With", []any{c("day").Dt().Hour()}},
		{"list operation on text", "With", []any{c("vendor").List().Len()}},
		{"cast that does not exist", "With", []any{c("tags").Cast(arrow.PrimitiveTypes.Int64)}},
		{"comparison of structs", "Filter", []any{c("at").Eq(c("at"))}},
		{"sort by a list", "Sort", []any{"tags"}},
	}
}

func literals() []Case {
	return []Case{
		{"text beside a number", "Filter", []any{c("fare_amount").Gt("10")}},
		{"number beside text", "Filter", []any{c("vendor").Eq(2)}},
		{"bad date", "Filter", []any{c("day").Ge("2024-13-01")}},
		{"bad timestamp", "Filter", []any{c("pickup").Ge("yesterday")}},
		{"offset beside a naive timestamp", "Filter", []any{c("pickup").Ge("2024-01-01T00:00:00+02:00")}},
		{"zone beside a naive timestamp", "Filter", []any{c("pickup").Ge(time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("CET", 3600)))}},
		{"time of day beside a date", "Filter", []any{c("day").Eq(time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC))}},
		{"a Go value of another type", "Filter", []any{c("price").Gt(big.NewInt(5))}},
		{"a slice outside In", "Filter", []any{c("vendor").Eq([]string{"a"})}},
		{"a number as column", "Select", []any{5}},
		{"bad pattern", "Filter", []any{c("vendor").Str().Match("(a")}},
		{"no such group", "With", []any{c("vendor").Str().Extract("(a)", 2)}},
		{"strftime layout", "With", []any{c("vendor").Str().ParseTime("%Y-%m-%d")}},
		{"unknown unit", "With", []any{c("pickup").Dt().Truncate("fortnight")}},
		{"unknown zone", "With", []any{c("pickup").Dt().In("Mars/Olympus")}},
		{"quantile over 1", "Agg", []any{[]any{"vendor"}, expr.Quantile("fare_amount", 95)}},
	}
}

func aggregates() []Case {
	return []Case{
		{"aggregate in Filter", "Filter", []any{c("fare_amount").Gt(expr.Mean("fare_amount"))}},
		{"aggregate in With", "With", []any{expr.Sum("fare_amount")}},
		{"aggregate as key", "GroupBy", []any{expr.Sum("fare_amount")}},
		{"aggregate of an aggregate", "Agg", []any{[]any{"vendor"}, expr.Sum(expr.Max("fare_amount"))}},
		{"column that is no key in Agg", "Agg", []any{[]any{"vendor"}, expr.Sum("tip_amount").Div(c("fare_amount"))}},
		{"only a column in Agg", "Agg", []any{[]any{"vendor"}, c("fare_amount")}},
		{"two aggregates of one name", "Agg", []any{[]any{"vendor"}, expr.Sum("fare_amount"), expr.Mean("fare_amount")}},
		{"an aggregate named as a key", "Agg", []any{[]any{"vendor"}, expr.Count().As("vendor")}},
		{"window function in Agg", "Agg", []any{[]any{"vendor"}, expr.RowNumber().Over()}},
		{"nothing to aggregate", "Agg", []any{[]any{}}},
		{"sum of text", "Agg", []any{[]any{}, expr.Sum("vendor")}},
		{"window function without Over", "With", []any{expr.RowNumber()}},
		{"Where on a column", "With", []any{c("fare_amount").Where(c("flag"))}},
		{"Over on arithmetic", "With", []any{expr.Sum("fare_amount").Div(2).Over("vendor")}},
		{"Where twice", "Agg", []any{[]any{}, expr.Count().Where(c("flag")).Where(c("flag"))}},
		{"Where of a number", "Agg", []any{[]any{}, expr.Count().Where(c("fare_amount"))}},
		{"frame without Over", "Agg", []any{[]any{}, expr.Sum("fare_amount").Rows(-2, 0)}},
		{"frame that ends before it starts", "With", []any{expr.Sum("fare_amount").Rows(1, 0).Over()}},
		{"range without an order", "With", []any{expr.Sum("fare_amount").Range(-1, 0).Over()}},
		{"duration range of a number", "With", []any{expr.Sum("fare_amount").OrderBy("fare_amount").Range(-time.Hour, 0).Over()}},
		{"sort key outside Sort", "Filter", []any{c("fare_amount").Desc().Gt(1)}},
	}
}

func shapes() []Case {
	return []Case{
		{"no sort keys", "Sort", nil},
		{"negative offset", "Offset", []any{int64(-1)}},
		{"distinct by an unknown column", "Distinct", []any{"vendr"}},
		{"explode of text", "Explode", []any{"vendor"}},
		{"unpivot of different types", "Unpivot", []any{[]string{"vendor", "fare_amount"}, "name", "value"}},
		{"unpivot to a name that is taken", "Unpivot", []any{[]string{"fare_amount", "tip_amount"}, "vendor", "value"}},
		{"repartition by an unknown column", "Repartition", []any{"zone"}},
		{"join without a condition", "JoinUsing", nil},
		{"join by an unknown column", "JoinUsing", []any{"zoneid"}},
		{"join by a column of one side", "JoinUsing", []any{"borough"}},
		{"join of number and text", "JoinOn", []any{"zone_id", "borough"}},
		{"join whose suffix is taken", "JoinOn", []any{"zone_id", "zone_id"}},
		{"join on an unknown column of the joined row", "JoinExpr", []any{c("fare_amount").Gt(c("aera"))}},
		{"concat of different columns", "Concat", []any{"vendor", "day"}},
		{"concat of different types", "Concat", []any{"zone_id", c("passenger_count").As("zone_id")}},
	}
}
