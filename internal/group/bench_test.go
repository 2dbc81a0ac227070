package group

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

const benchBatch = 8192

func intBatches(rows, keys int, spread int64) [][]vec.Vec {
	rng := rand.New(rand.NewPCG(1, 2))
	var out [][]vec.Vec
	for range rows / benchBatch {
		vals := make([]int64, benchBatch)
		for i := range vals {
			vals[i] = int64(rng.IntN(keys)) * spread
		}
		out = append(out, ints(vals...))
	}
	return out
}

func textVec(vals []string) vec.Vec {
	heads := make([]vec.ViewHeader, len(vals))
	var buf []byte
	for i, s := range vals {
		if len(s) <= vec.InlineLen {
			heads[i] = vec.Inline([]byte(s))
			continue
		}
		heads[i] = vec.Long([]byte(s), 0, uint32(len(buf)))
		buf = append(buf, s...)
	}
	return vec.Vec{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 16, Len: len(vals), Data: vec.Bytes(heads), Bufs: [][]byte{buf}}
}

func textBatches(rows, keys int, format string) [][]vec.Vec {
	rng := rand.New(rand.NewPCG(1, 2))
	var out [][]vec.Vec
	for range rows / benchBatch {
		vals := make([]string, benchBatch)
		for i := range vals {
			vals[i] = fmt.Sprintf(format, rng.IntN(keys))
		}
		out = append(out, []vec.Vec{textVec(vals)})
	}
	return out
}

func dictBatches(rows, keys int) [][]vec.Vec {
	rng := rand.New(rand.NewPCG(1, 2))
	vals := make([]string, keys)
	for i := range vals {
		vals[i] = fmt.Sprintf("name of value %d", i)
	}
	d := &vec.Dict{Values: textVec(vals)}
	var out [][]vec.Vec
	for range rows / benchBatch {
		codes := make([]uint32, benchBatch)
		for i := range codes {
			codes[i] = uint32(rng.IntN(keys))
		}
		out = append(out, []vec.Vec{{Type: d.Values.Type, Phys: vec.View, Width: 4, Len: benchBatch, Data: vec.Bytes(codes), Dict: d}})
	}
	return out
}

func pairs(a, b [][]vec.Vec) [][]vec.Vec {
	var out [][]vec.Vec
	for i := range a {
		out = append(out, []vec.Vec{a[i][0], b[(i+1)%len(b)][0]})
	}
	return out
}

func BenchmarkIntern(b *testing.B) {
	const rows = 4 << 20
	i64, str := arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String
	for _, c := range []struct {
		name  string
		types []arrow.DataType
		make  func() [][]vec.Vec
	}{
		{"int64 100 dense", []arrow.DataType{i64}, func() [][]vec.Vec { return intBatches(rows, 100, 1) }},
		{"int64 100 sparse", []arrow.DataType{i64}, func() [][]vec.Vec { return intBatches(rows, 100, 1e12) }},
		{"int64 100k sparse", []arrow.DataType{i64}, func() [][]vec.Vec { return intBatches(rows, 1e5, 1e12) }},
		{"int64 1M dense", []arrow.DataType{i64}, func() [][]vec.Vec { return intBatches(rows, 1e6, 1) }},
		{"int64 1M sparse", []arrow.DataType{i64}, func() [][]vec.Vec { return intBatches(rows, 1e6, 1e12) }},
		{"text 11 B 100", []arrow.DataType{str}, func() [][]vec.Vec { return textBatches(rows, 100, "id%09d") }},
		{"text 15 B 100", []arrow.DataType{str}, func() [][]vec.Vec { return textBatches(rows, 100, "customer%07d") }},
		{"text 11 B 100k", []arrow.DataType{str}, func() [][]vec.Vec { return textBatches(rows, 1e5, "id%09d") }},
		{"text 15 B 100k", []arrow.DataType{str}, func() [][]vec.Vec { return textBatches(rows, 1e5, "customer%07d") }},
		{"dictionary 100", []arrow.DataType{str}, func() [][]vec.Vec { return dictBatches(rows, 100) }},
		{"dictionary 50k", []arrow.DataType{str}, func() [][]vec.Vec { return dictBatches(rows, 5e4) }},
		{"int64 24 x int64 7", []arrow.DataType{i64, i64}, func() [][]vec.Vec { return pairs(intBatches(rows, 24, 1), intBatches(rows, 7, 1)) }},
		{"int64 265 x int64 265", []arrow.DataType{i64, i64}, func() [][]vec.Vec { return pairs(intBatches(rows, 265, 1), intBatches(rows, 265, 1)) }},
		{"dictionary 100 x int64 100 sparse", []arrow.DataType{str, i64}, func() [][]vec.Vec { return pairs(dictBatches(rows, 100), intBatches(rows, 100, 1e12)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			batches := c.make()
			gids := make([]uint32, benchBatch)
			b.ResetTimer()
			for range b.N {
				t, err := New(c.types, Options{})
				if err != nil {
					b.Fatal(err)
				}
				for _, keys := range batches {
					if err := t.Intern(keys, benchBatch, gids); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batches)*benchBatch), "ns/row")
		})
	}
}
