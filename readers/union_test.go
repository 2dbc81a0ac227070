package readers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

var (
	i8, i32, i64      = arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64
	u8, u32, u64      = arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64
	f32, f64          = arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64
	text              = arrow.BinaryTypes.String
	largeText         = arrow.BinaryTypes.LargeString
	dictText          = &arrow.DictionaryType{IndexType: i32, ValueType: text}
	micros, nanos     = &arrow.TimestampType{Unit: arrow.Microsecond}, &arrow.TimestampType{Unit: arrow.Nanosecond}
	microsUTC         = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	dec52, dec104     = &arrow.Decimal128Type{Precision: 5, Scale: 2}, &arrow.Decimal128Type{Precision: 10, Scale: 4}
	structX, structXY = arrow.StructOf(arrow.Field{Name: "x", Type: i32}), arrow.StructOf(arrow.Field{Name: "x", Type: i64}, arrow.Field{Name: "y", Type: text})
)

func TestWiden(t *testing.T) {
	cases := []struct {
		a, b           arrow.DataType
		plain, promote arrow.DataType // nil: an error
	}{
		{i32, i64, i64, i64}, {i32, f64, f64, f64}, {i32, f32, f64, f64}, {i8, f32, f32, f32}, {f32, f64, f64, f64}, {i64, f64, nil, f64}, {u64, f64, nil, f64},
		{arrow.Null, i64, i64, i64}, {text, arrow.Null, text, text}, {dictText, text, text, text}, {dictText, dictText, dictText, dictText},
		{text, largeText, text, text}, {largeText, text, largeText, largeText},
		{u8, i8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int16}, {u32, i64, i64, i64}, {u32, i32, i64, i64}, {u64, i64, nil, f64},
		{i64, text, nil, text}, {largeText, i64, nil, largeText}, {micros, nanos, nanos, nanos}, {micros, microsUTC, nil, text},
		{arrow.FixedWidthTypes.Boolean, i64, nil, text}, {dec52, dec104, dec104, dec104}, {dec52, f64, nil, text},
		{arrow.ListOf(i32), arrow.ListOf(i64), arrow.ListOf(i64), arrow.ListOf(i64)}, {arrow.ListOf(i32), i32, nil, text},
		{arrow.FixedWidthTypes.Date32, micros, nil, text},
	}
	for _, c := range cases {
		for _, promote := range []bool{false, true} {
			want := c.plain
			if promote {
				want = c.promote
			}
			got, ok := widen(c.a, c.b, promote)
			require.Equal(t, want != nil, ok, "%s and %s, promote %t: %v", c.a, c.b, promote, got)
			if ok {
				require.True(t, arrow.TypeEqual(want, got), "%s and %s, promote %t: %s, want %s", c.a, c.b, promote, got, want)
			}
		}
	}
	got, ok := widen(structX, structXY, false)
	require.True(t, ok)
	require.Equal(t, "struct<x: int64 nullable, y: utf8 nullable>", strings.ReplaceAll(got.String(), ", nullable", " nullable"))
}

// schemaOf reads "name type, name type".
func schemaOf(spec string) *arrow.Schema {
	types := map[string]arrow.DataType{"i32": i32, "i64": i64, "f64": f64, "text": text, "null": arrow.Null, "large": largeText}
	var fields []arrow.Field
	for _, f := range strings.Split(spec, ", ") {
		name, typ, _ := strings.Cut(f, ":")
		fields = append(fields, arrow.Field{Name: name, Type: types[typ]})
	}
	return arrow.NewSchema(fields, nil)
}

func TestUnionSchemas(t *testing.T) {
	cases := []struct {
		name  string
		o     unionOptions
		files []string
		want  string // the schema, then the maps; or the fault
	}{
		{"first file's columns", unionOptions{}, []string{"a:i64, b:text", "b:text"}, "a:int64? b:utf8 [0 1] [-1 0]"},
		{"widened in a later file", unionOptions{}, []string{"a:i32", "a:i64", "a:i32"}, "a:int64 [0] [0] [0]"},
		{"null column", unionOptions{}, []string{"a:null", "a:i64"}, "a:int64 [0] [0]"},
		{"new column", unionOptions{}, []string{"a:i64", "a:i64, c:text"}, `column "c" of type utf8 is not in the first file, f0; UnionByName`},
		{"case", unionOptions{}, []string{"airport_fee:f64", "Airport_fee:f64"}, `"Airport_fee" of type float64 is not in the first file, f0, which has "airport_fee" of type float64 CaseInsensitive`},
		{"case insensitive", unionOptions{fold: true}, []string{"airport_fee:f64", "Airport_fee:i32"}, "airport_fee:float64 [0] [0]"},
		{"exact name first", unionOptions{fold: true}, []string{"a:i64, A:i64", "A:i64, a:i64"}, "a:int64 A:int64 [0 1] [1 0]"},
		{"by name", unionOptions{byName: true}, []string{"a:i64", "b:i64", "a:i64, b:i64"}, "a:int64? b:int64? [0 -1] [-1 0] [0 1]"},
		{"types", unionOptions{}, []string{"a:i64", "a:text"}, `column "a" is utf8, but int64 in f0; PromoteTypes`},
		{"promoted", unionOptions{promote: true}, []string{"a:i64", "a:text"}, "a:utf8 [0] [0]"},
		{"promoted to double", unionOptions{promote: true}, []string{"a:i64", "a:f64"}, "a:float64 [0] [0]"},
		{"strict order", unionOptions{strict: true}, []string{"a:i64, b:i64", "b:i64, a:i64"}, `column 1 is "b" of type int64, but "a" of type int64 in f0`},
		{"strict types", unionOptions{strict: true}, []string{"a:i64", "a:i32"}, `"a" of type int32, but "a" of type int64`},
		{"strict missing", unionOptions{strict: true}, []string{"a:i64, b:text", "a:i64"}, `column 2 is missing, but "b" of type utf8`},
		{"strict duplicates", unionOptions{strict: true}, []string{"a:i64, a:i64"}, "there twice"},
		{"duplicates", unionOptions{}, []string{"a:i64, a:text, :i64, a_1:i64"}, "a:int64 a_2:utf8 column3:int64 a_1:int64 [0 1 2 3]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var files []fileSchema
			for i, f := range c.files {
				files = append(files, fileSchema{file: fmt.Sprintf("f%d", i), schema: schemaOf(f)})
			}
			s, maps, err := unionSchemas(files, c.o)
			if err != nil {
				f := err.(*fault.Error)
				for _, part := range strings.Split(c.want, "; ") {
					require.Contains(t, strings.ReplaceAll(f.Err.Error()+" "+f.Hint, "\n", " "), part)
				}
				require.Equal(t, fault.Type, f.Kind)
				require.NotEmpty(t, f.File)
				return
			}
			var got []string
			for _, f := range s.Fields() {
				null := ""
				if f.Nullable {
					null = "?"
				}
				got = append(got, f.Name+":"+f.Type.String()+null)
			}
			for _, m := range maps {
				got = append(got, fmt.Sprint(m))
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestCast(t *testing.T) {
	list := func(texts ...any) []any { return texts }
	cases := []struct {
		from, to arrow.DataType
		in, want []any
	}{
		{i32, i64, list("1", nil, "-3"), list("1", nil, "-3")},
		{i32, f64, list("1", nil, "-3"), list("1", nil, "-3")},
		{u32, i64, list("4294967295"), list("4294967295")},
		{f32, f64, list("0.5", nil), list("0.5", nil)},
		{arrow.FixedWidthTypes.Float16, f64, list("0.5", nil, "-2"), list("0.5", nil, "-2")},
		{i64, text, list("1", nil, "-9223372036854775808"), list("1", nil, "-9223372036854775808")},
		{u64, text, list("18446744073709551615"), list("18446744073709551615")},
		{f64, text, list("1.5", nil), list("1.5", nil)},
		{arrow.FixedWidthTypes.Boolean, text, list("true", nil), list("true", nil)},
		{arrow.FixedWidthTypes.Date32, text, list("2024-02-29"), list("2024-02-29")},
		{text, largeText, list("a", nil, "longer than twelve bytes"), list("a", nil, "longer than twelve bytes")},
		{largeText, text, list("a", nil, "longer than twelve bytes"), list("a", nil, "longer than twelve bytes")},
		{arrow.BinaryTypes.StringView, text, list("a", nil, "longer than twelve bytes"), list("a", nil, "longer than twelve bytes")},
		{micros, nanos, list("2024-01-01 00:00:01.5", nil), list("2024-01-01T00:00:01.5", nil)},
		{dec52, dec104, list("1.25", nil), list("1.25", nil)},
		{arrow.Null, i64, list(nil, nil), list(nil, nil)},
		{&arrow.FixedSizeBinaryType{ByteWidth: 2}, arrow.BinaryTypes.Binary, list("QUI=", nil), list("QUI=", nil)},
		{arrow.ListOf(i32), arrow.ListOf(i64), list("[1,2]", nil, "[]"), list("[1,2]", nil, "[]")},
		{arrow.ListOf(i32), arrow.LargeListOf(f64), list("[1,2]", nil, "[null]"), list("[1,2]", nil, "[null]")},
		{structX, structXY, list(`{"x":1}`, nil), list(`{"x":1,"y":null}`, nil)},
		{dictText, text, list("a", nil, "b", "a"), list("a", nil, "b", "a")},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: i32}, i64, list("7", nil, "8", "7"), list("7", nil, "8", "7")},
	}
	for _, c := range cases {
		t.Run(c.from.String()+" to "+c.to.String(), func(t *testing.T) {
			arr := arrayOf(t, c.from, append([]any{nil}, c.in...)...)
			sliced := array.NewSlice(arr, 1, int64(arr.Len()))
			for _, in := range []arrow.Array{sliced, array.NewSlice(arr, 1, 1)} {
				out, err := castArray(memory.DefaultAllocator, in, c.to)
				require.NoError(t, err)
				require.Equal(t, in.Len(), out.Len())
				for i := range out.Len() {
					require.Equal(t, c.want[i] != nil, out.IsValid(i))
					if out.IsValid(i) {
						require.Equal(t, c.want[i], out.ValueStr(i))
					}
				}
			}
		})
	}
}

func TestCastOverflow(t *testing.T) {
	arr := arrayOf(t, &arrow.TimestampType{Unit: arrow.Second}, "2024-01-01 00:00:00", "9999-01-01 00:00:00")
	a := &adapter{}
	a.add("at", nanos, 4)
	_, err := newAdapting(a, "f.parquet", memory.DefaultAllocator).realise([]arrow.Array{arr}, 2, 100)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Data, f.Kind)
	require.Equal(t, "f.parquet", f.File)
	require.Equal(t, "at", f.Column)
	require.Equal(t, int64(102), f.Row)
	require.Contains(t, f.Text, "9999")
}

// TestTaxiMonthsThatDrift reads two real months whose columns differ in types and in number.
func TestTaxiMonthsThatDrift(t *testing.T) {
	dir := shared(t, "taxi")
	files := []string{"green_tripdata_2023-01.parquet", "green_tripdata_2021-01_modified.parquet"}
	_, err := newParquetSource(dir, (&ParquetOptions{Files: files}).file())
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Type, f.Kind)
	require.Contains(t, f.File, "green_tripdata_2021-01_modified.parquet")
	src, err := newParquetSource(dir, (&ParquetOptions{Files: files, UnionByName: true, PromoteTypes: true, FileColumn: "file"}).file())
	require.NoError(t, err)
	zone, _ := src.Schema().FieldsByName("PULocationID")
	require.Equal(t, arrow.STRING, zone[0].Type.ID())
	rows := rowsOf(t, src, partition.ScanRequest{Columns: []string{"PULocationID", "file"}})
	require.Len(t, rows, 68211+73908)
	require.Equal(t, "166", rows[0][0])
	require.Contains(t, rows[68211][1], "2021-01")
	require.NotEqual(t, "∅", rows[68211][0])
}
