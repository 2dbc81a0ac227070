package schedtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// restart opens the kit's run anew with other options.
func (k *kit) restart(o sched.Options) {
	k.Helper()
	k.noError(k.run.Close())
	o.Observers = append(o.Observers, k.log)
	k.run = k.on.Start(k.ctx, o)
}

// hinted adds a local task of group "h".
func (k *kit) hinted(h graph.Hint, fn graph.Func, deps ...graph.ID) graph.ID {
	return k.g.Add(graph.Task{Key: graph.Key{Group: "h", Index: k.g.Len()}, Deps: deps, Run: fn, Hint: h})
}

// failing returns a function that fails so many times before it gives 7 and what it reads.
func failing(times int32, how func() error) graph.Func {
	var calls atomic.Int32
	return func(_ context.Context, in []any) (any, error) {
		if calls.Add(1) <= times {
			return nil, how()
		}
		sum := int64(7)
		for _, v := range in {
			sum += v.(int64)
		}
		return sum, nil
	}
}

func testRetries(k *kit) {
	unlucky := func() error { return errors.New("no luck") }
	one := k.add(spec{Value: 1})
	twice := k.hinted(graph.Hint{Retries: 2}, failing(2, unlucky), one)
	panics := k.hinted(graph.Hint{Retries: 1, Backoff: time.Millisecond}, failing(1, func() error { panic("out of cheese") }), one)
	bad := k.hinted(graph.Hint{Retries: 2, Backoff: time.Microsecond}, failing(3, unlucky), one, one)
	after := k.add(spec{}, bad)
	k.submit(twice, panics, after)
	err := k.wait()
	k.fails(err, fault.Data, "task "+k.g.Name(bad)+":", "no luck", "it reads t[0], t[0]", "tried 3 times")
	var t *sched.TaskError
	if !errors.As(err, &t) || t.ID != bad || t.Tries != 3 || len(t.Inputs) != 2 || t.Key != k.g.Key(bad) || t.Err.Error() != "no luck" {
		k.Errorf("the error says %+v", t)
	}
	k.result(twice, 8)
	k.result(panics, 8)
	for id, n := range map[graph.ID]int{twice: 2, panics: 1, bad: 2} {
		if k.log.times(sched.Retried, id) != n || k.log.times(sched.Started, id) != n+1 {
			k.Errorf("task %d was started %d times and retried %d times", id, k.log.times(sched.Started, id), k.log.times(sched.Retried, id))
		}
	}
}

// testPausing: a task that pauses before it is tried again can be cancelled, and does not keep a run from closing.
func testPausing(k *kit) {
	h := graph.Hint{Retries: 1, Backoff: time.Hour}
	fails := func(context.Context, []any) (any, error) { return nil, errors.New("no luck") }
	a, b := k.hinted(h, fails), k.hinted(h, fails)
	after := k.add(spec{}, a)
	k.submit(after, b)
	done := k.background()
	k.seen(sched.Retried, a)
	k.seen(sched.Retried, b)
	k.run.Cancel(a)
	_, err := k.run.Result(after)
	k.fails(err, fault.Canceled)
	k.noError(k.run.Close())
	k.fails(<-done, fault.Canceled)
}

func testTimeout(k *kit) {
	h := graph.Hint{Timeout: 5 * time.Millisecond}
	slow := k.g.Add(graph.Task{Key: graph.Key{Group: "slow"}, Op: opWork, Args: spec{Block: true}.encode(), Hint: h})
	quick := k.g.Add(graph.Task{Op: opWork, Args: spec{Value: 3}.encode(), Hint: graph.Hint{Timeout: time.Hour}})
	k.submit(slow, quick)
	err := k.wait()
	k.fails(err, fault.Canceled, "slow[0]", "timeout of 5ms")
	if !errors.Is(err, context.DeadlineExceeded) {
		k.Errorf("%v is not context.DeadlineExceeded", err)
	}
	k.result(quick, 3)
}

func testTimeoutRetried(k *kit) {
	var calls atomic.Int32
	id := k.hinted(graph.Hint{Timeout: 5 * time.Millisecond, Retries: 3}, func(ctx context.Context, _ []any) (any, error) {
		if _, ok := ctx.Deadline(); !ok {
			return nil, errors.New("there is no deadline")
		}
		switch calls.Add(1) {
		case 1:
			<-ctx.Done()
			return nil, fmt.Errorf("own: %w", ctx.Err())
		case 2:
			for ctx.Err() == nil {
				time.Sleep(100 * time.Microsecond)
			}
			return nil, context.Cause(ctx)
		}
		return int64(calls.Load()), nil
	})
	after := k.add(spec{Block: true}) // the next task has a context of its own
	k.submit(id)
	k.noError(k.wait())
	k.result(id, 3)
	k.submit(after)
	done := k.background()
	k.seen(sched.Started, after)
	k.run.Cancel(after)
	k.noError(<-done)
}

// gauge counts what is there at once.
type gauge struct{ now, most atomic.Int64 }

func (g *gauge) add(n int64) {
	now := g.now.Add(n)
	for m := g.most.Load(); now > m && !g.most.CompareAndSwap(m, now); m = g.most.Load() {
	}
}

func testResources(k *kit) {
	k.fails(k.run.Submit(k.g, k.hinted(graph.Hint{Resources: map[string]int{"db": 1}}, noResult)), fault.Plan, "h[0]", `needs 1 of "db"`, "has 0", "sched.Resources")
	k.g = graph.New()
	k.restart(sched.Options{Resources: map[string]int{"db": 2, "gpu": 1, "none": 0}})
	var db, gpu gauge
	use := func(nDB, nGPU int64) graph.Func {
		return func(context.Context, []any) (any, error) {
			db.add(nDB)
			gpu.add(nGPU)
			time.Sleep(50 * time.Microsecond)
			gpu.add(-nGPU)
			db.add(-nDB)
			return int64(1), nil
		}
	}
	var want []graph.ID
	for i := range 300 {
		n := [3][2]int64{{1, 0}, {2, 0}, {1, 1}}[i%3]
		h := graph.Hint{Resources: map[string]int{"db": int(n[0]), "gpu": int(n[1]), "none": 0}}
		var deps []graph.ID
		if i%7 == 6 {
			deps = append(deps, want[i-5])
		}
		want = append(want, k.hinted(h, use(n[0], n[1]), deps...))
	}
	k.submit(want...)
	k.noError(k.wait())
	if db.most.Load() > 2 || gpu.most.Load() > 1 {
		k.Errorf("%d of db and %d of gpu were in use at once", db.most.Load(), gpu.most.Load())
	}
	k.fails(k.run.Submit(k.g, k.hinted(graph.Hint{Resources: map[string]int{"db": 3}}, noResult)), fault.Plan, `needs 3 of "db"`, "has 2")
}

func noResult(context.Context, []any) (any, error) { return nil, nil }

// testBytes: with a budget, no more loads run and are held than fit, however long the tasks that read them take.
func testBytes(k *kit) {
	k.restart(sched.Options{Memory: 100})
	var held gauge
	var ends []graph.ID
	for i := range 60 {
		bytes := int64(20 + i%20)
		load := k.hinted(graph.Hint{Memory: bytes}, func(context.Context, []any) (any, error) { held.add(bytes); return bytes, nil })
		side := k.hinted(graph.Hint{Memory: 500, Cost: 1}, func(context.Context, []any) (any, error) { return int64(0), nil }) // more than there is
		if i%10 != 0 {
			side = load
		}
		ends = append(ends, k.hinted(graph.Hint{}, func(_ context.Context, in []any) (any, error) {
			time.Sleep(20 * time.Microsecond)
			held.add(-in[0].(int64))
			return int64(1), nil
		}, load, side))
	}
	bad := k.hinted(graph.Hint{Memory: 90}, func(context.Context, []any) (any, error) { return nil, errors.New("no luck") })
	sum := k.add(spec{}, ends...)
	k.submit(sum, bad)
	k.fails(k.wait(), fault.Data, "no luck")
	k.result(sum, 60)
	if held.most.Load() > 100+39 { // one that runs alone may exceed the budget
		k.Errorf("%d bytes were held at once", held.most.Load())
	}
}

// testPriority: with one worker, urgent tasks and what they need come first, those of negative priority last.
func testPriority(k *kit) {
	k.restart(sched.Options{Workers: 1})
	var mu sync.Mutex
	var began []string
	task := func(name string, priority int, deps ...graph.ID) graph.ID {
		return k.hinted(graph.Hint{Priority: priority}, func(context.Context, []any) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			began = append(began, name)
			return nil, nil
		}, deps...)
	}
	gate := make(chan struct{})
	first := k.hinted(graph.Hint{Priority: 100}, func(context.Context, []any) (any, error) { <-gate; return nil, nil })
	k.submit(first)
	done := k.background()
	k.seen(sched.Started, first) // the worker is busy until all is submitted
	last := task("last", -1)
	lastToo := task("last too", -1, last)
	a := task("a", 0)
	b := task("b", 0)
	need := task("need", 0)
	urgent := task("urgent", 5, need)
	most := task("most", 7)
	ab := task("ab", 0, a, b)
	mixed := task("mixed", 1, first)
	k.submit(last, a, ab, urgent, most, lastToo, mixed)
	close(gate)
	k.noError(<-done)
	k.noError(k.wait())
	if got := strings.Join(began, " "); got != "most need urgent mixed a b ab last last too" {
		k.Errorf("the order is %s", got)
	}
}

// testCache: what a cache holds is not computed again, nor what only that needs.
func testCache(k *kit) {
	cache := sched.NewCache(1 << 20)
	var calls [4]atomic.Int32
	play := func(withTop bool) {
		k.g = graph.New()
		k.restart(sched.Options{Cache: cache})
		count := func(i int, pure bool, deps ...graph.ID) graph.ID {
			return k.g.Add(graph.Task{Key: graph.Key{Group: "c", Index: i}, Deps: deps, Hint: graph.Hint{Pure: pure}, Run: func(_ context.Context, in []any) (any, error) {
				calls[i].Add(1)
				sum := int64(1)
				for _, v := range in {
					sum += v.(int64)
				}
				return sum, nil
			}})
		}
		load := count(0, false)
		pure := count(1, true, load, load)
		impure := count(2, false, pure)
		want := []graph.ID{impure}
		if withTop {
			want = append(want, count(3, true, load, impure))
		}
		k.submit(want...)
		k.noError(k.wait())
		k.result(impure, 4)
		if withTop {
			k.result(want[1], 6)
		}
		for id := range graph.ID(k.g.Len()) {
			if n := k.log.times(sched.Finished, id); n == 0 {
				k.Errorf("nothing says that task %d is finished", id)
			}
		}
		later := k.g.Add(graph.Task{Deps: []graph.ID{load}, Run: noResult})
		k.fails(k.run.Submit(k.g, later), fault.Plan, "freed")
	}
	for i, expected := range []string{"[1 1 1 0]", "[1 1 2 0]", "[2 1 3 1]", "[2 1 4 1]"} {
		play(i >= 2)
		var got []int32
		for i := range calls {
			got = append(got, calls[i].Load())
		}
		if fmt.Sprint(got) != expected {
			k.Fatalf("after run %d the tasks were called %v times, expected %s", i+1, got, expected)
		}
	}
	if cache.Len() != 2 {
		k.Errorf("the cache holds %d results", cache.Len())
	}
	k.g = graph.New()
}

// testReproduce: a failed task fails in the same way in the calling goroutine.
func testReproduce(k *kit) {
	var where []string
	var mu sync.Mutex
	id := func(name string, v int64, deps ...graph.ID) graph.ID {
		return k.addFunc(func(_ context.Context, in []any) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			where = append(where, name+" "+caller())
			sum := v
			for _, x := range in {
				sum += x.(int64)
			}
			if sum == 6 {
				return nil, fmt.Errorf("no luck with %v", in)
			}
			return sum, nil
		}, deps...)
	}
	one, two := id("one", 1), id("two", 2)
	other := id("other", 10, one)
	bad := id("bad", 3, one, two)
	end := id("end", 0, bad)
	k.submit(end, other) // Wait is not to leave one running that writes into where
	err := k.wait()
	k.fails(err, fault.Data, "no luck with [1 2]", k.g.Name(bad))
	where = nil
	again := sched.Reproduce(k.ctx, fmt.Errorf("wrapped: %w", err))
	if again == nil || again.Error() != strings.Replace(err.Error(), k.g.Name(bad), "f[3]", 1) {
		k.Errorf("the error was\n%v, and is\n%v", err, again)
	}
	slices.Sort(where)
	here := caller()
	if fmt.Sprint(where) != fmt.Sprintf("[bad %s one %s two %s]", here, here, here) {
		k.Errorf("it ran %q", where)
	}
	k.fails(sched.Reproduce(k.ctx, errors.New("own")), fault.Plan, "of no task", "own")
}
