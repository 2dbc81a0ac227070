package group

import (
	"math"

	"github.com/sheafdata/sheaf/internal/vec"
)

// The loops below look at the places of a chunk of rows in tables of 8-byte slots: the upper half of a value's hash, and its id + 1; 0 is
// free. They are short and apart, so that the processor has the places of many rows on the way from memory at a time: fetched first
// (touchSlots, touchHeads), then looked at (candidates, compareHeads).

// taken is a bit of every tag, so that no value has the tag of a free place.
const taken = 1 << 32

func slotOf(hash uint64, id int) uint64 { return (hash|taken)&^math.MaxUint32 | uint64(id) + 1 }

// candidates writes for each hash the id in the first of two places that has its tag, none where no place has.
//
//go:noinline // inlined, its variables would be in memory
func candidates(out []uint32, hs, slots []uint64, none uint32) {
	m := uint64(len(slots) - 1)
	out = out[:len(hs)]
	for i, h := range hs {
		s, t := slots[h&m], slots[(h+1)&m]
		h |= taken
		if (s^h)>>32 != 0 {
			s = t
		}
		id := uint32(s) - 1
		if (s^h)>>32 != 0 {
			id = none
		}
		out[i] = id
	}
}

// touchSlots reads the places of hashes, and does nothing with them: so short a loop has more of them on the way from memory at a time than the
// one that looks at them.
//
//go:noinline // as for candidates
func touchSlots(hs, slots []uint64) uint64 {
	m := uint64(len(slots) - 1)
	sum := uint64(0)
	for _, h := range hs {
		sum += slots[h&m]
	}
	return sum
}

// touchHeads is touchSlots for the heads of candidates.
//
//go:noinline // as for candidates
func touchHeads(ids []uint32, heads []vec.ViewHeader) uint64 {
	sum := uint64(0)
	for _, id := range ids {
		sum += uint64(heads[id].Len)
	}
	return sum
}

// compareHeads lists the rows whose id is not that of their value, or not surely, and returns how many they are.
func compareHeads(missed *[chunk]uint32, ids []uint32, heads, own []vec.ViewHeader) int {
	k := 0
	ids = ids[:len(heads)]
	for i := range heads {
		w, s := asWords(&heads[i]), asWords(&own[ids[i]])
		missed[uint(k)%chunk] = uint32(i)
		// The words of long values say nothing: they name places in different memory. No id has null's words.
		long := (vec.InlineLen - uint64(uint32(w[0]))) >> 63
		next := k + 1
		if (s[0]^w[0])|(s[1]^w[1])|long == 0 {
			next = k
		}
		k = next
	}
	return k
}
