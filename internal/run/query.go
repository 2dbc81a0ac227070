// Package run drives one query: it turns the stages of a physical plan into tasks of one growing graph, adds a stage's tasks when
// what they need is known, hands the answer out in row order, and writes the receipt.
//
// It holds no operators. It imports internal/physical, internal/exec, internal/eval (which folds constants), graph, sched, shuffle and mem.
package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/shuffle"
)

// Yield gets rows of a frame's answer, in row order. The rows are the receiver's. False ends the query.
type Yield func(frame int, rows *exec.Rows) bool

// Query runs the optimised plans of frames and gives their rows to yield. It returns when all is given, yield says no, or something
// fails; nothing of the query is left then: tasks, memory, files.
func Query(ctx context.Context, frames []plan.Node, o sched.Options, yield Yield) (*Receipt, error) {
	stages, err := physical.Lower(frames...)
	if err != nil {
		return nil, err
	}
	return runStages(ctx, stages, o, yield, nil)
}

// poolBytes is the free memory a worker that the pool needs so that a scan finds its buffers again.
const poolBytes = 8 << 20

func runStages(ctx context.Context, stages *physical.Plan, o sched.Options, yield Yield, written func(partition.Report)) (*Receipt, error) {
	start := time.Now()
	budget := mem.Process().Child("run", o.Memory)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q := newQuery(stages, o, yield)
	mem.SweepSpill(o.SpillDir)
	if o.Memory > 0 { // what the pool keeps must be little beside a small budget
		defer mem.Shared.Bound(max(poolBytes*int64(q.workers()), o.Memory/8))()
	}
	space := shuffle.NewSpace(budget, o.SpillDir)
	taskCtx := exec.Pausable(shuffle.With(mem.With(exec.WithReceipts(ctx, q.receipt), budget), space))
	taskCtx = exec.WithWrites(taskCtx, &q.writes)
	q.ctx = taskCtx
	q.run = sched.Start(taskCtx, o)
	closed := false
	end := func() error {
		if closed {
			return nil
		}
		closed = true
		err := q.run.Close()
		if failed := q.abort(ctx); err == nil { // does nothing where all is committed
			err = failed
		}
		q.freeAll() // now that no task is left
		q.receipt.Spilled = space.Spilled()
		if closed := space.Close(); err == nil {
			err = closed
		}
		q.receipt.Wall = time.Since(start)
		q.receipt.PeakMemory = budget.Peak()
		budget.Close()
		return err
	}
	defer end() // when the receiver of rows panics, nothing of the query stays either
	err := q.loop(ctx)
	if err == nil {
		err = q.commit(ctx, written)
	}
	if failed := end(); err == nil {
		err = failed
	}
	return q.receipt, asFault(err)
}

// asFault makes every error that leaves the engine a *fault.Error. Which task met it means nothing to who wrote the query: the fault
// of the task's work has the place in the data.
func asFault(err error) error {
	var f *fault.Error
	var task *sched.TaskError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		if errors.As(f.Err, &task) { // the engine's tasks are not the user's: the cause alone, with the fault's kind and places
			c := *f
			c.Err = task.Err
			return &c
		}
		return f
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &fault.Error{Kind: fault.Canceled, Op: "run", Err: err}
	}
	return &fault.Error{Kind: fault.Internal, Op: "run", Err: err}
}

// errStopped says that the receiver of rows wants no more.
var errStopped = errors.New("stopped")

// query is the state of a run: which tasks of which stage there are, and how far each is. One goroutine drives it.
type query struct {
	ctx     context.Context
	plan    *physical.Plan
	options sched.Options
	yield   Yield
	graph   *graph.Graph
	run     sched.Run
	stages  []*stage
	byTask  map[graph.ID]place
	receipt *Receipt
	open    int // stages not complete
	ledger  ledger
	writes  exec.Writes
	pauses  int // of tasks, so far
	// inProcess: tasks are never sent away.
	inProcess bool
}

// place names a task of a stage.
type place struct{ stage, index int }

func newQuery(p *physical.Plan, o sched.Options, yield Yield) *query {
	q := &query{plan: p, options: o, yield: yield, graph: graph.New(), byTask: map[graph.ID]place{}, receipt: newReceipt(p), open: len(p.Stages), inProcess: sched.InProcess(o.On)}
	for _, s := range p.Stages {
		q.stages = append(q.stages, &stage{Stage: s, needs: needsOf(s)})
	}
	for _, s := range q.stages {
		for _, n := range s.needs {
			q.stages[n].readers++
		}
	}
	for frame, id := range p.Roots {
		q.stages[id].frame = frame
	}
	return q
}

// loop starts what can start and goes on as tasks finish, until every stage is complete.
func (q *query) loop(ctx context.Context) error {
	err := q.startReady()
	for err == nil && q.open > 0 {
		err = q.drain(ctx)
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// drain handles finished tasks until the run has none in flight.
func (q *query) drain(ctx context.Context) error {
	any := false
	for id, err := range q.run.Done(ctx) {
		any = true
		if id < 0 {
			return err
		}
		if err := q.finished(id, err); err != nil {
			return err
		}
		if q.open == 0 {
			return nil
		}
	}
	if !any && q.open > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		return fault.New(fault.Internal, "run", "%d stages are not complete and no task is left", q.open)
	}
	return nil
}

func (q *query) finished(id graph.ID, failed error) error {
	at, ok := q.byTask[id]
	if !ok {
		return fault.New(fault.Internal, "run", "task %d is of no stage", id)
	}
	s := q.stages[at.stage]
	if s.complete {
		if failed == nil {
			q.release(id)
		}
		return nil
	}
	if failed != nil && s.Enough == 0 {
		return failed
	}
	s.tasks[at.index].done, s.tasks[at.index].err = true, failed
	if err := q.advance(s); err != nil {
		return err
	}
	return q.startReady()
}

// startReady adds the tasks of every stage whose needs are complete.
func (q *query) startReady() error {
	for again := true; again; {
		again = false
		for _, s := range q.stages {
			if s.started || !q.ready(s) {
				continue
			}
			if split, err := q.splitJoin(s); err != nil {
				return err
			} else if split {
				again = true
				continue
			}
			if err := q.start(s); err != nil {
				return err
			}
			again = again || s.complete
		}
	}
	return nil
}

func (q *query) ready(s *stage) bool {
	for _, n := range s.needs {
		if !q.stages[n].complete {
			return false
		}
	}
	return true
}

// release drops a task's result and what it reserved.
func (q *query) release(id graph.ID) {
	if v, err := q.run.Result(id); err == nil {
		if r, ok := v.(exec.Result); ok {
			r.Free()
		}
	}
	q.run.Release(id)
}

// ledger lists what the results of a run reserve. A result may get lost: its task was cancelled while it ran, or finished after
// nobody asked any more. Reservations are small, so that none is taken off the list before the end.
type ledger struct {
	mu     sync.Mutex
	held   []*mem.Reservation
	paused map[*exec.Resume]bool
}

// enter makes a task's function note what its result reserves.
func (l *ledger) enter(do graph.Func) graph.Func {
	return func(ctx context.Context, in []any) (any, error) {
		v, err := do(ctx, in)
		if r, ok := v.(exec.Result); ok && err == nil && r.Held() != nil {
			l.mu.Lock()
			l.held = append(l.held, r.Held())
			if rows, ok := v.(*exec.Rows); ok && rows.More != nil {
				if l.paused == nil {
					l.paused = map[*exec.Resume]bool{}
				}
				l.paused[rows.More] = true
			}
			l.mu.Unlock()
		}
		return v, err
	}
}

// resume makes a task of what a paused one has left.
func (l *ledger) resume(more *exec.Resume) graph.Func {
	return func(ctx context.Context, in []any) (any, error) {
		l.mu.Lock()
		delete(l.paused, more)
		l.mu.Unlock()
		return more.Do(ctx, in)
	}
}

// freeAll gives back what results still hold. No task may be running.
func (q *query) freeAll() {
	for _, r := range q.ledger.held {
		r.Free()
	}
	for more := range q.ledger.paused {
		more.Close()
	}
}

// String names a task for errors and observers.
func (s *stage) key(i int) graph.Key {
	return graph.Key{Group: fmt.Sprintf("%s-%d", s.Branches[0].Fragment.Name(), s.ID), Index: i}
}
