package bitmap

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

var lengths = []int{0, 1, 3, 7, 8, 63, 64, 65, 127, 128, 129, 1000}

func random(r *rand.Rand, n int, density float64) ([]uint64, []bool) {
	b, want := make([]uint64, Words(n)), make([]bool, n)
	for i := range b {
		b[i] = r.Uint64() // garbage beyond n
	}
	for i := range want {
		want[i] = r.Float64() < density
		SetTo(b, i, want[i])
	}
	return b, want
}

func get(b []uint64, n int) []bool {
	out := make([]bool, n)
	for i := range out {
		out[i] = Get(b, i)
	}
	return out
}

func each(t *testing.T, fn func(t *testing.T, r *rand.Rand, n int, density float64)) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range lengths {
		for _, d := range []float64{0, 0.02, 0.5, 0.98, 1} {
			fn(t, r, n, d)
		}
	}
}

func TestCounts(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, n int, d float64) {
		b, want := random(r, n, d)
		count, idx := 0, []uint32{}
		for i, v := range want {
			if v {
				count++
				idx = append(idx, uint32(i))
			}
		}
		require.Equal(t, count, Count(b, n))
		require.Equal(t, count > 0, Any(b, n))
		require.Equal(t, count == n, All(b, n))
		dst := make([]uint32, count+IndexRoom)
		require.Equal(t, count, Indices(dst, b, n))
		require.Equal(t, idx, dst[:count:count][:count])
		next := []uint32{}
		for i := Next(b, 0, n); i >= 0; i = Next(b, i+1, n) {
			next = append(next, uint32(i))
		}
		require.Equal(t, idx, next)
	})
}

func TestRangesAndCopies(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, n int, d float64) {
		if n == 0 {
			return
		}
		b, want := random(r, n, d)
		from := r.IntN(n)
		to := from + r.IntN(n-from+1)
		SetRange(b, from, to)
		for i := from; i < to; i++ {
			want[i] = true
		}
		require.Equal(t, want, get(b, n))
		from = r.IntN(n)
		to = from + r.IntN(n-from+1)
		ClearRange(b, from, to)
		for i := from; i < to; i++ {
			want[i] = false
		}
		require.Equal(t, want, get(b, n))

		k := r.IntN(n + 1)
		off := r.IntN(n - k + 1)
		dst := make([]uint64, Words(k))
		Slice(dst, b, off, k)
		require.Equal(t, want[off:off+k], get(dst, k))
		raw := ToBytes(b, n)
		FromBytes(dst, raw, off, k)
		require.Equal(t, want[off:off+k], get(dst, k))

		other, keep := random(r, n+70, 0.5)
		at := r.IntN(70)
		Copy(other, at, b, off, k)
		copy(keep[at:], want[off:off+k])
		require.Equal(t, keep, get(other, n+70))
	})
}

func TestCompress(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, n int, d float64) {
		mask, keep := random(r, n, d)
		src, values := random(r, n, 0.5)
		want := []bool{}
		for i, v := range values {
			if keep[i] {
				want = append(want, v)
			}
		}
		dst := make([]uint64, Words(len(want))+1)
		require.Equal(t, len(want), Compress(dst, src, mask, n))
		require.Equal(t, want, get(dst, len(want)))
	})
}

func TestLogic(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, n int, d float64) {
		a, x := random(r, n, d)
		b, y := random(r, n, 0.5)
		dst := make([]uint64, Words(n))
		ops := []struct {
			run  func(dst, a, b []uint64)
			want func(x, y bool) bool
		}{
			{And, func(x, y bool) bool { return x && y }},
			{Or, func(x, y bool) bool { return x || y }},
			{AndNot, func(x, y bool) bool { return x && !y }},
			{OrNot, func(x, y bool) bool { return x || !y }},
			{Xor, func(x, y bool) bool { return x != y }},
			{func(dst, a, _ []uint64) { Not(dst, a) }, func(x, _ bool) bool { return !x }},
		}
		for _, op := range ops {
			op.run(dst, a, b)
			for i := range x {
				require.Equal(t, op.want(x[i], y[i]), Get(dst, i))
			}
		}
	})
}

func BenchmarkIndices(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range []float64{0.01, 0.5, 0.99} {
		m, _ := random(r, 8192, d)
		dst := make([]uint32, 8192+IndexRoom)
		b.Run("", func(b *testing.B) {
			for b.Loop() {
				Indices(dst, m, 8192)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/8192, "ns/row")
		})
	}
}

func BenchmarkCompress(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range []float64{0.01, 0.5, 0.99} {
		m, _ := random(r, 8192, d)
		src, _ := random(r, 8192, d)
		dst := make([]uint64, 129)
		b.Run("", func(b *testing.B) {
			for b.Loop() {
				Compress(dst, src, m, 8192)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/8192, "ns/row")
		})
	}
}
