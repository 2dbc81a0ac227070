package mem

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
)

func TestBudgetRefusesWhatDoesNotFit(t *testing.T) {
	root := New("root", 100)
	child := root.Child("run", 80)
	require.NoError(t, child.Reserve("sort", 60))
	err := child.Reserve("sort", 30)
	var f *fault.Error
	require.True(t, errors.As(err, &f))
	require.Equal(t, fault.Memory, f.Kind)
	require.Equal(t, "sort", f.Op)
	require.Contains(t, err.Error(), "60 of the 80 bytes")
	require.EqualValues(t, 60, root.Used())

	other := root.Child("other", 0)
	require.Error(t, other.Reserve("join", 50), "the parent's limit holds for a child without one")
	require.EqualValues(t, 0, other.Used(), "a refused claim leaves nothing behind")
	require.EqualValues(t, 60, root.Used())
	child.Release(60)
	child.Close()
	require.EqualValues(t, 0, root.Used())
	require.EqualValues(t, 60, root.Peak())
}

func TestBudgetIsExactUnderConcurrency(t *testing.T) {
	root := New("root", 1000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := root.Child("run", 0).Reservation("op")
			for range 1000 {
				if r.Grow(100) != nil {
					r.Free()
				}
			}
			r.Free()
		}()
	}
	wg.Wait()
	require.EqualValues(t, 0, root.Used())
	require.LessOrEqual(t, root.Peak(), int64(1000))
	require.GreaterOrEqual(t, root.Peak(), int64(100))
}

func TestProcessBudgetIsPositive(t *testing.T) {
	require.Greater(t, Process().Limit(), int64(1<<20))
}

func TestPoolRecyclesAndAligns(t *testing.T) {
	p := NewPool()
	for _, n := range []int{1, 511, 512, 513, 8192, 100_000, 1 << 20} {
		b := p.Allocate(n)
		require.Len(t, b, n)
		b[0], b[n-1] = 1, 2
		first := &b[0]
		p.Free(b)
		again := p.Allocate(n)
		require.Same(t, first, &again[0], "a freed buffer of the class comes back")
		grown := p.Reallocate(2*n+1, again)
		require.Len(t, grown, 2*n+1)
	}
}

func TestPoolKeepsNoMoreThanItsBound(t *testing.T) {
	p := NewPool()
	var all [][]byte
	p.Bound(64 << 20)
	for range 5 {
		all = append(all, p.Allocate(32<<20))
	}
	for i := range 3000 {
		all = append(all, p.Allocate(512+i*10))
	}
	for _, b := range all {
		p.Free(b)
	}
	count := func() (n int64) {
		for c := range p.classes {
			n += int64(len(p.classes[c].free)) << c
		}
		return n
	}
	require.LessOrEqual(t, p.Kept(), p.bound.Load())
	require.Equal(t, count(), p.Kept())
	require.Positive(t, len(p.classes[12].free), "classes that came later are kept too")
	p.Trim()
	require.Zero(t, p.Kept())
	require.Zero(t, count())
}

func TestPoolBoundHoldsUnderConcurrency(t *testing.T) {
	p := NewPool()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 300 {
				a, b := p.Allocate(1<<(12+(i+w)%13)), p.Allocate(8<<20)
				a[0], b[0] = 1, 1
				p.Free(a)
				p.Free(b)
				if i%100 == 50 {
					p.Trim()
				}
			}
		}()
	}
	wg.Wait()
	require.LessOrEqual(t, p.Kept(), p.bound.Load())
	p.Trim()
	require.Zero(t, p.Kept())
}

func TestPoolOfASmallRunKeepsLittle(t *testing.T) {
	p := NewPool()
	fill := func() {
		var all [][]byte
		for range 40 {
			all = append(all, p.Allocate(1<<20))
		}
		for _, b := range all {
			p.Free(b)
		}
	}
	fill()
	require.EqualValues(t, 40<<20, p.Kept())
	undo, other := p.Bound(4<<20), p.Bound(16<<20)
	require.LessOrEqual(t, p.Kept(), int64(4<<20))
	fill()
	require.LessOrEqual(t, p.Kept(), int64(4<<20))
	undo()
	undo()
	fill()
	require.EqualValues(t, 16<<20, p.Kept())
	other()
	fill()
	require.EqualValues(t, 40<<20, p.Kept())
}
