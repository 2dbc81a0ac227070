package delayed_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/sched"
)

var errDrawn = errors.New("drawn to fail")

// combine is what every task of a random graph does: order matters.
func combine(fails bool, xs ...uint32) (uint32, error) {
	if fails {
		return 0, errDrawn
	}
	h := uint32(len(xs)) + 17
	for _, x := range xs {
		h = h*31 + x
	}
	return h, nil
}

// node is a task of the sequential model.
type node struct {
	value  uint32
	failed bool
}

// drawGraph builds a random graph, lazily and as a model that is computed at once.
func drawGraph(t *rapid.T, pure bool) (lazy []*delayed.Value[uint32], model []node) {
	opts := []delayed.Option{delayed.Name("task")}
	if pure {
		opts = append(opts, delayed.Pure())
	}
	one := delayed.Func2Err(func(f bool, a uint32) (uint32, error) { return combine(f, a) }, opts...)
	two := delayed.Func3Err(func(f bool, a, b uint32) (uint32, error) { return combine(f, a, b) }, opts...)
	list := delayed.Func2Err(func(f bool, xs []uint32) (uint32, error) { return combine(f, xs...) }, opts...)
	add := func(v *delayed.Value[uint32], fails bool, from ...node) {
		n := node{failed: fails}
		var xs []uint32
		for _, f := range from {
			n.failed = n.failed || f.failed
			xs = append(xs, f.value)
		}
		n.value, _ = combine(fails, xs...)
		lazy, model = append(lazy, v), append(model, n)
	}
	lazy, model = append(lazy, delayed.Of(uint32(5))), append(model, node{value: 5})
	for range rapid.IntRange(1, 30).Draw(t, "tasks") {
		fails := rapid.IntRange(0, 30).Draw(t, "fails") == 0
		pick := func() int { return rapid.IntRange(0, len(lazy)-1).Draw(t, "of") }
		switch a, b := pick(), pick(); rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			add(one(delayed.Of(fails), lazy[a]), fails, model[a])
		case 1:
			add(two(delayed.Of(fails), lazy[a], lazy[b]), fails, model[a], model[b])
		default:
			from := rapid.SliceOfN(rapid.IntRange(0, len(lazy)-1), 0, 6).Draw(t, "from")
			var vs []*delayed.Value[uint32]
			var ms []node
			for _, i := range from {
				vs, ms = append(vs, lazy[i]), append(ms, model[i])
			}
			add(list(delayed.Of(fails), delayed.ListOf(vs...)), fails, ms...)
		}
	}
	return lazy, model
}

// Random graphs with random failures give what the sequential model gives, on every scheduler.
func TestRandomGraphs(t *testing.T) {
	noLeaks(t)
	schedulers := []sched.Scheduler{sched.Inline(), sched.Pool(1), sched.Pool(3), nil}
	rapid.Check(t, func(t *rapid.T) {
		lazy, model := drawGraph(t, rapid.Bool().Draw(t, "pure"))
		on := sched.On(schedulers[rapid.IntRange(0, len(schedulers)-1).Draw(t, "on")])
		var good []*delayed.Value[uint32]
		var want []uint32
		for i, n := range model {
			if n.failed {
				continue
			}
			good, want = append(good, lazy[i]), append(want, n.value)
		}
		got, err := delayed.ComputeAll(ctx, good, on)
		require.NoError(t, err)
		require.Equal(t, want, got)
		for i, n := range model {
			if n.failed {
				_, err := lazy[i].Compute(ctx, on)
				require.ErrorIs(t, err, errDrawn, fmt.Sprint(i))
				return
			}
		}
	})
}
