package group

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// TestCandidates looks for hashes with all kinds of halves in tables where they are, where others are, and where nothing is.
func TestCandidates(t *testing.T) {
	const none = 77
	halves := []uint64{0, 1, 2, 3, 5, 1 << 31, math.MaxUint32}
	var hs []uint64
	for _, hi := range halves {
		for _, lo := range halves {
			hs = append(hs, hi<<32|lo)
		}
	}
	out := make([]uint32, len(hs))
	for _, size := range []int{2, 8, 64} {
		slots := make([]uint64, size)
		candidates(out, hs, slots, none)
		for i := range out {
			require.EqualValues(t, none, out[i], "hash %x in an empty table", hs[i])
		}
		touchSlots(hs, slots)
		for _, at := range []uint64{0, 1} { // the first place, and the one behind it
			for id, h := range hs {
				clear(slots)
				slots[(h+at)&uint64(size-1)] = slotOf(h, id)
				candidates(out, hs, slots, none)
				require.EqualValues(t, id, out[id])
				for i, got := range out {
					if got != none {
						require.EqualValues(t, id, got)
						require.Equal(t, (h|taken)>>32, (hs[i]|taken)>>32, "hash %x is not %x", hs[i], h)
					}
				}
			}
		}
	}
}

// TestCompareHeads compares values with those of their candidates: only short ones that are the same are found.
func TestCompareHeads(t *testing.T) {
	long := []byte("a text of over twelve bytes")
	null := nullHeader()
	own := []vec.ViewHeader{vec.Inline(nil), vec.Inline([]byte("twelve bytes")), vec.Long(long, 0, 0), vec.Inline([]byte("x")), {Len: noLen}}
	heads := []vec.ViewHeader{own[0], own[0], own[1], own[1], own[2], null, null, own[3], own[3], vec.Inline([]byte("y"))}
	ids := []uint32{0, 4, 1, 3, 2, 0, 4, 3, 4, 3}
	var missed [chunk]uint32
	k := compareHeads(&missed, ids, heads, own)
	require.Equal(t, []uint32{1, 3, 4, 5, 6, 8, 9}, missed[:k])
	require.Zero(t, compareHeads(&missed, nil, nil, own))
	require.NotZero(t, touchHeads(ids, own))
}
