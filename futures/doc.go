// Package futures runs ordinary Go functions in parallel, at once: Submit starts a lazy call (package delayed) and returns a Future, and
// what is submitted next may depend on what came back. Where the whole graph is known before, delayed is simpler.
//
//	c := futures.New(ctx)
//	defer c.Close()
//	load, process := delayed.Func1Err(Load), delayed.Func2(Process)
//
//	prices := futures.Submit(c, delayed.Func1Err(LoadPrices)(delayed.Of("prices.csv")))
//	var days []*futures.Future[Revenue]
//	for _, sales := range futures.Map(c, load, paths) {
//		days = append(days, futures.Submit(c, process(sales, prices)))    // futures are arguments; nobody waits
//	}
//	revenues, err := futures.Gather(ctx, days)
//
// # Waiting
//
// Result waits for one future, Gather for all in order, Wait until they are done however they ended, WaitFirst until one is.
// AsCompleted gives futures as they are done, and more can be added meanwhile:
//
//	done := futures.AsCompleted(days...)
//	for f, err := range done.All(ctx) {
//		…
//		done.Add(futures.Submit(c, next(f)))
//	}
//
// OnDone calls back. FireAndForget leaves the work to Close, which waits for it.
//
// A task may submit tasks, with the client that it finds with From, and wait for them: given its own context, it lends its place to
// others meanwhile, so that no number of such tasks locks up, not even on one worker.
//
// # Results
//
// A result is held as long as its Future: until Release, or until the garbage collector finds the Future unused. A task that runs
// goes on without its Future; Cancel stops it. Calls of the same key, such as equal calls of a pure function, are one task while it is
// held. A Future that failed can be started again with Retry, or run again in a debugger with Reproduce.
//
// # Inside
//
// A Client is the small untyped interface beneath; New makes one that is a run of a scheduler of this process, whose graph grows. The
// package starts no goroutines but those of callbacks. It imports delayed, graph and sched.
package futures
