package group

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// TestArraysOfSpreadingKeys interns keys whose range grows upwards, downwards, to both sides by turns, and in jumps: ids are those of
// first appearance, and an array is made anew not more than a few times while its size stays.
func TestArraysOfSpreadingKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	shapes := map[string]func(i int64) int64{
		"up":     func(i int64) int64 { return i / 3 },
		"down":   func(i int64) int64 { return -i / 3 },
		"both":   func(i int64) int64 { return (i / 2) * (1 - 2*(i&1)) },
		"blocks": func(i int64) int64 { return (i / 2000) * (i % 3 * 250) },
		"random": func(i int64) int64 { return r.Int64N(i + 1) },
		"ends":   func(i int64) int64 { return math.MaxInt64 - i/2 },
		"least":  func(i int64) int64 { return math.MinInt64 + i/2 },
	}
	for name, at := range shapes {
		t.Run(name, func(t *testing.T) {
			made, err := New([]arrow.DataType{arrow.PrimitiveTypes.Int64}, Options{})
			require.NoError(t, err)
			tab := made.(*table)
			ids := map[int64]uint32{}
			sizes := map[int]int{} // arrays by size
			var last []uint32
			for from := int64(0); from < 200_000; from += 1000 {
				vals := make([]int64, 1000)
				for i := range vals {
					vals[i] = at(from + int64(i))
				}
				gids := make([]uint32, len(vals))
				require.NoError(t, tab.Intern(ints(vals...), len(vals), gids))
				for i, x := range vals {
					if _, ok := ids[x]; !ok {
						ids[x] = uint32(len(ids))
					}
					require.Equal(t, ids[x], gids[i])
				}
				if now := tab.dir.gids; len(now) > 0 && (len(last) == 0 || &now[0] != &last[0]) {
					sizes[len(now)]++
					last = now
				}
			}
			require.Equal(t, direct, tab.kind)
			for size, n := range sizes {
				require.LessOrEqual(t, n, maxFits, "arrays of %d", size)
			}
			keys, err := tab.Keys(0, tab.Len())
			require.NoError(t, err)
			for g, x := range vec.Of[int64](&keys[0]) {
				require.Equal(t, uint32(g), ids[x])
			}
		})
	}
}
