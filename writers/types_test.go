package writers_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
)

// typeValues is a type and some of its values, as arrow's JSON; the last is null.
type typeValues struct {
	typ    arrow.DataType
	values string
}

func allTypes() []typeValues {
	i64, str, f64 := arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64
	field := func(name string, t arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: t, Nullable: true}
	}
	out := []typeValues{
		{arrow.Null, `[null, null]`},
		{arrow.FixedWidthTypes.Boolean, `[true, false, null]`},
		{arrow.FixedWidthTypes.Float16, `[1.5, -2, 0, null]`},
		{arrow.PrimitiveTypes.Float32, `[1.5, -0.1, 3e20, null]`},
		{f64, `[1.5, -0.1, 1e300, null]`},
		{str, `["a", "", "two\nlines, \"quoted\"", "größe", "null", null]`},
		{arrow.BinaryTypes.LargeString, `["a", "", "x", null]`},
		{arrow.BinaryTypes.StringView, `["a", "", "a text of more than twelve bytes", null]`},
		{arrow.BinaryTypes.Binary, `["YWJj", "", null]`},
		{arrow.BinaryTypes.LargeBinary, `["YWJj", "", null]`},
		{arrow.BinaryTypes.BinaryView, `["YWJj", "", null]`},
		{&arrow.FixedSizeBinaryType{ByteWidth: 3}, `["YWJj", "eHl6", null]`},
		{arrow.FixedWidthTypes.Date32, `["2024-02-29", "1969-12-31", null]`},
		{arrow.FixedWidthTypes.Date64, `["2024-02-29", "1969-12-31", null]`},
		{arrow.FixedWidthTypes.Time32s, `["12:34:56", null]`},
		{arrow.FixedWidthTypes.Time32ms, `["12:34:56.789", null]`},
		{arrow.FixedWidthTypes.Time64us, `["12:34:56.789012", null]`},
		{arrow.FixedWidthTypes.Time64ns, `["12:34:56.789012345", null]`},
		{&arrow.Decimal32Type{Precision: 7, Scale: 2}, `["12345.67", "-0.01", null]`},
		{&arrow.Decimal64Type{Precision: 15, Scale: 3}, `["123456789012.345", "-0.001", null]`},
		{&arrow.Decimal128Type{Precision: 38, Scale: 4}, `["1234567890123456789012345678901234.5678", "-0.0001", null]`},
		{&arrow.Decimal128Type{Precision: 7, Scale: 2}, `["12345.67", "-0.01", null]`},
		{&arrow.Decimal256Type{Precision: 60, Scale: 4}, `["1234567890123456789012345678901234567890.5678", "-0.0001", null]`},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: str}, `["a", "b", "a", null]`},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: i64}, `[7, 8, 7, null]`},
		{arrow.ListOf(i64), `[[1, null, 3], [], null]`},
		{arrow.ListOf(arrow.ListOf(str)), `[[["a"], null, []], [], null]`},
		{arrow.LargeListOf(f64), `[[1.5, null], [], null]`},
		{arrow.ListViewOf(i64), `[[1, null, 3], [], null]`},
		{arrow.LargeListViewOf(str), `[["a", null], [], null]`},
		{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int32), `[[1, 2], [3, null], null]`},
		{arrow.FixedSizeListOf(2, arrow.FixedSizeListOf(1, str)), `[[["a"], ["b"]], [["c"], null], null]`},
		{arrow.MapOf(str, i64), `[[{"key": "a", "value": 1}, {"key": "b", "value": null}], [], null]`},
		{arrow.MapOf(arrow.PrimitiveTypes.Int32, arrow.ListOf(str)), `[[{"key": 1, "value": ["x", null]}, {"key": 2, "value": null}], [], null]`},
		{arrow.StructOf(field("a", i64), field("b", str)), `[{"a": 1, "b": "x"}, {"a": null, "b": null}, null]`},
		{arrow.ListOf(arrow.StructOf(field("m", arrow.MapOf(str, f64)), field("d", arrow.FixedWidthTypes.Date32))),
			`[[{"m": [{"key": "k", "value": 1.5}], "d": "2024-01-01"}, null], null]`},
		{arrow.StructOf(field("f", arrow.FixedSizeListOf(2, i64)), field("p", &arrow.Decimal64Type{Precision: 12, Scale: 2})),
			`[{"f": [1, 2], "p": "3.25"}, {"f": null, "p": null}, null]`},
		{arrow.FixedWidthTypes.MonthInterval, `[{"months": 3}, null]`},
		{arrow.FixedWidthTypes.DayTimeInterval, `[{"days": 3, "milliseconds": 5}, null]`},
		{arrow.FixedWidthTypes.MonthDayNanoInterval, `[{"months": 1, "days": 3, "nanoseconds": 5}, null]`},
	}
	for _, t := range []arrow.DataType{arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, i64} {
		out = append(out, typeValues{t, `[1, -128, 127, null]`})
	}
	for _, t := range []arrow.DataType{arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64} {
		out = append(out, typeValues{t, `[1, 0, 255, null]`})
	}
	for _, u := range []arrow.TimeUnit{arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond} {
		out = append(out, typeValues{&arrow.TimestampType{Unit: u}, `["2024-02-29T12:34:56", "1969-12-31T23:59:59", null]`},
			typeValues{&arrow.TimestampType{Unit: u, TimeZone: "UTC"}, `["2024-02-29T12:34:56Z", null]`},
			typeValues{&arrow.TimestampType{Unit: u, TimeZone: "Europe/Berlin"}, `["2024-02-29T12:34:56Z", null]`},
			typeValues{&arrow.DurationType{Unit: u}, `["90s", "-1s", "0s", null]`})
	}
	return out
}

// otherwise is what a type comes back as where it is not itself: another type with the same values, or an error of writing or reading.
// docs/types.md says so to users.
func otherwise(kind string, t arrow.DataType) string {
	switch {
	case kind == "parquet":
		switch t.String() {
		case "string_view":
			return "utf8"
		case "binary_view":
			return "binary"
		case "date64":
			return "date32"
		case "time32[s]":
			return "time32[ms]"
		}
		return parquetNested(t)
	case kind == "ipc":
		if d, ok := t.(*arrow.DictionaryType); ok {
			return d.ValueType.String()
		}
	case strings.HasPrefix(kind, "json"):
		switch t.ID() {
		case arrow.INTERVAL_DAY_TIME, arrow.INTERVAL_MONTH_DAY_NANO:
			return "read: the value is no " + t.String()
		}
	case strings.HasPrefix(kind, "csv"):
		switch t.ID() {
		case arrow.FLOAT16, arrow.FIXED_SIZE_BINARY, arrow.DURATION, arrow.INTERVAL_MONTHS, arrow.INTERVAL_DAY_TIME, arrow.INTERVAL_MONTH_DAY_NANO:
			return "read: fields of a CSV file cannot be read as " + t.String()
		}
		if _, nested := t.(arrow.NestedType); nested && t.ID() != arrow.DICTIONARY {
			return "read: fields of a CSV file cannot be read as " + t.String()
		}
	}
	return ""
}

func parquetNested(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return t.ValueType.String()
	case *arrow.TimestampType:
		if t.Unit == arrow.Second {
			return (&arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: t.TimeZone}).String()
		}
	case *arrow.MonthIntervalType, *arrow.DayTimeIntervalType, *arrow.MonthDayNanoIntervalType:
		return "write: Parquet cannot hold the type " + t.String()
	case *arrow.LargeListType, *arrow.ListViewType, *arrow.LargeListViewType:
		return arrow.ListOf(t.(arrow.ListLikeType).Elem()).String()
	}
	return ""
}

// TestEveryTypeReadsBack writes every type in every format and reads it back, with the schema in formats of text.
func TestEveryTypeReadsBack(t *testing.T) {
	for _, k := range kinds {
		for _, tv := range allTypes() {
			t.Run(k.name+"/"+strings.ReplaceAll(tv.typ.String(), "/", "-"), func(t *testing.T) { readBack(t, k, tv, otherwise(k.name, tv.typ)) })
		}
	}
}

func readBack(t *testing.T, k kind, tv typeValues, otherwise string) {
	want, _, err := array.FromJSON(memory.DefaultAllocator, tv.typ, strings.NewReader(tv.values))
	require.NoError(t, err)
	ids := array.NewInt64Builder(memory.DefaultAllocator)
	for i := range want.Len() {
		ids.Append(int64(i))
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "x", Type: tv.typ, Nullable: true}}, nil)
	rec := array.NewRecordBatch(schema, []arrow.Array{ids.NewArray(), want}, int64(want.Len()))
	path := filepath.Join(t.TempDir(), "x"+k.ext)
	if _, err := dataframe.FromRecords(schema, rec).Write(context.Background(), k.write(path, options{})); err != nil {
		text, isFault := strings.CutPrefix(otherwise, "write: ")
		require.True(t, isFault, err)
		require.ErrorContains(t, err, text)
		return
	}
	declared := schema
	if k.name == "parquet" || k.name == "ipc" {
		declared = nil
	}
	table, err := k.read(path, declared, false).Collect(context.Background())
	if text, isFault := strings.CutPrefix(otherwise, "read: "); isFault {
		require.ErrorContains(t, err, text)
		return
	}
	require.NoError(t, err)
	var all []arrow.Array
	for rec := range table.Batches() {
		all = append(all, rec.Column(1))
	}
	got, err := array.Concatenate(all, memory.DefaultAllocator)
	require.NoError(t, err)
	if otherwise == "" {
		require.Equal(t, tv.typ.String(), got.DataType().String())
		require.True(t, array.Equal(got, want), "%s, want %s", got, want)
		return
	}
	require.Equal(t, otherwise, got.DataType().String())
	for i := range want.Len() {
		require.Equal(t, want.ValueStr(i), strings.Replace(got.ValueStr(i), ".000", "", 1))
	}
}
