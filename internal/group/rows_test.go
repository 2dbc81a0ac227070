package group

import (
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

func rowTypes() (texts, rest []arrow.DataType) {
	for _, ty := range rowtest.Types() {
		switch p, _, _ := vec.PhysOf(vec.Logical(ty)); {
		case p == vec.View:
			texts = append(texts, ty)
		case rowKeys([]arrow.DataType{arrow.BinaryTypes.String, ty}):
			rest = append(rest, ty)
		}
	}
	return texts, rest
}

func TestRowsLikeOracle(t *testing.T) {
	texts, rest := rowTypes()
	require.NotEmpty(t, texts)
	require.Greater(t, len(rest), 8)
	for seed := range uint64(80) {
		g := rowtest.New(seed)
		g.Card = []int{3, 40, 5000}[seed%3]
		g.Nulls = []float64{0, 0.1, 1}[g.Rand.IntN(3)]
		types := []arrow.DataType{texts[g.Rand.IntN(len(texts))]}
		for range 1 + g.Rand.IntN(4) {
			types = append(types, append(texts, rest...)[g.Rand.IntN(len(texts)+len(rest))])
		}
		tab, err := New(types, Options{Unlike: true, SizeHint: []int{0, 10, 4000}[g.Rand.IntN(3)]})
		require.NoError(t, err)
		require.IsType(t, &rowTable{}, tab)
		checkTable(t, g, tab, types, []int{3, 0, 100, 1300, 64, 700})
	}
}

func TestRowsOfOneHash(t *testing.T) {
	defer hash.SetAllEqual(hash.SetAllEqual(true))
	types := []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32}
	for seed := range uint64(4) {
		g := rowtest.New(seed)
		g.Card, g.Nulls = 20, 0.1
		tab, err := New(types, Options{Unlike: true})
		require.NoError(t, err)
		checkTable(t, g, tab, types, []int{3, 600, 100})
	}
}

// Rows of equal keys meet within a chunk, in chunks of one call and in another call, and their hashes are what the caller says.
func TestRowsHashed(t *testing.T) {
	tab, err := New([]arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64}, Options{Unlike: true})
	require.NoError(t, err)
	const rows = 3 * chunk
	vals, nums := make([]string, rows), make([]int64, rows)
	for i := range vals {
		k := i % (chunk + chunk/2)
		vals[i], nums[i] = []string{"", "short", "a text of more than twelve bytes", "a text of more than twelve bytes?"}[k%4], int64(k/4)
	}
	keys := []vec.Vec{textVec(vals), ints(nums...)[0]}
	hs, gids := make([]uint64, rows), make([]uint32, rows)
	hash.Hash(hs, keys, rows)
	for range 2 {
		require.NoError(t, tab.(Hashed).InternHashed(keys, hs, rows, gids))
		for i, g := range gids {
			require.EqualValues(t, i%(chunk+chunk/2), g)
		}
	}
	require.Empty(t, tab.FirstRows())
	require.Equal(t, chunk+chunk/2, tab.Len())
	require.Equal(t, hs[:tab.Len()], tab.Hashes())
	require.Error(t, tab.(Hashed).InternHashed(keys, hs[:1], rows, gids))
}

func TestRowsReserve(t *testing.T) {
	held := int64(0)
	enough := int64(200 << 10)
	full := errors.New("full")
	tab, err := New([]arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64}, Options{Unlike: true, Reserve: func(n int64) error {
		if held+n > enough {
			return full
		}
		held += n
		return nil
	}})
	require.NoError(t, err)
	var nums []int64
	var vals []string
	for i := range 1000 {
		nums, vals = append(nums, int64(i)), append(vals, "the same long text in all of them")
	}
	gids := make([]uint32, len(nums))
	require.NoError(t, tab.Intern([]vec.Vec{textVec(vals), ints(nums...)[0]}, len(nums), gids))
	require.Equal(t, held, tab.Bytes())
	require.Greater(t, held, int64(1000*(16+8+8)))
	for range 100 {
		for i := range nums {
			nums[i] += 1000
		}
		if err = tab.Intern([]vec.Vec{textVec(vals), ints(nums...)[0]}, len(nums), gids); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, full)
	require.Equal(t, held, tab.Bytes())
}

// Types that are compared otherwise than by their bytes, and keys without text, stay with the tables of words.
func TestRowsOfWhatTypes(t *testing.T) {
	str, i64, f64 := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64
	for _, types := range [][]arrow.DataType{{str}, {i64, i64}, {str, f64}, {str, arrow.ListOf(i64)}, {}} {
		tab, err := New(types, Options{Unlike: true})
		require.NoError(t, err)
		require.IsType(t, &table{}, tab)
	}
}
