package mem

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
)

// pile is a spiller that holds bytes of a budget.
type pile struct {
	b     *Budget
	held  atomic.Int64
	asked atomic.Int64
	fail  error
	also  func() // what Spill does besides
}

func (p *pile) Spillable() int64 { return p.held.Load() }

func (p *pile) Spill(want int64) (int64, error) {
	p.asked.Add(1)
	if p.also != nil {
		p.also()
	}
	if p.fail != nil {
		return 0, p.fail
	}
	for {
		held := p.held.Load()
		n := min(held, want)
		if p.held.CompareAndSwap(held, held-n) {
			p.b.Release(n)
			return n, nil
		}
	}
}

// take reserves n bytes that can be spilled.
func (p *pile) take(n int64) error {
	if err := p.b.Reserve("pile", n); err != nil {
		return err
	}
	p.held.Add(n)
	return nil
}

func newPile(b *Budget) *pile {
	p := &pile{b: b}
	b.Register(p)
	return p
}

func TestSoftIsHalfOfTheLimit(t *testing.T) {
	root := New("root", 1000)
	a := root.Child("a", 0)
	require.EqualValues(t, 500, a.Soft())
	require.EqualValues(t, 100, root.Child("x", 200).Soft())
	require.Zero(t, New("none", 0).Soft())
	newPile(a)
	require.EqualValues(t, 500, a.Soft())
	b := root.Child("b", 0)
	require.EqualValues(t, 250, b.Soft(), "two runs share the root")
	undo := b.Register(&pile{b: b})
	require.EqualValues(t, 250, a.Soft())
	undo()
	undo()
	require.EqualValues(t, 500, a.Soft())
}

func TestReserveAsksTheLargestSpillerFirst(t *testing.T) {
	root := New("root", 1000)
	run := root.Child("run", 0)
	small, large, deep := newPile(run), newPile(run), newPile(run.Child("op", 0))
	require.NoError(t, small.take(50))
	require.NoError(t, large.take(300))
	require.NoError(t, deep.take(100))
	require.Zero(t, small.asked.Load()+large.asked.Load()+deep.asked.Load(), "within the soft limit nobody is asked")
	require.NoError(t, run.Reserve("sort", 100))
	require.EqualValues(t, 250, large.held.Load(), "just what exceeds half of the limit")
	require.Zero(t, small.asked.Load()+deep.asked.Load())
	require.NoError(t, run.Reserve("sort", 350))
	require.Zero(t, large.held.Load())
	require.Zero(t, deep.held.Load())
	require.EqualValues(t, 50, small.held.Load())
	require.NoError(t, run.Reserve("sort", 550), "what cannot be spilled is granted up to the limit")
	require.Zero(t, small.held.Load())
	err := run.Reserve("sort", 1)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Memory, f.Kind)
	require.Contains(t, err.Error(), "sched.Memory")
	run.Must(70)
	require.EqualValues(t, 1070, root.Used(), "a small working set is granted beyond the limit")
	require.NoError(t, run.Want(5))
	run.Release(1075)
	require.Zero(t, root.Used())
}

// Of two runs the one that holds most gives way, though the other asks.
func TestRunsShareTheRootFairly(t *testing.T) {
	root := New("root", 1000)
	greedy, modest := newPile(root.Child("greedy", 0)), newPile(root.Child("modest", 0))
	for range 60 {
		require.NoError(t, greedy.take(10))
	}
	require.EqualValues(t, 500, root.Used())
	for range 50 {
		require.NoError(t, modest.take(10))
	}
	require.InDelta(t, 250, modest.held.Load(), 10)
	require.InDelta(t, 250, greedy.held.Load(), 10)
	require.EqualValues(t, 500, root.Used())
}

func TestErrorsOfSpillers(t *testing.T) {
	root := New("root", 1000)
	a, b := newPile(root.Child("a", 0)), newPile(root.Child("b", 0))
	require.NoError(t, a.take(400))
	a.fail = errors.New("disk full")
	require.NoError(t, b.take(300), "the disk of another run is not ours")
	require.ErrorIs(t, a.take(200), a.fail)
	require.EqualValues(t, 400, a.held.Load())
}

// Many tasks reserve, some within Spill; none waits for itself and no byte is lost.
func TestSpillersUnderConcurrency(t *testing.T) {
	root := New("root", 100_000)
	var wg sync.WaitGroup
	for range 4 {
		run := root.Child("run", 50_000)
		p := newPile(run)
		p.also = func() {
			run.Must(10)
			run.Release(10)
		}
		for range 2 {
			wg.Go(func() {
				r := run.Reservation("op")
				for i := range 2000 {
					assert.NoError(t, p.take(int64(1+i%700)))
					assert.NoError(t, r.Grow(int64(i%9)))
					if i%50 == 0 {
						r.Free()
					}
				}
				r.Free()
			})
		}
		t.Cleanup(func() {
			_, _ = p.Spill(p.held.Load())
			require.Zero(t, run.Used())
			run.Close()
		})
	}
	wg.Wait()
	require.LessOrEqual(t, root.Peak(), int64(100_000+4*2*10))
	t.Cleanup(func() { require.Zero(t, root.spill.inFlight.Load()) })
}

// A task whose own structure is asked holds a lock of its own while it reserves, which Spill does not need.
func TestSpillingWithinATaskThatReserves(t *testing.T) {
	b := New("b", 100)
	p := newPile(b)
	p.also = func() { // against the rule, yet bounded: there is room below the limit
		assert.NoError(t, b.Reserve("inner", 1))
		b.Release(1)
	}
	for range 100 {
		require.NoError(t, p.take(10))
	}
}

// Another run may be spilling what this one holds when it ends: nothing is given back twice, and nothing after the end.
func TestUnregisterWaitsForSpills(t *testing.T) {
	root := New("root", 1000)
	run, other := root.Child("run", 0), root.Child("other", 0)
	p := &pile{b: run}
	begun, goOn := make(chan struct{}), make(chan struct{})
	var ended atomic.Bool
	p.also = func() {
		run.Must(50)
		close(begun)
		<-goOn
		run.Release(50)
		ended.Store(true)
	}
	unregister := run.Register(p)
	require.NoError(t, p.take(400))
	var wg sync.WaitGroup
	wg.Go(func() { assert.NoError(t, other.Reserve("sort", 300)) })
	<-begun
	wg.Go(func() {
		time.Sleep(20 * time.Millisecond) // time for the run to end too early
		close(goOn)
	})
	unregister()
	require.True(t, ended.Load())
	run.Release(p.held.Swap(0))
	run.Close()
	wg.Wait()
	require.EqualValues(t, 300, root.Used())
	require.NoError(t, other.Reserve("sort", 400), "who has gone is not asked")
	require.EqualValues(t, 1, p.asked.Load())
}

func TestAttachedEndsWithTheBudget(t *testing.T) {
	b := New("b", 0)
	closed := 0
	open := func() closer { return closer(func() { closed++ }) }
	first := b.Attached("k", func() io.Closer { return open() })
	require.NotNil(t, first)
	b.Attached("k", func() io.Closer { t.Fatal("made twice"); return nil })
	b.Close()
	require.Equal(t, 1, closed)
}

type closer func()

func (c closer) Close() error { c(); return nil }
