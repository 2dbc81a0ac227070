package hash

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

// TestGolden pins the function: hashes are part of what processes agree on.
func TestGolden(t *testing.T) {
	got := map[string]uint64{
		"word 0": Word(0), "word -1": Word(math.MaxUint64), "pair": Pair(1, 2), "combine": Combine(1, 2), "1.5": Word(FloatBits(1.5)),
	}
	for _, n := range []int{0, 1, 12, 13, 15, 16, 17, 31, 32, 33, 48, 49, 96, 97, 200} {
		got[fmt.Sprint("bytes ", n)] = Bytes([]byte(strings.Repeat("abcdefg", 30)[:n]))
	}
	require.Equal(t, golden, got)
}

// TestEqualValuesHashEqually compares columns in every encoding, row by row.
func TestEqualValuesHashEqually(t *testing.T) {
	for _, ty := range rowtest.Types() {
		for seed := range uint64(4) {
			g := rowtest.New(seed)
			byText := map[string]uint64{}
			byHash := map[uint64]string{}
			for range 3 {
				v := g.Column(ty, 500)
				for _, e := range []vec.Vec{v, g.Dict(v), g.Encode(v), g.Encode(v)} {
					hs := make([]uint64, e.Len)
					Hash(hs, []vec.Vec{e}, e.Len)
					for i, h := range hs {
						k := rowtest.Text(&e, i)
						if old, ok := byText[k]; ok {
							require.Equal(t, old, h, "%s: %s", ty, k)
						}
						if old, ok := byHash[h]; ok {
							require.Equal(t, old, k, "%s: collision", ty)
						}
						byText[k], byHash[h] = h, k
					}
				}
			}
		}
	}
}

func TestWidths(t *testing.T) {
	var a, b, c [4]uint64
	Ints(a[:], []int8{-1, 0, 5, 127})
	Ints(b[:], []int64{-1, 0, 5, 127})
	require.Equal(t, a, b)
	Ints(c[:], []uint16{65535, 0, 5, 127})
	require.Equal(t, a[1:], c[1:])
	Floats(a[:], []float32{0.5, float32(math.Inf(1)), float32(math.NaN()), 3})
	Floats(b[:], []float64{0.5, math.Inf(1), math.NaN(), 3})
	require.Equal(t, a, b)
	for i, h := range []uint16{0x3800, 0x7c00, 0x7e01, 0x4200} {
		require.Equal(t, a[i], Word(Half(h)))
	}
	require.Equal(t, FloatBits(0), FloatBits(math.Copysign(0, -1)))
	require.Equal(t, 5.960464477539063e-08, halfToFloat(1))
}

func TestHasherKeepsDictionaries(t *testing.T) {
	g := rowtest.New(9)
	var h Hasher
	cols := []vec.Vec{g.Dict(g.Column(arrow.BinaryTypes.String, 300)), g.Dict(g.Column(arrow.PrimitiveTypes.Int32, 300))}
	for range 3 {
		a, b := make([]uint64, 300), make([]uint64, 300)
		h.Hash(a, cols, 300)
		Hash(b, cols, 300)
		require.Equal(t, b, a)
		cols[0], cols[1] = g.Dict(cols[0]), g.Dict(g.Column(arrow.PrimitiveTypes.Int32, 300))
	}
}

func TestAllEqual(t *testing.T) {
	was := SetAllEqual(true)
	defer SetAllEqual(was)
	g := rowtest.New(1)
	for _, ty := range rowtest.Types() {
		hs := []uint64{1, 2, 3}
		Hash(hs, []vec.Vec{g.Column(ty, 3), g.Column(ty, 3)}, 3)
		require.Equal(t, []uint64{0, 0, 0}, hs)
	}
}

// TestSpread fills a table half with keys of regular shapes: no shape may lead to clusters, by the low bits or by the top ones.
func TestSpread(t *testing.T) {
	const n = 1 << 16
	shapes := map[string]func(i int) uint64{
		"sequence":  func(i int) uint64 { return uint64(i) },
		"negative":  func(i int) uint64 { return uint64(-i) },
		"times 8":   func(i int) uint64 { return uint64(i) << 3 },
		"times 1Mi": func(i int) uint64 { return uint64(i) << 20 },
		"high":      func(i int) uint64 { return uint64(i) << 48 },
		"floats":    func(i int) uint64 { return FloatBits(float64(i)) },
		"cents":     func(i int) uint64 { return FloatBits(float64(i) / 100) },
		"micros":    func(i int) uint64 { return uint64(i)*1_000_000 + 1_700_000_000_000_000 },
	}
	for name, f := range shapes {
		keys, hs := make([]uint64, n), make([]uint64, n)
		for i := range keys {
			keys[i] = f(i)
		}
		Ints(hs, keys)
		checkSpread(t, name, hs)
		zero := make([]uint64, n)
		Pairs(hs, keys, zero)
		checkSpread(t, name+" low", hs)
		Pairs(hs, zero, keys)
		checkSpread(t, name+" high", hs)
	}
	heads, hs := make([]vec.ViewHeader, n), make([]uint64, n)
	var buf []byte
	for i := range heads {
		heads[i] = vec.Inline(fmt.Appendf(nil, "id%d", i))
	}
	Views(hs, heads, nil)
	checkSpread(t, "short text", hs)
	for i := range heads {
		b := fmt.Appendf(nil, "a customer of number %09d", i)
		heads[i] = vec.Long(b, 0, uint32(len(buf)))
		buf = append(buf, b...)
	}
	Views(hs, heads, [][]byte{buf})
	checkSpread(t, "long text", hs)
}

// checkSpread counts the longest run of collisions of linear probing at half load, and the largest of 256 partitions.
func checkSpread(t *testing.T, name string, hs []uint64) {
	t.Helper()
	m := uint64(2*len(hs) - 1)
	used := make([]bool, m+1)
	var parts [256]int
	steps := 0
	for _, h := range hs {
		p := h & m
		for used[p] {
			p = (p + 1) & m
			steps++
		}
		used[p] = true
		parts[h>>56]++
	}
	// Random hashes need 0.5 extra steps a key at the end, and no partition is 40 % over its share.
	require.Less(t, float64(steps)/float64(len(hs)), 1.0, "%s: steps", name)
	for _, p := range parts {
		require.Less(t, p, len(hs)/256*14/10, "%s: partitions", name)
	}
}

const benchRows = 2048

func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkInts(b *testing.B) {
	vals, hs := make([]int64, benchRows), make([]uint64, benchRows)
	for i := range vals {
		vals[i] = rand.Int64()
	}
	for b.Loop() {
		Ints(hs, vals)
	}
	perRow(b, benchRows)
}

func BenchmarkViews(b *testing.B) {
	for _, r := range [][2]int{{4, 8}, {8, 16}, {20, 40}, {100, 120}} {
		b.Run(fmt.Sprintf("%d-%d", r[0], r[1]), func(b *testing.B) {
			heads, hs := make([]vec.ViewHeader, benchRows), make([]uint64, benchRows)
			var buf []byte
			for i := range heads {
				s := make([]byte, r[0]+rand.IntN(r[1]-r[0]+1))
				for k := range s {
					s[k] = byte('a' + rand.IntN(26))
				}
				if len(s) <= vec.InlineLen {
					heads[i] = vec.Inline(s)
				} else {
					heads[i] = vec.Long(s, 0, uint32(len(buf)))
					buf = append(buf, s...)
				}
			}
			bufs := [][]byte{buf}
			for b.Loop() {
				Views(hs, heads, bufs)
			}
			perRow(b, benchRows)
		})
	}
}
