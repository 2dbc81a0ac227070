package futures_test

import (
	"context"
	"fmt"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/futures"
)

// Start calls, use their futures as arguments of others, and wait for the last.
func Example() {
	ctx := context.Background()
	c := futures.New(ctx)
	defer c.Close()
	square := delayed.Func1(func(x int) int { return x * x })
	add := delayed.Func2(func(a, b int) int { return a + b })

	a := futures.Submit(c, square(delayed.Of(3)))
	b := futures.Submit(c, square(delayed.Of(4)))
	sum := futures.Submit(c, add(a, b)) // returns at once, like those above
	v, err := sum.Result(ctx)
	fmt.Println(v, err)
	// Output: 25 <nil>
}

// A call for each element, and the results in order.
func ExampleMap() {
	ctx := context.Background()
	c := futures.New(ctx)
	defer c.Close()
	square := delayed.Func1(func(x int) int { return x * x })
	squares, err := futures.Gather(ctx, futures.Map(c, square, []int{1, 2, 3}))
	fmt.Println(squares, err)
	// Output: [1 4 9] <nil>
}

// Work that is found while other work is done: every number below 20 is doubled again.
func ExampleAsCompleted() {
	ctx := context.Background()
	c := futures.New(ctx)
	defer c.Close()
	double := delayed.Func1(func(x int) int { return 2 * x })
	done := futures.AsCompleted(futures.Map(c, double, []int{1, 3, 5})...)
	total := 0
	for f, err := range done.All(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		v, _ := f.Result(ctx)
		total += v
		if v < 20 {
			done.Add(futures.Submit(c, double(f)))
		}
	}
	fmt.Println(total)
	// Output: 134
}

// A task that submits tasks and waits for them.
func ExampleFrom() {
	ctx := context.Background()
	c := futures.New(ctx)
	defer c.Close()
	var factorial func(ctx context.Context, n int) (int, error)
	factorial = func(ctx context.Context, n int) (int, error) {
		if n == 0 {
			return 1, nil
		}
		c, _ := futures.From(ctx)
		rest, err := futures.Submit(c, delayed.Func1CtxErr(factorial)(delayed.Of(n-1))).Result(ctx)
		return n * rest, err
	}
	v, err := futures.Submit(c, delayed.Func1CtxErr(factorial)(delayed.Of(10))).Result(ctx)
	fmt.Println(v, err)
	// Output: 3628800 <nil>
}
