package join

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// BenchmarkProbe is 1M build rows of distinct keys, all probed rows matching, in batches of 8192. Time is per probed row.
func BenchmarkProbe(b *testing.B) {
	const n = 1 << 20
	r := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name  string
		key   func(i int) int64
		text  bool
		pair  bool
		build int
	}{
		{"direct/1M", func(i int) int64 { return int64(i) }, false, false, n},
		{"word/1M", func(i int) int64 { return int64(uint64(i) * 0x9e3779b97f4a7c15) }, false, false, n},
		{"word/10k", func(i int) int64 { return int64(uint64(i) * 0x9e3779b97f4a7c15) }, false, false, 10_000},
		{"text/1M", func(i int) int64 { return int64(i) }, true, false, n},
		{"text and int64/1M", func(i int) int64 { return int64(i) }, true, true, n},
		{"two int64/1M", func(i int) int64 { return int64(uint64(i) * 0x9e3779b97f4a7c15) }, false, true, n},
	} {
		b.Run(c.name, func(b *testing.B) {
			typ := []arrow.DataType{i64}
			if c.text {
				typ[0] = str
			}
			if c.pair {
				typ = append(typ, i64)
			}
			col := func(nums []int64) []vec.Vec {
				if !c.text {
					return append(ints(nums...), ints(nums...)...)[:len(typ)]
				}
				heads := make([]vec.ViewHeader, len(nums))
				for i, x := range nums {
					heads[i] = vec.Inline([]byte(fmt.Sprintf("key%08d", x)))
				}
				text := vec.Vec{Type: str, Phys: vec.View, Width: 16, Len: len(nums), Data: vec.Bytes(heads)}
				if c.pair {
					return append([]vec.Vec{text}, ints(nums...)...)
				}
				return []vec.Vec{text}
			}
			keys := make([]int64, c.build)
			for i := range keys {
				keys[i] = c.key(i)
			}
			bd := NewBuilder(Options{Keys: typ})
			_ = bd.Add(col(keys), nil, len(keys))
			table, _ := bd.Build()
			probe := make([]int64, n)
			for i := range probe {
				probe[i] = c.key(r.IntN(c.build))
			}
			var batches [][]vec.Vec
			for i := 0; i < n; i += 8192 {
				batches = append(batches, col(probe[i:i+8192]))
			}
			p := table.NewProber(Inner)
			b.ResetTimer()
			pairs := 0
			for i := 0; i < b.N; i += 8192 {
				_ = p.Probe(batches[i/8192%len(batches)], 8192)
				for {
					x, ok := p.Next()
					if !ok {
						break
					}
					pairs += len(x.Left)
				}
			}
			if pairs == 0 {
				b.Fatal("nothing matched")
			}
		})
	}
}

// BenchmarkBuild is a table of 1M rows; time is per row.
func BenchmarkBuild(b *testing.B) {
	const n = 1 << 20
	for _, c := range []struct {
		name string
		mul  uint64
	}{{"direct", 1}, {"word", 0x9e3779b97f4a7c15}} {
		b.Run(c.name, func(b *testing.B) {
			keys := make([]int64, n)
			for i := range keys {
				keys[i] = int64(uint64(i) * c.mul)
			}
			for i := 0; i < b.N; i += n {
				bd := NewBuilder(Options{Keys: []arrow.DataType{i64}})
				for j := 0; j < n; j += 8192 {
					_ = bd.Add(ints(keys[j:j+8192]...), nil, 8192)
				}
				if t, err := bd.Build(); err != nil || t.NumRows() != n {
					b.Fatal(err)
				}
			}
		})
	}
}
