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

// TaskError is the error of a task's function, with the task. It is the cause of the *fault.Error that a run returns: errors.As finds
// it there, and Reproduce runs the task again. It keeps the graph alive, not the results.
type TaskError struct {
	// Name is the task's key, "#7" where it has none.
	Name string
	Key  graph.Key
	ID   graph.ID
	// Inputs are the keys of the tasks whose results it reads, in order.
	Inputs []graph.Key
	// Tries is how often it was tried.
	Tries int
	// Err is what the function returned.
	Err error

	graph *graph.Graph
}

// Error returns "task sum[0]: no luck (it reads load[0], load[1])". What follows the first line of the cause comes last.
func (e *TaskError) Error() string {
	message, rest, more := strings.Cut(e.Err.Error(), "\n")
	text := "task " + e.Name + ": " + message + e.about()
	if more {
		text += "\n" + rest
	}
	return text
}

// Unwrap returns Err.
func (e *TaskError) Unwrap() error { return e.Err }

// shownInputs is how many inputs a message names.
const shownInputs = 4

// about says what the task reads and how often it was tried.
func (e *TaskError) about() string {
	var parts []string
	if len(e.Inputs) > 0 {
		deps := e.graph.Deps(e.ID)
		names := make([]string, 0, shownInputs)
		for _, d := range deps[:min(len(deps), shownInputs)] {
			names = append(names, e.graph.Name(d))
		}
		reads := "it reads " + strings.Join(names, ", ")
		if len(deps) > shownInputs {
			reads += fmt.Sprintf(" and %d more", len(deps)-shownInputs)
		}
		parts = append(parts, reads)
	}
	if e.Tries > 1 {
		parts = append(parts, fmt.Sprintf("tried %d times", e.Tries))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

// taskFault returns err as an error of the task. A fault keeps its kind, its places in the data and its hint.
func taskFault(g *graph.Graph, id graph.ID, err error, tries int) error {
	e := &TaskError{Name: g.Name(id), Key: g.Key(id), ID: id, Tries: tries, Err: err, graph: g}
	for _, d := range g.Deps(id) {
		e.Inputs = append(e.Inputs, g.Key(d))
	}
	if f, ok := err.(*fault.Error); ok && f != nil {
		c := *f
		if c.Err == nil {
			c.Err = errors.New(f.Kind.String() + " error")
		}
		e.Err, c.Err = c.Err, e
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
	return &fault.Error{Kind: kind, Err: e}
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
