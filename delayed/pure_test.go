package delayed_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/graph"
)

type record struct {
	Name  string
	Tags  []string
	Sizes map[string]int
	at    time.Time
	Inner any
}

func keyOf[T any](v T) graph.Key {
	return delayed.Func1(identity[T], delayed.Pure(), delayed.Name("id"))(delayed.Of(v)).Key()
}

func identity[T any](v T) T { return v }

// Equal content is an equal key, anything else another: in another process too, which the constant checks.
func TestContent(t *testing.T) {
	day := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	r := func() record {
		return record{"a", []string{"x", "yz"}, map[string]int{"a": 1, "b": 2, "c": 3}, day, []any{1, "two", nil}}
	}
	require.Equal(t, keyOf(r()), keyOf(r()))
	for name, change := range map[string]func(*record){
		"name":  func(r *record) { r.Name = "b" },
		"tags":  func(r *record) { r.Tags = []string{"xy", "z"} },
		"nil":   func(r *record) { r.Tags = nil },
		"sizes": func(r *record) { r.Sizes["b"] = 3 },
		"time":  func(r *record) { r.at = day.Add(1) },
		"inner": func(r *record) { r.Inner = []any{int64(1), "two", nil} },
	} {
		other := r()
		change(&other)
		require.NotEqual(t, keyOf(r()), keyOf(other), name)
	}
	require.NotEqual(t, keyOf(1), keyOf(int64(1)))
	require.NotEqual(t, keyOf([]int(nil)), keyOf([]int{}))
	require.NotEqual(t, keyOf(0.0), keyOf(math.Copysign(0, -1)))
	require.Equal(t, keyOf(math.NaN()), keyOf(math.NaN()))
	require.Equal(t, keyOf(complex(1, 2)), keyOf(complex(1, 2)))
	require.Equal(t, keyOf([2]bool{true, false}), keyOf([2]bool{true, false}))
	require.Equal(t, keyOf(day), keyOf(time.Unix(day.Unix(), 0).UTC()))
	require.Equal(t, "inc-467284b6d96961db944ebad7[0]", delayed.Func1(inc, delayed.Pure())(of(1)).Key().String())
}

// What has no content is equal to itself alone.
func TestObjects(t *testing.T) {
	var mu sync.Mutex
	x := 1
	require.NotEqual(t, keyOf(&x), keyOf(&x))
	require.NotEqual(t, keyOf(func() {}), keyOf(func() {}))
	require.NotEqual(t, keyOf(&mu), keyOf(&mu))
	require.NotEqual(t, keyOf(struct{ m sync.Mutex }{}), keyOf(struct{ m sync.Mutex }{}))
	object := delayed.Of(&x)
	f := delayed.Func1(identity[*int], delayed.Pure(), delayed.Name("id"))
	require.Equal(t, f(object).Key(), f(object).Key())
	circle := []any{nil}
	circle[0] = circle
	require.NotEqual(t, keyOf(circle), keyOf(circle))
}

func TestPureCallsAreOneTask(t *testing.T) {
	pureInc, pureAdd := delayed.Func1(inc, delayed.Pure()), delayed.Func2(add, delayed.Pure())
	a := pureAdd(pureInc(of(1)), pureInc(of(1)))
	b := pureAdd(pureInc(of(1)), pureInc(of(1)))
	require.Equal(t, a.Key(), b.Key())
	g, ids, err := delayed.GraphOf(a, b, delayed.ListOf(a, b), delayed.ListOf(a, b))
	require.NoError(t, err)
	require.Equal(t, 3, g.Len())
	require.Equal(t, ids[0], ids[1])
	require.Equal(t, ids[2], ids[3])
	x, y, err := delayed.Compute2(ctx, a, b)
	require.NoError(t, err)
	require.Equal(t, 8, x+y)

	// Calls of an impure function are each their own, also beneath a pure one.
	require.NotEqual(t, lazyInc(of(1)).Key(), lazyInc(of(1)).Key())
	require.NotEqual(t, pureInc(lazyInc(of(1))).Key(), pureInc(lazyInc(of(1))).Key())
	shared := lazyInc(of(1))
	require.Equal(t, pureInc(shared).Key(), pureInc(shared).Key())
	// Other functions, other keys.
	require.NotEqual(t, pureInc(of(1)).Key(), delayed.Func1(double, delayed.Pure())(of(1)).Key())
	// A persisted value stands for the call that made it.
	kept, err := pureInc(of(1)).Persist(ctx)
	require.NoError(t, err)
	require.Equal(t, pureInc(pureInc(of(1))).Key(), pureInc(kept).Key())
}

func double(x int) int { return 2 * x }
