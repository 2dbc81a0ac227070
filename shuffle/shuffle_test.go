package shuffle

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// modes are the ways in which rows may come to lie in memory and in files.
var modes = []string{"memory", "spilled", "mixed", "tiny"}

func modeSpace(t *testing.T, mode string, seed uint64) (*Space, func()) {
	r := rand.New(rand.NewPCG(seed, 2))
	switch mode {
	case "memory":
		return newTestSpace(t, 0), func() {}
	case "spilled":
		s := newTestSpace(t, 0)
		return s, func() {
			_, err := s.Spill(math.MaxInt64)
			require.NoError(t, err)
		}
	case "mixed":
		s := newTestSpace(t, 0)
		return s, func() {
			if r.IntN(3) == 0 {
				_, err := s.Spill(int64(1 + r.IntN(chunkBytes)))
				require.NoError(t, err)
			}
		}
	}
	return newTestSpace(t, 100<<10), func() {}
}

// Every type, in memory and spilled: the same rows in the same order.
func TestRowsComeBackAsTheyWereAdded(t *testing.T) {
	types := testTypes()
	for _, hashed := range []bool{true, false} {
		for _, rows := range []int{0, 1, 63, 3000, 150_000} {
			use := types
			if rows > 3000 {
				use = []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String}
			}
			in := newGenerator(uint64(rows)).input(use, rows, hashed)
			var first [][]rowsOf
			for _, mode := range modes {
				s, between := modeSpace(t, mode, uint64(rows))
				out := in.write(t, s, between)
				require.EqualValues(t, rows, out.Rows(0, Buckets))
				if mode == "spilled" && rows > 0 || mode == "tiny" && rows > chunkRows {
					require.Positive(t, out.Spilled())
				}
				if mode == "memory" {
					require.Zero(t, out.Spilled())
				}
				got, err := collect(NewReader([]*Output{out}, 0, Buckets))
				require.NoError(t, err)
				in.all(0, Buckets).equal(t, got)
				var parts []rowsOf
				for _, p := range [][2]int{{0, 1}, {0, 128}, {128, 256}, {5, 9}, {77, 77}, {200, 201}} {
					got, err := collect(NewReader([]*Output{out}, p[0], p[1]))
					require.NoError(t, err)
					require.EqualValues(t, out.Rows(p[0], p[1]), got.n)
					if hashed && p[1]-p[0] == 1 {
						in.all(p[0], p[1]).equal(t, got)
					}
					parts = append(parts, got)
				}
				first = append(first, parts)
				out.Free()
				out.Free()
				require.Zero(t, s.store.bytes())
			}
			for m := 1; m < len(first); m++ { // the order of several buckets is the same however rows lay
				for i := range first[m] {
					first[0][i].equal(t, first[m][i])
				}
			}
		}
	}
}

func TestRangesOfRows(t *testing.T) {
	types := []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String, arrow.ListOf(arrow.PrimitiveTypes.Int8)}
	in := newGenerator(9).input(types, 90_000, false)
	want := in.all(0, Buckets)
	r := rand.New(rand.NewPCG(1, 2))
	for _, mode := range modes {
		s, between := modeSpace(t, mode, 3)
		out := in.write(t, s, between)
		for range 20 {
			from := r.Int64N(90_001)
			to := min(from+r.Int64N(30_000), 95_000)
			got, err := collect(NewRangeReader(out, from, to))
			require.NoError(t, err)
			to = min(to, 90_000)
			require.EqualValues(t, to-from, got.n)
			if got.n > 0 {
				part := input{opts: in.opts}
				idx := make([]uint32, got.n)
				for i := range idx {
					idx[i] = uint32(from) + uint32(i)
				}
				part.batches = append(part.batches, takeBatch(want, idx))
				part.hashes = [][]uint64{nil}
				part.all(0, Buckets).equal(t, got)
			}
		}
	}
}

// Random schemas, batches, spills and partitions: each row comes out once, in the bucket of its hash, in the order of adding.
func TestRandomExchanges(t *testing.T) {
	types := testTypes()
	rapid.Check(t, func(rt *rapid.T) {
		use := rapid.SliceOfN(rapid.SampledFrom(types), 0, 5).Draw(rt, "types")
		writers := rapid.IntRange(1, 3).Draw(rt, "writers")
		seed := rapid.Uint64().Draw(rt, "seed")
		s, between := modeSpace(t, rapid.SampledFrom(modes).Draw(rt, "mode"), seed)
		g := newGenerator(seed)
		var ins []input
		var outs []*Output
		for range writers {
			in := g.input(use, rapid.IntRange(0, 9000).Draw(rt, "rows"), true)
			in.opts.Shift = 3
			ins = append(ins, in)
			outs = append(outs, in.write(t, s, between))
		}
		if rapid.Bool().Draw(rt, "wire") {
			for i, o := range outs {
				b, err := o.MarshalBinary()
				require.NoError(rt, err)
				outs[i], err = s.Decode(b)
				require.NoError(rt, err)
				o.Free()
			}
		}
		cuts := []int{0, rapid.IntRange(0, Buckets).Draw(rt, "cut"), Buckets}
		if cuts[1] == 0 || cuts[1] == Buckets {
			cuts = []int{0, Buckets}
		}
		total := 0
		for i := range len(cuts) - 1 {
			got, err := collect(NewReader(outs, cuts[i], cuts[i+1]))
			require.NoError(rt, err)
			total += got.n
		}
		one := rapid.IntRange(0, Buckets-1).Draw(rt, "bucket")
		at := 0
		for i, o := range outs {
			ins[i].all(0, Buckets).equal(rt, mustCollect(rt, NewReader(outs[i:i+1], 0, Buckets)))
			ins[i].all(one, one+1).equal(rt, mustCollect(rt, NewReader(outs[i:i+1], one, one+1)))
			at += int(o.Rows(0, Buckets))
		}
		require.Equal(rt, at, total)
		for _, o := range outs {
			o.Free()
		}
		require.Zero(rt, s.store.bytes())
	})
}

func mustCollect(t require.TestingT, r *Reader) rowsOf {
	got, err := collect(r)
	require.NoError(t, err)
	return got
}

// All rows in one bucket, as when all keys are equal: frames end within the bucket.
func TestOneBucket(t *testing.T) {
	for _, shift := range []uint{0, 64} {
		for _, mode := range modes {
			s, between := modeSpace(t, mode, 1)
			in := newGenerator(1).input([]arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String}, 100_000, true)
			in.opts.Shift = shift
			for _, h := range in.hashes {
				for i := range h {
					h[i] = 0xab<<56 | 7
				}
			}
			out := in.write(t, s, between)
			at := 0xab
			if shift == 64 {
				at = 0
			}
			require.EqualValues(t, 100_000, out.Rows(at, at+1))
			in.all(0, Buckets).equal(t, mustCollect(t, NewReader([]*Output{out}, at, at+1)))
			in.all(0, Buckets).equal(t, mustCollect(t, NewReader([]*Output{out}, 0, Buckets)))
			require.Zero(t, mustCollect(t, NewReader([]*Output{out}, at+1, Buckets)).n)
		}
	}
}

// However few rows a batch may have, the rows and their order are the same.
func TestLeastRowsOfABatch(t *testing.T) {
	for _, mode := range modes {
		s, between := modeSpace(t, mode, 3)
		in := newGenerator(3).input([]arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String}, 60_000, true)
		out := in.write(t, s, between)
		for _, least := range []int{1, 32, 1 << 20} {
			r := NewReader([]*Output{out}, 5, 9)
			r.Least(least)
			got := mustCollect(t, r)
			require.Equal(t, int(out.Rows(5, 9)), got.n)
			mustCollect(t, NewReader([]*Output{out}, 5, 9)).equal(t, got)
		}
	}
}
