package parquetio

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// TestEncodeRandomSchemas writes random columns of random types in random batches and row groups, with random options.
func TestEncodeRandomSchemas(t *testing.T) {
	types := writtenTypes()
	codecs := []string{"", "zstd", "snappy", "gzip", "lz4", "brotli", "none"}
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 5))
		var fields []arrow.Field
		for i := range 1 + rng.IntN(6) {
			fields = append(fields, arrow.Field{Name: fmt.Sprintf("c%d", i), Type: types[rng.IntN(len(types))], Nullable: true})
		}
		schema := arrow.NewSchema(fields, nil)
		o := WriteOptions{Compression: codecs[rng.IntN(len(codecs))], PageBytes: []int{0, 1, 500}[rng.IntN(3)], NoPageIndex: rng.IntN(4) == 0,
			PlainOnly: rng.IntN(3) == 0, RowGroupRows: []int64{0, 10}[rng.IntN(2)]}
		var batches [][]arrow.Array
		var want []string
		for range rng.IntN(5) {
			n := rng.IntN(300)
			cols := make([]arrow.Array, len(fields))
			for i, f := range fields {
				g := newGen(rng.Uint64())
				g.nulls, g.distinct, g.runs, g.textLen = rng.Float64(), []int{0, 3}[rng.IntN(2)], rng.IntN(2) == 0, 1+rng.IntN(400)
				cols[i] = array.NewSlice(g.array(f, n+20), 11, int64(n+11))
			}
			batches = append(batches, cols)
			want = append(want, rowsOf(cols, n)...)
		}
		file := mustOpen(t, encodeFile(t, schema, o, batches, 1, 3))
		var got []string
		_, err := readAll(file, ReadOptions{KeepDictionaries: rng.IntN(2) == 0}, func(cols []arrow.Array, rows int) { got = append(got, rowsOf(cols, rows)...) })
		require.NoError(t, err)
		require.Equal(t, want, got, "seed %d", seed)
	}
}

func int64s(n int, f func(i int) int64) arrow.Array {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for i := range n {
		b.Append(f(i))
	}
	return b.NewArray()
}

// TestEncodingsAreChosen looks at which encoding columns of known shape get.
func TestEncodingsAreChosen(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	n := 200_000
	cases := []struct {
		name  string
		value func(i int) int64
		enc   encoding
	}{
		{"ascending", func(i int) int64 { return int64(i) * 1000 }, encDeltaBinary},
		{"few", func(int) int64 { return rng.Int64N(100) * 12345678901 }, encRLEDict},
		{"random", func(int) int64 { return rng.Int64() }, encPlain},
		{"one", func(int) int64 { return 42 }, encRLEDict},
	}
	for _, c := range cases {
		f := arrow.Field{Name: "c", Type: arrow.PrimitiveTypes.Int64}
		file := checkRoundTrip(t, f, WriteOptions{}, int64s(n, c.value))
		require.NotZero(t, file.meta.groups[0].cols[0].encodings&(1<<c.enc), c.name)
		require.Equal(t, c.enc == encRLEDict, file.meta.groups[0].cols[0].dictPages > 0, c.name)
	}
	old := checkRoundTrip(t, arrow.Field{Name: "c", Type: arrow.PrimitiveTypes.Int64}, WriteOptions{PlainOnly: true}, int64s(n, cases[0].value))
	require.Zero(t, old.meta.groups[0].cols[0].encodings&(1<<encDeltaBinary))
}

// TestLongTexts writes texts that are longer than any other value could ever be.
func TestLongTexts(t *testing.T) {
	for _, size := range []int{1 << 17, 1 << 18, 1 << 19, 5 << 20} {
		for _, typ := range []arrow.DataType{arrow.BinaryTypes.String, &arrow.FixedSizeBinaryType{ByteWidth: size}} {
			b := array.NewBuilder(memory.DefaultAllocator, typ)
			for i := range 3 {
				text := bytes.Repeat([]byte{byte('a' + i)}, size)
				switch b := b.(type) {
				case *array.StringBuilder:
					b.Append(string(text[i:]))
				case *array.FixedSizeBinaryBuilder:
					b.Append(text)
				}
			}
			file := checkRoundTrip(t, arrow.Field{Name: "c", Type: typ}, WriteOptions{}, b.NewArray())
			require.Zero(t, file.meta.groups[0].cols[0].encodings&(1<<encDeltaBinary), "%v of %d", typ, size)
		}
	}
}

// TestDictionaryIsGivenUp begins with few values and goes on with many: the chunk has pages of both kinds.
func TestDictionaryIsGivenUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	a := int64s(600_000, func(i int) int64 {
		if i < 100_000 {
			return int64(i % 50)
		}
		return rng.Int64()
	})
	file := checkRoundTrip(t, arrow.Field{Name: "c", Type: arrow.PrimitiveTypes.Int64}, WriteOptions{}, a)
	c := &file.meta.groups[0].cols[0]
	require.NotZero(t, c.dictPages)
	require.NotZero(t, c.plainPages)
	checkPages(t, file, a)
}

func TestNothingUnderNullsLeaks(t *testing.T) {
	secret := "this must not be in the file"
	heads := []vec.ViewHeader{vec.Long([]byte(secret), 0, 0), vec.Inline([]byte("ok"))}
	v := vec.Vec{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 16, Len: 2, Data: vec.Bytes(heads), Bufs: [][]byte{[]byte(secret)}, Valid: []uint64{2}}
	e, err := NewEncoder(arrow.NewSchema([]arrow.Field{{Name: "c", Type: arrow.BinaryTypes.String, Nullable: true}}, nil), WriteOptions{Compression: "none"})
	require.NoError(t, err)
	g := e.Begin(nil)
	require.NoError(t, g.Add([]vec.Vec{v}, 2))
	c, err := g.Finish()
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = c.WriteTo(&out)
	require.NoError(t, err)
	require.NotContains(t, out.String(), "must not")
	foot, err := e.Footer([]Placed{{c, 0}}, int64(out.Len()))
	require.NoError(t, err)
	require.NotContains(t, string(foot), "must not")
}

func TestWrongOptions(t *testing.T) {
	i64 := arrow.NewSchema([]arrow.Field{{Name: "distance", Type: arrow.PrimitiveTypes.Int64}, {Name: "b", Type: arrow.FixedWidthTypes.Boolean}}, nil)
	one := func(t arrow.DataType) *arrow.Schema { return arrow.NewSchema([]arrow.Field{{Name: "x", Type: t}}, nil) }
	cases := []struct {
		schema *arrow.Schema
		o      WriteOptions
		says   string
	}{
		{i64, WriteOptions{Compression: "lzma"}, "lzma"},
		{i64, WriteOptions{RowGroupRows: -1}, "-1 rows"},
		{i64, WriteOptions{PageBytes: math.MaxInt}, "bytes"},
		{i64, WriteOptions{Bloom: []string{"distanc"}}, `did you mean "distance"`},
		{i64, WriteOptions{Bloom: []string{"b"}}, "Bloom"},
		{arrow.NewSchema(nil, nil), WriteOptions{}, "needs a column"},
		{one(arrow.FixedWidthTypes.MonthDayNanoInterval), WriteOptions{}, "cannot hold"},
		{one(arrow.StructOf()), WriteOptions{}, "without fields"},
		{one(&arrow.Decimal128Type{Precision: 5, Scale: -2}), WriteOptions{}, "decimal(5, -2)"},
		{one(&arrow.FixedSizeBinaryType{}), WriteOptions{}, "0 bytes"},
	}
	for _, c := range cases {
		_, err := NewEncoder(c.schema, c.o)
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, fault.Plan, f.Kind)
		require.Equal(t, writeOp, f.Op)
		require.ErrorContains(t, err, c.says)
	}
}

func TestWrongValues(t *testing.T) {
	ts := array.NewTimestampBuilder(memory.DefaultAllocator, arrow.FixedWidthTypes.Timestamp_s.(*arrow.TimestampType))
	ts.Append(math.MaxInt64 / 10)
	null := array.NewInt64Builder(memory.DefaultAllocator)
	null.AppendNull()
	dec := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: 38})
	require.NoError(t, dec.AppendValueFromString(strings.Repeat("9", 30)))
	wide := dec.NewArray()
	for _, c := range []struct {
		f    arrow.Field
		a    arrow.Array
		kind fault.Kind
	}{
		{arrow.Field{Name: "c", Type: ts.Type()}, ts.NewArray(), fault.Data},
		{arrow.Field{Name: "c", Type: arrow.PrimitiveTypes.Int64}, null.NewArray(), fault.Data},
		{arrow.Field{Name: "c", Type: &arrow.Decimal128Type{Precision: 5}}, wide, fault.Data},
		{arrow.Field{Name: "c", Type: &arrow.Decimal128Type{Precision: 15}}, wide, fault.Data},
		{arrow.Field{Name: "c", Type: &arrow.Decimal128Type{Precision: 20}}, wide, fault.Data},
		{arrow.Field{Name: "c", Type: arrow.PrimitiveTypes.Int32}, wide, fault.Internal},
	} {
		e, err := NewEncoder(arrow.NewSchema([]arrow.Field{c.f}, nil), WriteOptions{})
		require.NoError(t, err)
		g := e.Begin(nil)
		err = g.AddArrays([]arrow.Array{c.a}, 1)
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, c.kind, f.Kind, "%v", err)
		require.Equal(t, "c", f.Column)
		_, err = g.Finish()
		require.Error(t, err, "the row group stays failed")
		g.Discard()
	}
}

// TestFooterOrder writes row groups in one order and lists them in another.
func TestFooterOrder(t *testing.T) {
	e, err := NewEncoder(arrow.NewSchema([]arrow.Field{{Name: "c", Type: arrow.PrimitiveTypes.Int64}}, nil), WriteOptions{})
	require.NoError(t, err)
	var out bytes.Buffer
	out.Write(e.Head())
	var placed []Placed
	for i := range 5 {
		g := e.Begin(nil)
		require.NoError(t, g.AddArrays([]arrow.Array{int64s(i%3, func(int) int64 { return int64(i) })}, i%3)) // some have no rows
		c, err := g.Finish()
		require.NoError(t, err)
		placed = append([]Placed{{c, int64(out.Len())}}, placed...)
		_, err = c.WriteTo(&out)
		require.NoError(t, err)
		c.Release()
		g.Discard()
	}
	foot, err := e.Footer(placed, int64(out.Len()))
	require.NoError(t, err)
	out.Write(foot)
	f := mustOpen(t, out.Bytes())
	require.Equal(t, 3, f.NumRowGroups())
	require.Equal(t, []string{"4|", "2|", "2|", "1|"}, readRows(t, f, ReadOptions{}))
	require.Equal(t, "sheaf", f.CreatedBy())
}

// TestEncoderMemory holds what a row group says it takes against what it was given.
func TestEncoderMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	e, err := NewEncoder(arrow.NewSchema([]arrow.Field{{Name: "c", Type: arrow.PrimitiveTypes.Int64}}, nil), WriteOptions{})
	require.NoError(t, err)
	g := e.Begin(nil)
	for range 100 {
		require.NoError(t, g.AddArrays([]arrow.Array{int64s(8192, func(int) int64 { return rng.Int64N(5) })}, 8192))
	}
	require.Less(t, g.Bytes(), int64(3<<20), "codes and not 6.5 MB of values")
	require.False(t, g.Full())
	g.Discard()
}
