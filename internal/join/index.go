package join

import (
	"math/bits"

	"github.com/sheafdata/sheaf/internal/hash"
)

// An index of a table maps a key to its first row, as row+1. All are built from the last row to the first, each row becoming the
// head of its key's chain: so chains run in build order. linker collects the chains.
type linker struct {
	rows int
	next []uint32
}

// link puts row in front of the chain that begins with head (row+1, not 0).
func (l *linker) link(row int, head uint32) {
	if l.next == nil {
		l.next = make([]uint32, l.rows)
	}
	l.next[row] = head
}

// directIndex is a perfect table: heads by value − base.
type directIndex struct {
	base  uint64
	heads []uint32
}

// Direct tables take 4 bytes a value of the range; hashed ones 24 to 48 bytes a row. A range of up to directPerRow values a row
// is smaller as an array; small ranges always are fast, being in cache.
const (
	directPerRow = 6
	directMin    = 1 << 16
)

// directRange says whether the words lie in a range that an array can span, and gives its base and length. signed: words are
// two's complement integers.
func directRange(words []uint64, signed bool) (base uint64, n int, ok bool) {
	if len(words) == 0 {
		return 0, 0, false
	}
	flip := uint64(0)
	if signed {
		flip = 1 << 63
	}
	lo, hi := words[0]^flip, words[0]^flip
	for _, w := range words {
		w ^= flip
		lo, hi = min(lo, w), max(hi, w)
	}
	span := hi - lo
	if span >= uint64(max(directMin, directPerRow*len(words))) {
		return 0, 0, false
	}
	return lo ^ flip, int(span) + 1, true
}

func newDirect(base uint64, n int, words []uint64, l *linker) *directIndex {
	d := &directIndex{base: base, heads: make([]uint32, n)}
	for r := len(words) - 1; r >= 0; r-- {
		h := &d.heads[words[r]-base]
		if *h != 0 {
			l.link(r, *h)
		}
		*h = uint32(r) + 1
	}
	return d
}

func (d *directIndex) lookup(dst []uint32, words []uint64) {
	heads, base := d.heads, d.base
	dst = dst[:len(words)]
	for i, w := range words {
		var h uint32
		if j := w - base; j < uint64(len(heads)) {
			h = heads[j]
		}
		dst[i] = h
	}
}

// wordIndex is an open-addressing table of one-word keys. Key and head share a cache line.
type wordIndex struct {
	slots []wordSlot // a power of two, at most 2/3 full
}

type wordSlot struct {
	key  uint64
	head uint32
}

// slotCount is the number of slots for n rows: a power of two, at least 1.5 n.
func slotCount(n int) int {
	return 1 << bits.Len(uint(max(n+n/2, 8)-1))
}

func newWords(words []uint64, l *linker) *wordIndex {
	x := &wordIndex{slots: make([]wordSlot, slotCount(len(words)))}
	slots, m := x.slots, uint64(len(x.slots)-1)
	for r := len(words) - 1; r >= 0; r-- {
		w := words[r]
		s := hash.Word(w) & m
		for slots[s].head != 0 && slots[s].key != w {
			s = (s + 1) & m
		}
		e := &slots[s]
		if e.head != 0 {
			l.link(r, e.head)
		}
		*e = wordSlot{key: w, head: uint32(r) + 1}
	}
	return x
}

// lookup relies on empty slots having head 0: a zero key that finds one is not there, and its answer is 0 either way.
func (x *wordIndex) lookup(dst []uint32, words []uint64) {
	slots := x.slots
	m := uint64(len(slots) - 1)
	dst = dst[:len(words)]
	for i, w := range words {
		s := hash.Word(w) & m
		e := &slots[s]
		for e.key != w && e.head != 0 {
			s = (s + 1) & m
			e = &slots[s]
		}
		dst[i] = e.head
	}
}

// pairIndex is the same for two-word keys.
type pairIndex struct {
	slots []pairSlot
}

type pairSlot struct {
	a, b uint64
	head uint32
}

func newPairs(a, b []uint64, l *linker) *pairIndex {
	x := &pairIndex{slots: make([]pairSlot, slotCount(len(a)))}
	slots, m := x.slots, uint64(len(x.slots)-1)
	for r := len(a) - 1; r >= 0; r-- {
		s := hash.Pair(a[r], b[r]) & m
		for slots[s].head != 0 && (slots[s].a != a[r] || slots[s].b != b[r]) {
			s = (s + 1) & m
		}
		e := &slots[s]
		if e.head != 0 {
			l.link(r, e.head)
		}
		*e = pairSlot{a: a[r], b: b[r], head: uint32(r) + 1}
	}
	return x
}

func (x *pairIndex) lookup(dst []uint32, as, bs []uint64) {
	slots := x.slots
	m := uint64(len(slots) - 1)
	dst, bs = dst[:len(as)], bs[:len(as)]
	for i, a := range as {
		b := bs[i]
		s := hash.Pair(a, b) & m
		e := &slots[s]
		for (e.a != a || e.b != b) && e.head != 0 {
			s = (s + 1) & m
			e = &slots[s]
		}
		dst[i] = e.head
	}
}
