package expr_test

import (
	"context"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

var naive = &arrow.TimestampType{Unit: arrow.Microsecond}

// table has a column of about every type.
var table = arrow.NewSchema([]arrow.Field{
	{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "i8", Type: arrow.PrimitiveTypes.Int8}, {Name: "i32", Type: arrow.PrimitiveTypes.Int32}, {Name: "i64", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "u8", Type: arrow.PrimitiveTypes.Uint8}, {Name: "u64", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "f16", Type: arrow.FixedWidthTypes.Float16}, {Name: "f32", Type: arrow.PrimitiveTypes.Float32}, {Name: "f", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "dec", Type: &arrow.Decimal128Type{Precision: 15, Scale: 2}}, {Name: "dec2", Type: &arrow.Decimal128Type{Precision: 30, Scale: 10}},
	{Name: "s", Type: arrow.BinaryTypes.String}, {Name: "cat", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}, Nullable: true},
	{Name: "view", Type: arrow.BinaryTypes.StringView}, {Name: "bin", Type: arrow.BinaryTypes.Binary},
	{Name: "d", Type: arrow.FixedWidthTypes.Date32}, {Name: "tod", Type: arrow.FixedWidthTypes.Time64us},
	{Name: "ts", Type: naive}, {Name: "tss", Type: &arrow.TimestampType{Unit: arrow.Second}},
	{Name: "tz", Type: &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "America/New_York"}}, {Name: "utc", Type: &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}},
	{Name: "dur", Type: arrow.FixedWidthTypes.Duration_ms}, {Name: "nothing", Type: arrow.Null, Nullable: true},
	{Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32)}, {Name: "words", Type: arrow.ListOf(arrow.BinaryTypes.String)},
	{Name: "st", Type: arrow.StructOf(arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Int32, Nullable: true}, arrow.Field{Name: "y", Type: arrow.BinaryTypes.String})},
	{Name: "odd name", Type: arrow.PrimitiveTypes.Int64},
}, nil)

var (
	half  = expr.Func1("test_half", func(v float64) float64 { return v / 2 })
	clock = expr.Func2("test_clock", func(at time.Time, by time.Duration) time.Time { return at.Add(by) })
	three = expr.Func3("test_three", func(a int, b string, c bool) string { return b })
	four  = expr.Func4("test_four", func(a int8, b uint16, c []byte, d float32) []byte { return c })
	arr   = expr.FuncArrow("test_arrow", arrow.PrimitiveTypes.Int64, func(_ context.Context, args []arrow.Array) (arrow.Array, error) { return args[0], nil })
)

func c(name string) expr.Expr { return expr.Col(name) }

// sound are expressions that bind; together they use every operation.
func sound() []expr.Expr {
	at := time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
	return []expr.Expr{
		c("i64"), c("cat"), c("view"), c("dec"), c("odd name").Add(1).As("a b"), expr.Lit(1), expr.Lit(nil), expr.Lit("x"), expr.Lit(2.5), expr.Lit(at), expr.Lit(time.Minute), expr.Lit([]byte{1, 2}),
		expr.Lit(true), expr.Lit(uint64(math.MaxUint64)), expr.Lit(float32(0.1)), expr.Lit(int8(3)), expr.Lit(uint16(4)), expr.Lit(math.NaN()),
		c("i8").Add(1), c("i8").Add(300), c("u8").Sub(-1), c("i32").Add(c("i64")), c("i8").Add(c("u8")), c("i64").Add(0.5), c("f32").Mul(0.1), c("f32").Add(16777217), c("f").Mul(2),
		c("f16").Add(1), c("i64").Div(2), c("f32").Div(c("f32")), c("i64").FloorDiv(7), c("i64").FloorDiv(c("i32")), c("u8").Mod(c("u8")), c("f").Mod(2), c("i64").Pow(2), c("i64").Add(nil),
		expr.Lit(1).Sub(c("f")), expr.Lit(1).Add(2.5), c("nothing").Add(1),
		c("dec").Add(1), c("dec").Mul(0.05), c("dec").Mul(c("dec")), c("dec").Mul(c("dec2")), c("dec2").Add(c("dec2")), c("dec").Div(c("dec")), c("dec").Div(3), c("dec").FloorDiv(c("i32")),
		c("dec").Mod(2), c("dec").Add(c("f")), c("dec2").Mul(c("dec2")).Mul(c("dec2")),
		c("ts").Sub(c("tss")), c("d").Sub("2024-01-01"), c("d").Add(24 * time.Hour), c("ts").Add(1500 * time.Nanosecond), c("dur").Add(c("tz")), c("dur").Mul(3), expr.Lit(2).Mul(c("dur")), c("dur").Div(time.Second),
		c("dur").FloorDiv(time.Minute), c("tz").Sub(c("utc")), c("dur").Neg(),
		c("i64").Neg(), c("u8").Neg(), c("i64").Abs(), c("f").Sign(), c("f").Floor(), c("dec").Ceil(), c("f").Round(2), c("i64").Round(-2), c("f").Sqrt(), c("i64").Exp(), c("dec").Log(),
		c("i64").Eq(5), c("i8").Ne(300), expr.Lit(3).Lt(c("i64")), c("i64").Le(0.5), c("f").Gt(9007199254740993), c("f").Ge(c("i64")), c("u64").Eq(c("i64")), c("u64").Gt(-1), c("i64").Lt(uint64(math.MaxUint64)),
		c("dec").Gt(0.055), c("dec").Lt(c("dec2")), c("dec").Eq(5), c("i32").Gt(c("f")), c("s").Eq("x"), c("cat").Eq(c("view")), c("bin").Eq("x"), c("b").Eq(true), c("f32").Eq(0.1),
		c("d").Ge("2024-01-31"), c("d").Ge(time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC)), c("ts").Lt("2024-01-31 10:00"), c("tz").Lt("2024-01-31T10:00"), c("tz").Lt("2024-01-31T10:00:00Z"), c("ts").Eq(at),
		c("tss").Eq("2024-01-31 10:00:00.25"), c("ts").Lt(c("tss")), c("ts").Lt(c("d")), c("tz").Eq(c("utc")), c("tod").Ge("10:30"), c("dur").Gt(time.Hour), c("nothing").Eq(1), c("s").Eq(nil),
		c("i64").Between(1, 10), c("i64").Between(0.5, 10), c("i32").Between(0.5, 10), c("ts").Between("2024-01-01", "2024-02-01"),
		c("i64").In(1, 2.5, 3.0, nil), c("i64").In(), c("s").In([]string{"a", "b"}), c("f").In([]int{1, 2}, 9007199254740993), c("i64").In(c("i32"), 5), c("dec").In(1, 0.5, 0.123), c("d").In("2024-01-01"),
		c("i8").In(5, 300), c("tss").In("2024-01-01 00:00:00.5", "2024-01-01"), c("f32").In(0.1, 16777217),
		c("i64").IsNull(), c("s").NotNull(), c("f").IsNaN(), c("i64").IsNaN(), c("f").FillNaN(0), c("f32").FillNaN(0.5),
		c("b").And(c("i64").Gt(1), c("f").Lt(2)), c("b").Or(c("i64").Gt(1)), c("b").Not(), c("b").And(expr.Lit(nil)),
		expr.If(c("b"), 1, 0), expr.If(c("b"), c("i32"), 0.5), expr.If(c("b"), c("s"), nil), expr.If(c("b"), "a", "b"), expr.If(c("b"), c("d"), "2024-01-01"),
		expr.Coalesce(c("i64"), 0), expr.Coalesce(c("cat"), c("s"), "none"), expr.Coalesce(c("f32"), 1), expr.Greatest("i8", "i32"), expr.Least(c("f"), "i64", expr.Lit(3)),
		expr.StructOf("i8", c("f").Mul(2).As("g")), c("st").Field("x"), c("st").Field("y"), c("st"),
		c("i64").Cast(arrow.PrimitiveTypes.Int8), c("i8").Cast(arrow.PrimitiveTypes.Int64), c("s").TryCast(arrow.PrimitiveTypes.Float64), c("s").Cast(&arrow.Decimal128Type{Precision: 9, Scale: 3}),
		c("i64").Cast(arrow.BinaryTypes.LargeString), c("s").Cast(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}), c("ts").Cast(arrow.FixedWidthTypes.Date32),
		half("i64"), clock("tz", c("dur")), three("i32", "cat", c("b")), four("i8", "u8", "bin", "f32"), arr("i64", c("s")),
		c("s").Str().Contains("a"), c("cat").Str().StartsWith("a"), c("view").Str().EndsWith("a"), c("s").Str().Replace("a", "b"), c("s").Str().Split(","), c("s").Str().Concat("-", c("cat"), []string{"a", "b"}),
		c("s").Str().Match("^[0-9]+$"), c("s").Str().ReplaceMatch("(a)", "$1"), c("s").Str().Extract("(a)(b)", 2), c("s").Str().Like("a%"), c("s").Str().Lower(), c("s").Str().Upper(), c("s").Str().Trim(),
		c("s").Str().Len(), c("s").Str().LenBytes(), c("s").Str().Slice(1, 3), c("s").Str().ParseTime("2006-01-02"), c("s").Str().ParseTime(time.RFC3339Nano),
		c("ts").Dt().Year(), c("d").Dt().Quarter(), c("tz").Dt().Month(), c("d").Dt().Week(), c("d").Dt().Day(), c("d").Dt().YearDay(), c("ts").Dt().Weekday(), c("ts").Dt().Hour(), c("tod").Dt().Minute(),
		c("tz").Dt().Second(), c("tz").Dt().Date(), c("ts").Dt().Truncate("15m"), c("d").Dt().Truncate("month"), c("d").Dt().AddMonths(-1), c("ts").Dt().In("Europe/Berlin"), c("d").Dt().Format("02.01.2006"), c("dur").Dt().Seconds(),
		c("list").List().Len(), c("list").List().Get(-1), c("list").List().Contains(3), c("words").List().Contains(c("s")), c("words").List().Join(","),
		expr.Count(), expr.CountOf("s"), expr.NUnique("s"), expr.ApproxNUnique("s"), expr.Sum("i8"), expr.Sum("u64"), expr.Sum("f32"), expr.Sum("dec"), expr.Sum("dur"), expr.Sum("b"), expr.Sum("nothing"),
		expr.Mean("i64"), expr.Mean("dec"), expr.Mean("dur"), expr.Mean("b"), expr.Var("f"), expr.Std("i8"), expr.VarPop("f32"), expr.StdPop("f"), expr.Median("f"), expr.Quantile("i64", 0.9), expr.Quantiles("i64", 0.25, 0.5), expr.ApproxQuantile("f", 0.5), expr.Corr("i8", "f"), expr.Cov("dec", "f"),
		expr.Min("cat"), expr.Max("ts"), expr.First("list"), expr.Last("cat"), expr.Mode("s"), expr.Any("b"), expr.All(c("i64").Gt(0)), expr.ListOf("cat"),
		expr.Sum(c("f").Mul(c("i64"))).Where(c("b")).As("part"), expr.First("s").OrderBy(c("f").Desc().NullsFirst(), "i64"), expr.Sum("f").Div(expr.Count()),
		expr.RowNumber().Over(), expr.RowNumber().Where(c("b")).Over("s"), expr.Rank().OrderBy(c("f").Desc()).Over("s"), expr.DenseRank().OrderBy("f").Over("s", c("d").Dt().Year()), expr.Lag("f", 1).Over("s"), expr.Lead("s", 2).OrderBy("ts").Over(),
		expr.CumSum("i8").Over(), expr.CumMin("f").Over("s"), expr.CumMax("d").Over("s"), expr.FillForward("s").Over(), expr.FillBackward("i64").Over(),
		expr.Sum("f").OrderBy("ts").Rows(-2, 0).Over("s"), expr.Mean("f").OrderBy("ts").Range(-6*24*time.Hour, 0).Over(), expr.Max("f").OrderBy("i64").Range(expr.UnboundedPreceding, 5).Over(),
		expr.Sum("f").WithMods(expr.Mods{Exact: true}),
	}
}
