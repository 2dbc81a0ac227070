package schedtest

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// seeds returns how many random graphs a test tries: $SHEAF_SEEDS, or few.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("SHEAF_SEEDS"), 10, 64); err == nil {
		return n
	}
	if testing.Short() {
		return 20
	}
	return 60
}

// testRandom compares random graphs, with failing tasks, cancels and growth, with a model that computes them one after the other.
func testRandom(k *kit) {
	for seed := range seeds() {
		m := newModel(k, seed)
		m.play(sched.Options{Workers: m.rng.IntN(4)})
		if k.Failed() {
			return
		}
	}
}

// testRandomHints is testRandom with hints of all kinds: none of them may change an answer.
func testRandomHints(k *kit) {
	for seed := range seeds() {
		cache := sched.NewCache(1 << 14)
		for range 2 { // the second time there are results in the cache
			m := newModel(k, seed)
			m.hints = true
			o := sched.Options{Workers: m.rng.IntN(4), Resources: map[string]int{"db": 2, "gpu": 1}}
			if m.rng.IntN(2) == 0 {
				o.Memory = 100
			}
			if m.rng.IntN(3) == 0 {
				o.Cache = cache
			}
			m.play(o)
			if m.db.most.Load() > 2 {
				k.Errorf("seed %d: %d of db were in use at once", seed, m.db.most.Load())
			}
			if k.Failed() {
				return
			}
		}
	}
}

// model knows what a random graph must give.
type model struct {
	*kit
	rng       *rand.Rand
	seed      uint64
	hints     bool
	db        gauge
	value     []int64
	bad       [][]string        // of each task, the names of the failed ones that it needs or is
	kept      map[graph.ID]bool // wanted and not released
	cancelled map[graph.ID]bool // Cancel was called for it, or for something that needs it or that it needs
}

func newModel(k *kit, seed uint64) *model {
	if k.ctx.Err() != nil || seed%64 == 63 { // a long test has as much patience with each of its parts
		var cancel context.CancelFunc
		k.ctx, cancel = context.WithTimeout(k.Context(), patience)
		k.Cleanup(cancel)
	}
	return &model{kit: k, rng: rand.New(rand.NewPCG(seed, 1)), seed: seed, kept: map[graph.ID]bool{}, cancelled: map[graph.ID]bool{}}
}

func (m *model) play(o sched.Options) {
	m.g = graph.New()
	m.run = m.on.Start(m.ctx, o)
	defer func() { m.noError(m.run.Close()) }()
	for range 1 + m.rng.IntN(4) {
		from := m.g.Len()
		for range 1 + m.rng.IntN(30) {
			m.addRandom(from)
		}
		m.submitRandom(from)
		switch m.rng.IntN(3) {
		case 0:
			_ = m.run.Wait(m.ctx)
		case 1:
			m.cancelRandom()
		}
	}
	err := m.run.Wait(m.ctx)
	expected := false
	for id := range m.kept {
		expected = m.check(id) || expected
	}
	if len(m.cancelled) == 0 && (err != nil) != expected {
		m.Errorf("seed %d: Wait gives %v, failures expected: %v", m.seed, err, expected)
	}
}

// addRandom adds a task that reads tasks of its own phase, or kept ones of an earlier.
func (m *model) addRandom(from int) {
	s := spec{Value: m.rng.Int64N(1000)}
	id := graph.ID(m.g.Len())
	var deps []graph.ID
	sum := s.Value
	var bad []string
	for range m.rng.IntN(4) {
		if id == 0 {
			break
		}
		d := graph.ID(m.rng.IntN(int(id)))
		if int(d) < from && !m.kept[d] {
			continue
		}
		deps = append(deps, d)
		sum += m.value[d]
		bad = append(bad, m.bad[d]...)
	}
	switch m.rng.IntN(25) {
	case 0:
		s.Error = "no luck"
	case 1:
		s.Panic = "out of cheese"
	}
	fails := s.Error != "" || s.Panic != ""
	var got graph.ID
	if m.hints {
		got, fails = m.addHinted(s, deps)
	} else {
		got = m.add(s, deps...)
	}
	if fails {
		bad = append(bad, m.g.Name(got))
	}
	m.value, m.bad = append(m.value, sum), append(m.bad, bad)
}

// addHinted adds a task with random hints, which fails a few times where the spec has it fail. It says whether it never succeeds.
func (m *model) addHinted(s spec, deps []graph.ID) (id graph.ID, fails bool) {
	h, failures := m.randomHint()
	if s.Error == "" && s.Panic == "" && m.rng.IntN(10) > 0 {
		failures = 0
	} else if s.Error == "" && s.Panic == "" {
		s.Error = "no luck"
	}
	var calls atomic.Int32
	db := int64(h.Resources["db"])
	good := spec{Value: s.Value}.encode()
	never := h.Timeout > 0 && h.Timeout < time.Second
	run := func(ctx context.Context, in []any) (any, error) {
		m.db.add(db)
		defer m.db.add(-db)
		if never {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if int(calls.Add(1)) <= failures {
			return work(ctx, s.encode(), in)
		}
		return work(ctx, good, in)
	}
	id = m.g.Add(graph.Task{Key: graph.Key{Group: "t", Index: m.g.Len()}, Deps: deps, Run: run, Hint: h})
	return id, never || failures > h.Retries
}

// randomHint returns a hint, and how often the task is to fail.
func (m *model) randomHint() (h graph.Hint, failures int) {
	h.Retries, failures = m.rng.IntN(3), m.rng.IntN(4)
	if m.rng.IntN(4) == 0 {
		h.Backoff = time.Duration(m.rng.IntN(50)) * time.Microsecond
	}
	if m.rng.IntN(3) == 0 {
		h.Priority = m.rng.IntN(5) - 2
	}
	switch m.rng.IntN(6) {
	case 0:
		h.Resources = map[string]int{"db": 1 + m.rng.IntN(2)}
	case 1:
		h.Resources = map[string]int{"db": 1, "gpu": 1}
	case 2:
		h.Memory = m.rng.Int64N(150)
	case 3:
		h.Timeout = time.Hour
		if m.rng.IntN(10) == 0 {
			h.Timeout = 10 * time.Microsecond
		}
	case 4:
		h = graph.Hint{Pure: true}
	}
	return h, failures
}

func (m *model) submitRandom(from int) {
	var want []graph.ID
	for id := from; id < m.g.Len(); id++ {
		if m.rng.IntN(3) == 0 {
			want = append(want, graph.ID(id))
			m.kept[graph.ID(id)] = true
		}
	}
	m.submit(want...)
}

// cancelRandom cancels a few tasks; what hangs together with them may go either way.
func (m *model) cancelRandom() {
	var ids []graph.ID
	for range 1 + m.rng.IntN(3) {
		ids = append(ids, graph.ID(m.rng.IntN(m.g.Len())))
	}
	m.run.Cancel(ids...)
	for _, id := range ids {
		m.cancelled[id] = true
	}
}

// touched says whether a Cancel may have reached a task: it, or something that needs it, or something that it needs, was cancelled.
func (m *model) touched() []bool {
	n := m.g.Len()
	t := make([]bool, n)
	for id := n - 1; id >= 0; id-- {
		t[id] = t[id] || m.cancelled[graph.ID(id)]
		for _, d := range m.g.Deps(graph.ID(id)) {
			t[d] = t[d] || t[id]
		}
	}
	for id := range n {
		for _, d := range m.g.Deps(graph.ID(id)) {
			t[id] = t[id] || t[d]
		}
	}
	return t
}

// check compares a kept task with the model and says whether it must have failed.
func (m *model) check(id graph.ID) (failed bool) {
	v, err := m.run.Result(id)
	if err != nil && m.touched()[id] {
		m.fails(err, kindOf(err))
		return false
	}
	if len(m.bad[id]) == 0 {
		if err != nil || v != m.value[id] {
			m.Errorf("seed %d: task %d gives %v, %v, expected %d", m.seed, id, v, err, m.value[id])
		}
		return false
	}
	if err == nil {
		m.Errorf("seed %d: task %d gives %v, expected the error of one of %v", m.seed, id, v, m.bad[id])
		return true
	}
	for _, name := range m.bad[id] {
		if strings.Contains(err.Error(), "task "+name+":") {
			return true
		}
	}
	m.Errorf("seed %d: task %d gives the error %v, expected that of one of %v", m.seed, id, err, m.bad[id])
	return true
}

// kindOf returns the kind of an error, Internal where it has none.
func kindOf(err error) fault.Kind {
	if f, ok := err.(*fault.Error); ok {
		return f.Kind
	}
	return fault.Internal
}
