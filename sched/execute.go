package sched

import (
	"context"

	"github.com/sheafdata/sheaf/graph"
)

// Execute runs one registered operation as a run with these options would: its context carries them, a panic is an error. It is for
// the other end of PoolOf, where the task is. The operation gets no Run (RunFrom), and the error does not name the task.
func Execute(ctx context.Context, o Options, op string, args []byte, in []any) (v any, err error) {
	r := newRun(ctx, o, nil, 1)
	defer r.cancel(errEnded)
	finished := false
	defer func() {
		if !finished {
			v, err = nil, panicFault(recover())
		}
	}()
	v, err = operate(&taskContext{run: r}, op, args, in)
	finished = true
	return v, err
}

// operate calls a registered operation.
func operate(ctx context.Context, op string, args []byte, in []any) (any, error) {
	fn, ok := graph.Lookup(op)
	if !ok {
		return nil, unknownOp(op)
	}
	return fn(ctx, args, in)
}
