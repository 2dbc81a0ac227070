package schedtest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

var localTests = map[string]func(*kit){
	"task context":   testTaskContext,
	"task submits":   testTaskSubmits,
	"nested runs":    testNestedRuns,
	"own wait":       testOwnWait,
	"inputs are own": testInputs,
	"panic value":    testPanicValue,
	"split order":    testSplitOrder,
	"memory":         testMemory,
	"wide":           testWide,
	"retries":        testRetries,
	"pausing":        testPausing,
	"timeout again":  testTimeoutRetried,
	"resources":      testResources,
	"bytes":          testBytes,
	"priority":       testPriority,
	"cache":          testCache,
	"reproduce":      testReproduce,
	"random hints":   testRandomHints,
}

// addFunc adds a local task of group "f".
func (k *kit) addFunc(fn graph.Func, deps ...graph.ID) graph.ID {
	return k.g.Add(graph.Task{Key: graph.Key{Group: "f", Index: k.g.Len()}, Deps: deps, Run: fn})
}

func testTaskContext(k *kit) {
	var kept context.Context
	id := k.addFunc(func(ctx context.Context, _ []any) (any, error) {
		run, ok := sched.RunFrom(ctx)
		if !ok || run != k.run {
			return nil, fmt.Errorf("RunFrom gives %v, %v", run, ok)
		}
		if o, ok := sched.OptionsFrom(ctx); !ok || o.SpillDir != "kit" {
			return nil, fmt.Errorf("OptionsFrom gives %+v, %v", o, ok)
		}
		if v := ctx.Value(valueKey{}); v != "from start" {
			return nil, fmt.Errorf("the value of Start's context is %v", v)
		}
		if _, ok := ctx.Deadline(); !ok {
			return nil, fmt.Errorf("the deadline of Start's context is missing")
		}
		kept = ctx
		child, cancel := context.WithCancel(ctx)
		defer cancel()
		return nil, child.Err()
	})
	k.submit(id)
	k.noError(k.wait())
	<-kept.Done()
	if _, ok := sched.OptionsFrom(context.Background()); ok {
		k.Error("there are options without a run")
	}
}

// testTaskSubmits: each task adds the next, wants it and does not wait.
func testTaskSubmits(k *kit) {
	var n atomic.Int64
	var next graph.Func
	next = func(ctx context.Context, _ []any) (any, error) {
		if n.Add(1) == 100 {
			return nil, nil
		}
		run, _ := sched.RunFrom(ctx)
		return nil, run.Submit(k.g, k.addFunc(next), k.addFunc(func(context.Context, []any) (any, error) { return 1, nil }))
	}
	k.submit(k.addFunc(next))
	k.noError(k.wait())
	if n.Load() != 100 {
		k.Fatalf("%d of 100 tasks ran", n.Load())
	}
}

// testNestedRuns: tasks that run graphs on the same scheduler and wait for them, more of them than there are workers.
func testNestedRuns(k *kit) {
	var nested func(ctx context.Context, depth int) (any, error)
	nested = func(ctx context.Context, depth int) (any, error) {
		if depth == 0 {
			return int64(1), nil
		}
		g := graph.New()
		var want []graph.ID
		for range 3 {
			want = append(want, g.Add(graph.Task{Run: func(ctx context.Context, _ []any) (any, error) { return nested(ctx, depth-1) }}))
		}
		run := k.on.Start(ctx, sched.Options{})
		defer run.Close()
		if err := run.Submit(g, want...); err != nil {
			return nil, err
		}
		sum := int64(0)
		for id, err := range run.Done(ctx) {
			if err != nil {
				return nil, err
			}
			v, err := run.Result(id)
			if err != nil {
				return nil, err
			}
			sum += v.(int64)
		}
		return sum, run.Wait(ctx)
	}
	var want []graph.ID
	for range 5 {
		want = append(want, k.addFunc(func(ctx context.Context, _ []any) (any, error) { return nested(ctx, 3) }))
	}
	k.submit(want...)
	k.noError(k.wait())
	for _, id := range want {
		k.result(id, 27)
	}
}

func testOwnWait(k *kit) {
	id := k.addFunc(func(ctx context.Context, _ []any) (any, error) { return nil, k.run.Wait(ctx) })
	k.submit(id)
	k.fails(k.wait(), fault.Plan, "f[0]", "own run")
}

// testInputs: a function may keep and return its slice of inputs.
func testInputs(k *kit) {
	list := func(_ context.Context, in []any) (any, error) { return in, nil }
	var want []graph.ID
	for i := range 20 {
		a := k.add(spec{Value: int64(i)})
		b := k.add(spec{Value: int64(100 * i)})
		want = append(want, k.addFunc(list, a, b))
	}
	k.submit(want...)
	k.noError(k.wait())
	for i, id := range want {
		v, err := k.run.Result(id)
		k.noError(err)
		if got := fmt.Sprint(v); got != fmt.Sprint([]int{i, 100 * i}) {
			k.Errorf("the inputs of task %d are %s", id, got)
		}
	}
}

func testPanicValue(k *kit) {
	k.submit(k.addFunc(func(context.Context, []any) (any, error) {
		var list []int
		return list[len(list)], nil
	}))
	k.fails(k.wait(), fault.Panic, "f[0]", "index out of range", "testPanicValue")
}

// testSplitOrder: independent tasks begin in their order, whatever the order of want; with one worker exactly.
func testSplitOrder(k *kit) {
	k.noError(k.run.Close())
	k.run = k.on.Start(k.ctx, sched.Options{Workers: 1})
	var began []graph.ID
	var want []graph.ID
	for i := range 500 {
		want = append(want, k.addFunc(func(context.Context, []any) (any, error) {
			began = append(began, graph.ID(i))
			return nil, nil
		}))
	}
	k.addFunc(func(context.Context, []any) (any, error) { return nil, nil }, want...)
	slices.Reverse(want)
	k.submit(want...)
	k.noError(k.wait())
	for i, id := range began {
		if id != graph.ID(i) {
			k.Fatalf("task %d began as number %d", id, i)
		}
	}
}

// testMemory: many loads, each reduced by its own task, the reductions added: the loads are reduced as they come.
func testMemory(k *kit) {
	const workers = 2
	k.noError(k.run.Close())
	k.run = k.on.Start(k.ctx, sched.Options{Workers: workers})
	var held, most atomic.Int64
	var loads, parts []graph.ID
	for range 300 {
		loads = append(loads, k.addFunc(func(context.Context, []any) (any, error) {
			n := held.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			return int64(1), nil
		}))
	}
	for _, load := range loads {
		parts = append(parts, k.addFunc(func(_ context.Context, in []any) (any, error) {
			held.Add(-1)
			return in[0], nil
		}, load))
	}
	sum := k.add(spec{}, parts...)
	k.submit(sum)
	k.noError(k.wait())
	k.result(sum, 300)
	if most.Load() > workers+2 {
		k.Errorf("%d loads were held at once", most.Load())
	}
}

// testWide: many tasks at once, all wanted, then a chain, to let workers meet.
func testWide(k *kit) {
	one := func(_ context.Context, in []any) (any, error) {
		n := int64(1)
		for _, v := range in {
			n += v.(int64)
		}
		return n, nil
	}
	var want []graph.ID
	for i := range 3000 {
		var deps []graph.ID
		if i >= 1000 {
			deps = []graph.ID{want[i-1000], want[i-500]}
		}
		want = append(want, k.addFunc(one, deps...))
	}
	k.submit(want...)
	k.noError(k.wait())
	k.result(want[999], 1)
	k.result(want[1000], 3)
	k.result(want[1999], 5)
}

// caller names the goroutine that calls it.
func caller() string {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	name, _, _ := strings.Cut(string(buf), " [")
	return name
}
