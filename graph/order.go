package graph

import (
	"cmp"
	"slices"
)

// Order returns the tasks of from ≤ ID < to in an order that keeps few results alive: depth first from the tasks that no other
// reads, in their order, each task after its dependencies. It is linear in the number of these tasks and their dependencies, so that a graph that
// grows by one task at a time costs no more than one that is made at once.
//
// A subtree that needs more results alive at once goes before one that needs fewer (Sethi and Ullman, The generation of optimal
// code for arithmetic expressions, 1970), equal ones by ID: the splits of a scan come in their order. A scheduler that runs newly
// ready tasks before tasks without dependencies, as Dask's does, then releases early what several branches share.
func (g *Graph) Order(from, to ID) []ID {
	n := max(0, to-from)
	o := order{graph: g, from: from, need: make([]uint8, n), read: make([]bool, n), seen: make([]bool, n), out: make([]ID, 0, n)}
	o.measure()
	for id := from; id < to; id++ {
		if !o.read[id-from] {
			o.descend(id)
		}
	}
	return o.out
}

// order is the state of Order; the slices are indexed by ID less from.
type order struct {
	graph *Graph
	from  ID
	need  []uint8 // results alive at once while the subtree is computed, as if nothing were shared; 255 is that or more
	read  []bool  // some task of these reads it
	seen  []bool
	out   []ID
	stack []ID
}

// measure fills need and read.
func (o *order) measure() {
	for i := range o.need {
		most, same := uint8(1), 0
		for _, d := range o.graph.Deps(o.from + ID(i)) {
			if d < o.from {
				continue
			}
			o.read[d-o.from] = true
			switch n := o.need[d-o.from]; {
			case n > most:
				most, same = n, 1
			case n == most:
				same++
			}
		}
		o.need[i] = uint8(min(255, int(most)+max(0, same-1)))
	}
}

// descend puts out a task after all that it needs.
func (o *order) descend(id ID) {
	o.stack = append(o.stack[:0], id)
	for len(o.stack) > 0 {
		top := o.stack[len(o.stack)-1]
		o.stack = o.stack[:len(o.stack)-1]
		if top < 0 { // ^id: what it needs is out
			o.out = append(o.out, ^top)
			continue
		}
		if o.seen[top-o.from] {
			continue
		}
		o.seen[top-o.from] = true
		o.stack = append(o.stack, ^top)
		base := len(o.stack)
		for _, d := range o.graph.Deps(top) {
			if d >= o.from && !o.seen[d-o.from] {
				o.stack = append(o.stack, d)
			}
		}
		if len(o.stack) > base+1 {
			o.arrange(o.stack[base:])
		}
	}
}

// arrange sorts dependencies so that the first to visit is last.
func (o *order) arrange(deps []ID) {
	slices.Reverse(deps) // dependencies come mostly in increasing order, which is the order to visit them in
	later := func(a, b ID) int {
		return cmp.Or(cmp.Compare(o.need[a-o.from], o.need[b-o.from]), cmp.Compare(b, a))
	}
	if !slices.IsSortedFunc(deps, later) {
		slices.SortFunc(deps, later)
	}
}
