package vec

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/stretchr/testify/require"
)

// forAll runs fn for random arrays of every type, sliced and not, with no, some and only nulls.
func forAll(t *testing.T, fn func(t *testing.T, r *rand.Rand, arr arrow.Array)) {
	for _, typ := range allTypes() {
		t.Run(strings.ReplaceAll(typ.String(), "/", "_"), func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 11))
			for _, n := range []int{0, 1, 3, 63, 64, 65, 300} {
				for _, nulls := range []float64{0, 0.3, 1} {
					arr := randomArray(r, typ, n, nulls)
					fn(t, r, arr)
					if n > 2 {
						from := 1 + r.IntN(n-1)
						fn(t, r, array.NewSlice(arr, int64(from), int64(from+r.IntN(n-from+1))))
					}
					if n > 64 {
						fn(t, r, array.NewSlice(arr, 64, int64(n)))
					}
				}
			}
		})
	}
}

// values is the array's rows as text, null apart: the oracle's view of it.
func values(arr arrow.Array) []string {
	out := make([]string, arr.Len())
	for i := range out {
		if arr.DataType().ID() != arrow.RUN_END_ENCODED && arr.IsNull(i) {
			out[i] = "(null)"
			continue
		}
		out[i] = arr.ValueStr(i)
	}
	return out
}

func texts(t *testing.T, v *Vec, typ arrow.DataType) []string {
	arr, err := ToArrow(v, typ)
	require.NoError(t, err)
	require.True(t, arrow.TypeEqual(typ, arr.DataType()))
	if full, ok := arr.(interface{ ValidateFull() error }); ok {
		require.NoError(t, full.ValidateFull())
	}
	return values(arr)
}

func TestRoundTrip(t *testing.T) {
	var s Scratch
	forAll(t, func(t *testing.T, r *rand.Rand, arr arrow.Array) {
		s.Reset()
		var v Vec
		require.NoError(t, FromArrow(arr, &v, &s))
		require.Equal(t, arr.Len(), v.Len)
		require.True(t, arrow.TypeEqual(Logical(arr.DataType()), v.Type))
		require.Equal(t, values(arr), texts(t, &v, arr.DataType()))
		if arr.DataType().ID() != arrow.DICTIONARY && arr.DataType().ID() != arrow.NULL {
			for i := range v.Len {
				if arr.DataType().ID() != arrow.RUN_END_ENCODED {
					require.Equal(t, arr.IsValid(i), v.ValidAt(i))
				}
			}
		}
	})
}

func TestTakeFilterSlice(t *testing.T) {
	var s Scratch
	forAll(t, func(t *testing.T, r *rand.Rand, arr arrow.Array) {
		s.Reset()
		var v, got Vec
		require.NoError(t, FromArrow(arr, &v, &s))
		all := values(arr)
		n := v.Len
		typ := arr.DataType()
		if typ.ID() == arrow.RUN_END_ENCODED {
			typ = Logical(typ)
			all = texts(t, &v, typ)
		}

		idx, want := []uint32{}, []string{}
		for range min(n*2, 90) {
			idx = append(idx, uint32(r.IntN(n)))
			want = append(want, all[idx[len(idx)-1]])
		}
		Take(&got, &v, idx, &s)
		require.Equal(t, want, texts(t, &got, typ))

		for range 5 {
			idx, want = append(idx, NoRow), append(want, "(null)")
		}
		TakeOpt(&got, &v, idx, &s)
		require.Equal(t, want, texts(t, &got, typ))

		for _, density := range []float64{0, 0.1, 0.6, 1} {
			mask, want := make([]uint64, bitmap.Words(n)), []string{}
			bitmap.Fill(mask, true)
			for i := range n {
				bitmap.SetTo(mask, i, r.Float64() < density)
				if bitmap.Get(mask, i) {
					want = append(want, all[i])
				}
			}
			Filter(&got, &v, mask, len(want), &s)
			require.Equal(t, want, texts(t, &got, typ))
			var b Batch
			FilterBatch(&b, &Batch{Cols: []Vec{v, v}, Rows: n}, mask, len(want), &s)
			require.Equal(t, len(want), b.Rows)
			require.Equal(t, want, texts(t, &b.Cols[1], typ))
		}

		from := r.IntN(n + 1)
		k := r.IntN(n - from + 1)
		Slice(&got, &v, from, k, &s)
		require.Equal(t, all[from:from+k], texts(t, &got, typ))
		Decode(&got, &v, &s)
		require.Nil(t, got.Dict)
		require.Equal(t, texts(t, &v, Logical(typ)), texts(t, &got, Logical(typ)))
		require.True(t, Equal(&got, &v))
	})
}

func TestBuilder(t *testing.T) {
	forAll(t, func(t *testing.T, r *rand.Rand, arr arrow.Array) {
		var s Scratch
		b := NewBuilder(arr.DataType())
		for round := range 2 {
			want := []string{}
			other := randomArray(r, arr.DataType(), 20, 0.2)
			var v, w Vec
			require.NoError(t, FromArrow(arr, &v, &s))
			require.NoError(t, FromArrow(other, &w, &s))
			typ := Logical(arr.DataType())
			all, rest := texts(t, &v, typ), texts(t, &w, typ)
			b.Append(&v)
			want = append(want, all...)
			if round > 0 {
				b.Append(&w) // another dictionary
				want = append(want, rest...)
			}
			b.AppendNulls(3)
			want = append(want, "(null)", "(null)", "(null)")
			if n := v.Len; n > 0 {
				from := r.IntN(n)
				b.AppendRange(&v, from, n-from)
				want = append(want, all[from:]...)
				b.AppendTake(&v, []uint32{uint32(from), 0})
				want = append(want, all[from], all[0])
				b.AppendTakeOpt(&v, []uint32{NoRow, uint32(n - 1)})
				want = append(want, "(null)", all[n-1])
			}
			s.Reset()
			got := b.Vec()
			require.Equal(t, len(want), b.Len())
			require.Equal(t, want, texts(t, &got, typ))
			if v.Dict != nil && round == 0 && v.Len > 0 {
				require.Same(t, v.Dict, got.Dict)
			}
			b.Reset()
		}
	})
}

func TestDictionaryIdentity(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String}
	arr := randomArray(r, typ, 100, 0.1)
	var s Scratch
	var a, b, c Vec
	require.NoError(t, FromArrow(array.NewSlice(arr, 0, 50), &a, &s))
	s.Reset()
	require.NoError(t, FromArrow(array.NewSlice(arr, 50, 100), &b, &s))
	require.NoError(t, FromArrow(randomArray(r, typ, 10, 0), &c, &s))
	require.Same(t, a.Dict, b.Dict)
	require.NotSame(t, a.Dict, c.Dict)
}

func TestConversions(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	str := arrow.BinaryTypes.String
	for _, from := range []arrow.DataType{str, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView, arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, str),
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: str}} {
		for _, to := range []arrow.DataType{str, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView, arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, str),
			&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.BinaryTypes.LargeString}} {
			arr := randomArray(r, from, 100, 0.2)
			var v, w Vec
			require.NoError(t, FromArrow(arr, &v, nil))
			out, err := ToArrow(&v, to)
			require.NoError(t, err)
			require.NoError(t, FromArrow(out, &w, nil))
			require.True(t, Equal(&v, &w), "%s to %s", from, to)
		}
	}
}

func TestGarbageUnderNull(t *testing.T) {
	codes := memory.NewBufferBytes(Bytes([]int32{0, 77, -5, 1}))
	valid := memory.NewBufferBytes([]byte{0b1001})
	values := array.NewStringData(randomArray(rand.New(rand.NewPCG(1, 1)), arrow.BinaryTypes.String, 2, 0).Data())
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	d := array.NewDataWithDictionary(typ, 4, []*memory.Buffer{valid, codes}, 2, 0, values.Data().(*array.Data))
	var v Vec
	require.NoError(t, FromArrow(array.MakeFromData(d), &v, nil))
	require.Equal(t, []uint32{0, 0, 0, 1}, v.Codes())

	d = array.NewDataWithDictionary(typ, 4, []*memory.Buffer{nil, codes}, 0, 0, values.Data().(*array.Data))
	require.ErrorContains(t, FromArrow(array.NewDictionaryData(d), &v, nil), "outside of its dictionary")

	heads := []ViewHeader{Inline([]byte("ok")), {Len: 1 << 30, Buf: 9}}
	views := array.NewData(arrow.BinaryTypes.StringView, 2, []*memory.Buffer{memory.NewBufferBytes([]byte{1}), memory.NewBufferBytes(Bytes(heads))}, nil, 1, 0)
	require.NoError(t, fromData(views, 0, 2, &v, nil))
	require.Zero(t, Of[ViewHeader](&v)[1].Len)
	views = array.NewData(arrow.BinaryTypes.StringView, 2, []*memory.Buffer{nil, memory.NewBufferBytes(Bytes(heads))}, nil, 0, 0)
	require.ErrorContains(t, fromData(views, 0, 2, &v, nil), "outside of its buffer")

	offs := memory.NewBufferBytes(Bytes([]int32{0, 5, 3}))
	bad := array.NewData(arrow.BinaryTypes.String, 2, []*memory.Buffer{nil, offs, memory.NewBufferBytes([]byte("hello"))}, nil, 0, 0)
	require.ErrorContains(t, fromData(bad, 0, 2, &v, nil), "offset is outside")
}

// TestSteadyState checks that a warm Scratch serves a batch without allocating.
func TestSteadyState(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	var s Scratch
	var arrs []arrow.Array
	for _, typ := range []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.ListOf(arrow.PrimitiveTypes.Int32),
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}} {
		arrs = append(arrs, randomArray(r, typ, 1000, 0.1))
	}
	idx := []uint32{1, 7, 999, 4}
	mask := make([]uint64, bitmap.Words(1000))
	bitmap.SetRange(mask, 100, 700)
	run := func() {
		s.Reset()
		for _, a := range arrs {
			var v, w Vec
			_ = FromArrow(a, &v, &s)
			Take(&w, &v, idx, &s)
			Filter(&w, &v, mask, 600, &s)
		}
	}
	for range 4 {
		run()
	}
	require.Zero(t, testing.AllocsPerRun(20, run))
}

func BenchmarkFilter(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 1))
	const n = 8192
	for _, typ := range []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.StringView} {
		var v, out Vec
		_ = FromArrow(randomArray(r, typ, n, 0.1), &v, nil)
		for _, d := range []float64{0.01, 0.1, 0.5, 0.9, 0.99} {
			mask := make([]uint64, bitmap.Words(n))
			for i := range n {
				bitmap.SetTo(mask, i, r.Float64() < d)
			}
			c := bitmap.Count(mask, n)
			var s Scratch
			b.Run(fmt.Sprintf("%s/%v", typ, d), func(b *testing.B) {
				for b.Loop() {
					s.Reset()
					Filter(&out, &v, mask, c, &s)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
			})
		}
	}
}

func BenchmarkFromUtf8(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 1))
	arr := randomArray(r, arrow.BinaryTypes.String, 8192, 0.1)
	var s Scratch
	var v Vec
	for b.Loop() {
		s.Reset()
		_ = FromArrow(arr, &v, &s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/8192, "ns/row")
}

// What an allocator leaves behind short values of a view array does not count: Arrow's builders do not clear it.
func TestViewsWithDirtyPadding(t *testing.T) {
	heads := make([]ViewHeader, 13)
	for n := range heads {
		heads[n] = ViewHeader{Len: uint32(n), Prefix: [4]byte{'a', 'b', 'c', 'd'}, Buf: 0x68676665, Off: 0x6c6b6a69}
	}
	data := array.NewData(arrow.BinaryTypes.StringView, len(heads), []*memory.Buffer{nil, memory.NewBufferBytes(Bytes(heads))}, nil, 0, 0)
	var v Vec
	require.NoError(t, FromArrow(array.MakeFromData(data), &v, nil))
	for n, h := range Of[ViewHeader](&v) {
		require.Equal(t, Inline([]byte("abcdefghijkl")[:n]), h)
	}
}
