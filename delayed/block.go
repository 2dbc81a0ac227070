package delayed

import (
	"context"

	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// Block returns when done is closed, or with the error of ctx when that ends before. In a task, given the task's context, it lends the
// task's place to another worker meanwhile, so that what it waits for can run. On the inline scheduler nothing else runs while a task
// blocks.
func Block(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	default:
	}
	if _, ok := sched.RunFrom(ctx); ok {
		return lend(ctx, done)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return canceled(ctx)
	}
}

// lend waits as a run of one task that waits: a task that waits for another run lends its place.
func lend(ctx context.Context, done <-chan struct{}) error {
	g := graph.New()
	id := g.Add(graph.Task{Run: func(ctx context.Context, _ []any) (any, error) {
		select {
		case <-done:
			return nil, nil
		case <-ctx.Done():
			return nil, canceled(ctx)
		}
	}})
	run := sched.Pool(1).Start(ctx, sched.Options{})
	defer run.Close() //nolint:errcheck // it holds nothing
	if err := run.Submit(g, id); err != nil {
		return err
	}
	return run.Wait(ctx)
}
