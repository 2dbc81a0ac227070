package eval

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/stretchr/testify/require"
)

// batchOf makes a batch of arrays.
func batchOf(t testing.TB, arrs ...arrow.Array) *vec.Batch {
	b := &vec.Batch{Cols: make([]vec.Vec, len(arrs))}
	for i, a := range arrs {
		require.NoError(t, vec.FromArrow(a, &b.Cols[i], nil))
		b.Rows = a.Len()
	}
	return b
}

// textsOf is a column's rows as text.
func textsOf(t testing.TB, v *vec.Vec) []string {
	arr, err := vec.ToArrow(v, v.Type)
	require.NoError(t, err)
	out := make([]string, arr.Len())
	for i := range out {
		out[i] = arr.ValueStr(i)
	}
	return out
}

func fromJSON(t testing.TB, typ arrow.DataType, json string) arrow.Array {
	arr, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(json))
	require.NoError(t, err)
	return arr
}

// TestTaxiExpressions computes what the taxi questions ask.
func TestTaxiExpressions(t *testing.T) {
	us := &arrow.TimestampType{Unit: arrow.Microsecond}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "pickup", Type: us, Nullable: true}, {Name: "dropoff", Type: us, Nullable: true},
		{Name: "fare", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "tip", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "passengers", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, nil)
	b := batchOf(t,
		fromJSON(t, us, `["2024-01-31 23:59:59", "1969-12-31 22:00:00", "2024-02-29 00:00:00", null]`),
		fromJSON(t, us, `["2024-01-31 23:00:00", "1970-01-01 00:00:00", "2024-02-29 00:00:00", "2024-01-01 00:00:00"]`),
		fromJSON(t, schema.Field(2).Type, `[10, -5, 0, null]`),
		fromJSON(t, schema.Field(3).Type, `[1, 1, 1, 1]`),
		fromJSON(t, schema.Field(4).Type, `[1, null, 3, null]`))
	at, fare, tip := expr.Col("pickup"), expr.Col("fare"), expr.Col("tip")
	es := []expr.Expr{
		at.Dt().Date(), at.Dt().Weekday(), at.Dt().Hour(), tip.Div(fare),
		expr.If(fare.Lt(0), 1, 0), expr.If(expr.Col("dropoff").Lt(at), 1, 0), expr.If(expr.Col("passengers").IsNull(), 1, 0),
	}
	p, err := Compile(es, schema)
	require.NoError(t, err)
	out := make([]vec.Vec, len(es))
	require.NoError(t, p.Run(context.Background(), b, out))
	want := [][]string{
		{"2024-01-31", "1969-12-31", "2024-02-29", "(null)"}, {"3", "3", "4", "(null)"}, {"23", "22", "0", "(null)"},
		{"0.1", "-0.2", "+Inf", "(null)"}, {"0", "1", "0", "0"}, {"1", "0", "0", "0"}, {"0", "1", "0", "1"},
	}
	for i := range es {
		require.Equal(t, want[i], textsOf(t, &out[i]), es[i].String())
	}
	f, err := Compile([]expr.Expr{fare.Gt(0)}, schema)
	require.NoError(t, err)
	bits, count, err := f.Filter(context.Background(), b)
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.EqualValues(t, 1, bits[0]&15)
}

// TestGuards checks that errors count for active rows only.
func TestGuards(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "b", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "flag", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	}, nil)
	const least = -1 << 63
	ints := func(v ...int64) arrow.Array {
		b := array.NewInt64Builder(memory.DefaultAllocator)
		b.AppendValues(v, nil)
		return b.NewArray()
	}
	b := batchOf(t, fromJSON(t, arrow.BinaryTypes.String, `["12", "x", null, "7"]`), ints(1, least, 5, 1<<62), ints(0, -1, 2, 4),
		fromJSON(t, schema.Field(3).Type, `[true, false, null, false]`))
	s, a, c, flag := expr.Col("s"), expr.Col("a"), expr.Col("b"), expr.Col("flag")
	run := func(e expr.Expr) ([]string, error) {
		p, err := Compile([]expr.Expr{e}, schema)
		require.NoError(t, err)
		out := make([]vec.Vec, 1)
		if err := p.Run(context.Background(), b, out); err != nil {
			return nil, err
		}
		return textsOf(t, &out[0]), nil
	}
	digits := s.Str().Match("^[0-9]+$")
	i64 := arrow.PrimitiveTypes.Int64
	for _, ok := range []struct {
		e    expr.Expr
		want []string
	}{
		{expr.If(digits, s.Cast(i64), -1), []string{"12", "-1", "-1", "7"}},
		{digits.And(s.Cast(i64).Gt(10)), []string{"true", "false", "(null)", "false"}},
		{digits.Not().Or(s.Cast(i64).Gt(10)), []string{"true", "true", "(null)", "false"}},
		{expr.If(c.Gt(0), a.FloorDiv(c), 0), []string{"0", "0", "2", "1152921504606846976"}},
		{expr.If(c.Ne(-1), a.FloorDiv(c), 0), []string{"(null)", "0", "2", "1152921504606846976"}},
		{a.Mod(c), []string{"(null)", "0", "1", "0"}},
		{expr.Coalesce(s.TryCast(i64), a.Neg().FloorDiv(1).Add(0).FloorDiv(2), 3), nil},
		{s.TryCast(i64), []string{"12", "(null)", "(null)", "7"}},
		{expr.If(flag, a.Add(1), a.FloorDiv(2)), []string{"2", "-4611686018427387904", "2", "2305843009213693952"}},
		{expr.If(a.Lt(100), a, 0).Mul(expr.If(a.Lt(100), 1, 2)), []string{"1", "-9223372036854775808", "5", "0"}},
	} {
		got, err := run(ok.e)
		if ok.want == nil {
			require.ErrorContains(t, err, "fit the type", ok.e)
			continue
		}
		require.NoError(t, err, ok.e)
		require.Equal(t, ok.want, got, ok.e.String())
	}
	for _, bad := range []struct {
		e    expr.Expr
		want string
	}{
		{s.Cast(i64), `row 2, column "s", value "x"`},
		{a.Mul(4), `row 2, column "a", value "-9223372036854775808, 4"`},
		{a.FloorDiv(c), `row 2, value "-9223372036854775808, -1"`},
		{a.Sub(1), `row 2, column "a"`},
		{a.Neg(), `row 2, column "a"`},
		{a.Cast(arrow.PrimitiveTypes.Int8), `row 2`},
	} {
		_, err := run(bad.e)
		require.ErrorContains(t, err, bad.want, bad.e)
	}
	f, err := Compile([]expr.Expr{digits, s.Cast(i64).Gt(10)}, schema)
	require.NoError(t, err)
	_, count, err := f.Filter(context.Background(), b)
	require.NoError(t, err)
	require.Equal(t, 1, count)
}

func TestTimes(t *testing.T) {
	berlin := &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Europe/Berlin"}
	schema := arrow.NewSchema([]arrow.Field{{Name: "at", Type: berlin}}, nil)
	loc, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	var secs []arrow.Timestamp
	for at := time.Date(2024, 3, 29, 0, 0, 0, 0, loc); at.Before(time.Date(2024, 11, 3, 0, 0, 0, 0, loc)); at = at.Add(17*time.Minute + 13*time.Second) {
		secs = append(secs, arrow.Timestamp(at.Unix()))
	}
	secs = append(secs, -1, -86400*365*100)
	bld := array.NewTimestampBuilder(memory.DefaultAllocator, berlin)
	bld.AppendValues(secs, nil)
	b := batchOf(t, bld.NewArray())
	at := expr.Col("at")
	es := []expr.Expr{at.Dt().Hour(), at.Dt().Minute(), at.Dt().Day(), at.Dt().Weekday(), at.Dt().Truncate("hour"), at.Dt().Truncate("day"),
		at.Dt().Truncate("month"), at.Dt().Truncate("15m"), at.Dt().Truncate("week"), at.Dt().Format(time.RFC3339), at.Dt().In("UTC").Dt().Hour(),
		at.Dt().AddMonths(1)}
	p, err := Compile(es, schema)
	require.NoError(t, err)
	out := make([]vec.Vec, len(es))
	require.NoError(t, p.Run(context.Background(), b, out))
	i64 := func(k, i int) int64 { return vec.Of[int64](&out[k])[i] }
	for i, s := range secs {
		l := time.Unix(int64(s), 0).In(loc)
		day := time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, loc)
		require.EqualValues(t, l.Hour(), i64(0, i))
		require.EqualValues(t, l.Minute(), i64(1, i))
		require.EqualValues(t, l.Day(), i64(2, i))
		require.EqualValues(t, l.Weekday(), i64(3, i)%7)
		_, off := l.Zone()
		mod := func(c int) int64 { return int64(s) - int64(((int(s)+off)%c+c)%c) }
		require.EqualValues(t, mod(3600), i64(4, i), l)
		require.EqualValues(t, day.Unix(), i64(5, i), l)
		require.EqualValues(t, time.Date(l.Year(), l.Month(), 1, 0, 0, 0, 0, loc).Unix(), i64(6, i))
		require.EqualValues(t, mod(900), i64(7, i), l)
		require.EqualValues(t, day.AddDate(0, 0, -(int(l.Weekday())+6)%7).Unix(), i64(8, i))
		require.Equal(t, l.Format(time.RFC3339), out[9].Text(i))
		require.EqualValues(t, l.UTC().Hour(), i64(10, i))
	}
}
