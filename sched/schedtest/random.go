package schedtest

import (
	"math/rand/v2"
	"strings"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// randomSeeds is how many random graphs one test tries.
const randomSeeds = 60

// testRandom compares random graphs, with failing tasks, cancels and growth, with a model that computes them one after the other.
func testRandom(k *kit) {
	for seed := range uint64(randomSeeds) {
		m := &model{kit: k, rng: rand.New(rand.NewPCG(seed, 1)), seed: seed, kept: map[graph.ID]bool{}, cancelled: map[graph.ID]bool{}}
		m.play()
		if k.Failed() {
			return
		}
	}
}

// model knows what a random graph must give.
type model struct {
	*kit
	rng       *rand.Rand
	seed      uint64
	value     []int64
	bad       [][]string        // of each task, the names of the failed ones that it needs or is
	kept      map[graph.ID]bool // wanted and not released
	cancelled map[graph.ID]bool // Cancel was called for it, or for something that needs it or that it needs
}

func (m *model) play() {
	m.g = graph.New()
	m.run = m.on.Start(m.ctx, sched.Options{Workers: m.rng.IntN(4)})
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
	got := m.add(s, deps...)
	if s.Error != "" || s.Panic != "" {
		bad = append(bad, m.g.Name(got))
	}
	m.value, m.bad = append(m.value, sum), append(m.bad, bad)
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
