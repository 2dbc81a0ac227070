package sched

import (
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// kind is what the hints of a task mean for its execution. Tasks of the same hints share one. A task without a kind, which is nearly
// every task, pays one bit of a word that is read anyway.
type kind struct {
	hint     graph.Hint
	priority int   // own, or that of a task that needs it
	need     *need // nil where it needs nothing that is counted
	cached   bool
}

// readHints returns the kinds of the tasks added since the last Submit, nil where no task has one. It changes nothing.
func (r *run) readHints(from, to graph.ID) ([]*kind, error) {
	var kinds []*kind
	ranked := false
	for id := from; id < to; id++ {
		if !r.graph.Hinted(id) {
			continue
		}
		h := r.graph.Hint(id)
		if err := r.stock.check(&h); err != nil {
			return nil, fault.New(fault.Plan, "submit", "task %s %w", r.graph.Name(id), err).
				WithHint("set how many there are with sched.Resources")
		}
		if kinds == nil {
			kinds = make([]*kind, to-from)
		}
		kinds[id-from] = r.kindOf(&h, r.graph.Key(id) != graph.Key{})
		ranked = ranked || h.Priority != 0
	}
	if ranked {
		r.inherit(kinds, from, to)
	}
	return kinds, nil
}

// kindOf returns what a hint means, nil when it means nothing to this run.
func (r *run) kindOf(h *graph.Hint, named bool) *kind {
	cached := h.Pure && named && r.options.Cache != nil
	counted := len(h.Resources) > 0 || h.Memory > 0 && r.options.Memory > 0
	if !cached && !counted && h.Retries <= 0 && h.Timeout <= 0 && h.Priority == 0 {
		return nil
	}
	if k := r.latest; k != nil && k.cached == cached && k.priority == h.Priority && k.hint.Equal(h) {
		return k
	}
	k := &kind{hint: *h, priority: h.Priority, cached: cached}
	if counted {
		k.need = r.stock.needOf(h)
	}
	r.latest = k
	return k
}

// inherit gives tasks the priority of what needs them, where that is higher: an urgent task is no sooner than its inputs.
func (r *run) inherit(kinds []*kind, from, to graph.ID) {
	priority := make([]int, to-from)
	for i, k := range kinds {
		if k != nil {
			priority[i] = k.priority
		}
	}
	bare := map[int]*kind{} // by priority, of tasks without hints
	for id := to - 1; id >= from; id-- {
		p := priority[id-from]
		for _, d := range r.graph.Deps(id) {
			if d >= from {
				priority[d-from] = max(priority[d-from], p)
			}
		}
		k := kinds[id-from]
		if k != nil && k.priority == p || k == nil && p == 0 {
			continue
		}
		if k != nil {
			raised := *k
			raised.priority = p
			kinds[id-from] = &raised
			continue
		}
		if bare[p] == nil {
			bare[p] = &kind{priority: p}
		}
		kinds[id-from] = bare[p]
	}
}

// mark gives the new tasks their kinds.
func (r *run) mark(kinds []*kind, from graph.ID) {
	r.kinds.grow(int(from) + len(kinds))
	for i, k := range kinds {
		if k == nil {
			continue
		}
		id := int32(from) + int32(i)
		*r.kinds.at(id) = k
		r.rows.at(id).word.Or(flagHinted)
		if k.priority != 0 {
			r.ready.ranked.Store(true)
		}
	}
}

// kind returns that of a task with flagHinted.
func (r *run) kind(id graph.ID) *kind { return *r.kinds.at(int32(id)) }

// recall takes results of the new tasks from the cache. A task that only such tasks need does not run: it is done, and its result gone.
func (r *run) recall(from, to graph.ID) {
	needed := make([]bool, to-from)
	read := make([]bool, to-from)
	for id := to - 1; id >= from; id-- {
		row := r.rows.at(int32(id))
		word := row.word.Load()
		if word&flagWanted != 0 || !read[id-from] {
			needed[id-from] = true
		}
		if needed[id-from] && word&flagHinted != 0 && r.kind(id).cached {
			if v, ok := r.options.Cache.get(r.graph.Key(id)); ok {
				row.result = v
				row.word.Or(flagRecalled)
			}
		}
		goes := needed[id-from] && row.word.Load()&flagRecalled == 0
		for _, d := range r.graph.Deps(id) {
			if d >= from {
				read[d-from] = true
				needed[d-from] = needed[d-from] || goes
			}
		}
		if goes {
			continue
		}
		r.dropInputs(id) // those that read it are above, and have dropped it
		if !needed[id-from] {
			row.head.Store(sealed)
			row.word.Or(stageDone)
			r.drop(id)
		}
	}
}
