package dataframe

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, strings.Split(string(want), "\n"), strings.Split(got, "\n"))
}

// tableOf makes a table of structs, in batches of at most three rows so that drawings cross them.
func tableOf[T any](t *testing.T, rows []T) *Table {
	t.Helper()
	e, err := newRowEncoder[T]()
	require.NoError(t, err)
	var recs []arrow.RecordBatch
	for len(rows) > 0 {
		n := min(3, len(rows))
		rec, _, failure := e.encode(rows[:n])
		require.Nil(t, failure)
		recs = append(recs, rec)
		rows = rows[n:]
	}
	return newTable(e.schema, recs)
}

func ptr[T any](v T) *T { return &v }

type drawnRow struct {
	Name  string
	Trips int64
	Share *float64
	Seen  *time.Time
	OK    *bool
}

func drawings(t *testing.T) []struct {
	name  string
	table *Table
	width int
} {
	noon := time.Date(2024, 2, 29, 12, 0, 0, 500_000_000, time.UTC)
	small := []drawnRow{
		{"Jamaica", 1234567, ptr(0.123456789123), &noon, ptr(true)},
		{"", -5, nil, nil, nil},
		{"null", 0, ptr(1234.5), ptr(noon.Add(time.Hour)), ptr(false)},
		{" blank at the start", 12, ptr(1e20), nil, ptr(true)},
		{"two\nlines\tand\r\x00\x1b[31m", 7, ptr(math.NaN()), nil, nil},
		{`"quoted"`, 7, ptr(math.Inf(-1)), nil, nil},
	}
	type wide struct {
		Zone  string
		Price float64
	}
	type nested struct {
		Tags   []string
		At     struct{ Lat, Lon float64 }
		Scores *[]*int32
		Raw    []byte
		Took   time.Duration
	}
	long := make([]drawnRow, 21)
	for i := range long {
		long[i] = drawnRow{Name: fmt.Sprintf("row %d", i), Trips: int64(i * i * i), Share: ptr(float64(i) / 8)}
	}
	many := tableOfColumns(t, 30, 4)
	var cases []struct {
		name  string
		table *Table
		width int
	}
	add := func(name string, table *Table, width int) {
		cases = append(cases, struct {
			name  string
			table *Table
			width int
		}{name, table, width})
	}
	add("nulls, empty text, blanks, breaks", tableOf(t, small), 120)
	add("the same in 60 cells", tableOf(t, small), 60)
	add("the same in 30 cells", tableOf(t, small), 30)
	add("the same in 10 cells", tableOf(t, small), 10)
	add("the same in 1 cell", tableOf(t, small), 1)
	add("wide and combining characters", tableOf(t, []wide{{"東京都", 1}, {"São Paulo", 12.25}, {"Sa\u0303o Paulo", -3}, {"서울", 0.5}, {"a👍🏽b", 100}, {"\u202eleft", 1}, {"\xff", 2}}[:6]), 120)
	add("long text", tableOf(t, []wide{{strings.Repeat("ab", 40), 1}, {strings.Repeat("東", 30), 2}, {"x" + strings.Repeat("東", 30), 2}}), 120)
	add("nested", tableOf(t, []nested{
		{[]string{"a", "", "null"}, struct{ Lat, Lon float64 }{1, -2.5}, &[]*int32{ptr(int32(1)), nil}, []byte{0, 255}, 90 * time.Second},
		{nil, struct{ Lat, Lon float64 }{}, nil, nil, -time.Millisecond},
		{[]string{strings.Repeat("long", 20)}, struct{ Lat, Lon float64 }{math.Pi, math.E}, &[]*int32{}, []byte{}, 0},
	}), 200)
	add("21 rows are all shown", tableOf(t, long), 120)
	add("22 rows are not", tableOf(t, append(long, drawnRow{Name: "last"})), 120)
	add("many columns", many, 80)
	add("many columns, two fit", many, 30)
	add("no rows", tableOf(t, []drawnRow{}), 120)
	add("no columns", newTable(arrow.NewSchema(nil, nil), []arrow.RecordBatch{array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 12345)}), 120)
	add("neither", newTable(arrow.NewSchema(nil, nil), nil), 120)
	add("one of each", tableOf(t, []struct{ A int8 }{{1}}), 120)
	add("types", everyType(t), 200)
	return cases
}

func tableOfColumns(t *testing.T, cols, rows int) *Table {
	t.Helper()
	var fields []arrow.Field
	for i := range cols {
		fields = append(fields, arrow.Field{Name: fmt.Sprintf("column_%02d", i), Type: arrow.PrimitiveTypes.Int32})
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for r := range rows {
		for i := range cols {
			b.Field(i).(*array.Int32Builder).Append(int32(r*100 + i))
		}
	}
	return newTable(schema, []arrow.RecordBatch{b.NewRecordBatch()})
}

// everyType has a column of every type that does not come of a Go struct, each with a value and a null.
func everyType(t *testing.T) *Table {
	t.Helper()
	zone := &arrow.TimestampType{Unit: arrow.Second, TimeZone: "America/New_York"}
	types := []arrow.DataType{
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Time32s, arrow.FixedWidthTypes.Time64us, &arrow.TimestampType{Unit: arrow.Microsecond}, zone,
		&arrow.Decimal128Type{Precision: 10, Scale: 2}, arrow.FixedWidthTypes.Float16, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String},
		arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64), arrow.Null,
	}
	var fields []arrow.Field
	for i, typ := range types {
		fields = append(fields, arrow.Field{Name: string(rune('a' + i)), Type: typ, Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range types {
		switch f := b.Field(i).(type) {
		case *array.Decimal128Builder:
			f.Append(decimal128.FromI64(-12345))
			f.Append(decimal128.FromI64(5))
		case *array.MapBuilder:
			f.Append(true)
			f.KeyBuilder().(*array.StringBuilder).Append("k")
			f.ItemBuilder().(*array.Int64Builder).Append(1)
			f.AppendEmptyValue()
		case *array.NullBuilder:
			f.AppendNull()
			f.AppendNull()
		default:
			for _, s := range []string{"1", "0"} {
				text := map[string]string{"a": "2024-01-0" + "2", "b": "01:02:03", "c": "01:02:03.5", "d": "2024-01-02 03:04:05.25", "e": "2024-07-02 03:04:05Z", "g": "1.5", "h": "null"}[fields[i].Name]
				if s == "0" {
					f.AppendNull()
					continue
				}
				require.NoError(t, f.AppendValueFromString(text), fields[i].Name)
			}
		}
	}
	return newTable(schema, []arrow.RecordBatch{b.NewRecordBatch()})
}

func TestTableDrawings(t *testing.T) {
	var out strings.Builder
	for _, c := range drawings(t) {
		fmt.Fprintf(&out, "== %s\n%s", c.name, c.table.draw(c.width))
	}
	golden(t, "tables.txt", out.String())
}

// TestDrawingsFit: every line of a drawing is as wide as the others and no wider than the terminal, as long as that has room for a column.
func TestDrawingsFit(t *testing.T) {
	for _, c := range drawings(t) {
		for width := 24; width < 160; width += 7 {
			lines := strings.Split(strings.TrimSuffix(c.table.draw(width), "\n"), "\n")
			lines = lines[:len(lines)-1] // the shape
			for _, line := range lines {
				require.Equal(t, textWidth(lines[0]), textWidth(line), "%s in %d cells: %s", c.name, width, line)
				if width >= 50 {
					require.LessOrEqual(t, textWidth(line), width, "%s in %d cells", c.name, width)
				}
			}
		}
	}
}

func TestTextWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "東京": 4, "한": 2, "\u1112\u1161\u11ab": 2, "ｆｕ": 4, "👍": 2, "a\u200db": 2, "—": 1} {
		require.Equal(t, want, textWidth(s), "%q", s)
	}
	require.Equal(t, "東…", clip("東京都", 4))
	require.Equal(t, "東京都", clip("東京都", 6))
	require.Equal(t, "…", clip("東京都", 1))
}

func TestFloatText(t *testing.T) {
	for v, want := range map[float64]string{0: "0.0", 1: "1.0", -1.5: "-1.5", 0.1: "0.1", 0.1 + 0.2: "0.3", 123456789: "123456789.0", 1234567890.5: "1234567890.5", 12345.6789012345: "12345.6789",
		1e14: "100000000000000.0", 1e15: "1e+15", 1.5e20: "1.5e+20", 0.0001: "0.0001", 0.00001: "1e-05", 2.0 / 3: "0.666666667", 99999.9999999: "100000.0"} {
		require.Equal(t, want, floatText(v, 9), "%v", v)
	}
	require.Equal(t, "0.1", floatText(float64(float32(0.1)), 7))
}
