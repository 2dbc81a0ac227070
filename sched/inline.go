package sched

import "context"

// inline is the scheduler of Inline. It is stateless: each run has its own engine.
type inline struct{}

// Start implements Scheduler.
func (inline) Start(ctx context.Context, o Options) Run {
	r := newRun(ctx, o, &driver{}, 1)
	r.watch(ctx)
	return r
}

// driver executes tasks in the goroutines that wait, one at a time.
type driver struct {
	depth int // tasks being executed: one, and those that it executes while it waits; guarded by out.mu
}

func (d *driver) wake(int)      {}
func (d *driver) detach(r *run) {}

// await returns when no task is being executed.
func (d *driver) await(r *run) {
	r.out.mu.Lock()
	defer r.out.mu.Unlock()
	for d.depth > 0 {
		r.out.cond.Wait()
	}
}

// wait implements engine: it executes tasks until ready. A task that waits within its own run goes on with the run's other tasks.
func (d *driver) wait(ctx context.Context, r *run, ready func() bool) error {
	c, _ := ctx.Value(keyTask).(*taskContext)
	nested := c != nil && c.run == r
	w := newWorker(0)
	r.sit(w)
	defer r.rise(w)
	stop := context.AfterFunc(ctx, r.out.signal)
	defer stop()
	r.out.mu.Lock()
	defer r.out.mu.Unlock()
	for {
		switch {
		case ready():
			return nil
		case r.ended.Load() != nil:
			return r.endError()
		case ctx.Err() != nil:
			return canceled(ctx)
		case (nested || d.depth == 0) && r.ready.has():
			d.drive(r, w)
		case d.depth == 0 && r.stuck():
			d.depth++ // nobody else does the same, or drives
			r.out.mu.Unlock()
			r.unstick()
			r.out.mu.Lock()
			d.depth--
			r.out.cond.Broadcast()
		default:
			r.out.cond.Wait()
		}
	}
}

// drive executes one task. The caller holds out.mu, which is free meanwhile.
func (d *driver) drive(r *run, w *worker) {
	d.depth++
	r.out.mu.Unlock()
	defer func() {
		r.out.mu.Lock()
		d.depth--
		r.out.cond.Broadcast()
	}()
	defer r.rescue(w)
	if id := r.ready.take(w.index); id != none {
		if next := r.step(w, id); next != none {
			r.ready.push(w.index, next)
		}
	}
}
