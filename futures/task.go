package futures

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// task is a Task of a local client.
type task struct {
	c   *local
	id  graph.ID
	key graph.Key // as submitted
	// work is nil once it is done: the graph keeps the task, and must not keep what the work holds.
	work    atomic.Pointer[graph.Func]
	holders int // guarded by c.mu

	mu     sync.Mutex
	over   bool
	failed bool
	notify []func()
}

// execute is the task's function.
func (t *task) execute(ctx context.Context, in []any) (any, error) {
	work := t.work.Load()
	if work == nil { // it was cancelled as it began, or is executed again by who knows the graph
		return nil, fault.New(fault.Canceled, "", "the task is over, and its function gone: %w", context.Canceled).
			WithHint("to run a failed future again, call its Retry or Reproduce")
	}
	return (*work)(ctx, in)
}

// end marks the task as done and tells who wants to know.
func (t *task) end(failed bool) {
	t.work.Store(nil)
	t.mu.Lock()
	notify := t.notify
	t.over, t.failed, t.notify = true, failed, nil
	t.mu.Unlock()
	for _, fn := range notify {
		fn()
	}
}

func (t *task) isOver() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}

func (t *task) hasFailed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

// OnDone implements Task.
func (t *task) OnDone(fn func()) {
	t.mu.Lock()
	over := t.over
	if !over {
		t.notify = append(t.notify, fn)
	}
	t.mu.Unlock()
	if over {
		fn()
	}
}

// Result implements Task.
func (t *task) Result() (any, error) { return t.c.run.Result(t.id) }

// Cancel implements Task.
func (t *task) Cancel() { t.c.run.Cancel(t.id) }

// Release implements Task.
func (t *task) Release() {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	t.c.release(t)
}

// release gives up one hold. The caller holds mu.
func (c *local) release(t *task) {
	if t.holders == 0 {
		return
	}
	if t.holders--; t.holders > 0 {
		return
	}
	if c.keys[t.key] == t {
		delete(c.keys, t.key)
	}
	c.run.Release(t.id)
}
