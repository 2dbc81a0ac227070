package parquetio

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/require"
)

// snappySamples are bytes that compress to elements of many kinds.
func snappySamples() [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var out [][]byte
	for _, n := range []int{0, 1, 3, 17, 64, 100, 104, 105, 1000, 70000} {
		for period := 1; period < 20; period++ {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(i % period)
			}
			out = append(out, b)
		}
		noise, stamps, few := make([]byte, n), make([]byte, n), make([]byte, n)
		for i := range n {
			noise[i], few[i] = byte(rng.Uint32()), byte(rng.Uint32N(3))
		}
		for i := 0; i+8 <= n; i += 8 {
			binary.LittleEndian.PutUint64(stamps[i:], 1_700_000_000_000_000+rng.Uint64N(1<<22))
		}
		out = append(out, noise, stamps, few, bytes.Repeat(noise[:n/3], 3))
	}
	return out
}

func TestSnappyBlock(t *testing.T) {
	for _, want := range snappySamples() {
		for _, encode := range []func(dst, src []byte) []byte{s2.EncodeSnappy, s2.EncodeSnappyBetter, s2.EncodeSnappyBest} {
			got, page := make([]byte, len(want)), encode(nil, want)
			_, head := binary.Uvarint(page)
			require.True(t, snappyBlock(got, page[head:]))
			require.True(t, bytes.Equal(want, got))
			if len(want) > 0 {
				require.False(t, snappyBlock(got[1:], page[head:]), "too much for the page")
				require.False(t, snappyBlock(got, page[head:len(page)-1]), "cut off")
			}
			require.False(t, snappyBlock(append(got, 0), page[head:]), "too little for the page")
		}
	}
}

// TestSnappyElements expands elements that encoders do not write, long pages of them too.
func TestSnappyElements(t *testing.T) {
	start := []byte{7 << 2, 1, 2, 3, 4, 5, 6, 7, 8}
	for _, c := range []struct {
		name    string
		element []byte
		more    []byte // nil: damaged
	}{
		{"one byte of two bytes' offset", []byte{0<<2 | 2, 8, 0}, []byte{1}},
		{"three bytes", []byte{2<<2 | 2, 8, 0}, []byte{1, 2, 3}},
		{"four bytes' offset", []byte{7<<2 | 3, 8, 0, 0, 0}, []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		{"a short offset", []byte{4<<2 | 1, 3}, []byte{6, 7, 8, 6, 7, 8, 6, 7}},
		{"literal with its length in a byte", []byte{60 << 2, 1, 9, 9}, []byte{9, 9}},
		{"literal with its length in four bytes", []byte{63 << 2, 1, 0, 0, 0, 9, 9}, []byte{9, 9}},
		{"offset 0", []byte{4<<2 | 1, 0}, nil},
		{"offset 0 in four bytes", []byte{4<<2 | 3, 0, 0, 0, 0}, nil},
		{"before the start", []byte{7<<2 | 2, 0xff, 0xff}, nil},
		{"far before the start", []byte{7<<2 | 3, 0xff, 0xff, 0xff, 0xff}, nil},
		{"a literal of 4 GiB", []byte{63 << 2, 0xff, 0xff, 0xff, 0xff}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, times := range []int{1, 2, 60} {
				page, want := bytes.Clone(start), bytes.Clone(start[1:])
				for range times {
					page, want = append(page, c.element...), append(want, c.more...)
					page, want = append(page, start...), append(want, start[1:]...)
				}
				got := make([]byte, len(want))
				require.Equal(t, c.more != nil, snappyBlock(got, page))
				if c.more != nil {
					require.Equal(t, want, got)
				}
			}
		})
	}
}

// FuzzSnappyBlock holds the decoder against another one. That one also takes the elements of S2 that Snappy has not: copies from the last offset again.
func FuzzSnappyBlock(f *testing.F) {
	for _, b := range snappySamples() {
		if len(b) <= 1000 {
			f.Add(s2.EncodeSnappy(nil, b))
		}
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		n, err := s2.DecodedLen(page)
		if err != nil || n > 1<<20 {
			return
		}
		_, head := binary.Uvarint(page)
		got := make([]byte, n)
		ok := snappyBlock(got, page[head:])
		want, err := s2.Decode(nil, page)
		if ok {
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		}
	})
}
