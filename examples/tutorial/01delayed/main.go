// 01delayed is the chapter on lazy calls of the Dask tutorial, in Go: the exercises with their solutions.
//
//	go run ./examples/tutorial/01delayed
//
// Read the text of an exercise, write your own solution, and look at this one after.
package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/sched"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) error {
	for _, part := range []func(context.Context, io.Writer) error{basics, loop, controlFlow, groupBy} {
		if err := part(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// pause stands for work: the functions of this chapter take their time.
const pause = 20 * time.Millisecond

func inc(x int) int {
	time.Sleep(pause)
	return x + 1
}

func double(x int) int {
	time.Sleep(pause)
	return 2 * x
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

func isEven(x int) bool { return x%2 == 0 }

// four is the pool of this chapter: our functions wait rather than compute, so more may run than the machine has cores.
var four = sched.On(sched.Pool(4))

// basics: the two calls of inc do not need each other. Make the three calls lazy, look at the tasks, and run them: it takes the time
// of two calls and not of three.
func basics(ctx context.Context, w io.Writer) error {
	lazyInc, lazyAdd := delayed.Func1(inc), delayed.Func2(add)
	x := lazyInc(delayed.Of(1))
	y := lazyInc(delayed.Of(2))
	z := lazyAdd(x, y) // nothing has run

	g, _, err := z.Graph()
	if err != nil {
		return err
	}
	start := time.Now()
	v, err := z.Compute(ctx, four)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "inc, inc, add: %d from %d tasks, at once where they can: %v\n", v, g.Len(), time.Since(start) < 3*pause)
	return nil
}

// loop is exercise 1: parallelise a for loop. Here it is one after the other:
//
//	var results []int
//	for _, x := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
//		results = append(results, inc(x))
//	}
//	total := sum(results)
func loop(ctx context.Context, w io.Writer) error {
	lazyInc := delayed.Func1(inc)
	var results []*delayed.Value[int]
	for _, x := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
		results = append(results, lazyInc(delayed.Of(x)))
	}
	total := delayed.Func1(sum)(delayed.ListOf(results...))
	v, err := total.Compute(ctx, four)
	fmt.Fprintf(w, "exercise 1: %d\n", v)
	return err
}

// controlFlow is exercise 2: parallelise a loop with a condition. Which functions should be lazy, and which must not be? What happens
// when isEven is?
//
//	for _, x := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10} {
//		if isEven(x) {
//			y = double(x)
//		} else {
//			y = inc(x)
//		}
//		results = append(results, y)
//	}
//
// isEven stays an ordinary call: the graph depends on its answer, and it costs nothing. A lazy one does not compile: a Value is no
// bool.
func controlFlow(ctx context.Context, w io.Writer) error {
	lazyInc, lazyDouble := delayed.Func1(inc), delayed.Func1(double)
	var results []*delayed.Value[int]
	for _, x := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10} {
		if isEven(x) {
			results = append(results, lazyDouble(delayed.Of(x)))
		} else {
			results = append(results, lazyInc(delayed.Of(x)))
		}
	}
	v, err := delayed.Func1(sum)(delayed.ListOf(results...)).Compute(ctx, four)
	fmt.Fprintf(w, "exercise 2: %d\n", v)
	return err
}

// years are the departures of three years: origin, and delay in minutes, which is empty when the flight was cancelled. Nothing left
// JFK in 1992.
var years = map[int]string{
	1990: "EWR,10\nJFK,20\nLGA,5\nEWR,-2\nLGA,\nJFK,4\n",
	1991: "EWR,1\nJFK,6\nLGA,15\nLGA,4\n",
	1992: "EWR,3\nLGA,0\nEWR,\nEWR,8\n",
}

// delays are the delays by airport, by number and sum.
type delays map[string]struct {
	n   int
	sum float64
}

// readYear adds up one year.
func readYear(year int) (delays, error) {
	rows, err := csv.NewReader(strings.NewReader(years[year])).ReadAll()
	if err != nil {
		return nil, err
	}
	out := delays{}
	for _, r := range rows {
		if r[1] == "" {
			continue
		}
		minutes, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			return nil, err
		}
		d := out[r[0]]
		d.n++
		d.sum += minutes
		out[r[0]] = d
	}
	return out, nil
}

// merge adds the delays of two years up. An airport that one of them does not have keeps what the other says: adding columns side by
// side would lose it, which is the trap of this exercise.
func merge(a, b delays) delays {
	out := delays{}
	for _, part := range []delays{a, b} {
		for airport, d := range part {
			t := out[airport]
			t.n += d.n
			t.sum += d.sum
			out[airport] = t
		}
	}
	return out
}

// groupBy is exercise 3: the mean departure delay by airport over several files. Each file gives sums and counts, which are combined
// and divided at the end. The files are read in parallel, and combined two at a time, so that not all have to be held.
func groupBy(ctx context.Context, w io.Writer) error {
	read := delayed.Func1Err(readYear)
	var parts []*delayed.Value[delays]
	for year := range 3 {
		parts = append(parts, read(delayed.Of(1990+year)))
	}
	total, err := delayed.Tree(delayed.Func2(merge), parts).Compute(ctx)
	if err != nil {
		return err
	}
	var airports []string
	for airport := range total {
		airports = append(airports, airport)
	}
	slices.Sort(airports)
	for _, airport := range airports {
		fmt.Fprintf(w, "exercise 3: %s %.2f\n", airport, total[airport].sum/float64(total[airport].n))
	}
	return nil
}
