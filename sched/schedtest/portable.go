package schedtest

import (
	"context"
	"errors"
	"slices"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

var portableTests = map[string]func(*kit){
	"values":          testValues,
	"empty":           testEmpty,
	"error":           testError,
	"panic":           testPanic,
	"unknown op":      testUnknownOp,
	"first error":     testFirstError,
	"growth":          testGrowth,
	"submit errors":   testSubmitErrors,
	"freed":           testFreed,
	"release":         testRelease,
	"done":            testDone,
	"done break":      testDoneBreak,
	"done errors":     testDoneErrors,
	"done growth":     testDoneGrowth,
	"done context":    testDoneContext,
	"back-pressure":   testBackPressure,
	"wait context":    testWaitContext,
	"cancel running":  testCancelRunning,
	"cancel needed":   testCancelNeeded,
	"cancel finished": testCancelFinished,
	"context":         testContext,
	"close":           testClose,
	"events":          testEvents,
	"timeout":         testTimeout,
	"random":          testRandom,
}

func testValues(k *kit) {
	a := k.add(spec{Value: 1})
	b := k.add(spec{Value: 10}, a)
	c := k.add(spec{Value: 100}, a)
	d := k.add(spec{Value: 1000}, b, c, b)
	var wide []graph.ID
	for range 100 {
		wide = append(wide, k.add(spec{Value: 1}, a))
	}
	all := k.add(spec{}, wide...)
	k.submit(a, d, all)
	k.noError(k.wait())
	k.result(a, 1)
	k.result(d, 1000+11+101+11)
	k.result(all, 200)
}

// testEmpty: nothing is wanted, nothing is waited for.
func testEmpty(k *kit) {
	k.submit()
	k.noError(k.wait())
	for id, err := range k.run.Done(k.ctx) {
		k.Errorf("Done yields %d, %v", id, err)
	}
	if _, err := k.run.Result(0); err == nil {
		k.Error("Result of no task is no error")
	}
}

func testError(k *kit) {
	bad := k.add(spec{Error: "no luck"})
	after := k.add(spec{}, bad)
	last := k.add(spec{}, after)
	good := k.add(spec{Value: 7})
	k.submit(last, good)
	k.fails(k.wait(), fault.Data, "t[0]", "no luck")
	k.result(good, 7)
	for _, id := range []graph.ID{bad, after, last} {
		_, err := k.run.Result(id)
		k.fails(err, fault.Data, "t[0]", "no luck")
	}
	later := k.add(spec{}, last, good)
	k.submit(later)
	k.fails(k.wait(), fault.Data, "t[0]", "no luck")
	_, err := k.run.Result(later)
	k.fails(err, fault.Data, "t[0]", "no luck")
}

func testPanic(k *kit) {
	bad := k.add(spec{Panic: "out of cheese"})
	after := k.add(spec{}, bad)
	good := k.add(spec{Value: 7})
	k.submit(after, good)
	k.fails(k.wait(), fault.Panic, "t[0]", "out of cheese", "schedtest.work")
	k.result(good, 7)
}

func testUnknownOp(k *kit) {
	id := k.g.Add(graph.Task{Op: "schedtest.werk"})
	k.submit(id)
	k.fails(k.wait(), fault.Plan, "#0", "schedtest.werk", `did you mean "schedtest.work"?`)
}

// testFirstError: every task is final when Wait returns, so the error is that of the first.
func testFirstError(k *kit) {
	var want []graph.ID
	for i := range 50 {
		s := spec{}
		if i >= 20 && i%10 == 0 {
			s.Error = "no luck"
		}
		want = append(want, k.add(s))
	}
	slices.Reverse(want)
	k.submit(want...)
	k.fails(k.wait(), fault.Data, "t[20]")
}

func testGrowth(k *kit) {
	sum, expected := k.add(spec{Value: 1}), int64(1)
	k.submit(sum)
	for i := range int64(20) {
		k.noError(k.wait())
		k.result(sum, expected)
		next := k.add(spec{Value: i}, sum)
		k.submit(next)
		k.run.Release(sum)
		sum, expected = next, expected+i
	}
	k.noError(k.wait())
	k.result(sum, expected)
	k.submit(sum)
	k.noError(k.wait())
	k.result(sum, expected)
}

func testSubmitErrors(k *kit) {
	a := k.add(spec{Value: 3})
	k.fails(k.run.Submit(nil), fault.Plan, "nil")
	k.fails(k.run.Submit(k.g, a, 1), fault.Plan, "1 is no task")
	k.fails(k.run.Submit(k.g, -1), fault.Plan, "-1 is no task")
	k.submit(a)
	k.fails(k.run.Submit(graph.New()), fault.Plan, "another")
	k.noError(k.wait())
	k.result(a, 3)
	k.add(spec{}, a, 17)
	k.fails(k.run.Submit(k.g), fault.Plan, "t[1]", "17")
	k.result(a, 3)
}

// testFreed: a result that is not wanted goes after its last reader, and cannot be read then.
func testFreed(k *kit) {
	a := k.add(spec{Value: 1})
	b := k.add(spec{Value: 1}, a)
	k.submit(b)
	k.noError(k.wait())
	k.seen(sched.Released, a)
	if k.log.has(sched.Released, b) {
		k.Error("a wanted result was freed")
	}
	_, err := k.run.Result(a)
	k.fails(err, fault.Plan, "t[0]", "freed")
	k.fails(k.run.Submit(k.g, a), fault.Plan, "t[0]", "freed")
	k.add(spec{}, a)
	k.fails(k.run.Submit(k.g), fault.Plan, "t[2]", "t[0]", "freed")
	k.result(b, 2)
}

func testRelease(k *kit) {
	a, b := k.add(spec{Value: 1}), k.add(spec{Value: 2})
	k.submit(a, b)
	k.noError(k.wait())
	k.run.Release(a, 99, -1)
	k.run.Release(a)
	_, err := k.run.Result(a)
	k.fails(err, fault.Plan, "freed")
	k.result(b, 2)
	c := k.add(spec{Value: 3}, b)
	k.submit(c)
	k.run.Release(b, c)
	k.noError(k.wait())
	k.seen(sched.Released, b)
	k.seen(sched.Released, c)
}

// collect reads what Done yields, stopping after n.
func (k *kit) collect(n int) (ids []graph.ID, errs map[graph.ID]error) {
	errs = map[graph.ID]error{}
	for id, err := range k.run.Done(k.ctx) {
		ids = append(ids, id)
		if err != nil {
			errs[id] = err
		}
		if len(ids) == n {
			break
		}
	}
	return ids, errs
}

func (k *kit) sameIDs(got, expected []graph.ID) {
	k.Helper()
	got, expected = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(expected))
	if !slices.Equal(got, expected) {
		k.Fatalf("the tasks are %v, expected %v", got, expected)
	}
}

func (k *kit) addMany(n int) (ids []graph.ID) {
	for i := range n {
		ids = append(ids, k.add(spec{Value: int64(i)}))
	}
	return ids
}

func testDone(k *kit) {
	want := k.addMany(50)
	k.add(spec{}, want...)
	k.submit(want...)
	got, errs := k.collect(0)
	k.sameIDs(got, want)
	if len(errs) > 0 {
		k.Error(errs)
	}
	if again, _ := k.collect(0); len(again) > 0 {
		k.Errorf("a second range yields %v again", again)
	}
}

func testDoneBreak(k *kit) {
	want := k.addMany(20)
	k.submit(want...)
	first, _ := k.collect(5)
	k.noError(k.wait())
	rest, _ := k.collect(0)
	k.sameIDs(append(first, rest...), want)
	for i, id := range want {
		k.result(id, int64(i))
	}
}

func testDoneErrors(k *kit) {
	bad := k.add(spec{Error: "no luck"})
	after := k.add(spec{}, bad)
	good := k.add(spec{})
	k.submit(bad, after, good)
	got, errs := k.collect(0)
	k.sameIDs(got, []graph.ID{bad, after, good})
	if len(errs) != 2 {
		k.Fatalf("the errors are %v, expected two", errs)
	}
	k.fails(errs[bad], fault.Data, "t[0]", "no luck")
	k.fails(errs[after], fault.Data, "t[0]", "no luck")
}

// testDoneGrowth: the range goes on with what its reader submits.
func testDoneGrowth(k *kit) {
	last := k.add(spec{Value: 1})
	k.submit(last)
	n := int64(0)
	for id, err := range k.run.Done(k.ctx) {
		k.noError(err)
		n++
		k.result(id, n)
		if n < 10 {
			last = k.add(spec{Value: 1}, id)
			k.submit(last)
		}
		k.run.Release(id)
	}
	if n != 10 {
		k.Fatalf("Done yields %d tasks, expected 10", n)
	}
}

func testDoneContext(k *kit) {
	block := k.add(spec{Block: true})
	k.submit(block)
	ctx, cancel := context.WithCancel(k.ctx)
	stop := context.AfterFunc(ctx, func() { k.run.Cancel(block) }) // inline, the reader executes the task
	defer stop()
	go func() {
		k.seen(sched.Started, block)
		cancel()
	}()
	n := 0
	for id, err := range k.run.Done(ctx) {
		n++
		k.fails(err, fault.Canceled)
		if id != -1 {
			k.Errorf("the error comes with %d", id)
		}
	}
	if n > 1 {
		k.Errorf("%d pairs after the end of the context", n)
	}
}

// testBackPressure: a reader that does not read holds the run up; a Wait makes it go on.
func testBackPressure(k *kit) {
	first := k.add(spec{})
	k.submit(first)
	read := 0
	for id, err := range k.run.Done(k.ctx) {
		k.noError(err)
		if read++; id != first {
			continue
		}
		k.submit(k.addMany(1000)...)
		k.stands()
		if n := k.log.total(sched.Finished); n > 1+64 {
			k.Fatalf("%d tasks finished while the reader stood still", n)
		}
		k.noError(k.wait())
		if n := k.log.total(sched.Finished); n != 1001 {
			k.Fatalf("%d tasks are finished after Wait", n)
		}
	}
	if read != 1001 {
		k.Fatalf("Done yields %d tasks", read)
	}
}

// stands waits until the run makes no progress.
func (k *kit) stands() {
	last, same := -1, 0
	k.eventually("the run stands still", func() bool {
		if n := k.log.total(sched.Finished); n != last {
			last, same = n, 0
		}
		same++
		return same > 100
	})
}

func testWaitContext(k *kit) {
	block := k.add(spec{Block: true})
	k.submit(block)
	done := k.background()
	k.seen(sched.Started, block)
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	k.fails(k.run.Wait(ctx), fault.Canceled)
	if err := k.run.Wait(ctx); !errors.Is(err, context.Canceled) {
		k.Errorf("the error %v is not context.Canceled", err)
	}
	k.run.Cancel(block)
	k.noError(<-done)
}

func testCancelRunning(k *kit) {
	block := k.add(spec{Block: true})
	after := k.add(spec{}, block)
	k.submit(block)
	k.submit(after)
	other := k.add(spec{Value: 5})
	done := k.background()
	k.seen(sched.Started, block)
	k.run.Cancel(block)
	k.submit(other)
	k.fails(<-done, fault.Canceled, "t[0]")
	_ = k.wait()
	_, err := k.run.Result(block)
	k.fails(err, fault.Canceled, "t[0]")
	_, err = k.run.Result(after)
	k.fails(err, fault.Canceled, "t[0]")
	k.result(other, 5)
}

// testCancelNeeded: what only cancelled tasks needed goes with them, what others need or want stays.
func testCancelNeeded(k *kit) {
	gate := k.add(spec{Block: true}) // keeps the others from running until they are cancelled
	only := k.add(spec{}, gate)
	shared := k.add(spec{}, gate)
	wanted := k.add(spec{}, gate)
	mid := k.add(spec{}, only)
	end1, end2 := k.add(spec{}, mid, shared, wanted, mid), k.add(spec{}, mid, only)
	user := k.add(spec{}, shared)
	k.submit(end1, end2, user, wanted)
	done := k.background()
	k.seen(sched.Started, gate)
	k.run.Cancel(end1, end2)
	for _, id := range []graph.ID{end1, end2, mid, only} {
		k.seen(sched.Failed, id)
		_, err := k.run.Result(id)
		k.fails(err, fault.Canceled)
	}
	for _, id := range []graph.ID{gate, shared, wanted, user} {
		if k.log.has(sched.Failed, id) {
			k.Errorf("task %d was stopped, others need it", id)
		}
	}
	k.run.Cancel(user, wanted)
	k.noError(<-done)
	k.seen(sched.Failed, gate)
}

func testCancelFinished(k *kit) {
	a := k.add(spec{Value: 4})
	k.submit(a)
	k.noError(k.wait())
	k.run.Cancel(a, 5, -1)
	k.result(a, 4)
}

// testContext: the end of Start's context reaches running tasks and everybody who waits.
func testContext(k *kit) {
	ctx, cancel := context.WithCancel(k.ctx)
	k.noError(k.run.Close())
	k.run = k.on.Start(ctx, sched.Options{Observers: []sched.Observer{k.log}})
	block := k.add(spec{Block: true})
	rest := k.add(spec{}, block)
	k.submit(rest)
	done := k.background()
	k.seen(sched.Started, block)
	cancel()
	err := <-done
	k.fails(err, fault.Canceled)
	if !errors.Is(err, context.Canceled) {
		k.Errorf("the error %v is not context.Canceled", err)
	}
	k.fails(k.run.Submit(k.g, rest), fault.Canceled)
	_, err = k.run.Result(rest)
	k.fails(err, fault.Canceled)
	for _, err := range k.run.Done(k.ctx) {
		k.fails(err, fault.Canceled)
	}
}

func testClose(k *kit) {
	a := k.add(spec{Value: 1})
	block := k.add(spec{Block: true})
	k.submit(a, block)
	done := k.background()
	k.seen(sched.Started, block)
	k.noError(k.run.Close())
	k.noError(k.run.Close())
	k.fails(<-done, fault.Canceled, "closed")
	k.fails(k.wait(), fault.Canceled, "closed")
	k.fails(k.run.Submit(k.g, a), fault.Canceled, "closed")
	_, err := k.run.Result(a)
	k.fails(err, fault.Canceled, "closed")
	k.run.Release(a)
	k.run.Cancel(a)
}

func testEvents(k *kit) {
	a := k.add(spec{Value: 1})
	b := k.add(spec{Value: 1}, a)
	bad := k.add(spec{Error: "no luck"}, a)
	after := k.add(spec{}, bad)
	k.submit(b, after)
	_ = k.wait()
	k.noError(k.run.Close())
	expect := map[graph.ID][]sched.EventKind{
		a:     {sched.GraphAdded, sched.Started, sched.Finished, sched.Released},
		b:     {sched.GraphAdded, sched.Started, sched.Finished, sched.Released},
		bad:   {sched.GraphAdded, sched.Started, sched.Failed},
		after: {sched.GraphAdded, sched.Failed},
	}
	got := map[graph.ID][]sched.EventKind{}
	for _, e := range k.log.events {
		got[e.Task] = append(got[e.Task], e.Kind)
		if e.Key != k.g.Key(e.Task) || e.Time.IsZero() || e.Run == 0 || (e.Err != nil) != (e.Kind == sched.Failed) {
			k.Errorf("the event %+v is not complete", e)
		}
	}
	for id, kinds := range expect {
		if !slices.Equal(got[id], kinds) {
			k.Errorf("the events of task %d are %v, expected %v", id, got[id], kinds)
		}
	}
}
