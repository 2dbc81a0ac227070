package group

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

// oracle numbers rows by their text.
type oracle struct {
	ids  map[string]uint32
	keys []string
}

func rowText(cols []vec.Vec, i int) string {
	var parts []string
	for c := range cols {
		parts = append(parts, rowtest.Text(&cols[c], i))
	}
	return strings.Join(parts, "|")
}

func (o *oracle) intern(cols []vec.Vec, rows int) (gids, first []uint32) {
	for i := range rows {
		k := rowText(cols, i)
		id, ok := o.ids[k]
		if !ok {
			id = uint32(len(o.ids))
			o.ids[k] = id
			o.keys = append(o.keys, k)
			first = append(first, uint32(i))
		}
		gids = append(gids, id)
	}
	return gids, first
}

// check interns batches of the types and compares ids, first rows, keys and hashes with the oracle's.
func check(t *testing.T, g *rowtest.Gen, types []arrow.DataType, sizes []int) Table {
	t.Helper()
	tab, err := New(types, Options{})
	require.NoError(t, err)
	checkTable(t, g, tab, types, sizes)
	return tab
}

func checkTable(t *testing.T, g *rowtest.Gen, tab Table, types []arrow.DataType, sizes []int) {
	t.Helper()
	o := &oracle{ids: map[string]uint32{}}
	byKey := map[string]uint64{}
	for batch, rows := range sizes {
		cols := make([]vec.Vec, len(types))
		for c, ty := range types {
			cols[c] = g.Encode(g.Column(ty, rows))
		}
		gids := make([]uint32, rows)
		require.NoError(t, tab.Intern(cols, rows, gids))
		want, first := o.intern(cols, rows)
		if rows > 0 {
			require.Equal(t, want, gids, "batch %d", batch)
		}
		require.Equal(t, len(first), len(tab.FirstRows()), "first rows")
		if len(first) > 0 {
			require.Equal(t, first, tab.FirstRows())
		}
		require.Equal(t, len(o.keys), tab.Len())
		hs := make([]uint64, rows)
		hash.Hash(hs, cols, rows)
		for i, h := range hs {
			byKey[o.keys[want[i]]] = h
		}
	}
	requireKeys(t, tab, o.keys, byKey)
}

func requireKeys(t *testing.T, tab Table, keys []string, byKey map[string]uint64) {
	t.Helper()
	n := len(keys)
	cols, err := tab.Keys(0, n)
	require.NoError(t, err)
	hs := tab.Hashes()
	require.Len(t, hs, n)
	for i, k := range keys {
		require.Equal(t, k, rowText(cols, i), "key of group %d", i)
		require.Equal(t, byKey[k], hs[i], "hash of group %d", i)
	}
	if n > 3 {
		part, err := tab.Keys(n/3, n-1)
		require.NoError(t, err)
		for i := range n - 1 - n/3 {
			require.Equal(t, keys[n/3+i], rowText(part, i))
		}
		require.Equal(t, keys[0], rowText(cols, 0), "columns stay good until Intern")
	}
}

func TestInternEveryType(t *testing.T) {
	for _, ty := range rowtest.Types() {
		t.Run(ty.String(), func(t *testing.T) {
			for seed := range uint64(6) {
				g := rowtest.New(seed)
				g.Card = []int{5, 30, 200, 3000}[seed%4]
				g.Nulls = []float64{0, 0.2}[seed%2]
				check(t, g, []arrow.DataType{ty}, []int{3, 0, 100, 1300, 64, 700})
			}
		})
	}
}

func TestInternSeveralColumns(t *testing.T) {
	types := rowtest.Types()
	for seed := range uint64(60) {
		g := rowtest.New(seed)
		g.Card = []int{4, 8, 300}[seed%3]
		g.Nulls = []float64{0, 0.1, 1}[g.Rand.IntN(3)]
		var pick []arrow.DataType
		n := 2 + g.Rand.IntN(4)
		if seed%10 == 9 {
			n = 30 + g.Rand.IntN(50)
		}
		for range n {
			pick = append(pick, types[g.Rand.IntN(len(types))])
		}
		t.Run(fmt.Sprint(seed, len(pick)), func(t *testing.T) { check(t, g, pick, []int{1, 520, 90, 1025}) })
	}
}

func TestAllHashesEqual(t *testing.T) {
	was := hash.SetAllEqual(true)
	defer hash.SetAllEqual(was)
	for _, types := range [][]arrow.DataType{
		{arrow.PrimitiveTypes.Float64}, {arrow.BinaryTypes.String}, {arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Int64},
		{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Float64, arrow.FixedWidthTypes.Boolean},
		{arrow.ListOf(arrow.PrimitiveTypes.Int32)},
	} {
		g := rowtest.New(3)
		g.Card = 60
		check(t, g, types, []int{700, 700})
	}
}

func ints(vals ...int64) []vec.Vec {
	return []vec.Vec{{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Width: 8, Len: len(vals), Data: vec.Bytes(vals)}}
}

// TestKinds drives an integer table from direct to hashed and back, with ids kept.
func TestKinds(t *testing.T) {
	tab, err := New([]arrow.DataType{arrow.PrimitiveTypes.Int64}, Options{})
	require.NoError(t, err)
	tt := tab.(*table)
	want := map[int64]uint32{}
	var keys []int64
	feed := func(vals ...int64) {
		t.Helper()
		gids := make([]uint32, len(vals))
		require.NoError(t, tab.Intern(ints(vals...), len(vals), gids))
		for i, v := range vals {
			if _, ok := want[v]; !ok {
				want[v] = uint32(len(keys))
				keys = append(keys, v)
			}
			require.Equal(t, want[v], gids[i], "value %d", v)
		}
	}
	seq := func(from, to, step int64) (out []int64) {
		for v := from; v < to; v += step {
			out = append(out, v)
		}
		return out
	}
	feed(seq(100, 200, 1)...)
	require.Equal(t, direct, tt.kind)
	feed(seq(-50, 300, 7)...)
	feed(seq(20_000, 20_100, 1)...)
	require.Equal(t, direct, tt.kind)
	feed(1 << 40)
	require.Equal(t, hashed, tt.kind, "a far value makes it a hash table")
	feed(-1<<63, 1<<63-1, 0, -1)
	feed(seq(0, 50_000, 3)...)
	require.Equal(t, hashed, tt.kind)

	// Dense keys over a wide range end up direct.
	tab, err = New([]arrow.DataType{arrow.PrimitiveTypes.Int64}, Options{})
	require.NoError(t, err)
	tt = tab.(*table)
	clear(want)
	keys = keys[:0]
	sparse := make([]int64, 0, 300_000)
	for i := range int64(300_000) {
		sparse = append(sparse, i*7919%300_000)
	}
	feed(sparse[:600]...)
	require.Equal(t, hashed, tt.kind, "few of a wide range")
	feed(sparse...)
	require.Equal(t, direct, tt.kind, "all of it")
	cols, err := tab.Keys(0, tab.Len())
	require.NoError(t, err)
	require.Equal(t, keys, vec.Of[int64](&cols[0]))
}

func TestDirectProductOfColumns(t *testing.T) {
	g := rowtest.New(1)
	types := []arrow.DataType{arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int8, arrow.FixedWidthTypes.Boolean, arrow.BinaryTypes.String}
	g.Card = 7
	tab := check(t, g, types, []int{2000, 2000})
	require.Equal(t, direct, tab.(*table).kind)
}

func TestNoKeys(t *testing.T) {
	tab, err := New(nil, Options{})
	require.NoError(t, err)
	require.NoError(t, tab.Intern(nil, 0, nil))
	require.Equal(t, 0, tab.Len())
	gids := []uint32{7, 7, 7}
	require.NoError(t, tab.Intern(nil, 3, gids))
	require.Equal(t, []uint32{0, 0, 0}, gids)
	require.Equal(t, []uint32{0}, tab.FirstRows())
	require.NoError(t, tab.Intern(nil, 3, gids))
	require.Empty(t, tab.FirstRows())
	require.Equal(t, []uint64{0}, tab.Hashes())
}

// TestReserve fails each reservation in turn: the error comes back as it is, and what was interned before stays right.
func TestReserve(t *testing.T) {
	boom := errors.New("no memory")
	for _, types := range [][]arrow.DataType{
		{arrow.PrimitiveTypes.Int64}, {arrow.PrimitiveTypes.Float64}, {arrow.BinaryTypes.String},
		{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64}, {arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int64},
	} {
		for limit := 0; ; limit++ {
			calls, sum := 0, int64(0)
			tab, err := New(types, Options{Reserve: func(n int64) error {
				require.Positive(t, n)
				if calls == limit {
					return boom
				}
				calls++
				sum += n
				return nil
			}})
			require.NoError(t, err)
			g := rowtest.New(5)
			g.Card = 1 << 20
			o := &oracle{ids: map[string]uint32{}}
			failed := false
			for range 4 {
				cols := make([]vec.Vec, len(types))
				for c, ty := range types {
					cols[c] = g.Column(ty, 3000)
				}
				gids := make([]uint32, 3000)
				if err := tab.Intern(cols, 3000, gids); err != nil {
					require.Equal(t, boom, err)
					failed = true
					break
				}
				want, _ := o.intern(cols, 3000)
				require.Equal(t, want, gids)
			}
			require.Equal(t, sum, tab.Bytes())
			if len(o.keys) > 0 {
				cols, err := tab.Keys(0, len(o.keys))
				require.NoError(t, err)
				for i, k := range o.keys {
					require.Equal(t, k, rowText(cols, i))
				}
			}
			if !failed {
				require.Greater(t, limit, 2, "some reservation must have failed")
				break
			}
		}
	}
}

func TestUnknownShapes(t *testing.T) {
	tab, err := New([]arrow.DataType{arrow.PrimitiveTypes.Int64}, Options{})
	require.NoError(t, err)
	require.Error(t, tab.Intern(nil, 1, make([]uint32, 1)), "too few columns")
	_, err = New([]arrow.DataType{nil}, Options{})
	require.Error(t, err)
	_, err = New([]arrow.DataType{arrow.SparseUnionOf(nil, nil)}, Options{})
	require.Error(t, err)
}
