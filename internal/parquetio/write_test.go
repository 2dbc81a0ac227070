package parquetio

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// encodeFile writes batches to a file in memory, a row group after each count of batches in groups (all in one where it is empty).
func encodeFile(t testing.TB, schema *arrow.Schema, o WriteOptions, batches [][]arrow.Array, groups ...int) []byte {
	t.Helper()
	e, err := NewEncoder(schema, o)
	require.NoError(t, err)
	var out bytes.Buffer
	out.Write(e.Head())
	var placed []Placed
	end := func(g *RowGroup) {
		require.GreaterOrEqual(t, g.Bytes(), int64(0))
		c, err := g.Finish()
		require.NoError(t, err)
		placed = append(placed, Placed{c, int64(out.Len())})
		n, err := c.WriteTo(&out)
		require.NoError(t, err)
		require.Equal(t, c.Size(), n)
		require.Equal(t, int64(out.Len()), placed[len(placed)-1].Offset+n)
		c.Release()
	}
	g := e.Begin(nil)
	for i, cols := range batches {
		if slices.Contains(groups, i) {
			end(g)
			g = e.Begin(nil)
		}
		rows := 0
		if len(cols) > 0 {
			rows = cols[0].Len()
		}
		require.NoError(t, g.AddArrays(cols, rows))
	}
	end(g)
	foot, err := e.Footer(placed, int64(out.Len()))
	require.NoError(t, err)
	out.Write(foot)
	return out.Bytes()
}

// logicalStrings formats values in a way that does not depend on layout.
func logicalStrings(arrays ...arrow.Array) []string {
	var out []string
	for _, a := range arrays {
		for i := range a.Len() {
			out = append(out, valueOf(a, i))
		}
	}
	return out
}

// checkRoundTrip writes batches of one column and reads them again.
func checkRoundTrip(t *testing.T, f arrow.Field, o WriteOptions, arrays ...arrow.Array) *File {
	t.Helper()
	batches := make([][]arrow.Array, len(arrays))
	for i, a := range arrays {
		batches[i] = []arrow.Array{a}
	}
	file := mustOpen(t, encodeFile(t, arrow.NewSchema([]arrow.Field{f}, nil), o, batches))
	var got []string
	_, err := readAll(file, ReadOptions{KeepDictionaries: true}, func(cols []arrow.Array, rows int) {
		got = append(got, logicalStrings(cols[0])...)
	})
	require.NoError(t, err)
	want := logicalStrings(arrays...)
	require.Equal(t, len(want), len(got))
	for i := range want {
		if want[i] != got[i] {
			t.Fatalf("row %d of %d: wrote %s, read %s", i, len(want), want[i], got[i])
		}
	}
	return file
}

// writtenTypes are all types that are written, whose values come back equal.
func writtenTypes() []arrow.DataType {
	types := []arrow.DataType{
		arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView, arrow.BinaryTypes.Binary, arrow.BinaryTypes.BinaryView,
		&arrow.FixedSizeBinaryType{ByteWidth: 3}, &arrow.FixedSizeBinaryType{ByteWidth: 16}, &arrow.FixedSizeBinaryType{ByteWidth: 100},
		&arrow.Decimal32Type{Precision: 9, Scale: 2}, &arrow.Decimal64Type{Precision: 18, Scale: 3},
		arrow.PrimitiveTypes.Date32, arrow.FixedWidthTypes.Time32ms, arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns,
		arrow.Null,
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String},
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.PrimitiveTypes.Int64},
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: &arrow.FixedSizeBinaryType{ByteWidth: 5}},
	}
	for _, p := range []int32{1, 9, 10, 18, 19, 28, 29, 38} {
		types = append(types, &arrow.Decimal128Type{Precision: p, Scale: p / 2})
	}
	for _, p := range []int32{2, 9, 18, 30, 40, 76} {
		types = append(types, &arrow.Decimal256Type{Precision: p, Scale: p / 8})
	}
	for _, u := range []arrow.TimeUnit{arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond} {
		types = append(types, &arrow.TimestampType{Unit: u}, &arrow.TimestampType{Unit: u, TimeZone: "Europe/Berlin"}, &arrow.DurationType{Unit: u})
	}
	types = append(types, &arrow.DurationType{Unit: arrow.Second})
	str, i32 := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32
	list := arrow.ListOf(i32)
	types = append(types, list, arrow.ListOfNonNullable(str), arrow.LargeListOf(str), arrow.ListOf(arrow.ListOf(str)), arrow.FixedSizeListOf(3, i32),
		arrow.MapOf(str, arrow.PrimitiveTypes.Float64), arrow.MapOf(i32, list),
		arrow.StructOf(arrow.Field{Name: "a", Type: i32, Nullable: true}, arrow.Field{Name: "b", Type: str}),
		arrow.StructOf(arrow.Field{Name: "s", Type: arrow.StructOf(arrow.Field{Name: "l", Type: list, Nullable: true}), Nullable: true}),
		arrow.ListOf(arrow.StructOf(arrow.Field{Name: "a", Type: arrow.FixedWidthTypes.Boolean, Nullable: true}, arrow.Field{Name: "m", Type: arrow.MapOf(str, i32), Nullable: true})))
	return types
}

func TestEncodeEveryType(t *testing.T) {
	for _, typ := range writtenTypes() {
		for _, nulls := range []float64{-1, 0, 0.3, 1} { // -1: not nullable
			for _, n := range []int{0, 1, 300} {
				for _, distinct := range []int{0, 5} {
					g := newGen(uint64(n))
					g.nulls, g.distinct = nulls, distinct
					f := arrow.Field{Name: "c", Type: typ, Nullable: nulls >= 0 || typ.ID() == arrow.NULL}
					a := g.array(f, n)
					t.Logf("%v, nulls %v, %d rows, %d distinct", typ, nulls, n, distinct)
					checkRoundTrip(t, f, WriteOptions{Compression: "snappy"}, a)
					if n > 100 {
						checkRoundTrip(t, f, WriteOptions{}, array.NewSlice(a, 3, 77), array.NewSlice(a, 77, 77), array.NewSlice(a, 200, 201), array.NewSlice(a, 65, 299))
					}
				}
			}
		}
	}
}

func TestEncodeManyPages(t *testing.T) {
	for _, typ := range []arrow.DataType{
		arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String,
		arrow.ListOf(arrow.PrimitiveTypes.Int64), &arrow.Decimal128Type{Precision: 30, Scale: 2},
		arrow.ListOf(arrow.BinaryTypes.String), arrow.Null,
	} {
		for i, distinct := range []int{0, 3, 40_000, 400_000} {
			for _, nulls := range [][]float64{{-1}, {0.1}, {-1, 0.1}, {0.1}}[i] {
				t.Run(fmt.Sprintf("%v/%d/%v", typ, distinct, nulls), func(t *testing.T) {
					g := newGen(3)
					g.nulls, g.distinct, g.runs = nulls, distinct, distinct == 3
					f := arrow.Field{Name: "c", Type: typ, Nullable: nulls >= 0 || typ.ID() == arrow.NULL}
					a := g.array(f, 70_001)
					file := checkRoundTrip(t, f, WriteOptions{Compression: "lz4"}, a)
					if typ.ID() != arrow.LIST && typ.ID() != arrow.NULL {
						checkPages(t, file, a)
					}
					checkRanges(t, file, 3)
				})
			}
		}
	}
}

// checkPages holds the page index against the values.
func checkPages(t *testing.T, f *File, a arrow.Array) {
	t.Helper()
	pages, err := f.Pages(0, 0)
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	at := int64(0)
	for _, p := range pages {
		require.Equal(t, at, p.Rows.From)
		at = p.Rows.To
		s := array.NewSlice(a, p.Rows.From, p.Rows.To)
		require.True(t, p.Stats.NullsKnown)
		require.Equal(t, int64(s.NullN()), p.Stats.Nulls)
		checkBounds(t, p.Stats.Min, p.Stats.Max, s)
	}
	require.Equal(t, int64(a.Len()), at)
	st := f.Stats(0)["c"]
	require.Equal(t, int64(a.NullN()), st.Nulls)
	checkBounds(t, st.Min, st.Max, a)
}

// checkBounds holds bounds against values of a few types.
func checkBounds(t *testing.T, lo, hi any, a arrow.Array) {
	t.Helper()
	require.NotNil(t, lo)
	require.NotNil(t, hi)
	for i := range a.Len() {
		if a.IsNull(i) {
			continue
		}
		switch a := a.(type) {
		case *array.Int32:
			require.True(t, lo.(int64) <= int64(a.Value(i)) && int64(a.Value(i)) <= hi.(int64))
		case *array.Int64:
			require.True(t, lo.(int64) <= a.Value(i) && a.Value(i) <= hi.(int64))
		case *array.Float64:
			require.True(t, math.IsNaN(a.Value(i)) || lo.(float64) <= a.Value(i) && a.Value(i) <= hi.(float64))
		case *array.String:
			if v := a.Value(i); v < lo.(string) || v > hi.(string) {
				t.Fatalf("%q is not between %q and %q", v, lo, hi)
			}
		case *array.Decimal128:
			require.False(t, less(a.Value(i), lo) || less(hi, a.Value(i)))
		}
	}
}

func TestEncodeKeepsSchema(t *testing.T) {
	for _, typ := range writtenTypes() {
		f := arrow.Field{Name: "c", Type: typ, Nullable: true}
		file := mustOpen(t, encodeFile(t, arrow.NewSchema([]arrow.Field{f}, nil), WriteOptions{}, nil))
		got := file.Schema().Field(0)
		require.True(t, got.Nullable)
		if d, ok := typ.(*arrow.Decimal256Type); ok && d.Precision <= 38 { // a file tells digits, not widths
			typ = &arrow.Decimal128Type{Precision: d.Precision, Scale: d.Scale}
		}
		switch typ.ID() {
		case arrow.LARGE_STRING, arrow.DURATION, arrow.TIMESTAMP, arrow.DECIMAL128, arrow.DECIMAL256, arrow.DATE32, arrow.UINT16:
			require.True(t, arrow.TypeEqual(typ, got.Type), "%v became %v", typ, got.Type)
		default:
			require.True(t, arrow.TypeEqual(vec.Logical(typ), vec.Logical(got.Type)) || typ.ID() == arrow.FIXED_SIZE_LIST, "%v became %v", typ, got.Type)
		}
	}
}
