package sched

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// pool is a set of workers that its open runs share.
type pool struct {
	workers int // as given to Pool
	call    func(ctx context.Context, c Call) (any, error)

	runs atomic.Pointer[[]*run] // open runs; replaced, never changed
	// spare is how many workers could be woken or started. Who makes a task ready looks at it afterwards; a worker that goes to sleep looks
	// for tasks after it has counted itself here. So one of them sees the other.
	spare atomic.Int32
	// over is how many workers should go: those that stood in for others that wait no more.
	over atomic.Int32

	mu   sync.Mutex
	left *sync.Cond // a worker left a run that has ended, or is gone
	size int        // workers while runs are open
	lent int        // workers whose tasks wait for other runs
	live int
	idle []*worker
	free []int // numbers of workers that are gone
}

func newPool(workers int, call func(ctx context.Context, c Call) (any, error)) *pool {
	p := &pool{workers: workers, call: call}
	p.left = sync.NewCond(&p.mu)
	p.runs.Store(&[]*run{})
	return p
}

// Start implements Scheduler.
func (p *pool) Start(ctx context.Context, o Options) Run {
	p.mu.Lock()
	if len(*p.runs.Load()) == 0 {
		if p.size = p.workers; p.size <= 0 {
			p.size = runtime.GOMAXPROCS(0)
		}
	}
	size := p.size
	p.mu.Unlock()
	r := newRun(ctx, o, p, size)
	r.call = p.call
	p.mu.Lock()
	p.setRuns(append(slices.Clone(*p.runs.Load()), r))
	p.recount()
	p.mu.Unlock()
	r.watch(ctx)
	return r
}

// setRuns publishes the open runs and tells each whether it is alone. The caller holds mu.
func (p *pool) setRuns(runs []*run) {
	p.runs.Store(&runs)
	for _, r := range runs {
		if len(runs) > 1 {
			r.gate.Or(gateCrowded)
		} else {
			r.gate.And(^gateCrowded)
		}
	}
}

// recount computes spare and over. The caller holds mu.
func (p *pool) recount() {
	want := p.size + p.lent
	if len(*p.runs.Load()) == 0 {
		want = 0
	}
	p.spare.Store(int32(len(p.idle) + max(0, want-p.live)))
	p.over.Store(int32(max(0, p.live-want)))
}

// wake implements engine.
func (p *pool) wake(n int) {
	if n <= 0 || p.spare.Load() == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for ; n > 0 && p.wakeOne(); n-- {
	}
	p.recount()
}

func (p *pool) wakeOne() bool {
	if k := len(p.idle); k > 0 {
		w := p.idle[k-1]
		p.idle[k-1] = nil // it holds the run that it was in last
		p.idle = p.idle[:k-1]
		w.wakeup <- struct{}{}
		return true
	}
	if p.live >= p.size+p.lent || len(*p.runs.Load()) == 0 {
		return false
	}
	index := p.live
	if k := len(p.free); k > 0 {
		index, p.free = p.free[k-1], p.free[:k-1]
	}
	p.live++
	go p.work(newWorker(index))
	return true
}

// work is the life of a worker.
func (p *pool) work(w *worker) {
	var in *run
	defer func() {
		if in != nil { // a task has ended this goroutine
			in.leave(w)
		}
		p.gone(w)
	}()
	for p.over.Load() == 0 || !p.surplus() {
		if in = p.find(w); in != nil {
			in.serve(w)
			in.leave(w)
			in = nil
		} else if !p.sleep(w) {
			return
		}
	}
}

// surplus says whether the worker should go.
func (p *pool) surplus() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live > p.size+p.lent
}

// find enters the next run that has something to do, in turns; nil when there is none.
func (p *pool) find(w *worker) *run {
	runs := *p.runs.Load()
	for i := range runs {
		k := (w.turn + 1 + i) % len(runs)
		if r := runs[k]; r.ready.has() && r.enter(w) {
			w.turn = k
			return r
		}
	}
	return nil
}

// sleep waits until there may be something to do; false when the worker should go instead.
func (p *pool) sleep(w *worker) bool {
	p.mu.Lock()
	if len(*p.runs.Load()) == 0 || p.live > p.size+p.lent {
		p.mu.Unlock()
		return false
	}
	p.idle = append(p.idle, w)
	p.recount()
	p.mu.Unlock()
	if p.any() {
		p.mu.Lock()
		if k := slices.Index(p.idle, w); k >= 0 {
			p.idle = slices.Delete(p.idle, k, k+1)
			p.recount()
			p.mu.Unlock()
			return true
		}
		p.mu.Unlock() // somebody woke it already
	}
	<-w.wakeup
	return true
}

// any says whether a worker would find a run to enter.
func (p *pool) any() bool {
	return slices.ContainsFunc(*p.runs.Load(), func(r *run) bool { return r.ready.has() && r.open() })
}

// gone takes a worker off the books.
func (p *pool) gone(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
	p.free = append(p.free, w.index)
	if p.live == 0 {
		p.free = p.free[:0]
	}
	p.recount()
	p.left.Broadcast()
	if p.any() {
		p.wakeOne()
		p.recount()
	}
}

// detach implements engine.
func (p *pool) detach(r *run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	runs := slices.DeleteFunc(slices.Clone(*p.runs.Load()), func(o *run) bool { return o == r })
	p.setRuns(runs)
	if len(runs) == 0 {
		for len(p.idle) > 0 {
			p.wakeOne()
		}
	}
	p.recount()
}

// await implements engine: it returns when no worker is in the run, and none is left at all when no run is.
func (p *pool) await(r *run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r.inside.Load() > 0 || len(*p.runs.Load()) == 0 && p.live > 0 {
		p.left.Wait()
	}
}

// wait implements engine. A task that waits for another run lends its place to another worker meanwhile.
func (p *pool) wait(ctx context.Context, r *run, ready func() bool) error {
	if c, ok := ctx.Value(keyTask).(*taskContext); ok {
		if own, ok := c.run.engine.(*pool); ok {
			own.lend(c.run)
			defer own.takeBack(c.run)
		}
	}
	stop := context.AfterFunc(ctx, r.out.signal)
	defer stop()
	r.out.mu.Lock()
	defer r.out.mu.Unlock()
	for !ready() {
		if r.ended.Load() != nil {
			return r.endError()
		}
		if ctx.Err() != nil {
			return canceled(ctx)
		}
		r.out.cond.Wait()
	}
	return nil
}

func (p *pool) lend(r *run) {
	r.active.Add(-1)
	p.mu.Lock()
	p.lent++
	p.recount()
	p.mu.Unlock()
	p.wake(1)
}

func (p *pool) takeBack(r *run) {
	r.active.Add(1)
	p.mu.Lock()
	p.lent--
	p.recount()
	p.mu.Unlock()
}

// open says whether a worker may enter.
func (r *run) open() bool {
	return r.gate.Load()&(gateEnded|gatePaused) == 0 && r.active.Load() < r.cap
}

// enter puts a worker into the run; false when it may not.
func (r *run) enter(w *worker) bool {
	r.inside.Add(1)
	for r.open() {
		if n := r.active.Load(); n < r.cap && r.active.CompareAndSwap(n, n+1) {
			r.sit(w)
			return true
		}
	}
	r.outside()
	return false
}

// leave takes a worker out again.
func (r *run) leave(w *worker) {
	r.rise(w)
	r.active.Add(-1)
	more := r.ready.has()
	r.outside()
	if more {
		r.engine.wake(1)
	}
}

// outside counts a worker as out, and tells who closes the run. The last one out sees to it that the run does not stand still; while it
// does that it counts as inside, as in enter, so that Close does not go on, and looks again afterwards: others may have come and gone.
func (r *run) outside() {
	for r.inside.Add(-1) == 0 {
		if r.gate.Load()&gateEnded != 0 {
			p := r.engine.(*pool)
			p.mu.Lock()
			p.left.Broadcast()
			p.mu.Unlock()
			return
		}
		if !r.stuck() {
			return
		}
		r.inside.Add(1)
		if r.gate.Load()&gateEnded == 0 {
			r.unstick()
		}
	}
}

// sit gives a worker a context of the run, and lets Cancel find it.
func (r *run) sit(w *worker) {
	if c := w.ctx.Load(); c == nil || c.run != r || c.used() {
		w.ctx.Store(&taskContext{run: r})
	}
	r.seatMu.Lock()
	r.seats = append(r.seats, w)
	r.seatMu.Unlock()
}

func (r *run) rise(w *worker) {
	r.seatMu.Lock()
	defer r.seatMu.Unlock()
	r.seats = slices.DeleteFunc(r.seats, func(o *worker) bool { return o == w })
	if r.gate.Load()&gateEnded != 0 {
		w.ctx.Store(nil) // the worker may sleep for long, and must not keep the run
	}
}
