package exec

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// distinct is how many different numbers below d there are among n random ones, and a sketch of their hashes.
func distinct(rng *rand.Rand, d, n int) (int, sketch) {
	hashes := make([]uint64, d)
	for i := range hashes {
		hashes[i] = rng.Uint64()
	}
	return distinctOf(rng, hashes, n)
}

func distinctOf(rng *rand.Rand, hashes []uint64, n int) (int, sketch) {
	var s sketch
	seen := make([]bool, len(hashes))
	count := 0
	for range n {
		i := rng.IntN(len(hashes))
		if !seen[i] {
			seen[i] = true
			count++
			s.add(hashes[i : i+1])
		}
	}
	s.settle()
	return count, s
}

func TestExpectGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, d := range []int{70_000, 100_000, 200_000, 400_000} {
		n, _ := distinct(rng, d, 110_000)
		require.InEpsilon(t, d, expectGroups(n, 110_000), 0.03, "%d groups", d)
	}
	require.Greater(t, expectGroups(100_000, 100_000), 1<<30, "no group comes twice")
	require.InDelta(t, 10, expectGroups(10, 100_000), 1)
	require.Positive(t, expectGroups(1, 1))
}

func TestRoughEstimate(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	hashes := make([]uint64, 50_000)
	for i := range hashes {
		hashes[i] = rng.Uint64()
	}
	for _, parts := range []int{1, 5, 30} {
		var same, apart sketch
		total := 0
		for range parts {
			_, s := distinctOf(rng, hashes, 200_000)
			same.least = append(same.least, s.least[:2*roughSize]...)
			n, s := distinct(rng, 20_000, 10_000)
			total += n
			apart.least = append(apart.least, s.least[:2*roughSize]...)
		}
		require.InEpsilon(t, 49_000, same.rough(), 0.35, "the same groups in %d parts", parts)
		require.InEpsilon(t, total, apart.rough(), 0.35, "other groups in each of %d parts", parts)
	}
	few := sketch{least: []uint64{9, 3, 3, 7}}
	require.Equal(t, 3, few.rough())
}

// Parts that have all seen the same groups, or of which there is one only, are not taken for few groups.
func TestCountGroupsOfSameParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, d := range []int{10, sketchSize - 1, sketchSize, sketchSize + 1, 10_000, 300_000} {
		hashes := make([]uint64, d)
		for i := range hashes {
			hashes[i] = rng.Uint64()
		}
		for _, n := range []int{1, 2, 7} {
			var parts []*Groups
			for range n {
				p := &Groups{}
				p.sketch.add(hashes)
				p.sketch.settle()
				parts = append(parts, p)
			}
			if d < sketchSize {
				require.Equal(t, d, CountGroups(parts))
				continue
			}
			require.InEpsilon(t, d, CountGroups(parts), 0.1, "%d groups in %d parts", d, n)
		}
	}
}
