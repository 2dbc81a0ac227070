package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// listOf is ListOf: all values, nulls included, in row order. A group without rows is null.
type listOf struct {
	spec
	all    *vec.Builder
	gids   []uint32 // of every value; nil while all are of group 0
	groups int
	in     input
	s      vec.Scratch
}

func newListOf(s spec) acc { return &listOf{spec: s, all: vec.NewBuilder(s.in)} }

func (a *listOf) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.groups = max(a.groups, groups)
	if rows == 0 {
		return nil
	}
	v := args[0]
	if where != nil {
		n := popCount(where, rows)
		a.s.Reset()
		vec.Filter(&v, &args[0], where, n, &a.s)
		if gids != nil && n < rows {
			a.in.own = squeeze(a.in.own, gids, where, rows)
			gids = a.in.own
		}
		rows = n
	}
	return a.add(gids, &v, rows)
}

func (a *listOf) add(gids []uint32, v *vec.Vec, n int) error {
	had := a.all.Len()
	a.all.AppendRange(v, 0, n)
	switch {
	case gids != nil:
		if a.gids == nil {
			a.gids = make([]uint32, had, had+n)
		}
		a.gids = append(a.gids, gids[:n]...)
	case a.gids != nil:
		a.gids = append(a.gids, make([]uint32, n)...)
	}
	return a.tooMany(a.all.Len())
}

func (a *listOf) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.groups = max(a.groups, groups)
	a.s.Reset()
	vals, n := childOf(&state[0], rows, &a.s)
	if n == 0 {
		return nil
	}
	if gids != nil {
		a.in.own = elements(a.in.own, gids[:rows], state[0].Offs)
		gids = a.in.own
	}
	return a.add(gids, &vals, n)
}

func (a *listOf) types() []arrow.DataType { return []arrow.DataType{arrow.ListOf(a.spec.in)} }

func (a *listOf) State() []vec.Vec { return []vec.Vec{a.column(a.types()[0], a.groups, false)} }

func (a *listOf) Result(groups int) (vec.Vec, error) { return a.column(a.out, groups, true), nil }

func (a *listOf) column(t arrow.DataType, groups int, noneIsNull bool) vec.Vec {
	all := a.all.Vec()
	if a.gids == nil {
		offs := make([]int32, groups+1)
		for g := 1; g <= groups; g++ {
			offs[g] = int32(all.Len)
		}
		return lists(t, all, offs, noneIsNull)
	}
	idx, offs := order(a.gids, groups)
	var child vec.Vec
	vec.Take(&child, &all, idx, nil)
	return lists(t, child, offs, noneIsNull)
}

func (a *listOf) Bytes() int64 {
	return a.all.Bytes() + int64(cap(a.gids)+cap(a.in.own))*4
}
