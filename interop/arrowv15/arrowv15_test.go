package arrowv15_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	old "github.com/apache/arrow/go/v15/arrow"
	oldarray "github.com/apache/arrow/go/v15/arrow/array"
	oldmemory "github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/interop/arrowv15"
)

// label is an extension type of v15 over text.
type label struct{ old.ExtensionBase }

type labelArray struct{ oldarray.ExtensionArrayBase }

func newLabel() *label { return &label{old.ExtensionBase{Storage: old.BinaryTypes.String}} }

func (*label) ArrayType() reflect.Type                  { return reflect.TypeFor[labelArray]() }
func (*label) ExtensionName() string                    { return "label" }
func (*label) ExtensionEquals(o old.ExtensionType) bool { return o.ExtensionName() == "label" }
func (*label) Serialize() string                        { return "v1" }
func (*label) Deserialize(old.DataType, string) (old.ExtensionType, error) {
	return newLabel(), nil
}

// columns are one of every type of v15, as JSON.
func columns() []struct {
	t    old.DataType
	json string
} {
	p, f, b := old.PrimitiveTypes, old.FixedWidthTypes, old.BinaryTypes
	list := `[[1, null], null, [], [4]]`
	return []struct {
		t    old.DataType
		json string
	}{
		{old.Null, `[null, null, null, null]`},
		{f.Boolean, `[true, null, false, true]`},
		{p.Int8, `[1, null, -3, 4]`}, {p.Int16, `[1, null, -3, 4]`}, {p.Int32, `[1, null, -3, 4]`}, {p.Int64, `[1, null, -3, 4]`},
		{p.Uint8, `[1, null, 3, 4]`}, {p.Uint16, `[1, null, 3, 4]`}, {p.Uint32, `[1, null, 3, 4]`}, {p.Uint64, `[1, null, 3, 4]`},
		{f.Float16, `[1.5, null, -3, 4]`}, {p.Float32, `[1.5, null, -3, 4]`}, {p.Float64, `[1.5, null, -3, 4]`},
		{b.String, `["a", null, "", "ä"]`}, {b.LargeString, `["a", null, "", "ä"]`}, {b.StringView, `["a", null, "", "longer than twelve bytes"]`},
		{b.Binary, `["YQ==", null, "", "YWI="]`}, {b.LargeBinary, `["YQ==", null, "", "YWI="]`}, {b.BinaryView, `["YQ==", null, "", "YWJjZGVmZ2hpamtsbW5vcA=="]`},
		{&old.FixedSizeBinaryType{ByteWidth: 2}, `["YWI=", null, "YWM=", "YWQ="]`},
		{f.Date32, `["2020-01-02", null, "1969-12-31", "2024-02-29"]`}, {f.Date64, `["2020-01-02", null, "1969-12-31", "2024-02-29"]`},
		{&old.TimestampType{Unit: old.Microsecond, TimeZone: "America/New_York"}, `["2020-01-02 03:04:05", null, "1969-12-31", "2024-02-29"]`},
		{&old.TimestampType{Unit: old.Second}, `["2020-01-02 03:04:05", null, "1969-12-31", "2024-02-29"]`},
		{f.Time32s, `["03:04:05", null, "00:00:00", "23:59:59"]`}, {f.Time32ms, `["03:04:05", null, "00:00:00", "23:59:59"]`},
		{f.Time64us, `["03:04:05", null, "00:00:00", "23:59:59"]`}, {f.Time64ns, `["03:04:05", null, "00:00:00", "23:59:59"]`},
		{f.Duration_s, `[1, null, -3, 4]`}, {f.Duration_ns, `[1, null, -3, 4]`},
		{f.MonthInterval, `[{"months": 1}, null, {"months": 3}, {"months": 4}]`},
		{f.DayTimeInterval, `[{"days": 1, "milliseconds": 2}, null, {"days": 3, "milliseconds": 0}, {"days": 0, "milliseconds": 1}]`},
		{f.MonthDayNanoInterval, `[{"months": 1, "days": 2, "nanoseconds": 3}, null, {"months": 1, "days": 2, "nanoseconds": 3}, {"months": 1, "days": 2, "nanoseconds": 3}]`},
		{&old.Decimal128Type{Precision: 10, Scale: 2}, `["1.25", null, "-3.00", "4.00"]`}, {&old.Decimal256Type{Precision: 50, Scale: 2}, `["1.25", null, "-3.00", "4.00"]`},
		{old.ListOf(p.Int32), list}, {old.LargeListOf(p.Int32), list}, {old.ListViewOf(p.Int32), list}, {old.LargeListViewOf(p.Int32), list},
		{old.FixedSizeListOf(2, p.Int32), `[[1, null], null, [3, 4], [5, 6]]`},
		{old.StructOf(old.Field{Name: "x", Type: p.Int64, Nullable: true}, old.Field{Name: "y", Type: old.ListOf(b.String), Nullable: true}),
			`[{"x": 1, "y": ["a"]}, null, {"x": null, "y": null}, {"x": 2, "y": []}]`},
		{old.MapOf(b.String, p.Int64), `[[{"key": "a", "value": 1}], null, [], [{"key": "b", "value": null}]]`},
		{old.SparseUnionOf([]old.Field{{Name: "i", Type: p.Int64, Nullable: true}, {Name: "s", Type: b.String, Nullable: true}}, []old.UnionTypeCode{0, 7}),
			`[[0, 1], [7, "a"], [0, null], [7, "b"]]`},
		{old.DenseUnionOf([]old.Field{{Name: "i", Type: p.Int64, Nullable: true}, {Name: "s", Type: b.String, Nullable: true}}, []old.UnionTypeCode{0, 7}),
			`[[0, 1], [7, "a"], [0, null], [7, "b"]]`},
		{&old.DictionaryType{IndexType: p.Int8, ValueType: b.String, Ordered: true}, `["a", null, "b", "a"]`},
		{&old.DictionaryType{IndexType: p.Uint32, ValueType: p.Float64}, `[1.5, null, 2, 1.5]`},
		{old.RunEndEncodedOf(p.Int32, b.String), `["a", "a", null, "b"]`},
		{newLabel(), `["a", null, "", "b"]`},
		{old.ListOf(newLabel()), `[["a", null], null, [], ["b"]]`},
	}
}

// record has a column of every type.
func record(t *testing.T, mem oldmemory.Allocator) old.Record {
	t.Helper()
	var fields []old.Field
	var cols []old.Array
	for i, c := range columns() {
		a, _, err := oldarray.FromJSON(mem, c.t, strings.NewReader(c.json))
		require.NoError(t, err, "%s", c.t)
		defer a.Release()
		fields = append(fields, old.Field{Name: fmt.Sprintf("c%d", i), Type: c.t, Nullable: true, Metadata: old.MetadataFrom(map[string]string{"k": "v"})})
		cols = append(cols, a)
	}
	m := old.MetadataFrom(map[string]string{"made": "here"})
	return oldarray.NewRecord(old.NewSchema(fields, &m), cols, 4)
}

// buffers are the addresses and lengths of an array's buffers, of its children and its dictionary.
func buffers[B interface{ Bytes() []byte }](own []B, isNil func(B) bool) (at []string) {
	for _, b := range own {
		if isNil(b) {
			at = append(at, "nil")
			continue
		}
		at = append(at, fmt.Sprintf("%p+%d", unsafe.SliceData(b.Bytes()), len(b.Bytes())))
	}
	return at
}

func oldBuffers(d old.ArrayData) []string {
	at := buffers(d.Buffers(), func(b *oldmemory.Buffer) bool { return b == nil })
	for _, c := range d.Children() {
		at = append(at, oldBuffers(c)...)
	}
	if d.DataType().ID() == old.DICTIONARY {
		at = append(at, oldBuffers(d.Dictionary())...)
	}
	return at
}

func newBuffers(d arrow.ArrayData) []string {
	at := buffers(d.Buffers(), func(b *memory.Buffer) bool { return b == nil })
	for _, c := range d.Children() {
		at = append(at, newBuffers(c)...)
	}
	if d.DataType().ID() == arrow.DICTIONARY {
		at = append(at, newBuffers(d.Dictionary())...)
	}
	return at
}

func TestEveryTypeStandsOnTheSameBuffers(t *testing.T) {
	mem := oldmemory.NewCheckedAllocator(oldmemory.NewGoAllocator())
	whole := record(t, mem)
	defer func() {
		whole.Release()
		require.Equal(t, leaked(t), mem.CurrentAlloc(), "bytes not released")
	}()
	sliced := whole.NewSlice(1, 4)
	defer sliced.Release()
	for _, rec := range []old.Record{whole, sliced} {
		in, err := arrowv15.FromRecord(rec)
		require.NoError(t, err)
		require.Equal(t, rec.NumRows(), in.NumRows())
		require.Equal(t, rec.NumCols(), in.NumCols())
		back, err := arrowv15.ToRecord(in)
		require.NoError(t, err)
		for i := range int(rec.NumCols()) {
			name := rec.Column(i).DataType().String()
			extended := strings.Contains(name, "extension")
			require.Equal(t, oldBuffers(rec.Column(i).Data()), newBuffers(in.Column(i).Data()), name)
			require.Equal(t, oldBuffers(rec.Column(i).Data()), oldBuffers(back.Column(i).Data()), name)
			require.Equal(t, rec.Column(i).NullN(), in.Column(i).NullN(), name)
			for row := range int(rec.NumRows()) {
				require.Equal(t, rec.Column(i).IsNull(row), in.Column(i).IsNull(row), name)
				// v15 writes times with zones in another way, and runs instead of rows.
				if id := in.Column(i).DataType().ID(); id != arrow.RUN_END_ENCODED && id != arrow.TIMESTAMP && !extended {
					require.Equal(t, rec.Column(i).ValueStr(row), in.Column(i).ValueStr(row), name)
				}
			}
			storage := rec.Column(i)
			if e, ok := storage.(oldarray.ExtensionArray); ok {
				storage = e.Storage()
			}
			if !extended {
				require.True(t, oldarray.Equal(storage, back.Column(i)), name)
				require.True(t, old.TypeEqual(storage.DataType(), back.Column(i).DataType(), old.CheckMetadata()), name)
			}
		}
		m := in.Schema().Metadata()
		made, _ := m.GetValue("made")
		require.Equal(t, "here", made)
		back.Release()
		in.Release()
	}
}

// leaked is what v15's own builders of some nested types never release, in bytes.
func leaked(t *testing.T) int {
	mem := oldmemory.NewCheckedAllocator(oldmemory.NewGoAllocator())
	record(t, mem).Release()
	return mem.CurrentAlloc()
}

func TestExtensionsComeAsTheirStorage(t *testing.T) {
	s, err := arrowv15.FromSchema(old.NewSchema([]old.Field{{Name: "l", Type: newLabel()}}, nil))
	require.NoError(t, err)
	require.Equal(t, arrow.STRING, s.Field(0).Type.ID())
	name, _ := s.Field(0).Metadata.GetValue("ARROW:extension:name")
	data, _ := s.Field(0).Metadata.GetValue("ARROW:extension:metadata")
	require.Equal(t, []string{"label", "v1"}, []string{name, data})
}

// TestReleases: the memory of a record goes with the last user on either side, whoever that is.
func TestReleases(t *testing.T) {
	mem := oldmemory.NewCheckedAllocator(oldmemory.NewGoAllocator())
	rec := record(t, mem)
	in, err := arrowv15.FromRecord(rec)
	require.NoError(t, err)
	rec.Release()
	all := mem.CurrentAlloc()
	column := in.Column(13)
	column.Retain()
	in.Release()
	require.Equal(t, all, mem.CurrentAlloc(), "a column is still used, and with it the record")
	require.Equal(t, "a", column.ValueStr(0))
	column.Release()
	require.Less(t, mem.CurrentAlloc(), all)
	require.Equal(t, leaked(t), mem.CurrentAlloc(), "bytes not released")

	mem18 := memory.NewCheckedAllocator(memory.NewGoAllocator())
	b := array.NewStringBuilder(mem18)
	b.AppendValues([]string{"a", "b"}, nil)
	a := b.NewArray()
	b.Release()
	batch := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil), []arrow.Array{a}, 2)
	a.Release()
	out, err := arrowv15.ToRecord(batch)
	require.NoError(t, err)
	batch.Release()
	require.Positive(t, mem18.CurrentAlloc())
	require.Equal(t, "b", out.Column(0).ValueStr(1))
	out.Release()
	mem18.AssertSize(t, 0)
}

func TestNoColumnsAndNoRows(t *testing.T) {
	empty := oldarray.NewRecord(old.NewSchema(nil, nil), nil, 7)
	in, err := arrowv15.FromRecord(empty)
	require.NoError(t, err)
	require.EqualValues(t, 7, in.NumRows())
	back, err := arrowv15.ToRecord(in)
	require.NoError(t, err)
	require.EqualValues(t, 7, back.NumRows())

	df, err := arrowv15.Frame(old.NewSchema([]old.Field{{Name: "x", Type: old.PrimitiveTypes.Int64}}, nil))
	require.NoError(t, err)
	n, err := df.Count(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestTypesThatV15DoesNotHave(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "price", Type: arrow.ListOf(&arrow.Decimal64Type{Precision: 9, Scale: 2})}}, nil)
	_, err := arrowv15.ToSchema(s)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Type, f.Kind)
	require.Equal(t, "price", f.Column)
	require.ErrorContains(t, err, "decimal64")
}

// TestFrame asks a question of v15 records and takes the answer as v15 records.
func TestFrame(t *testing.T) {
	schema := old.NewSchema([]old.Field{{Name: "city", Type: old.BinaryTypes.String}, {Name: "n", Type: old.PrimitiveTypes.Int64, Nullable: true}}, nil)
	var recs []old.Record
	for _, text := range []string{`[{"city": "Bonn", "n": 1}, {"city": "Ulm", "n": null}]`, `[{"city": "Bonn", "n": 3}]`} {
		rec, _, err := oldarray.RecordFromJSON(oldmemory.DefaultAllocator, schema, strings.NewReader(text))
		require.NoError(t, err)
		recs = append(recs, rec)
	}
	df, err := arrowv15.Frame(schema, recs...)
	require.NoError(t, err)
	sums := df.GroupBy("city").Agg(expr.Sum("n").As("n")).Sort("city")
	var got []string
	for rec, err := range arrowv15.Records(t.Context(), sums) {
		require.NoError(t, err)
		for row := range int(rec.NumRows()) {
			got = append(got, rec.Column(0).ValueStr(row)+" "+rec.Column(1).ValueStr(row))
		}
		rec.Release()
	}
	require.Equal(t, []string{"Bonn 4", "Ulm (null)"}, got)
}

func TestRecordsOfAFaultyFrame(t *testing.T) {
	df := dataframe.FromStructs([]struct{ X int64 }{{1}}).Select("y")
	for _, err := range arrowv15.Records(t.Context(), df) {
		require.Error(t, err)
	}
}

func ExampleFrame() {
	schema := old.NewSchema([]old.Field{{Name: "city", Type: old.BinaryTypes.String}, {Name: "people", Type: old.PrimitiveTypes.Int64}}, nil)
	rec, _, err := oldarray.RecordFromJSON(oldmemory.DefaultAllocator, schema,
		strings.NewReader(`[{"city": "Bonn", "people": 330000}, {"city": "Ulm", "people": 126000}]`))
	if err != nil {
		panic(err)
	}
	df, err := arrowv15.Frame(schema, rec)
	if err != nil {
		panic(err)
	}
	for rec, err := range arrowv15.Records(context.Background(), df.Filter(expr.Col("people").Gt(200000))) {
		if err != nil {
			panic(err)
		}
		fmt.Println(rec.Column(0), rec.Column(1))
	}
	// Output: ["Bonn"] [330000]
}
