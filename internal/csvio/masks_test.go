package csvio

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMasksAgainstBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	alphabet := []byte(",\n\"\r;x\x2d\x2b\x0b\x80\xac\x8a\x00\xff")
	for _, c := range []chars{{',', '\n', '"'}, {';', '\r', '\''}, {',', '\n', 0}, {'\t', '\n', '"'}} {
		for range 50 {
			blocks := 1 + rng.IntN(5)
			src := make([]byte, blocks*64)
			for i := range src {
				src[i] = alphabet[rng.IntN(len(alphabet))]
			}
			for _, f := range []func(d, l, q []uint64, src []byte, c chars) uint64{masksGeneric, masks} {
				d, l, q := make([]uint64, blocks), make([]uint64, blocks), make([]uint64, blocks)
				any := f(d, l, q, src, c)
				var wantAny uint64
				for i, b := range src {
					bit := func(m []uint64) bool { return m[i/64]>>(i%64)&1 == 1 }
					require.Equal(t, b == c.comma || b == c.newline, bit(d), "delim at %d", i)
					require.Equal(t, b == c.newline, bit(l), "line at %d", i)
					isQuote := c.quote != 0 && b == c.quote
					require.Equal(t, isQuote, bit(q), "quote at %d", i)
					if isQuote {
						wantAny |= 1 << (i % 64)
					}
				}
				require.Equal(t, wantAny, any)
			}
		}
	}
}

func TestPrefixXor(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		q := rng.Uint64() & rng.Uint64()
		p, got := uint64(0), prefixXor(q)
		for i := range 64 {
			p ^= q >> i & 1
			require.Equal(t, p, got>>i&1)
		}
	}
}
