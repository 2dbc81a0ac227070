package sched

import (
	"context"
	"errors"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// Reproduce runs the task that an error came from again, after all that it needs, in the calling goroutine and always in the same
// order, and returns the error that it gives now: nil where it succeeds. err is what a run returned.
//
// It is for debuggers. Put the call where the error arrives, set a breakpoint in the task's function, and the debugger stops there with
// the stack of this goroutine, no other task running:
//
//	if err := run.Wait(ctx); err != nil {
//		err = sched.Reproduce(ctx, err) // set a breakpoint in the failing function
//	}
//
// The tasks that it needs are computed again, so that their functions must still give what they gave: a task whose input was read from
// a queue finds another there. There are no retries, timeouts, resources or caches, whatever the hints say; the options are opts.
func Reproduce(ctx context.Context, err error, opts ...Option) error {
	var t *TaskError
	if !errors.As(err, &t) || t.graph == nil {
		return fault.New(fault.Plan, "reproduce", "the error is of no task: %w", err)
	}
	g, want := graph.Cull(t.graph, t.ID)
	bare := graph.New()
	for id := range graph.ID(g.Len()) {
		task := g.Task(id)
		task.Hint = graph.Hint{}
		bare.Add(task)
	}
	o := Apply(opts...)
	o.Cache, o.Resources = nil, nil
	run := Inline().Start(ctx, o)
	defer run.Close()
	if err := run.Submit(bare, want...); err != nil {
		return err
	}
	return run.Wait(ctx)
}
