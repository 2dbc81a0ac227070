package graph

import (
	"slices"
	"time"
)

// The functions below return a new graph and, for each wanted task, its ID there; the old graph stays as it is. Without wanted tasks
// those are meant that no other reads. They take tasks with their functions, so that a graph that is rewritten gives the same results.

// Cull returns what the wanted tasks need, and nothing else.
func Cull(g *Graph, want ...ID) (*Graph, []ID) { return newRewrite(g, want).apply() }

// Fuse is Cull that makes one task of each chain: tasks of which each reads only the one before it, which nobody else reads. The
// result has the key of the chain's last task. Wanted tasks stay, and tasks whose retries, timeout, priority or resources differ are
// not joined. Chains cost a scheduler the most for what they do: nothing in them can run at once.
func Fuse(g *Graph, want ...ID) (*Graph, []ID) {
	r := newRewrite(g, want)
	readers := make([]int32, g.Len())
	reader := make([]ID, g.Len())
	for id := range r.needed {
		if !r.needed[id] {
			continue
		}
		deps := slices.Compact(slices.Sorted(slices.Values(g.Deps(ID(id)))))
		for _, d := range deps {
			readers[d]++
			reader[d] = ID(id)
			if len(deps) > 1 {
				readers[d]++ // its reader does not carry on a chain
			}
		}
	}
	for d := range r.needed {
		if readers[d] == 1 && !r.wanted[d] && g.joins(ID(d), reader[d]) {
			r.absorbed[d] = true
		}
	}
	return r.apply()
}

func (g *Graph) joins(a, b ID) bool {
	if !g.Hinted(a) && !g.Hinted(b) {
		return true
	}
	x, y := g.Hint(a), g.Hint(b)
	return x.data || x.alike(&y)
}

// Inline is Cull that has cheap tasks computed again by each of their readers, so that their results need not be kept or sent: tasks
// with Hint.Inline, values, and those whose Hint.Cost is known and below a bound. Tasks with retries, a timeout or resources are left.
// A wanted task also stays a task.
func Inline(g *Graph, below time.Duration, want ...ID) (*Graph, []ID) {
	r := newRewrite(g, want)
	for id := range r.absorbed {
		if !g.Hinted(ID(id)) {
			continue
		}
		h := g.Hint(ID(id))
		r.absorbed[id] = (h.Inline || h.Cost > 0 && h.Cost < below) && !h.shapes()
	}
	return r.apply()
}

// Merge adds all tasks of another graph, and returns their IDs in g, by their IDs there. Tasks of equal keys are one: those that are
// in g stay.
func (g *Graph) Merge(other *Graph) []ID {
	ids := make([]ID, other.Len())
	for id := range ids {
		t := other.Task(ID(id))
		t.Deps = places(ids, t.Deps)
		ids[id] = g.Add(t)
	}
	if err := other.Err(); err != nil {
		g.mu.Lock()
		if g.err == nil {
			g.err = err
		}
		g.mu.Unlock()
	}
	return ids
}

// places translates IDs.
func places(ids []ID, old []ID) []ID {
	if len(old) == 0 {
		return nil
	}
	deps := make([]ID, len(old))
	for i, d := range old {
		deps[i] = ids[d]
	}
	return deps
}

// rewrite makes a graph of what is needed of another, in which readers have absorbed some tasks. The slices are indexed by ID.
type rewrite struct {
	graph    *Graph
	want     []ID
	wanted   []bool
	needed   []bool
	absorbed []bool
	ids      []ID // in the new graph
}

func newRewrite(g *Graph, want []ID) *rewrite {
	n := g.Len()
	if len(want) == 0 {
		want = g.Ends()
	}
	r := &rewrite{graph: g, want: want, wanted: make([]bool, n), absorbed: make([]bool, n), ids: make([]ID, n)}
	for _, id := range want {
		r.wanted[id] = true
	}
	r.needed = g.below(want)
	return r
}

// Ends returns the tasks that no other reads.
func (g *Graph) Ends() (ends []ID) {
	read := make([]bool, g.Len())
	for id := range read {
		for _, d := range g.Deps(ID(id)) {
			read[d] = true
		}
	}
	for id, r := range read {
		if !r {
			ends = append(ends, ID(id))
		}
	}
	return ends
}

// below marks tasks and all that they need.
func (g *Graph) below(want []ID) []bool {
	needed := make([]bool, g.Len())
	top := ID(-1)
	for _, id := range want {
		needed[id] = true
		top = max(top, id)
	}
	for id := top; id >= 0; id-- {
		if needed[id] {
			for _, d := range g.Deps(id) {
				needed[d] = true
			}
		}
	}
	return needed
}

// apply makes the new graph.
func (r *rewrite) apply() (*Graph, []ID) {
	g := New()
	for id := range r.needed {
		if !r.needed[id] || r.absorbed[id] && !r.wanted[id] {
			continue
		}
		t := r.task(ID(id))
		t.Deps = places(r.ids, t.Deps)
		r.ids[id] = g.Add(t)
	}
	g.err = r.graph.Err()
	return g, places(r.ids, r.want)
}

// task returns a task together with what it absorbs, reading tasks of the old graph.
func (r *rewrite) task(id ID) Task {
	members := []ID{id}
	met := map[ID]bool{}
	for i := 0; i < len(members); i++ {
		for _, d := range r.graph.Deps(members[i]) {
			if r.absorbed[d] && !met[d] {
				met[d] = true
				members = append(members, d)
			}
		}
	}
	if len(members) == 1 {
		return r.graph.Task(id)
	}
	slices.Sort(members)
	return r.graph.compose(members)
}

// Reads says whether a task needs another, directly or not. It takes time linear in the tasks between the two.
func (g *Graph) Reads(id, other ID) bool {
	needed := make([]bool, id+1)
	needed[id] = true
	for at := id; at > other; at-- {
		if !needed[at] {
			continue
		}
		for _, d := range g.Deps(at) {
			needed[d] = true
		}
	}
	return other < id && other >= 0 && needed[other]
}
