package graph_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

func nothing(context.Context, []any) (any, error) { return nil, nil }

// TestColumns adds many random tasks and compares all accessors with a plain list of them.
func TestColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	g := graph.New()
	var model []graph.Task
	byKey := map[graph.Key]graph.ID{}
	for range 20000 {
		task := graph.Task{Run: nothing}
		switch rng.IntN(4) {
		case 0:
			task.Key = graph.Key{Group: "dense", Index: rng.IntN(len(model)/3 + 1)}
		case 1:
			task.Key = graph.Key{Group: fmt.Sprintf("g%d", rng.IntN(50)), Index: rng.IntN(1<<40) - 1<<39}
		case 2:
			task.Key = graph.Key{Index: rng.IntN(100)}
		}
		for range rng.IntN(5) * rng.IntN(2) * min(1, len(model)) {
			task.Deps = append(task.Deps, graph.ID(rng.IntN(len(model))))
		}
		if rng.IntN(10) == 0 {
			task.Op, task.Args, task.Run = fmt.Sprintf("op%d", rng.IntN(5)), []byte{byte(len(model))}, nil
		}
		if rng.IntN(10) == 0 {
			task.Hint = graph.Hint{Cost: time.Duration(1 + rng.IntN(9)), Resources: map[string]int{"db": 1}}
		}
		expected := graph.ID(len(model))
		old, known := byKey[task.Key]
		if known && task.Key != (graph.Key{}) {
			expected = old
		} else {
			byKey[task.Key] = expected
			model = append(model, task)
		}
		if id := g.Add(task); id != expected {
			t.Fatalf("Add of %v gives %d, expected %d", task.Key, id, expected)
		}
		if len(task.Deps) > 0 {
			task.Deps[0] = -5 // the graph has its own
			model[expected].Deps = slices.Clone(g.Deps(expected))
		}
	}
	if g.Len() != len(model) || g.Err() != nil {
		t.Fatalf("%d tasks, expected %d; %v", g.Len(), len(model), g.Err())
	}
	for id, m := range model {
		got := g.Task(graph.ID(id))
		if got.Key != m.Key || !slices.Equal(got.Deps, m.Deps) || (got.Run == nil) != (m.Run == nil) || got.Op != m.Op ||
			!slices.Equal(got.Args, m.Args) || got.Hint.Cost != m.Hint.Cost || got.Hint.Resources["db"] != m.Hint.Resources["db"] {
			t.Fatalf("task %d is %+v, expected %+v", id, got, m)
		}
		if g.Portable(graph.ID(id)) != (m.Op != "") {
			t.Fatalf("task %d: Portable is wrong", id)
		}
		found, ok := g.Find(m.Key)
		if named := m.Key != (graph.Key{}); ok != named || named && found != graph.ID(id) {
			t.Fatalf("Find(%v) gives %d, %v, expected %d", m.Key, found, ok, id)
		}
	}
	if _, ok := g.Find(graph.Key{Group: "dense", Index: 1 << 30}); ok {
		t.Error("Find finds a key that was never added")
	}
}

func TestLongDeps(t *testing.T) {
	g := graph.New()
	var deps []graph.ID
	for range 100_000 {
		deps = append(deps, g.Add(graph.Task{Run: nothing}))
	}
	for _, n := range []int{1, 1000, 65535, 65536, 100_000, 2} {
		if id := g.Add(graph.Task{Run: nothing, Deps: deps[:n]}); !slices.Equal(g.Deps(id), deps[:n]) {
			t.Errorf("%d dependencies come back different", n)
		}
	}
	var zero graph.Graph
	a := zero.Add(graph.Task{Run: nothing})
	b := zero.Add(graph.Task{Run: nothing, Deps: []graph.ID{a}})
	if !slices.Equal(zero.Deps(b), []graph.ID{a}) {
		t.Error("the zero Graph does not work")
	}
}

func TestBadAdd(t *testing.T) {
	for name, c := range map[string]struct {
		bad   graph.Task
		parts []string
	}{
		"later":    {graph.Task{Key: graph.Key{Group: "sum", Index: 3}, Deps: []graph.ID{0, 9}, Run: nothing}, []string{"sum[3]", "9"}},
		"itself":   {graph.Task{Key: graph.Key{Group: "sum"}, Deps: []graph.ID{1}, Run: nothing}, []string{"sum[0]", "below 1"}},
		"negative": {graph.Task{Deps: []graph.ID{-1}, Run: nothing}, []string{"#1", "-1"}},
		"empty":    {graph.Task{Key: graph.Key{Group: "sum"}}, []string{"sum[0]", "neither Run nor Op"}},
	} {
		g := graph.New()
		g.Add(graph.Task{Run: nothing})
		g.Add(c.bad)
		g.Add(graph.Task{Deps: []graph.ID{17}, Run: nothing})
		var f *fault.Error
		if !errors.As(g.Err(), &f) || f.Kind != fault.Plan {
			t.Fatalf("%s: the error is %v", name, g.Err())
		}
		for _, p := range c.parts {
			if !strings.Contains(f.Error(), p) {
				t.Errorf("%s: the error %v does not say %q", name, f, p)
			}
		}
	}
}

// TestConcurrent: many goroutines add the same keys, and read what they have got.
func TestConcurrent(t *testing.T) {
	g := graph.New()
	ids := make([][]graph.ID, 4)
	var wg sync.WaitGroup
	for w := range ids {
		wg.Go(func() {
			for i := range 2000 {
				var deps []graph.ID
				if i > 0 {
					deps = ids[w][i-1:]
				}
				id := g.Add(graph.Task{Key: graph.Key{Group: "g", Index: i}, Deps: deps, Run: nothing})
				ids[w] = append(ids[w], id)
				if k := g.Key(id); k.Index != i || len(g.Deps(id)) != min(i, 1) {
					t.Errorf("task %d has key %v and dependencies %v", id, k, g.Deps(id))
				}
			}
		})
	}
	wg.Wait()
	for _, other := range ids[1:] {
		if !slices.Equal(ids[0], other) {
			t.Fatal("one key got two IDs")
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	for name, deps := range map[string][]graph.ID{"no deps": nil, "2 deps": {0, 0}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			g := graph.New()
			g.Add(graph.Task{Run: nothing})
			for i := range b.N {
				g.Add(graph.Task{Key: graph.Key{Group: "g", Index: i}, Deps: deps, Run: nothing})
			}
		})
	}
}

func ExampleGraph() {
	g := graph.New()
	one := func(context.Context, []any) (any, error) { return 1, nil }
	a := g.Add(graph.Task{Key: graph.Key{Group: "one"}, Run: one})
	b := g.Add(graph.Task{Key: graph.Key{Group: "one"}, Run: one}) // the same key is the same task
	sum := g.Add(graph.Task{Key: graph.Key{Group: "sum"}, Deps: []graph.ID{a, b}, Op: "example.sum"})
	fmt.Println(g.Len(), a == b, g.Key(sum), g.Deps(sum), g.Portable(sum), g.Err())
	// Output: 2 true sum[0] [0 0] true <nil>
}

// TestBytesATask: a graph of tasks with a key and two dependencies holds no more than a few tens of bytes for each.
func TestBytesATask(t *testing.T) {
	const n, most = 1 << 17, 80
	before := heap()
	g := graph.New()
	for i := range n {
		g.Add(graph.Task{Key: graph.Key{Group: "g", Index: i}, Deps: []graph.ID{graph.ID(i / 2), graph.ID(i - 1)}[:min(i, 2)], Run: nothing})
	}
	if held := (heap() - before) / n; held > most {
		t.Errorf("%d bytes a task, at most %d expected", held, most)
	}
	if g.Len() != n || g.Err() != nil {
		t.Fatal(g.Len(), g.Err())
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
