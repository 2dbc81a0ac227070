package delayed

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/sheafdata/sheaf/fault"
)

// kindOf returns the kind of an error that is no fault itself.
func kindOf(err error) fault.Kind {
	var inner *fault.Error
	switch {
	case errors.As(err, &inner):
		return inner.Kind
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Canceled
	}
	return fault.Data
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

// panicFault returns a recovered panic as an error of the call; the stack begins where it panicked.
func panicFault(n *Node, value any) error {
	stack := string(debug.Stack())
	if at := strings.Index(stack, "\npanic("); at >= 0 {
		if lines := strings.SplitN(stack[at+1:], "\n", 3); len(lines) == 3 {
			stack = lines[2]
		}
	}
	return &fault.Error{Kind: fault.Panic, At: n.at.String(), Err: &panicError{value, stack}}
}

// misuse returns a fault of a call that cannot be built.
func misuse(op string, at where, format string, args ...any) *fault.Error {
	f := fault.New(fault.Plan, op, format, args...)
	f.At = at.String()
	return f
}

// canceled returns the error of a context that has ended.
func canceled(ctx context.Context) error {
	return &fault.Error{Kind: fault.Canceled, Op: "wait", Err: context.Cause(ctx)}
}
