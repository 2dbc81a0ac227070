package agg

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
)

// TestSeenLikeSet marks groups as their rows come, with some rows left out and some groups that come without rows, and compares with a set.
func TestSeenLikeSet(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var s seen
		has := map[uint32]bool{}
		groups := 0
		leave := []float64{0, 0, 0.02, 0.9}[seed%4]
		for range 1 + rng.IntN(12) {
			from := groups
			groups += rng.IntN(40)
			ahead := 0
			if rng.IntN(4) == 0 {
				ahead = rng.IntN(3) // groups whose rows come later or never
			}
			s.grow(groups + ahead)
			var gids []uint32
			for g := from; g < groups; {
				if x := g; rng.IntN(3) > 0 || x == 0 {
					g++
					if rng.Float64() >= leave {
						gids = append(gids, uint32(x))
					}
					continue
				}
				gids = append(gids, uint32(rng.IntN(g)))
			}
			s.mark(gids, len(gids))
			for _, g := range gids {
				has[g] = true
			}
			if groups += ahead; groups == 0 {
				continue
			}
			require.Equal(t, len(s.by)-len(has), s.missing)
			for g, b := range s.by {
				require.Equal(t, has[uint32(g)], b == 1, "group %d", g)
			}
			valid := s.valid(groups)
			require.Equal(t, len(has) == groups, valid == nil)
		}
	}
}

// TestExpectChangesNothing gives accumulators room before and compares them with those that grow.
func TestExpectChangesNothing(t *testing.T) {
	for _, op := range []string{"count", "sum", "mean", "min", "max"} {
		for _, room := range []int{1, 5, 1000} {
			s := spec{op: op, in: arrow.PrimitiveTypes.Float64, out: arrow.PrimitiveTypes.Float64}
			plain, err := build(s)
			require.NoError(t, err)
			roomy, err := build(s)
			require.NoError(t, err)
			Expect([]Acc{roomy}, room)
			require.GreaterOrEqual(t, roomy.Bytes(), int64(8*room))
			for _, groups := range []int{3, 4, 700} {
				gids, vals := make([]uint32, groups), make([]float64, groups)
				for i := range gids {
					gids[i], vals[i] = uint32(i), float64(i)
				}
				for _, a := range []acc{plain, roomy} {
					require.NoError(t, a.Update(gids, f64s(vals), nil, groups, groups))
				}
			}
			want, got := result(t, plain, 700), result(t, roomy, 700)
			require.Equal(t, want.Data, got.Data)
			require.Equal(t, want.Valid, got.Valid)
			require.Len(t, roomy.State(), len(plain.State()))
		}
	}
}
