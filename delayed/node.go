package delayed

import (
	"context"
	"reflect"
	"strconv"
	"sync"

	"github.com/sheafdata/sheaf/graph"
)

// Node is a Value without its type: a call and its arguments. It is for packages that run or show delayed work in other ways, as
// futures does. It never changes.
type Node struct {
	fn    *function // nil for a value that is known
	args  []*Node
	at    where
	key   graph.Key
	typ   reflect.Type
	err   error
	known *known // nil for a call
}

// known is a value that is there.
type known struct {
	value  any
	token  string // what stands for its content in keys, "" until a pure call asks
	tokens sync.Once
}

// Node implements Untyped.
func (n *Node) Node() *Node { return n }

// Type returns the type of the result.
func (n *Node) Type() reflect.Type { return n.typ }

// Key returns the name of the task, the zero Key for a value that is known.
func (n *Node) Key() graph.Key { return n.key }

// Pure says whether equal calls have equal keys.
func (n *Node) Pure() bool { return n.fn != nil && n.fn.pure }

// At returns the user's file:line of the call.
func (n *Node) At() string { return n.at.String() }

// Err returns what was built wrongly, here or in what it needs.
func (n *Node) Err() error { return n.err }

// Args returns the arguments in order. The slice is the node's own.
func (n *Node) Args() []*Node { return n.args }

// Constant returns the value where it is known.
func (n *Node) Constant() (any, bool) {
	if n.known == nil {
		return nil, false
	}
	return n.known.value, true
}

// Foreign returns what was given to the function Foreign, nil for any other node.
func (n *Node) Foreign() any {
	if n.fn == nil {
		return nil
	}
	return n.fn.foreign
}

// Hint returns what is known about the task.
func (n *Node) Hint() graph.Hint {
	if n.fn == nil {
		return graph.Hint{}
	}
	h := n.fn.hint
	h.Pure = h.Pure || n.fn.pure
	return h
}

// Bind returns the task's work: a function of the results of those arguments that are not known, in their order.
func (n *Node) Bind() graph.Func {
	values := 0
	for _, a := range n.args {
		if a.known != nil {
			values++
		}
	}
	if values == 0 {
		return n.run
	}
	return func(ctx context.Context, in []any) (any, error) {
		all := make([]any, len(n.args))
		for i, a := range n.args {
			if a.known != nil {
				all[i] = a.known.value
			} else {
				all[i], in = in[0], in[1:]
			}
		}
		return n.run(ctx, all)
	}
}

// Foreign returns a Value that wait gives: of a task that runs elsewhere, such as a future. by says who, to those who know it. The
// Value keeps it.
func Foreign[T any](by any, key graph.Key, wait func(ctx context.Context) (T, error)) *Value[T] {
	f := &function{name: key.Group, foreign: by}
	f.call = func(ctx context.Context, _ []any) (any, error) { return result(wait(ctx)) }
	return &Value[T]{&Node{fn: f, at: here(0), key: key, typ: reflect.TypeFor[T]()}}
}

// call returns the Value of a call of f. It must be called by the function that the user calls.
func call[R any](f *function, args ...*Node) *Value[R] {
	return &Value[R]{build(f, reflect.TypeFor[R](), args)}
}

// build makes the node of a call, three frames below the user.
func build(f *function, typ reflect.Type, args []*Node) *Node {
	n := &Node{fn: f, args: args, typ: typ, at: here(1)}
	for i, a := range args {
		if n.err != nil {
			break
		}
		switch {
		case a == nil:
			n.err = misuse(f.name, n.at, "argument %d is nil", i+1)
		case a.err != nil:
			n.err = a.err
		}
	}
	if f.err != nil {
		e := *f.err
		e.Op, e.At = f.name, n.at.String()
		n.err = &e
	}
	if n.err == nil {
		n.name()
	}
	return n
}

// name gives the node its key.
func (n *Node) name() {
	if !n.fn.pure {
		n.key = graph.Key{Group: n.fn.name, Index: int(n.fn.serial.Add(1) - 1)}
		return
	}
	h := newHasher()
	h.text(n.fn.identity)
	for _, a := range n.args {
		h.text(a.digest())
	}
	n.key = graph.Key{Group: n.fn.name + "-" + h.sum()}
}

// digest returns what stands for the node in the keys of pure calls.
func (n *Node) digest() string {
	if n.known == nil {
		return n.key.String()
	}
	return constantToken(n)
}

// objects numbers the values that have no content that could be compared: each is equal to itself alone.
var objects = serialOf("\x00object")

func objectToken() string { return "object " + strconv.FormatInt(objects.Add(1), 10) }

// argOf returns the node of an argument, nil for a nil one.
func argOf[T any](a Arg[T]) *Node {
	if a == nil {
		return nil
	}
	v := a.Delayed()
	if v == nil {
		return nil
	}
	return v.Node()
}
