package sched_test

import (
	"context"
	"fmt"

	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// A graph of three tasks; the result of one is wanted.
func Example() {
	ctx := context.Background()
	g := graph.New()
	value := func(v int) graph.Func {
		return func(context.Context, []any) (any, error) { return v, nil }
	}
	a := g.Add(graph.Task{Key: graph.Key{Group: "value", Index: 0}, Run: value(3)})
	b := g.Add(graph.Task{Key: graph.Key{Group: "value", Index: 1}, Run: value(4)})
	product := g.Add(graph.Task{
		Key:  graph.Key{Group: "product"},
		Deps: []graph.ID{a, b},
		Run:  func(_ context.Context, in []any) (any, error) { return in[0].(int) * in[1].(int), nil },
	})

	run := sched.Start(ctx, sched.Apply(sched.Workers(2)))
	defer run.Close()
	if err := run.Submit(g, product); err != nil {
		fmt.Println(err)
		return
	}
	if err := run.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	v, err := run.Result(product)
	fmt.Println(v, err)
	// Output: 12 <nil>
}

// A stream of results, each released once it was read; the graph grows as they come.
func ExampleRun_done() {
	ctx := context.Background()
	g := graph.New()
	run := sched.Inline().Start(ctx, sched.Options{})
	defer run.Close()
	double := func(_ context.Context, in []any) (any, error) { return 2 * in[0].(int), nil }
	first := g.Add(graph.Task{Run: func(context.Context, []any) (any, error) { return 1, nil }})
	if err := run.Submit(g, first); err != nil {
		fmt.Println(err)
		return
	}
	for id, err := range run.Done(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		v, _ := run.Result(id)
		fmt.Println(v)
		if v.(int) < 8 {
			if err := run.Submit(g, g.Add(graph.Task{Deps: []graph.ID{id}, Run: double})); err != nil {
				fmt.Println(err)
				return
			}
		}
		run.Release(id)
	}
	// Output:
	// 1
	// 2
	// 4
	// 8
}
