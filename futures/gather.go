package futures

import (
	"context"
	"iter"
	"sync"

	"github.com/sheafdata/sheaf/fault"
)

// Gather waits for all futures and returns their results, in order, or the error of the first in order that failed.
func Gather[T any](ctx context.Context, fs []*Future[T]) ([]T, error) {
	out := make([]T, len(fs))
	for i, f := range fs {
		if f == nil {
			return nil, fault.New(fault.Plan, "Gather", "future %d of %d is nil", i+1, len(fs))
		}
		v, err := f.Result(ctx)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// Results waits for the futures in order and gives the result or error of each: for those who go on without what failed.
func Results[T any](ctx context.Context, fs []*Future[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, f := range fs {
			if !yield(f.Result(ctx)) {
				return
			}
		}
	}
}

// Wait returns when all futures are done, however they ended, or with the error of ctx.
func Wait[T any](ctx context.Context, fs ...*Future[T]) error {
	for _, f := range fs {
		if err := f.h.c.Await(ctx, f.Done()); err != nil {
			return err
		}
	}
	return nil
}

// WaitFirst returns when at least one future is done: those that are, and those that are not, in order. For no futures it returns at
// once.
func WaitFirst[T any](ctx context.Context, fs ...*Future[T]) (done, pending []*Future[T], err error) {
	if len(fs) == 0 {
		return nil, nil, nil
	}
	for _, err := range AsCompleted(fs...).All(ctx) {
		if ctx.Err() != nil && err != nil {
			return nil, fs, err
		}
		break
	}
	for _, f := range fs {
		if f.Status() == Pending {
			pending = append(pending, f)
		} else {
			done = append(done, f)
		}
	}
	return done, pending, nil
}

// FireAndForget says that nobody will ask for the futures, and that their work is to be done all the same: the client's Close waits for
// it and returns the first error.
func FireAndForget[T any](fs ...*Future[T]) {
	for _, f := range fs {
		t, _ := f.h.now()
		f.h.c.Keep(t)
		f.Release()
	}
}

// Completion gives futures as they are done. More may be added at any time, also while somebody ranges over All.
type Completion[T any] struct {
	mu    sync.Mutex
	ready []*Future[T] // done, not given yet
	open  int          // added, not given yet
	more  chan struct{}
	c     Client
}

// AsCompleted returns a Completion of the futures.
func AsCompleted[T any](fs ...*Future[T]) *Completion[T] {
	q := &Completion[T]{more: make(chan struct{})}
	q.Add(fs...)
	return q
}

// Add adds futures. A nil one is skipped.
func (q *Completion[T]) Add(fs ...*Future[T]) {
	for _, f := range fs {
		if f == nil {
			continue
		}
		q.mu.Lock()
		q.open++
		if q.c == nil {
			q.c = f.h.c
		}
		q.mu.Unlock()
		t, _ := f.h.now()
		t.OnDone(func() { q.push(f) })
	}
}

func (q *Completion[T]) push(f *Future[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready = append(q.ready, f)
	close(q.more)
	q.more = make(chan struct{})
}

// Len returns how many futures were added and not given yet.
func (q *Completion[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.open
}

// All gives each future once, when it is done, with its error, and ends when there are no more. A range that follows a break goes on
// after it. When ctx ends it gives nil and the error.
func (q *Completion[T]) All(ctx context.Context) iter.Seq2[*Future[T], error] {
	return func(yield func(*Future[T], error) bool) {
		for {
			f, err := q.next(ctx)
			switch {
			case err != nil:
				yield(nil, err)
				return
			case f == nil:
				return
			}
			if _, err = f.Result(ctx); !yield(f, err) {
				return
			}
		}
	}
}

// next waits for the next future; nil when there are no more.
func (q *Completion[T]) next(ctx context.Context) (*Future[T], error) {
	for {
		q.mu.Lock()
		if len(q.ready) > 0 {
			f := q.ready[0]
			q.ready = q.ready[1:]
			q.open--
			q.mu.Unlock()
			return f, nil
		}
		open, more, c := q.open, q.more, q.c
		q.mu.Unlock()
		if open == 0 {
			return nil, nil
		}
		if err := c.Await(ctx, more); err != nil {
			return nil, err
		}
	}
}
