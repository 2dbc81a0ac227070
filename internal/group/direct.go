package group

import (
	"math/bits"

	"github.com/sheafdata/sheaf/internal/vec"
)

// directTable finds groups by an array over the values: the index of a row is the values of its columns, each less the column's
// base, side by side in as many bits as the column's range needs. All bits of a column set means null.
type directTable struct {
	gids []uint32 // by index: group + 1, 0 none
	// By column, as the lanes are: each column has one.
	base  []uint64
	bits  []uint
	shift []uint
	// fits is how many arrays in a row had the same size: see maxFits.
	fits int
}

const (
	// startBits limits the array of a table that begins: 64 Ki entries are 256 KiB, about what stays in the second-level cache
	// beside the rest. Beyond, the array must be no larger than the hash table for the same groups would be.
	startBits = 16
	// maxBits limits it in any case: 16 Mi entries are 64 MiB.
	maxBits = 24
	// maxFits is how often an array is made anew without becoming larger. Where values spread to both sides, what is left over of the power
	// of two is used up in ever smaller steps: it then takes twice the range.
	maxFits = 4
)

// directFast handles a single plain integer column without nulls. It returns how many rows are done: fewer than n where a value is
// outside of the array.
func (t *table) directFast(v *vec.Vec, from, n int, gids []uint32) int {
	to := from + n
	switch v.Phys {
	case vec.Int8:
		return directOne(t, vec.Of[int8](v)[from:to], from, gids)
	case vec.Int16:
		return directOne(t, vec.Of[int16](v)[from:to], from, gids)
	case vec.Int32:
		return directOne(t, vec.Of[int32](v)[from:to], from, gids)
	case vec.Int64:
		return directOne(t, vec.Of[int64](v)[from:to], from, gids)
	case vec.Uint8:
		return directOne(t, vec.Of[uint8](v)[from:to], from, gids)
	case vec.Uint16:
		return directOne(t, vec.Of[uint16](v)[from:to], from, gids)
	case vec.Uint32:
		return directOne(t, vec.Of[uint32](v)[from:to], from, gids)
	case vec.Uint64:
		return directOne(t, vec.Of[uint64](v)[from:to], from, gids)
	}
	return 0
}

func directOne[T integer](t *table, vals []T, from int, gids []uint32) int {
	base := t.dir.base[0]
	table := t.dir.gids[:len(t.dir.gids)-1] // the last entry is null's
	gids = gids[:len(vals)]
	m := t.lanes[0].mask()
	for i, x := range vals {
		d := uint64(x) - base
		if d >= uint64(len(table)) {
			return i
		}
		g := table[d]
		if g == 0 {
			t.words[t.n], t.masks[t.n] = uint64(x)&m, 0
			t.n++
			t.first = append(t.first, uint32(from+i))
			g = uint32(t.n)
			table[d] = g
		}
		gids[i] = g - 1
	}
	return len(vals)
}

// indexes computes the array index of each row of the chunk; the array is made or enlarged as the values need. It returns false where the
// table has become hashed instead.
func (t *table) indexes(n int) (bool, error) {
	if t.kind == direct && t.tryIndexes(n) {
		return true, nil
	}
	if ok, err := t.fitDirect(n); !ok || err != nil {
		if err != nil {
			return false, err
		}
		return false, t.becomeHashed(n)
	}
	return t.tryIndexes(n), nil
}

// tryIndexes fills idx; false where a value is outside.
func (t *table) tryIndexes(n int) bool {
	idx := t.idx[:n]
	clear(idx)
	bad := uint64(0)
	for c := range t.dir.bits {
		base, b, s := t.dir.base[c], t.dir.bits[c]&63, t.dir.shift[c]&31
		all := uint64(1)<<b - 1
		vals := t.vals[c][:n]
		if !t.nulls || t.cols[c].ids != nil {
			for i, x := range vals {
				d := x - base
				bad |= d>>b | (d+1)>>b
				idx[i] |= uint32(d) << s
			}
			continue
		}
		mask := t.mask[:n]
		for i, x := range vals {
			d := x - base
			if mask[i]>>(uint(c)&31)&1 == 1 {
				idx[i] |= uint32(all) << s
				continue
			}
			bad |= d>>b | (d+1)>>b
			idx[i] |= uint32(d) << s
		}
	}
	return bad == 0
}

// probeDirect finds or makes the group of each row by idx.
func (t *table) probeDirect(from, n int, gids []uint32) {
	table := t.dir.gids
	for i, d := range t.idx[:n] {
		g := table[d]
		if g == 0 {
			t.packRow(i, t.n)
			t.n++
			t.first = append(t.first, uint32(from+i))
			g = uint32(t.n)
			table[d] = g
		}
		gids[i] = g - 1
	}
}

// fitDirect makes the array fit the groups so far and n loaded rows (0: the groups only). It returns false where that is not possible
// or not worth it, and then changes nothing.
func (t *table) fitDirect(n int) (bool, error) {
	if t.wide {
		return false, nil
	}
	d := directTable{fits: 1}
	var total uint
	for c := range t.cols {
		if len(t.cols[c].lanes) != 1 || !t.lanes[c].dense || len(t.cols) > 32 {
			return false, nil
		}
		base, b := t.span(c, n)
		d.base, d.bits, d.shift = append(d.base, base), append(d.bits, b), append(d.shift, total)
		if total += b; total > maxBits {
			t.wide = true // ranges never shrink: not to be measured again
			return false, nil
		}
	}
	if len(t.dir.gids) == 1<<total {
		d.fits = t.dir.fits + 1
	}
	if total > startBits && int64(4)<<total > t.hashedBytes(max(t.n+n, t.hint)) {
		return false, nil
	}
	if err := t.mem.grow(int64(4) << total); err != nil {
		return false, err
	}
	t.mem.give(int64(4*len(t.dir.gids)) + t.slotBytes())
	d.gids = make([]uint32, 1<<total)
	t.enter(&d)
	t.h8, t.h16, t.hn = nil, nil, nil
	t.dir, t.kind = d, direct
	return true, nil
}

// span returns a base and a number of bits that hold the values of column c: of all groups and n loaded rows.
func (t *table) span(c, n int) (base uint64, width uint) {
	l := t.lanes[c]
	flip := uint64(0)
	if l.signed {
		flip = 1 << 63
	}
	lo, hi := ^uint64(0), uint64(0)
	if t.oneWord() {
		s := (64 - l.bits) & 63
		for g, x := range t.words[:t.n] {
			if t.masks[g] == 0 {
				x = extend(x, s, flip) ^ flip
				lo, hi = min(lo, x), max(hi, x)
			}
		}
	} else {
		for g := range t.n {
			if !t.isNull(g, c) {
				x := l.of(t.words[g*t.width:]) ^ flip
				lo, hi = min(lo, x), max(hi, x)
			}
		}
	}
	for i, x := range t.vals[c][:n] {
		if !t.nulls || t.mask[i]>>(uint(c)&31)&1 == 0 {
			x ^= flip
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	if lo > hi {
		return 0, 1
	}
	width = uint(bits.Len64(hi - lo + 1)) // all bits set is null's
	if width == 0 || width > maxBits {
		return 0, 64
	}
	base, width = t.spread(c, lo, hi, flip, width)
	return base ^ flip, width
}

// spread puts the range from lo to hi of column c into so many bits, or one more: what is left over of the power of two goes to the side
// where values were met that the array before did not have, so that keys which ascend make a new one only as they take twice the range;
// else it is shared between both.
func (t *table) spread(c int, lo, hi, flip uint64, width uint) (uint64, uint) {
	below, above := true, true
	if t.kind == direct {
		was, last := t.dir.base[c]^flip, uint64(1)<<t.dir.bits[c]-2
		below, above = lo-was > last, hi-was > last
		if !below && !above {
			return was, t.dir.bits[c]
		}
		if t.dir.fits >= maxFits && width <= t.dir.bits[c] && t.dir.bits[c] < maxBits {
			width = t.dir.bits[c] + 1
		}
	}
	left := uint64(1)<<width - 2 - (hi - lo)
	switch {
	case t.cols[c].ids != nil || !below:
		return lo, width
	case !above:
		return lo - left, width
	}
	return lo - left/2, width
}

// oneWord says that the key is one column, which is the word.
func (t *table) oneWord() bool { return len(t.cols) == 1 && t.width == 1 }

// extend makes 64 bits of the lower 64-s bits of x: with their sign, where flip says that they have one.
func extend(x uint64, s uint, flip uint64) uint64 {
	if flip != 0 {
		return uint64(int64(x<<s) >> s)
	}
	return x << s >> s
}

// enter puts all groups into d.
func (t *table) enter(d *directTable) {
	if !t.oneWord() {
		for g := range t.n {
			d.gids[t.directIndex(d, g)] = uint32(g) + 1
		}
		return
	}
	l := t.lanes[0]
	s, flip := (64-l.bits)&63, uint64(0)
	if l.signed {
		flip = 1 << 63
	}
	base, null := d.base[0], uint64(1)<<d.bits[0]-1
	for g, x := range t.words[:t.n] {
		i := extend(x, s, flip) - base
		if t.masks[g] != 0 {
			i = null
		}
		d.gids[i] = uint32(g) + 1
	}
}

// directIndex is the index of group g in d.
func (t *table) directIndex(d *directTable, g int) uint64 {
	idx := uint64(0)
	for c, l := range t.lanes {
		x := l.of(t.words[g*t.width:]) - d.base[c]
		if t.isNull(g, c) {
			x = 1<<d.bits[c] - 1
		}
		idx |= x << d.shift[c]
	}
	return idx
}
