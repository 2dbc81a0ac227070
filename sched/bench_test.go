package sched_test

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

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

// BenchmarkMillisecond reports how near to ideal many tasks of a millisecond come, in percent of the time that it took: %ideal is their
// time divided among the workers, which says something on an idle machine only; %busy is the time that the workers spent in tasks.
func BenchmarkMillisecond(b *testing.B) {
	const n, workers, each = 10_000, 2, time.Millisecond
	var busy atomic.Int64
	work := func(context.Context, []any) (any, error) {
		begin := time.Now()
		for time.Since(begin) < each {
		}
		busy.Add(int64(time.Since(begin)))
		return nil, nil
	}
	for b.Loop() {
		g := graph.New()
		for range n {
			g.Add(graph.Task{Run: work})
		}
		run := sched.Pool(workers).Start(b.Context(), sched.Options{})
		all := make([]graph.ID, n)
		for i := range all {
			all[i] = graph.ID(i)
		}
		if err := run.Submit(g, all...); err != nil {
			b.Fatal(err)
		}
		if err := run.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := run.Close(); err != nil {
			b.Fatal(err)
		}
	}
	ideal := n * each / workers
	b.ReportMetric(100*float64(ideal)*float64(b.N)/float64(b.Elapsed()), "%ideal")
	b.ReportMetric(100*float64(busy.Load())/workers/float64(b.Elapsed()), "%busy")
}

// BenchmarkHinted is BenchmarkTasks for tasks that have hints of some kind.
func BenchmarkHinted(b *testing.B) {
	const n = 100_000
	work := func(context.Context, []any) (any, error) { return nil, nil }
	for name, h := range map[string]graph.Hint{
		"none":     {},
		"retries":  {Retries: 3},
		"timeout":  {Timeout: time.Hour},
		"priority": {Priority: 1},
		"db":       {Resources: map[string]int{"db": 1}},
		"bytes":    {Memory: 10},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				g := graph.New()
				var want []graph.ID
				for range n {
					want = append(want, g.Add(graph.Task{Run: work, Hint: h}))
				}
				g.Add(graph.Task{Deps: want, Run: work})
				run := sched.Pool(0).Start(b.Context(), sched.Options{Resources: map[string]int{"db": 2}, Memory: 100})
				if err := run.Submit(g, n); err != nil {
					b.Fatal(err)
				}
				if err := run.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				if err := run.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/task")
		})
	}
}
