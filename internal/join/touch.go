package join

import "github.com/sheafdata/sheaf/internal/vec"

// A lookup in a table beyond the caches waits for memory. Loops that compare text or several columns are too long for many rows of theirs
// to be on the way from memory at a time, so they are preceded, block by block, by ones that read the places and do nothing with them.
// Those over slots of words are short enough.

const (
	// touchBlock is the rows that are touched ahead: their cache lines stay in the first-level cache until they are looked at.
	touchBlock = 256
	// touchBytes is the size from which touching pays: below, a table lies in the second-level cache.
	touchBytes = 1 << 20
	// touchSteps is how far chains are walked ahead: what longer ones read ahead would have left the caches again.
	touchSteps = 32
)

//go:noinline // else the compiler sees that nothing comes of it
func touchViews(at []uint64, slots []viewSlot) uint64 {
	m, sum := uint64(len(slots)-1), uint64(0)
	for _, s := range at {
		sum += slots[s&m].a
	}
	return sum
}

//go:noinline
func touchHashed(rows, pos []uint32, slots []bytesSlot) uint32 {
	m, sum := uint32(len(slots)-1), uint32(0)
	for _, i := range rows {
		sum += slots[pos[i]&m].head
	}
	return sum
}

// touchHeads reads the headers of the rows that heads name, each row+1.
//
//go:noinline
func touchHeads(rows, heads []uint32, have []vec.ViewHeader) uint32 {
	sum := uint32(0)
	for _, i := range rows {
		sum += have[heads[i]-1].Len
	}
	return sum
}

// touchChains walks the chains of heads side by side, as far as the longest of them or so many steps: each is one wait after the other.
func touchChains(heads, next []uint32, steps int) {
	var at [touchBlock]uint32
	cur := at[:copy(at[:], heads)]
	for any := uint32(1); any != 0 && steps > 0; steps-- {
		any = 0
		for i, c := range cur {
			some := nonZero(c)
			c = next[c-some] & -some // row 0's for those that have ended
			cur[i] = c
			any |= c
		}
	}
}
