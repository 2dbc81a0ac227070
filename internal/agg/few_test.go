package agg

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFewGroupsDoNotOverflow sums values of which every second one alone would overflow.
func TestFewGroupsDoNotOverflow(t *testing.T) {
	sums := newSums(2)
	vals, gids := make([]float64, 1000), make([]uint32, 1000)
	for i := range vals {
		vals[i] = math.Copysign(1e308, float64(1-2*(i%2)))
	}
	require.False(t, sums.addFew(gids, vals))
	require.Zero(t, sums.float(0), "nothing was added")
}

// TestFewGroupsAreExact compares sums and counts of few groups with those of exact integers.
func TestFewGroupsAreExact(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 5, 8191, 8192} {
		sums, counts := newSums(7), newCount(false)
		counts.grow(7)
		want, wantCounts := make([]float64, 7), make([]int64, 7)
		vals, gids := make([]float64, n), make([]uint32, n)
		for i := range vals {
			vals[i], gids[i] = float64(i*i%1013-500), uint32(i*i%7)
			want[gids[i]] += vals[i] // whole numbers: exact
			wantCounts[gids[i]]++
		}
		require.True(t, sums.addFew(gids, vals))
		counts.countAll(gids)
		require.Equal(t, wantCounts, counts.ints(nil, 0, 7))
		for g := range want {
			require.Equal(t, want[g], sums.float(g))
		}
	}
}

// newSums are sums of floats of so many groups.
func newSums(groups int) *floatTotal {
	t := &floatTotal{}
	t.init(2)
	t.grow(groups)
	return t
}
