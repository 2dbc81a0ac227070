package sched

import (
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// publishEvery is how many tasks Submit links before it hands the ready ones to the workers: they start while it goes on, and it
// pays for a hand-off now and then only.
const publishEvery = 1024

// Submit implements Run.
func (r *run) Submit(g *graph.Graph, want ...graph.ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.admit(g); err != nil {
		return err
	}
	from, to := graph.ID(r.seen.Load()), graph.ID(g.Len())
	hinted, err := r.readHints(from, to)
	if err != nil {
		return err
	}
	if err := r.ingest(from, to); err != nil {
		return err
	}
	if err := r.keep(want, to); err != nil {
		r.expel(from, to)
		return err
	}
	if hinted != nil {
		r.mark(hinted, from)
	}
	r.seen.Store(int32(to))
	r.want(want)
	if r.options.Cache != nil {
		r.recall(from, to)
	}
	r.link(g.Order(from, to))
	return nil
}

// admit checks what can be said before anything is done.
func (r *run) admit(g *graph.Graph) error {
	switch {
	case r.closed:
		return errClosed
	case g == nil:
		return fault.New(fault.Plan, "submit", "the graph is nil")
	case r.graph != nil && r.graph != g:
		return fault.New(fault.Plan, "submit", "a run executes one graph, this is another").
			WithHint("add the tasks to the run's graph, or start a run for this one")
	}
	if err := r.endError(); err != nil {
		return err
	}
	if err := g.Err(); err != nil {
		return err
	}
	if r.graph == nil { // workers read it
		r.graph = g
	}
	return nil
}

// ingest makes rows for the tasks added since the last Submit, and counts them as readers of what they depend on. On an error there
// are no such tasks.
func (r *run) ingest(from, to graph.ID) error {
	r.rows.grow(int(to))
	for id := from; id < to; id++ {
		w := r.rows.at(int32(id))
		w.readers.Store(1)
		for i, d := range r.graph.Deps(id) {
			if r.rows.at(int32(d)).hold() {
				continue
			}
			for _, held := range r.graph.Deps(id)[:i] {
				r.drop(held)
			}
			r.expel(from, id)
			return fault.New(fault.Plan, "submit", "task %s depends on task %s, whose result was freed", r.graph.Name(id), r.graph.Name(d)).
				WithHint("a result that later tasks read must be wanted")
		}
	}
	return nil
}

// expel undoes ingest.
func (r *run) expel(from, to graph.ID) {
	for id := from; id < to; id++ {
		for _, d := range r.graph.Deps(id) {
			r.drop(d)
		}
	}
}

// keep makes the run hold the results of the wanted tasks, which are below end. On an error it holds none.
func (r *run) keep(want []graph.ID, end graph.ID) error {
	for i, id := range want {
		var err *fault.Error
		if id < 0 || id >= end {
			err = fault.New(fault.Plan, "submit", "%d is no task of the graph", id)
		} else if !r.rows.at(int32(id)).hold() {
			err = fault.New(fault.Plan, "submit", "the result of task %s was freed", r.graph.Name(id)).
				WithHint("want it when it is first submitted")
		}
		if err != nil {
			for _, held := range want[:i] {
				r.drop(held)
			}
			return err
		}
	}
	return nil
}

// want makes Wait and Done count the tasks, which keep has made held.
func (r *run) want(ids []graph.ID) {
	for _, id := range ids {
		w := r.rows.at(int32(id))
		if w.word.Or(flagKept)&flagKept != 0 {
			r.drop(id) // it was held by an earlier want
		}
		w.word.And(^uint32(flagReleased))
		r.claim(id, w)
		if w.word.Load()&flagWanted != 0 {
			continue
		}
		r.left.Add(1)
		if stage := w.word.Or(flagWanted) & stageMask; stage >= stageDone {
			if stage != stageDone {
				r.missed = true
				if r.failed == none || id < r.failed {
					r.failed, r.failure = id, r.errorOf(id)
				}
			}
			r.wantedDone(id)
		}
	}
}

// link makes each task wait for its dependencies, which come before it. What need not wait is ready.
func (r *run) link(order []graph.ID) {
	var roots []graph.ID
	observed := r.observed()
	for i, id := range order {
		if observed {
			r.event(GraphAdded, id, -1, nil)
		}
		w := r.rows.at(int32(id))
		r.ranks++
		w.rank = r.ranks
		word := w.word.Load()
		deps := r.graph.Deps(id)
		switch {
		case word&stageMask == stageDone: // nobody needs it: see recall
			if observed {
				r.event(Finished, id, -1, nil)
			}
		case len(deps) == 0 || word&flagRecalled != 0:
			if word&flagHinted == 0 || !r.rank(id, true) {
				roots = append(roots, id)
			}
		case r.linkDeps(id, w, deps):
			// Its inputs are held: it goes before tasks that have none.
			if word&flagHinted == 0 || !r.rank(id, false) {
				r.ready.push(sharedSlot, id)
			}
			r.engine.wake(1)
		}
		if i%publishEvery == publishEvery-1 && len(roots) > 0 {
			r.ready.addRoots(roots)
			r.engine.wake(len(roots))
			roots = roots[:0]
		}
	}
	if len(roots) > 0 {
		r.ready.addRoots(roots)
		r.engine.wake(len(roots))
	}
	r.out.signal() // an inline run that found nothing to do may go on
}

// linkDeps makes a task wait for its dependencies and says whether it is ready at once. It fails the task when one of them did.
func (r *run) linkDeps(id graph.ID, w *row, deps []graph.ID) bool {
	w.pending.Store(int32(len(deps)) + 1)
	done := int32(1)
	r.edges.grow(int(r.nEdges) + len(deps))
	for _, d := range deps {
		dep := r.rows.at(int32(d))
		if r.linkEdge(dep, id) {
			continue
		}
		if dep.stage() != stageDone {
			r.fail(id, r.errorOf(d))
			return false
		}
		r.claim(d, dep)
		done++
	}
	return w.pending.Add(-done) == 0
}

// linkEdge puts a task in the list of one it waits for; false when that one is final.
func (r *run) linkEdge(dep *row, id graph.ID) bool {
	for {
		head := dep.head.Load()
		if head == sealed {
			return false
		}
		*r.edges.at(r.nEdges) = edge{id, head}
		if dep.head.CompareAndSwap(head, r.nEdges+1) {
			r.nEdges++
			return true
		}
	}
}
