package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// domain is the values that random columns of a type draw from: few, so that rows match, with the awkward ones among them.
func domain(t testing.TB, typ arrow.DataType) vec.Vec {
	t.Helper()
	var arr arrow.Array
	switch typ.ID() {
	case arrow.FLOAT64:
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		b.AppendValues([]float64{0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000123), 1.5, math.Inf(1), -2}, nil)
		arr = b.NewArray()
	case arrow.FLOAT32:
		b := array.NewFloat32Builder(memory.DefaultAllocator)
		b.AppendValues([]float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), 1.5, -7}, nil)
		arr = b.NewArray()
	default:
		js, ok := map[arrow.Type]string{
			arrow.BOOL:              `[true, false]`,
			arrow.INT8:              `[-128, -1, 0, 1, 127]`,
			arrow.INT32:             `[-2147483648, -3, 0, 5, 2147483647]`,
			arrow.INT64:             `[-9223372036854775808, -2, -1, 0, 1, 2, 9223372036854775807]`,
			arrow.UINT16:            `[0, 1, 65535]`,
			arrow.UINT64:            `[0, 1, 18446744073709551615]`,
			arrow.DATE32:            `["1970-01-01", "2024-02-29", "1900-01-01"]`,
			arrow.DECIMAL128:        `["1.00", "-1.00", "0.00", "99999999999999999999.99"]`,
			arrow.STRING:            `["", "a", "twelve bytes", "thirteen bytes", "thirteen bytez", "a very long value that shares its prefix 1", "a very long value that shares its prefix 2", "a very long value, shorter"]`,
			arrow.FIXED_SIZE_BINARY: `["AAEC", "AAED", "////"]`,
			arrow.LIST:              `[[], [1], [1, 2], [null], [1, null]]`,
		}[typ.ID()]
		require.True(t, ok, typ.String())
		var err error
		arr, _, err = array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(js))
		require.NoError(t, err)
	}
	var v vec.Vec
	require.NoError(t, vec.FromArrow(arr, &v, nil))
	return v
}

// column draws n rows: null with probability nulls, as a dictionary over the domain if dict.
func column(r *rand.Rand, dom *vec.Vec, n int, nulls float64, dict *vec.Dict) vec.Vec {
	idx := make([]uint32, n)
	for i := range idx {
		idx[i] = uint32(r.IntN(dom.Len))
	}
	var out vec.Vec
	if dict != nil {
		for i := range idx {
			idx[i] = uint32(r.IntN(dict.Values.Len))
		}
		out = vec.Vec{Type: dom.Type, Phys: dom.Phys, Width: 4, Len: n, Data: vec.Bytes(idx), Dict: dict}
	} else {
		vec.Take(&out, dom, idx, nil)
	}
	if nulls > 0 {
		out.Valid = make([]uint64, (n+63)/64+1)
		for i := range n {
			if r.Float64() >= nulls {
				out.Valid[i>>6] |= 1 << (i & 63)
			}
		}
	}
	return out
}

// text is a value as text, equal where keys are equal.
func text(v *vec.Vec, i int) string {
	if v.Dict != nil {
		return text(&v.Dict.Values, int(v.Codes()[i]))
	}
	switch v.Phys {
	case vec.Float64:
		return fmt.Sprint(vec.Of[float64](v)[i] + 0)
	case vec.Float32:
		return fmt.Sprint(vec.Of[float32](v)[i] + 0)
	case vec.View:
		return string(vec.Of[vec.ViewHeader](v)[i].Value(v.Bufs))
	case vec.Bool:
		return fmt.Sprint(v.Bits()[i>>6] >> (i & 63) & 1)
	case vec.List:
		s := "["
		for e := int(v.Offs[i]); e < int(v.Offs[i+1]); e++ {
			if v.Child[0].ValidAt(e) {
				s += text(&v.Child[0], e)
			}
			s += ","
		}
		return s
	}
	return fmt.Sprint(v.Data[i*v.Width : (i+1)*v.Width])
}

// keyText is a row's key, ok false where one is null.
func keyText(keys []vec.Vec, i int) (s string, ok bool) {
	for c := range keys {
		if !keys[c].ValidAt(i) {
			return "", false
		}
		s += fmt.Sprintf("%q|", text(&keys[c], i))
	}
	return s, true
}

// side is batches of one side, with row numbers over all as payload.
type side struct {
	batches [][]vec.Vec
	rows    []int
}

func randomSide(t testing.TB, r *rand.Rand, types []arrow.DataType, batches, rows int, nulls float64, dict bool) side {
	var s side
	doms := make([]vec.Vec, len(types))
	dicts := make([]*vec.Dict, len(types))
	for i, typ := range types {
		doms[i] = domain(t, typ)
		if dict && r.IntN(3) > 0 {
			dicts[i] = &vec.Dict{Values: column(r, &doms[i], 20, nulls, nil)}
		}
	}
	for b := range batches {
		n := r.IntN(rows + 1)
		cols := make([]vec.Vec, len(types))
		for i := range types {
			if dicts[i] != nil && b == batches/2 {
				dicts[i] = &vec.Dict{Values: column(r, &doms[i], 7, nulls, nil)}
			}
			cols[i] = column(r, &doms[i], n, nulls, dicts[i])
		}
		s.batches, s.rows = append(s.batches, cols), append(s.rows, n)
	}
	return s
}

func rowNumbers(from, n int) vec.Vec {
	x := make([]int64, n)
	for i := range x {
		x[i] = int64(from + i)
	}
	return vec.Vec{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Width: 8, Len: n, Data: vec.Bytes(x)}
}

func build(t testing.TB, types []arrow.DataType, s side, o Options) *Table {
	t.Helper()
	o.Keys, o.Payload = types, []arrow.DataType{arrow.PrimitiveTypes.Int64}
	b := NewBuilder(o)
	at := 0
	for i, keys := range s.batches {
		require.NoError(t, b.Add(keys, []vec.Vec{rowNumbers(at, s.rows[i])}, s.rows[i]))
		at += s.rows[i]
	}
	table, err := b.Build()
	require.NoError(t, err)
	return table
}

// probeAll runs a side through a prober and renders the answer with build rows by their number.
func probeAll(t testing.TB, p *Prober, s side, payload []int64, limit int) []string {
	t.Helper()
	var got []string
	at := 0
	for i, keys := range s.batches {
		require.NoError(t, p.Probe(keys, s.rows[i]))
		for {
			pairs, ok := p.Next()
			if !ok {
				break
			}
			if len(pairs.Left) > limit {
				t.Fatalf("%d pairs, limit %d", len(pairs.Left), limit)
			}
			if pairs.Whole {
				require.Len(t, pairs.Left, s.rows[i])
				for j, l := range pairs.Left {
					if j != int(l) {
						t.Fatalf("whole, but row %d is %d", j, l)
					}
				}
			}
			for j, l := range pairs.Left {
				line := fmt.Sprint(at + int(l))
				if pairs.Right != nil {
					if pairs.Right[j] == NoRow {
						line += " -"
					} else {
						line += fmt.Sprint(" ", payload[pairs.Right[j]])
					}
				}
				got = append(got, line)
			}
		}
		at += s.rows[i]
	}
	return got
}

// oracle is the join by a map.
func oracle(kind Kind, left, right side) []string {
	index := map[string][]int{}
	at := 0
	for b, keys := range right.batches {
		for i := range right.rows[b] {
			if k, ok := keyText(keys, i); ok {
				index[k] = append(index[k], at+i)
			}
		}
		at += right.rows[b]
	}
	var want []string
	at = 0
	for b, keys := range left.batches {
		for i := range left.rows[b] {
			var found []int
			if k, ok := keyText(keys, i); ok {
				found = index[k]
			}
			row := fmt.Sprint(at + i)
			switch {
			case kind == Semi && len(found) > 0, kind == Anti && len(found) == 0:
				want = append(want, row)
			case kind == Left && len(found) == 0:
				want = append(want, row+" -")
			case kind == Left || kind == Inner:
				for _, f := range found {
					want = append(want, fmt.Sprint(row, " ", f))
				}
			}
		}
		at += left.rows[b]
	}
	return want
}

var (
	i64  = arrow.PrimitiveTypes.Int64
	i32  = arrow.PrimitiveTypes.Int32
	i8   = arrow.PrimitiveTypes.Int8
	u16  = arrow.PrimitiveTypes.Uint16
	u64  = arrow.PrimitiveTypes.Uint64
	f32  = arrow.PrimitiveTypes.Float32
	f64  = arrow.PrimitiveTypes.Float64
	str  = arrow.BinaryTypes.String
	bln  = arrow.FixedWidthTypes.Boolean
	day  = arrow.FixedWidthTypes.Date32
	dec  = &arrow.Decimal128Type{Precision: 38, Scale: 2}
	fsb  = &arrow.FixedSizeBinaryType{ByteWidth: 3}
	list = arrow.ListOf(arrow.PrimitiveTypes.Int16)
)

var keySets = [][]arrow.DataType{
	{i64}, {i32}, {i8}, {u16}, {u64}, {f32}, {f64}, {bln}, {day}, {dec}, {str}, {fsb}, {list}, {},
	{i32, i32}, {i8, u16, bln}, {i64, i64}, {f64, i8}, {i32, i64, day}, {i64, i64, i64}, {str, i64}, {str, str}, {dec, i32}, {list, f32},
}

func TestJoinAgainstOracle(t *testing.T) {
	for _, types := range keySets {
		t.Run(fmt.Sprint(types), func(t *testing.T) {
			for seed := range uint64(12) {
				r := rand.New(rand.NewPCG(seed, 7))
				nulls := []float64{0, 0.2, 1}[seed%3%uint64(2+seed/6)]
				right := randomSide(t, r, types, 4, 40, nulls, seed%4 > 1)
				left := randomSide(t, r, types, 4, 80, nulls, seed%2 > 0)
				var held int64
				table := build(t, types, right, Options{KeepKeys: seed%5 == 0, Reserve: func(d int64) error { held += d; return nil }})
				payload := vec.Of[int64](&table.Payload()[0])
				require.Equal(t, table.Bytes(), held)
				for kind := Inner; kind <= Anti; kind++ {
					want := oracle(kind, left, right)
					for _, limit := range []int{1, 7, DefaultPairs} {
						got := probeAll(t, table.NewProberLimit(kind, limit), left, payload, limit)
						require.Equal(t, want, got, "kind %d limit %d %s", kind, limit, table.Kind())
					}
				}
				checkMatched(t, table, left, oracle(Semi, left, right))
				table.MakeMembers()
				checkMatched(t, table, left, oracle(Semi, left, right))
				table.Release()
				require.Zero(t, held)
			}
		})
	}
}

// checkMatched holds Matched against the rows of a Semi join.
func checkMatched(t testing.TB, table *Table, left side, want []string) {
	t.Helper()
	p := table.NewProber(Semi)
	var got []string
	at := 0
	for i, keys := range left.batches {
		n := left.rows[i]
		if n == 0 {
			continue
		}
		mask := make([]uint64, bitmap.Words(n))
		bitmap.Fill(mask, true)
		require.NoError(t, p.Matched(keys, n, mask))
		for r := range 64 * len(mask) {
			if mask[r>>6]>>(r&63)&1 != 0 {
				require.Less(t, r, n, "a bit beyond the rows")
				got = append(got, fmt.Sprint(at+r))
			}
		}
		at += n
	}
	require.Equal(t, want, got, table.Kind())
}

// Members are a bit each where keys lie near enough, of direct and hashed tables.
func TestMembers(t *testing.T) {
	spread := make([]int64, 3000)
	for i := range spread {
		spread[i] = int64(i)*997 - 1_000_000
	}
	for _, c := range []struct {
		kind  string
		quick bool
		keys  []int64
	}{
		{"direct", true, []int64{-5, 3, 0, 3}},
		{"word", true, spread},
		{"word", true, []int64{-(1 << 22), 1<<22 - 1}},
		{"word", false, []int64{-(1 << 22), 1 << 22}},
		{"word", false, []int64{math.MinInt64, math.MaxInt64}},
		{"empty", false, nil},
	} {
		right := side{batches: [][]vec.Vec{ints(c.keys...)}, rows: []int{len(c.keys)}}
		var held int64
		table := build(t, []arrow.DataType{i64}, right, Options{Reserve: func(d int64) error { held += d; return nil }})
		require.Equal(t, c.kind, table.Kind())
		require.False(t, table.NewProber(Semi).Quick())
		table.MakeMembers()
		require.Equal(t, c.quick, table.NewProber(Semi).Quick())
		around := []int64{math.MinInt64, math.MaxInt64, 0, 1 << 40}
		for _, k := range c.keys {
			around = append(around, k-1, k, k+1)
		}
		left := side{batches: [][]vec.Vec{ints(around...), ints(c.keys...)}, rows: []int{len(around), len(c.keys)}}
		checkMatched(t, table, left, oracle(Semi, left, right))
		table.Release()
		require.Zero(t, held)
	}
}

// Without memory for the set the table itself is asked.
func TestMembersWithoutMemory(t *testing.T) {
	full := false
	right := side{batches: [][]vec.Vec{ints(1, 2, 5)}, rows: []int{3}}
	table := build(t, []arrow.DataType{i64}, right, Options{Reserve: func(d int64) error {
		if full && d > 0 {
			return internalError("no memory")
		}
		return nil
	}})
	full = true
	table.MakeMembers()
	require.False(t, table.NewProber(Semi).Quick())
	left := side{batches: [][]vec.Vec{ints(0, 1, 2, 3, 4, 5, 6)}, rows: []int{7}}
	checkMatched(t, table, left, oracle(Semi, left, right))
}

// A table made anew from the rows of another answers the same: it can cross processes.
func TestTableRebuilt(t *testing.T) {
	for _, types := range keySets {
		r := rand.New(rand.NewPCG(1, 2))
		right, left := randomSide(t, r, types, 3, 50, 0.1, true), randomSide(t, r, types, 3, 50, 0.1, true)
		first := build(t, types, right, Options{KeepKeys: true})
		keys, payload, rows := first.Rows()
		b := NewBuilder(Options{Keys: types, Payload: []arrow.DataType{i64}})
		require.NoError(t, b.Add(keys, payload, rows))
		second, err := b.Build()
		require.NoError(t, err)
		want := probeAll(t, first.NewProber(Left), left, vec.Of[int64](&first.Payload()[0]), DefaultPairs)
		got := probeAll(t, second.NewProber(Left), left, vec.Of[int64](&second.Payload()[0]), DefaultPairs)
		require.Equal(t, want, got)
	}
}

func ints(x ...int64) []vec.Vec {
	return []vec.Vec{{Type: i64, Phys: vec.Int64, Width: 8, Len: len(x), Data: vec.Bytes(x)}}
}

func TestIndexKinds(t *testing.T) {
	wide := make([]int64, 1000)
	for i := range wide {
		wide[i] = int64(i) * 1_000_000_007
	}
	far := []int64{math.MinInt64, math.MaxInt64}
	for _, c := range []struct {
		kind   string
		unique bool
		keys   []int64
	}{
		{"direct", true, []int64{-5, 3, 0}},
		{"direct", false, []int64{-5, 3, -5}},
		{"word", true, wide},
		{"word", false, append([]int64{wide[3]}, wide...)},
		{"word", true, far},
		{"empty", true, nil},
	} {
		s := side{batches: [][]vec.Vec{ints(c.keys...)}, rows: []int{len(c.keys)}}
		table := build(t, []arrow.DataType{i64}, s, Options{})
		require.Equal(t, c.kind, table.Kind())
		require.Equal(t, c.unique, table.Unique())
		got := probeAll(t, table.NewProber(Inner), s, vec.Of[int64](&table.Payload()[0]), DefaultPairs)
		require.Equal(t, oracle(Inner, s, s), got)
	}
}

// A key that all rows share gives its pairs in bounded rounds.
func TestSkewedKeyIsBounded(t *testing.T) {
	const n = 500
	same := side{batches: [][]vec.Vec{ints(make([]int64, n)...)}, rows: []int{n}}
	table := build(t, []arrow.DataType{i64}, same, Options{})
	p := table.NewProberLimit(Inner, 333)
	require.NoError(t, p.Probe(same.batches[0], n))
	total, next := 0, 0
	for {
		pairs, ok := p.Next()
		if !ok {
			break
		}
		require.LessOrEqual(t, len(pairs.Left), 333)
		for i := range pairs.Left {
			if int(pairs.Left[i]) != next/n || int(pairs.Right[i]) != next%n {
				t.Fatalf("pair %d is %d, %d", next, pairs.Left[i], pairs.Right[i])
			}
			next++
		}
		total += len(pairs.Left)
	}
	require.Equal(t, n*n, total)
}

// Tables beyond the caches, whose slots, keys and chains are read ahead: text, text and numbers, chains of every length, absent and null
// keys among them.
func TestTablesBeyondTheCaches(t *testing.T) {
	const rows, keys = 400_000, 120_000
	r := rand.New(rand.NewPCG(3, 4))
	column := func(nums []int64, nulls []uint64) vec.Vec {
		heads := make([]vec.ViewHeader, len(nums))
		var buf []byte
		for i, x := range nums {
			s := []byte(fmt.Sprintf("%d", x))
			if x%3 == 0 {
				s = []byte(fmt.Sprintf("a key of many letters %d", x))
				heads[i] = vec.Long(s, 0, uint32(len(buf)))
				buf = append(buf, s...)
				continue
			}
			heads[i] = vec.Inline(s)
		}
		return vec.Vec{Type: str, Phys: vec.View, Width: 16, Len: len(nums), Data: vec.Bytes(heads), Bufs: [][]byte{buf}, Valid: nulls}
	}
	built := make([]int64, rows)
	for i := range built {
		built[i] = r.Int64N(keys) * r.Int64N(3) // a third of the rows have the key 0
	}
	probe := make([]int64, 5000)
	for i := range probe {
		probe[i] = 1 + r.Int64N(3*keys)
	}
	probe[100], probe[4000] = 0, 0
	valid := make([]uint64, (len(probe)+63)/64)
	for i := range probe {
		if i%7 != 0 {
			valid[i>>6] |= 1 << (i & 63)
		}
	}
	where := map[int64][]uint32{}
	for i, k := range built {
		where[k] = append(where[k], uint32(i))
	}
	for _, form := range []struct {
		kind  string
		types []arrow.DataType
		cols  func(nums []int64, valid []uint64) []vec.Vec
	}{
		{"direct", []arrow.DataType{i64}, func(nums []int64, valid []uint64) []vec.Vec {
			cols := ints(nums...)
			cols[0].Valid = valid
			return cols
		}},
		{"view", []arrow.DataType{str}, func(nums []int64, valid []uint64) []vec.Vec { return []vec.Vec{column(nums, valid)} }},
		{"cols", []arrow.DataType{str, i64}, func(nums []int64, valid []uint64) []vec.Vec {
			return append([]vec.Vec{column(nums, valid)}, ints(nums...)...)
		}},
	} {
		for _, kind := range []Kind{Inner, Left} {
			b := NewBuilder(Options{Keys: form.types})
			require.NoError(t, b.Add(form.cols(built, nil), nil, rows))
			table, err := b.Build()
			require.NoError(t, err)
			require.Equal(t, form.kind, table.Kind())
			p := table.NewProber(kind)
			require.NoError(t, p.Probe(form.cols(probe, valid), len(probe)))
			var got Pairs
			for {
				pairs, ok := p.Next()
				if !ok {
					break
				}
				got.Left, got.Right = append(got.Left, pairs.Left...), append(got.Right, pairs.Right...)
			}
			var want Pairs
			for i, k := range probe {
				var match []uint32
				if i%7 != 0 {
					match = where[k]
				}
				if len(match) == 0 && kind == Left {
					match = []uint32{NoRow}
				}
				for _, m := range match {
					want.Left, want.Right = append(want.Left, uint32(i)), append(want.Right, m)
				}
			}
			require.Equal(t, want, got, "%s, kind %d", form.kind, kind)
		}
	}
}

func TestReserveRefused(t *testing.T) {
	refuse := fmt.Errorf("no more")
	for _, limit := range []int64{0, 100_000} {
		var held int64
		b := NewBuilder(Options{Keys: []arrow.DataType{i64}, Reserve: func(d int64) error {
			if d > 0 && held+d > limit {
				return refuse
			}
			held += d
			return nil
		}})
		keys := make([]int64, 10_000)
		for i := range keys {
			keys[i] = int64(i) << 32
		}
		err := b.Add(ints(keys...), nil, len(keys))
		if err == nil {
			_, err = b.Build()
		}
		require.ErrorIs(t, err, refuse)
		b.Release()
		require.Zero(t, held)
	}
}

func TestMismatchesAreErrors(t *testing.T) {
	table := build(t, []arrow.DataType{i64}, side{batches: [][]vec.Vec{ints(1, 2)}, rows: []int{2}}, Options{})
	p := table.NewProber(Inner)
	require.Error(t, p.Probe(nil, 2))
	require.Error(t, p.Probe(ints(1), 2))
	require.Error(t, p.Probe([]vec.Vec{{Type: str, Phys: vec.View, Width: 16}}, 0))
	b := NewBuilder(Options{Keys: []arrow.DataType{i64}})
	require.Error(t, b.Add(ints(1), ints(1), 1))
	require.Error(t, b.Add(nil, nil, 1))
}
