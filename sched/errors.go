package sched

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

var (
	errClosed   = fault.New(fault.Canceled, "run", "the run is closed")
	errCanceled = fault.New(fault.Canceled, "run", "the task was cancelled: %w", context.Canceled)
	errEnded    = errors.New("the task has returned")
)

// canceled returns the error of a context that has ended.
func canceled(ctx context.Context) error {
	cause := context.Cause(ctx)
	var f *fault.Error
	if errors.As(cause, &f) && f.Kind == fault.Canceled {
		return cause
	}
	return &fault.Error{Kind: fault.Canceled, Op: "run", Err: cause}
}

// taskError puts the task's name before the message of its error.
type taskError struct {
	name string
	err  error
}

func (e *taskError) Error() string { return e.name + ": " + e.err.Error() }
func (e *taskError) Unwrap() error { return e.err }

// taskFault returns err as an error of the task. A fault keeps its kind, its places in the data and its hint.
func taskFault(g *graph.Graph, id graph.ID, err error) error {
	name := "task " + g.Name(id)
	if f, ok := err.(*fault.Error); ok && f != nil {
		c := *f
		if c.Err == nil {
			c.Err = errors.New(f.Kind.String() + " error")
		}
		c.Err = &taskError{name, c.Err}
		return &c
	}
	kind := fault.Data
	var inner *fault.Error
	switch {
	case errors.As(err, &inner):
		kind = inner.Kind
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		kind = fault.Canceled
	}
	return &fault.Error{Kind: kind, Op: name, Err: err}
}

// panicError is a recovered panic.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.value, e.stack) }

// Unwrap returns the panic's value where that is an error.
func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// panicFault turns a recovered value into an error; call it in the deferred function that recovered. nil means that the function
// ended its goroutine.
func panicFault(value any) error {
	if value == nil {
		return fault.New(fault.Panic, "", "the function ended its goroutine (runtime.Goexit)")
	}
	stack := string(debug.Stack())
	// What stands above the panic is this package's own recovery.
	if at := strings.Index(stack, "\npanic("); at >= 0 {
		if lines := strings.SplitN(stack[at+1:], "\n", 3); len(lines) == 3 {
			stack = lines[2]
		}
	}
	return &fault.Error{Kind: fault.Panic, Err: &panicError{value, stack}}
}

func unknownOp(op string) error {
	return fault.New(fault.Plan, "", "the operation %q is not registered in this process. %s", op, fault.Suggest(op, graph.Operations())).
		WithHint("register it: graph.Register(%q, fn)", op)
}
