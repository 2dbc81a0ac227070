package sched

import (
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// fail ends a task that runs, or waits for one that failed, and fails what waits for it. The caller holds mu.
func (r *run) fail(id graph.ID, err error) {
	if r.endError() != nil {
		return // everything is over, and this may be because of it
	}
	r.failAll([]graph.ID{id}, err)
}

// failAll fails tasks and all that wait for them. Those that wait cannot begin to run meanwhile: they miss a result.
func (r *run) failAll(todo []graph.ID, err error) {
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		w := r.rows.at(int32(id))
		stage := w.stage()
		if stage != stageWaiting && stage != stageRunning {
			continue
		}
		w.result = err
		old, _ := w.move(stage, stageFailed)
		before := len(todo)
		todo = r.over(id, w, err, todo)
		r.dropDeps(id)
		wanted := old&flagWanted != 0
		if (wanted || len(todo) > before) && (r.failed == none || id < r.failed) {
			r.failed, r.failure = id, err
		}
		if wanted {
			r.missed = true
			r.wantedDone(id)
		}
	}
}

// over does what is common to tasks that end without a result, and appends those that wait for them.
func (r *run) over(id graph.ID, w *row, err error, waiting []graph.ID) []graph.ID {
	if r.observed() {
		r.event(Failed, id, -1, err)
	}
	for e := w.head.Swap(sealed); e > 0; {
		edge := r.edges.at(e - 1)
		waiting = append(waiting, edge.task)
		e = edge.next
	}
	return waiting
}

// dropDeps ends a task's reading of what it depends on.
func (r *run) dropDeps(id graph.ID) {
	if r.rows.at(int32(id)).word.Load()&flagRecalled == 0 {
		r.dropInputs(id)
	}
}

func (r *run) dropInputs(id graph.ID) {
	for _, d := range r.graph.Deps(id) {
		r.drop(d)
	}
}

// errorOf returns the error of a task that ended without a result.
func (r *run) errorOf(id graph.ID) error {
	w := r.rows.at(int32(id))
	if w.stage() == stageCancelled {
		return taskFault(r.graph, id, errCanceled, 0)
	}
	err, _ := w.result.(error)
	return err
}

// Cancel implements Run.
func (r *run) Cancel(ids ...graph.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.endError() != nil {
		return
	}
	var gone []graph.ID
	for _, id := range ids {
		if id >= 0 && int32(id) < r.seen.Load() && r.cancelTask(id) {
			gone = append(gone, id)
		}
	}
	r.cancelNeeded(gone)
}

// cancelTask cancels one task; false when it was final already.
func (r *run) cancelTask(id graph.ID) bool {
	w := r.rows.at(int32(id))
	var old uint32
	for {
		old = w.word.Load()
		if old&stageMask >= stageDone {
			return false
		}
		if w.word.CompareAndSwap(old, old&^(stageMask|flagWanted)|stageCancelled) {
			break
		}
	}
	err := r.errorOf(id)
	if old&stageMask == stageRunning {
		r.interrupt(id, err) // its worker may still be reading its inputs, and drops them when it is back
	} else {
		r.dropDeps(id)
	}
	if waiting := r.over(id, w, err, nil); len(waiting) > 0 {
		r.failAll(waiting, err)
	}
	if old&flagWanted != 0 && r.left.Add(-1) == 0 {
		r.out.signal()
	}
	return true
}

// interrupt ends the context of a running task. Its worker may not have got so far as to say that it runs it; then it looks at the
// stage after it has said so.
func (r *run) interrupt(id graph.ID, err error) {
	r.seatMu.Lock()
	defer r.seatMu.Unlock()
	for _, w := range r.seats {
		if w.cur.Load() == int32(id) {
			w.ctx.Load().end(err)
		}
	}
}

// cancelNeeded cancels what only cancelled tasks needed: what is not wanted itself and has nobody else waiting. How many wait is
// counted once for each, so that cancelling all readers of one task takes linear time.
func (r *run) cancelNeeded(gone []graph.ID) {
	type waiting struct {
		live int
		by   graph.ID // the cancelled task for which it was counted: not in live
	}
	counts := map[graph.ID]waiting{}
	first := len(gone) // those after it were cancelled here, after counts that include them
	for i := 0; i < len(gone); i++ {
		for _, d := range r.graph.Deps(gone[i]) {
			n, counted := counts[d]
			switch {
			case !counted:
				n = waiting{r.liveReaders(d), gone[i]}
			case i >= first && n.by != gone[i]:
				n.live--
			}
			counts[d] = n
			if w := r.rows.at(int32(d)); n.live > 0 || w.word.Load()&flagWanted != 0 {
				continue
			}
			if r.cancelTask(d) {
				gone = append(gone, d)
			}
		}
	}
}

// liveReaders counts the edges to tasks that wait for this one and can still run.
func (r *run) liveReaders(id graph.ID) int {
	n := 0
	for e := r.rows.at(int32(id)).head.Load(); e > 0; {
		edge := r.edges.at(e - 1)
		if r.rows.at(int32(edge.task)).stage() == stageWaiting {
			n++
		}
		e = edge.next
	}
	return n
}

// ownWait is the error of a task that waits for the run it is part of.
func ownWait() error {
	return fault.New(fault.Plan, "wait", "a task waits for its own run, which waits for the task").
		WithHint("range over Done and break, or start another run")
}
