// Package exectest is the one harness for operators: it runs a plan over inputs of every shape (batch sizes, nulls, slices, forms of
// text, splits, workers), without memory, with an error and with a cancellation in the middle, compares the answers with package ref,
// and checks that nothing is left: readers, reserved memory, goroutines.
//
// It does not know how plans are run: whoever tests gives it a Run. Nothing but tests may use it. It imports internal/ref, plan,
// partition, sched, mem and fault.
package exectest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/ref"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

// Run runs a plan and returns its rows, in order.
type Run func(ctx context.Context, n plan.Node, o sched.Options) ([]arrow.RecordBatch, error)

// Operator is what is tested: a plan over one or two inputs of Schema.
type Operator struct {
	Name   string
	Inputs int
	Make   func(in []plan.Node) (plan.Node, error)
	// Skips says that it need not read all of its input, so that an error there may stay unseen.
	Skips bool
}

// shape is a layout of inputs that every operator meets, with the rows and the share of nulls.
type shape struct {
	Layout
	rows    int
	nulls   float64
	workers int
}

func shapes() []shape {
	return []shape{
		{Layout{Splits: 1, Batch: 8192}, 300, 0.2, 1},
		{Layout{Splits: 1, Batch: 1, Sliced: true}, 60, 0.3, 1},
		{Layout{Splits: 2, Batch: 3, Text: View}, 90, 0, 4},
		{Layout{Splits: 3, Batch: 8192, Text: Dictionary, Sliced: true}, 400, 0.1, 4},
		{Layout{Splits: 3, Batch: 3, Text: Dictionary}, 70, 1, 1},
		{Layout{Splits: 127, Batch: 3, Text: View, Sliced: true}, 400, 0.2, 4},
		{Layout{Splits: 128, Batch: 8192}, 500, 0.2, 1},
		{Layout{Splits: 129, Batch: 1}, 200, 0.5, 4},
		{Layout{Splits: 2, Batch: 8192, Text: Plain, Sliced: true}, 10000, 0.1, 4},
		{Layout{Splits: 1, Batch: 20000, Text: View}, 9000, 0.1, 1},
		{Layout{Splits: 5, Batch: 8192}, 0, 0, 1},
		{Layout{Splits: 0, Batch: 8192}, 0, 0, 4},
	}
}

// Test runs an operator through everything.
func Test(t *testing.T, run Run, op Operator) {
	t.Run(op.Name, func(t *testing.T) {
		for i, s := range shapes() {
			t.Run(fmt.Sprintf("%d splits of %d rows, batches of %d, shape %d", s.Splits, s.rows, s.Batch, i), func(t *testing.T) {
				h := newHarness(t, run, op, s)
				h.check(h.runClean(sched.Options{Workers: s.workers}))
			})
		}
		middle := shape{Layout{Splits: 7, Batch: 5}, 300, 0.1, 4}
		for _, bytes := range []int64{1, 4 << 10, 64 << 10} {
			t.Run(fmt.Sprintf("%d bytes of memory", bytes), func(t *testing.T) { newHarness(t, run, op, middle).starve(bytes) })
		}
		for _, at := range []struct {
			batch   int64
			workers int
		}{{1, 1}, {7, 4}, {20, 1}, {20, 4}} {
			middle.workers = at.workers
			place := fmt.Sprintf(" at batch %d, %d workers", at.batch, at.workers)
			t.Run("error"+place, func(t *testing.T) { newHarness(t, run, op, middle).fail(at.batch) })
			t.Run("panic"+place, func(t *testing.T) { newHarness(t, run, op, middle).panics(at.batch) })
			t.Run("cancel"+place, func(t *testing.T) { newHarness(t, run, op, middle).cancel(at.batch) })
		}
	})
}

// harness is one operator over inputs of one shape.
type harness struct {
	*testing.T
	run     Run
	op      Operator
	shape   shape
	sources []*Source
	node    plan.Node
}

func newHarness(t *testing.T, run Run, op Operator, s shape) *harness {
	h := &harness{T: t, run: run, op: op, shape: s}
	var ins []plan.Node
	for i := range op.Inputs {
		rows := s.rows
		if op.Inputs > 1 {
			rows = min(rows, 900) // what joins give grows with the product
		}
		src := NewSource(Random(rand.New(rand.NewPCG(uint64(i), uint64(s.rows+s.Splits))), Schema, rows, s.nulls), s.Layout)
		h.sources = append(h.sources, src)
		ins = append(ins, plan.NewScan(src))
	}
	var err error
	h.node, err = op.Make(ins)
	require.NoError(t, err)
	return h
}

// runClean runs the plan and checks that nothing is left of the run.
func (h *harness) runClean(o sched.Options) ([]arrow.RecordBatch, error) {
	return h.runWith(context.Background(), o)
}

func (h *harness) runWith(ctx context.Context, o sched.Options) ([]arrow.RecordBatch, error) {
	used, goroutines := mem.Process().Used(), runtime.NumGoroutine()
	recs, err := h.run(ctx, h.node, o)
	require.Equal(h, used, mem.Process().Used(), "reserved memory is left")
	for _, s := range h.sources {
		require.Zero(h, s.Open.Load(), "readers are open")
	}
	for wait := time.Millisecond; runtime.NumGoroutine() > goroutines; wait *= 2 { // one that is about to end may still be counted
		if wait > 2*time.Second {
			stacks := make([]byte, 1<<16)
			require.Failf(h, "goroutines are left", "%d, %d before\n%s", runtime.NumGoroutine(), goroutines, stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(wait)
	}
	return recs, err
}

// check compares an answer with the reference.
func (h *harness) check(recs []arrow.RecordBatch, err error) {
	require.NoError(h, err)
	for _, rec := range recs {
		require.True(h, rec.Schema().Equal(h.node.Schema()), "the schema is %s, want %s", rec.Schema(), h.node.Schema())
	}
	for _, s := range h.sources {
		s.Layout.OnBatch = nil
	}
	want, err := ref.Run(context.Background(), h.node)
	require.NoError(h, err)
	require.Empty(h, ref.Diff(want, ref.OfRecords(h.node.Schema(), recs)))
}

// starve gives the run too little memory: it finishes without, or says so. A join may give its rows in another order then, unless
// the order is asked for.
func (h *harness) starve(bytes int64) {
	recs, err := h.runClean(sched.Options{Workers: 2, Memory: bytes, InOrder: true})
	h.enough(recs, err)
	recs, err = h.runClean(sched.Options{Workers: 2, Memory: bytes})
	if err == nil && joins(h.node) {
		return
	}
	h.enough(recs, err)
}

func joins(n plan.Node) bool {
	if _, ok := n.(*plan.Join); ok {
		return true
	}
	return slices.ContainsFunc(n.Inputs(), joins)
}

// enough checks an answer, or that it fails for lack of memory.
func (h *harness) enough(recs []arrow.RecordBatch, err error) {
	if err == nil {
		h.check(recs, nil)
		return
	}
	var f *fault.Error
	require.ErrorAs(h, err, &f)
	require.Equal(h, fault.Memory, f.Kind, "%v", err)
	require.NotEmpty(h, f.Hint)
	require.NotEmpty(h, f.Op)
}

var errInjected = errors.New("injected")

// fail breaks a reader off with an error that is no fault, as a user's source may have.
func (h *harness) fail(k int64) {
	hit := h.onBatch(k, func() error { return errInjected })
	recs, err := h.runClean(sched.Options{Workers: h.shape.workers})
	if err == nil && (h.op.Skips || !*hit) {
		h.check(recs, nil)
		return
	}
	require.ErrorIs(h, err, errInjected)
	var f *fault.Error
	require.ErrorAs(h, err, &f)
	require.Equal(h, fault.Input, f.Kind)
	require.Positive(h, f.Partition)
}

// panics has a reader panic.
func (h *harness) panics(k int64) {
	hit := h.onBatch(k, func() error { panic("injected") })
	recs, err := h.runClean(sched.Options{Workers: h.shape.workers})
	if err == nil && (h.op.Skips || !*hit) {
		h.check(recs, nil)
		return
	}
	var f *fault.Error
	require.ErrorAs(h, err, &f)
	require.Equal(h, fault.Panic, f.Kind)
	require.ErrorContains(h, err, "injected")
	require.Positive(h, f.Partition)
}

// cancel ends the context in the middle.
func (h *harness) cancel(k int64) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	hit := h.onBatch(k, func() error { cancel(); return nil })
	recs, err := h.runWith(ctx, sched.Options{Workers: h.shape.workers})
	if err == nil && (h.op.Skips || !*hit) {
		h.check(recs, nil)
		return
	}
	var f *fault.Error
	require.ErrorAs(h, err, &f)
	require.Equal(h, fault.Canceled, f.Kind, "%v", err)
}

// onBatch has the first source do something before its batch k; the result says whether it came to that.
func (h *harness) onBatch(k int64, do func() error) *bool {
	hit := new(bool)
	h.sources[0].Layout.OnBatch = func(n int64) error {
		if n != k {
			return nil
		}
		*hit = true
		return do()
	}
	return hit
}
