package sched

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// taskContext is the context of the tasks that one worker runs in one run, one after the other. Most tiny tasks never look at
// theirs, so the parts that cost are made when they are asked for, and only a context that was asked ends with its task and is
// replaced for the next.
type taskContext struct {
	run *run
	// limit is the task's timeout, 0 none, and deadline when it is over. A context that has one is for one task.
	limit    time.Duration
	deadline time.Time

	mu    sync.Mutex
	inner atomic.Pointer[innerContext] // nil until Done or Value need it
	cause atomic.Pointer[error]        // why this task was cancelled, nil while it is not
}

type innerContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// made returns the real context beneath, a child of the run's.
func (c *taskContext) made() *innerContext {
	if in := c.inner.Load(); in != nil {
		return in
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if in := c.inner.Load(); in != nil {
		return in
	}
	above := c.run.ctx
	stop := context.CancelFunc(func() {})
	if c.limit > 0 {
		above, stop = context.WithDeadline(above, c.deadline)
	}
	ctx, up := context.WithCancelCause(above)
	cancel := func(cause error) { up(cause); stop() }
	if cause := c.cause.Load(); cause != nil {
		cancel(*cause)
	}
	in := &innerContext{ctx, cancel}
	c.inner.Store(in)
	return in
}

// end cancels the context for a cause.
func (c *taskContext) end(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cause.CompareAndSwap(nil, &cause)
	if in := c.inner.Load(); in != nil {
		in.cancel(cause)
	}
}

// used says that the context cannot serve another task.
func (c *taskContext) used() bool {
	return c.inner.Load() != nil || c.limit > 0 || c.cause.Load() != nil
}

// Deadline returns that of the task's timeout or that of the run's context.
func (c *taskContext) Deadline() (time.Time, bool) {
	d, ok := c.run.ctx.Deadline()
	if c.limit > 0 && (!ok || c.deadline.Before(d)) {
		return c.deadline, true
	}
	return d, ok
}

// late says whether the task's timeout is over.
func (c *taskContext) late() bool { return c.limit > 0 && !time.Now().Before(c.deadline) }

// Done returns a channel that is closed when the task is cancelled or has returned.
func (c *taskContext) Done() <-chan struct{} { return c.made().Done() }

// Err returns why the context ended, nil while it has not.
func (c *taskContext) Err() error {
	if in := c.inner.Load(); in != nil {
		return in.Err()
	}
	if c.cause.Load() != nil {
		return context.Canceled
	}
	if err := c.run.ctx.Err(); err != nil || !c.late() {
		return err
	}
	return context.DeadlineExceeded
}

// Value returns the values of Start's context.
func (c *taskContext) Value(key any) any {
	if key == keyTask {
		return c
	}
	if in := c.inner.Load(); in != nil {
		return in.Value(key)
	}
	return c.run.ctx.Value(key)
}
