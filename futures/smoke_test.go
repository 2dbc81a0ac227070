package futures_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/futures"
	"github.com/sheafdata/sheaf/sched"
)

func inc(x int) int          { return x + 1 }
func add(a, b int) int       { return a + b }
func bad(x int) (int, error) { return 0, errors.New("no luck") }

func fib(ctx context.Context, n int) (int, error) {
	if n < 2 {
		return n, nil
	}
	c, _ := futures.From(ctx)
	f := delayed.Func1CtxErr(fib)
	a, b := futures.Submit(c, f(delayed.Of(n-1))), futures.Submit(c, f(delayed.Of(n-2)))
	xs, err := futures.Gather(ctx, []*futures.Future[int]{a, b})
	if err != nil {
		return 0, err
	}
	return xs[0] + xs[1], nil
}

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	for _, s := range []sched.Scheduler{nil, sched.Pool(1), sched.Inline()} {
		c := futures.New(ctx, sched.On(s))
		Inc, Add, Bad := delayed.Func1(inc, delayed.Pure()), delayed.Func2(add), delayed.Func1Err(bad)
		x := futures.Submit(c, Inc(delayed.Of(1)))
		y := futures.Submit(c, Inc(x))
		z := futures.Submit(c, Add(x, Inc(y)))
		fmt.Println(z.Result(ctx))
		fmt.Println(futures.Submit(c, Add(Bad(x), z)).Result(ctx))
		fs := futures.Map(c, Inc, []int{1, 2, 3})
		fmt.Println(futures.Gather(ctx, fs))
		fmt.Println(futures.Submit(c, delayed.Func1CtxErr(fib)(delayed.Of(10))).Result(ctx))
		ac := futures.AsCompleted(fs...)
		n := 0
		for f, err := range ac.All(ctx) {
			v, _ := f.Result(ctx)
			n += v
			if err == nil && v < 20 {
				ac.Add(futures.Submit(c, Add(f, f)))
			}
		}
		fmt.Println(n)
		fmt.Println(c.Close())
	}
}
