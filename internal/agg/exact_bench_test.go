package agg

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// BenchmarkExact has aggregates with and without rounding on the way, beside each other.
func BenchmarkExact(b *testing.B) {
	const rows = 8192
	rng := rand.New(rand.NewPCG(1, 2))
	vals := make([]float64, rows)
	for i := range vals {
		vals[i] = rng.Float64() * 100
	}
	f := column(arrow.PrimitiveTypes.Float64, vals, nil)
	for _, groups := range []int{1, 100, 1_000_000} {
		gids := make([]uint32, rows)
		for i := range gids {
			gids[i] = uint32(rng.IntN(groups))
		}
		if groups == 1 {
			gids = nil
		}
		for _, op := range []string{"sum", "std", "corr"} {
			for _, exactly := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s %v %d", op, exactly, groups), func(b *testing.B) {
					s := exactSpec(op, arrow.PrimitiveTypes.Float64)
					s.exact = exactly
					a, err := build(s)
					if err != nil {
						b.Fatal(err)
					}
					for b.Loop() {
						if err := a.Update(gids, []vec.Vec{f, f}, nil, rows, groups); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
				})
			}
		}
	}
}
