package group

import (
	"math/bits"

	"github.com/sheafdata/sheaf/internal/hash"
)

// slot8 is a place of the table of one-word keys. gid is the group + 1, 0 where the place is free.
type slot8 struct {
	key       uint64
	gid, mask uint32
}

// slot16 is a place of the table of two-word keys.
type slot16 struct {
	k0, k1    uint64
	gid, mask uint32
}

// slotN is a place of the table of wider keys: they stand in table.words. tag is half of the hash and spares most comparisons.
type slotN struct{ gid, tag uint32 }

// minSlots is the least size of a hash table, for which it never grows below half of it: 1024 groups.
const minSlots = 2048

// slotSize is the bytes of a slot of this table.
func (t *table) slotSize() int64 {
	switch t.width {
	case 0, 1:
		return slot8Size
	case 2:
		return slot16Size
	}
	return slotNSize
}

func (t *table) slots() int { return max(len(t.h8), len(t.h16), len(t.hn)) }

func (t *table) slotBytes() int64 { return int64(t.slots()) * t.slotSize() }

// slotsFor is the size of the hash table for n groups: a power of two at most half full.
func slotsFor(n int) int { return max(minSlots, 1<<bits.Len(uint(max(2*n-1, 1)))) }

// hashedBytes is the memory of the hash table for n groups.
func (t *table) hashedBytes(n int) int64 { return int64(slotsFor(n)) * t.slotSize() }

// becomeHashed turns the table into a hash table with room for n more groups.
func (t *table) becomeHashed(n int) error {
	if err := t.rehash(slotsFor(max(t.n+n, t.hint))); err != nil {
		return err
	}
	t.mem.give(int64(4 * len(t.dir.gids)))
	t.dir = directTable{}
	t.kind = hashed
	return nil
}

// rehash makes a hash table of size slots with all groups.
func (t *table) rehash(size int) error {
	if err := t.mem.grow(int64(size) * t.slotSize()); err != nil {
		return err
	}
	t.mem.give(t.slotBytes())
	switch t.slotSize() {
	case slot8Size:
		t.h8 = make([]slot8, size)
	case slot16Size:
		t.h16 = make([]slot16, size)
	default:
		t.hn = make([]slotN, size)
	}
	// The keys of groups take the way of rows: a chunk of words, their hashes, the slots. The chunk in progress stays in scratch.
	var keys [][]uint64
	for range t.width {
		keys = append(keys, make([]uint64, chunk))
	}
	hs := make([]uint64, chunk)
	for from := 0; from < t.n; from += chunk {
		n := min(chunk, t.n-from)
		for i := range n {
			for w := range keys {
				keys[w][i] = t.words[(from+i)*t.width+w]
			}
		}
		hashWords(hs[:n], keys, t.masks[from:from+n])
		t.place(keys, hs[:n], from)
	}
	return nil
}

// place enters groups from, from+1, …, which are not in the table.
func (t *table) place(keys [][]uint64, hs []uint64, from int) {
	m := uint64(t.slots() - 1)
	switch {
	case t.h8 != nil:
		for i, h := range hs {
			p := h & m
			for t.h8[p].gid != 0 {
				p = (p + 1) & m
			}
			t.h8[p] = slot8{key: keys[0][i], gid: uint32(from+i) + 1, mask: t.masks[from+i]}
		}
	case t.h16 != nil:
		for i, h := range hs {
			p := h & m
			for t.h16[p].gid != 0 {
				p = (p + 1) & m
			}
			t.h16[p] = slot16{k0: keys[0][i], k1: keys[1][i], gid: uint32(from+i) + 1, mask: t.masks[from+i]}
		}
	default:
		for i, h := range hs {
			p := h & m
			for t.hn[p].gid != 0 {
				p = (p + 1) & m
			}
			t.hn[p] = slotN{gid: uint32(from+i) + 1, tag: uint32(h >> 32)}
		}
	}
}

// maskMix spreads the null mask over the hash.
const maskMix = 0x9e3779b97f4a7c15

// hashWords hashes packed keys. masks may be nil: no nulls.
func hashWords(dst []uint64, keys [][]uint64, masks []uint32) {
	n := len(dst)
	switch len(keys) {
	case 0:
		clear(dst)
	case 1:
		hash.Ints(dst, keys[0][:n])
	case 2:
		hash.Pairs(dst, keys[0][:n], keys[1][:n])
	default:
		hash.Pairs(dst, keys[0][:n], keys[1][:n])
		for _, k := range keys[2:] {
			hash.CombineAll(dst, k[:n])
		}
	}
	if masks == nil || hash.AllEqual() {
		return
	}
	for i, m := range masks[:n] {
		dst[i] ^= uint64(m) * maskMix
	}
}

// probeHashed finds or makes the group of each packed row of the chunk.
func (t *table) probeHashed(from, n int, gids []uint32) error {
	if 2*(t.n+n) > t.slots() {
		if err := t.enlarge(n); err != nil {
			return err
		}
		if t.kind == direct {
			t.tryIndexes(n) // they fit: the array was made for them
			t.probeDirect(from, n, gids)
			return nil
		}
	}
	var masks []uint32
	if t.nulls {
		masks = t.mask[:n]
	}
	hs := t.hs[:n]
	hashWords(hs, t.keys, masks)
	switch {
	case t.h8 != nil && masks == nil:
		t.probe8(from, hs, gids)
	case t.h8 != nil:
		t.probe8Nulls(from, hs, gids)
	case t.h16 != nil:
		t.probe16(from, hs, gids)
	default:
		t.probeN(from, hs, gids)
	}
	return nil
}

// enlarge doubles the hash table, or makes it direct where the keys are so dense that the array is no larger.
func (t *table) enlarge(n int) error {
	if ok, err := t.fitDirect(n); ok || err != nil {
		return err
	}
	return t.rehash(slotsFor(max(t.n+n, t.slots()/2+1)))
}
