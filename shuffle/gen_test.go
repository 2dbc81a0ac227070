package shuffle

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// testTypes is a type of every kind that a column can hold.
func testTypes() []arrow.DataType {
	str, i64 := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64
	return []arrow.DataType{
		arrow.Null, arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Int32,
		i64, arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		&arrow.TimestampType{Unit: arrow.Second, TimeZone: "Europe/Berlin"}, arrow.FixedWidthTypes.MonthDayNanoInterval,
		&arrow.Decimal128Type{Precision: 30, Scale: 3}, &arrow.Decimal256Type{Precision: 60, Scale: 4}, &arrow.FixedSizeBinaryType{ByteWidth: 5},
		str, arrow.BinaryTypes.Binary, arrow.BinaryTypes.StringView, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: str},
		arrow.ListOf(str), arrow.ListOf(arrow.ListOf(i64)), arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int16), arrow.MapOf(str, i64),
		arrow.StructOf(arrow.Field{Name: "a", Type: i64, Nullable: true}, arrow.Field{Name: "b", Type: str, Nullable: true},
			arrow.Field{Name: "c", Type: arrow.ListOf(arrow.FixedWidthTypes.Boolean), Nullable: true}),
		arrow.StructOf(), arrow.ListOf(arrow.Null),
	}
}

// randomVec is n random rows of type t. Text may be a dictionary's, of a few dictionaries that come again and again.
type generator struct {
	*rand.Rand
	nulls float64
	dicts []*vec.Dict
}

func (g *generator) column(t arrow.DataType, n int) vec.Vec {
	c := columnOf(t)
	v := vec.Vec{Type: c.typ, Phys: c.phys, Width: c.width, Len: n}
	if g.Float64() < 0.5 && c.phys != vec.Null {
		v.Valid = make([]uint64, (n+63)/64)
		for i := range n {
			if g.Float64() >= g.nulls {
				v.Valid[i/64] |= 1 << (i % 64)
			}
		}
	}
	switch c.phys {
	case vec.Null:
	case vec.Bool:
		v.Data = g.bytes((n + 63) / 64 * 8)
	case vec.View:
		g.text(&v)
	case vec.List:
		g.list(&v, t)
	case vec.Struct:
		v.Child = []vec.Vec{}
		for _, f := range t.(*arrow.StructType).Fields() {
			v.Child = append(v.Child, g.column(f.Type, n))
		}
	default:
		v.Data = g.bytes(n * c.width)
		if g.IntN(2) == 0 {
			clear(v.Data)
		}
	}
	return v
}

func (g *generator) list(v *vec.Vec, t arrow.DataType) {
	from := int32(g.IntN(3)) // elements before the first list
	v.Offs = []int32{from}
	fixed, isFixed := t.(*arrow.FixedSizeListType)
	for i := range v.Len {
		k := int32(g.IntN(4))
		if isFixed {
			k = fixed.Len()
		}
		v.Offs = append(v.Offs, v.Offs[i]+k)
	}
	elem := t.(arrow.ListLikeType).Elem()
	v.Child = []vec.Vec{g.column(elem, int(v.Offs[v.Len])+g.IntN(3))}
}

// bytes returns random memory, aligned.
func (g *generator) bytes(n int) []byte {
	var none *vec.Scratch
	b := none.Alloc(n)
	for i := range b {
		b[i] = byte(g.Uint64())
	}
	return b
}

var testWords = []string{"", "a", "elf", "twelve bytes", "thirteen byte", "größer", strings.Repeat("long and longer ", 9)}

func (g *generator) text(v *vec.Vec) {
	if len(g.dicts) > 0 && arrow.TypeEqual(v.Type, g.dicts[0].Values.Type) && g.IntN(2) == 0 {
		v.Dict = g.dicts[g.IntN(len(g.dicts))]
		v.Width = 4
		codes := make([]uint32, v.Len)
		for i := range codes {
			codes[i] = uint32(g.IntN(v.Dict.Values.Len))
		}
		v.Data = vec.Bytes(codes)
		return
	}
	heads := make([]vec.ViewHeader, v.Len)
	for i := range heads {
		s := []byte(testWords[g.IntN(len(testWords))] + string(rune('a' + g.IntN(4)))[:g.IntN(2)])
		if len(s) <= vec.InlineLen {
			heads[i] = vec.Inline(s)
			continue
		}
		if len(v.Bufs) == 0 || g.IntN(20) == 0 {
			v.Bufs = append(v.Bufs, nil)
		}
		last := len(v.Bufs) - 1
		heads[i] = vec.Long(s, uint32(last), uint32(len(v.Bufs[last])))
		v.Bufs[last] = append(v.Bufs[last], s...)
	}
	v.Data = vec.Bytes(heads)
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), nulls: 0.3}
	for range 2 {
		g.dicts = append(g.dicts, &vec.Dict{Values: func() vec.Vec { h := *g; h.dicts = nil; return h.column(arrow.BinaryTypes.String, 9) }()})
	}
	return g
}

// input is rows for one writer.
type input struct {
	opts    Options
	batches []vec.Batch
	hashes  [][]uint64
}

func (g *generator) input(types []arrow.DataType, rows int, hashed bool) input {
	in := input{opts: Options{Name: "test_op", Types: types, Hashed: hashed, Shift: uint(g.IntN(2) * 8)}}
	for rows > 0 {
		n := min(rows, 1+g.IntN(6000))
		rows -= n
		b := vec.Batch{Rows: n}
		for _, t := range types {
			b.Cols = append(b.Cols, g.column(t, n))
		}
		var hashes []uint64
		if hashed {
			hashes = make([]uint64, n)
			for i := range hashes {
				hashes[i] = hash.Word(uint64(g.IntN(3000)))
			}
		}
		in.batches = append(in.batches, b)
		in.hashes = append(in.hashes, hashes)
	}
	return in
}

func (in input) write(t testing.TB, s *Space, between func()) *Output {
	w := s.Writer(in.opts)
	for i, b := range in.batches {
		require.NoError(t, w.Add(b.Cols, in.hashes[i], b.Rows))
		between()
	}
	out, err := w.Finish()
	require.NoError(t, err)
	w.Abort()
	between()
	return out
}

// rows are rows put together for comparison.
type rowsOf struct {
	cols   []vec.Vec
	hashes []uint64
	n      int
}

// collect reads to the end.
func collect(r *Reader) (rowsOf, error) {
	defer r.Close()
	var b vec.Batch
	var got rowsOf
	var build []*vec.Builder
	for {
		hashes, err := r.Next(context.Background(), &b)
		if err != nil {
			for _, x := range build {
				got.cols = append(got.cols, x.Vec())
			}
			if err == io.EOF {
				err = nil
			}
			return got, err
		}
		if build == nil {
			for i := range b.Cols {
				build = append(build, vec.NewBuilder(b.Cols[i].Type))
			}
		}
		for i := range b.Cols {
			build[i].Append(&b.Cols[i])
		}
		got.hashes = append(got.hashes, hashes...)
		got.n += b.Rows
	}
}

// all is the rows of the input, those of buckets [lo, hi) where it is hashed.
func (in input) all(lo, hi int) rowsOf {
	var want rowsOf
	var build []*vec.Builder
	for _, t := range in.opts.Types {
		build = append(build, vec.NewBuilder(t))
	}
	for k, b := range in.batches {
		var idx []uint32
		for i := range b.Rows {
			if in.opts.Hashed {
				h := in.hashes[k][i]
				if at := int(h << in.opts.Shift >> (64 - HashBits)); at < lo || at >= hi {
					continue
				}
				want.hashes = append(want.hashes, h)
			}
			idx = append(idx, uint32(i))
		}
		want.n += len(idx)
		for i := range build {
			build[i].AppendTake(&b.Cols[i], idx)
		}
	}
	for _, x := range build {
		want.cols = append(want.cols, x.Vec())
	}
	return want
}

func (want rowsOf) equal(t require.TestingT, got rowsOf) {
	require.Equal(t, want.n, got.n)
	require.Equal(t, want.hashes, got.hashes)
	if want.n == 0 {
		return
	}
	require.Len(t, got.cols, len(want.cols))
	for c := range want.cols {
		require.Truef(t, arrow.TypeEqual(want.cols[c].Type, got.cols[c].Type), "%s, %s", want.cols[c].Type, got.cols[c].Type)
		for i := range want.n {
			if !vec.EqualRows(&want.cols[c], i, &got.cols[c], i) {
				require.Failf(t, "rows differ", "column %d (%s), row %d: %s, want %s", c, want.cols[c].Type, i, got.cols[c].Text(i), want.cols[c].Text(i))
			}
		}
	}
}

// space is a space of a test: nothing of it is left at the end.
func newTestSpace(t testing.TB, limit int64) *Space {
	b := mem.New("test", limit)
	dir := t.TempDir()
	s := NewSpace(b, dir)
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.Zero(t, b.Used())
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	})
	return s
}

func takeBatch(from rowsOf, idx []uint32) vec.Batch {
	b := vec.Batch{Rows: len(idx), Cols: make([]vec.Vec, len(from.cols))}
	for i := range from.cols {
		vec.Take(&b.Cols[i], &from.cols[i], idx, nil)
	}
	return b
}
