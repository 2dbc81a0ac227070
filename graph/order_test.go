package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sheafdata/sheaf/graph"
)

// builder makes small graphs of tasks without keys.
type builder struct{ *graph.Graph }

func (b builder) add(deps ...graph.ID) graph.ID {
	return b.Add(graph.Task{Deps: deps, Run: nothing})
}

// peak returns how many results are alive at most when the tasks are executed in this order and freed after their last reader.
func peak(g *graph.Graph, order []graph.ID) int {
	readers := make([]int, g.Len())
	for id := range readers {
		for _, d := range g.Deps(graph.ID(id)) {
			readers[d]++
		}
	}
	alive, most := 0, 0
	for _, id := range order {
		alive++
		most = max(most, alive)
		for _, d := range g.Deps(id) {
			if readers[d]--; readers[d] == 0 {
				alive--
			}
		}
	}
	return most
}

// checkOrder fails unless the order has each task from the given one on once, after what it needs.
func checkOrder(t *testing.T, g *graph.Graph, from graph.ID) []graph.ID {
	t.Helper()
	order := g.Order(from, graph.ID(g.Len()))
	place := make([]int, g.Len())
	for i, id := range order {
		if id < from || place[id] != 0 {
			t.Fatalf("task %d stands in the order of those from %d, or twice", id, from)
		}
		place[id] = i + 1
		for _, d := range g.Deps(id) {
			if d >= from && place[d] == 0 {
				t.Fatalf("task %d comes before its dependency %d", id, d)
			}
		}
	}
	if len(order) != g.Len()-int(from) {
		t.Fatalf("the order has %d of %d tasks", len(order), g.Len()-int(from))
	}
	return order
}

func TestOrderRandom(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		b := builder{graph.New()}
		for n := range 1 + rng.IntN(100) {
			var deps []graph.ID
			for range rng.IntN(4) * min(1, n) {
				deps = append(deps, graph.ID(rng.IntN(n)))
			}
			b.add(deps...)
		}
		checkOrder(t, b.Graph, 0)
		checkOrder(t, b.Graph, graph.ID(rng.IntN(b.Len()+1)))
	}
}

// TestOrderMemory: the number of results alive at once in shapes where a bad order keeps many.
func TestOrderMemory(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(b builder)
		most  int
	}{
		{"loads, each reduced, all added", func(b builder) {
			var loads, parts []graph.ID
			for range 100 {
				loads = append(loads, b.add())
			}
			for _, l := range loads {
				parts = append(parts, b.add(b.add(l)))
			}
			b.add(parts...)
		}, 102},
		{"a tree over 128, by layers", func(b builder) {
			var layer []graph.ID
			for range 128 {
				layer = append(layer, b.add())
			}
			for len(layer) > 1 {
				for i := range len(layer) / 2 {
					layer[i] = b.add(layer[2*i], layer[2*i+1])
				}
				layer = layer[:len(layer)/2]
			}
		}, 9},
		{"many chains, by layers", func(b builder) {
			layer := make([]graph.ID, 50)
			for i := range layer {
				layer[i] = b.add()
			}
			for range 10 {
				for i, d := range layer {
					layer[i] = b.add(d)
				}
			}
		}, 51},
		{"the heavy side first", func(b builder) {
			light := b.add()
			var heavy []graph.ID
			for range 20 {
				heavy = append(heavy, b.add())
			}
			b.add(light, b.add(heavy...))
		}, 21},
	} {
		b := builder{graph.New()}
		c.build(b)
		order := checkOrder(t, b.Graph, 0)
		if most := peak(b.Graph, order); most > c.most {
			t.Errorf("%s: %d results alive at once, expected at most %d", c.name, most, c.most)
		}
	}
}

// TestOrderOfSplits: what is equal comes in the order of Add, also when every merge reads every split.
func TestOrderOfSplits(t *testing.T) {
	b := builder{graph.New()}
	var splits []graph.ID
	for range 20 {
		splits = append(splits, b.add())
	}
	for range 5 {
		b.add(splits...)
	}
	if order := checkOrder(t, b.Graph, 0); !slices.IsSorted(order) {
		t.Errorf("the order is %v", order)
	}
}

func ExampleGraph_Order() {
	b := builder{graph.New()}
	a, c := b.add(), b.add()
	e, f := b.add(a), b.add(c)
	b.add(e, f)
	fmt.Println(b.Order(0, 5))
	// Output: [0 2 1 3 4]
}
