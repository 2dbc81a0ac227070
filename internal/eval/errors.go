package eval

import (
	"fmt"
	"runtime/debug"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// badValue is the error of one value: text is the value as users read it, and the message says what is wrong with it.
func badValue(e expr.Expr, row int, text, format string, args ...any) error {
	err := fault.New(fault.Data, e.Info().Call, "%s: %s", e, fmt.Sprintf(format, args...))
	err.At, err.Row, err.Text = e.At(), int64(row)+1, text
	if cols := e.Columns(); len(cols) == 1 {
		err.Column = cols[0]
	}
	return err
}

// panicked is the error of a panic in a user function; row counts from 0, below 0 it is not known.
func panicked(e expr.Expr, row int, p any) error {
	err := fault.New(fault.Panic, e.Info().Call, "%s: panic: %v\n%s", e, p, debug.Stack())
	err.At, err.Row = e.At(), int64(row)+1
	return err
}

// unsupported is the plan-time fault of an operation without a kernel for its types.
func unsupported(e expr.Expr) error {
	err := fault.New(fault.Plan, e.Info().Call, "%s is not supported for %s", e, argTypes(e))
	err.At = e.At()
	return err
}

func argTypes(e expr.Expr) string {
	s := ""
	for i := range e.NumArgs() {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprint(e.Arg(i).Type())
	}
	return s
}
