package sched

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sheafdata/sheaf/graph"
)

// none is no task.
const none graph.ID = -1

// worker executes tasks, one at a time, of one run after the other.
type worker struct {
	index int
	// ctx is the context of the worker's tasks in the run it is in; cur is the task that runs there, none between two. Cancel reads both.
	ctx     atomic.Pointer[taskContext]
	cur     atomic.Int32
	calling graph.ID   // the task whose function is being called, none between two calls
	ready   []graph.ID // scratch
	wakeup  chan struct{}
	turn    int // place of the run it was in last
}

func newWorker(index int) *worker {
	w := &worker{index: index, calling: none, wakeup: make(chan struct{}, 1)}
	w.cur.Store(int32(none))
	return w
}

// slice is how long a worker stays with one run while others wait: long against the cost of a switch, short against a task.
const slice = 500 * time.Microsecond

// serve executes tasks of the run until there are none, or the worker must leave.
func (r *run) serve(w *worker) {
	for !r.work(w) {
	}
}

// rescue makes a panic of the task that w calls the task's error. It must be deferred; a panic of anything else goes on.
func (r *run) rescue(w *worker) {
	if w.calling == none {
		return
	}
	id := w.calling
	w.calling = none
	r.failTask(w, id, panicFault(recover()))
}

// work is serve up to a panic: then it returns false.
func (r *run) work(w *worker) (left bool) {
	defer r.rescue(w)
	var since time.Time
	next := none
	for {
		if next == none {
			if next = r.ready.take(w.index); next == none {
				return true
			}
		}
		next = r.step(w, next)
		gate := r.gate.Load()
		if gate == 0 {
			continue
		}
		if gate == gateCrowded {
			now := time.Now()
			if since.IsZero() {
				since = now
			}
			if now.Sub(since) < slice {
				continue
			}
		}
		if next != none {
			r.ready.push(w.index, next)
		}
		return true
	}
}

// step executes one task and returns a task that it made ready, the best to go on with, or none.
func (r *run) step(w *worker, id graph.ID) graph.ID {
	row := r.rows.at(int32(id))
	if row.word.Load()&flagHinted != 0 {
		return r.stepHinted(w, id, row)
	}
	if _, ok := row.move(stageWaiting, stageRunning); !ok {
		return none
	}
	w.cur.Store(int32(id))
	if row.stage() != stageRunning {
		return r.discard(w, id)
	}
	v, err := r.callTask(w, id)
	if err != nil {
		return r.failTask(w, id, err)
	}
	return r.succeed(w, id, row, v, r.graph.Deps(id))
}

// callTask collects the inputs of a task and has it executed.
func (r *run) callTask(w *worker, id graph.ID) (any, error) {
	deps := r.graph.Deps(id)
	var in []any
	if len(deps) > 0 {
		in = make([]any, len(deps))
		for i, d := range deps {
			in[i] = r.rows.at(int32(d)).result
		}
	}
	w.calling = id
	if r.observed() {
		r.event(Started, id, w.index, nil)
	}
	v, err := r.invoke(w, id, in)
	w.calling = none
	return v, err
}

// succeed gives a running task its result. deps are those whose results it holds.
func (r *run) succeed(w *worker, id graph.ID, row *row, v any, deps []graph.ID) graph.ID {
	row.result = v
	done := uint32(stageDone)
	if row.word.Load()&(flagKept|flagReleased) == 0 && row.head.Load() == 0 {
		done |= flagSpare
	}
	old, ok := row.move(stageRunning, done)
	if !ok {
		return r.discard(w, id)
	}
	return r.complete(w, id, old|done&flagSpare, deps)
}

// invoke calls the task's function, or has it called elsewhere.
func (r *run) invoke(w *worker, id graph.ID, in []any) (any, error) {
	ctx := w.ctx.Load()
	if r.call != nil {
		return r.call(ctx, Call{Graph: r.graph, Task: id, In: in, Worker: w.index})
	}
	if fn := r.graph.Func(id); fn != nil {
		return fn(ctx, in)
	}
	op, args := r.graph.Op(id)
	return operate(ctx, op, args, in)
}

// complete tells everybody that a task has its result. flags are those it has finished with.
func (r *run) complete(w *worker, id graph.ID, flags uint32, deps []graph.ID) graph.ID {
	r.endTask(w)
	if r.observed() {
		r.event(Finished, id, w.index, nil)
	}
	row := r.rows.at(int32(id))
	next := none
	ready := w.ready[:0]
	e := row.head.Swap(sealed)
	read := e > 0
	for e > 0 {
		edge := r.edges.at(e - 1)
		if r.rows.at(int32(edge.task)).pending.Add(-1) == 0 {
			ready = append(ready, edge.task)
		}
		e = edge.next
	}
	if len(ready) > 0 && r.ready.ranked.Load() {
		r.sort(w, ready)
		w.ready = ready[:0]
	} else if len(ready) == 1 {
		next = ready[0]
	} else if len(ready) > 1 {
		next = r.share(w, ready)
		w.ready = ready[:0]
	}
	for _, d := range deps {
		r.drop(d)
	}
	if flags&flagSpare == 0 {
		r.drop(id)
	} else if read {
		r.claim(id, row)
	}
	if flags&flagWanted != 0 {
		r.wantedDone(id)
	}
	return next
}

// share makes newly ready tasks available to all workers, the first in static order on top, but for that one, which it returns.
func (r *run) share(w *worker, ready []graph.ID) graph.ID {
	slices.Reverse(ready) // lists run from new to old, which is mostly against the order
	byRank := func(a, b graph.ID) int {
		return cmp.Compare(r.rows.at(int32(a)).rank, r.rows.at(int32(b)).rank)
	}
	if !slices.IsSortedFunc(ready, byRank) {
		slices.SortFunc(ready, byRank)
	}
	first := ready[0]
	slices.Reverse(ready[1:])
	r.ready.push(w.index, ready[1:]...)
	r.engine.wake(len(ready) - 1)
	return first
}

// endTask makes the worker ready for its next task.
func (r *run) endTask(w *worker) {
	w.cur.Store(int32(none))
	if c := w.ctx.Load(); c.used() {
		c.end(errEnded)
		w.ctx.Store(&taskContext{run: r})
	}
}

// discard ends a task that was cancelled while it ran or was about to. The one who cancels holds mu and may still be on its way to
// the worker's context, which must not serve the next task then.
func (r *run) discard(w *worker, id graph.ID) graph.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.rows.at(int32(id))
	row.result = nil
	if row.word.Load()&flagHinted != 0 {
		r.giveBack(id, true)
	}
	r.dropDeps(id)
	r.endTask(w)
	return none
}

// failTask ends a running task with an error, or has it tried again.
func (r *run) failTask(w *worker, id graph.ID, err error) graph.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.rows.at(int32(id))
	tries := 1
	if row.word.Load()&flagHinted != 0 {
		err = r.lateError(w, id, err)
		r.giveBack(id, true)
		tries += r.retries.of(id)
	}
	r.endTask(w)
	switch {
	case row.stage() != stageRunning:
		r.dropDeps(id) // it was cancelled meanwhile
	case row.word.Load()&flagHinted != 0 && r.again(w, id, err, tries):
	default:
		r.fail(id, taskFault(r.graph, id, err, tries))
	}
	return none
}
