package sched_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// shapes say which earlier tasks task i of n waits for.
var shapes = []struct {
	name string
	deps func(rng *rand.Rand, deps []int, i, n int) []int
}{
	{"wide", func(_ *rand.Rand, deps []int, i, n int) []int { return deps }},
	{"chain", func(_ *rand.Rand, deps []int, i, n int) []int {
		if i > 0 {
			deps = append(deps, i-1)
		}
		return deps
	}},
	{"fan2", func(_ *rand.Rand, deps []int, i, n int) []int {
		if i > 1 {
			deps = append(deps, i/2, i-1)
		}
		return deps
	}},
	{"tree", func(_ *rand.Rand, deps []int, i, n int) []int { // the upper half adds pairs
		if at := 2 * (i - (n+1)/2); at >= 0 {
			deps = append(deps, at, min(at+1, i-1))
		}
		return deps
	}},
	{"random", func(rng *rand.Rand, deps []int, i, n int) []int {
		for range rng.IntN(4) {
			if i > 0 {
				deps = append(deps, max(0, i-1-rng.IntN(1000)))
			}
		}
		return deps
	}},
}

// BenchmarkTasks reports the time a task of building and running graphs of tasks that do nothing.
func BenchmarkTasks(b *testing.B) {
	work := func(context.Context, []any) (any, error) { return nil, nil }
	for _, s := range shapes {
		for _, n := range []int{1e3, 1e5, 1e6} {
			b.Run(s.name+"/"+map[int]string{1e3: "1e3", 1e5: "1e5", 1e6: "1e6"}[n], func(b *testing.B) {
				for b.Loop() {
					rng := rand.New(rand.NewPCG(1, 2))
					g := graph.New()
					var at [4]int
					var deps [4]graph.ID
					for i := range n {
						d := s.deps(rng, at[:0], i, n)
						for k, x := range d {
							deps[k] = graph.ID(x)
						}
						g.Add(graph.Task{Key: graph.Key{Group: s.name, Index: i}, Deps: deps[:len(d)], Run: work})
					}
					run := sched.Pool(0).Start(b.Context(), sched.Options{})
					if err := run.Submit(g, graph.ID(n-1)); err != nil {
						b.Fatal(err)
					}
					if err := run.Wait(b.Context()); err != nil {
						b.Fatal(err)
					}
					if err := run.Close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/task")
			})
		}
	}
}
