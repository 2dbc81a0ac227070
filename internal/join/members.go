package join

import (
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// members is the set of a table's one-word keys, a bit a value of the range they lie in: who only asks whether a key is there finds it
// in a core's caches where the table itself is not.
type members struct {
	base uint64
	bits []uint64
}

// Sets of up to memberMin values are made of any table; larger ones have at most memberPerRow values a row, which is 8 bytes.
const (
	memberMin    = 1 << 23
	memberPerRow = 64
)

// MakeMembers makes the set of the table's keys, which Matched asks where there is one: not where the keys are no words, too far apart, or
// there is no memory. It is to be called, if at all, before the table has readers, since what it reserves is reserved by one goroutine.
func (t *Table) MakeMembers() {
	var base, n uint64
	switch x := &t.index; {
	case x.direct != nil:
		base, n = x.direct.base, uint64(len(x.direct.heads))
	case x.words != nil:
		base, n = x.words.span()
	}
	if t.layout.form != formWord || t.members != nil || n == 0 || n > uint64(max(memberMin, memberPerRow*t.rows)) { // n of all 64 bits is 0
		return
	}
	words := bitmap.Words(int(n))
	if t.reserve != nil && t.reserve(int64(8*words)) != nil {
		return
	}
	t.members = &members{base: base, bits: make([]uint64, words)}
	t.members.fill(&t.index)
}

func (m *members) fill(x *index) {
	add := func(i uint64) { m.bits[i>>6] |= 1 << (i & 63) }
	if x.direct != nil {
		for i, h := range x.direct.heads {
			if h != 0 {
				add(uint64(i))
			}
		}
		return
	}
	for i := range x.words.slots {
		if s := &x.words.slots[i]; s.head != 0 {
			add(s.key - m.base)
		}
	}
}

// span returns the range of the keys, taken as two's complement: for others it is only larger than it need be.
func (x *wordIndex) span() (base, n uint64) {
	const flip = 1 << 63
	lo, hi := ^uint64(0), uint64(0)
	for i := range x.slots {
		if s := &x.slots[i]; s.head != 0 {
			lo, hi = min(lo, s.key^flip), max(hi, s.key^flip)
		}
	}
	return lo ^ flip, hi - lo + 1
}

// has writes a bit a word: whether it is in the set. Bits beyond the words are cleared.
func (m *members) has(mask, words []uint64) {
	set, base := m.bits, m.base
	for k := range mask {
		part := words[min(k<<6, len(words)):min(k<<6+64, len(words))]
		var out uint64
		for i, w := range part {
			if j := w - base; j>>6 < uint64(len(set)) {
				out |= set[j>>6] >> (j & 63) & 1 << (uint(i) & 63)
			}
		}
		mask[k] = out
	}
}

// Quick says that Matched looks up a bit a row.
func (p *Prober) Quick() bool {
	return p.t.layout.form == formWord && p.t.rows > 0 && p.t.members != nil
}

// Matched sets the bits of the rows that have a match and clears those of the others, up to the last word. It is Probe and Next for
// who asks no more.
func (p *Prober) Matched(keys []vec.Vec, rows int, mask []uint64) error {
	mask = mask[:bitmap.Words(rows)]
	if p.Quick() && !nullKeyed(keys) && (len(keys) != 1 || keys[0].Dict == nil) {
		if err := p.t.layout.check(keys, rows); err != nil {
			return err
		}
		p.t.members.has(mask, p.words.read(&p.t.layout, keys, rows)[0][:rows])
		if valid := keyValidity(p.valid, keys, rows); valid != nil {
			p.valid = valid
			bitmap.And(mask, mask, valid[:len(mask)])
		}
		return nil
	}
	if err := p.Probe(keys, rows); err != nil {
		return err
	}
	clear(mask)
	for i, h := range p.heads {
		mask[i>>6] |= uint64(nonZero(h)) << (uint(i) & 63)
	}
	return nil
}
