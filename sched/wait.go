package sched

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/graph"
)

// outbox is where a run meets those who wait for it.
type outbox struct {
	on atomic.Bool // there was a Done: finished wanted tasks go to the queue

	mu      sync.Mutex
	cond    *sync.Cond
	queue   []graph.ID // finished wanted tasks, unread from head on
	head    int
	readers int // active ranges over Done
	waiters int // calls of Wait
}

func (o *outbox) init() { o.cond = sync.NewCond(&o.mu) }

// signal makes those who wait look again.
func (o *outbox) signal() {
	o.mu.Lock()
	o.cond.Broadcast()
	o.mu.Unlock()
}

func (o *outbox) unread() int { return len(o.queue) - o.head }

// wantedDone accounts for a wanted task that has become final.
func (r *run) wantedDone(id graph.ID) {
	if r.out.on.Load() {
		r.out.mu.Lock()
		r.report(id)
		r.out.mu.Unlock()
	}
	if r.left.Add(-1) == 0 {
		r.out.signal()
	}
}

// report puts a final wanted task into the queue, once. The caller holds out.mu.
func (r *run) report(id graph.ID) {
	if r.rows.at(int32(id)).word.Or(flagReported)&flagReported != 0 {
		return
	}
	r.out.queue = append(r.out.queue, id)
	r.out.cond.Broadcast()
	r.pace()
}

// pace stops or restarts the workers, as the reader of Done keeps up. Somebody in Wait needs the run to go on, read or not. The
// caller holds out.mu.
func (r *run) pace() {
	o := &r.out
	pause := o.readers > 0 && o.waiters == 0 && o.unread() >= int(r.cap)
	switch paused := r.gate.Load()&gatePaused != 0; {
	case pause && !paused:
		r.gate.Or(gatePaused)
	case paused && !pause:
		r.gate.And(^gatePaused)
		r.engine.wake(int(r.cap))
	}
}

// Wait implements Run.
func (r *run) Wait(ctx context.Context) error {
	if c, ok := ctx.Value(keyTask).(*taskContext); ok && c.run == r {
		return ownWait()
	}
	r.waiting(1)
	err := r.engine.wait(ctx, r, func() bool { return r.left.Load() == 0 })
	r.waiting(-1)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.missed {
		return nil
	}
	return r.failure
}

func (r *run) waiting(n int) {
	r.out.mu.Lock()
	r.out.waiters += n
	r.pace()
	r.out.mu.Unlock()
}

// Done implements Run.
func (r *run) Done(ctx context.Context) iter.Seq2[graph.ID, error] {
	return func(yield func(graph.ID, error) bool) {
		r.openDone()
		defer r.closeDone()
		for {
			id, err := r.nextDone(ctx)
			if err != nil {
				yield(none, err)
				return
			}
			if id == none || !yield(id, r.outcome(id)) {
				return
			}
		}
	}
}

// openDone begins a range. The first one gathers what has finished before; what finishes meanwhile is seen here or by wantedDone,
// or by both.
func (r *run) openDone() {
	r.out.mu.Lock()
	defer r.out.mu.Unlock()
	r.out.readers++
	if r.out.on.Swap(true) {
		r.pace()
		return
	}
	for id := range r.seen.Load() {
		if w := r.rows.at(id).word.Load(); w&flagWanted != 0 && w&stageMask >= stageDone {
			r.report(graph.ID(id))
		}
	}
}

func (r *run) closeDone() {
	r.out.mu.Lock()
	r.out.readers--
	r.pace()
	r.out.mu.Unlock()
}

// nextDone waits for a finished wanted task and takes it; none when there will be no more.
func (r *run) nextDone(ctx context.Context) (graph.ID, error) {
	for {
		err := r.engine.wait(ctx, r, func() bool { return r.out.unread() > 0 || r.left.Load() == 0 })
		if err != nil {
			return none, err
		}
		r.out.mu.Lock()
		if r.out.unread() > 0 {
			id := r.out.queue[r.out.head]
			r.out.head++
			if r.out.unread() == 0 {
				r.out.head, r.out.queue = 0, r.out.queue[:0]
			}
			r.pace()
			r.out.mu.Unlock()
			return id, nil
		}
		over := r.left.Load() == 0
		r.out.mu.Unlock()
		if over {
			return none, nil
		}
	}
}

// outcome returns the error of a final task, nil when it has a result.
func (r *run) outcome(id graph.ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	if s := r.rows.at(int32(id)).stage(); s == stageFailed || s == stageCancelled {
		return r.errorOf(id)
	}
	return nil
}
