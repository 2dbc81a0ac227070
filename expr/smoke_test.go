package expr_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

func TestSmoke(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "i8", Type: arrow.PrimitiveTypes.Int8}, {Name: "i64", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "f", Type: arrow.PrimitiveTypes.Float64}, {Name: "s", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}},
		{Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_us}, {Name: "d", Type: arrow.FixedWidthTypes.Date32}, {Name: "dec", Type: &arrow.Decimal128Type{Precision: 15, Scale: 2}},
		{Name: "nts", Type: &arrow.TimestampType{Unit: arrow.Microsecond}}, {Name: "u64", Type: arrow.PrimitiveTypes.Uint64}}, nil)
	c := expr.Col
	for _, e := range []expr.Expr{c("i8").Add(1), c("i8").Gt(300), c("i64").Gt(0.5), expr.Lit(3).Lt(c("i64")), c("s").Eq("x"), c("s"), c("d").Ge("2024-01-01"), c("ts").Sub(c("ts")),
		c("nts").Ge("2024-01-01 10:00"), c("nts").Between("2024-01-01", "2024-02-01"), c("dec").Mul(expr.Lit(1).Sub(c("dec"))), c("dec").Gt(0.055), c("dec").Div(c("dec")),
		c("i64").In(1, 2.5, 3.0, nil), c("i64").Between(0.5, 3), expr.If(c("f").Lt(0), 1, 0), expr.Sum(expr.If(c("f").Lt(0), 1, 0)).Where(c("s").Str().Contains("a")).As("n"),
		c("ts").Add(36 * time.Hour), c("u64").Add(c("i64")), c("u64").Eq(c("i64")), c("nme"), c("f").Add("x"), c("f").Str().Lower(), expr.Coalesce(c("i8"), 0.5), expr.RowNumber().Over("s"), expr.RowNumber(), c("ts").Eq(c("nts")), c("f").And(c("i8").IsNull()), c("d").Sub("2020-01-01"), c("i8").Div(2), expr.Mean(c("f").Div(c("i8")))} {
		b, err := expr.Bind(e, s)
		if err != nil {
			fmt.Println("ERR", err)
			continue
		}
		f := expr.Field(b)
		fmt.Println(b, "::", f.Name, f.Type, f.Nullable, b.CanFail(), dump(b))
	}
}

func dump(e expr.Expr) string {
	out := e.Op() + ":" + e.Type().String()
	if e.NumArgs() > 0 {
		out += "("
		for i := range e.NumArgs() {
			out += dump(e.Arg(i)) + " "
		}
		out += ")"
	}
	return out
}

func BenchmarkCol(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		expr.Col("x").Gt(1)
	}
}
