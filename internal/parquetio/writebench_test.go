package parquetio

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// benchColumn makes a column of n values below most: as numbers, or as text of the form that group keys have.
func benchColumn(rng *rand.Rand, text bool, n, most int) vec.Vec {
	if !text {
		v := make([]int32, n)
		for i := range v {
			v[i] = int32(rng.IntN(most))
		}
		return vec.Vec{Type: arrow.PrimitiveTypes.Int32, Phys: vec.Int32, Width: 4, Len: n, Data: vec.Bytes(v)}
	}
	heads := make([]vec.ViewHeader, n)
	for i := range heads {
		heads[i] = vec.Inline(fmt.Appendf(nil, "id%010d", rng.IntN(most)))
	}
	return vec.Vec{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 16, Len: n, Data: vec.Bytes(heads)}
}

// BenchmarkEncode encodes row groups of one column, a value an operation.
func BenchmarkEncode(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	const rows, batch = 1 << 19, 8192
	doubles := make([]float64, batch)
	for i := range doubles {
		doubles[i] = rng.Float64() * 100
	}
	columns := map[string]func() vec.Vec{
		"text of 100":    func() vec.Vec { return benchColumn(rng, true, batch, 100) },
		"text of 100000": func() vec.Vec { return benchColumn(rng, true, batch, 100_000) },
		"int of 100":     func() vec.Vec { return benchColumn(rng, false, batch, 100) },
		"int of 100000":  func() vec.Vec { return benchColumn(rng, false, batch, 100_000) },
		"int of 2^31":    func() vec.Vec { return benchColumn(rng, false, batch, 1<<31-1) },
		"float64": func() vec.Vec {
			return vec.Vec{Type: arrow.PrimitiveTypes.Float64, Phys: vec.Float64, Width: 8, Len: batch, Data: vec.Bytes(doubles)}
		},
	}
	for _, codec := range []string{"none", "snappy", "zstd"} {
		for name, column := range columns {
			b.Run(codec+"/"+name, func(b *testing.B) {
				var batches []vec.Vec
				for range rows / batch {
					batches = append(batches, column())
				}
				e, err := NewEncoder(arrow.NewSchema([]arrow.Field{{Name: "c", Type: batches[0].Type}}, nil), WriteOptions{Compression: codec})
				require.NoError(b, err)
				size, left := int64(0), b.N
				b.ReportAllocs()
				for b.ResetTimer(); left > 0; {
					g := e.Begin(nil)
					for i := range batches {
						require.NoError(b, g.Add(batches[i:i+1], batch))
						left -= batch
					}
					c, err := g.Finish()
					require.NoError(b, err)
					size = c.Size()
					c.Release()
				}
				b.ReportMetric(float64(size)/rows, "bytes/value")
			})
		}
	}
}
