// Package plan holds logical plans of dataframes: a closed set of immutable nodes with bound expressions, made by constructors that
// check names and types, and the tools to walk, rewrite, compare, print and encode them.
//
// It says what rows a frame has; it must not evaluate anything or choose how to run it. It imports partition, expr, fault, Arrow's
// types and protowire only.
//
//	scan := plan.NewScan(source)
//	long, err := plan.NewFilter(scan, expr.Col("trip_distance").Gt(10)) // err is the fault, with the user's file:line
//	fmt.Print(plan.Format(long))
package plan

import (
	"errors"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// Node is one step of a logical plan. The set is closed: Scan, Filter, Project, GroupBy, Join, Sort, Limit, TopK, Distinct, Concat,
// Explode, Unpivot, Window, MapBatches, Repartition, Cache, Write and, inside plan fragments, Input. Nodes are pointers and never
// change; plans share them.
type Node interface {
	// Schema is that of the rows the node gives.
	Schema() *arrow.Schema
	// Inputs are the nodes it reads, in order. The caller does not change the slice.
	Inputs() []Node
	// WithInputs is the node over other inputs, as many as it has; the node itself where they are the same. They must have the
	// columns that the node's expressions name, with equal types; the schema is derived again.
	WithInputs(in ...Node) Node

	label() string // the node in a line, for Format; it closes the set
}

// swap is WithInputs for a node of one input: with makes the node over the new one.
func swap(n Node, in []Node, with func(in Node) Node) Node {
	count(n, in, 1)
	if n.Inputs()[0] == in[0] {
		return n
	}
	return with(in[0])
}

// count panics where WithInputs gets another number of inputs than the node has: a broken rule, not a broken query.
func count(n Node, in []Node, want int) {
	if len(in) != want || slices.Contains(in, nil) {
		panic(fault.New(fault.Internal, "WithInputs", "%T takes %d inputs, not %d", n, want, len(in)))
	}
}

// checkInputs refuses nil inputs.
func checkInputs(op string, in ...Node) error {
	if slices.Contains(in, nil) {
		return planFault(op, "an input is missing")
	}
	return nil
}

// Walk visits the node and all below it, each before its inputs; it goes below n only where visit(n) is true. A node that the plan
// holds several times is visited once.
func Walk(root Node, visit func(Node) bool) {
	seen := map[Node]bool{}
	var walk func(Node)
	walk = func(n Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if visit(n) {
			for _, in := range n.Inputs() {
				walk(in)
			}
		}
	}
	walk(root)
}

// TransformUp rewrites a plan bottom-up: fn gets every node once, its inputs rewritten, and returns what takes its place (the same
// node: unchanged). A plan in which nothing changed comes back as the same node; shared nodes stay shared.
func TransformUp(root Node, fn func(Node) (Node, error)) (Node, error) {
	t := transformer{up: fn, done: map[Node]Node{}}
	return t.run(root)
}

// TransformDown rewrites a plan top-down: fn gets a node and returns what takes its place; then the inputs of that are rewritten.
func TransformDown(root Node, fn func(Node) (Node, error)) (Node, error) {
	t := transformer{down: fn, done: map[Node]Node{}}
	return t.run(root)
}

type transformer struct {
	up, down func(Node) (Node, error)
	done     map[Node]Node
}

func (t *transformer) run(n Node) (Node, error) {
	if out, ok := t.done[n]; ok {
		return out, nil
	}
	out := n
	var err error
	if t.down != nil {
		if out, err = t.down(out); err != nil {
			return nil, err
		}
	}
	if out, err = t.inputs(out); err != nil {
		return nil, err
	}
	if t.up != nil {
		if out, err = t.up(out); err != nil {
			return nil, err
		}
	}
	t.done[n] = out
	return out, nil
}

func (t *transformer) inputs(n Node) (Node, error) {
	old := n.Inputs()
	if len(old) == 0 {
		return n, nil
	}
	in := make([]Node, len(old))
	for i := range old {
		var err error
		if in[i], err = t.run(old[i]); err != nil {
			return nil, err
		}
	}
	return n.WithInputs(in...), nil
}

// opFault names the operation in a fault that has none, and the caller's place. Faults are shared, so it copies.
func opFault(op string, err error) error {
	var f *fault.Error
	if err == nil || !errors.As(err, &f) || f.Op != "" && f.At != "" {
		return err
	}
	named := *f
	if named.Op == "" {
		named.Op = op
	}
	if named.At == "" {
		named.At = fault.Caller()
	}
	return &named
}

// planFault is a fault of the operation at the caller's place.
func planFault(op, format string, args ...any) *fault.Error {
	f := fault.New(fault.Plan, op, format, args...)
	f.At = fault.Caller()
	return f
}
