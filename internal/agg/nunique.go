package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/group"
	"github.com/sheafdata/sheaf/internal/vec"
)

// nunique is NUnique: the different pairs of group and value, in a key table. Where all rows are of one group the values alone do.
type nunique struct {
	spec
	pairs  group.Table
	single bool    // pairs has no group column
	n      []int64 // by group
	in     input
	ids    []uint32
	elems  []uint32 // groups of list elements
	offs   []int32
	keys   vec.Scratch
}

func (a *nunique) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.n = growTo(a.n, groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, true)
	if a.in.n == 0 {
		return nil
	}
	return a.add(a.in.gids, &a.in.vals, a.in.n)
}

func (a *nunique) add(gids []uint32, v *vec.Vec, n int) error {
	if a.pairs == nil {
		a.single = gids == nil
		types := []arrow.DataType{arrow.PrimitiveTypes.Uint32, a.spec.in}
		if a.single {
			types = types[1:]
		}
		var err error
		if a.pairs, err = group.New(types, group.Options{}); err != nil {
			return err
		}
	}
	a.ids = growTo(a.ids[:0], n)[:n]
	if a.single {
		if err := a.pairs.Intern([]vec.Vec{*v}, n, a.ids); err != nil {
			return err
		}
		a.n[0] += int64(len(a.pairs.FirstRows()))
		return nil
	}
	if gids == nil {
		gids = make([]uint32, n)
	}
	g := vec.Vec{Type: arrow.PrimitiveTypes.Uint32, Phys: vec.Uint32, Width: 4, Len: n, Data: vec.Bytes(gids[:n])}
	if err := a.pairs.Intern([]vec.Vec{g, *v}, n, a.ids); err != nil {
		return err
	}
	for _, r := range a.pairs.FirstRows() {
		a.n[gids[r]]++
	}
	return nil
}

func (a *nunique) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.n = growTo(a.n, groups)
	if rows == 0 {
		return nil
	}
	list := &state[0]
	from, to := list.Offs[0], list.Offs[rows]
	if from == to {
		return nil
	}
	a.in.scratch.Reset()
	var vals vec.Vec
	vec.Slice(&vals, &list.Child[0], int(from), int(to-from), &a.in.scratch)
	if gids == nil {
		return a.add(nil, &vals, vals.Len)
	}
	a.elems = a.elems[:0]
	for i, g := range gids[:rows] {
		for range list.Offs[i+1] - list.Offs[i] {
			a.elems = append(a.elems, g)
		}
	}
	return a.add(a.elems, &vals, vals.Len)
}

func (a *nunique) types() []arrow.DataType { return []arrow.DataType{arrow.ListOf(a.spec.in)} }

// State is the different values of each group, in order of first appearance.
func (a *nunique) State() []vec.Vec {
	out := vec.Vec{Type: a.types()[0], Phys: vec.List, Len: len(a.n), Offs: make([]int32, len(a.n)+1)}
	if a.pairs == nil {
		out.Child = []vec.Vec{nulls(a.spec.in, 0)}
		return []vec.Vec{out}
	}
	n := a.pairs.Len()
	keys, err := a.pairs.Keys(0, n)
	if err != nil { // bytes of our own making that do not decode
		out.Child = []vec.Vec{nulls(a.spec.in, 0)}
		return []vec.Vec{out}
	}
	if a.single {
		for g := 1; g <= len(a.n); g++ {
			out.Offs[g] = int32(n)
		}
		out.Child = keys
		return []vec.Vec{out}
	}
	// A counting sort by group keeps the order within.
	gids := vec.Of[uint32](&keys[0])
	for _, g := range gids {
		out.Offs[g+1]++
	}
	for g := range len(a.n) {
		out.Offs[g+1] += out.Offs[g]
	}
	at := append(a.offs[:0], out.Offs...)
	idx := make([]uint32, n)
	for i, g := range gids {
		idx[at[g]] = uint32(i)
		at[g]++
	}
	a.offs = at
	a.keys.Reset()
	out.Child = make([]vec.Vec, 1)
	vec.Take(&out.Child[0], &keys[1], idx, &a.keys)
	return []vec.Vec{out}
}

func (a *nunique) Result(groups int) (vec.Vec, error) {
	a.n = growTo(a.n, groups)
	return column(arrow.PrimitiveTypes.Int64, a.n[:groups], nil), nil
}

func (a *nunique) Bytes() int64 {
	sum := int64(cap(a.ids)+cap(a.elems)+cap(a.offs))*4 + int64(cap(a.n))*8
	if a.pairs != nil {
		sum += a.pairs.Bytes()
	}
	return sum
}
