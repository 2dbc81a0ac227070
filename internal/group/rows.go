package group

import (
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Hashed is a Table that takes the hashes of rows which the caller knows.
type Hashed interface {
	Table
	// InternHashed is Intern with hash.Hash of each row.
	InternHashed(keys []vec.Vec, hashes []uint64, rows int, gids []uint32) error
}

// rowTable is a Table for keys of several columns, some of them text, of which hardly any comes twice: to number the values of each text
// first would be wasted. It keeps the keys as the columns they come in, finds them by the hash of the row, and compares columns.
type rowTable struct {
	mem   account
	hint  int
	cols  []*vec.Builder
	built int64 // bytes of cols that were reserved

	n      int
	slots  []uint64 // the upper half of a hash, and the group + 1; 0 is free
	hashes []uint64 // of each group, with room beyond n
	first  []uint32
	stale  bool
	out    vec.Scratch

	// Of a call.
	keys   []vec.Vec // plain
	known  []vec.Vec // the groups' keys, of those before the chunk
	plain  vec.Scratch
	hasher hash.Hasher
	hs     []uint64
	// touched is what touchSlots gave, so that the compiler does not leave it out.
	touched uint64
	// Of a chunk.
	cands [chunk]uint32
	rows  [chunk]uint32 // rows that have a candidate
	group [chunk]uint32 // the candidate of each of them
	bad   [chunk]uint8  // 1: it is not the row's key
}

// rowKeys says whether rowTable knows how to compare keys of these types, and whether that pays: there is text among several columns.
func rowKeys(types []arrow.DataType) bool {
	text := false
	for _, t := range types {
		switch p, _, _ := vec.PhysOf(vec.Logical(t)); p {
		case vec.View:
			text = true
		case vec.Int8, vec.Int16, vec.Int32, vec.Int64, vec.Uint8, vec.Uint16, vec.Uint32, vec.Uint64, vec.Dec128:
		default:
			return false
		}
	}
	return text && len(types) > 1
}

func newRowTable(types []arrow.DataType, o Options) *rowTable {
	t := &rowTable{mem: account{reserve: o.Reserve}, hint: max(o.SizeHint, 0)}
	for _, ty := range types {
		b := vec.NewBuilder(vec.Logical(ty))
		b.Expect(t.hint)
		t.cols = append(t.cols, b)
	}
	t.keys, t.known = make([]vec.Vec, len(types)), make([]vec.Vec, len(types))
	return t
}

func (t *rowTable) Len() int { return t.n }

func (t *rowTable) FirstRows() []uint32 { return t.first }

func (t *rowTable) Bytes() int64 { return t.mem.held }

func (t *rowTable) Hashes() []uint64 { return t.hashes[:t.n] }

func (t *rowTable) reset() {
	now := int64(0)
	for _, b := range t.cols {
		b.Reset()
		now += b.Bytes()
	}
	t.mem.give(max(0, t.built-now))
	t.built = now
	clear(t.slots)
	t.n, t.first, t.stale = 0, t.first[:0], true
}

func (t *rowTable) Keys(from, to int) ([]vec.Vec, error) {
	if t.stale {
		t.out.Reset()
		t.stale = false
	}
	out := make([]vec.Vec, len(t.cols))
	for c, b := range t.cols {
		all := b.Vec()
		vec.Slice(&out[c], &all, from, to-from, &t.out)
	}
	return out, nil
}

func (t *rowTable) Intern(keys []vec.Vec, rows int, gids []uint32) error {
	t.hs = slices.Grow(t.hs[:0], rows)[:rows]
	if len(keys) == len(t.cols) {
		t.hasher.Hash(t.hs, keys, rows)
	}
	return t.InternHashed(keys, t.hs, rows, gids)
}

func (t *rowTable) InternHashed(keys []vec.Vec, hashes []uint64, rows int, gids []uint32) error {
	if len(keys) != len(t.cols) || len(hashes) < rows {
		return fault.New(fault.Internal, "GroupBy", "group: %d key columns and %d hashes of %d rows for a table of %d columns", len(keys), len(hashes), rows, len(t.cols))
	}
	t.first, t.stale = t.first[:0], true
	t.plain.Reset()
	for c := range keys {
		vec.Decode(&t.keys[c], &keys[c], &t.plain)
	}
	for from := 0; from < rows; from += chunk {
		n := min(chunk, rows-from)
		if err := t.room(n); err != nil {
			return err
		}
		if err := t.internChunk(hashes[from:from+n], from, gids[from:from+n]); err != nil {
			return err
		}
	}
	return nil
}

// internChunk finds or makes the groups of the rows from row from on. As in the tables of words, first passes over the chunk fetch many
// places of memory at a time, and what they do not find is looked for in order.
func (t *rowTable) internChunk(hs []uint64, from int, gids []uint32) error {
	cands := t.cands[:len(hs)]
	t.touched += touchSlots(hs, t.slots)
	candidates(cands, hs, t.slots, math.MaxUint32)
	k := 0
	for i, g := range cands {
		t.rows[k], t.group[k] = uint32(from+i), g
		if g != math.MaxUint32 {
			k++
		}
	}
	for c, b := range t.cols {
		t.known[c] = b.Vec()
	}
	rows, groups, bad := t.rows[:k], t.group[:k], t.bad[:k]
	clear(bad)
	if k > 0 {
		for c := range t.keys {
			differ(bad, &t.known[c], groups, &t.keys[c], rows)
		}
	}
	base, before := t.n, len(t.first)
	k = 0
	for i, g := range cands {
		if g != math.MaxUint32 {
			k++
			if bad[k-1] == 0 {
				gids[i] = g
				continue
			}
		}
		gids[i] = t.seek(hs[i], uint32(from+i), base, before)
	}
	return t.keep(from, len(hs), t.first[before:])
}

// seek finds or makes the group of a row. Groups from base on are of this chunk: their keys are still in the rows that first lists from
// before on.
func (t *rowTable) seek(h uint64, row uint32, base, before int) uint32 {
	m := uint64(len(t.slots) - 1)
	for p := h & m; ; p = (p + 1) & m {
		s := t.slots[p]
		if s == 0 {
			t.slots[p] = slotOf(h, t.n)
			t.hashes[t.n] = h
			t.first = append(t.first, row)
			t.n++
			return uint32(t.n - 1)
		}
		if (s^(h|taken))>>32 != 0 {
			continue
		}
		g := uint32(s) - 1
		known, at := t.known, g
		if int(g) >= base {
			known, at = t.keys, t.first[before+int(g)-base]
		}
		if sameRow(known, at, t.keys, row) {
			return g
		}
	}
}

// keep appends the keys of rows, which are of the n rows from row from on.
func (t *rowTable) keep(from, n int, rows []uint32) error {
	if len(rows) == 0 {
		return nil
	}
	now := int64(0)
	for c, b := range t.cols {
		if len(rows) == n {
			b.AppendRange(&t.keys[c], from, n)
		} else {
			b.AppendTake(&t.keys[c], rows)
		}
		now += b.Bytes()
	}
	more := now - t.built
	t.built = now
	if more < 0 {
		t.mem.give(-more)
		return nil
	}
	return t.mem.grow(more)
}

// room makes place for n more groups, but for their keys.
func (t *rowTable) room(n int) error {
	need := t.n + n
	if need >= math.MaxUint32 {
		return fault.New(fault.Memory, "GroupBy", "more than %d groups", uint32(math.MaxUint32-1))
	}
	if need > len(t.hashes) {
		size := max(need, 2*len(t.hashes), t.hint)
		if err := t.mem.grow(int64(size) * 8); err != nil {
			return err
		}
		t.mem.give(int64(len(t.hashes)) * 8)
		t.hashes = enlarge(t.hashes, size)
	}
	if 2*need <= len(t.slots) {
		return nil
	}
	size := slotsFor(max(need, t.hint))
	if err := t.mem.grow(int64(size) * slotSize); err != nil {
		return err
	}
	t.mem.give(int64(len(t.slots)) * slotSize)
	t.slots = make([]uint64, size)
	m := uint64(size - 1)
	for g, h := range t.hashes[:t.n] {
		p := h & m
		for t.slots[p] != 0 {
			p = (p + 1) & m
		}
		t.slots[p] = slotOf(h, g)
	}
	return nil
}

// differ sets bad[k] where row as[k] of a and row bs[k] of b, plain columns of one type, are not the same.
func differ(bad []uint8, a *vec.Vec, as []uint32, b *vec.Vec, bs []uint32) {
	if a.Valid != nil || b.Valid != nil || a.Phys == vec.View {
		for k := range bad {
			if bad[k] == 0 && !sameValue(a, as[k], b, bs[k]) {
				bad[k] = 1
			}
		}
		return
	}
	switch a.Width {
	case 1:
		differFixed(bad, vec.Of[uint8](a), as, vec.Of[uint8](b), bs)
	case 2:
		differFixed(bad, vec.Of[uint16](a), as, vec.Of[uint16](b), bs)
	case 4:
		differFixed(bad, vec.Of[uint32](a), as, vec.Of[uint32](b), bs)
	case 8:
		differFixed(bad, vec.Of[uint64](a), as, vec.Of[uint64](b), bs)
	case 16:
		differFixed(bad, vec.Of[[2]uint64](a), as, vec.Of[[2]uint64](b), bs)
	}
}

func differFixed[T comparable](bad []uint8, a []T, as []uint32, b []T, bs []uint32) {
	as, bs = as[:len(bad)], bs[:len(bad)]
	for k := range bad {
		if a[as[k]] != b[bs[k]] {
			bad[k] = 1
		}
	}
}

// sameRow compares row i of a with row j of b.
func sameRow(a []vec.Vec, i uint32, b []vec.Vec, j uint32) bool {
	for c := range a {
		if !sameValue(&a[c], i, &b[c], j) {
			return false
		}
	}
	return true
}

// sameValue compares value i of a with value j of b, plain columns of one type; null is like null.
func sameValue(a *vec.Vec, i uint32, b *vec.Vec, j uint32) bool {
	if x, y := validAt(a.Valid, i), validAt(b.Valid, j); !x || !y {
		return x == y
	}
	switch a.Width {
	case 1:
		return vec.Of[uint8](a)[i] == vec.Of[uint8](b)[j]
	case 2:
		return vec.Of[uint16](a)[i] == vec.Of[uint16](b)[j]
	case 4:
		return vec.Of[uint32](a)[i] == vec.Of[uint32](b)[j]
	case 8:
		return vec.Of[uint64](a)[i] == vec.Of[uint64](b)[j]
	}
	if a.Phys != vec.View {
		return vec.Of[[2]uint64](a)[i] == vec.Of[[2]uint64](b)[j]
	}
	x, y := &vec.Of[vec.ViewHeader](a)[i], &vec.Of[vec.ViewHeader](b)[j]
	v, w := asWords(x), asWords(y)
	if x.Len <= vec.InlineLen || v[0] != w[0] {
		return *v == *w
	}
	n := uint64(x.Len)
	return sameBytes(a.Bufs[x.Buf][x.Off:][:n], b.Bufs[y.Buf][y.Off:][:n])
}

func validAt(valid []uint64, i uint32) bool { return valid == nil || valid[i>>6]>>(i&63)&1 == 1 }
