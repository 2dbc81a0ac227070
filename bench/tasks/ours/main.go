// Ours runs no-op tasks in four shapes on the pool scheduler, and 10,000 tasks of a millisecond, beside goroutines, and prints a JSON line
// each with the microseconds a task.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// shapes say which earlier tasks a task waits for; the tasks of bench/tasks/dask_tasks.py are the same.
var shapes = map[string]func(i, n int) []int{
	"wide":  func(int, int) []int { return nil },
	"chain": func(i, _ int) []int { return atLeast(i - 1) },
	"tree": func(i, n int) []int { // the second half adds pairs of what is before, down to one
		if leaves := (n + 1) / 2; i >= leaves {
			return []int{2 * (i - leaves), min(2*(i-leaves)+1, i-1)}
		}
		return nil
	},
	"random": func(i, _ int) []int {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		var deps []int
		for range min(i, r.IntN(4)) {
			deps = append(deps, max(0, i-1-r.IntN(1000)))
		}
		return deps
	},
}

func atLeast(i int) []int {
	if i < 0 {
		return nil
	}
	return []int{i}
}

func noop(context.Context, []any) (any, error) { return uint8(1), nil }

// run builds and runs a graph and returns how long both took.
func run(n int, deps func(i, n int) []int, work graph.Func) time.Duration {
	lists := make([][]int, n)
	for i := range lists {
		lists[i] = deps(i, n)
	}
	runtime.GC()
	start := time.Now()
	g := graph.New()
	ids := make([]graph.ID, n)
	var in []graph.ID
	for i := range n {
		in = in[:0]
		for _, d := range lists[i] {
			in = append(in, ids[d])
		}
		ids[i] = g.Add(graph.Task{Key: graph.Key{Group: "task", Index: i}, Deps: in, Run: work})
	}
	r := sched.Start(context.Background(), sched.Options{})
	if err := r.Submit(g, ids[n-1]); err != nil {
		panic(err)
	}
	if err := r.Wait(context.Background()); err != nil {
		panic(err)
	}
	if err := r.Close(); err != nil {
		panic(err)
	}
	return time.Since(start)
}

func goroutines(n int) time.Duration {
	start := time.Now()
	done := make(chan uint8, 1024)
	go func() {
		for range n {
			go func() { done <- 1 }()
		}
	}()
	for range n {
		<-done
	}
	return time.Since(start)
}

func spin(context.Context, []any) (any, error) {
	for start := time.Now(); time.Since(start) < time.Millisecond; {
	}
	return nil, nil
}

func main() {
	out := json.NewEncoder(os.Stdout)
	print := func(name string, n int, took time.Duration) {
		if err := out.Encode(map[string]any{"shape": name, "tasks": n, "us": float64(took.Nanoseconds()) / 1e3 / float64(n)}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		print("goroutines", n, best(func() time.Duration { return goroutines(n) }))
		for _, name := range []string{"wide", "chain", "tree", "random"} {
			print(name, n, best(func() time.Duration { return run(n, shapes[name], noop) }))
		}
	}
	const tasks = 10_000
	workers := runtime.GOMAXPROCS(0)
	took := run(tasks, shapes["wide"], spin)
	print(fmt.Sprintf("1 ms each, %d workers", workers), tasks, took)
	fmt.Fprintf(os.Stderr, "%d tasks of 1 ms on %d workers: %.1f %% of ideal\n", tasks, workers, 100*float64(tasks)/float64(workers)*1e-3/took.Seconds())
}

// best is the shortest of three runs.
func best(f func() time.Duration) time.Duration { return min(f(), f(), f()) }
