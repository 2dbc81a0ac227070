package sched

import (
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/graph"
)

// ready holds the tasks of a run that may start now.
//
// A task that became ready because another finished goes to the slot of the worker that finished it: latest first. A worker without any
// takes the oldest of another's, so that nothing waits behind a long task. Tasks without dependencies come after those, in order.
type ready struct {
	slots []slot // one a worker, and the shared one
	roots table[graph.ID]
	added atomic.Int32 // roots there are
	taken atomic.Int32 // roots handed out

	// Tasks of a priority above and below 0, where there are any: ranked.
	ranked    atomic.Bool
	high, low ranks
}

// sharedSlot is the place of tasks that no worker made ready.
const sharedSlot = -1

// slot is a stack that others take from at the bottom. Its lock is nearly always free: a worker uses its own.
type slot struct {
	mu    sync.Mutex
	n     atomic.Int32
	first int
	ids   []graph.ID // from first on
	_     [64]byte   // two workers' slots do not share a cache line
}

func (q *ready) init(workers int) { q.slots = make([]slot, workers+1) }

func (q *ready) slot(worker int) *slot {
	last := len(q.slots) - 1
	if worker == sharedSlot {
		return &q.slots[last]
	}
	return &q.slots[worker%last] // workers that stand in for others share
}

// push makes tasks ready, the last to be taken first.
func (q *ready) push(worker int, ids ...graph.ID) {
	s := q.slot(worker)
	s.mu.Lock()
	s.ids = append(s.ids, ids...)
	s.n.Store(int32(len(s.ids) - s.first))
	s.mu.Unlock()
}

// addRoots makes tasks without dependencies ready, to be taken in that order. One goroutine at a time may call it.
func (q *ready) addRoots(ids []graph.ID) {
	n := q.added.Load()
	q.roots.grow(int(n) + len(ids))
	for i, id := range ids {
		*q.roots.at(n + int32(i)) = id
	}
	q.added.Store(n + int32(len(ids)))
}

// has says whether take would find something.
func (q *ready) has() bool {
	if q.taken.Load() < q.added.Load() || q.high.n.Load() > 0 || q.low.n.Load() > 0 {
		return true
	}
	for i := range q.slots {
		if q.slots[i].n.Load() > 0 {
			return true
		}
	}
	return false
}

// take returns the task that the worker should do next, none when there is none.
func (q *ready) take(worker int) graph.ID {
	if q.high.n.Load() > 0 {
		if id := q.high.pop(); id != none {
			return id
		}
	}
	if id := q.takeEven(worker); id != none || q.low.n.Load() == 0 {
		return id
	}
	return q.low.pop()
}

// takeEven is take among the tasks of priority 0.
func (q *ready) takeEven(worker int) graph.ID {
	if own := q.slot(worker); own.n.Load() > 0 {
		if id := own.pop(); id != none {
			return id
		}
	}
	for i := range q.slots {
		if s := &q.slots[(worker+1+i)%len(q.slots)]; s.n.Load() > 0 {
			if id := s.steal(); id != none {
				return id
			}
		}
	}
	for {
		at := q.taken.Load()
		if at >= q.added.Load() {
			return none
		}
		if q.taken.CompareAndSwap(at, at+1) {
			return *q.roots.at(at)
		}
	}
}

// pop takes the latest.
func (s *slot) pop() graph.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == len(s.ids) {
		return none
	}
	id := s.ids[len(s.ids)-1]
	s.ids = s.ids[:len(s.ids)-1]
	s.taken()
	return id
}

// steal takes the oldest.
func (s *slot) steal() graph.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == len(s.ids) {
		return none
	}
	id := s.ids[s.first]
	s.first++
	s.taken()
	return id
}

func (s *slot) taken() {
	if s.first == len(s.ids) {
		s.first, s.ids = 0, s.ids[:0]
	}
	s.n.Store(int32(len(s.ids) - s.first))
}

func (q *ready) clear() {
	q.roots.clear()
	for i := range q.slots {
		q.slots[i].ids = nil
	}
	q.high.clear()
	q.low.clear()
}
