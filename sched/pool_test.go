package sched_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sleepy(context.Context, []any) (any, error) {
	time.Sleep(time.Millisecond)
	return nil, nil
}

// many adds n tasks without dependencies.
func many(g *graph.Graph, n int, fn graph.Func) (ids []graph.ID) {
	for range n {
		ids = append(ids, g.Add(graph.Task{Run: fn}))
	}
	return ids
}

// TestFairness: a short run that comes second does not wait for a long one.
func TestFairness(t *testing.T) {
	pool := sched.Pool(1)
	var done atomic.Int32
	long, short := graph.New(), graph.New()
	first := pool.Start(t.Context(), sched.Options{})
	defer first.Close()
	check(t, first.Submit(long, many(long, 300, func(ctx context.Context, in []any) (any, error) {
		done.Add(1)
		return sleepy(ctx, in)
	})...))
	second := pool.Start(t.Context(), sched.Options{})
	defer second.Close()
	check(t, second.Submit(short, many(short, 10, sleepy)...))
	check(t, second.Wait(t.Context()))
	if n := done.Load(); n > 200 {
		t.Errorf("%d of 300 tasks of the long run came before 10 of the short one", n)
	}
	check(t, first.Wait(t.Context()))
}

// TestWorkersCap: a run uses no more workers than its options and its pool allow.
func TestWorkersCap(t *testing.T) {
	for _, c := range []struct{ pool, workers, most int }{{4, 0, 4}, {4, 2, 2}, {2, 8, 2}} {
		var now, most atomic.Int32
		g := graph.New()
		run := sched.Pool(c.pool).Start(t.Context(), sched.Options{Workers: c.workers})
		check(t, run.Submit(g, many(g, 60, func(ctx context.Context, in []any) (any, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			return sleepy(ctx, in)
		})...))
		check(t, run.Wait(t.Context()))
		check(t, run.Close())
		if int(most.Load()) > c.most {
			t.Errorf("%+v: %d tasks ran at once", c, most.Load())
		}
	}
}

// TestNoHeadOfLine: what a blocked worker has made ready is done by another.
func TestNoHeadOfLine(t *testing.T) {
	g := graph.New()
	free := make(chan struct{})
	var ran atomic.Int32
	root := g.Add(graph.Task{Run: func(context.Context, []any) (any, error) { return nil, nil }})
	var want []graph.ID
	for i := range 20 {
		want = append(want, g.Add(graph.Task{Deps: []graph.ID{root}, Run: func(ctx context.Context, _ []any) (any, error) {
			if i == 0 {
				select {
				case <-free:
				case <-ctx.Done():
				}
			} else if ran.Add(1) == 19 {
				close(free)
			}
			return nil, ctx.Err()
		}}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	run := sched.Pool(2).Start(ctx, sched.Options{})
	defer run.Close()
	check(t, run.Submit(g, want...))
	check(t, run.Wait(ctx))
}

// TestGoexit: a task that ends its goroutine, as t.FailNow does, fails, and the pool goes on.
func TestGoexit(t *testing.T) {
	g := graph.New()
	bad := g.Add(graph.Task{Key: graph.Key{Group: "quit"}, Run: func(context.Context, []any) (any, error) {
		runtime.Goexit()
		return nil, nil
	}})
	run := sched.Pool(1).Start(t.Context(), sched.Options{})
	defer run.Close()
	good := many(g, 100, sleepy)
	check(t, run.Submit(g, append(good, bad)...))
	err := run.Wait(t.Context())
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Panic || !strings.Contains(err.Error(), "quit[0]") || !strings.Contains(err.Error(), "Goexit") {
		t.Error(err)
	}
	for _, id := range good {
		if _, err := run.Result(id); err != nil {
			t.Error(err)
		}
	}
}

// TestResultsAreFreed: the garbage collector gets what nobody reads any more, while the run is open.
func TestResultsAreFreed(t *testing.T) {
	for name, s := range map[string]sched.Scheduler{"pool": sched.Pool(2), "inline": sched.Inline()} {
		var freed atomic.Int32
		g := graph.New()
		big := func(context.Context, []any) (any, error) {
			v := new([1 << 16]byte)
			runtime.AddCleanup(v, func(int) { freed.Add(1) }, 0)
			return v, nil
		}
		size := func(_ context.Context, in []any) (any, error) { return len(in[0].(*[1 << 16]byte)), nil }
		var want []graph.ID
		for _, id := range many(g, 50, big) {
			want = append(want, g.Add(graph.Task{Deps: []graph.ID{id}, Run: size}))
		}
		kept := g.Add(graph.Task{Run: big})
		run := s.Start(t.Context(), sched.Options{})
		check(t, run.Submit(g, append(want, kept)...))
		check(t, run.Wait(t.Context()))
		collected := func(n int32) {
			for end := time.Now().Add(20 * time.Second); freed.Load() < n; time.Sleep(time.Millisecond) {
				runtime.GC()
				if time.Now().After(end) {
					t.Fatalf("%s: %d of %d results were freed", name, freed.Load(), n)
				}
			}
		}
		collected(50)
		if n := freed.Load(); n != 50 {
			t.Errorf("%s: %d results were freed, one is wanted", name, n)
		}
		run.Release(kept)
		collected(51)
		check(t, run.Close())
	}
}

// TestCancelMany: cancelling all readers of one task takes no time that grows with their square.
func TestCancelMany(t *testing.T) {
	const n = 100_000
	g := graph.New()
	root := g.Add(graph.Task{Run: func(ctx context.Context, _ []any) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	var want []graph.ID
	for range n {
		want = append(want, g.Add(graph.Task{Deps: []graph.ID{root}, Run: sleepy}))
	}
	run := sched.Pool(2).Start(t.Context(), sched.Options{})
	defer run.Close()
	check(t, run.Submit(g, want...))
	run.Cancel(want[:n/2]...)
	if _, err := run.Result(root); err == nil || strings.Contains(err.Error(), "cancelled") {
		t.Errorf("half of the readers are left: %v", err)
	}
	run.Cancel(want[n/2:]...)
	check(t, run.Wait(t.Context()))
	if _, err := run.Result(root); err == nil || !strings.Contains(err.Error(), "cancelled") {
		t.Errorf("nobody is left: %v", err)
	}
}

func TestApply(t *testing.T) {
	var bar bytes.Buffer
	ob := observerFunc(func(sched.Event) {})
	pool := sched.Pool(3)
	o := sched.Apply(sched.Workers(2), nil, sched.Memory(5), sched.SpillDir("/spill"), sched.On(pool), sched.Observe(ob), sched.Observe(ob),
		sched.Progress(&bar), sched.InOrder(), sched.Reproducible(), sched.Workers(4))
	if o.Workers != 4 || o.Memory != 5 || o.SpillDir != "/spill" || o.On != pool || len(o.Observers) != 2 || o.Progress != &bar || !o.InOrder || !o.Reproducible {
		t.Errorf("%+v", o)
	}
}

type observerFunc func(sched.Event)

func (f observerFunc) Observe(e sched.Event) { f(e) }

// TestStart: without On there is a pool, with it that is used.
func TestStart(t *testing.T) {
	var calls atomic.Int32
	elsewhere := sched.PoolOf(2, func(_ context.Context, c sched.Call) (any, error) {
		calls.Add(1)
		return fmt.Sprint(c.Graph.Key(c.Task), c.In, c.Worker < 2), nil
	})
	for _, c := range []struct {
		on   sched.Scheduler
		want any
	}{{nil, "here"}, {sched.Inline(), "here"}, {sched.Pool(2), "here"}, {elsewhere, "b[0] [a[0] [] true] true"}} {
		if here := sched.InProcess(c.on); here != (c.want == "here") {
			t.Errorf("InProcess is %v where %v is expected", here, c.want)
		}
		g := graph.New()
		here := func(context.Context, []any) (any, error) { return "here", nil }
		a := g.Add(graph.Task{Key: graph.Key{Group: "a"}, Run: here})
		b := g.Add(graph.Task{Key: graph.Key{Group: "b"}, Deps: []graph.ID{a}, Run: here})
		run := sched.Start(t.Context(), sched.Options{On: c.on})
		check(t, run.Submit(g, b))
		check(t, run.Wait(t.Context()))
		if v, err := run.Result(b); v != c.want || err != nil {
			t.Errorf("%v, %v, expected %v", v, err, c.want)
		}
		check(t, run.Close())
	}
	if calls.Load() != 2 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestProgress(t *testing.T) {
	var bar bytes.Buffer
	g := graph.New()
	want := many(g, 9, func(context.Context, []any) (any, error) { return nil, nil })
	want = append(want, g.Add(graph.Task{Run: func(context.Context, []any) (any, error) { return nil, errors.New("no") }}))
	run := sched.Inline().Start(t.Context(), sched.Options{Progress: &bar})
	check(t, run.Submit(g, want...))
	if err := run.Wait(t.Context()); err == nil {
		t.Error("no error")
	}
	check(t, run.Close())
	lines := strings.Split(bar.String(), "\r")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "[##############################] 9 of 10 tasks, 1 failed, ") || !strings.HasSuffix(last, " s\n") {
		t.Errorf("%q", bar.String())
	}
}

func TestExecute(t *testing.T) {
	if _, err := sched.Execute(t.Context(), sched.Options{}, "sched.none", nil, nil); err == nil || !strings.Contains(err.Error(), "sched.none") {
		t.Error(err)
	}
	_, err := sched.Execute(t.Context(), sched.Options{}, "schedtest.work", []byte(`{"Panic":"boo"}`), nil)
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Panic || !strings.Contains(err.Error(), "boo") {
		t.Error(err)
	}
	v, err := sched.Execute(t.Context(), sched.Options{}, "schedtest.work", []byte(`{"Value":2}`), []any{int64(3)})
	if v != int64(5) || err != nil {
		t.Error(v, err)
	}
}

// TestErrorOfUser: an error of a task's function is found in the run's, and a fault keeps what it knows.
func TestErrorOfUser(t *testing.T) {
	own := errors.New("own")
	place := fault.New(fault.Input, "read_csv", "torn: %w", own)
	place.File, place.Line = "a.csv", 3
	for _, err := range []error{own, fmt.Errorf("more: %w", own), place, fmt.Errorf("more: %w", place)} {
		g := graph.New()
		id := g.Add(graph.Task{Key: graph.Key{Group: "load", Index: 4}, Run: func(context.Context, []any) (any, error) { return nil, err }})
		run := sched.Inline().Start(t.Context(), sched.Options{})
		check(t, run.Submit(g, id))
		got := run.Wait(t.Context())
		check(t, run.Close())
		var f *fault.Error
		if !errors.Is(got, own) || !errors.As(got, &f) || !strings.Contains(got.Error(), "task load[4]: ") {
			t.Errorf("%v became %v", err, got)
		}
		if expected := errors.As(err, &f); expected && f.Kind != fault.Input || err == place && got.(*fault.Error).File != "a.csv" {
			t.Errorf("%v lost its place: %+v", err, got)
		}
	}
}

// TestCancelAtStart cancels tasks at the moment in which they begin, with inputs that nobody else holds: they get them whole, or do not run.
func TestCancelAtStart(t *testing.T) {
	for range 300 {
		g := graph.New()
		var sources, want []graph.ID
		for i := range 20 {
			sources = append(sources, g.Add(graph.Task{Run: func(context.Context, []any) (any, error) { return i, nil }}))
		}
		for _, s := range sources {
			want = append(want, g.Add(graph.Task{Deps: []graph.ID{s}, Run: func(_ context.Context, in []any) (any, error) {
				if _, ok := in[0].(int); !ok {
					return nil, fmt.Errorf("the input is %v", in[0])
				}
				return in[0], nil
			}}))
		}
		run := sched.Pool(2).Start(t.Context(), sched.Options{})
		check(t, run.Submit(g, want...))
		for i := range want {
			run.Cancel(want[len(want)-1-i])
		}
		check(t, run.Wait(t.Context()))
		check(t, run.Close())
	}
}
