package sched

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// run is the Run of every scheduler of this package; they differ in their engine.
//
// What workers do for each task takes no lock: it is atomic operations on the task's row, so that a task costs tens of nanoseconds
// beside its own work. What users call (Submit, Cancel, Release), and every failure, is done under mu. Locks are taken in the order
// mu, out.mu, the engine's.
type run struct {
	number  int64
	options Options
	engine  engine
	call    func(ctx context.Context, c Call) (any, error) // executes a task, nil for this process
	ctx     context.Context                                // of all tasks: Start's, cancelled at the end
	cancel  context.CancelCauseFunc
	unwatch func() bool // stops watching Start's context

	// gate is not 0 when a worker must not just go on to the next task; it is what a worker looks at between two tasks.
	gate   atomic.Int32
	cap    int32        // most workers at once
	active atomic.Int32 // workers that count against cap
	inside atomic.Int32 // workers that have not left, also those that wait for another run

	rows  table[row]
	ready ready

	mu      sync.Mutex
	graph   *graph.Graph
	seen    atomic.Int32 // tasks that have rows
	edges   table[edge]
	nEdges  int32
	ranks   int32
	left    atomic.Int32 // wanted tasks that have neither finished nor failed
	failed  graph.ID     // the first task in graph order that failed and that was wanted or needed, none so far if -1
	failure error        // its error
	missed  bool         // a wanted task failed
	closed  bool
	ended   atomic.Pointer[error] // why the run stopped, nil while it has not

	seatMu sync.Mutex
	seats  []*worker // workers inside

	out outbox

	// What only runs with hints use.
	kinds   table[*kind] // of each task with flagHinted
	latest  *kind        // the last one made: most tasks have the same
	stock   stock
	retries retries
}

// engine brings workers to a run.
type engine interface {
	// wake says that up to n more workers would find work.
	wake(n int)
	// wait blocks until ready, called with out.mu held, is true, ctx ends, or the run does.
	wait(ctx context.Context, r *run, ready func() bool) error
	// detach keeps workers from entering the run; await returns when they have left it.
	detach(r *run)
	await(r *run)
}

// Bits of gate.
const (
	gateEnded   = 1 << iota // the run is over
	gatePaused              // the reader of Done is behind
	gateCrowded             // the workers have other runs to serve as well
)

// row is what a run knows about a task.
type row struct {
	// result is the result once the stage is done, the error once it is failed. It is written before the stage: by the worker that runs
	// the task, or under run.mu while the task waits for what has failed.
	result any
	word   atomic.Uint32 // stage and flags
	// pending counts the dependencies that have no result yet; who takes it to 0 makes the task ready.
	pending atomic.Int32
	// readers counts who may still read the result: tasks that depend on it, a want, and the task itself until it has finished. At 0 the
	// result is freed for good.
	readers atomic.Int32
	// head is the newest edge to a task that waits for this one, 0 none; sealed once the stage is final.
	head atomic.Int32
	rank int32 // place in the static order
}

// The stages of a task. Waiting → running is done by a worker, the rest by a worker or under run.mu.
const (
	stageWaiting = iota
	stageRunning
	stageDone // final, as those below
	stageFailed
	stageCancelled
	stageMask = 7

	flagWanted   = 1 << 3 // Wait and Done count it
	flagKept     = 1 << 4 // a want holds its result
	flagReported = 1 << 5 // it is or was in the outbox
	// flagSpare says that the task finished before anything read it: its own reference keeps the result until something does. Otherwise
	// a task that somebody has added, and is about to submit as wanted, could come and go by the Submit of another.
	flagSpare = 1 << 6
	// flagReleased says that nobody will read the result but for tasks that were added before: there was a Release.
	flagReleased = 1 << 7
	flagHinted   = 1 << 8  // it has a kind: its execution takes the long way
	flagAdmitted = 1 << 9  // it has what it needs of the stock, although it does not run yet
	flagRecalled = 1 << 10 // its result came from the cache, and it reads no other
	flagStored   = 1 << 11 // it, or its result, holds bytes of the stock
)

// sealed is the head of a list that takes no more edges.
const sealed = -1

func (w *row) stage() uint32 { return w.word.Load() & stageMask }

// move goes to another stage, keeping the flags, and returns the word before; false when the stage is not from.
func (w *row) move(from, to uint32) (uint32, bool) {
	for {
		old := w.word.Load()
		if old&stageMask != from {
			return old, false
		}
		if w.word.CompareAndSwap(old, old&^stageMask|to) {
			return old, true
		}
	}
}

// hold adds a reader; false when the result was freed.
func (w *row) hold() bool {
	for {
		n := w.readers.Load()
		if n == 0 {
			return false
		}
		if w.readers.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// edge says that a task waits for the one whose list it is in.
type edge struct {
	task graph.ID
	next int32 // 1 + index of the next edge, 0 none
}

var runs atomic.Int64

func newRun(ctx context.Context, o Options, e engine, workers int) *run {
	r := &run{number: runs.Add(1), options: o, engine: e, failed: -1}
	r.cap = int32(workers)
	if o.Workers > 0 {
		r.cap = int32(min(o.Workers, workers))
	}
	if o.Progress != nil {
		r.options.Observers = append(o.Observers[:len(o.Observers):len(o.Observers)], newProgress(o.Progress))
	}
	r.stock.init(o)
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	r.ready.init(workers)
	r.out.init()
	return r
}

// watch ends the run with its context. It is the last step of Start.
func (r *run) watch(ctx context.Context) {
	r.unwatch = context.AfterFunc(ctx, func() { r.end(canceled(ctx)) })
}

// end stops the run: no task starts any more, those that run are cancelled, everybody who waits gets the error.
func (r *run) end(err error) {
	if !r.ended.CompareAndSwap(nil, &err) {
		return
	}
	r.gate.Or(gateEnded)
	r.retries.stop()
	r.cancel(err)
	r.engine.detach(r)
	r.out.signal()
}

// endError returns why the run has ended, nil while it has not. A context's end counts from when it shows.
func (r *run) endError() error {
	if r.ctx.Err() != nil {
		r.end(canceled(r.ctx))
	}
	if p := r.ended.Load(); p != nil {
		return *p
	}
	return nil
}

// Close implements Run.
func (r *run) Close() error {
	r.end(errClosed)
	r.unwatch()
	r.retries.wait()
	r.engine.await(r)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	if r.observed() {
		r.lastEvents()
	}
	r.out.mu.Lock() // a range over Done that begins now looks at the rows
	r.seen.Store(0)
	r.rows.clear()
	r.out.mu.Unlock()
	r.edges.clear()
	r.kinds.clear()
	r.stock.clear()
	r.ready.clear()
	r.graph = nil
	return nil
}

// lastEvents tells observers what Close does to what is left.
func (r *run) lastEvents() {
	for id := range graph.ID(r.seen.Load()) {
		switch w := r.rows.at(int32(id)); {
		case w.stage() == stageDone && w.readers.Load() > 0:
			r.event(Released, id, -1, nil)
		case w.stage() == stageWaiting || w.stage() == stageRunning:
			r.event(Failed, id, -1, r.endError())
		}
	}
}

// Result implements Run.
func (r *run) Result(id graph.ID) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	if id < 0 || int32(id) >= r.seen.Load() {
		return nil, fault.New(fault.Plan, "result", "%d is no task of this run", id)
	}
	w := r.rows.at(int32(id))
	switch w.stage() {
	case stageDone:
		if !w.hold() {
			return nil, fault.New(fault.Plan, "result", "the result of task %s was freed", r.graph.Name(id)).
				WithHint("only the results of wanted tasks are kept, until Release or Close")
		}
		v := w.result
		r.drop(id)
		return v, nil
	case stageFailed, stageCancelled:
		return nil, r.errorOf(id)
	}
	if err := r.endError(); err != nil {
		return nil, err
	}
	return nil, fault.New(fault.Plan, "result", "task %s has not finished", r.graph.Name(id))
}

// Release implements Run.
func (r *run) Release(ids ...graph.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	for _, id := range ids {
		if id < 0 || int32(id) >= r.seen.Load() {
			continue
		}
		w := r.rows.at(int32(id))
		if w.word.And(^uint32(flagKept))&flagKept != 0 {
			r.drop(id)
		}
		w.word.Or(flagReleased)
		r.claim(id, w)
	}
}

// claim ends the time in which a finished task keeps its own result.
func (r *run) claim(id graph.ID, w *row) {
	if w.word.Load()&flagSpare != 0 && w.word.And(^uint32(flagSpare))&flagSpare != 0 {
		r.drop(id)
	}
}

// drop takes one reader from a task and frees its result when that was the last.
func (r *run) drop(id graph.ID) {
	w := r.rows.at(int32(id))
	if w.readers.Add(-1) > 0 {
		return
	}
	word := w.word.Load()
	if word&stageMask != stageDone {
		return
	}
	w.result = nil
	if word&flagHinted != 0 {
		r.returnBytes(id)
	}
	if r.observed() {
		r.event(Released, id, -1, nil)
	}
}
