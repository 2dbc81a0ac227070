package delayed_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sheafdata/sheaf/delayed"
)

func inc(x int) int    { return x + 1 }
func add(a, b int) int { return a + b }
func sum(xs []int) int {
	t := 0
	for _, x := range xs {
		t += x
	}
	return t
}
func bad(x int) (int, error)     { return 0, errors.New("no luck") }
func minmax(xs []int) (int, int) { return xs[0], xs[len(xs)-1] }

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	Inc, Add, Sum, Bad := delayed.Func1(inc, delayed.Pure()), delayed.Func2(add), delayed.Func1(sum), delayed.Func1Err(bad)
	x, y := Inc(delayed.Of(1)), Inc(delayed.Of(2))
	fmt.Println(Add(x, y).Compute(ctx))
	vs := []*delayed.Value[int]{x, y, Add(x, y)}
	fmt.Println(Sum(delayed.ListOf(vs...)).Compute(ctx))
	fmt.Println(Add(Bad(x), y).Compute(ctx))
	lo, hi := delayed.Func1Two(minmax)(delayed.ListOf(vs...))
	fmt.Println(delayed.Compute2(ctx, lo, hi))
	fmt.Println(delayed.Tree(Add, vs).Compute(ctx))
	fmt.Println(delayed.ComputeAll(ctx, delayed.Each(Inc, vs)))
	fmt.Println(delayed.MapOf(map[string]*delayed.Value[int]{"a": x, "b": y}).Compute(ctx))
	p := delayed.Func1(func(x int) int { panic("boom") })
	fmt.Println(p(x).Compute(ctx))
	fmt.Println(Inc(nil).Compute(ctx))
	fmt.Println(delayed.Func1(inc, delayed.Pure())(delayed.Of(1)).Key(), x.Key(), Add(x, y).Key())
}
