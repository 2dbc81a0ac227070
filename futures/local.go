package futures

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"sync"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// local is a client over one run of a scheduler of this process: one graph that grows.
//
// Locks are taken in the order mu, the run's, watch.mu, a task's; an event of the run may come with the run's lock held, so nothing
// that handles one may call the run.
type local struct {
	run    sched.Run
	inline bool // nothing runs unless somebody waits
	watch  watch
	ended  <-chan struct{} // closed when the context ends; nil for one that does not
	stop   func() bool     // stops watching the context

	mu     sync.Mutex // guards what follows
	g      *graph.Graph
	keys   map[graph.Key]*task // tasks that are held
	kept   []*task
	closed bool

	calls   sync.WaitGroup // of After
	callMu  sync.Mutex
	callErr error // the first panic of a callback
}

// New returns a client over a scheduler of this process: the process-wide pool, or what sched.On says. When ctx ends, everything is
// cancelled; the client must still be closed. A nil ctx never ends.
//
// On the inline scheduler nothing runs before somebody waits, and then one task at a time, in the goroutine that waits.
//
// The graph of a client only grows: about 200 bytes stay for each task, without its arguments and its result, until Close.
func New(ctx context.Context, opts ...sched.Option) Client {
	o := sched.Apply(opts...)
	c := &local{g: graph.New(), keys: map[graph.Key]*task{}}
	c.inline = isInline(o.On)
	c.watch.tasks = map[graph.ID]*task{}
	o.Observers = append(o.Observers[:len(o.Observers):len(o.Observers)], &c.watch)
	if ctx == nil {
		ctx = context.Background()
	}
	c.ended = ctx.Done()
	c.run = sched.Start(context.WithValue(ctx, clientKey{}, Client(c)), o)
	c.stop = context.AfterFunc(ctx, c.watch.endAll)
	return c
}

func isInline(s sched.Scheduler) bool {
	return s != nil && reflect.ValueOf(s).Comparable() && s == sched.Inline()
}

// watch is the observer that tells tasks that they are done.
type watch struct {
	mu    sync.Mutex
	tasks map[graph.ID]*task // that are not done
}

// Observe implements sched.Observer.
func (w *watch) Observe(e sched.Event) {
	if e.Kind != sched.Finished && e.Kind != sched.Failed {
		return
	}
	w.mu.Lock()
	t := w.tasks[e.Task]
	delete(w.tasks, e.Task)
	w.mu.Unlock()
	if t != nil {
		t.end(e.Kind == sched.Failed)
	}
}

func (w *watch) add(t *task) {
	w.mu.Lock()
	w.tasks[t.id] = t
	w.mu.Unlock()
}

// endAll ends what the run will say no more about.
func (w *watch) endAll() {
	w.mu.Lock()
	tasks := w.tasks
	w.tasks = map[graph.ID]*task{}
	w.mu.Unlock()
	for _, t := range tasks {
		t.end(true)
	}
}

// Submit implements Client.
func (c *local) Submit(jobs []Job) (Task, error) {
	if len(jobs) == 0 {
		return nil, fault.New(fault.Plan, "Submit", "there is no job")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fault.New(fault.Canceled, "Submit", "the client is closed")
	}
	if t := c.held(jobs[len(jobs)-1].Key); t != nil {
		t.holders++
		return t, nil
	}
	ids := make([]graph.ID, len(jobs))
	for i := range jobs[:len(jobs)-1] {
		if t := c.held(jobs[i].Key); t != nil {
			ids[i] = t.id
			continue
		}
		t, err := c.add(&jobs[i], ids[:i])
		if err != nil {
			return nil, err
		}
		ids[i] = t.id
	}
	last := len(jobs) - 1
	t, err := c.add(&jobs[last], ids[:last])
	if err != nil {
		return nil, err
	}
	t.key, t.holders = jobs[last].Key, 1
	if err := c.run.Submit(c.g, t.id); err != nil {
		return nil, err
	}
	if t.key != (graph.Key{}) {
		c.keys[t.key] = t
	}
	return t, nil
}

// held returns the task of a key that has not failed and whose result is held. The caller holds mu.
func (c *local) held(k graph.Key) *task {
	t := c.keys[k]
	if t == nil || t.hasFailed() {
		return nil
	}
	return t
}

// add adds a job to the graph. The caller holds mu.
func (c *local) add(j *Job, before []graph.ID) (*task, error) {
	deps := make([]graph.ID, len(j.Deps))
	for i, d := range j.Deps {
		if d.Task == nil {
			if d.Job < 0 || d.Job >= len(before) {
				return nil, fault.New(fault.Internal, "Submit", "job %s needs job %d, which does not stand before it", j.Key, d.Job)
			}
			deps[i] = before[d.Job]
			continue
		}
		of, ok := d.Task.(*task)
		if !ok || of.c != c {
			return nil, fault.New(fault.Plan, "Submit", "argument %d of %s is a future of another client", i+1, j.Key)
		}
		if of.holders == 0 {
			return nil, fault.New(fault.Plan, "Submit", "argument %d of %s is a future that was released", i+1, j.Key)
		}
		deps[i] = of.id
	}
	t := &task{c: c}
	t.work.Store(&j.Run)
	// Tasks are added one at a time and submitted under the same lock, so the watch knows the task before it can run.
	t.id = c.g.Add(graph.Task{Key: c.fresh(j.Key), Deps: deps, Run: t.execute, Hint: j.Hint})
	c.watch.add(t)
	return t, nil
}

// fresh returns the key with an index that the graph does not have yet: what was released, or has failed, may come again.
func (c *local) fresh(k graph.Key) graph.Key {
	for {
		if _, taken := c.g.Find(k); !taken {
			return k
		}
		k.Index++
	}
}

// Await implements Client.
func (c *local) Await(ctx context.Context, done <-chan struct{}) error {
	if c.inline {
		return c.drive(ctx, done)
	}
	return delayed.Block(ctx, done)
}

// drive runs tasks until done is closed.
func (c *local) drive(ctx context.Context, done <-chan struct{}) error {
	for {
		select {
		case <-done:
			return nil
		default:
		}
		some := false
		for id, err := range c.run.Done(ctx) {
			if id < 0 {
				return err
			}
			some = true
			break
		}
		select {
		case <-done:
			return nil
		default:
		}
		if some {
			continue
		}
		select {
		case <-c.ended: // what is left ends with it, if not yet
			return delayed.Block(ctx, done)
		default:
			return fault.New(fault.Plan, "wait", "nothing is left that could run and end the wait")
		}
	}
}

// After implements Client.
func (c *local) After(t Task, fn func()) {
	c.calls.Add(1)
	ctx, done := context.WithCancel(context.Background())
	context.AfterFunc(ctx, func() {
		defer c.calls.Done()
		defer func() {
			if p := recover(); p != nil {
				c.callbackFailed(p)
			}
		}()
		fn()
	})
	t.OnDone(done)
}

func (c *local) callbackFailed(p any) {
	c.callMu.Lock()
	defer c.callMu.Unlock()
	if c.callErr == nil {
		c.callErr = fault.New(fault.Panic, "callback", "panic: %v\n\n%s", p, debug.Stack())
	}
}

// Keep implements Client.
func (c *local) Keep(t Task) {
	k, ok := t.(*task)
	if !ok || k.c != c {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.holders > 0 {
		k.holders++
		c.kept = append(c.kept, k)
	}
	c.forget()
}

// forget drops kept tasks that have finished, now and then. The caller holds mu.
func (c *local) forget() {
	if len(c.kept) < 64 || len(c.kept)&(len(c.kept)-1) != 0 {
		return
	}
	left := c.kept[:0]
	for _, k := range c.kept {
		if k.isOver() && !k.hasFailed() {
			c.release(k)
		} else {
			left = append(left, k)
		}
	}
	clear(c.kept[len(left):])
	c.kept = left
}

// Close implements Client.
func (c *local) Close() error {
	err := c.finishKept()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	err = joined(err, c.run.Close())
	c.stop()
	c.watch.endAll()
	c.calls.Wait()
	c.callMu.Lock()
	defer c.callMu.Unlock()
	return joined(err, c.callErr)
}

// joined returns the errors as one, that itself where there is only one.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return fmt.Errorf("%w; %w", a, b)
}

// finishKept waits for the kept tasks and returns the first error.
func (c *local) finishKept() (first error) {
	for {
		c.mu.Lock()
		kept := c.kept
		c.kept = nil
		c.mu.Unlock()
		if len(kept) == 0 {
			return first
		}
		for _, k := range kept {
			done := make(chan struct{})
			k.OnDone(func() { close(done) })
			err := c.Await(context.Background(), done)
			if err == nil {
				_, err = k.Result()
			}
			if first == nil {
				first = err
			}
			k.Release()
		}
	}
}
