package sched_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// TestNothingStays: however a run ends, its goroutines end with it, and the garbage collector gets its results.
func TestNothingStays(t *testing.T) {
	ends := map[string]func(ctx context.Context) (any, error){
		"normally":     func(context.Context) (any, error) { return nil, nil },
		"by an error":  func(context.Context) (any, error) { return nil, errors.New("no luck") },
		"by a panic":   func(context.Context) (any, error) { panic("out of cheese") },
		"by a cancel":  func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() },
		"by a timeout": func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() },
	}
	for name, s := range map[string]sched.Scheduler{"inline": sched.Inline(), "pool of 1": sched.Pool(1), "pool of 3": sched.Pool(3)} {
		for how, end := range ends {
			before := runtime.NumGoroutine()
			var made, freed atomic.Int32
			func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				run := s.Start(ctx, sched.Options{Memory: 1000, Resources: map[string]int{"db": 1}, Cache: sched.NewCache(1 << 20)})
				g := graph.New()
				var loads []graph.ID
				for i := range 30 {
					h := graph.Hint{Retries: i % 3, Memory: int64(i), Priority: i % 4, Pure: i%5 == 0, Resources: map[string]int{"db": i % 2}}
					loads = append(loads, g.Add(graph.Task{Key: graph.Key{Group: "load", Index: i}, Hint: h, Run: func(context.Context, []any) (any, error) {
						v := new([1 << 12]*byte)
						made.Add(1)
						runtime.AddCleanup(v, func(int) { freed.Add(1) }, 0)
						return v, nil
					}}))
				}
				h := graph.Hint{Retries: 1, Backoff: time.Microsecond}
				if how == "by a timeout" {
					h.Timeout = time.Millisecond
				}
				started := make(chan struct{}, 8)
				last := g.Add(graph.Task{Deps: loads[:15], Hint: h, Run: func(ctx context.Context, _ []any) (any, error) {
					started <- struct{}{}
					return end(ctx)
				}})
				check(t, run.Submit(g, append(loads[10:], last)...))
				if how == "by a cancel" {
					go func() { <-started; cancel() }()
				}
				if err := run.Wait(ctx); (err == nil) != (how == "normally") {
					t.Errorf("%s %s: %v", name, how, err)
				}
				check(t, run.Close())
			}()
			for end := time.Now().Add(20 * time.Second); freed.Load() < made.Load() || runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
				runtime.GC()
				if time.Now().After(end) {
					t.Fatalf("%s, %s: %d of %d results are freed, %d goroutines after %d", name, how, freed.Load(), made.Load(), runtime.NumGoroutine(), before)
				}
			}
		}
	}
}

// TestBytesATask: a graph and its run hold no more than a few hundred bytes for each task, the most that they ever do.
func TestBytesATask(t *testing.T) {
	const n, most = 1 << 16, 300
	before := heap()
	g := graph.New()
	work := func(context.Context, []any) (any, error) { return nil, nil }
	for i := range n {
		deps := []graph.ID{graph.ID(i / 2), graph.ID(i - 1)}[:min(i, 2)]
		g.Add(graph.Task{Key: graph.Key{Group: "t", Index: i}, Deps: deps, Run: work})
	}
	run := sched.Inline().Start(t.Context(), sched.Options{})
	check(t, run.Submit(g, n-1))
	check(t, run.Wait(t.Context()))
	if held := (heap() - before) / n; held > most {
		t.Errorf("%d bytes a task, at most %d expected", held, most)
	} else {
		t.Logf("%d bytes a task", held)
	}
	check(t, run.Close())
	runtime.KeepAlive(g)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
