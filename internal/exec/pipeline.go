package exec

import (
	"context"
	"errors"
	"time"

	"github.com/sheafdata/sheaf/internal/vec"
)

// step is an operator within one task's pipeline. A batch given to push lives until push returns.
type step interface {
	push(ctx context.Context, b *vec.Batch) error
	// finish says that no batch follows; it must finish what is downstream.
	finish(ctx context.Context) error
}

// errEnough ends a task's input early: what follows would not change its result. It never leaves the package.
var errEnough = errors.New("enough rows")

// OpStat is what one operator of a fragment did in a task, or in all tasks of a stage once added up.
type OpStat struct {
	Name string
	// Rows and Batches that the operator gave to the next one.
	Rows, Batches int64
	// Bytes read (scans) or given on (exchanges), Spilled to files of them, Memory held at most (breakers).
	Bytes, Spilled, Memory int64
	// LeftOut is the rows that a scan did not give because operators above it had no use for them.
	LeftOut int64
	// Exchange says that the operator's rows go to other tasks.
	Exchange bool
	Time     time.Duration
}

// clock charges time to the operator that is at work: one reading of the clock a hop, which is nothing beside a batch.
type clock struct {
	ops  []OpStat
	cur  int
	last time.Time
	// Of a failure: the operator that it came from, 0 while there is none, and the number of rows before the source's batch that it
	// was about.
	failed int
	row    int64
}

func newClock(names []string) *clock {
	c := &clock{ops: make([]OpStat, len(names)), last: time.Now()}
	for i, n := range names {
		c.ops[i].Name = n
	}
	return c
}

// enter charges the time since the last call to the operator that was at work, and starts charging op.
func (c *clock) enter(op int) {
	now := time.Now()
	c.ops[c.cur].Time += now.Sub(c.last)
	c.cur, c.last = op, now
}

// link joins an operator to the next one, counting rows and charging time.
type link struct {
	clock    *clock
	from, to int
	next     step
}

func (l *link) push(ctx context.Context, b *vec.Batch) error {
	if b.Rows == 0 {
		return nil
	}
	return l.give(b.Rows, func() error { return l.next.push(ctx, b) })
}

// give is push of so many rows where the next operator takes them another way.
func (l *link) give(rows int, take func() error) error {
	op := &l.clock.ops[l.from]
	op.Rows += int64(rows)
	op.Batches++
	l.clock.enter(l.to)
	err := take()
	if err != nil && l.clock.failed == 0 {
		l.clock.failed = l.to
	}
	l.clock.enter(l.from)
	return err
}

// pushAll pushes rows of any number as batches of the usual size.
func (l *link) pushAll(ctx context.Context, b *vec.Batch) error {
	if b.Rows <= batchRows {
		err := l.push(ctx, b)
		if err == nil && l.from == 0 {
			l.clock.row += int64(b.Rows)
		}
		return err
	}
	return l.pushSlice(ctx, b, 0, b.Rows)
}

// pushSlice pushes n rows from row from on as batches of the usual size.
func (l *link) pushSlice(ctx context.Context, b *vec.Batch, from, n int) error {
	var part vec.Batch
	var scratch vec.Scratch
	for at := from; at < from+n; at += batchRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		scratch.Reset()
		sliceBatch(&part, b, at, min(batchRows, from+n-at), &scratch)
		if err := l.push(ctx, &part); err != nil {
			return err
		}
		if l.from == 0 {
			l.clock.row += int64(part.Rows)
		}
	}
	return nil
}

// sliceBatch makes dst the n rows of src from row from on. Columns that nobody reads stay empty.
func sliceBatch(dst, src *vec.Batch, from, n int, s *vec.Scratch) {
	dst.Cols = growTo(dst.Cols, len(src.Cols))
	dst.Rows, dst.Seq = n, src.Seq
	for i := range src.Cols {
		if src.Cols[i].Len > 0 {
			vec.Slice(&dst.Cols[i], &src.Cols[i], from, n, s)
		}
	}
}

// finishAfter finishes what is downstream after a step has pushed, at its end, the rows that it held. Where what follows had enough of
// them it must still finish: it has a result to make.
func (l *link) finishAfter(ctx context.Context, pushed error) error {
	if pushed != nil && !errors.Is(pushed, errEnough) {
		return pushed
	}
	return l.finish(ctx)
}

func (l *link) finish(ctx context.Context) error {
	l.clock.enter(l.to)
	err := l.next.finish(ctx)
	l.clock.enter(l.from)
	return err
}
