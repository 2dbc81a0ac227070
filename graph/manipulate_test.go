package graph_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/sheafdata/sheaf/graph"
)

// traced returns a graph of which each task writes down that it ran, and where.
func traced(names ...string) (*graph.Graph, *[]string, func(name string, deps ...graph.ID) graph.ID) {
	g, log := graph.New(), &[]string{}
	return g, log, func(name string, deps ...graph.ID) graph.ID {
		return g.Add(graph.Task{Key: graph.Key{Group: name}, Deps: deps, Run: func(ctx context.Context, in []any) (any, error) {
			*log = append(*log, name)
			return sum(ctx, in)
		}})
	}
}

func TestCheckpoint(t *testing.T) {
	g, _, add := traced()
	a, b := add("a"), add("b")
	key := graph.Key{Group: "saved", Index: 2}
	all := g.Checkpoint(key, a, b, a)
	if again := g.Checkpoint(key, a, b, a); again != all || g.Key(all) != key {
		t.Errorf("the same checkpoint is %d and %d", all, again)
	}
	one, none := g.Checkpoint(graph.Key{}, b), g.Checkpoint(graph.Key{})
	for i, v := range eval(t, g, all, one, none) {
		if v != nil {
			t.Errorf("checkpoint %d gives %v", i, v)
		}
	}
	for _, d := range g.Deps(all) {
		if d == a || d == b {
			t.Error("a checkpoint holds what it waits for")
		}
	}
	if _, _, err := g.Remote(all); err != nil {
		t.Error(err)
	}
}

func TestWaitOn(t *testing.T) {
	g, _, add := traced()
	a := add("a")
	b := add("b", a)
	out := g.WaitOn("both", a, b)
	if got := eval(t, g, out...); !reflect.DeepEqual(got, []any{1, 2}) {
		t.Error(got)
	}
	for _, id := range out {
		if !g.Reads(id, a) || !g.Reads(id, b) {
			t.Errorf("task %d does not wait for both", id)
		}
	}
	if len(g.WaitOn("none")) != 0 {
		t.Error("nothing became something")
	}
}

func TestClone(t *testing.T) {
	for seed := range uint64(200) {
		g, want := random(seed)
		if len(want) == 0 {
			continue
		}
		n := g.Len()
		expected := eval(t, g, want...)
		ids := g.Clone("-again", want)
		if got := eval(t, g, ids...); !reflect.DeepEqual(got, expected) {
			t.Fatalf("seed %d: %v, expected %v", seed, got, expected)
		}
		for i, id := range ids {
			k := g.Key(want[i])
			if !g.IsData(want[i]) && int(id) < n || k != (graph.Key{}) && !g.IsData(want[i]) && g.Key(id) != (graph.Key{Group: k.Group + "-again", Index: k.Index}) {
				t.Fatalf("seed %d: task %d, %v is no copy of %v", seed, id, g.Key(id), k)
			}
		}
		bound := g.Bind("-bound", want, []graph.ID{0}, graph.ID(n/2))
		if got := eval(t, g, bound...); !reflect.DeepEqual(got, expected) {
			t.Fatalf("seed %d: %v, expected %v", seed, got, expected)
		}
	}
}

func TestCloneKeeps(t *testing.T) {
	g, log, add := traced()
	a := add("a")
	b := add("b", a)
	c := add("c", b, a)
	one := g.Clone("-2", []graph.ID{c}, b)
	two := g.Clone("-2", []graph.ID{c}, b)
	if one[0] != two[0] || !g.Reads(one[0], b) || g.Len() != 3+2 {
		t.Errorf("%v, %v, %d tasks", one, two, g.Len())
	}
	mean := add("mean", a)
	bound := g.Bind("-late", []graph.ID{c}, []graph.ID{mean})
	*log = nil
	if got := eval(t, g, bound[0], c); got[0] != got[1] {
		t.Error(got)
	}
	if fmt.Sprint(*log) != "[a b c a c mean a b c]" {
		t.Errorf("%v ran", *log)
	}
	if !g.Reads(bound[0], mean) {
		t.Error("the copy does not wait for the mean")
	}
}

// A second pass over what a first has read: without Bind the loads would be held until both are over.
func ExampleGraph_Bind() {
	load := func(context.Context, []any) (any, error) { return []int{1, 2, 6}, nil }
	mean := func(_ context.Context, in []any) (any, error) { return 3, nil }
	g := graph.New()
	x := g.Add(graph.Task{Key: graph.Key{Group: "load"}, Run: load})
	m := g.Add(graph.Task{Key: graph.Key{Group: "mean"}, Deps: []graph.ID{x}, Run: mean})
	again := g.Bind("-again", []graph.ID{x}, []graph.ID{m})
	fmt.Println(g.Key(again[0]), g.Reads(again[0], m))
	// Output: load-again[0] true
}

// Two results that become available together.
func ExampleGraph_WaitOn() {
	g := graph.New()
	a := g.Add(graph.Data(graph.Key{Group: "a"}, 1))
	b := g.Add(graph.Data(graph.Key{Group: "b"}, 2))
	both := g.WaitOn("both", a, b)
	fmt.Println(g.Key(both[0]), g.Key(both[1]), g.Reads(both[0], b))
	// Output: both[0] both[1] true
}

// A copy that computes again what it needs.
func ExampleGraph_Clone() {
	g := graph.New()
	load := g.Add(graph.Task{Key: graph.Key{Group: "load"}, Run: sum})
	total := g.Add(graph.Task{Key: graph.Key{Group: "total"}, Deps: []graph.ID{load}, Run: sum})
	copied := g.Clone("-2", []graph.ID{total})
	fmt.Println(g.Key(copied[0]), g.Key(g.Deps(copied[0])[0]))
	// Output: total-2[0] load-2[0]
}
