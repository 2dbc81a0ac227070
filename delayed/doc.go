// Package delayed runs ordinary Go functions in parallel: calls are recorded instead of made, and run together, each once, as soon as
// what they need is there.
//
// Say how a function is shaped, and get a lazy one that takes and gives delayed values:
//
//	load := delayed.Func1Err(Load)        // func(string) ([]Sale, error)
//	process := delayed.Func2(Process)     // func([]Sale, Prices) Revenue
//
//	prices := delayed.Func1Err(LoadPrices)(delayed.Of("prices.csv"))
//	var days []*delayed.Value[Revenue]
//	for _, path := range paths {
//		days = append(days, process(load(delayed.Of(path)), prices))     // nothing runs yet
//	}
//	report := delayed.Func1(Reduce)(delayed.ListOf(days...))
//	r, err := report.Compute(ctx)                                       // all of it, in parallel; prices are loaded once
//
// The program examples/etl has all of it, beside the same as plain Go and with futures.
//
// # Functions
//
// Func0 to Func6 are for functions of so many arguments. What follows the number says what the function has beside them: Err, an
// error as its last result; Ctx, a context as its first argument, which ends when the task is cancelled; CtxErr, both; Two, two
// results: the lazy function gives a Value for each. Types are checked by the compiler.
//
// An argument is a Value, of a call or of Of for what is known now, or a futures.Future. Many of them become one with ListOf, MapOf and
// StructOf. Each calls a lazy function for many, Tree combines many to one without holding all of them, Get takes a part of one.
//
// Options of a lazy function: Name, Retries, Priority, Memory, Resource, and Pure, which makes equal calls one task.
//
// # Computing
//
// Compute runs a value and what it needs; Compute2, Compute3, ComputeAll and ComputeAny run several together, so that what they share
// runs once: two Computes run it twice. Persist computes and gives a value that further calls build on. Options are those of package
// sched: sched.On(sched.Inline()) runs everything in the calling goroutine, for debuggers.
//
// An error or a panic in a function fails what depends on it and comes back from Compute, with the name of the task and the
// file:line of the call. errors.Is and errors.As find what the function returned; sched.Reproduce runs that task again.
//
// # What to look out for
//
// Delay the function, not its result: load(Of(path)), and never Of(Load(path)), which loads now. Make tasks of a millisecond or
// more: one costs some microseconds beside its work. Give a large input as one Of to all calls. Do not change arguments: other
// calls have them too. Build graphs outside of lazy functions: a lazy function that returns delayed values is a fault. A function
// that has to decide how to go on when it knows a result is better written with package futures.
//
// # Frames
//
// Frame makes a dataframe of delayed record batches, a partition each. Table, Parts and Splits make delayed values of a dataframe and
// of the partitions of a source. Frames and calls run on the same workers.
//
// # Inside
//
// Every call is one task of a graph.Graph, which GraphOf returns; Text and DOT draw it. The package runs nothing by itself and starts no goroutines; it
// imports graph, sched, dataframe and what that may import.
package delayed

//go:generate go run gen.go
