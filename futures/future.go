package futures

import (
	"context"
	"runtime"
	"sync"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// Future is the result of a call that has been started. It may be an argument of lazy calls (it is a delayed.Arg), and goroutines may
// share it. Its result is held until Release, until the garbage collector finds that nothing refers to the Future, or until the client
// is closed.
type Future[T any] struct {
	h *handle
}

// handle is a Future without its type, which the garbage collector's cleanup may hold.
type handle struct {
	c  Client
	id graph.Key

	mu       sync.Mutex
	node     *delayed.Node // what to do again on Retry
	task     Task
	done     chan struct{}
	released bool
}

// Status says how far a future is.
type Status uint8

// A future is Pending until it is one of the others, for good but for a Retry.
const (
	Pending Status = iota
	Finished
	Failed
	Canceled
)

var statusNames = [...]string{"pending", "finished", "failed", "canceled"}

// String returns the name in lower case.
func (s Status) String() string { return statusNames[s] }

// newFuture starts a call.
func newFuture[T any](c Client, n *delayed.Node) *Future[T] {
	h := &handle{c: c, id: n.Key(), node: n}
	h.start()
	f := &Future[T]{h}
	runtime.AddCleanup(f, (*handle).release, h)
	return f
}

// start submits the call. What goes wrong is the future's error.
func (h *handle) start() {
	t, err := submit(h.c, h.node)
	if err != nil {
		t = failedTask{err}
	}
	done := make(chan struct{})
	h.task, h.done = t, done
	t.OnDone(func() { close(done) })
}

// now returns the task and the channel that is closed when it is done.
func (h *handle) now() (Task, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.task, h.done
}

func (h *handle) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.released {
		return
	}
	h.released, h.node = true, nil
	h.task.Release()
}

// wait returns when the future is done.
func (h *handle) wait(ctx context.Context) (any, error) {
	if ctx == nil {
		return nil, fault.New(fault.Plan, "Result", "the context is nil").WithHint("give context.Background(), in a task the task's")
	}
	t, done := h.now()
	select {
	case <-done:
	default:
		if err := h.c.Await(ctx, done); err != nil {
			return nil, err
		}
	}
	return t.Result()
}

func (h *handle) status() Status {
	t, done := h.now()
	select {
	case <-done:
	default:
		return Pending
	}
	if h.isReleased() {
		return Finished
	}
	_, err := t.Result()
	switch {
	case err == nil:
		return Finished
	case kindOf(err) == fault.Canceled:
		return Canceled
	}
	return Failed
}

func (h *handle) isReleased() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.released
}

// Result waits and returns the result, or the error of the task that failed. In a task, ctx must be the task's: other tasks run
// meanwhile.
func (f *Future[T]) Result(ctx context.Context) (T, error) {
	var zero T
	v, err := f.h.wait(ctx)
	runtime.KeepAlive(f)
	if err != nil {
		return zero, err
	}
	t, _ := v.(T)
	return t, nil
}

// Done returns a channel that is closed when the future is done: has finished, failed or was cancelled.
func (f *Future[T]) Done() <-chan struct{} {
	_, done := f.h.now()
	return done
}

// Status says how far the future is, without waiting.
func (f *Future[T]) Status() Status { return f.h.status() }

// Key returns the name of the task.
func (f *Future[T]) Key() graph.Key { return f.h.id }

// Cancel stops the task, and what only it needs: one that has not begun never does, the context of one that runs ends. What depends
// on it fails. All futures of the same key are one task.
func (f *Future[T]) Cancel() {
	t, _ := f.h.now()
	t.Cancel()
	runtime.KeepAlive(f)
}

// Retry starts a failed or cancelled call again, after those futures among its arguments that failed too. For any other it does
// nothing.
func (f *Future[T]) Retry() error { return f.h.retry() }

func (h *handle) retry() error {
	if s := h.status(); s != Failed && s != Canceled {
		return nil
	}
	h.mu.Lock()
	node := h.node
	h.mu.Unlock()
	if node == nil {
		return fault.New(fault.Plan, "Retry", "the future %s was released", h.id)
	}
	err := delayed.Walk([]*delayed.Node{node}, func(n *delayed.Node) error {
		if r, ok := n.Foreign().(*ref); ok && r.h.c == h.c {
			return r.h.retry()
		}
		return nil
	})
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.released {
		return fault.New(fault.Plan, "Retry", "the future %s was released", h.id)
	}
	h.task.Release()
	h.start()
	return nil
}

// Reproduce runs a failed call again in the calling goroutine, one step at a time, with the same inputs, and returns the error that it
// gives now: nil where it succeeds, and for a future that has not failed. It is for debuggers: set a breakpoint in the function that
// fails. Where it failed because a future among its arguments did, that one is run.
func (f *Future[T]) Reproduce(ctx context.Context) error { return f.h.reproduce(ctx) }

func (h *handle) reproduce(ctx context.Context) error {
	h.mu.Lock()
	node := h.node
	h.mu.Unlock()
	if node == nil || h.status() == Pending || h.status() == Finished {
		return nil
	}
	var cause *handle
	err := delayed.Walk([]*delayed.Node{node}, func(n *delayed.Node) error {
		if r, ok := n.Foreign().(*ref); ok && cause == nil && (r.h.status() == Failed || r.h.status() == Canceled) {
			cause = r.h
		}
		return nil
	})
	if err != nil {
		return err
	}
	if cause != nil {
		return cause.reproduce(ctx)
	}
	_, err = delayed.ComputeAny(ctx, []delayed.Untyped{node}, sched.On(sched.Inline()))
	return err
}

// OnDone calls fn with the result once the future is done, in a goroutine of its own; the client's Close waits for it. fn must not
// close the client; where it panics, Close returns that.
func (f *Future[T]) OnDone(fn func(v T, err error)) {
	t, _ := f.h.now()
	f.h.c.After(t, func() { fn(f.Result(context.Background())) })
}

// Release gives the result up: it goes after those tasks that have been submitted and read it. The work goes on, because others may
// want its effect: Cancel stops it. A released future cannot be an argument any more. A second Release does nothing.
func (f *Future[T]) Release() { f.h.release() }

// ref is who gives a Value that is made of a future.
type ref struct {
	h    *handle
	keep any // the Future, so that it is not released while a call may need it
}

// Delayed implements delayed.Arg.
func (f *Future[T]) Delayed() *delayed.Value[T] {
	if f == nil {
		return nil
	}
	return delayed.Foreign(&ref{f.h, f}, f.h.id, f.Result)
}

// Node implements delayed.Untyped.
func (f *Future[T]) Node() *delayed.Node { return f.Delayed().Node() }
