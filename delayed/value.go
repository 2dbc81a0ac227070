package delayed

import (
	"context"
	"reflect"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// Arg is an argument of a lazy call whose function takes a T: a Value, made by a call or by Of, or a futures.Future.
type Arg[T any] interface {
	// Delayed returns the argument as a Value.
	Delayed() *Value[T]
}

// Value is a T that is not computed yet: a call of a function, with its arguments. It never changes; goroutines may share it. A call
// that is built wrongly gives a Value that holds the fault, with the file:line of the call, and whatever computes it returns that.
//
// A Value has no T to look at: a condition, a loop over it or a field of it does not compile. Give it to another lazy call, or
// compute it.
type Value[T any] struct {
	node *Node
}

// Of returns a value that is known now, as an argument. A large one that many calls read should be made once: it is one value then,
// and not one a call.
func Of[T any](v T) *Value[T] {
	n := &Node{known: &known{value: v}, typ: reflect.TypeFor[T]()}
	if isDelayed(n.typ) {
		n.at = here(0)
		n.err = misuse("Of", n.at, "%v is or holds delayed values, which a task would get uncomputed", n.typ).
			WithHint("give a delayed value as it is; make ListOf, MapOf or StructOf of several")
	}
	return &Value[T]{n}
}

// Failed returns a value that holds an error, for functions that build graphs.
func Failed[T any](err error) *Value[T] {
	at := here(0)
	if err == nil {
		err = misuse("Failed", at, "the error is nil")
	}
	return &Value[T]{&Node{at: at, typ: reflect.TypeFor[T](), err: err}}
}

// Delayed implements Arg.
func (v *Value[T]) Delayed() *Value[T] { return v }

// Node returns the untyped call.
func (v *Value[T]) Node() *Node {
	switch {
	case v == nil:
		return &Node{err: misuse("", here(0), "the delayed value is nil")}
	case v.node == nil:
		return &Node{err: misuse("", here(0), "the delayed value is a zero Value").WithHint("make values with Of, or by lazy calls")}
	}
	return v.node
}

// Err returns the fault of the first call that was built wrongly among those that make the value, nil where there is none.
func (v *Value[T]) Err() error { return v.Node().err }

// Key returns the name of the task: the name of the function, and which of its calls it is. A value that is known has none.
func (v *Value[T]) Key() graph.Key { return v.Node().key }

// Compute runs the call and all calls that it needs, each once, and returns its result. Options are those of every action of the
// library: sched.On for a scheduler other than the process-wide pool, sched.Workers, sched.Progress…
func (v *Value[T]) Compute(ctx context.Context, opts ...sched.Option) (T, error) {
	var zero T
	out, err := compute(ctx, []*Node{v.Node()}, opts)
	if err != nil {
		return zero, err
	}
	return as[T](out[0]), nil
}

// Persist computes the value now and returns it as one that is known: calls that are built on it do not compute it again. It is kept
// as long as something holds the returned Value.
func (v *Value[T]) Persist(ctx context.Context, opts ...sched.Option) (*Value[T], error) {
	kept, err := PersistAll(ctx, []*Value[T]{v}, opts...)
	if err != nil {
		return nil, err
	}
	return kept[0], nil
}

// Graph returns the tasks that Compute would run, and which of them is the value. Both are the caller's.
func (v *Value[T]) Graph() (*graph.Graph, graph.ID, error) {
	g, ids, err := GraphOf(v)
	if err != nil {
		return nil, 0, err
	}
	return g, ids[0], nil
}

// Untyped is any Value or future, whatever its T, where several of different types stand side by side.
type Untyped interface {
	Node() *Node
}

// GraphOf returns the tasks of several values, what they share once, and the task of each.
func GraphOf(vs ...Untyped) (*graph.Graph, []graph.ID, error) {
	nodes, err := nodesOf(vs)
	if err != nil {
		return nil, nil, err
	}
	l, err := lower(nodes)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]graph.ID, len(nodes))
	for i, n := range nodes {
		ids[i] = l.task(n)
	}
	return l.g, ids, nil
}

// Text draws the calls of the values as a tree, what a call needs indented below it. GraphOf and graph.Graph.Text can do it in other ways.
func Text(vs ...Untyped) (string, error) {
	g, ids, err := GraphOf(vs...)
	if err != nil {
		return "", err
	}
	return g.Text(graph.Drawing{Want: ids}), nil
}

// DOT draws the calls of the values in the language of Graphviz. GraphOf and graph.Graph.DOT can do it in other ways.
func DOT(vs ...Untyped) (string, error) {
	g, ids, err := GraphOf(vs...)
	if err != nil {
		return "", err
	}
	return g.DOT(graph.Drawing{Want: ids}), nil
}

func nodesOf(vs []Untyped) ([]*Node, error) {
	nodes := make([]*Node, len(vs))
	for i, v := range vs {
		if v == nil {
			return nil, fault.New(fault.Plan, "", "delayed value %d of %d is nil", i+1, len(vs))
		}
		nodes[i] = v.Node()
	}
	return nodes, nil
}
