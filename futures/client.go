package futures

import (
	"context"

	"github.com/sheafdata/sheaf/graph"
)

// Client runs tasks at once, as they come, and knows nothing of their types. New makes one over a scheduler of this process; a cluster
// is another. Programs hand it to Submit, Map and Scatter and call Close alone. Its methods are safe for concurrent use, also in its
// tasks, except for Close.
//
// It has five methods, because starting, waiting in a task, calling back, keeping and ending are each done otherwise by who runs in
// this process and who does not, and everything else is made of them.
type Client interface {
	// Submit starts the last of the jobs, and those before it that it needs, and returns its task. A job whose key is that of a task
	// that runs or is held is that task. Each Submit counts as one holder of the task, until a Release.
	Submit(jobs []Job) (Task, error)
	// Await returns when done is closed, or with an error when ctx ends. In a task, given its context, it lets other tasks run meanwhile.
	Await(ctx context.Context, done <-chan struct{}) error
	// After calls fn once the task is done, in a goroutine of its own. Close waits for it.
	After(t Task, fn func())
	// Keep makes Close wait for the task instead of cancelling it, and return its error.
	Keep(t Task)
	// Close waits for what is kept, cancels everything else, frees all results, and returns when all goroutines are gone.
	Close() error
}

// Task is a task of a Client. Its methods are safe for concurrent use. It has four, because each asks the one that runs the task, and a
// future is made of them.
type Task interface {
	// OnDone calls fn once the task has finished, failed or was cancelled, at once if it is. fn is called in the middle of scheduling: it
	// must be quick, and must not call the client.
	OnDone(fn func())
	// Result returns the result, or the error, of a task that is done.
	Result() (any, error)
	// Cancel stops the task and what only it needed.
	Cancel()
	// Release gives up one hold of the task. When nobody holds it, its result goes after its last reader.
	Release()
}

// Job is one task of a Submit.
type Job struct {
	Key  graph.Key
	Deps []Dep // what Run gets, in this order
	Run  graph.Func
	Hint graph.Hint
}

// Dep is one input of a Job: a task of the client that the caller holds or, where Task is nil, the job of that place in the same Submit,
// which stands before this one.
type Dep struct {
	Task Task
	Job  int
}

type clientKey struct{}

// From returns the client whose task was given ctx: a task that submits tasks uses it.
func From(ctx context.Context) (Client, bool) {
	c, ok := ctx.Value(clientKey{}).(Client)
	return c, ok
}
