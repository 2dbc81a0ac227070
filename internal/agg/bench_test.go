package agg

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

func BenchmarkUpdate(b *testing.B) {
	const rows = 8192
	rng := rand.New(rand.NewPCG(1, 2))
	for _, groups := range []int{1, 100, 1_000_000} {
		const rounds = 64
		gids := make([][]uint32, rounds)
		for k := range gids {
			if groups == 1 {
				continue
			}
			gids[k] = make([]uint32, rows)
			for i := range gids[k] {
				gids[k][i] = uint32(rng.IntN(groups))
			}
		}
		floats, ints := make([]float64, rows), make([]int64, rows)
		for i := range floats {
			floats[i], ints[i] = rng.NormFloat64(), rng.Int64N(1e6)
		}
		f, i := column(arrow.PrimitiveTypes.Float64, floats, nil), column(arrow.PrimitiveTypes.Int64, ints, nil)
		some := i
		some.Valid = make([]uint64, rows/64)
		for k := range some.Valid {
			some.Valid[k] = rng.Uint64() | rng.Uint64() | rng.Uint64()
		}
		for _, c := range []struct {
			op  string
			arg vec.Vec
			tag string
		}{
			{"count", f, ""}, {"sum", f, "float64"}, {"sum", i, "int64"}, {"sum", some, "int64, nulls"}, {"mean", f, "float64"}, {"mean", i, "int64"},
			{"min", f, "float64"}, {"max", i, "int64"}, {"std", f, "float64"}, {"first", i, "int64"}, {"last", i, "int64"},
		} {
			b.Run(fmt.Sprintf("%s %s %d", c.op, c.tag, groups), func(b *testing.B) {
				s := spec{op: c.op, in: c.arg.Type, out: outType(c.op, c.arg.Type)}
				a, err := build(s)
				if err != nil {
					b.Fatal(err)
				}
				args := []vec.Vec{c.arg}
				k := 0
				for b.Loop() {
					if err := a.Update(gids[k%rounds], args, nil, rows, groups); err != nil {
						b.Fatal(err)
					}
					k++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			})
		}
	}
}
