package sorting

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

var (
	i64  = arrow.PrimitiveTypes.Int64
	str  = arrow.BinaryTypes.String
	dec  = &arrow.Decimal128Type{Precision: 38, Scale: 2}
	dec2 = &arrow.Decimal256Type{Precision: 60, Scale: 2}
	fsb3 = &arrow.FixedSizeBinaryType{ByteWidth: 3}
	list = arrow.ListOf(arrow.PrimitiveTypes.Int16)
	strc = arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int8, Nullable: true}, arrow.Field{Name: "b", Type: str, Nullable: true})
)

// domains are values of each type in their order; values joined by = are equal to the one before.
var domains = []struct {
	name string
	typ  arrow.DataType
	json string
}{
	{"bool", arrow.FixedWidthTypes.Boolean, `[false, true]`},
	{"int8", arrow.PrimitiveTypes.Int8, `[-128, -1, 0, 1, 127]`},
	{"int16", arrow.PrimitiveTypes.Int16, `[-32768, 0, 7]`},
	{"int32", arrow.PrimitiveTypes.Int32, `[-2147483648, -3, 0, 5, 2147483647]`},
	{"int64", i64, `[-9223372036854775808, -2, -1, 0, 1, 2, 9223372036854775807]`},
	{"int64 narrow", i64, `[1000000, 1000001, 1000002, 1000003]`},
	{"uint8", arrow.PrimitiveTypes.Uint8, `[0, 1, 255]`},
	{"uint16", arrow.PrimitiveTypes.Uint16, `[0, 1, 65535]`},
	{"uint32", arrow.PrimitiveTypes.Uint32, `[0, 1, 4294967295]`},
	{"uint64", arrow.PrimitiveTypes.Uint64, `[0, 1, 18446744073709551615]`},
	{"date", arrow.FixedWidthTypes.Date32, `["1900-01-01", "1970-01-01", "2024-02-29"]`},
	{"float64", arrow.PrimitiveTypes.Float64, ``},
	{"float32", arrow.PrimitiveTypes.Float32, ``},
	{"decimal128", dec, `["-99999999999999999999.99", "-1.00", "0.00", "1.00", "99999999999999999999.99"]`},
	{"decimal256", dec2, `["-9999999999999999999999999999999999999999.99", "-1.00", "0.00", "1.00", "99999999999999999999.99"]`},
	{"text short", str, `["", "a", "ab", "b", "ba", "é"]`},
	{"text middle", str, `["", "abcdefgh", "abcdefgha", "abcdefghab", "abcdefghb", "fourteen bytes"]`},
	{"text shared", str, `["https://example.com/a", "https://example.com/a/b", "https://example.com/a/c", "https://example.com/b"]`},
	{"text long", str, `["", "the same first sixteen bytes", "the same first sixteen bytes and more", "the same first sixteen bytes, no", "u"]`},
	{"text one", str, `["only"]`},
	{"fixed", fsb3, `["AAEC", "AAED", "////"]`},
	{"list", list, `[[], [1], [1, 2], [1, null], [2], [null]]`},
	{"struct", strc, `[{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 1, "b": null}, {"a": 2, "b": "a"}, {"a": null, "b": "a"}]`},
	{"null", arrow.Null, `[null]`},
}

func domainVec(t testing.TB, i int) vec.Vec {
	d := domains[i]
	var arr arrow.Array
	switch d.typ.ID() {
	case arrow.FLOAT64:
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		b.AppendValues([]float64{math.Inf(-1), -1e300, -1.5, -5e-324, 0, 5e-324, 1.5, math.MaxFloat64, math.Inf(1), math.NaN()}, nil)
		arr = b.NewArray()
	case arrow.FLOAT32:
		b := array.NewFloat32Builder(memory.DefaultAllocator)
		b.AppendValues([]float32{float32(math.Inf(-1)), -1.5, 0, 1e-40, 1.5, float32(math.Inf(1)), float32(math.NaN())}, nil)
		arr = b.NewArray()
	default:
		var err error
		arr, _, err = array.FromJSON(memory.DefaultAllocator, d.typ, strings.NewReader(d.json))
		require.NoError(t, err, d.name)
	}
	var v vec.Vec
	require.NoError(t, vec.FromArrow(arr, &v, nil))
	return v
}

// table is rows whose true order is known: for each key column the place of the value in its domain, −1 for null.
type table struct {
	cols  []vec.Vec
	ranks [][]int
	rows  int
}

// randomTable draws rows of the domains, with the row number as last column.
func randomTable(t testing.TB, r *rand.Rand, doms []int, n, from int, nulls float64, dict bool) table {
	tb := table{rows: n}
	for _, d := range doms {
		dom := domainVec(t, d)
		idx, rank := make([]uint32, n), make([]int, n)
		var out vec.Vec
		if dict {
			perm := make([]uint32, 2*dom.Len) // a dictionary with equal entries, out of order
			for i := range perm {
				perm[i] = uint32(r.IntN(dom.Len))
			}
			dv := &vec.Dict{}
			vec.Take(&dv.Values, &dom, perm, nil)
			for i := range idx {
				idx[i] = uint32(r.IntN(len(perm)))
				rank[i] = int(perm[idx[i]])
			}
			out = vec.Vec{Type: dom.Type, Phys: dom.Phys, Width: 4, Len: n, Data: vec.Bytes(idx), Dict: dv}
		} else {
			for i := range idx {
				idx[i] = uint32(r.IntN(dom.Len))
				rank[i] = int(idx[i])
			}
			vec.Take(&out, &dom, idx, nil)
		}
		if dom.Phys == vec.Null {
			for i := range rank {
				rank[i] = -1
			}
		} else if nulls > 0 {
			out.Valid = make([]uint64, n/64+1)
			for i := range n {
				if r.Float64() < nulls {
					rank[i] = -1
				} else {
					out.Valid[i>>6] |= 1 << (i & 63)
				}
			}
		}
		tb.cols, tb.ranks = append(tb.cols, out), append(tb.ranks, rank)
	}
	num := make([]int64, n)
	for i := range num {
		num[i] = int64(from + i)
	}
	tb.cols = append(tb.cols, vec.Vec{Type: i64, Phys: vec.Int64, Width: 8, Len: n, Data: vec.Bytes(num)})
	return tb
}

func optionsOf(doms []int, keys []Key) Options {
	o := Options{Keys: keys}
	for _, d := range doms {
		o.Types = append(o.Types, domains[d].typ)
	}
	o.Types = append(o.Types, i64)
	return o
}

// want is the stable order of the rows of several tables, by their numbers.
func want(keys []Key, tables ...table) []int64 {
	type row struct {
		t table
		i int
	}
	var rows []row
	for _, t := range tables {
		for i := range t.rows {
			rows = append(rows, row{t, i})
		}
	}
	sort.SliceStable(rows, func(x, y int) bool {
		for _, k := range keys {
			a, b := rows[x].t.ranks[k.Col][rows[x].i], rows[y].t.ranks[k.Col][rows[y].i]
			switch {
			case a == b:
				continue
			case a < 0 || b < 0:
				return (a < 0) == k.NullsFirst
			case k.Desc:
				return a > b
			}
			return a < b
		}
		return false
	})
	out := []int64{}
	for _, r := range rows {
		out = append(out, vec.Of[int64](&r.t.cols[len(r.t.cols)-1])[r.i])
	}
	return out
}

func runOf(t testing.TB, o Options, tables ...table) *Run {
	s, err := NewSorter(o)
	require.NoError(t, err)
	for _, tb := range tables {
		require.NoError(t, s.Add(tb.cols, tb.rows))
	}
	r, err := s.Finish()
	require.NoError(t, err)
	return r
}

// numbers reads the row numbers of a run in sorted order.
func numbers(r *Run) []int64 {
	cols := make([]vec.Vec, len(r.o.Types))
	r.Batch(cols, 0, r.NumRows(), nil)
	return append([]int64{}, vec.Of[int64](&cols[len(cols)-1])...)
}

// keySets are choices of one to three domains.
func keySets(r *rand.Rand) [][]int {
	var sets [][]int
	for i := range domains {
		sets = append(sets, []int{i})
	}
	for range 30 {
		sets = append(sets, []int{r.IntN(len(domains)), r.IntN(len(domains)), r.IntN(len(domains))}[:2+r.IntN(2)])
	}
	return sets
}

func name(set []int) string {
	var s []string
	for _, d := range set {
		s = append(s, domains[d].name)
	}
	return strings.Join(s, ",")
}

func randomKeys(r *rand.Rand, n int) []Key {
	keys := make([]Key, n)
	for i, c := range r.Perm(n) {
		keys[i] = Key{Col: c, Desc: r.IntN(2) > 0, NullsFirst: r.IntN(2) > 0}
	}
	return keys
}

func TestSortAgainstOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, set := range keySets(r) {
		for _, n := range []int{0, 1, 2, 50, 400} {
			for _, nulls := range []float64{0, 0.3, 1} {
				var held int64
				keys := randomKeys(r, len(set))
				o := optionsOf(set, keys)
				o.Reserve = func(d int64) error { held += d; return nil }
				a := randomTable(t, r, set, n, 0, nulls, r.IntN(2) > 0)
				b := randomTable(t, r, set, n/3, n, nulls/2, r.IntN(2) > 0)
				run := runOf(t, o, a, b)
				require.Equal(t, want(keys, a, b), numbers(run), "%s rows %d nulls %v keys %v", name(set), n, nulls, keys)
				require.Equal(t, run.Bytes(), held)
				run.Release()
				require.Zero(t, held)
			}
		}
	}
}

func TestMergeAgainstOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for _, set := range keySets(r) {
		for _, n := range []int{0, 3, 400} {
			keys := randomKeys(r, len(set))
			var held int64
			o := optionsOf(set, keys)
			o.Reserve = func(d int64) error { held += d; return nil }
			var tables []table
			var runs []*Run
			at := 0
			for range r.IntN(9) {
				tb := randomTable(t, r, set, r.IntN(n+1), at, 0.2*float64(r.IntN(2)), r.IntN(2) > 0)
				at += tb.rows
				tables = append(tables, tb)
				run := runOf(t, o, tb)
				if r.IntN(3) == 0 { // as if it came from another process
					cols := make([]vec.Vec, len(o.Types))
					run.Batch(cols, 0, run.NumRows(), nil)
					again, err := NewRun(o, cols, run.NumRows())
					require.NoError(t, err)
					run.Release()
					run = again
				}
				runs = append(runs, run)
			}
			all := want(keys, tables...)
			limit := int64(-1)
			if r.IntN(2) == 0 {
				limit = int64(r.IntN(len(all) + 2))
				all = all[:min(len(all), int(limit))]
			}
			require.Equal(t, all, merged(t, o, runs, limit, 1+r.IntN(100)), "%s runs %d keys %v", name(set), len(runs), keys)
			for _, run := range runs {
				run.Release()
			}
			require.Zero(t, held)
		}
	}
}

func merged(t testing.TB, o Options, runs []*Run, limit int64, batch int) []int64 {
	m, err := NewMerger(o, runs, limit)
	require.NoError(t, err)
	defer m.Release()
	got := []int64{}
	dst := make([]vec.Vec, len(o.Types))
	var s vec.Scratch
	for {
		s.Reset()
		n, err := m.Next(dst, batch, &s)
		require.NoError(t, err)
		if n == 0 {
			return got
		}
		if n > batch {
			t.Fatalf("a batch of %d rows, asked for %d", n, batch)
		}
		got = append(got, vec.Of[int64](&dst[len(dst)-1])...)
	}
}

// Parts of a merge, one after the other, are the merge; they are about equal even where all keys are.
func TestSplitAgainstMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	for _, set := range keySets(r) {
		keys := randomKeys(r, len(set))
		o := optionsOf(set, keys)
		var tables []table
		var runs []*Run
		at := 0
		for range 1 + r.IntN(4) {
			tb := randomTable(t, r, set, r.IntN(300), at, 0.1, r.IntN(2) > 0)
			at += tb.rows
			tables = append(tables, tb)
			runs = append(runs, runOf(t, o, tb))
		}
		for _, n := range []int{1, 2, 5} {
			parts, err := Split(o, runs, n)
			require.NoError(t, err)
			require.LessOrEqual(t, len(parts), n)
			got := []int64{}
			for _, p := range parts {
				rows := merged(t, o, p, -1, 64)
				if at > 100*n && (len(rows) < at/n/2 || len(rows) > at/n*3/2) {
					t.Errorf("%s: a part of %d rows, %d in %d parts", name(set), len(rows), at, n)
				}
				got = append(got, rows...)
			}
			require.Equal(t, want(keys, tables...), got, "%s in %d parts, keys %v", name(set), n, keys)
		}
	}
}

// The top k of each part, merged in part order, is the head of the stable sort, whatever the batches.
func TestTopKAgainstOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, set := range keySets(r) {
		for _, k := range []int{0, 1, 10, 300} {
			keys := randomKeys(r, len(set))
			var held int64
			o := optionsOf(set, keys)
			o.Reserve = func(d int64) error { held += d; return nil }
			var tables []table
			var runs []*Run
			at := 0
			for range 2 {
				top, err := NewTopK(o, k)
				require.NoError(t, err)
				top.first, top.room = 20, k+60 // cut often
				for range 6 {
					tb := randomTable(t, r, set, 1+r.IntN(150), at, 0.1*float64(r.IntN(2)), r.IntN(2) > 0)
					at += tb.rows
					tables = append(tables, tb)
					require.NoError(t, top.Add(tb.cols, tb.rows))
				}
				run, err := top.Finish()
				require.NoError(t, err)
				require.LessOrEqual(t, run.NumRows(), k)
				runs = append(runs, run)
			}
			all := want(keys, tables...)
			require.Equal(t, all[:min(k, len(all))], merged(t, o, runs, int64(k), 8192), "%s k %d keys %v", name(set), k, keys)
			for _, run := range runs {
				run.Release()
			}
			require.Zero(t, held)
		}
	}
}

// The bound lets most later rows pass by: what is held stays small however many rows come.
func TestTopKIsBounded(t *testing.T) {
	o := Options{Types: []arrow.DataType{i64}, Keys: []Key{{Col: 0, Desc: true}}}
	top, err := NewTopK(o, 10)
	require.NoError(t, err)
	for b := range 50 {
		x := make([]int64, 8192)
		for i := range x {
			x[i] = int64(b*8192 + i) // every row is better than all before
		}
		require.NoError(t, top.Add([]vec.Vec{{Type: i64, Phys: vec.Int64, Width: 8, Len: len(x), Data: vec.Bytes(x)}}, len(x)))
		require.Less(t, top.Bytes(), int64(2*minRoom*8))
	}
	run, err := top.Finish()
	require.NoError(t, err)
	require.Equal(t, []int64{409599, 409598, 409597, 409596, 409595, 409594, 409593, 409592, 409591, 409590}, numbers(run))
}

// Large sorts take the radix path with several rounds; equal keys keep their order.
func TestSortLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for _, shape := range []func(i int) uint64{
		func(int) uint64 { return r.Uint64() },
		func(int) uint64 { return r.Uint64() % 1000 },
		func(int) uint64 { return r.Uint64() >> r.IntN(64) },
		func(int) uint64 { return r.Uint64() << 60 },
		func(i int) uint64 { return uint64(i / 100) },
		func(i int) uint64 { return uint64(-i) },
		func(int) uint64 { return r.Uint64N(3)<<62 | r.Uint64N(200) },
	} {
		p := make([]pair, 60_000)
		for i := range p {
			p[i] = pair{shape(i), uint32(i)}
		}
		ref := append([]pair{}, p...)
		sort.SliceStable(ref, func(a, b int) bool { return ref[a].key < ref[b].key })
		sortPairs(p, make([]pair, len(p)))
		for i := range p {
			if p[i] != ref[i] {
				t.Fatalf("place %d: %v, want %v", i, p[i], ref[i])
			}
		}
	}
}

// Zeros of both signs are equal and every NaN is the greatest.
func TestFloatEdges(t *testing.T) {
	x := []float64{math.Copysign(0, -1), 0, math.Float64frombits(0xfff8000000000001), math.NaN(), math.Inf(1), math.Copysign(0, -1), -1}
	num := []int64{0, 1, 2, 3, 4, 5, 6}
	o := Options{Types: []arrow.DataType{arrow.PrimitiveTypes.Float64, i64}, Keys: []Key{{Col: 0}}}
	run := runOf(t, o, table{rows: 7, cols: []vec.Vec{
		{Type: o.Types[0], Phys: vec.Float64, Width: 8, Len: 7, Data: vec.Bytes(x)},
		{Type: i64, Phys: vec.Int64, Width: 8, Len: 7, Data: vec.Bytes(num)},
	}})
	require.Equal(t, []int64{6, 0, 1, 5, 4, 2, 3}, numbers(run))
}

func TestHalfRanks(t *testing.T) {
	order := []uint16{0xfc00, 0xc000, 0x8001, 0x8000, 0x0001, 0x3c00, 0x7c00, 0x7e00}
	for i := 1; i < len(order); i++ {
		require.Less(t, rank16(order[i-1]), rank16(order[i]))
	}
	require.Equal(t, rank16(0), rank16(0x8000))
	require.Equal(t, rank16(0x7e00), rank16(0xfe01))
}

func TestReserveRefused(t *testing.T) {
	refuse := fmt.Errorf("no more")
	r := rand.New(rand.NewPCG(5, 1))
	set := []int{4}
	tb := randomTable(t, r, set, 10_000, 0, 0, false)
	for _, limit := range []int64{0, 400_000, 600_000} {
		var held int64
		o := optionsOf(set, []Key{{Col: 0}})
		o.Reserve = func(d int64) error {
			if d > 0 && held+d > limit {
				return refuse
			}
			held += d
			return nil
		}
		s, err := NewSorter(o)
		require.NoError(t, err)
		err = s.Add(tb.cols, tb.rows)
		if err == nil {
			_, err = s.Finish()
		}
		require.ErrorIs(t, err, refuse)
		s.Release()
		require.Zero(t, held)
	}
}

func TestMisuseIsAnError(t *testing.T) {
	_, err := NewSorter(Options{Types: []arrow.DataType{i64}, Keys: []Key{{Col: 1}}})
	require.Error(t, err)
	s, err := NewSorter(Options{Types: []arrow.DataType{i64}})
	require.NoError(t, err)
	require.Error(t, s.Add(nil, 3))
	_, err = NewRun(Options{Types: []arrow.DataType{i64}}, nil, 0)
	require.Error(t, err)
	_, err = NewTopK(Options{}, -1)
	require.Error(t, err)
}

// BenchmarkSort sorts 2M rows by one key; time is per row. BenchmarkTopK keeps 100 of them.
func BenchmarkSort(b *testing.B) {
	const n = 2 << 20
	r := rand.New(rand.NewPCG(1, 1))
	rnd, narrow := make([]int64, n), make([]int64, n)
	flt := make([]float64, n)
	for i := range rnd {
		rnd[i], narrow[i], flt[i] = int64(r.Uint64()), r.Int64N(100_000), r.NormFloat64()
	}
	for _, c := range []struct {
		name string
		typ  arrow.DataType
		v    vec.Vec
	}{
		{"int64", i64, vec.Vec{Type: i64, Phys: vec.Int64, Width: 8, Data: vec.Bytes(rnd)}},
		{"narrow", i64, vec.Vec{Type: i64, Phys: vec.Int64, Width: 8, Data: vec.Bytes(narrow)}},
		{"float64", arrow.PrimitiveTypes.Float64, vec.Vec{Type: arrow.PrimitiveTypes.Float64, Phys: vec.Float64, Width: 8, Data: vec.Bytes(flt)}},
	} {
		o := Options{Types: []arrow.DataType{c.typ}, Keys: []Key{{Col: 0}}}
		c.v.Len = n
		b.Run(c.name, func(b *testing.B) {
			for i := 0; i < b.N; i += n {
				s, _ := NewSorter(o)
				_ = s.Add([]vec.Vec{c.v}, n)
				if _, err := s.Finish(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("top100/"+c.name, func(b *testing.B) {
			for i := 0; i < b.N; i += n {
				top, _ := NewTopK(o, 100)
				for j := 0; j < n; j += 8192 {
					var v vec.Vec
					vec.Slice(&v, &c.v, j, 8192, nil)
					_ = top.Add([]vec.Vec{v}, 8192)
				}
				if _, err := top.Finish(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
