package sched_test

import (
	"sync"
	"testing"

	"github.com/sheafdata/sheaf/graph/graphtest"
	"github.com/sheafdata/sheaf/sched"
)

// heldGauge counts the results that a run holds.
type heldGauge struct {
	mu        sync.Mutex
	now, most int
}

func (h *heldGauge) Observe(e sched.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Kind {
	case sched.Finished:
		h.now++
		h.most = max(h.most, h.now)
	case sched.Released:
		h.now--
	}
}

// greedy are the shapes in which going on with what is ready, wherever it belongs, holds more than the static order does, with one worker.
var greedy = map[string]int{"matrix product": 93, "shuffle by pieces": 243}

// TestHeldResults: what a run really holds is no more than the static order promises with one worker, and with two no more than
// twice that.
func TestHeldResults(t *testing.T) {
	for name, c := range map[string]struct {
		on     sched.Scheduler
		factor int
	}{"inline": {sched.Inline(), 1}, "pool of 1": {sched.Pool(1), 1}, "pool of 2": {sched.Pool(2), 2}} {
		for _, s := range graphtest.Shapes() {
			g := s.Build()
			if g.Len() > 5000 {
				continue
			}
			var held heldGauge
			run := c.on.Start(t.Context(), sched.Options{Observers: []sched.Observer{&held}})
			check(t, run.Submit(g, g.Ends()...))
			check(t, run.Wait(t.Context()))
			check(t, run.Close())
			if most := max(s.Most, greedy[s.Name]) * c.factor; held.most > most {
				t.Errorf("%s: %s: %d results were held at once, expected at most %d", s.Name, name, held.most, most)
			}
		}
	}
}
