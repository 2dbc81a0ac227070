// Package sched executes task graphs. A Scheduler starts Runs; a Run executes one growing graph: Submit what is wanted, read it as
// it finishes, add more. Inline runs everything in the caller's goroutine, in a fixed order, for debugging; Pool on workers that
// its runs share.
//
// A run executes every task of its graph; what is wanted says which results it keeps and what Wait waits for. Newly ready tasks go
// first, latest first, ties by the graph's static order; tasks without dependencies go in that order, those of an earlier Submit
// first. So a task's inputs are consumed soon after they were made, and few are held at any time.
//
// Hints of tasks (graph.Hint) say more: a priority goes before that order, and what an urgent task needs is as urgent; a task that fails
// is tried again, after a pause; a timeout ends its context; named resources and bytes are counted, and a task that finds too few of
// them waits without a worker. Results of pure tasks may be kept from run to run in a Cache. None of it changes an answer, and what is
// not used costs nothing. An error of a task is a *fault.Error whose cause is a *TaskError, with the task's key and inputs;
// Reproduce runs that task again, in the calling goroutine.
//
// The package puts a run's options and the values of Start's context into the context of its tasks. It knows neither Arrow nor
// plans nor memory budgets; it may import packages fault and graph alone. All goroutines of the library are started here, save those
// that read ahead.
//
//	run := sched.Start(ctx, sched.Apply(sched.Workers(4)))
//	defer run.Close()
//	if err := run.Submit(g, sum); err != nil { … }
//	if err := run.Wait(ctx); err != nil { … }
//	v, err := run.Result(sum)
package sched

import (
	"context"
	"iter"

	"github.com/sheafdata/sheaf/graph"
)

// Scheduler starts runs. It may be shared by goroutines.
type Scheduler interface {
	// Start opens a run. When ctx ends, everything the run does is cancelled; the run must still be closed. Start does not fail: what
	// it could not do, Submit returns.
	Start(ctx context.Context, o Options) Run
}

// Run executes one growing graph. Its methods are safe for concurrent use, and a task may call Submit, Cancel, Release and Result of
// its own run (RunFrom), and wait for any other run with its context. It must not wait for or close its own run.
type Run interface {
	// Submit makes the run execute all tasks added to the graph so far, and keep the results of the wanted ones until Release or Close.
	// Any other result goes after its last reader among the tasks added so far; one that has no reader yet stays for the first. Submit may
	// be called again, after more Adds to the same graph or without; another graph is an error, and so is a graph with a bad Add, an ID
	// that is no task, and a new task or want of a result that is gone. A Submit that returns an error has changed nothing.
	Submit(g *graph.Graph, want ...graph.ID) error
	// Wait returns when all wanted tasks have finished or failed, or ctx ends. When one has failed, it returns the first error in graph
	// order of those there are by then; a task fails as soon as one that it needs has.
	Wait(ctx context.Context) error
	// Done yields wanted tasks as they finish, with the error of those that failed, and ends when all wanted ones were yielded. Each is
	// yielded once in the life of the run: a range that follows a break goes on after it. While a range is active and its reader is slow,
	// the run holds no more than about two finished unread tasks a worker. The end of ctx or of the run yields -1 and the error.
	Done(ctx context.Context) iter.Seq2[graph.ID, error]
	// Result returns the result of a finished task that is still held, or the error it failed with. It does not wait.
	Result(id graph.ID) (any, error)
	// Release gives up wanted results: each goes after its last reader, at once when there is none. A task that has not finished is
	// computed and waited for all the same.
	Release(ids ...graph.ID)
	// Cancel stops tasks and what only they needed; the context of one that is running ends. Nobody waits for a cancelled task any more,
	// its Result is an error of kind fault.Canceled, and tasks that depend on it fail with that error. A finished task stays as it is.
	Cancel(ids ...graph.ID)
	// Close cancels what runs, frees all results and returns when the run's goroutines are gone. A second Close does nothing.
	Close() error
}

// Start opens a run on o.On, or on the process-wide pool of GOMAXPROCS workers where that is nil.
func Start(ctx context.Context, o Options) Run {
	if o.On != nil {
		return o.On.Start(ctx, o)
	}
	return processPool.Start(ctx, o)
}

var processPool = newPool(0, nil)

// Pool returns a scheduler of that many workers, 0 for GOMAXPROCS. They are shared, in turns, by all its runs, and exist only while
// one is open; a pool needs no closing. A task that waits with its own context for another run lends its place to another worker
// meanwhile, so that runs within tasks do not lock each other out.
func Pool(workers int) Scheduler { return newPool(workers, nil) }

// Call is one task on its way to where it is executed.
type Call struct {
	Graph *graph.Graph
	Task  graph.ID
	// In holds the results of the task's dependencies.
	In []any
	// Worker is the number of the calling worker, from 0. A worker makes one call at a time.
	Worker int
}

// PoolOf returns a Pool whose workers have their tasks executed by call, such as in another process, instead of executing them.
func PoolOf(workers int, call func(ctx context.Context, c Call) (any, error)) Scheduler {
	return newPool(workers, call)
}

// InProcess says whether a scheduler, nil for that of Start, is known to execute tasks by their Run, which have one: nobody then needs
// their Op and Args, which may be dear to make.
func InProcess(s Scheduler) bool {
	switch s := s.(type) {
	case nil, inline:
		return true
	case *pool:
		return s.call == nil
	}
	return false
}

// Inline returns a scheduler that runs tasks one after the other in the goroutine that calls Wait or ranges over Done, always in the
// same order: breakpoints, profiles and stacks show the caller. Nothing runs before that call.
func Inline() Scheduler { return inline{} }
