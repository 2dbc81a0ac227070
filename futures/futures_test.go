package futures_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/futures"
	"github.com/sheafdata/sheaf/sched"
)

var ctx = context.Background()

// onEach runs a test with a client on each scheduler, and checks that no goroutine stays after Close.
func onEach(t *testing.T, test func(t *testing.T, c futures.Client)) {
	for name, s := range map[string]sched.Scheduler{"inline": sched.Inline(), "one": sched.Pool(1), "three": sched.Pool(3), "process": nil} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			c := futures.New(ctx, sched.On(s))
			test(t, c)
			require.NoError(t, c.Close())
		})
	}
}

// onPools leaves the inline scheduler out, on which nothing runs by itself.
func onPools(t *testing.T, test func(t *testing.T, c futures.Client)) {
	onEach(t, func(t *testing.T, c futures.Client) {
		if t.Name()[len(t.Name())-6:] != "inline" {
			test(t, c)
		}
	})
}

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

func inc(x int) int { return x + 1 }

func sum(xs []int) (n int) {
	for _, x := range xs {
		n += x
	}
	return n
}

var (
	lazyInc = delayed.Func1(inc)
	lazyAdd = delayed.Func2(func(a, b int) int { return a + b })
	lazySum = delayed.Func1(sum)
	blocks  = delayed.Func1CtxErr(func(ctx context.Context, begun chan<- bool) (int, error) {
		begun <- true
		<-ctx.Done()
		return 0, ctx.Err()
	})
)

func of(n int) *delayed.Value[int] { return delayed.Of(n) }

func kind(err error) fault.Kind {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Kind
	}
	return 0
}

func TestSubmit(t *testing.T) {
	onEach(t, func(t *testing.T, c futures.Client) {
		x := futures.Submit(c, lazyInc(of(1)))
		y := futures.Submit(c, lazyAdd(x, lazyInc(x))) // the inner call is a task too
		v, err := y.Result(ctx)
		require.NoError(t, err)
		require.Equal(t, 5, v)
		require.Equal(t, futures.Finished, y.Status())
		v, err = x.Result(ctx) // still there
		require.NoError(t, err)
		require.Equal(t, 2, v)
		v, err = futures.Submit(c, lazyInc(y)).Result(ctx) // of one that is done
		require.NoError(t, err)
		require.Equal(t, 6, v)
		require.Same(t, x, futures.Submit[int](c, x))
	})
}

func TestMapScatterGather(t *testing.T) {
	onEach(t, func(t *testing.T, c futures.Client) {
		data := futures.ScatterAll(c, []int{10, 20, 30})
		base := futures.Scatter(c, 1)
		var calls []*delayed.Value[int]
		for _, d := range data {
			calls = append(calls, lazyAdd(d, base))
		}
		got, err := futures.Gather(ctx, futures.SubmitAll(c, calls))
		require.NoError(t, err)
		require.Equal(t, []int{11, 21, 31}, got)
		total, err := futures.Submit(c, lazySum(delayed.ListOf(data...))).Result(ctx)
		require.NoError(t, err)
		require.Equal(t, 60, total)
		got, err = futures.Gather(ctx, futures.Map(c, lazyInc, []int{}))
		require.NoError(t, err)
		require.Empty(t, got)
		_, err = futures.Gather(ctx, []*futures.Future[int]{base, nil})
		require.ErrorContains(t, err, "future 2 of 2 is nil")
	})
}

func TestErrors(t *testing.T) {
	onEach(t, func(t *testing.T, c futures.Client) {
		odd := delayed.Func1Err(func(x int) (int, error) {
			if x%2 == 1 {
				return 0, fmt.Errorf("%d is odd: %w", x, io.EOF)
			}
			return x, nil
		})
		fs := futures.Map(c, odd, []int{0, 1, 2, 3})
		_, err := futures.Gather(ctx, fs)
		require.ErrorIs(t, err, io.EOF)
		require.ErrorContains(t, err, "1 is odd")
		require.ErrorContains(t, err, "futures_test.go:")
		require.NoError(t, futures.Wait(ctx, fs...))
		var good []int
		for v, err := range futures.Results(ctx, fs) {
			if err == nil {
				good = append(good, v)
			}
		}
		require.Equal(t, []int{0, 2}, good)
		dependent := futures.Submit(c, lazyInc(lazyInc(fs[3])))
		_, err = dependent.Result(ctx)
		require.ErrorContains(t, err, "3 is odd")
		require.Equal(t, futures.Failed, dependent.Status())
		require.ErrorContains(t, dependent.Reproduce(ctx), "3 is odd")
		require.NoError(t, fs[0].Reproduce(ctx))

		_, err = futures.Submit(c, delayed.Func1(func(int) int { panic("boom") })(of(1))).Result(ctx)
		require.Equal(t, fault.Panic, kind(err))
		_, err = futures.Submit(c, lazyInc(nil)).Result(ctx)
		require.ErrorContains(t, err, "argument 1 is nil")
		_, err = futures.Submit[int](c, nil).Result(ctx)
		require.ErrorContains(t, err, "is nil")
		_, err = futures.Submit[int](nil, of(1)).Result(ctx)
		require.ErrorContains(t, err, "the client is nil")
	})
}

// Equal calls of a pure function are one task while somebody holds it.
func TestPureIsOneTask(t *testing.T) {
	onEach(t, func(t *testing.T, c futures.Client) {
		var calls atomic.Int64
		count := delayed.Func1(func(x int) int { calls.Add(1); return x }, delayed.Pure(), delayed.Name("count"))
		a, b := futures.Submit(c, count(of(1))), futures.Submit(c, count(of(1)))
		got, err := futures.Gather(ctx, []*futures.Future[int]{a, b, futures.Submit(c, lazyInc(count(of(1))))})
		require.NoError(t, err)
		require.Equal(t, []int{1, 1, 2}, got)
		require.EqualValues(t, 1, calls.Load())
		require.Equal(t, a.Key(), b.Key())
		a.Release()
		a.Release()
		v, err := b.Result(ctx) // b holds it too
		require.NoError(t, err)
		require.Equal(t, 1, v)
		b.Release()
		_, err = futures.Submit(c, count(of(1))).Result(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 2, calls.Load())
	})
}

func TestRelease(t *testing.T) {
	onEach(t, func(t *testing.T, c futures.Client) {
		x := futures.Submit(c, lazyInc(of(1)))
		y := futures.Submit(c, lazyInc(x))
		x.Release()
		v, err := y.Result(ctx)
		require.NoError(t, err)
		require.Equal(t, 3, v)
		_, err = x.Result(ctx)
		require.Error(t, err)
		_, err = futures.Submit(c, lazyInc(x)).Result(ctx)
		require.ErrorContains(t, err, "was released")
	})
}

// A future that nothing refers to is released by the garbage collector.
func TestCleanup(t *testing.T) {
	freed := &released{}
	c := futures.New(ctx, sched.Observe(freed))
	func() {
		f := futures.Submit(c, lazyInc(of(1)))
		_, err := f.Result(ctx)
		require.NoError(t, err)
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		return freed.n.Load() == 1
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, c.Close())
}

type released struct{ n atomic.Int64 }

func (r *released) Observe(e sched.Event) {
	if e.Kind == sched.Released {
		r.n.Add(1)
	}
}

func TestCancel(t *testing.T) {
	onPools(t, func(t *testing.T, c futures.Client) {
		begun := make(chan bool, 1)
		f := futures.Submit(c, blocks(delayed.Of[chan<- bool](begun)))
		g := futures.Submit(c, lazyInc(f))
		<-begun
		f.Cancel()
		_, err := f.Result(ctx)
		require.Equal(t, fault.Canceled, kind(err))
		_, err = g.Result(ctx)
		require.Equal(t, fault.Canceled, kind(err))
		require.Equal(t, futures.Canceled, g.Status())
	})
}

// What only a cancelled future needs is cancelled as well.
func TestCancelReachesWhatItNeeds(t *testing.T) {
	onPools(t, func(t *testing.T, c futures.Client) {
		begun, ended := make(chan bool, 1), make(chan bool)
		inner := delayed.Func0CtxErr(func(ctx context.Context) (int, error) {
			begun <- true
			<-ctx.Done()
			close(ended)
			return 0, ctx.Err()
		})
		f := futures.Submit(c, lazyInc(inner()))
		<-begun
		f.Cancel()
		<-ended
	})
}

func TestContextEnds(t *testing.T) {
	noLeaks(t)
	own, cancel := context.WithCancel(ctx)
	c := futures.New(own)
	begun := make(chan bool, 1)
	f := futures.Submit(c, blocks(delayed.Of[chan<- bool](begun)))
	<-begun
	short, stop := context.WithTimeout(ctx, time.Millisecond)
	defer stop()
	_, err := f.Result(short) // the wait ends, the work does not
	require.Equal(t, fault.Canceled, kind(err))
	require.Equal(t, futures.Pending, f.Status())
	cancel()
	_, err = f.Result(ctx)
	require.Equal(t, fault.Canceled, kind(err))
	require.NoError(t, c.Close())
	_, err = futures.Submit(c, lazyInc(of(1))).Result(ctx)
	require.ErrorContains(t, err, "closed")
}

// Close cancels what runs and frees who waits.
func TestCloseCancels(t *testing.T) {
	noLeaks(t)
	c := futures.New(ctx)
	begun := make(chan bool, 1)
	f := futures.Submit(c, blocks(delayed.Of[chan<- bool](begun)))
	<-begun
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			_, err := f.Result(ctx)
			require.Equal(t, fault.Canceled, kind(err))
		})
	}
	called := make(chan error, 1)
	f.OnDone(func(_ int, err error) { called <- err })
	require.NoError(t, c.Close())
	wg.Wait()
	require.Equal(t, fault.Canceled, kind(<-called))
	require.NoError(t, c.Close())
}

func TestRetry(t *testing.T) {
	onEach(t, func(t *testing.T, c futures.Client) {
		var fails atomic.Bool
		fails.Store(true)
		source := delayed.Func0Err(func() (int, error) {
			if fails.Load() {
				return 0, io.EOF
			}
			return 7, nil
		}, delayed.Pure(), delayed.Name("source"))
		x := futures.Submit(c, source())
		y := futures.Submit(c, lazyInc(x))
		_, err := y.Result(ctx)
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, y.Retry())
		_, err = y.Result(ctx)
		require.ErrorIs(t, err, io.EOF)
		fails.Store(false)
		require.NoError(t, y.Retry()) // x goes first
		v, err := y.Result(ctx)
		require.NoError(t, err)
		require.Equal(t, 8, v)
		v, err = x.Result(ctx)
		require.NoError(t, err)
		require.Equal(t, 7, v)
		require.NoError(t, y.Retry()) // it is well
		y.Release()
	})
}

func TestCallbacks(t *testing.T) {
	noLeaks(t)
	c := futures.New(ctx)
	var got atomic.Int64
	f := futures.Submit(c, lazyInc(of(1)))
	for range 10 {
		f.OnDone(func(v int, err error) {
			if err == nil {
				got.Add(int64(v))
			}
		})
	}
	_, err := f.Result(ctx)
	require.NoError(t, err)
	f.OnDone(func(int, error) { panic("in a callback") })
	err = c.Close()
	require.ErrorContains(t, err, "in a callback")
	require.LessOrEqual(t, got.Load(), int64(20)) // Close may come before some have read the result
}

func TestFireAndForget(t *testing.T) {
	for _, s := range []sched.Scheduler{sched.Inline(), sched.Pool(1), nil} {
		noLeaks(t)
		c := futures.New(ctx, sched.On(s))
		var done atomic.Int64
		slow := delayed.Func1(func(x int) int { time.Sleep(time.Millisecond); done.Add(1); return x })
		fs := futures.Map(c, slow, slices.Repeat([]int{1}, 100))
		futures.FireAndForget(fs...)
		futures.FireAndForget(futures.Submit(c, delayed.Func0Err(func() (int, error) { return 0, io.EOF })()))
		require.ErrorIs(t, c.Close(), io.EOF)
		require.EqualValues(t, 100, done.Load())
	}
}

func TestAsCompleted(t *testing.T) {
	onEach(t, func(t *testing.T, c futures.Client) {
		q := futures.AsCompleted(futures.Map(c, lazyInc, []int{1, 2, 3})...)
		q.Add(nil)
		total, given := 0, 0
		for f, err := range q.All(ctx) {
			require.NoError(t, err)
			v, err := f.Result(ctx)
			require.NoError(t, err)
			total += v
			given++
			if v < 100 {
				q.Add(futures.Submit(c, lazyAdd(f, f)))
			}
			if given == 5 {
				break
			}
		}
		for f, err := range q.All(ctx) { // goes on after the break
			require.NoError(t, err)
			v, _ := f.Result(ctx)
			total += v
			given++
		}
		require.Zero(t, q.Len())
		require.GreaterOrEqual(t, given, 8)
		require.Positive(t, total)
		for range futures.AsCompleted[int]().All(ctx) {
			t.Fatal("nothing was added")
		}
	})
}

func TestAsCompletedErrors(t *testing.T) {
	onPools(t, func(t *testing.T, c futures.Client) {
		begun := make(chan bool, 1)
		never := futures.Submit(c, blocks(delayed.Of[chan<- bool](begun)))
		<-begun
		ended, cancel := context.WithCancel(ctx)
		defer cancel()
		q := futures.AsCompleted(futures.Submit(c, lazyInc(nil)), never)
		n := 0
		for f, err := range q.All(ended) {
			require.Error(t, err)
			if n++; n == 1 {
				require.NotNil(t, f)
				cancel()
			} else {
				require.Nil(t, f)
			}
		}
		require.Equal(t, 2, n)
		never.Cancel()
	})
}

func TestWaitFirst(t *testing.T) {
	noLeaks(t)
	c := futures.New(ctx, sched.On(sched.Pool(2)))
	begun := make(chan bool, 1)
	slow := futures.Submit(c, blocks(delayed.Of[chan<- bool](begun)))
	fast := futures.Submit(c, lazyInc(of(1)))
	done, pending, err := futures.WaitFirst(ctx, slow, fast)
	require.NoError(t, err)
	require.Equal(t, []*futures.Future[int]{fast}, done)
	require.Equal(t, []*futures.Future[int]{slow}, pending)
	done, pending, err = futures.WaitFirst[int](ctx)
	require.NoError(t, err)
	require.Empty(t, done)
	require.Empty(t, pending)
	require.NoError(t, c.Close())
}

// Tasks that submit tasks and wait for them do not lock up, on one worker either.
func TestTasksSubmitTasks(t *testing.T) {
	onEach(t, func(t *testing.T, c futures.Client) {
		var tree func(ctx context.Context, depth int) (int, error)
		tree = func(ctx context.Context, depth int) (int, error) {
			if depth == 0 {
				return 1, nil
			}
			mine, ok := futures.From(ctx)
			if !ok || mine != c {
				return 0, errors.New("no client in the context")
			}
			xs, err := futures.Gather(ctx, futures.Map(c, delayed.Func1CtxErr(tree), []int{depth - 1, depth - 1}))
			return sum(xs), err
		}
		v, err := futures.Submit(c, delayed.Func1CtxErr(tree)(of(6))).Result(ctx)
		require.NoError(t, err)
		require.Equal(t, 64, v)
		_, ok := futures.From(ctx)
		require.False(t, ok)
	})
}

// A task that waits for itself ends with its context.
func TestWaitsForItself(t *testing.T) {
	for _, s := range []sched.Scheduler{sched.Inline(), sched.Pool(1)} {
		noLeaks(t)
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		c := futures.New(short, sched.On(s))
		var self *futures.Future[int]
		ready := make(chan bool, 1)
		self = futures.Submit(c, delayed.Func0CtxErr(func(ctx context.Context) (int, error) {
			<-ready
			return self.Result(ctx)
		})())
		ready <- true
		_, err := self.Result(ctx)
		require.Equal(t, fault.Canceled, kind(err))
		require.NoError(t, c.Close())
		cancel()
	}
}

// A future of one client is an argument of another's, and of a Compute: a task waits for it there.
func TestOtherClients(t *testing.T) {
	noLeaks(t)
	a, b := futures.New(ctx, sched.On(sched.Pool(1))), futures.New(ctx, sched.On(sched.Pool(1)))
	x := futures.Submit(a, lazyInc(of(1)))
	v, err := futures.Submit(b, lazyInc(x)).Result(ctx)
	require.NoError(t, err)
	require.Equal(t, 3, v)
	v, err = lazyAdd(x, x).Compute(ctx)
	require.NoError(t, err)
	require.Equal(t, 4, v)
	require.NoError(t, b.Close())
	require.NoError(t, a.Close())
}

// Random programs of submits, releases, cancels and retries give what a sequential model gives.
func TestRandomPrograms(t *testing.T) {
	noLeaks(t)
	mix := delayed.Func3Err(func(fails bool, a, b uint32) (uint32, error) {
		if fails {
			return 0, io.EOF
		}
		return a*31 + b + 7, nil
	})
	rapid.Check(t, func(t *rapid.T) {
		schedulers := []sched.Scheduler{sched.Inline(), sched.Pool(1), sched.Pool(3)}
		c := futures.New(ctx, sched.On(schedulers[rapid.IntRange(0, 2).Draw(t, "on")]))
		defer c.Close()
		type item struct {
			f        *futures.Future[uint32]
			value    uint32
			failed   bool
			released bool
		}
		items := []*item{{f: futures.Scatter(c, uint32(1)), value: 1}}
		pick := func() *item { return items[rapid.IntRange(0, len(items)-1).Draw(t, "of")] }
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0:
				i := pick()
				i.f.Release()
				i.released = true
			case 1:
				i := pick()
				v, err := i.f.Result(ctx)
				if !i.released {
					require.Equal(t, i.failed, err != nil)
					require.Equal(t, i.value, v)
				}
			default:
				a, b := pick(), pick()
				fails := rapid.IntRange(0, 9).Draw(t, "fails") == 0
				n := &item{f: futures.Submit(c, mix(delayed.Of(fails), a.f, b.f))}
				if n.failed = fails || a.failed || b.failed || a.released || b.released; !n.failed {
					n.value = a.value*31 + b.value + 7
				}
				items = append(items, n)
			}
		}
		for _, i := range items {
			if i.released {
				continue
			}
			v, err := i.f.Result(ctx)
			require.Equal(t, i.failed, err != nil, err)
			require.Equal(t, i.value, v)
		}
	})
}

// What a task held is free once it is done, though the graph grows: memory stays flat but for a small rest.
func TestMemoryOfManyTasks(t *testing.T) {
	c := futures.New(ctx)
	size := delayed.Func1(func(b []byte) int { return len(b) })
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	const n = 2000
	for range n {
		f := futures.Submit(c, size(delayed.Of(make([]byte, 10_000))))
		_, err := f.Result(ctx)
		require.NoError(t, err)
		f.Release()
	}
	grown := int64(heap()) - int64(before)
	require.Less(t, grown, int64(n*1000), "%d bytes a task", grown/n)
	t.Logf("%d bytes a task", grown/n)
	require.NoError(t, c.Close())
}
