// Package window computes window functions: values of a row that depend on the rows around it.
//
// The rows are there as columns. They are partitioned by the group of their keys and ordered inside, which is a permutation of row
// numbers that all calls of the same keys and order share; a call then walks places of that permutation. Frames are pairs of places
// [lo, hi) that never move back, over all partitions, so that every aggregate over frames is one pass with a sliding state: exact sums
// that add and subtract, for floats two stacks of partial sums and never a difference, a queue of candidates for extremes, counts by
// value for modes and distinct counts, a tree of counts for quantiles. What returns one of the values (lag, first, max) finds its row
// and gathers, whatever the type. Nothing costs rows × frame but lists, whose answers are as long.
//
// Aggregates of whole partitions go through package agg by group and are gathered. Top leaves out, batch by batch, rows that cannot be
// among the first of their partition.
//
// window must not know plans, pipelines or tasks; it starts no goroutine. It imports expr, vec, sort, group, agg and fault.
package window

import (
	"context"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Call is one window function or aggregate.
type Call struct {
	// Expr is the bound call: its operation, parameters, type and frame. Arguments and modifiers are taken from the columns below.
	Expr expr.Expr
	// Args are the columns of its arguments.
	Args []int
	// Where is the column of its condition, -1 without one.
	Where int
}

// Spec is calls that share partitions and order.
type Spec struct {
	// Over are the columns of the partition keys; none: all rows are one partition.
	Over []int
	// Order is the order within a partition, equal keys in row order; none: row order.
	Order []sorting.Key
	Calls []Call
}

// Compute returns a column a call, in the order of the rows. reserve is told of memory before it is taken and, negative, of its
// return; nil: nobody counts. What it was told of and not given back is the memory of the result.
func Compute(ctx context.Context, s *Spec, cols []vec.Vec, rows int, reserve func(int64) error) ([]vec.Vec, error) {
	c := &computer{spec: s, cols: cols, rows: rows, mem: account{reserve: reserve}, result: account{reserve: reserve}}
	defer c.mem.release()
	if err := c.layout(); err != nil {
		return nil, err
	}
	out := make([]vec.Vec, len(s.Calls))
	for i := range s.Calls {
		err := ctx.Err()
		if err == nil {
			before := c.mem.held
			out[i], err = c.call(&s.Calls[i])
			c.mem.back(before + c.cached)
			c.cached = 0
		}
		if err != nil {
			c.result.release()
			return nil, err
		}
	}
	return out, nil
}

// account is memory that goes back when the work is done.
type account struct {
	reserve func(int64) error
	held    int64
}

func (a *account) grow(n int64) error {
	if a.reserve != nil {
		if err := a.reserve(n); err != nil {
			return err
		}
	}
	a.held += n
	return nil
}

// back gives bytes back down to what was held at some time before.
func (a *account) back(to int64) {
	if a.reserve != nil && a.held > to {
		_ = a.reserve(to - a.held)
	}
	a.held = min(a.held, to)
}

func (a *account) release() { a.back(0) }

func internalError(format string, args ...any) error {
	return fault.New(fault.Internal, "window", format, args...)
}
