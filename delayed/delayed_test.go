package delayed_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

var ctx = context.Background()

// onEach runs a test on each scheduler, and checks that no goroutine stays.
func onEach(t *testing.T, test func(t *testing.T, on sched.Option)) {
	for name, s := range map[string]sched.Scheduler{"inline": sched.Inline(), "one": sched.Pool(1), "three": sched.Pool(3), "process": nil} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			test(t, sched.On(s))
		})
	}
}

// noLeaks checks at the test's end that there are no more goroutines than now.
func noLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
	})
}

func inc(x int) int    { return x + 1 }
func add(a, b int) int { return a + b }

var (
	lazyInc = delayed.Func1(inc)
	lazyAdd = delayed.Func2(add)
)

func of(n int) *delayed.Value[int] { return delayed.Of(n) }

// Every form of function, and every number of arguments, gives its arguments to the function in order.
func TestForms(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		want := func(n int, v *delayed.Value[string]) {
			t.Helper()
			got, err := v.Compute(ctx, on)
			require.NoError(t, err)
			require.Equal(t, "abcdef"[:n], got)
		}
		s := func(parts ...string) (out string) {
			for _, p := range parts {
				out += p
			}
			return out
		}
		type c = context.Context
		a, b, cc, d, e, f := delayed.Of("a"), delayed.Func0(func() string { return "b" })(), delayed.Of("c"), delayed.Of("d"), delayed.Of("e"), delayed.Of("f")
		want(0, delayed.Func0(func() string { return s() })())
		want(0, delayed.Func0Err(func() (string, error) { return s(), nil })())
		want(0, delayed.Func0Ctx(func(c) string { return s() })())
		want(0, delayed.Func0CtxErr(func(c) (string, error) { return s(), nil })())
		want(1, delayed.Func1(func(a string) string { return s(a) })(a))
		want(2, delayed.Func2Err(func(a, b string) (string, error) { return s(a, b), nil })(a, b))
		want(3, delayed.Func3Ctx(func(_ c, a, b, cc string) string { return s(a, b, cc) })(a, b, cc))
		want(4, delayed.Func4CtxErr(func(_ c, a, b, cc, d string) (string, error) { return s(a, b, cc, d), nil })(a, b, cc, d))
		want(5, delayed.Func5(func(a, b, cc, d, e string) string { return s(a, b, cc, d, e) })(a, b, cc, d, e))
		want(6, delayed.Func6(func(a, b, cc, d, e, f string) string { return s(a, b, cc, d, e, f) })(a, b, cc, d, e, f))
		want(6, delayed.Func6CtxErr(func(_ c, a, b, cc, d, e, f string) (string, error) { return s(a, b, cc, d, e, f), nil })(a, b, cc, d, e, f))

		x, y := delayed.Func2Two(func(a, b string) (string, int) { return a + b, len(b) })(a, b)
		first, second, err := delayed.Compute2(ctx, x, y, on)
		require.NoError(t, err)
		require.Equal(t, "ab", first)
		require.Equal(t, 1, second)
		x, y = delayed.Func1TwoCtxErr(func(_ c, a string) (string, int, error) { return "", 0, io.ErrUnexpectedEOF })(a)
		_, _, err = delayed.Compute2(ctx, x, y, on)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

func TestContextReachesTheFunction(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		type key struct{}
		got, err := delayed.Func0Ctx(func(ctx context.Context) any { return ctx.Value(key{}) })().Compute(context.WithValue(ctx, key{}, 7), on)
		require.NoError(t, err)
		require.Equal(t, 7, got)
	})
}

// What several values share runs once in one Compute, and not at all before.
func TestSharing(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		var calls atomic.Int64
		load := delayed.Func0(func() int { return int(calls.Add(1)) })
		shared := load()
		a, b, c := lazyInc(shared), lazyAdd(shared, shared), lazyAdd(lazyInc(shared), shared)
		require.Zero(t, calls.Load())
		x, y, z, err := delayed.Compute3(ctx, a, b, c, on)
		require.NoError(t, err)
		require.Equal(t, []int{2, 2, 3}, []int{x, y, z})
		require.EqualValues(t, 1, calls.Load())

		all, err := delayed.ComputeAll(ctx, []*delayed.Value[int]{shared, shared, of(9)}, on)
		require.NoError(t, err)
		require.Equal(t, []int{2, 2, 9}, all)
		mixed, err := delayed.ComputeAny(ctx, []delayed.Untyped{shared, delayed.Of("x")}, on)
		require.NoError(t, err)
		require.Equal(t, []any{3, "x"}, mixed)
	})
}

func TestPersist(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		var calls atomic.Int64
		load := delayed.Func1(func(x int) int { return x + int(calls.Add(1)) })
		kept, err := load(of(10)).Persist(ctx, on)
		require.NoError(t, err)
		for range 3 {
			v, err := lazyInc(kept).Compute(ctx, on)
			require.NoError(t, err)
			require.Equal(t, 12, v)
		}
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestErrorNamesTaskAndLine(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		fails := delayed.Func1Err(func(int) (int, error) { return 0, io.ErrClosedPipe }, delayed.Name("fails"))
		_, _, line, _ := runtime.Caller(0)
		v := fails(lazyInc(of(1))) // one line below
		_, err := lazyAdd(v, of(2)).Compute(ctx, on)
		require.ErrorIs(t, err, io.ErrClosedPipe)
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, "delayed/delayed_test.go:"+strconv.Itoa(line+1), f.At)
		require.Equal(t, fault.Data, f.Kind)
		require.Contains(t, err.Error(), "task "+v.Key().String()+": ")
	})
}

// A fault of the function keeps its kind and its places.
func TestFaultKeepsItsKind(t *testing.T) {
	fails := delayed.Func0Err(func() (int, error) { return 0, &fault.Error{Kind: fault.Input, File: "x.csv", Line: 3, Err: io.EOF} })
	_, err := fails().Compute(ctx)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Input, f.Kind)
	require.Equal(t, "x.csv", f.File)
	require.Contains(t, f.At, "delayed_test.go:")
}

func TestPanicIsAnError(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		boom := delayed.Func1(func(x int) int { return 1 / (x - 1) })
		_, err := lazyInc(boom(of(1))).Compute(ctx, on)
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, fault.Panic, f.Kind)
		require.Contains(t, f.At, "delayed_test.go:")
		require.ErrorContains(t, err, "divide by zero")
		require.ErrorContains(t, err, "TestPanicIsAnError") // the stack begins in the user's function
		var r runtime.Error
		require.ErrorAs(t, err, &r)
	})
}

func TestCancel(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		ctx, cancel := context.WithCancel(ctx)
		blocks := delayed.Func0CtxErr(func(ctx context.Context) (int, error) {
			cancel()
			<-ctx.Done()
			return 0, ctx.Err()
		})
		_, err := lazyInc(blocks()).Compute(ctx, on)
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, fault.Canceled, f.Kind)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestRetries(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		var tries atomic.Int64
		flaky := delayed.Func0Err(func() (int64, error) {
			if n := tries.Add(1); n > 2 {
				return n, nil
			}
			return 0, io.EOF
		}, delayed.Retries(2))
		v, err := flaky().Compute(ctx, on)
		require.NoError(t, err)
		require.EqualValues(t, 3, v)
	})
}

// Mistakes that a compiler cannot see are faults with the line of the call.
func TestMisuse(t *testing.T) {
	var noFunc func(int) int
	var noValue *delayed.Value[int]
	for name, c := range map[string]struct {
		v    interface{ Err() error }
		want string
	}{
		"nil function":       {delayed.Func1(noFunc)(of(1)), "the function is nil"},
		"nil argument":       {lazyAdd(of(1), nil), "argument 2 is nil"},
		"nil value":          {lazyInc(noValue), "argument 1 is nil"},
		"zero value":         {lazyInc(&delayed.Value[int]{}), "zero Value"},
		"below":              {lazyInc(lazyInc(lazyInc(nil))), "argument 1 is nil"},
		"delayed in delayed": {delayed.Func1(func(x int) *delayed.Value[int] { return of(x) })(of(1)), "returns delayed work"},
		"list in Of":         {delayed.Of([]*delayed.Value[int]{of(1)}), "holds delayed values"},
		"struct in Of":       {delayed.Of(struct{ X delayed.Arg[int] }{}), "holds delayed values"},
		"impure closure":     {delayed.Func0(func() int { return int(time.Now().Unix()) }, delayed.Pure())(), "no top-level function"},
		"empty tree":         {delayed.Tree(lazyAdd, []*delayed.Value[int]{}), "no values"},
		"nil in list":        {delayed.ListOf(of(1), noValue), "argument 2 is nil"},
		"struct field": {delayed.StructOf[struct{ Words int }](struct{ Word *delayed.Value[int] }{of(1)}),
			`did you mean "Words"?`},
		"struct type": {delayed.StructOf[struct{ Words string }](struct{ Words *delayed.Value[int] }{of(1)}), "is a string, the part is a int"},
		"no struct":   {delayed.StructOf[int](3), "makes a struct of a struct"},
		"no parts":    {delayed.Parts(nil, 0)[0], "0 parts"},
		"nil frame":   {delayed.Parts(nil, 2)[1], "nil"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, c.v.Err(), c.want)
			var f *fault.Error
			require.ErrorAs(t, c.v.Err(), &f)
			if name != "nil frame" {
				require.Contains(t, c.v.Err().Error(), "delayed_test.go:")
			}
			_, err := delayed.ComputeAny(ctx, []delayed.Untyped{c.v.(delayed.Untyped)})
			require.ErrorContains(t, err, c.want)
		})
	}
	var none context.Context // the mistake
	_, err := of(1).Compute(none)
	require.ErrorContains(t, err, "the context is nil")
	_, err = lazyInc(of(1)).Compute(ctx, sched.Workers(-1))
	require.ErrorContains(t, err, "negative options")
	_, err = delayed.ComputeAny(ctx, []delayed.Untyped{nil})
	require.ErrorContains(t, err, "value 1 of 1 is nil")
	_, _, err = delayed.Compute2[int, int](ctx, of(1), nil)
	require.ErrorContains(t, err, "value 2 of 2 is nil")
	require.ErrorIs(t, delayed.Failed[int](io.EOF).Err(), io.EOF)
}

func TestTreeKeepsOrder(t *testing.T) {
	join := delayed.Func2(func(a, b string) string { return a + b })
	for n := 1; n < 40; n++ {
		var vs []*delayed.Value[string]
		want := ""
		for i := range n {
			vs = append(vs, delayed.Of(fmt.Sprint(i, ",")))
			want += fmt.Sprint(i, ",")
		}
		got, err := delayed.Tree(join, vs).Compute(ctx, sched.On(sched.Inline()))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// A tree over many loads holds few of them at a time: at most one a level of the tree, and one a worker.
func TestTreeHoldsFew(t *testing.T) {
	for _, workers := range []int{1, 3} {
		held, most := atomic.Int64{}, atomic.Int64{}
		load := delayed.Func1(func(x int) int {
			n := held.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			return x
		})
		small := delayed.Func1(func(x int) int { held.Add(-1); return x })
		var vs []*delayed.Value[int]
		for i := range 500 {
			vs = append(vs, small(load(of(i))))
		}
		v, err := delayed.Tree(lazyAdd, vs).Compute(ctx, sched.On(sched.Pool(workers)))
		require.NoError(t, err)
		require.Equal(t, 499*500/2, v)
		require.LessOrEqual(t, most.Load(), int64(workers+2))
	}
}

// Deep and wide graphs neither overflow nor take quadratic time.
func TestLargeGraphs(t *testing.T) {
	n := 20_000
	chain := of(0)
	var wide []*delayed.Value[int]
	for i := range n {
		chain = lazyInc(chain)
		wide = append(wide, lazyInc(of(i)))
	}
	list := delayed.Func1(func(xs []int) int { return len(xs) })(delayed.ListOf(wide...))
	a, b, err := delayed.Compute2(ctx, chain, list)
	require.NoError(t, err)
	require.Equal(t, n, a)
	require.Equal(t, n, b)
}

func TestGraph(t *testing.T) {
	x := lazyInc(of(1))
	sum := lazyAdd(x, lazyInc(x))
	g, id, err := sum.Graph()
	require.NoError(t, err)
	require.Equal(t, 3, g.Len())
	require.Equal(t, sum.Key(), g.Key(id))
	require.Len(t, g.Deps(id), 2)
	require.Equal(t, x.Key(), g.Key(g.Deps(id)[0]))

	g, id, err = of(5).Graph()
	require.NoError(t, err)
	v, err := g.Func(id)(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 5, v)
	require.Equal(t, graph.Key{}, of(5).Key())
}

// A nil interface, error or map is a result like any other.
func TestNilResults(t *testing.T) {
	none := delayed.Func0(func() error { return nil })
	v, err := delayed.Func1(func(e error) bool { return e == nil })(none()).Compute(ctx)
	require.NoError(t, err)
	require.True(t, v)
	e, err := none().Compute(ctx)
	require.NoError(t, err)
	require.NoError(t, e)
}

// Runs within tasks go on when all workers wait for such.
func TestNestedCompute(t *testing.T) {
	onEach(t, func(t *testing.T, on sched.Option) {
		var nest func(ctx context.Context, depth int) (int, error)
		nest = func(ctx context.Context, depth int) (int, error) {
			if depth == 0 {
				return 1, nil
			}
			f := delayed.Func1CtxErr(nest)
			a, b, err := delayed.Compute2(ctx, f(of(depth-1)), f(of(depth-1)), on)
			return a + b, err
		}
		v, err := delayed.Func1CtxErr(nest)(of(5)).Compute(ctx, on)
		require.NoError(t, err)
		require.Equal(t, 32, v)
	})
}

func TestReproduce(t *testing.T) {
	fails := delayed.Func1Err(func(x int) (int, error) { return 0, errors.New("x is " + strconv.Itoa(x)) })
	_, err := lazyInc(fails(lazyInc(of(1)))).Compute(ctx)
	require.ErrorContains(t, err, "x is 2")
	again := sched.Reproduce(ctx, err)
	require.EqualError(t, again, err.Error())
}
