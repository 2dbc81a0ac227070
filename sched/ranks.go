package sched

import (
	"container/heap"
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/graph"
)

// ranks holds ready tasks by priority. Among equal ones those that hold inputs come first, then the static order decides.
type ranks struct {
	n    atomic.Int32
	mu   sync.Mutex
	heap rankHeap
}

type ranked struct {
	id       graph.ID
	rank     int32
	priority int
	root     bool
}

type rankHeap []ranked

func (h rankHeap) Len() int      { return len(h) }
func (h rankHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *rankHeap) Push(x any)   { *h = append(*h, x.(ranked)) }
func (h rankHeap) Less(i, j int) bool {
	a, b := &h[i], &h[j]
	switch {
	case a.priority != b.priority:
		return a.priority > b.priority
	case a.root != b.root:
		return b.root
	}
	return a.rank < b.rank
}

// Pop implements heap.Interface.
func (h *rankHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

func (q *ranks) push(x ranked) {
	q.mu.Lock()
	heap.Push(&q.heap, x)
	q.n.Store(int32(len(q.heap)))
	q.mu.Unlock()
}

// pop returns the first, none when there is none.
func (q *ranks) pop() graph.ID {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) == 0 {
		return none
	}
	x := heap.Pop(&q.heap).(ranked)
	q.n.Store(int32(len(q.heap)))
	return x.id
}

func (q *ranks) clear() {
	q.mu.Lock()
	q.heap = nil
	q.n.Store(0)
	q.mu.Unlock()
}

// rank makes a task with a kind ready by its priority; false when that is 0.
func (r *run) rank(id graph.ID, root bool) bool {
	k := r.kind(id)
	if k.priority == 0 {
		return false
	}
	q := &r.ready.high
	if k.priority < 0 {
		q = &r.ready.low
	}
	q.push(ranked{id, r.rows.at(int32(id)).rank, k.priority, root})
	r.engine.wake(1)
	return true
}

// sort makes tasks available that w has made ready, in a run with priorities.
func (r *run) sort(w *worker, ids []graph.ID) {
	even := ids[:0]
	for _, id := range ids {
		if r.rows.at(int32(id)).word.Load()&flagHinted == 0 || !r.rank(id, false) {
			even = append(even, id)
		}
	}
	if len(even) > 0 {
		r.ready.push(w.index, r.share(w, even))
	}
}
