package exec

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// errPaused ends a task's input for now: it has emitted as many bytes as may wait for the receiver. It never leaves the package.
var errPaused = errors.New("paused")

const (
	// pauseBytes is how many bytes of rows a task may emit before it pauses, beside what its input justifies: small, because several
	// tasks run ahead of the receiver.
	pauseBytes = 2 << 20
	// pauseTimes is how many times the encoded bytes of its input a task may emit before it pauses. Parquet and CSV of real
	// data grow three- to eightfold as they become arrays, so that tasks over such files run to their end at once.
	pauseTimes = 12
	// pauseRows is how many bytes a task over rows of other tasks may emit before it pauses: such rows can be as many as the frame has.
	pauseRows = 4 << 20
	// sliceBytes is how many bytes a push into an emitting pipeline should emit at most: wide rows are pushed a few at a time.
	sliceBytes = 1 << 20
	// wideSlice is the rows of a push below which each row is tens of kilobytes.
	wideSlice = 16
	// firstSlice is the rows of the first push, before anything is known of their width.
	firstSlice = 256
)

// Expands says whether a task that emitted so many bytes has made far more of its split than files of real data become.
func Expands(bytes int64, split partition.Split) bool {
	return bytes > pauseBytes/2+pauseTimes*split.Stats().Bytes
}

// MayEmit is how many bytes a task over the split may emit before it pauses, where its rows become no more on the way.
func MayEmit(split partition.Split) int64 { return pauseBytes + pauseTimes*split.Stats().Bytes }

// multiplies says whether a chain of nodes can make many rows of one.
func multiplies(root plan.Node) bool {
	found := false
	plan.Walk(root, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Join:
			found = found || n.Kind != plan.Semi && n.Kind != plan.Anti
		case *plan.Explode, *plan.Unpivot, *plan.MapBatches:
			found = true
		}
		return !found
	})
	return found
}

type pausableKey struct{}

// Pausable returns a context in which tasks that emit an answer pause when they have emitted much more than their input takes: they
// return what they have, and Rows.More goes on. The receiver must resume or drop them.
func Pausable(ctx context.Context) context.Context {
	return context.WithValue(ctx, pausableKey{}, true)
}

func pausable(ctx context.Context) bool {
	on, _ := ctx.Value(pausableKey{}).(bool)
	return on
}

// pause decides when a task that emits an answer pauses, and how many rows it pushes at a time meanwhile.
type pause struct {
	sink  *emitStep
	quota int64
	slice int   // rows of the next push
	last  int64 // bytes emitted before the last push
}

// mayPause says whether the task emits rows of the answer to a receiver who takes what there is.
func (t *Task) mayPause(ctx context.Context, p *pipeline) bool {
	_, emits := p.sink.(*emitStep)
	return emits && t.Fragment.Final && pausable(ctx)
}

// newPause returns nil where the task must run to its end.
func newPause(ctx context.Context, t *Task, p *pipeline) *pause {
	if !t.mayPause(ctx, p) {
		return nil
	}
	quota := int64(pauseRows)
	if t.Split != nil {
		quota = MayEmit(t.Split)
	}
	// Rows of several tasks wait for their receiver: together they must leave room for the rest.
	quota = min(quota, max(pauseBytes, 2*tableBytes(ctx)))
	return &pause{sink: p.sink.(*emitStep), quota: quota, slice: firstSlice}
}

// source feeds a pipeline and may stop in between.
type source interface {
	// run returns errPaused where the task has to stop for a while; run again, with the same context, then goes on.
	run(ctx context.Context) error
	// close ends what has paused and does not go on. It may be called several times.
	close() error
}

// turn is the source of a split that is opened when its rows are the next that are wanted: the task pauses first.
type turn struct {
	source
	waited bool
}

func (s *turn) run(ctx context.Context) error {
	if !s.waited {
		s.waited = true
		return errPaused
	}
	return s.source.run(ctx)
}

// merging is a source that can stop in the middle of a push, on a stack of its own: a join can make any number of rows of one, and one that
// goes by parts recurses.
type merging struct {
	task  *Task
	feed  func(ctx context.Context) error
	sink  *emitStep // nil: the task runs to its end
	quota int64

	next func() (struct{}, bool) // once it runs: lets it go on until it pauses, or ends
	stop func()
	err  error
}

// newMerging makes a source of feed, which pauses where the task may.
func newMerging(ctx context.Context, t *Task, p *pipeline, feed func(ctx context.Context) error) *merging {
	m := &merging{task: t, feed: feed, quota: max(pauseBytes, tableBytes(ctx))}
	if t.Fragment.Merge != nil && !multiplies(t.Fragment.Root) { // those who divide merges choose their sizes; while one waited, its table would be held, too
		return m
	}
	if t.Split != nil {
		m.quota = min(m.quota, MayEmit(t.Split))
	}
	if t.mayPause(ctx, p) {
		m.sink = p.sink.(*emitStep)
	}
	return m
}

// errDropped ends a paused merge whose rest nobody wants. It never leaves the package.
var errDropped = errors.New("dropped")

func (m *merging) run(ctx context.Context) error {
	if m.sink == nil {
		return m.feed(ctx)
	}
	if m.next == nil {
		m.next, m.stop = iter.Pull(func(yield func(struct{}) bool) {
			defer func() { // here, where the stack still says what panicked
				if p := recover(); p != nil {
					m.err = m.task.panicked(p)
				}
			}()
			m.sink.full = func() error {
				if m.sink.emitted() >= m.quota && !yield(struct{}{}) {
					return errDropped
				}
				return nil
			}
			m.err = m.feed(ctx)
		})
	}
	if _, more := m.next(); more {
		return errPaused
	}
	m.sink.full = nil
	return m.err
}

func (m *merging) close() error {
	if m.stop != nil {
		m.stop()
	}
	return nil
}

// rows returns how many of the rows left in a batch to push next.
func (p *pause) rows(left int) int { return min(left, p.slice) }

// due says, after a push of so many rows, whether the task pauses now, and adapts the size of the next push.
func (p *pause) due(pushed int) bool {
	now := p.sink.emitted()
	grown := now - p.last
	p.last = now
	switch {
	case grown > sliceBytes:
		p.slice = max(1, int(int64(pushed)*sliceBytes/grown))
	case grown*8 <= sliceBytes:
		p.slice = min(8*p.slice, 16*batchRows)
	}
	p.sink.wide = p.slice < wideSlice
	if now < p.quota {
		return false
	}
	p.last = 0
	return true
}

// Resume is the rest of a task that has paused. It is used once: either Do or Close.
type Resume struct {
	task *Task
	pipe *pipeline
	from source
}

// Do goes on: it returns the next rows, which may hold a Resume again.
func (r *Resume) Do(ctx context.Context, _ []any) (any, error) {
	rest := *r
	*r = Resume{} // the graph knows r until the run ends: it must not hold the rows, the reader and the steps of a task that has ended
	held := reservation(ctx, sinkName(rest.task.Fragment))
	rest.pipe.sink.(*emitStep).restart(held)
	rest.pipe.clock.last = time.Now() // what passed in between is nobody's
	return rest.task.work(ctx, rest.pipe, held, rest.from)
}

// Close drops the rest, with what its steps hold.
func (r *Resume) Close() {
	_ = r.from.close() // nobody waits for what the reader has to say of rows that are dropped
	r.pipe.end()
}
