package dataframe_test

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

var ctx = context.Background()

func ptr[T any](v T) *T { return &v }

// asFault returns the error as the one error type, which it must be.
func asFault(t testing.TB, err error) *fault.Error {
	t.Helper()
	require.Error(t, err)
	var f *fault.Error
	require.True(t, errors.As(err, &f), "%T: %v", err, err)
	return f
}

// fromJSON makes a frame of one record batch a text; dictionary columns take the values.
func fromJSON(t testing.TB, schema *arrow.Schema, rows ...string) *dataframe.DataFrame {
	t.Helper()
	var recs []arrow.RecordBatch
	for _, r := range rows {
		rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(r))
		require.NoError(t, err)
		recs = append(recs, rec)
	}
	df := dataframe.FromRecords(schema, recs...)
	require.NoError(t, df.Err())
	return df
}

// column makes a frame of one nullable column named v.
func column(t testing.TB, typ arrow.DataType, values ...string) *dataframe.DataFrame {
	t.Helper()
	rows := make([]string, len(values))
	for i, v := range values {
		rows[i] = `{"v":` + v + `}`
	}
	return fromJSON(t, arrow.NewSchema([]arrow.Field{{Name: "v", Type: typ, Nullable: true}}, nil), "["+strings.Join(rows, ",")+"]")
}

type (
	name  string
	count int32
	stamp time.Time
	Base  struct {
		ID   int64 `sheaf:"id"`
		Name string
	}
	base struct{ Hidden bool }
	full struct {
		Base
		base
		Name    name // hides Base.Name
		I8      int8
		U64     uint64
		F32     float32
		Raw     []byte
		When    time.Time
		Took    time.Duration
		Maybe   *float64
		Perhaps sql.Null[name]
		N       count
		Tags    []string
		Inner   struct {
			Lat float64 `sheaf:"lat"`
			Alt *int16
		}
		Places []struct{ X, Y int64 }
		Skip   chan int `sheaf:"-"`
		secret int      //lint:ignore U1000 unexported fields must be left alone
	}
)

func fullRows() []full {
	when := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC)
	a := full{Base: Base{ID: 1}, Name: "first", I8: -128, U64: math.MaxUint64, F32: 1.5, Raw: []byte{0, 255}, When: when, Took: -time.Nanosecond,
		Maybe: ptr(2.5), Perhaps: sql.Null[name]{V: "yes", Valid: true}, N: 7, Tags: []string{"a", ""}, Places: []struct{ X, Y int64 }{{1, 2}, {3, 4}}}
	a.Hidden = true
	a.Inner.Lat, a.Inner.Alt = 52.5, ptr(int16(-3))
	b := full{Base: Base{ID: math.MinInt64}, Name: "second", Raw: []byte{}, When: time.Unix(-1, 0).UTC(), Tags: []string{}}
	c := full{When: when.AddDate(-3000, 0, 0)}
	return []full{a, b, c}
}

func TestStructsGoThereAndBack(t *testing.T) {
	rows := fullRows()
	df := dataframe.FromStructs(rows)
	require.NoError(t, df.Err())
	var names []string
	for _, f := range df.Schema().Fields() {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"id", "Name", "Hidden", "I8", "U64", "F32", "Raw", "When", "Took", "Maybe", "Perhaps", "N", "Tags", "Inner", "Places"}, names)
	back, err := dataframe.CollectAs[full](ctx, df)
	require.NoError(t, err)
	require.Equal(t, rows, back)
}

func TestStructsAreCopied(t *testing.T) {
	rows := fullRows()
	df := dataframe.FromStructs(rows)
	rows[0].Raw[0], rows[0].Tags[0], *rows[0].Maybe, rows[0].Name = 9, "changed", 9, "changed"
	back, err := dataframe.CollectAs[full](ctx, df)
	require.NoError(t, err)
	require.Equal(t, fullRows(), back)
}

func TestNoStructsHaveASchemaToo(t *testing.T) {
	df := dataframe.FromStructs([]full{})
	require.Equal(t, dataframe.FromStructs(fullRows()).Schema(), df.Schema())
	rows, err := dataframe.CollectAs[full](ctx, df)
	require.NoError(t, err)
	require.NotNil(t, rows)
	require.Empty(t, rows)
}

func TestFromStructsFaults(t *testing.T) {
	type tree struct{ Children []tree }
	for what, df := range map[string]*dataframe.DataFrame{
		`field F of type func() has no column type; leave it out with the tag ` + "`sheaf:\"-\"`": dataframe.FromStructs([]struct{ F func() }{}),
		`field P of type **int has no column type`:                                                dataframe.FromStructs([]struct{ P **int }{}),
		`field M of type map[bool]int has no column type`:                                         dataframe.FromStructs([]struct{ M map[bool]int }{}),
		`field A of type interface {} has no column type`:                                         dataframe.FromStructs([]struct{ A any }{}),
		`field Children of type []dataframe_test.tree has no column type`:                         dataframe.FromStructs([]tree{}),
		`fields A and B of struct { A int "sheaf:\"x\""; B int "sheaf:\"x\"" } are both the column "x"`: dataframe.FromStructs([]struct {
			A int `sheaf:"x"`
			B int `sheaf:"x"`
		}{}),
		`rows are structs, not int; wrap the value in a struct`:                                              dataframe.FromStructs([]int{1}),
		`rows are structs, not time.Time; wrap`:                                                              dataframe.FromStructs([]time.Time{}),
		`text is not valid UTF-8 (row 2, column "S", value "\xff"`:                                           dataframe.FromStructs([]struct{ S string }{{"ok"}, {"\xff"}}),
		`the time 300000-01-01 00:00:00 +0000 UTC is too far from 1970 for microseconds (row 2, column "At"`: dataframe.FromStructs([]struct{ At time.Time }{{}, {time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC)}}),
	} {
		f := asFault(t, df.Err())
		require.Contains(t, f.Error(), what)
		require.Contains(t, f.At, "rows_test.go:")
		require.Equal(t, "FromStructs", f.Op)
	}
}

// TestEveryTypeOfColumn reads one column of each type into each Go type that takes it.
func TestEveryTypeOfColumn(t *testing.T) {
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	york, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	check[int64](t, column(t, arrow.PrimitiveTypes.Int8, "-1", "127"), -1, 127)
	check[int](t, column(t, arrow.PrimitiveTypes.Uint32, "0", "4294967295"), 0, math.MaxUint32)
	check[uint8](t, column(t, arrow.PrimitiveTypes.Int64, "255"), 255)
	check[count](t, column(t, arrow.PrimitiveTypes.Int64, "-2147483648"), math.MinInt32)
	check[uint64](t, column(t, arrow.PrimitiveTypes.Uint64, "18446744073709551615"), math.MaxUint64)
	check[float64](t, column(t, arrow.PrimitiveTypes.Float32, "1.5", "0.1"), 1.5, float64(float32(0.1)))
	check[float32](t, column(t, arrow.FixedWidthTypes.Float16, "1.5"), 1.5)
	check[float64](t, column(t, arrow.PrimitiveTypes.Int64, "9007199254740992"), 1<<53)
	check[bool](t, column(t, arrow.FixedWidthTypes.Boolean, "true", "false"), true, false)
	check[string](t, column(t, arrow.BinaryTypes.String, `"a"`, `""`), "a", "")
	check[name](t, column(t, arrow.BinaryTypes.LargeString, `"a"`), "a")
	check[string](t, column(t, arrow.BinaryTypes.StringView, `"longer than twelve bytes"`), "longer than twelve bytes")
	check[string](t, column(t, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.BinaryTypes.String}, `"b"`, `"a"`, `"b"`), "b", "a", "b")
	check[*string](t, column(t, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String}, `"b"`, `null`), ptr("b"), nil)
	check[int64](t, column(t, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.PrimitiveTypes.Int64}, "5", "6"), 5, 6)
	check[[]byte](t, column(t, arrow.BinaryTypes.Binary, `"AP8="`, `null`, `""`), []byte{0, 255}, nil, []byte{})
	check[[]byte](t, column(t, &arrow.FixedSizeBinaryType{ByteWidth: 2}, `"AP8="`), []byte{0, 255})
	check[time.Time](t, column(t, arrow.FixedWidthTypes.Date32, `"2024-02-29"`, `"1969-12-31"`), day, time.Unix(-86400, 0).UTC())
	check[stamp](t, column(t, arrow.FixedWidthTypes.Date64, `"2024-02-29"`), stamp(day))
	check[time.Time](t, column(t, &arrow.TimestampType{Unit: arrow.Nanosecond}, `"2024-02-29 00:00:00.000000001"`), day.Add(1))
	check[time.Time](t, column(t, &arrow.TimestampType{Unit: arrow.Second, TimeZone: "America/New_York"}, `"2024-02-29 00:00:00Z"`), day.In(york))
	check[time.Time](t, column(t, arrow.FixedWidthTypes.Time32s, `"01:02:03"`), time.Date(1970, 1, 1, 1, 2, 3, 0, time.UTC))
	check[time.Duration](t, column(t, arrow.FixedWidthTypes.Time64us, `"01:02:03.5"`), time.Hour+2*time.Minute+3500*time.Millisecond)
	check[time.Duration](t, column(t, arrow.FixedWidthTypes.Duration_ms, `"1500ms"`), 1500*time.Millisecond)
	check[string](t, column(t, &arrow.Decimal128Type{Precision: 10, Scale: 2}, `"-1.50"`), "-1.50")
	check[sql.Null[string]](t, column(t, &arrow.Decimal256Type{Precision: 40, Scale: 1}, `"7.5"`, `null`), sql.Null[string]{V: "7.5", Valid: true}, sql.Null[string]{})
	check[*count](t, column(t, arrow.PrimitiveTypes.Int64, "1", "null", "3"), ptr(count(1)), nil, ptr(count(3)))
	check[sql.Null[time.Time]](t, column(t, arrow.FixedWidthTypes.Date32, `null`, `"2024-02-29"`), sql.Null[time.Time]{}, sql.Null[time.Time]{V: day, Valid: true})
	check[any](t, column(t, arrow.PrimitiveTypes.Int16, "1", "null"), int16(1), nil)
	check[any](t, column(t, arrow.ListOf(arrow.PrimitiveTypes.Int16), "[1, null]", "null"), []any{int16(1), nil}, nil)
	check[[]*int64](t, column(t, arrow.ListOf(arrow.PrimitiveTypes.Int16), "[1, null]", "null", "[]"), []*int64{ptr(int64(1)), nil}, nil, []*int64{})
	check[[][]name](t, column(t, arrow.ListOf(arrow.ListOf(arrow.BinaryTypes.String)), `[["a"], [], null]`), [][]name{{"a"}, {}, nil})
	check[map[string]any](t, column(t, arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int8, Nullable: true}), `{"a": 1}`, `{"a": null}`), map[string]any{"a": int8(1)}, map[string]any{"a": nil})
	check[map[string]int64](t, column(t, arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64), `[{"key": "k", "value": 2}]`), map[string]int64{"k": 2})
	check[*int64](t, column(t, arrow.Null, "null", "null"), nil, nil)
}

func check[T any](t *testing.T, df *dataframe.DataFrame, want ...T) {
	t.Helper()
	got, err := dataframe.CollectAs[T](ctx, df)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestValuesThatDoNotFit: the rows before the value are given, then the error that names row, column and type.
func TestValuesThatDoNotFit(t *testing.T) {
	misfit[int8](t, column(t, arrow.PrimitiveTypes.Int64, "1", "128"), `128 does not fit in a field of type int8 (row 2, column "v"); use a wider type`)
	misfit[uint](t, column(t, arrow.PrimitiveTypes.Int8, "1", "-1"), `-1 does not fit in a field of type uint (row 2, column "v")`)
	misfit[int64](t, column(t, arrow.PrimitiveTypes.Uint64, "1", "9223372036854775808"), `9223372036854775808 does not fit in a field of type int64`)
	misfit[float64](t, column(t, arrow.PrimitiveTypes.Int64, "1", "9007199254740993"), `9007199254740993 does not fit in a field of type float64`)
	misfit[float64](t, column(t, arrow.PrimitiveTypes.Int64, "1", "9223372036854775807"), `9223372036854775807 does not fit in a field of type float64`)
	misfit[float32](t, column(t, arrow.PrimitiveTypes.Int32, "1", "16777217"), `16777217 does not fit in a field of type float32`)
	misfit[int64](t, column(t, arrow.PrimitiveTypes.Int64, "1", "null"), `a null does not fit in a field of type int64 (row 2, column "v"); use *int64 or sql.Null[int64]`)
	misfit[string](t, column(t, arrow.BinaryTypes.String, `"1"`, "null"), `a null does not fit in a field of type string`)
	misfit[[]int64](t, column(t, arrow.ListOf(arrow.PrimitiveTypes.Int64), `[1]`, "[null]"), `a null does not fit in a field of type int64`)
	misfit[time.Duration](t, column(t, arrow.FixedWidthTypes.Duration_s, `"1s"`, `"9223372037s"`), `does not fit in a field of type time.Duration`)
}

func misfit[T any](t *testing.T, df *dataframe.DataFrame, message string) {
	t.Helper()
	_, err := dataframe.CollectAs[T](ctx, df)
	f := asFault(t, err)
	require.Contains(t, f.Error(), message)
	require.Equal(t, fault.Data, f.Kind)
	require.Equal(t, int64(2), f.Row)
	require.Equal(t, "CollectAs", f.Op)
	require.Contains(t, f.At, "rows_test.go:")
	var kinds []string
	for _, err := range dataframe.Rows[T](ctx, df) {
		if err != nil {
			require.Equal(t, int64(2), asFault(t, err).Row)
			kinds = append(kinds, "error")
		} else {
			kinds = append(kinds, "row")
		}
	}
	require.Equal(t, []string{"row", "error"}, kinds)
}

// TestTypesThatDoNotFit is seen before the run starts.
func TestTypesThatDoNotFit(t *testing.T) {
	mismatch[int64](t, column(t, arrow.PrimitiveTypes.Float64, "1"), `a column of type float64 does not fit in a field of type int64 (column "v"); use float64, or Cast the column`)
	mismatch[float32](t, column(t, arrow.PrimitiveTypes.Float64, "1"), `a column of type float64 does not fit in a field of type float32`)
	mismatch[string](t, column(t, arrow.PrimitiveTypes.Int64, "1"), `a column of type int64 does not fit in a field of type string (column "v"); use int64`)
	mismatch[int64](t, column(t, arrow.BinaryTypes.String, `"1"`), `a column of type text does not fit in a field of type int64 (column "v"); use string`)
	mismatch[time.Time](t, column(t, arrow.PrimitiveTypes.Int64, "1"), `does not fit in a field of type time.Time`)
	mismatch[time.Duration](t, column(t, arrow.PrimitiveTypes.Int64, "1"), `does not fit in a field of type time.Duration`)
	mismatch[bool](t, column(t, arrow.PrimitiveTypes.Int8, "1"), `does not fit in a field of type bool`)
	mismatch[float64](t, column(t, &arrow.Decimal128Type{Precision: 3}, `"1"`), `a column of type decimal(3, 0) does not fit in a field of type float64 (column "v"); use string, or Cast the column`)
	mismatch[[]string](t, column(t, arrow.ListOf(arrow.PrimitiveTypes.Int8), `[1]`), `a column of type list<int8> does not fit in a field of type []string`)
	mismatch[**int64](t, column(t, arrow.PrimitiveTypes.Int64, "1"), `does not fit in a field of type **int64`)
	mismatch[int64](t, column(t, arrow.Null, "null"), `a column of type null does not fit in a field of type int64`)
	mismatch[struct{ V struct{ B int64 } }](t, column(t, arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int64}), `{"a": 1}`).Select(expr.Col("v").As("V")), `a column of type struct<a: int64>`)
}

func mismatch[T any](t *testing.T, df *dataframe.DataFrame, message string) {
	t.Helper()
	_, err := dataframe.One[T](ctx, df)
	f := asFault(t, err)
	require.Contains(t, f.Error(), message)
	require.Equal(t, fault.Type, f.Kind)
	require.Contains(t, f.At, "rows_test.go:")
}

func TestFieldsWithoutAColumn(t *testing.T) {
	df := dataframe.FromStructs([]struct{ Fare_amount, Tip float64 }{{1, 2}})
	_, err := dataframe.CollectAs[struct{ Fare_amout float64 }](ctx, df)
	f := asFault(t, err)
	require.Equal(t, fault.Plan, f.Kind)
	require.Contains(t, f.Error(), `column "Fare_amout" not found; did you mean "Fare_amount"?`)
	tips, err := dataframe.CollectAs[struct {
		T    float64 `sheaf:"Tip"`
		Gone float64 `sheaf:"-"`
	}](ctx, df)
	require.NoError(t, err)
	require.Equal(t, 2.0, tips[0].T)
	_, err = dataframe.CollectAs[float64](ctx, df)
	require.Contains(t, asFault(t, err).Error(), "a row of 2 columns does not fit in one float64")
	empty, err := dataframe.CollectAs[struct{}](ctx, df)
	require.NoError(t, err)
	require.Len(t, empty, 1)
}

func TestOne(t *testing.T) {
	df := dataframe.FromStructs([]struct{ A int64 }{{1}, {2}})
	v, err := dataframe.One[int64](ctx, df.Limit(1))
	require.NoError(t, err)
	require.Equal(t, int64(1), v)
	_, err = dataframe.One[int64](ctx, df)
	require.Contains(t, asFault(t, err).Error(), "One: the frame has more than one row")
	_, err = dataframe.One[int64](ctx, df.Limit(0))
	f := asFault(t, err)
	require.Contains(t, f.Error(), "One: the frame has no row")
	require.Equal(t, fault.Data, f.Kind)
	require.Contains(t, f.At, "rows_test.go:")
}

// TestRowsStopAtABreak: nothing is given after it, and the frame can be ranged over again.
func TestRowsStopAtABreak(t *testing.T) {
	rows := make([]struct{ A int64 }, 100_000)
	for i := range rows {
		rows[i].A = int64(i)
	}
	seq := dataframe.Rows[int64](ctx, dataframe.FromStructs(rows))
	for range 2 {
		want := int64(0)
		for v, err := range seq {
			require.NoError(t, err)
			require.Equal(t, want, v)
			if want++; want == 9000 {
				break
			}
		}
		require.Equal(t, int64(9000), want)
	}
}

// TestRowsAreNeverReused: rows of earlier batches stay as they were given.
func TestRowsAreNeverReused(t *testing.T) {
	type r struct {
		A *int64
		B string
		C []byte
	}
	var in []r
	for i := range 50_000 {
		in = append(in, r{ptr(int64(i)), strings.Repeat("x", i%20), []byte{byte(i)}})
	}
	var out []r
	for v, err := range dataframe.Rows[r](ctx, dataframe.FromStructs(in)) {
		require.NoError(t, err)
		out = append(out, v)
	}
	require.Equal(t, in, out)
}

func BenchmarkCollectAs(b *testing.B) {
	type r struct {
		A int64
		B float64
		C string
		D time.Time
		E *int32
	}
	rows := make([]r, 1_000_000)
	for i := range rows {
		rows[i] = r{int64(i), float64(i) / 3, "some text", time.Unix(int64(i), 0), ptr(int32(i))}
	}
	df := dataframe.FromStructs(rows)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dataframe.CollectAs[r](ctx, df); err != nil {
			b.Fatal(err)
		}
	}
}
