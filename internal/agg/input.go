package agg

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// input brings a batch into the one form that the loops take: values without nulls, dense, with the group of each. Rows that do not count are
// squeezed out, which costs less than a second form of every loop would in size and speed.
type input struct {
	vals vec.Vec
	gids []uint32 // nil: all group 0
	n    int
	mask []uint64 // the rows that count, where they are not all

	scratch vec.Scratch
	both    []uint64
	own     []uint32
}

// set takes the batch; keepDict leaves a dictionary column as it is, nulls squeezed out all the same.
func (in *input) set(v *vec.Vec, gids []uint32, where []uint64, rows int, keepDict bool) {
	in.scratch.Reset()
	in.gids, in.n, in.mask = gids, rows, nil
	if rows == 0 || v.Phys == vec.Null {
		in.n = 0
		return
	}
	mask, count := in.selection(v, where, rows)
	if count == 0 {
		in.n = 0
		return
	}
	in.vals = *v
	if count < rows {
		in.mask = mask
		vec.Filter(&in.vals, v, mask, count, &in.scratch)
		in.n = count
		if gids != nil {
			in.own = squeeze(in.own, gids, mask, rows)
			in.gids = in.own
		}
	}
	in.vals.Valid = nil
	if !keepDict && in.vals.Dict != nil {
		vec.Decode(&in.vals, &in.vals, &in.scratch)
		in.vals.Valid = nil
	}
}

// selection returns the rows that count as a bitmap, and their number. The bitmap may be nil where all do.
func (in *input) selection(v *vec.Vec, where []uint64, rows int) ([]uint64, int) {
	if v.Dict != nil && v.Dict.Values.Len == 0 {
		return nil, 0
	}
	valid := v.Nulls(&in.scratch)
	mask := valid
	switch {
	case valid == nil && where == nil:
		return nil, rows
	case valid == nil:
		mask = where
	case where != nil:
		words := (rows + 63) / 64
		in.both = growTo(in.both, words)[:words]
		for i := range in.both {
			in.both[i] = valid[i] & where[i]
		}
		mask = in.both
	}
	return mask, popCount(mask, rows)
}

// popCount counts the ones among the first n bits.
func popCount(words []uint64, n int) int {
	sum := 0
	full := n / 64
	for _, w := range words[:full] {
		sum += bits.OnesCount64(w)
	}
	if rest := uint(n) & 63; rest != 0 {
		sum += bits.OnesCount64(words[full] & (1<<rest - 1))
	}
	return sum
}

// squeeze returns the elements of src whose bit is set, in the memory of dst.
func squeeze(dst, src []uint32, mask []uint64, n int) []uint32 {
	if cap(dst) < n {
		dst = make([]uint32, n)
	}
	dst = dst[:n]
	k := 0
	for i, x := range src[:n] {
		dst[k] = x
		k += int(mask[i>>6] >> (uint(i) & 63) & 1)
	}
	return dst[:k]
}

// growTo returns s with at least n elements, the new ones zero; memory doubles.
func growTo[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		return s[:n] // never used before: slices only grow
	}
	out := make([]T, n, max(n, 2*cap(s), 16))
	copy(out, s)
	return out
}

// roomFor returns s with room for n elements where it has none yet.
func roomFor[T any](s []T, n int) []T {
	if cap(s) > 0 || n <= 0 {
		return s
	}
	return make([]T, 0, n)
}

// seen says which groups have a value.
type seen struct {
	by      []uint8 // 1: has one
	missing int     // groups that have none
	known   int     // all groups before it have one
}

func (s *seen) grow(groups int) {
	if groups > len(s.by) {
		s.missing += groups - len(s.by)
		s.by = growTo(s.by, groups)
	}
}

func (s *seen) reset() {
	clear(s.by)
	*s = seen{by: s.by[:0]}
}

// mark notes a value in each of the groups, nil: n > 0 values in group 0. It costs nothing once all groups have one.
func (s *seen) mark(gids []uint32, n int) {
	if s.missing == 0 || n == 0 {
		return
	}
	if gids == nil {
		s.missing -= int(1 - s.by[0])
		s.by[0] = 1
		return
	}
	if s.markNew(gids); s.missing == 0 {
		return
	}
	missing := s.missing
	by := s.by
	for _, g := range gids {
		missing -= int(1 - by[g])
		by[g] = 1
	}
	s.missing = missing
}

// markNew is mark where all groups without a value are the newest: they are numbered as their first rows come, so that one is met after the
// other without a look at by. What it does not find, mark does.
func (s *seen) markNew(gids []uint32) {
	at := uint32(len(s.by) - s.missing)
	if !s.allBefore(int(at)) {
		return
	}
	next := at
	for _, g := range gids {
		if g == next {
			next++
		}
	}
	for g := at; g < next; g++ {
		s.by[g] = 1
	}
	s.missing -= int(next - at)
	s.known = int(next)
}

// allBefore says whether all groups before n have a value.
func (s *seen) allBefore(n int) bool {
	for ; s.known < n; s.known++ {
		if s.by[s.known] == 0 {
			return false
		}
	}
	return true
}

// valid is the bitmap of groups that have a value, nil where all have.
func (s *seen) valid(groups int) []uint64 {
	if s.missing == 0 && groups <= len(s.by) {
		return nil
	}
	out := make([]uint64, (groups+63)/64)
	for g, b := range s.by[:min(groups, len(s.by))] {
		out[g>>6] |= uint64(b) << (uint(g) & 63)
	}
	return out
}

func (s *seen) bytes() int64 { return int64(cap(s.by)) }

// column wraps values as a Vec.
func column[T int64 | uint64 | float64 | [2]uint64 | [32]byte | vec.ViewHeader](t arrow.DataType, vals []T, valid []uint64) vec.Vec {
	p, w, _ := vec.PhysOf(t)
	return vec.Vec{Type: t, Phys: p, Width: w, Len: len(vals), Data: vec.Bytes(vals), Valid: valid}
}

// nulls is a column of n nulls.
func nulls(t arrow.DataType, n int) vec.Vec {
	b := vec.NewBuilder(t)
	b.AppendNulls(n)
	return b.Vec()
}

// rowGids gives Merge a group for each row where gids is nil.
func rowGids(gids []uint32, rows int) []uint32 {
	if gids == nil {
		return make([]uint32, rows)
	}
	return gids[:rows]
}

// nothing is an aggregate other than a count of values that are all null.
type nothing struct {
	out    arrow.DataType
	groups int
}

func (a *nothing) Update(_ []uint32, _ []vec.Vec, _ []uint64, _, groups int) error {
	a.groups = max(a.groups, groups)
	return nil
}

func (a *nothing) Merge(_ []uint32, _ []vec.Vec, _, groups int) error {
	a.groups = max(a.groups, groups)
	return nil
}

func (a *nothing) types() []arrow.DataType { return []arrow.DataType{arrow.Null} }

func (a *nothing) State() []vec.Vec {
	return []vec.Vec{{Type: arrow.Null, Phys: vec.Null, Len: a.groups}}
}

func (a *nothing) Result(groups int) (vec.Vec, error) { return nulls(a.out, groups), nil }

func (a *nothing) Bytes() int64 { return 0 }
