// 06futures is the chapter on futures of the Dask tutorial, in Go: the exercises with their solutions.
//
//	go run ./examples/tutorial/06futures
//
// A lazy call does nothing until it is computed; a submitted one runs at once, and more can be decided when its result is there.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/futures"
	"github.com/sheafdata/sheaf/sched"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) error {
	c := futures.New(ctx, sched.On(sched.Pool(4)))
	defer c.Close()
	for _, part := range []func(context.Context, futures.Client, io.Writer) error{
		submit, graphBySubmit, mapFilterSum, release, flaky, debug, search, treeOfTasks,
	} {
		if err := part(ctx, c, w); err != nil {
			return err
		}
	}
	return c.Close()
}

const pause = 5 * time.Millisecond

func inc(x int) int {
	time.Sleep(pause)
	return x + 1
}

func add(x, y int) int {
	time.Sleep(pause)
	return x + y
}

func sum(xs []int) int {
	total := 0
	for _, x := range xs {
		total += x
	}
	return total
}

var (
	lazyInc = delayed.Func1(inc)
	lazyAdd = delayed.Func2(add)
	lazySum = delayed.Func1(sum)
)

// submit: start a call, look at its status, wait for its result.
func submit(ctx context.Context, c futures.Client, w io.Writer) error {
	f := futures.Submit(c, lazyInc(delayed.Of(1))) // returns at once
	v, err := f.Result(ctx)                        // waits
	fmt.Fprintf(w, "submit: %d, %v\n", v, f.Status())
	return err
}

// graphBySubmit is the first exercise: rebuild the graph of the chapter on delayed, inc, inc and add, with Submit. Futures are
// arguments of further calls: nothing waits in between.
func graphBySubmit(ctx context.Context, c futures.Client, w io.Writer) error {
	x := futures.Submit(c, lazyInc(delayed.Of(1)))
	y := futures.Submit(c, lazyInc(delayed.Of(2)))
	z := futures.Submit(c, lazyAdd(x, y))
	v, err := z.Result(ctx)
	fmt.Fprintf(w, "exercise 1: %d\n", v)
	return err
}

// mapFilterSum: the numbers 0 to 9, each plus one, the even ones of those, their sum.
func mapFilterSum(ctx context.Context, c futures.Client, w io.Writer) error {
	fs := futures.Map(c, lazyInc, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	xs, err := futures.Gather(ctx, fs)
	if err != nil {
		return err
	}
	var even []int
	for _, x := range xs {
		if x%2 == 0 {
			even = append(even, x)
		}
	}
	fmt.Fprintf(w, "exercise 2: %d\n", sum(even))
	return nil
}

// release: a result is held as long as its future. Given up, it can be neither read nor used; what was made of it stays.
func release(ctx context.Context, c futures.Client, w io.Writer) error {
	x := futures.Scatter(c, 20)
	y := futures.Submit(c, lazyInc(x))
	x.Release() // y has been submitted: it reads x all the same
	v, err := y.Result(ctx)
	if err != nil {
		return err
	}
	_, err = x.Result(ctx)
	fmt.Fprintf(w, "exercise 3: %d, and the released one is gone: %v\n", v, err != nil)
	return nil
}

// flaky: a function that fails at first, as networks do. Ask for retries, and add up ten results.
func flaky(ctx context.Context, c futures.Client, w io.Writer) error {
	var mu sync.Mutex
	tries := map[int]int{}
	unsteady := func(x int) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		if tries[x]++; tries[x] <= x%3 {
			return 0, errors.New("the network is down")
		}
		return x + 1, nil
	}
	fs := futures.Map(c, delayed.Func1Err(unsteady, delayed.Retries(5)), []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	v, err := futures.Submit(c, lazySum(delayed.ListOf(fs...))).Result(ctx)
	fmt.Fprintf(w, "exercise 4: %d\n", v)
	return err
}

func ratio(a, b int) (int, error) {
	if b == 0 {
		return 0, errors.New("division by zero")
	}
	return a / b, nil
}

// debug: one of several calls fails, and the sum of all with it. Which one was it? The error says the call and its line. Put the right
// thing in the place of the wrong one and go on with the rest.
func debug(ctx context.Context, c futures.Client, w io.Writer) error {
	lazyRatio := delayed.Func2Err(ratio, delayed.Name("ratio"))
	var fs []*futures.Future[int]
	for _, b := range []int{1, 2, 0, 4} {
		fs = append(fs, futures.Submit(c, lazyRatio(delayed.Of(8), delayed.Of(b))))
	}
	_, err := futures.Submit(c, lazySum(delayed.ListOf(fs...))).Result(ctx)
	fmt.Fprintln(w, "exercise 5:", err)
	for i, f := range fs {
		if _, err := f.Result(ctx); err != nil {
			fs[i] = futures.Scatter(c, 0)
		}
	}
	v, err := futures.Submit(c, lazySum(delayed.ListOf(fs...))).Result(ctx)
	fmt.Fprintf(w, "exercise 5: %d\n", v)
	return err
}

// point is a place where the function to be minimised was evaluated.
type point struct{ x, y, value float64 }

// rosenbrock has its minimum, 0, at (1, 1), at the bottom of a long bent valley.
func rosenbrock(x, y float64) point {
	return point{x, y, (1-x)*(1-x) + 100*(y-x*x)*(y-x*x)}
}

// search is the exercise on work that is decided while it runs: find the minimum by random search. Begin with some random points;
// whenever one is evaluated, submit another near the best so far, a little nearer each time, until the best is below 0.001. No
// worker ever waits for the slowest of a round.
func search(ctx context.Context, c futures.Client, w io.Writer) error {
	rnd := rand.New(rand.NewPCG(3, 4))
	try := delayed.Func2(rosenbrock)
	scale := 5.0
	best := point{value: 1e9}
	next := func() *futures.Future[point] {
		near := func(at float64) *delayed.Value[float64] { return delayed.Of(at + scale*(2*rnd.Float64()-1)) }
		return futures.Submit(c, try(near(best.x), near(best.y)))
	}
	done := futures.AsCompleted[point]()
	for range 10 {
		done.Add(next())
	}
	for f, err := range done.All(ctx) {
		if err != nil {
			return err
		}
		p, err := f.Result(ctx)
		if err != nil {
			return err
		}
		f.Release()
		if p.value < best.value {
			best = p
		}
		if best.value < 0.001 {
			break
		}
		if scale *= 0.99; scale < 0.01 {
			scale = 1 // the step has become too small to get anywhere
		}
		done.Add(next())
	}
	fmt.Fprintf(w, "exercise 6: below 0.001 near (%.0f, %.0f)\n", best.x, best.y)
	return nil
}

// fibonacci submits tasks from a task and waits for them: its place is lent to them meanwhile.
func fibonacci(ctx context.Context, n int) (int, error) {
	if n < 2 {
		return n, nil
	}
	c, _ := futures.From(ctx)
	fs := futures.Map(c, delayed.Func1CtxErr(fibonacci), []int{n - 1, n - 2})
	xs, err := futures.Gather(ctx, fs)
	return sum(xs), err
}

// treeOfTasks: compute a Fibonacci number by tasks that submit tasks.
func treeOfTasks(ctx context.Context, c futures.Client, w io.Writer) error {
	v, err := futures.Submit(c, delayed.Func1CtxErr(fibonacci)(delayed.Of(10))).Result(ctx)
	fmt.Fprintf(w, "exercise 7: %d\n", v)
	return err
}
