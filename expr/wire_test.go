package expr_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
)

func TestWireRoundTrip(t *testing.T) {
	for _, e := range append(sound(), c("f").Desc().NullsFirst()) {
		checkRoundTrip(t, e)
		if b, err := expr.Bind(e, table); err == nil {
			checkRoundTrip(t, b)
		}
	}
}

func checkRoundTrip(t *testing.T, e expr.Expr) {
	data, err := expr.Marshal(e)
	require.NoError(t, err, e.String())
	back, err := expr.Unmarshal(data)
	require.NoError(t, err, e.String())
	require.True(t, expr.Equal(e, back), "%s became %s", e, back)
	require.Equal(t, e.Name(), back.Name())
	require.Equal(t, e.String(), back.String())
	require.Equal(t, e.IsBound(), back.IsBound())
	if e.IsBound() {
		require.True(t, expr.Field(e).Equal(expr.Field(back)))
		require.Equal(t, e.CanFail(), back.CanFail())
		require.Equal(t, typed(e), typed(back))
	}
	again, err := expr.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, data, again, "the wire form is canonical")
}

func types() []arrow.DataType {
	f := func(name string, t arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: t, Nullable: true, Metadata: arrow.NewMetadata([]string{"k"}, []string{"v"})}
	}
	i32, s := arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String
	key := arrow.Field{Name: "key", Type: s}
	m := arrow.MapOfFields(key, f("value", i32))
	m.KeysSorted = true
	all := []arrow.DataType{
		arrow.Null, arrow.FixedWidthTypes.Boolean, arrow.FixedWidthTypes.Float16, s, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView, arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary, arrow.BinaryTypes.BinaryView,
		&arrow.FixedSizeBinaryType{ByteWidth: 16}, &arrow.Decimal32Type{Precision: 9, Scale: 2}, &arrow.Decimal64Type{Precision: 18, Scale: -2}, &arrow.Decimal128Type{Precision: 38, Scale: 10}, &arrow.Decimal256Type{Precision: 76, Scale: 10},
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64, arrow.FixedWidthTypes.Time32s, arrow.FixedWidthTypes.Time32ms, arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns,
		arrow.FixedWidthTypes.Duration_s, arrow.FixedWidthTypes.Duration_ns, &arrow.TimestampType{Unit: arrow.Second}, &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Asia/Tokyo"},
		arrow.FixedWidthTypes.MonthInterval, arrow.FixedWidthTypes.DayTimeInterval, arrow.FixedWidthTypes.MonthDayNanoInterval,
		arrow.ListOfField(f("item", i32)), arrow.LargeListOfField(f("item", s)), arrow.FixedSizeListOfField(3, f("item", i32)), arrow.ListViewOfField(f("item", i32)), arrow.LargeListViewOfField(f("item", i32)),
		arrow.StructOf(f("a", i32), f("b", arrow.ListOf(s))), arrow.StructOf(), m, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: s, Ordered: true},
		arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, s), arrow.SparseUnionOf([]arrow.Field{f("a", i32), f("b", s)}, []arrow.UnionTypeCode{1, 5}), arrow.DenseUnionOf([]arrow.Field{f("a", i32)}, []arrow.UnionTypeCode{0}),
	}
	return append(all, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, i32, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64)
}

func TestWireTypes(t *testing.T) {
	var fields []arrow.Field
	for i, typ := range types() {
		b, err := expr.MarshalType(typ)
		require.NoError(t, err, typ.String())
		back, err := expr.UnmarshalType(b)
		require.NoError(t, err, typ.String())
		require.True(t, arrow.TypeEqual(typ, back, arrow.CheckMetadata()), "%s became %s", typ, back)
		fields = append(fields, arrow.Field{Name: string(rune('a' + i)), Type: typ, Nullable: i%2 == 0})
	}
	md := arrow.NewMetadata([]string{"x", "y"}, []string{"1", ""})
	s := arrow.NewSchema(fields, &md)
	b, err := expr.MarshalSchema(s)
	require.NoError(t, err)
	back, err := expr.UnmarshalSchema(b)
	require.NoError(t, err)
	require.True(t, s.Equal(back))
	require.Equal(t, s.Metadata(), back.Metadata())
}

// TestWireDamage: every cut and every flipped bit gives an error or a sound expression, never a panic.
func TestWireDamage(t *testing.T) {
	e, err := expr.Bind(expr.Sum(c("dec").Mul(c("i64"))).Where(c("tz").Gt("2024-01-01").And(c("s").In("a", "b"))).OrderBy(c("f").Desc()).Over("cat"), table)
	require.NoError(t, err)
	data, err := expr.Marshal(e)
	require.NoError(t, err)
	for i := range data {
		sane(t, data[:i])
		for bit := range 8 {
			bad := append([]byte{}, data...)
			bad[i] ^= 1 << bit
			sane(t, bad)
		}
	}
}

// sane decodes and uses what comes out.
func sane(t *testing.T, data []byte) {
	e, err := expr.Unmarshal(data)
	if err != nil {
		return
	}
	_ = e.String()
	_, _ = expr.Bind(e, table)
	again, err := expr.Marshal(e)
	if err != nil {
		t.Fatalf("decoded %s cannot be encoded: %v", e, err)
	}
	back, err := expr.Unmarshal(again)
	if err != nil || !expr.Equal(e, back) {
		t.Fatalf("decoded %s does not come back: %v", e, err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, e := range sound() {
		for _, x := range []expr.Expr{e, must(expr.Bind(e, table))} {
			if data, err := expr.Marshal(x); err == nil {
				f.Add(data)
			}
		}
	}
	f.Fuzz(sane)
}

func must(e expr.Expr, _ error) expr.Expr { return e }

func FuzzUnmarshalType(f *testing.F) {
	for _, typ := range types() {
		if data, err := expr.MarshalType(typ); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		typ, err := expr.UnmarshalType(data)
		if err != nil {
			return
		}
		again, err := expr.MarshalType(typ)
		if err != nil {
			t.Fatal(err)
		}
		back, err := expr.UnmarshalType(again)
		if err != nil || !arrow.TypeEqual(typ, back) {
			t.Fatalf("%s became %v: %v", typ, back, err)
		}
	})
}
