package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// mode is Mode: how often each pair of group and value occurs. Of equally frequent values the first in row order wins.
type mode struct {
	spec
	pairs
	n      []int64 // by pair
	groups int
	in     input
	elems  []uint32
}

func newMode(s spec) acc { return &mode{spec: s, pairs: pairs{typ: s.in}} }

func (a *mode) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.groups = max(a.groups, groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, true)
	if a.in.n == 0 {
		return nil
	}
	if err := a.add(a.in.gids, &a.in.vals, a.in.n); err != nil {
		return err
	}
	a.n = growTo(a.n, a.pairs.len())
	for _, p := range a.ids {
		a.n[p]++
	}
	return nil
}

func (a *mode) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.groups = max(a.groups, groups)
	a.in.scratch.Reset()
	vals, n := childOf(&state[0], rows, &a.in.scratch)
	if n == 0 {
		return nil
	}
	counts, _ := childOf(&state[1], rows, &a.in.scratch)
	if gids != nil {
		a.elems = elements(a.elems, gids[:rows], state[0].Offs)
		gids = a.elems
	}
	if err := a.add(gids, &vals, n); err != nil {
		return err
	}
	a.n = growTo(a.n, a.pairs.len())
	more := vec.Of[int64](&counts)
	for i, p := range a.ids {
		a.n[p] += more[i]
	}
	return nil
}

func (a *mode) types() []arrow.DataType {
	return []arrow.DataType{arrow.ListOf(a.spec.in), arrow.ListOf(arrow.PrimitiveTypes.Int64)}
}

func (a *mode) State() []vec.Vec {
	vals, offs, idx := a.grouped(a.groups)
	counts := a.n[:vals.Len]
	if idx != nil {
		counts = make([]int64, len(idx))
		for i, p := range idx {
			counts[i] = a.n[p]
		}
	}
	t := a.types()
	return []vec.Vec{lists(t[0], vals, offs, false), lists(t[1], column(arrow.PrimitiveTypes.Int64, counts, nil), offs, false)}
}

func (a *mode) Result(groups int) (vec.Vec, error) {
	gids, vals := a.columns()
	best := make([]uint32, groups)
	for g := range best {
		best[g] = vec.NoRow
	}
	for p := range vals.Len { // in order of first appearance: a later pair must be more frequent
		g := uint32(0)
		if gids != nil {
			g = gids[p]
		}
		if b := best[g]; b == vec.NoRow || a.n[p] > a.n[b] {
			best[g] = uint32(p)
		}
	}
	var out vec.Vec
	vec.TakeOpt(&out, &vals, best, nil)
	return out, nil
}

func (a *mode) Bytes() int64 { return a.bytes() + int64(cap(a.n))*8 + int64(cap(a.elems))*4 }
