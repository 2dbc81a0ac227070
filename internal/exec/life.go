package exec

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// life is the context of a task that may pause. What the task opens with its context (a query of a database, a request) must outlive the
// pauses, while the context of whoever runs it is over each time: a life ends with the task, or when a context is cancelled under which
// the task is at work. Deadline and values are those of whoever runs the task now, or ran it last.
type life struct {
	context.Context // it ends; it has no values but its own
	cancel          context.CancelCauseFunc
	now             atomic.Pointer[context.Context]
	running         atomic.Bool // within during
}

// errTaskEnded is why a life ends with its task.
var errTaskEnded = errors.New("the task has ended")

func newLife(ctx context.Context) *life {
	l := &life{}
	l.now.Store(&ctx)
	l.Context, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// during runs do, and ends the life if ctx is cancelled meanwhile.
func (l *life) during(ctx context.Context, do func(context.Context) error) error {
	l.now.Store(&ctx)
	l.running.Store(true)
	stop := context.AfterFunc(ctx, func() { l.cancel(context.Cause(ctx)) })
	defer func() {
		l.running.Store(false)
		stop()
	}()
	return do(l)
}

// end ends what the task has opened. It may be called several times.
func (l *life) end() { l.cancel(errTaskEnded) }

// Err tells a deadline from a cancellation, which the context beneath cannot. At work it knows at once that ctx has ended: cancelling takes
// a moment, in which a short task would come to its end as if nothing were.
func (l *life) Err() error {
	err := l.Context.Err()
	switch {
	case err != nil && errors.Is(context.Cause(l.Context), context.DeadlineExceeded):
		return context.DeadlineExceeded
	case err == nil && l.running.Load():
		return (*l.now.Load()).Err()
	}
	return err
}

func (l *life) Deadline() (time.Time, bool) { return (*l.now.Load()).Deadline() }

func (l *life) Value(key any) any {
	if v := l.Context.Value(key); v != nil { // what package context looks for to make children
		return v
	}
	return (*l.now.Load()).Value(key)
}
