// 04schedulers is the chapter on schedulers of the Dask tutorial, in Go: the exercises with their solutions.
//
//	go run ./examples/tutorial/04schedulers
//
// Which scheduler when:
//
//   - none named: the process-wide pool, a worker a core. For everything that computes. All runs share it, and runs within tasks too.
//   - sched.Pool(n): n workers of your own. Where tasks wait for databases, disks or the network, more than there are cores; where
//     a machine is shared, fewer. A pool costs nothing while nothing runs.
//   - sched.Workers(n): at most n of the pool's workers for this run, so that others find some free.
//   - sched.Inline(): everything in the calling goroutine, in the same order each time. For debuggers, profiles and tests; also the
//     fastest for a handful of tiny tasks.
//
// Go has no global lock, so there is nothing here like Dask's choice between threads and processes: the pool does for both.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/sched"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) error {
	for _, part := range []func(context.Context, io.Writer) error{largestDelay, waiting, computing, observed, stepByStep} {
		if err := part(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// schedulers are those of this chapter.
var schedulers = []struct {
	name string
	on   sched.Scheduler
}{
	{"inline", sched.Inline()},
	{"pool of 1", sched.Pool(1)},
	{"pool of 8", sched.Pool(8)},
	{"default", nil},
}

// Flight is one departure.
type Flight struct {
	Origin    string  `sheaf:"origin"`
	Weekday   int64   `sheaf:"weekday"`
	Delay     float64 `sheaf:"delay"`
	Cancelled bool    `sheaf:"cancelled"`
}

func flights() *dataframe.DataFrame {
	origins := []string{"EWR", "JFK", "LGA"}
	rows := make([]Flight, 30_000)
	for i := range rows {
		rows[i] = Flight{origins[i%3], int64(1 + i%7), float64(i*7919%410 - 10), i%50 == 0}
	}
	return dataframe.FromStructs(rows)
}

// largestDelay is the first exercise: the largest delay of all flights that were not cancelled, on each scheduler. The answer must not
// depend on it.
func largestDelay(ctx context.Context, w io.Writer) error {
	largest := flights().Filter(expr.Col("cancelled").Not()).GroupBy().Agg(expr.Max("delay").As("delay"))
	for _, s := range schedulers {
		start := time.Now()
		v, err := dataframe.One[float64](ctx, largest, sched.On(s.on))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "exercise 1: %-9s %.0f in %s\n", s.name, v, time.Since(start).Round(100*time.Microsecond))
	}
	return nil
}

// timed computes 16 calls of fn on each scheduler.
func timed(ctx context.Context, w io.Writer, name string, fn func(int) int) error {
	call := delayed.Func1(fn)
	var calls []*delayed.Value[int]
	for i := range 16 {
		calls = append(calls, call(delayed.Of(i)))
	}
	for _, s := range schedulers {
		start := time.Now()
		out, err := delayed.ComputeAll(ctx, calls, sched.On(s.on))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %-9s %d in %s\n", name, s.name, slices.Max(out), time.Since(start).Round(100*time.Microsecond))
	}
	return nil
}

// waiting is the second exercise: tasks that wait. How many workers serve them best?
func waiting(ctx context.Context, w io.Writer) error {
	return timed(ctx, w, "exercise 2", func(i int) int {
		time.Sleep(5 * time.Millisecond)
		return i
	})
}

// computing is the third: tasks that compute. Do more workers than cores help?
func computing(ctx context.Context, w io.Writer) error {
	return timed(ctx, w, "exercise 3", func(i int) int {
		x := uint32(i)
		for range 1_000_000 {
			x = x*1664525 + 1013904223
		}
		return i + int(x>>31)/2 // x must be used
	})
}

// stopwatch is an observer: it sees every task begin and end, as a dashboard does.
type stopwatch struct {
	mu    sync.Mutex
	begun map[taskID]time.Time
	tasks int
	busy  time.Duration
}

type taskID struct {
	run  int64
	task int32
}

// Observe implements sched.Observer.
func (s *stopwatch) Observe(e sched.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := taskID{e.Run, int32(e.Task)}
	switch e.Kind {
	case sched.Started:
		s.begun[id] = e.Time
	case sched.Finished:
		s.tasks++
		s.busy += e.Time.Sub(s.begun[id])
	}
}

// observed is the fourth: run five queries and watch them. Which takes most, and why?
func observed(ctx context.Context, w io.Writer) error {
	all := flights()
	flown := all.Filter(expr.Col("cancelled").Not())
	count, mean := expr.Count().As("flights"), expr.Mean("delay").As("delay")
	queries := []struct {
		name string
		df   *dataframe.DataFrame
	}{
		{"flights", all.GroupBy().Agg(count)},
		{"not cancelled", flown.GroupBy().Agg(count)},
		{"by airport", flown.GroupBy("origin").Agg(count)},
		{"delay by airport", flown.GroupBy("origin").Agg(mean)},
		{"delay by weekday", flown.GroupBy("weekday").Agg(mean)},
	}
	for _, q := range queries {
		watch := &stopwatch{begun: map[taskID]time.Time{}}
		table, err := q.df.Collect(ctx, sched.Observe(watch))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "exercise 4: %s: %d rows; %d tasks, busy for %s\n", q.name, table.NumRows(), watch.tasks, watch.busy.Round(100*time.Microsecond))
	}
	return nil
}

func ratio(a, b int) (int, error) {
	if b == 0 {
		return 0, errors.New("division by zero")
	}
	return a / b, nil
}

// stepByStep is the fifth: something in a graph fails. Find out what, then run the task again in this goroutine, where a debugger can
// stop at it.
func stepByStep(ctx context.Context, w io.Writer) error {
	lazyRatio := delayed.Func2Err(ratio)
	good := lazyRatio(delayed.Of(8), delayed.Of(2))
	zero := lazyRatio(delayed.Of(0), good)
	bad := lazyRatio(good, zero) // this line is in the error
	_, err := bad.Compute(ctx)
	fmt.Fprintln(w, "exercise 5:", err)
	again := sched.Reproduce(ctx, err) // a breakpoint in ratio stops here, with this function on the stack
	fmt.Fprintln(w, "exercise 5: the same again:", again != nil && again.Error() == err.Error())
	return nil
}
