package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// nunique is NUnique: the different pairs of group and value.
type nunique struct {
	spec
	pairs
	n     []int64 // by group
	in    input
	elems []uint32 // groups of list elements
}

func newNUnique(s spec) acc { return &nunique{spec: s, pairs: pairs{typ: s.in}} }

func (a *nunique) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.n = growTo(a.n, groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, true)
	if a.in.n == 0 {
		return nil
	}
	return a.count(a.in.gids, &a.in.vals, a.in.n)
}

func (a *nunique) count(gids []uint32, v *vec.Vec, n int) error {
	if err := a.add(gids, v, n); err != nil {
		return err
	}
	first := a.first()
	if gids == nil {
		a.n[0] += int64(len(first))
		return nil
	}
	for _, r := range first {
		a.n[gids[r]]++
	}
	return nil
}

func (a *nunique) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.n = growTo(a.n, groups)
	a.in.scratch.Reset()
	vals, n := childOf(&state[0], rows, &a.in.scratch)
	if n == 0 {
		return nil
	}
	if gids != nil {
		a.elems = elements(a.elems, gids[:rows], state[0].Offs)
		gids = a.elems
	}
	return a.count(gids, &vals, n)
}

func (a *nunique) types() []arrow.DataType { return []arrow.DataType{arrow.ListOf(a.spec.in)} }

// State is the different values of each group, in order of first appearance.
func (a *nunique) State() []vec.Vec {
	vals, offs, _ := a.grouped(len(a.n))
	return []vec.Vec{lists(a.types()[0], vals, offs, false)}
}

func (a *nunique) Result(groups int) (vec.Vec, error) {
	a.n = growTo(a.n, groups)
	return column(arrow.PrimitiveTypes.Int64, a.n[:groups], nil), nil
}

func (a *nunique) Bytes() int64 { return a.bytes() + int64(cap(a.elems))*4 + int64(cap(a.n))*8 }
