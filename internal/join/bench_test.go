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
		{"word/half of 1M", func(i int) int64 { return int64(uint64(i) * 0x9e3779b97f4a7c15) }, false, false, n / 2},
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
				if c.build == n/2 {
					probe[i] = c.key(i)
				}
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

// BenchmarkChains is 1.5M build rows, ten a key and in any order, each key probed once. Time is per pair.
func BenchmarkChains(b *testing.B) {
	const keys, each = 150_000, 10
	r := rand.New(rand.NewPCG(1, 1))
	rows := make([]int64, keys*each)
	for i := range rows {
		rows[i] = int64(i % keys)
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	bd := NewBuilder(Options{Keys: []arrow.DataType{i64}})
	_ = bd.Add(ints(rows...), nil, len(rows))
	table, _ := bd.Build()
	var batches [][]vec.Vec
	for i := 0; i+8192 <= keys; i += 8192 {
		batch := make([]int64, 8192)
		for k := range batch {
			batch[k] = int64(i + k)
		}
		batches = append(batches, ints(batch...))
	}
	p := table.NewProber(Inner)
	b.ResetTimer()
	for pairs, i := 0, 0; pairs < b.N; i++ {
		_ = p.Probe(batches[i%len(batches)], 8192)
		for {
			x, ok := p.Next()
			if !ok {
				break
			}
			pairs += len(x.Left)
		}
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
