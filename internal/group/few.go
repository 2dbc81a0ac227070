package group

import (
	"math/bits"

	"github.com/sheafdata/sheaf/internal/vec"
)

// fewTable finds the groups of a single column of 8 bytes while they are few, where an array over the values is too long: floats, instants,
// wide integers. Its places are filled by a product that puts each of the values seen so far into a place of its own, so that a look-up is
// one multiplication and one comparison. The values are as they lie in the column: two forms of a key, as 0 and −0 are, are two values
// of one group.
type fewTable struct {
	slots  [1 << fewBits]fewSlot
	factor uint64
	null   uint32 // group of null + 1, 0 where it has not come
	n      int    // values in slots
	failed int    // chunks in which a value was not found
	off    bool   // it does not pay
}

type fewSlot struct {
	raw uint64
	gid uint32 // group + 1, 0 where the place is free
}

const (
	fewBits = 9
	// fewKeys is the most values: 9 bits give 32 of them places of their own at every second or third factor.
	fewKeys = 32
	// fewTries is how many factors are tried.
	fewTries = 64
	// fewFails is the number of chunks in vain at which the table is given up.
	fewFails = 16
)

// find fills gids with the groups of n rows and returns true, if it knows them all.
func (f *fewTable) find(v *vec.Vec, from, n int, gids []uint32) bool {
	if f.n == 0 {
		return false
	}
	vals, gids, factor := vec.Of[uint64](v)[from:from+n], gids[:n], f.factor
	bad := uint64(0)
	if v.Valid == nil {
		for i, x := range vals {
			s := &f.slots[x*factor>>(64-fewBits)]
			gids[i] = s.gid - 1
			bad |= s.raw ^ x | (uint64(s.gid)-1)>>32
		}
		return bad == 0
	}
	for lo := 0; lo < n; lo += 64 {
		word := loadBits(v.Valid, from+lo)
		hi := min(lo+64, n)
		counts := word
		for i, x := range vals[lo:hi] {
			s := &f.slots[x*factor>>(64-fewBits)]
			gids[lo+i] = s.gid - 1
			bad |= (s.raw ^ x | (uint64(s.gid)-1)>>32) & -(counts & 1)
			counts >>= 1
		}
		missing := ^word
		if left := hi - lo; left < 64 {
			missing &= 1<<uint(left) - 1
		}
		if missing != 0 && f.null == 0 {
			return false
		}
		for ; missing != 0; missing &= missing - 1 {
			gids[lo+bits.TrailingZeros64(missing)] = f.null - 1
		}
	}
	return bad == 0
}

// loadBits returns 64 bits from bit i on, zeros beyond the end.
func loadBits(words []uint64, i int) uint64 {
	w, s := i>>6, uint(i)&63
	x := words[w] >> s
	if s > 0 && w+1 < len(words) {
		x |= words[w+1] << (64 - s)
	}
	return x
}

// learn takes in the groups of a chunk that find did not know.
func (f *fewTable) learn(v *vec.Vec, from, n int, gids []uint32) {
	if f.failed++; f.failed > fewFails {
		f.off = true
		return
	}
	var known [fewKeys]fewSlot
	k := 0
	for _, s := range f.slots {
		if s.gid != 0 {
			known[k] = s
			k++
		}
	}
	for i, x := range vec.Of[uint64](v)[from : from+n] {
		if v.Valid != nil && v.Valid[(from+i)>>6]>>(uint(from+i)&63)&1 == 0 {
			f.null = gids[i] + 1
			continue
		}
		if s := &f.slots[x*f.factor>>(64-fewBits)]; s.gid != 0 && s.raw == x {
			continue
		}
		unknown := true
		for _, s := range known[:k] {
			unknown = unknown && s.raw != x
		}
		if !unknown {
			continue
		}
		if k == fewKeys {
			f.off = true
			return
		}
		known[k] = fewSlot{x, gids[i] + 1}
		k++
	}
	f.place(known[:k])
}

// place enters values under the first factor that keeps them apart.
func (f *fewTable) place(known []fewSlot) {
	const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio, as Knuth has it for multiplicative hashing
	for try := range uint64(fewTries) {
		f.factor = golden * (2*try + 1)
		clear(f.slots[:])
		if f.enter(known) {
			f.n = len(known)
			return
		}
	}
	f.off = true
}

func (f *fewTable) enter(known []fewSlot) bool {
	for _, k := range known {
		s := &f.slots[k.raw*f.factor>>(64-fewBits)]
		if s.gid != 0 {
			return false
		}
		*s = k
	}
	return true
}

// fewFor says whether the groups of a key column may be found by its raw values.
func (t *table) fewFor(v *vec.Vec) *fewTable {
	if t.kind != hashed || len(t.cols) != 1 || v.Dict != nil || v.Width != 8 || t.n > 2*fewKeys {
		return nil
	}
	switch v.Phys {
	case vec.Float64, vec.Int64, vec.Uint64:
	default:
		return nil
	}
	if t.few == nil {
		t.few = new(fewTable)
	}
	if t.few.off {
		return nil
	}
	return t.few
}
