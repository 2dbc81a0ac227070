package parquetio

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sheafdata/sheaf/internal/vec"
)

func TestHybridRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := uint(rapid.IntRange(1, 31).Draw(t, "width"))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var v []uint32
		for range rapid.IntRange(0, 20).Draw(t, "stretches") {
			x, n, run := rng.Uint32(), rng.IntN(100), rng.IntN(2) == 0
			for range n {
				if !run {
					x = rng.Uint32()
				}
				v = append(v, x&uint32(1<<width-1))
			}
		}
		var h hybrid
		h.reset(appendHybrid(nil, v, width), width)
		got := make([]uint32, len(v))
		require.NoError(t, h.codes(got, math.MaxInt))
		require.True(t, slices.Equal(v, got))
	})
}

func TestXXHash(t *testing.T) {
	// Known values of xxHash64 with seed 0.
	require.Equal(t, uint64(0xef46db3751d8e999), xxhash(nil))
	require.Equal(t, uint64(0xd24ec4f1a98c6e5b), xxhash([]byte("a")))
	require.Equal(t, uint64(0x44bc2cf5ad770999), xxhash([]byte("abc")))
}

func TestNumDict(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, span := range []uint64{1, 100, 5000, maxDirect - 1, maxDirect, 1 << 40} {
		var d numDict[uint64]
		codes := map[uint64]uint32{}
		lo, hi := uint64(math.MaxUint64), uint64(0)
		for range 50 {
			v := make([]uint64, 300)
			for i := range v {
				v[i] = uint64(1)<<63 + rng.Uint64N(span)
				lo, hi = min(lo, v[i]), max(hi, v[i])
			}
			d.cover(lo, hi-lo)
			got := make([]uint32, len(v))
			d.encode(got, v)
			for i, x := range v {
				if _, ok := codes[x]; !ok {
					codes[x] = uint32(len(codes))
				}
				require.Equal(t, codes[x], got[i])
				require.Equal(t, x, d.vals[got[i]])
			}
		}
	}
}

func TestTextDict(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	d := textDict{prefixed: true}
	codes := map[string]uint32{}
	for range 20 {
		var heads []vec.ViewHeader
		var buf []byte
		var values []string
		for range 500 {
			s := newGen(1).text(rng.Int64N(3000))
			if len(s) <= vec.InlineLen {
				heads = append(heads, vec.Inline([]byte(s)))
			} else {
				heads = append(heads, vec.Long([]byte(s), 0, uint32(len(buf))))
				buf = append(buf, s...)
			}
			values = append(values, s)
		}
		got := make([]uint32, len(heads))
		d.encode(got, heads, [][]byte{buf})
		for i, s := range values {
			if _, ok := codes[s]; !ok {
				codes[s] = uint32(len(codes))
			}
			require.Equal(t, codes[s], got[i])
			require.Equal(t, s, string(d.value(int(got[i]))))
		}
	}
}

func TestExpectDistinct(t *testing.T) {
	require.Equal(t, 100, expectDistinct(100, 65536, 1<<20))
	require.InDelta(t, 100_000, expectDistinct(48_000, 65536, 1<<20), 3000)
	require.InDelta(t, 1<<20, expectDistinct(65536, 65536, 1<<20), 1)
	require.Equal(t, 7, expectDistinct(7, 10, 10))
}

func TestTextBounds(t *testing.T) {
	long := func(s string) []byte { // 64 bytes and more
		for len(s) < 80 {
			s += s
		}
		return []byte(s)
	}
	l := &writeLeaf{}
	l.set(physByteArray, logicalType{kind: logString}, convUTF8, orderBytes)
	bounds := func(values ...[]byte) storedBounds {
		var b writeBounds
		for _, v := range values {
			h := vec.Inline(v[:min(len(v), 12)])
			if len(v) > vec.InlineLen {
				h = vec.Long(v, 0, 0)
			}
			p, q := prefix12(words(&h), v)
			b.addText(p, q, v, boundBytes)
		}
		return b.store(l)
	}
	b := bounds([]byte("b"), []byte("ab\x00"), []byte("ab"), []byte(""))
	require.Equal(t, "", string(b.min))
	require.Equal(t, "b", string(b.max))
	require.True(t, b.minExact && b.maxExact)
	b = bounds(long("wörld"))
	require.False(t, b.minExact || b.maxExact)
	require.LessOrEqual(t, string(b.min), string(long("wörld")))
	require.Greater(t, string(b.max), string(long("wörld")))
	require.Less(t, len(b.max), 70)
	b = bounds(long("\U0010FFFF"))
	require.NotNil(t, b.min)
	require.Nil(t, b.max, "nothing is above the last character")
	exact := long("abcd")[:64]
	b = bounds(exact, append(exact[:64:64], 'x'))
	require.True(t, b.minExact)
	require.False(t, b.maxExact)
	b = bounds([]byte("abcdefghijkl"), []byte("abcdefghijkl\x00"), []byte("abcdefghijk"))
	require.Equal(t, "abcdefghijk", string(b.min))
	require.Equal(t, "abcdefghijkl\x00", string(b.max))
}

func TestFloatBounds(t *testing.T) {
	l := &writeLeaf{}
	l.set(physDouble, logicalType{}, convNone, orderFloat)
	bounds := func(v ...float64) storedBounds {
		var b writeBounds
		for _, x := range v {
			b.addFloats(floatMinMax([]float64{x}))
		}
		return b.store(l)
	}
	number := func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }
	b := bounds(math.NaN(), 1, 2)
	require.Equal(t, []float64{1, 2}, []float64{number(b.min), number(b.max)})
	b = bounds(math.NaN())
	require.Nil(t, b.min)
	b = bounds(0)
	require.True(t, math.Signbit(number(b.min)))
	b = bounds(math.Copysign(0, -1))
	require.False(t, math.Signbit(number(b.max)))
	b = bounds(math.Inf(1))
	require.True(t, math.IsInf(number(b.min), 1) && math.IsInf(number(b.max), 1))
}

func TestStoredForms(t *testing.T) {
	for _, n := range []int{0, 1, 100, 65536, 65537, 128 << 10, 300_000} {
		src := make([]byte, n)
		for i := range src {
			src[i] = byte(i * i)
		}
		for _, codec := range []int32{codecNone, codecSnappy, codecZstd} {
			b, ok := appendStored(codec, nil, src)
			require.True(t, ok)
			dst := make([]byte, n)
			require.NoError(t, decompress(codec, dst, b), "%s %d", codecName(codec), n)
			require.Equal(t, src, dst)
		}
	}
}
