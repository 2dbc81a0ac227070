package sched

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// retries is what a run knows of tasks that failed and are tried again.
type retries struct {
	mu     sync.Mutex
	failed map[graph.ID]int
	timers map[graph.ID]*time.Timer // of tasks that pause
	ended  bool
	firing sync.WaitGroup // timers that have not been stopped
}

// of returns how often a task has failed and was tried again.
func (t *retries) of(id graph.ID) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed[id]
}

func (t *retries) count(id graph.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = map[graph.ID]int{}
	}
	t.failed[id]++
}

// after calls f after a pause, unless the run ends before.
func (t *retries) after(id graph.ID, pause time.Duration, f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	if t.timers == nil {
		t.timers = map[graph.ID]*time.Timer{}
	}
	t.firing.Add(1)
	t.timers[id] = time.AfterFunc(pause, func() {
		defer t.firing.Done()
		t.mu.Lock()
		delete(t.timers, id)
		ended := t.ended
		t.mu.Unlock()
		if !ended {
			f()
		}
	})
}

// stop ends all pauses.
func (t *retries) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	for _, timer := range t.timers {
		if timer.Stop() {
			t.firing.Done()
		}
	}
	clear(t.timers)
}

// wait returns when no timer fires any more, after stop.
func (t *retries) wait() { t.firing.Wait() }

const (
	mostDoublings = 6                // of Hint.Backoff
	spread        = 4                // pauses are up to a quarter longer, so that tasks that failed together do not come back together
	longestPause  = 10 * time.Minute // unless Hint.Backoff is longer
)

// pause returns how long a task waits before it is tried again, after so many tries.
func pause(h *graph.Hint, tries int) time.Duration {
	if h.Backoff <= 0 {
		return 0
	}
	p := h.Backoff
	for range min(tries-1, mostDoublings) {
		p = min(2*p, max(longestPause, h.Backoff))
	}
	return p + rand.N(p/spread+1)
}

// again has a task that failed tried once more, where its hint and the error allow it. The caller holds mu.
func (r *run) again(w *worker, id graph.ID, err error, tries int) bool {
	h := &r.kind(id).hint
	if tries > h.Retries || r.endError() != nil {
		return false
	}
	row := r.rows.at(int32(id))
	r.retries.count(id)
	if r.observed() {
		r.event(Retried, id, w.index, taskFault(r.graph, id, err, tries))
	}
	if _, ok := row.move(stageRunning, stageWaiting); !ok {
		return false
	}
	if p := pause(h, tries); p > 0 {
		r.retries.after(id, p, func() { r.resume(id, sharedSlot) })
	} else {
		r.resume(id, w.index)
	}
	return true
}

// resume makes a task ready that has been before.
func (r *run) resume(id graph.ID, worker int) {
	if !r.rank(id, len(r.graph.Deps(id)) == 0) {
		r.ready.push(worker, id)
		r.engine.wake(1)
	}
	r.out.signal() // an inline run goes on
}

// lateError says in the error of a task that its timeout was over.
func (r *run) lateError(w *worker, id graph.ID, err error) error {
	c := w.ctx.Load()
	if c.limit <= 0 || !c.late() || r.ctx.Err() != nil || r.rows.at(int32(id)).stage() != stageRunning {
		return err
	}
	if err == context.DeadlineExceeded {
		return fault.New(fault.Canceled, "", "it took longer than its timeout of %v: %w", c.limit, err)
	}
	return fault.New(fault.Canceled, "", "it took longer than its timeout of %v: %w: %w", c.limit, context.DeadlineExceeded, err)
}

// stepHinted is step for a task with a kind.
func (r *run) stepHinted(w *worker, id graph.ID, row *row) graph.ID {
	k := r.kind(id)
	if k.need != nil && row.word.Load()&(flagAdmitted|flagRecalled) == 0 && !r.request(id, k) {
		return none
	}
	old, ok := row.move(stageWaiting, stageRunning)
	if !ok {
		r.giveBack(id, true) // it was cancelled
		return none
	}
	if k.hint.Timeout > 0 {
		w.ctx.Store(&taskContext{run: r, limit: k.hint.Timeout, deadline: time.Now().Add(k.hint.Timeout)})
	}
	w.cur.Store(int32(id))
	if row.stage() != stageRunning {
		return r.discard(w, id)
	}
	if old&flagRecalled != 0 {
		return r.succeed(w, id, row, row.result, nil)
	}
	begin := time.Time{}
	if k.cached {
		begin = time.Now()
	}
	v, err := r.callTask(w, id)
	if err != nil {
		return r.failTask(w, id, err)
	}
	if k.cached {
		r.options.Cache.put(r.graph.Key(id), v, time.Since(begin), k.hint.Memory)
	}
	next := r.succeed(w, id, row, v, r.graph.Deps(id))
	r.giveBack(id, false)
	return next
}
