// Package dataframe is the user API: lazy frames over Arrow record batches. A DataFrame is a plan; an action (Collect, Batches, Write…)
// optimises it and runs it on a scheduler. Frames are made by package readers, by FromRecords and its kin, or from any
// partition.Source.
//
// Nothing is evaluated here and no reader is imported: the package imports expr, partition, plan, optimizer, internal/run and sched.
package dataframe

import (
	"errors"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// DataFrame is a lazy table: a plan that gives rows when an action runs it. It never changes; goroutines may share it. A method that
// is used wrongly returns a frame that holds the fault, with the file:line of the call; every action returns it.
type DataFrame struct {
	node plan.Node
	err  error
}

// FromSource returns a frame of all rows of a source: bring your own reader.
func FromSource(src partition.Source) *DataFrame {
	return fromSource(fault.Caller(), "FromSource", src)
}

func fromSource(at, op string, src partition.Source) *DataFrame {
	if src == nil || src.Schema() == nil {
		return failed(at, op, fault.New(fault.Plan, op, "the source or its schema is nil"))
	}
	seen := map[string]bool{}
	for _, f := range src.Schema().Fields() {
		if seen[f.Name] {
			return failed(at, op, fault.New(fault.Plan, op, "two columns are named %q", f.Name))
		}
		seen[f.Name] = true
	}
	return &DataFrame{node: plan.NewScan(src)}
}

// FromError returns a frame that holds an error, for readers whose first look at their input failed. Every action returns err.
func FromError(err error) *DataFrame {
	return failed(fault.Caller(), "", err)
}

// failed returns a frame that holds the error, as a *fault.Error with its place.
func failed(at, op string, err error) *DataFrame {
	return &DataFrame{err: placed(at, op, err)}
}

// placed returns err as a *fault.Error whose At and Op are set. A fault raised below knows best which operation it is; an expression
// knows best where it was written.
func placed(at, op string, err error) *fault.Error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return &fault.Error{Kind: fault.Input, Op: op, At: at, Err: err}
	}
	c := *f
	if c.At == "" {
		c.At = at
	}
	if c.Op == "" {
		c.Op = op
	}
	return &c
}

// fault returns the frame's fault: that of a nil or zero frame, too.
func (df *DataFrame) fault() error {
	switch {
	case df == nil:
		return fault.New(fault.Plan, "", "the frame is nil")
	case df.err != nil:
		return df.err
	case df.node == nil:
		return fault.New(fault.Plan, "", "the frame is a zero DataFrame").WithHint("make frames with package readers, FromRecords or FromSource")
	}
	return nil
}

// then returns the frame of a node made of df's: of df's fault, or of the fault that make returns.
func (df *DataFrame) then(op string, make func(plan.Node) (plan.Node, error)) *DataFrame {
	if err := df.fault(); err != nil {
		return failed(fault.Caller(), op, err)
	}
	n, err := make(df.node)
	if err != nil {
		return failed(fault.Caller(), op, err)
	}
	return &DataFrame{node: n}
}

// Schema returns the columns' names and types. A frame that holds a fault has an empty schema.
func (df *DataFrame) Schema() *arrow.Schema {
	if df.fault() != nil {
		return arrow.NewSchema(nil, nil)
	}
	return df.node.Schema()
}

// Err returns the first fault of the calls that made the frame, nil where there is none.
func (df *DataFrame) Err() error {
	if err := df.fault(); err != nil {
		return placed("", "", err)
	}
	return nil
}

// columnsOf turns column arguments (a name, an Expr, several of either) into expressions.
func columnsOf(cols []any) ([]expr.Expr, error) { return expr.ColumnsOf(cols...) }
