package delayed

import (
	"context"

	"github.com/sheafdata/sheaf/sched"
)

// ComputeAll computes several values of one type at once; what they share runs once. Results are in the order of the values.
func ComputeAll[A Arg[T], T any](ctx context.Context, vs []A, opts ...sched.Option) ([]T, error) {
	out, err := compute(ctx, argNodes[A, T](vs), opts)
	if err != nil {
		return nil, err
	}
	return typed[T](out), nil
}

// Compute2 computes two values at once; what they share runs once.
func Compute2[A, B any](ctx context.Context, a Arg[A], b Arg[B], opts ...sched.Option) (A, B, error) {
	out, err := compute(ctx, nonNil(argOf(a), argOf(b)), opts)
	if err != nil {
		var a A
		var b B
		return a, b, err
	}
	return as[A](out[0]), as[B](out[1]), nil
}

// Compute3 computes three values at once; what they share runs once.
func Compute3[A, B, C any](ctx context.Context, a Arg[A], b Arg[B], c Arg[C], opts ...sched.Option) (A, B, C, error) {
	out, err := compute(ctx, nonNil(argOf(a), argOf(b), argOf(c)), opts)
	if err != nil {
		var a A
		var b B
		var c C
		return a, b, c, err
	}
	return as[A](out[0]), as[B](out[1]), as[C](out[2]), nil
}

// ComputeAny computes values of different types at once; what they share runs once.
func ComputeAny(ctx context.Context, vs []Untyped, opts ...sched.Option) ([]any, error) {
	nodes, err := nodesOf(vs)
	if err != nil {
		return nil, err
	}
	return compute(ctx, nodes, opts)
}

// PersistAll is Persist of several values at once; what they share runs once.
func PersistAll[A Arg[T], T any](ctx context.Context, vs []A, opts ...sched.Option) ([]*Value[T], error) {
	nodes := argNodes[A, T](vs)
	out, err := compute(ctx, nodes, opts)
	if err != nil {
		return nil, err
	}
	kept := make([]*Value[T], len(out))
	for i, v := range out {
		kept[i] = &Value[T]{&Node{known: &known{value: v, token: nodes[i].digest()}, typ: nodes[i].typ}}
	}
	return kept, nil
}

// nonNil puts a fault in the place of what is nil.
func nonNil(nodes ...*Node) []*Node {
	for i, n := range nodes {
		if n == nil {
			nodes[i] = &Node{err: misuse("", here(1), "delayed value %d of %d is nil", i+1, len(nodes))}
		}
	}
	return nodes
}

func argNodes[A Arg[T], T any](vs []A) []*Node {
	nodes := make([]*Node, len(vs))
	for i, v := range vs {
		nodes[i] = argOf(Arg[T](v))
	}
	return nonNil(nodes...)
}

func typed[T any](vs []any) []T {
	out := make([]T, len(vs))
	for i, v := range vs {
		out[i] = as[T](v)
	}
	return out
}
