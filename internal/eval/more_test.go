package eval

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/stretchr/testify/require"
)

// eval1 computes one expression over arrays named a, b, c.
func eval1(t testing.TB, e expr.Expr, arrs ...arrow.Array) ([]string, error) {
	fields := make([]arrow.Field, len(arrs))
	for i, a := range arrs {
		fields[i] = arrow.Field{Name: string(rune('a' + i)), Type: a.DataType(), Nullable: true}
	}
	p, err := Compile([]expr.Expr{e}, arrow.NewSchema(fields, nil))
	if err != nil {
		return nil, err
	}
	b := batchOf(t, arrs...)
	var out [1]vec.Vec
	if err := p.Run(context.Background(), b, out[:]); err != nil {
		return nil, err
	}
	return textsOf(t, &out[0]), nil
}

func TestTable(t *testing.T) {
	a := expr.Col("a")
	str, i64, f64 := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64
	day, ms := arrow.FixedWidthTypes.Date32, &arrow.TimestampType{Unit: arrow.Millisecond}
	dec := func(p, s int32) arrow.DataType { return &arrow.Decimal128Type{Precision: p, Scale: s} }
	point := arrow.StructOf(arrow.Field{Name: "x", Type: i64, Nullable: true}, arrow.Field{Name: "y", Type: str, Nullable: true})
	berlin := &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Europe/Berlin"}
	for _, c := range []struct {
		e    expr.Expr
		typ  arrow.DataType
		in   string
		want any // []string, or the error's text
	}{
		{a.Round(1), f64, `[1.25, -1.25, 2.34, null]`, []string{"1.3", "-1.3", "2.3", "(null)"}},
		{a.Round(-1), i64, `[5, 14, -5, -15, null]`, []string{"10", "10", "-10", "-20", "(null)"}},
		{a.Round(-1), arrow.PrimitiveTypes.Int8, `[126, null]`, "fit the type"},
		{a.Round(-1), arrow.PrimitiveTypes.Uint8, `[254, 4]`, []string{"250", "0"}},
		{a.Round(1), dec(10, 2), `["1.25", "-1.25", "1.24"]`, []string{"1.3", "-1.3", "1.2"}},
		{a.Floor(), dec(10, 2), `["1.25", "-1.25", "2.00"]`, []string{"1", "-2", "2"}},
		{a.Ceil(), dec(10, 2), `["1.25", "-1.25"]`, []string{"2", "-1"}},
		{a.Add(a), dec(10, 2), `["1.25", null]`, []string{"2.5", "(null)"}},
		{a.Mul(a).Sub(0.5), dec(10, 2), `["1.25", "-3.00"]`, []string{"1.0625", "8.5"}},
		{a.Div(3), dec(10, 2), `["1.00", "2.00", "-2.00"]`, []string{"0.333333", "0.666667", "-0.666667"}},
		{a.Div(a), dec(10, 2), `["0.00"]`, []string{"(null)"}},
		{a.FloorDiv(2), dec(10, 2), `["3.50", "-3.50"]`, []string{"1", "-2"}},
		{a.Mod(2), dec(10, 2), `["3.50", "-3.50"]`, []string{"1.5", "0.5"}},
		{a.Mul(a), dec(38, 0), `["99999999999999999999"]`, "does not fit"},
		{a.Lt(0.5), dec(10, 2), `["0.49", "0.50", "-7.00", null]`, []string{"true", "false", "true", "(null)"}},
		{a.Cast(str), dec(10, 2), `["1.05", "-0.50"]`, []string{"1.05", "-0.50"}},
		{a.Cast(i64), dec(10, 2), `["7.00"]`, []string{"7"}},
		{a.Cast(i64), dec(10, 2), `["7.50"]`, "cannot be cast"},
		{a.TryCast(dec(4, 1)), dec(10, 2), `["7.50", "7.55", "9999.00"]`, []string{"7.5", "(null)", "(null)"}},
		{a.Cast(dec(10, 2)), f64, `[0.1, 1.25, -3]`, []string{"0.1", "1.25", "-3"}},
		{a.Cast(dec(10, 2)), str, `["0.1", " 1.25 ", "-3", "1e2"]`, []string{"0.1", "1.25", "-3", "100"}},
		{a.Cast(dec(10, 2)), str, `["1.234"]`, `value "1.234"`},
		{a.Cast(day), str, `["2024-02-29", "1969-12-31", null]`, []string{"2024-02-29", "1969-12-31", "(null)"}},
		{a.Cast(day), str, `["2023-02-29"]`, "cannot be cast"},
		{a.Cast(ms), str, `["2024-02-29T10:00:00.5Z", "2024-01-01"]`, []string{"2024-02-29T10:00:00.5", "2024-01-01T00:00:00"}},
		{a.Cast(ms), str, `["2024-02-29T10:00:00+02:00"]`, "cannot be cast"},
		{a.Cast(berlin).Cast(str), str, `["2024-07-01 12:00:00", "2024-07-01T12:00:00Z"]`, []string{"2024-07-01 12:00:00+02:00", "2024-07-01 14:00:00+02:00"}},
		{a.Cast(arrow.FixedWidthTypes.Time32s), ms, `["2024-02-29 10:11:12.5", "1969-12-31 23:59:59"]`, []string{"10:11:12", "23:59:59"}},
		{a.Cast(&arrow.TimestampType{Unit: arrow.Second}), ms, `["2024-02-29 10:11:12.5"]`, "cannot be cast"},
		{a.Cast(ms), day, `["2024-02-29", null]`, []string{"2024-02-29T00:00:00", "(null)"}},
		{a.Dt().AddMonths(1), day, `["2024-01-31"]`, []string{"2024-02-29"}},
		{a.Sub("2024-01-01").Dt().Seconds(), day, `["2024-01-02"]`, []string{"86400"}},
		{a.Add(36 * time.Hour), ms, `["2024-02-28 00:00:00"]`, []string{"2024-02-29T12:00:00"}},
		{a.Dt().In("Europe/Berlin").Dt().In("UTC").Dt().Format("2006-01-02 15:04"), ms, `["2024-03-31 01:30:00", "2024-03-31 02:30:00", "2024-03-31 03:30:00", "2024-10-27 02:30:00", "2024-10-27 03:30:00"]`,
			[]string{"2024-03-31 00:30", "2024-03-31 01:30", "2024-03-31 01:30", "2024-10-27 00:30", "2024-10-27 02:30"}},
		{a.Str().ParseTime("02.01.2006 15:04"), str, `["29.02.2024 10:11", null]`, []string{"2024-02-29T10:11:00", "(null)"}},
		{a.Str().ParseTime("02.01.2006"), str, `["x"]`, `row 1, column "a", value "x"`},
		{a.Str().Extract("([a-z]+)-([0-9]+)", 2), str, `["ab-12", "none", null]`, []string{"12", "(null)", "(null)"}},
		{a.Str().ReplaceMatch("([a-z])([0-9])", "$2$1"), str, `["a1 b2", "x"]`, []string{"1a 2b", "x"}},
		{a.Str().Split("-").List().Join("+"), str, `["a-b-c", "", null]`, []string{"a+b+c", "", "(null)"}},
		{a.Str().Like(`10\%`), str, `["10%", "100"]`, []string{"true", "false"}},
		{a.List().Len(), arrow.ListOf(i64), `[[1,2], [], null]`, []string{"2", "0", "(null)"}},
		{a.List().Get(-1), arrow.ListOf(i64), `[[1,2], [], null]`, []string{"2", "(null)", "(null)"}},
		{a.List().Contains(2), arrow.ListOf(i64), `[[1,2], [1,null], [], null]`, []string{"true", "(null)", "false", "(null)"}},
		{a.Cast(arrow.ListOf(arrow.PrimitiveTypes.Int8)), arrow.ListOf(i64), `[[1,2], null]`, []string{"[1,2]", "(null)"}},
		{a.TryCast(arrow.ListOf(arrow.PrimitiveTypes.Int8)), arrow.ListOf(i64), `[[1,2], [1,300]]`, []string{"[1,2]", "(null)"}},
		{a.Field("y"), point, `[{"x": 1, "y": "p"}, null, {"x": 2, "y": null}]`, []string{"p", "(null)", "(null)"}},
		{expr.Coalesce(a.Field("x"), 7), point, `[{"x": 1, "y": "p"}, null]`, []string{"1", "7"}},
		{expr.If(a.IsNull(), a, a), point, `[{"x": 1, "y": "p"}, null]`, []string{`{"x":1,"y":"p"}`, "(null)"}},
		{expr.StructOf("a").Field("a").Add(1), i64, `[1, null]`, []string{"2", "(null)"}},
		{a.Eq(nil), i64, `[1, null]`, []string{"(null)", "(null)"}},
		{a.And(expr.Lit(nil)), arrow.FixedWidthTypes.Boolean, `[true, false, null]`, []string{"(null)", "false", "(null)"}},
		{expr.Coalesce(expr.Lit(nil), a), i64, `[1, null]`, []string{"1", "(null)"}},
		{a.Cast(arrow.FixedWidthTypes.Float16).Cast(f64), i64, `[3, null]`, []string{"3", "(null)"}},
		{a.Cast(arrow.PrimitiveTypes.Uint64), i64, `[-1]`, "cannot be cast"},
		{a.Cast(arrow.FixedWidthTypes.Boolean), f64, `[0, 0.5, -0.0]`, []string{"false", "true", "false"}},
		{expr.Lit(2).Pow(a), i64, `[10, null]`, []string{"1024", "(null)"}},
		{a.Str().Concat(a, "!"), str, `["x", null]`, []string{"xx!", "(null)"}},
	} {
		got, err := eval1(t, c.e, fromJSON(t, c.typ, c.in))
		if want, ok := c.want.(string); ok {
			assertError(t, err, want, c.e)
			continue
		}
		require.NoError(t, err, c.e.String())
		if fmt.Sprint(c.want) != fmt.Sprint(got) {
			t.Errorf("%s: got %v, want %v", c.e, got, c.want)
		}
	}
}

// TestDecimalsAgainstBig compares decimal arithmetic with big rationals.
func TestDecimalsAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	value := func(v *vec.Vec, i int) *big.Rat {
		var z big.Int
		bigAt(&z, v, i)
		return new(big.Rat).SetFrac(&z, pow10(scaleOf(v.Type)))
	}
	for range 300 {
		build := func(p, s int32) arrow.Array {
			b := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: p, Scale: s})
			for range 5 {
				b.Append(decimal128.FromI64(r.Int64N(2e9) - 1e9).Mul(decimal128.FromI64(1 + r.Int64N(1<<(r.IntN(30))))))
			}
			return b.NewArray()
		}
		x, y := build(18, int32(r.IntN(6))), build(18, int32(r.IntN(6)))
		schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: x.DataType()}, {Name: "b", Type: y.DataType()}}, nil)
		a, b := expr.Col("a"), expr.Col("b")
		p, err := Compile([]expr.Expr{a.Add(b), a.Sub(b), a.Mul(b), a.Div(b), a.Lt(b)}, schema)
		require.NoError(t, err)
		in := batchOf(t, x, y)
		out := make([]vec.Vec, 5)
		require.NoError(t, p.Run(context.Background(), in, out))
		for i := range in.Rows {
			va, vb := value(&in.Cols[0], i), value(&in.Cols[1], i)
			require.Zero(t, new(big.Rat).Add(va, vb).Cmp(value(&out[0], i)))
			require.Zero(t, new(big.Rat).Sub(va, vb).Cmp(value(&out[1], i)))
			require.Zero(t, new(big.Rat).Mul(va, vb).Cmp(value(&out[2], i)))
			if vb.Sign() != 0 {
				diff := new(big.Rat).Sub(new(big.Rat).Quo(va, vb), value(&out[3], i))
				half := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Mul(big.NewInt(2), pow10(scaleOf(out[3].Type))))
				require.LessOrEqual(t, diff.Abs(diff).Cmp(half), 0)
			}
			require.Equal(t, va.Cmp(vb) < 0, out[4].Bits()[0]>>i&1 == 1)
		}
	}
}

var (
	inverse = expr.Func1("eval_test_inverse", func(x int64) int64 { return 100 / x })
	shout   = expr.Func2("eval_test_shout", func(s string, n int64) string { return fmt.Sprint(s, "!", n) })
)

func TestUserFunctions(t *testing.T) {
	ints, text := fromJSON(t, arrow.PrimitiveTypes.Int64, `[5, 0, null, 20]`), fromJSON(t, arrow.BinaryTypes.String, `["a", "b", "c", null]`)
	a := expr.Col("a")
	got, err := eval1(t, expr.If(a.Ne(0), inverse("a"), -1), ints)
	require.NoError(t, err)
	require.Equal(t, []string{"20", "-1", "-1", "5"}, got)
	_, err = eval1(t, inverse("a"), ints)
	var f *fault.Error
	require.True(t, errors.As(err, &f), err)
	require.Equal(t, fault.Panic, f.Kind)
	require.EqualValues(t, 2, f.Row)
	_, err = eval1(t, expr.If(a.Lt(5), inverse("a"), -1), ints)
	require.True(t, errors.As(err, &f), err)
	require.EqualValues(t, 2, f.Row, "the row of the batch, not of the call")
	got, err = eval1(t, shout("b", "a"), ints, text)
	require.NoError(t, err)
	require.Equal(t, []string{"a!5", "b!0", "(null)", "(null)"}, got)
}

func TestFold(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}}, nil)
	fold := func(e expr.Expr) expr.Expr {
		b, err := expr.Bind(e, schema)
		require.NoError(t, err)
		out, err := Fold(b)
		require.NoError(t, err)
		require.Equal(t, b.Name(), out.Name())
		require.True(t, arrow.TypeEqual(b.Type(), out.Type()))
		return out
	}
	for _, c := range []struct {
		e    expr.Expr
		want any
	}{
		{expr.Lit(2).Add(3), int64(5)}, {expr.Lit(1).Div(4), 0.25}, {expr.Lit("a").Str().Upper(), "A"}, {expr.Lit(nil).IsNull(), true},
		{expr.Lit("2024-01-31").Cast(arrow.FixedWidthTypes.Date32).Dt().AddMonths(1).Dt().Day(), int64(29)}, {expr.Lit(5).Gt(nil), nil},
	} {
		v, ok := fold(c.e).Physical()
		require.True(t, ok, c.e.String())
		require.Equal(t, c.want, v, c.e.String())
	}
	for _, e := range []expr.Expr{expr.Col("a").Add(1), expr.Lit("x").Cast(arrow.PrimitiveTypes.Int64)} {
		require.NotEqual(t, "lit", fold(e).Op())
	}
}

// TestDictionaryOnce checks that an expression over a dictionary is computed once for it, that text stays a dictionary, and that entries no
// row uses do not fail.
func TestDictionaryOnce(t *testing.T) {
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	arr := fromJSON(t, typ, `["7", "x", "7", null, "12", "7", "12"]`)
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: typ, Nullable: true}}, nil)
	var s vec.Scratch
	one := func(from, to int64) *vec.Batch {
		b := &vec.Batch{Cols: make([]vec.Vec, 1), Rows: int(to - from)}
		require.NoError(t, vec.FromArrow(array.NewSlice(arr, from, to), &b.Cols[0], &s))
		return b
	}
	up, err := Compile([]expr.Expr{expr.Col("s").Str().Concat("!").Str().Upper()}, schema)
	require.NoError(t, err)
	out := make([]vec.Vec, 1)
	require.NoError(t, up.Run(context.Background(), one(0, 4), out))
	first := out[0].Dict
	require.NotNil(t, first)
	require.Equal(t, []string{"7!", "X!", "7!", "(null)"}, textsOf(t, &out[0]))
	require.NoError(t, up.Run(context.Background(), one(4, 7), out))
	require.Same(t, first, out[0].Dict)
	require.Equal(t, []string{"12!", "7!", "12!"}, textsOf(t, &out[0]))

	num, err := Compile([]expr.Expr{expr.Col("s").Cast(arrow.PrimitiveTypes.Int64)}, schema)
	require.NoError(t, err)
	require.NoError(t, num.Run(context.Background(), one(4, 7), out), `"x" is in the dictionary but in no row`)
	require.Equal(t, []string{"12", "7", "12"}, textsOf(t, &out[0]))
	require.ErrorContains(t, num.Run(context.Background(), one(0, 4), out), "row 2")
}

func TestCancelled(t *testing.T) {
	p, err := Compile([]expr.Expr{expr.Lit(1)}, emptySchema)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var f *fault.Error
	require.True(t, errors.As(p.Run(ctx, &vec.Batch{Rows: 1}, make([]vec.Vec, 1)), &f))
	require.Equal(t, fault.Canceled, f.Kind)
}

func assertError(t *testing.T, err error, want string, e expr.Expr) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: error %v, want %s", e, err, want)
	}
}
