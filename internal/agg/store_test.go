package agg

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

// TestTogether holds accumulators that share stores against the same ones apart: states, answers and merged states are the same.
func TestTogether(t *testing.T) {
	types := []arrow.DataType{arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64,
		arrow.FixedWidthTypes.Boolean, &arrow.Decimal128Type{Precision: 20, Scale: 2}, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Uint8}
	emptied := 0
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g := rowtest.New(seed)
			g.Nulls = []float64{0, 0.3, 1, 0.05}[seed%4]
			single := seed%5 == 4
			var specs []spec
			for range 2 + g.Rand.IntN(8) {
				ty := types[g.Rand.IntN(len(types))]
				op := []string{"sum", "mean", "count", "count_of", "min"}[g.Rand.IntN(5)]
				s := spec{op: op, in: vec.Logical(ty), out: vec.Logical(outType(op, ty)), column: "x"}
				if op == "mean" && ty.ID() == arrow.DECIMAL128 {
					s.out = arrow.PrimitiveTypes.Float64
				}
				if op == "count" {
					s.in = nil
				}
				specs = append(specs, s)
			}
			shape := batches(g, nil, single)
			if seed%3 == 0 { // more groups than fewGroups, and than stay in the caches
				for i := range shape {
					shape[i].groups += 3000 << (seed % 4)
					for k := range shape[i].gids {
						shape[i].gids[k] = uint32(g.Rand.IntN(shape[i].groups))
					}
				}
				for i := 1; i < len(shape); i++ {
					shape[i].groups = max(shape[i].groups, shape[i-1].groups)
				}
			}
			apart, shared := accsOf(t, specs), accsOf(t, specs)
			together(shared)
			for _, b := range shape {
				for i, s := range specs {
					var col []vec.Vec
					if s.in != nil {
						col = []vec.Vec{g.Encode(g.Column(s.in, b.rows))}
					}
					for _, a := range []Acc{apart[i], shared[i]} {
						require.NoError(t, a.Update(b.gids, col, b.where, b.rows, b.groups))
					}
				}
			}
			groups := shape[len(shape)-1].groups
			sameAccs(t, specs, apart, shared, groups)

			// Merged twice, in an order of their own.
			back := make([]uint32, groups)
			for i, x := range g.Rand.Perm(groups) {
				back[i] = uint32(x)
			}
			into, intoShared := accsOf(t, specs), accsOf(t, specs)
			together(intoShared)
			for range 2 {
				for i := range specs {
					require.NoError(t, into[i].Merge(back, apart[i].State(), groups, groups))
					require.NoError(t, intoShared[i].Merge(back, shared[i].State(), groups, groups))
				}
			}
			sameAccs(t, specs, into, intoShared, groups)

			// Emptied, they take other groups as new ones do.
			if !Reset(intoShared) {
				return
			}
			emptied++
			again := accsOf(t, specs)
			fewer := (groups + 1) / 2
			for i := range back {
				back[i] = uint32(i / 2)
			}
			for i := range specs {
				require.NoError(t, again[i].Merge(back, apart[i].State(), groups, fewer))
				require.NoError(t, intoShared[i].Merge(back, shared[i].State(), groups, fewer))
				x, errX := again[i].Result(fewer)
				y, errY := intoShared[i].Result(fewer)
				require.Equal(t, errX == nil, errY == nil)
				for g := 0; errX == nil && g < fewer; g++ {
					require.Equal(t, rowtest.Text(&x, g), rowtest.Text(&y, g))
				}
				for c, a := range again[i].State() {
					b := intoShared[i].State()[c]
					for g := range fewer {
						require.Equal(t, rowtest.Text(&a, g), rowtest.Text(&b, g))
					}
				}
			}
		})
	}
	require.Greater(t, emptied, 5)
}

func accsOf(t *testing.T, specs []spec) []Acc {
	t.Helper()
	accs := make([]Acc, len(specs))
	for i, s := range specs {
		var err error
		accs[i], err = build(s)
		require.NoError(t, err)
	}
	return accs
}

func sameAccs(t *testing.T, specs []spec, apart, shared []Acc, groups int) {
	t.Helper()
	var one, all int64
	for i, s := range specs {
		a, b := apart[i].State(), shared[i].State()
		require.Len(t, b, len(a))
		for c := range a {
			require.Equal(t, groups, a[c].Len)
			require.Equal(t, groups, b[c].Len)
			for g := range groups {
				require.Equal(t, rowtest.Text(&a[c], g), rowtest.Text(&b[c], g), "%s of %v, state %d of group %d", s.op, s.in, c, g)
			}
		}
		x, errX := apart[i].Result(groups)
		y, errY := shared[i].Result(groups)
		require.Equal(t, errX == nil, errY == nil)
		for g := 0; errX == nil && g < groups; g++ {
			require.Equal(t, rowtest.Text(&x, g), rowtest.Text(&y, g), "%s of %v, group %d", s.op, s.in, g)
		}
		one, all = one+apart[i].Bytes(), all+shared[i].Bytes()
	}
	require.LessOrEqual(t, all, 2*one, "the memory of a store is counted once")
	require.Less(t, one, 3*all+1<<12)
}

// TestSumsThatLeave64Bits adds values at the ends of their types to many groups: every sum is exact.
func TestSumsThatLeave64Bits(t *testing.T) {
	g := rowtest.New(1)
	const groups, rows = 200, 5000
	gids := make([]uint32, rows)
	signeds, unsigneds := make([]int64, rows), make([]uint64, rows)
	want, wantU := make([]*big.Int, groups), make([]*big.Int, groups)
	for i := range want {
		want[i], wantU[i] = new(big.Int), new(big.Int)
	}
	for i := range gids {
		k := g.Rand.IntN(groups)
		gids[i] = uint32(k)
		signeds[i] = []int64{math.MinInt64, math.MaxInt64, -1, 1, g.Rand.Int64(), -g.Rand.Int64()}[g.Rand.IntN(6)]
		unsigneds[i] = []uint64{math.MaxUint64, 1 << 63, math.MaxInt64, 1, g.Rand.Uint64()}[g.Rand.IntN(5)]
		want[k].Add(want[k], big.NewInt(signeds[i]))
		wantU[k].Add(wantU[k], new(big.Int).SetUint64(unsigneds[i]))
	}
	var s, u intTotal
	s.init(1)
	u.init(1)
	s.grow(groups)
	u.grow(groups)
	addSigned(&s, gids, signeds)
	addUnsigned(&u, gids, unsigneds)
	for k := range groups {
		require.Equal(t, want[k].String(), bigOf(s.sum(k)).String())
		require.Equal(t, wantU[k].String(), bigOf(u.sum(k)).String())
	}
}

func bigOf(x int128) *big.Int {
	hi := big.NewInt(int64(x[1]))
	return hi.Lsh(hi, 64).Add(hi, new(big.Int).SetUint64(x[0]))
}
