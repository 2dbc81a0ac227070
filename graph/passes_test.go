package graph_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

func init() {
	graph.Register("graphtest.total", func(_ context.Context, args []byte, in []any) (any, error) {
		n := len(args)
		for _, v := range in {
			n += 2 * v.(int)
		}
		return n % 1_000_003, nil
	})
	graph.RegisterFunc(sum)
}

// random returns a graph of local and portable tasks, some cheap, and wanted tasks.
func random(seed uint64) (g *graph.Graph, want []graph.ID) {
	rng := rand.New(rand.NewPCG(seed, 7))
	g = graph.New()
	for n := range 1 + rng.IntN(60) {
		t := graph.Task{Run: sum}
		if rng.IntN(3) > 0 {
			t.Key = graph.Key{Group: "r", Index: n}
		}
		for range min(n, rng.IntN(4)) {
			t.Deps = append(t.Deps, graph.ID(n-1-rng.IntN(min(n, 8))))
		}
		switch rng.IntN(5) {
		case 0:
			t.Run, t.Op, t.Args = nil, "graphtest.total", make([]byte, rng.IntN(100))
		case 1:
			add := rng.IntN(100)
			t.Run = func(ctx context.Context, in []any) (any, error) {
				v, err := sum(ctx, in)
				return (v.(int)%1_000_003 + add), err
			}
		case 2:
			t.Hint.Cost = time.Duration(rng.IntN(10))
		}
		if rng.IntN(8) == 0 {
			t = graph.Data(t.Key, rng.IntN(100))
		}
		if rng.IntN(6) == 0 {
			t.Hint.Retries = 1
		}
		g.Add(t)
	}
	for range rng.IntN(4) {
		want = append(want, graph.ID(rng.IntN(g.Len())))
	}
	return g, want
}

// TestPassesKeepResults: whatever is done to a random graph, what is wanted stays the same, under the same key.
func TestPassesKeepResults(t *testing.T) {
	passes := map[string]func(g *graph.Graph, want ...graph.ID) (*graph.Graph, []graph.ID){
		"cull": graph.Cull,
		"fuse": graph.Fuse,
		"inline": func(g *graph.Graph, want ...graph.ID) (*graph.Graph, []graph.ID) {
			return graph.Inline(g, 5, want...)
		},
		"all": func(g *graph.Graph, want ...graph.ID) (*graph.Graph, []graph.ID) {
			g, want = graph.Inline(g, 5, want...)
			g, want = graph.Fuse(g, want...)
			return graph.Fuse(g, want...)
		},
	}
	for seed := range uint64(400) {
		g, want := random(seed)
		wanted := want
		if len(want) == 0 {
			wanted = g.Ends()
		}
		expected := eval(t, g, wanted...)
		for name, pass := range passes {
			h, ids := pass(g, want...)
			if got := eval(t, h, ids...); !reflect.DeepEqual(got, expected) {
				t.Fatalf("seed %d, %s: %v, expected %v", seed, name, got, expected)
			}
			for i, id := range ids {
				if h.Key(id) != g.Key(wanted[i]) {
					t.Fatalf("seed %d, %s: the key %v became %v", seed, name, g.Key(wanted[i]), h.Key(id))
				}
			}
			if h.Len() > g.Len() {
				t.Fatalf("seed %d, %s: %d tasks, %d before", seed, name, h.Len(), g.Len())
			}
			remoteSame(t, h, ids)
		}
	}
}

// remoteSame computes what can be sent elsewhere by its operations.
func remoteSame(t *testing.T, g *graph.Graph, want []graph.ID) {
	t.Helper()
	vals := make([]any, g.Len())
	for id := range graph.ID(g.Len()) {
		v, err := call(t.Context(), g, id, vals)
		if err != nil {
			t.Fatal(err)
		}
		vals[id] = v
		op, args, err := g.Remote(id)
		if err != nil {
			continue
		}
		var in []any
		for _, d := range g.Deps(id) {
			in = append(in, vals[d])
		}
		fn, _ := graph.Lookup(op)
		if w, err := fn(t.Context(), args, in); err != nil || w != v {
			t.Fatalf("task %d gives %v elsewhere (%v), %v here", id, w, err, v)
		}
	}
}

func keys(g *graph.Graph) (names []string) {
	for id := range graph.ID(g.Len()) {
		names = append(names, g.Key(id).Group)
	}
	slices.Sort(names)
	return names
}

func TestFuse(t *testing.T) {
	b := graph.NewBuilder()
	b.Data("path", 3)
	b.Task("load", sum, "path")
	b.Task("clean", sum, "load")
	b.Task("twice", sum, "clean", "clean") // one task read twice is a chain
	b.Task("left", sum, "twice")
	b.Task("right", sum, "twice")
	b.Task("fetch", sum, "right").Hint.Retries = 2 // not one with what it reads
	b.Task("end", sum, "left", "fetch")
	b.Task("after", sum, "end")
	b.Task("wanted", sum, "after")
	b.Task("last", sum, "wanted")
	g, ids, err := b.Build("wanted", "last")
	if err != nil {
		t.Fatal(err)
	}
	h, _ := graph.Fuse(g, ids...)
	if got := strings.Join(keys(h), " "); got != "fetch last left right twice wanted" {
		t.Errorf("the tasks are %s", got)
	}
	id, _ := h.Find(graph.Key{Group: "twice"})
	if op, _ := h.Op(id); op == "" {
		t.Error("a chain of registered functions cannot be sent")
	}
}

func TestFuseErrors(t *testing.T) {
	place := fault.New(fault.Input, "read", "torn")
	place.File = "a.csv"
	own := errors.New("own")
	for _, bad := range []error{place, own} {
		b := graph.NewBuilder()
		b.Task("load", func(context.Context, []any) (any, error) { return nil, bad })
		b.Task("clean", sum, "load")
		g, _, _ := b.Build()
		g, ids := graph.Fuse(g)
		_, err := g.Func(ids[0])(t.Context(), nil)
		if g.Len() != 1 || !errors.Is(err, errors.Unwrap(bad)) && !errors.Is(err, bad) || !strings.Contains(err.Error(), "in load[0]: ") {
			t.Errorf("%v became %v", bad, err)
		}
		var f *fault.Error
		if errors.As(bad, &f) && (!errors.As(err, &f) || f.File != "a.csv") {
			t.Errorf("%v lost its place", err)
		}
	}
}

func TestInline(t *testing.T) {
	b := graph.NewBuilder()
	b.Data("rate", 5)
	b.Task("cheap", sum, "rate", "dear").Hint.Cost = 2
	b.Task("dear", sum).Hint.Cost = time.Second
	b.Task("safe", sum).Hint = graph.Hint{Inline: true, Timeout: time.Second}
	b.Task("a", sum, "cheap", "rate", "safe")
	b.Task("b", sum, "cheap", "cheap")
	g, ids, err := b.Build("a", "b", "cheap")
	if err != nil {
		t.Fatal(err)
	}
	h, _ := graph.Inline(g, time.Millisecond, ids...)
	if got := strings.Join(keys(h), " "); got != "a b cheap dear safe" {
		t.Errorf("the tasks are %s", got)
	}
	a, _ := h.Find(graph.Key{Group: "a"})
	if len(h.Deps(a)) != 2 {
		t.Errorf("a reads %v", h.Deps(a))
	}
}

func TestMerge(t *testing.T) {
	a, b := graph.New(), graph.New()
	x := graph.Task{Key: graph.Key{Group: "x"}, Run: sum}
	b.Add(graph.Task{Run: sum})
	a.Add(x)
	bx := b.Add(x)
	by := b.Add(graph.Task{Key: graph.Key{Group: "y"}, Deps: []graph.ID{bx, 0, bx}, Run: sum})
	ids := a.Merge(b)
	if a.Len() != 3 || ids[bx] != 0 {
		t.Errorf("%d tasks, %v", a.Len(), ids)
	}
	if got := eval(t, a, ids[by]); got[0] != 4 {
		t.Error(got)
	}
	b.Add(graph.Task{})
	if a.Merge(b); a.Err() == nil {
		t.Error("a bad graph makes a good one")
	}
}

// FuzzProgram: arguments of a composed task that were damaged are an error, not a panic.
func FuzzProgram(f *testing.F) {
	fn, ok := graph.Lookup("graph.program")
	if !ok {
		f.Fatal("there is no operation")
	}
	f.Add([]byte(`[{"Op":"graphtest.total","In":[0]},{"Op":"graphtest.total","In":[-1,1],"Free":[0]}]`))
	f.Add([]byte(`[{"Op":"graphtest.total","In":[-1]}]`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`[{"Free":[7]}]`))
	f.Fuzz(func(t *testing.T, args []byte) {
		if strings.Contains(string(args), "graph.") && !strings.Contains(string(args), "graphtest.") {
			return // programs within programs, and what they call
		}
		v, err := fn(t.Context(), args, []any{1, 2})
		if err == nil && v == nil {
			t.Log("nil is what an operation may give")
		}
	})
}

// ExampleFuse makes one task of a chain.
func ExampleFuse() {
	b := graph.NewBuilder()
	b.Data("path", 1)
	b.Task("load", sum, "path")
	b.Task("clean", sum, "load")
	b.Task("unused", sum, "load")
	g, ids, _ := b.Build("clean")
	g, ids = graph.Fuse(g, ids...)
	fmt.Println(g.Len(), g.Key(ids[0]))
	// Output: 1 clean[0]
}
