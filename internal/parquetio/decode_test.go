package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"
)

// touch reads every value, so that views and offsets out of place would panic.
func touch(cols []arrow.Array, rows int) {
	for _, c := range cols {
		switch c := c.(type) {
		case *array.StringView:
			for i := range rows {
				_ = len(c.Value(i))
			}
		case *array.BinaryView:
			for i := range rows {
				_ = len(c.Value(i))
			}
		case *array.Dictionary:
			touch([]arrow.Array{c.Dictionary()}, c.Dictionary().Len())
			for i := range rows {
				if c.IsValid(i) && c.GetValueIndex(i) >= c.Dictionary().Len() {
					panic("code beyond the dictionary")
				}
			}
		case *array.List:
			touch([]arrow.Array{c.ListValues()}, c.ListValues().Len())
			_, _ = c.ValueOffsets(rows - 1)
		case *array.Struct:
			for i := range c.NumField() {
				touch([]arrow.Array{c.Field(i)}, c.Field(i).Len())
			}
		}
	}
}

// randomHybrid returns n values below 1<<w and their encoding in runs of all kinds.
func randomHybrid(rng *rand.Rand, n int, w uint) (values []uint32, b []byte) {
	for len(values) < n {
		v := func() uint32 { return uint32(rng.Uint64() & (1<<w - 1)) }
		if rng.IntN(2) == 0 {
			k, x := 1+rng.IntN(100), v()
			b = append(b, rleRun(k, w, x)...)
			for range k {
				values = append(values, x)
			}
			continue
		}
		run := make([]uint32, 8*(1+rng.IntN(70)))
		for i := range run {
			run[i] = v()
		}
		b = append(b, packedRun(w, run...)...)
		values = append(values, run...)
	}
	return values[:n], b
}

// TestHybrid reads random runs of every width in random steps, through every way there is.
func TestHybrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for w := uint(0); w <= 32; w++ {
		values, b := randomHybrid(rng, 3000, w)
		steps := func(f func(h *hybrid, want []uint32)) {
			var h hybrid
			h.reset(b, w)
			for at := 0; at < len(values); {
				k := min(len(values)-at, rng.IntN(200))
				f(&h, values[at:at+k])
				at += k
			}
		}
		steps(func(h *hybrid, want []uint32) {
			got := make([]uint32, len(want))
			require.NoError(t, h.codes(got, math.MaxUint32+1))
			require.Equal(t, want, got)
		})
		steps(func(h *hybrid, want []uint32) {
			if rng.IntN(2) == 0 {
				require.NoError(t, h.skip(len(want)))
				return
			}
			got := make([]uint32, len(want))
			require.NoError(t, h.codes(got, math.MaxUint32+1))
			require.Equal(t, want, got)
		})
		for _, limit := range []int{0, 1, int(slices.Max(values)), int(slices.Max(values)) + 1} {
			var h hybrid
			h.reset(b, w)
			err := h.codes(make([]uint32, len(values)), limit)
			require.Equal(t, int(slices.Max(values)) >= limit, errors.Is(err, errBadCode), "width %d, limit %d", w, limit)
		}
		if w <= 18 {
			checkGather(t, steps, w)
		}
		if w <= 7 {
			steps(func(h *hybrid, want []uint32) {
				got := make([]uint8, len(want))
				require.NoError(t, h.levels(got, 127))
				for i := range want {
					require.Equal(t, uint8(want[i]), got[i])
				}
			})
		}
	}
}

func checkGather(t *testing.T, steps func(func(h *hybrid, want []uint32)), w uint) {
	dict := make([]uint64, 1<<w)
	for i := range dict {
		dict[i] = uint64(i) * 1_000_003
	}
	steps(func(h *hybrid, want []uint32) {
		got := make([]uint64, len(want))
		require.NoError(t, gather(h, got, dict))
		for i := range want {
			require.Equal(t, dict[want[i]], got[i])
		}
	})
	if w == 0 {
		return
	}
	short := dict[:len(dict)-1] // the greatest code is wrong now
	bad := false
	steps(func(h *hybrid, want []uint32) {
		has := false
		for _, c := range want {
			has = has || int(c) == len(short)
		}
		if bad {
			return
		}
		err := gather(h, make([]uint64, len(want)), short)
		require.Equal(t, has, err != nil)
		bad = err != nil
	})
}

func TestHybridBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	values, b := randomHybrid(rng, 5000, 1)
	var h hybrid
	h.reset(b, 1)
	for at := 0; at < len(values); {
		k := min(len(values)-at, rng.IntN(300))
		pos := rng.IntN(20)
		dst := bytes.Repeat([]byte{0xa5}, (pos+k)/8+8)
		ones, err := h.bits(dst, pos, k)
		require.NoError(t, err)
		want := 0
		for i, v := range values[at : at+k] {
			require.Equal(t, byte(v), dst[(pos+i)/8]>>((pos+i)%8)&1)
			want += int(v)
		}
		for i := range pos {
			require.Equal(t, byte(0xa5)>>(i%8)&1, dst[i/8]>>(i%8)&1, "bits before are kept")
		}
		require.Equal(t, want, ones)
		at += k
	}
}

// TestHybridBitsOfShortRuns has runs as writers make them where a few values are null: eight or more equal ones, or groups of eight.
func TestHybridBitsOfShortRuns(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var want, b []byte
	for range 3000 {
		switch rng.IntN(8) {
		case 0:
			b = append(b, packedRun(1, 1, 0, 1, 1, 0, 0, 1, 1)...)
			want = append(want, 1, 0, 1, 1, 0, 0, 1, 1)
		case 1:
			n := 8 * (1 + rng.IntN(20))
			run := make([]uint32, n)
			for i := range run {
				run[i] = uint32(rng.IntN(20) / 19)
				want = append(want, byte(run[i]))
			}
			b = append(b, packedRun(1, run...)...)
		default:
			n, x := 1+rng.IntN(80), uint32(rng.IntN(2))
			b = append(b, rleRun(n, 1, x)...)
			want = append(want, bytes.Repeat([]byte{byte(x)}, n)...)
		}
	}
	var h hybrid
	h.reset(b, 1)
	dst := make([]byte, (len(want)+7)/8) // no room beyond
	for at := 0; at < len(want); {
		k := min(len(want)-at, 1+rng.IntN(1000))
		ones, err := h.bits(dst, at, k)
		require.NoError(t, err)
		require.Equal(t, bytes.Count(want[at:at+k], []byte{1}), ones)
		at += k
	}
	for i, v := range want {
		require.Equal(t, v, dst[i/8]>>(i%8)&1, "value %d", i)
	}
	_, err := h.bits(dst, 0, 1)
	require.Error(t, err)
}

func TestHybridErrors(t *testing.T) {
	var h hybrid
	h.reset(nil, 3)
	require.ErrorIs(t, h.codes(make([]uint32, 1), 8), errRunsShort)
	h.reset(rleRun(5, 3, 6), 3)
	require.ErrorIs(t, h.codes(make([]uint32, 1), 6), errBadCode)
	h.reset([]byte{2, 0xff}, 3)
	require.ErrorIs(t, h.codes(make([]uint32, 1), 8), errBadRun)
	h.reset(rleRun(5, 2, 3), 2)
	require.ErrorIs(t, h.levels(make([]uint8, 1), 2), errBadLevel)
	h.reset(packedRun(2, 3, 0, 0, 0, 0, 0, 0, 0), 2)
	require.ErrorIs(t, h.levels(make([]uint8, 8), 2), errBadLevel)
	h.reset(binary.AppendUvarint(nil, 1<<40), 2)
	require.ErrorIs(t, h.skip(1), errBadRun)
}

// TestExpand compares with moving one value after the other, over all densities.
func TestExpand(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for range 2000 {
		n, pos, density := rng.IntN(300), rng.IntN(70), rng.Float64()
		valid := make([]byte, (n+pos)/8+9)
		var want, packed []uint32
		for i := range n {
			if rng.Float64() < density {
				valid[(pos+i)/8] |= 1 << ((pos + i) % 8)
				packed = append(packed, rng.Uint32())
				want = append(want, packed[len(packed)-1])
			} else {
				want = append(want, 0)
			}
		}
		v := make([]uint32, n)
		for i := range v {
			v[i] = 0xdead // what the pooled buffer had
		}
		copy(v, packed)
		expand(v, len(packed), valid, pos)
		for i := range v {
			if valid[(pos+i)/8]>>((pos+i)%8)&1 == 1 {
				require.Equal(t, want[i], v[i], "slot %d of %d", i, n)
			} else {
				require.True(t, v[i] == 0 || contains(packed, v[i]), "a null slot has a stale value")
			}
		}
	}
}

func contains(s []uint32, v uint32) bool {
	for _, x := range s {
		if x == v {
			return true
		}
	}
	return false
}

// encodeDelta encodes values in blocks of block values with minis miniblocks each.
func encodeDelta(v []int64, block, minis int) []byte {
	b := binary.AppendUvarint(nil, uint64(block))
	b = binary.AppendUvarint(b, uint64(minis))
	b = binary.AppendUvarint(b, uint64(len(v)))
	if len(v) == 0 {
		return binary.AppendVarint(b, 0)
	}
	b = binary.AppendVarint(b, v[0])
	deltas := make([]int64, 0, len(v))
	for i := 1; i < len(v); i++ {
		deltas = append(deltas, v[i]-v[i-1])
	}
	for len(deltas) > 0 {
		d := deltas[:min(block, len(deltas))]
		deltas = deltas[len(d):]
		least := d[0]
		for _, x := range d {
			least = min(least, x)
		}
		b = binary.AppendVarint(b, least)
		size := block / minis
		var widths, body []byte
		for m := range minis {
			part := make([]uint64, size)
			var all uint64
			for i := range part {
				if j := m*size + i; j < len(d) {
					part[i] = uint64(d[j] - least)
					all |= part[i]
				}
			}
			w := bits.Len64(all)
			widths = append(widths, byte(w))
			if m*size < len(d) {
				body = append(body, packBits64(w, part)...)
			}
		}
		b = append(append(b, widths...), body...)
	}
	return b
}

func packBits64(w int, v []uint64) []byte {
	b := make([]byte, len(v)*w/8)
	for i, x := range v {
		for j := range w {
			p := i*w + j
			b[p/8] |= byte(x>>j&1) << (p % 8)
		}
	}
	return b
}

func TestDelta(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for _, n := range []int{0, 1, 2, 31, 32, 33, 128, 129, 1000} {
		for width := range 64 {
			v := make([]int64, n)
			for i := range v {
				v[i] = rng.Int64() >> (63 - width)
				if rng.IntN(2) == 0 {
					v[i] = -v[i]
				}
			}
			b := encodeDelta(v, 128, 4)
			end, err := deltaEnd(append(b, 1, 2, 3), n)
			require.NoError(t, err)
			require.Equal(t, len(b), end)
			var d deltaDecoder
			_, err = d.open(b, n)
			require.NoError(t, err)
			for at := 0; at < n; {
				k := min(n-at, 1+rng.IntN(100))
				got := make([]int64, k)
				require.NoError(t, decodeDelta(&d, got))
				require.Equal(t, v[at:at+k], got)
				at += k
			}
			require.ErrorIs(t, decodeDelta(&d, make([]int64, 1)), errDeltaShort)
		}
	}
}

func TestInt96(t *testing.T) {
	raw := func(day int64, nanos int64) []byte {
		b := binary.LittleEndian.AppendUint64(nil, uint64(nanos))
		return binary.LittleEndian.AppendUint32(b, uint32(day+julianEpoch))
	}
	v, err := int96(raw(1, 5))
	require.NoError(t, err)
	require.Equal(t, int64(86400e9+5), v)
	v, err = int96(raw(-1, 5))
	require.NoError(t, err)
	require.Equal(t, int64(-86400e9+5), v)
	for _, day := range []int64{106752, 2932896, -106753} {
		_, err = int96(raw(day, 0))
		require.Error(t, err, "day %d", day)
	}
}

func TestBigEndian(t *testing.T) {
	dst := make([]byte, 4)
	require.NoError(t, bigEndian(dst, []byte{0xff, 0xfe}))
	require.Equal(t, int32(-2), int32(binary.LittleEndian.Uint32(dst)))
	require.NoError(t, bigEndian(dst, []byte{0, 0, 0, 1, 2, 3}[:4]))
	require.NoError(t, bigEndian(dst, []byte{0, 0, 0x7f, 0, 0, 1}))
	require.Equal(t, int32(0x7f000001), int32(binary.LittleEndian.Uint32(dst)))
	require.Error(t, bigEndian(dst, []byte{0, 0x80, 0, 0, 1}), "the sign would change")
	require.Error(t, bigEndian(dst, []byte{1, 0, 0, 0, 0}))
	require.NoError(t, bigEndian(dst, nil))
	require.Equal(t, []byte{0, 0, 0, 0}, dst)
}

// TestPlainViews reads values of every length around inlineLen, at every distance from the end of their bytes.
func TestPlainViews(t *testing.T) {
	long := []byte("0123456789abcdefghijklmn")
	for first := range len(long) + 1 {
		for second := range len(long) + 1 {
			var data []byte
			var want [][]byte
			for _, n := range []int{first, second, 0, first} {
				data = append(binary.LittleEndian.AppendUint32(data, uint32(n)), long[len(long)-n:]...)
				want = append(want, long[len(long)-n:])
			}
			views := make([]viewHeader, len(want))
			end, err := plainViews(views, data, 0, 3)
			require.NoError(t, err)
			require.Equal(t, len(data), end)
			for i, w := range want {
				if len(w) <= inlineLen {
					require.Equal(t, inlineView(w), views[i])
				} else {
					require.Equal(t, uint64(3), views[i].hi&math.MaxUint32)
					require.Equal(t, binary.LittleEndian.Uint32(w), uint32(views[i].lo>>32))
				}
				require.Equal(t, w, views[i].bytes(data))
			}
			for cut := range data {
				_, err := plainViews(views, data[:cut:cut], 0, 3)
				require.ErrorIs(t, err, errValuesShort)
			}
		}
	}
	_, err := plainViews(make([]viewHeader, 1), []byte("\xff\xff\xff\xff0123456789abcdefgh"), 0, 0)
	require.ErrorIs(t, err, errValuesShort)
}
