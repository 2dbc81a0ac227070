package run

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

// Write runs an optimised plan and gives its rows to the sink of the write, all or none: the sink is committed once every part is
// written, and aborted where one is not.
func Write(ctx context.Context, n *plan.Write, o sched.Options) (partition.Report, *Receipt, error) {
	stages, err := physical.Lower(n)
	if err != nil {
		return partition.Report{}, nil, err
	}
	var report partition.Report
	receipt, err := runStages(ctx, stages, o, nil, func(r partition.Report) { report = r })
	if err != nil {
		return partition.Report{}, receipt, err
	}
	return report, receipt, nil
}

// writing is a stage that writes: the open sink, and the fragment that travels.
type writing struct {
	to     partition.PartitionedWriter
	remote plan.Node // the Breaker of tasks in other processes; nil where it is the stage's own
	over   bool      // committed or aborted
}

// openWrite opens the sink of a stage, once its tasks are known.
func (q *query) openWrite(s *stage) error {
	if s.Write == nil {
		return nil
	}
	w := &writing{}
	err := guarded("Open", func() (err error) {
		w.to, err = s.Write.Sink.Open(q.ctx, s.Write.Input.Schema(), len(s.tasks))
		if err == nil && w.to == nil {
			err = fault.New(fault.Internal, "write", "the sink's Open gave neither a writer nor an error")
		}
		return err
	})
	if err != nil {
		return err
	}
	s.write = w
	q.writes.Set(s.ID, w.to)
	if p, ok := w.to.(partition.PortableWriter); ok {
		sink, portable := p.Remote()
		if !portable {
			sink = nil
		}
		w.remote = plan.NewWrite(plan.NewInput(0, s.Write.Input.Schema()), sink)
	}
	return nil
}

// guarded calls a method of a sink; its panic is an error.
func guarded(what string, call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Panic, "write", "panic in the sink's %s: %v\n%s", what, p, debug.Stack())
		}
	}()
	err = call()
	var f *fault.Error
	if err == nil || errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &fault.Error{Kind: fault.Input, Op: "write", Err: err}
}

// portable returns the task as it travels: its sink joins the open write.
func (q *query) portable(t *exec.Task) *exec.Task {
	s := q.stages[t.Fragment.Stage]
	if s.write == nil || s.write.remote == nil {
		return t
	}
	c, f := *t, *t.Fragment
	f.Breaker = s.write.remote
	c.Fragment = &f
	return &c
}

// commit makes what was written visible. Nothing of the run may be writing any more.
func (q *query) commit(ctx context.Context, done func(partition.Report)) error {
	for _, s := range q.stages {
		if s.write == nil || s.write.over {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err // the writes are aborted
		}
		s.write.over = true
		err := guarded("Commit", func() error {
			report, err := s.write.to.Commit(q.ctx)
			if err == nil {
				done(report)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// abort takes back what was written and not committed.
func (q *query) abort(ctx context.Context) error {
	var errs []error
	for _, s := range q.stages {
		if s.write == nil || s.write.over {
			continue
		}
		s.write.over = true
		errs = append(errs, guarded("Abort", func() error { return s.write.to.Abort(context.WithoutCancel(ctx)) }))
	}
	return errors.Join(errs...)
}
