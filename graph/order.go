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
// code for arithmetic expressions, 1970), equal ones by ID: the splits of a scan come in their order. A task that is the last to read some
// result goes as soon as all else that it reads is there, wherever it belongs: it frees at least as many results as it makes. So what
// several branches share is released early, and a load that two reductions read is not kept for the second. A scheduler that runs newly
// ready tasks before tasks without dependencies, as Dask's does, comes to much the same.
func (g *Graph) Order(from, to ID) []ID {
	n := max(0, to-from)
	o := order{graph: g, from: from, tasks: make([]ordered, n), out: make([]ID, 0, n)}
	o.measure()
	for id := from; id < to; id++ {
		if o.tasks[id-from].readers == 0 && !o.tasks[id-from].done {
			o.descend(id)
		}
	}
	return o.out
}

// order is the state of Order.
type order struct {
	graph *Graph
	from  ID
	tasks []ordered // by ID less from
	out   []ID
	stack []ID
	eager []ID
}

// ordered is what Order knows of a task.
type ordered struct {
	readers int32 // tasks of these that read it
	left    int32 // readers that are not out yet
	rest    ID    // exclusive or of the readers that are not out yet: the last one, when there is one
	by      ID    // the reader that was counted last, ^ID the one that was taken off last: a reader may name it twice
	checked int32 // how many of its dependencies, from the last on, are known to be out
	need    uint8 // results alive at once while the subtree is computed, as if nothing were shared; 255 is that or more
	seen    bool  // it is out or on the stack
	done    bool  // it is out
}

// measure counts readers and needs.
func (o *order) measure() {
	for i := range o.tasks {
		id := o.from + ID(i)
		most, same := uint8(1), 0
		for _, d := range o.graph.Deps(id) {
			if d < o.from {
				continue
			}
			dep := &o.tasks[d-o.from]
			if dep.by != id || dep.readers == 0 {
				dep.readers++
				dep.left++
				dep.rest ^= id
				dep.by = id
			}
			switch n := dep.need; {
			case n > most:
				most, same = n, 1
			case n == most:
				same++
			}
		}
		o.tasks[i].need = uint8(min(255, int(most)+max(0, same-1)))
	}
}

// descend puts out a task after all that it needs.
func (o *order) descend(id ID) {
	o.stack = append(o.stack[:0], id)
	for len(o.stack) > 0 {
		top := o.stack[len(o.stack)-1]
		o.stack = o.stack[:len(o.stack)-1]
		if top < 0 { // ^id: what it needs is out
			o.put(^top)
			continue
		}
		if o.tasks[top-o.from].seen {
			continue
		}
		o.tasks[top-o.from].seen = true
		o.stack = append(o.stack, ^top)
		base := len(o.stack)
		for _, d := range o.graph.Deps(top) {
			if d >= o.from && !o.tasks[d-o.from].seen {
				o.stack = append(o.stack, d)
			}
		}
		if len(o.stack) > base+1 {
			o.arrange(o.stack[base:])
		}
	}
}

// put puts out a task, and then those that are the last to read something and can be executed.
func (o *order) put(id ID) {
	o.eager = append(o.eager[:0], id)
	for len(o.eager) > 0 {
		id := o.eager[len(o.eager)-1]
		o.eager = o.eager[:len(o.eager)-1]
		t := &o.tasks[id-o.from]
		if t.done {
			continue
		}
		t.done, t.seen = true, true
		o.out = append(o.out, id)
		if t.left == 1 && o.can(t.rest) {
			o.eager = append(o.eager, t.rest)
		}
		for _, d := range o.graph.Deps(id) {
			if d < o.from {
				continue
			}
			dep := &o.tasks[d-o.from]
			if dep.by == ^id {
				continue
			}
			dep.by = ^id
			dep.left--
			dep.rest ^= id
			if dep.left == 1 && o.can(dep.rest) {
				o.eager = append(o.eager, dep.rest)
			}
		}
	}
}

// can says whether all that a task reads is out.
func (o *order) can(id ID) bool {
	t := &o.tasks[id-o.from]
	deps := o.graph.Deps(id)
	for i := len(deps) - 1 - int(t.checked); i >= 0; i-- {
		if d := deps[i]; d >= o.from && !o.tasks[d-o.from].done {
			return false
		}
		t.checked++
	}
	return true
}

// arrange sorts dependencies so that the first to visit is last.
func (o *order) arrange(deps []ID) {
	slices.Reverse(deps) // dependencies come mostly in increasing order, which is the order to visit them in
	later := func(a, b ID) int {
		return cmp.Or(cmp.Compare(o.tasks[a-o.from].need, o.tasks[b-o.from].need), cmp.Compare(b, a))
	}
	if !slices.IsSortedFunc(deps, later) {
		slices.SortFunc(deps, later)
	}
}
