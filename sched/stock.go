package sched

import (
	"container/heap"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// stock is what a run has of the things that tasks occupy: named resources while they run, and bytes until their results are freed.
// A task that finds too little of something is parked. Who gives something back looks for parked tasks that may go on. They go by priority
// and static order; one that cannot go keeps those behind it from what it waits for, so that it is not overtaken for ever. Where nothing runs and
// nothing can, because all bytes are held by results that somebody waits for, one task goes over the limit.
type stock struct {
	total map[string]int
	limit int64 // bytes, 0 for any number

	mu     sync.Mutex
	free   map[string]int
	bytes  int64 // that are held
	queues map[string]*queue
	parked atomic.Int32 // changed under mu
}

// need is what a task occupies.
type need struct {
	*queue
	bytes int64
}

// queue holds the parked tasks of the same resources.
type queue struct {
	resources []resource
	tasks     rankHeap
}

type resource struct {
	name string
	n    int
}

func (s *stock) init(o Options) {
	s.total, s.limit, s.free = o.Resources, o.Memory, maps.Clone(o.Resources)
}

// check refuses a task that could never run. The error reads on after "task x".
func (s *stock) check(h *graph.Hint) error {
	for _, name := range slices.Sorted(maps.Keys(h.Resources)) {
		n, total := h.Resources[name], s.total[name]
		if n < 0 || n > total {
			return fault.New(fault.Plan, "", "needs %d of %q, and the run has %d", n, name, total)
		}
	}
	return nil
}

// needOf returns what a task of the hint occupies.
func (s *stock) needOf(h *graph.Hint) *need {
	var list []resource
	key := ""
	for _, name := range slices.Sorted(maps.Keys(h.Resources)) {
		if n := h.Resources[name]; n > 0 {
			list = append(list, resource{name, n})
			key += strconv.Quote(name) + strconv.Itoa(n)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[key]
	if q == nil {
		if s.queues == nil {
			s.queues = map[string]*queue{}
		}
		q = &queue{resources: list}
		s.queues[key] = q
	}
	n := &need{queue: q}
	if s.limit > 0 {
		n.bytes = max(0, h.Memory)
	}
	return n
}

// has says whether there are enough resources. The caller holds mu.
func (s *stock) has(n *need) bool {
	for _, r := range n.resources {
		if s.free[r.name] < r.n {
			return false
		}
	}
	return true
}

// fits says whether there is enough of everything. The caller holds mu.
func (s *stock) fits(n *need) bool {
	if !s.has(n) {
		return false
	}
	return n.bytes == 0 || s.bytes == 0 || s.bytes+n.bytes <= s.limit
}

// take occupies what a task needs. The caller holds mu.
func (s *stock) take(n *need) {
	for _, r := range n.resources {
		s.free[r.name] -= r.n
	}
	s.bytes += n.bytes
}

func (s *stock) clear() {
	s.mu.Lock()
	s.queues = nil
	s.parked.Store(0)
	s.mu.Unlock()
}

// request gives a task what it needs, or parks it and returns false.
func (r *run) request(id graph.ID, k *kind) bool {
	s := &r.stock
	s.mu.Lock()
	if s.parked.Load() == 0 && s.fits(k.need) {
		s.take(k.need)
		r.admitted(id, k.need)
		s.mu.Unlock()
		return true
	}
	root := len(r.graph.Deps(id)) == 0
	heap.Push(&k.need.tasks, ranked{id, r.rows.at(int32(id)).rank, k.priority, root})
	s.parked.Add(1)
	ids := r.unpark()
	s.mu.Unlock()
	own := slices.Index(ids, id)
	if own >= 0 {
		ids = slices.Delete(ids, own, own+1)
	}
	r.proceed(ids)
	return own >= 0
}

// admitted marks a task that has what it needs. It is marked before its result can be freed. The caller holds stock.mu.
func (r *run) admitted(id graph.ID, n *need) {
	flags := uint32(flagAdmitted)
	if n.bytes > 0 {
		flags |= flagStored
	}
	r.rows.at(int32(id)).word.Or(flags)
}

// unpark takes out the parked tasks that may go on, and gives them what they need. The caller holds stock.mu.
func (r *run) unpark() (ids []graph.ID) {
	s := &r.stock
	if s.parked.Load() == 0 {
		return nil
	}
	var waiting []string // resources that a task ahead waits for; "" is bytes
	skipped := map[*queue]bool{}
	for {
		q := r.nextQueue(skipped)
		if q == nil {
			return ids
		}
		n := r.kind(q.tasks[0].id).need
		if s.fits(n) && !n.wants(waiting) {
			ids = append(ids, r.admitFirst(q, n))
			continue
		}
		skipped[q] = true
		for _, res := range n.resources {
			waiting = append(waiting, res.name)
		}
		if n.bytes > 0 {
			waiting = append(waiting, "")
		}
	}
}

// admitFirst gives the first task of a queue what it needs. The caller holds stock.mu.
func (r *run) admitFirst(q *queue, n *need) graph.ID {
	r.stock.take(n)
	id := heap.Pop(&q.tasks).(ranked).id
	r.stock.parked.Add(-1)
	r.admitted(id, n)
	return id
}

// unstick lets one parked task go over the limit. It is called when nothing runs and nothing is ready.
func (r *run) unstick() {
	s := &r.stock
	s.mu.Lock()
	ids := r.unpark()
	if q := r.nextQueue(nil); q != nil && len(ids) == 0 {
		if n := r.kind(q.tasks[0].id).need; s.has(n) {
			ids = append(ids, r.admitFirst(q, n))
		}
	}
	s.mu.Unlock()
	r.proceed(ids)
}

// stuck says whether only unstick can make the run go on, given that none of its tasks runs.
func (r *run) stuck() bool { return r.stock.parked.Load() > 0 && !r.ready.has() }

// wants says whether a need has one of these resources.
func (n *need) wants(names []string) bool {
	if n.bytes > 0 && slices.Contains(names, "") {
		return true
	}
	return slices.ContainsFunc(n.resources, func(r resource) bool { return slices.Contains(names, r.name) })
}

// nextQueue returns the queue whose first task comes first, of those that were not skipped; tasks that wait no more are dropped.
func (r *run) nextQueue(skipped map[*queue]bool) (best *queue) {
	for _, q := range r.stock.queues {
		for len(q.tasks) > 0 && r.rows.at(int32(q.tasks[0].id)).stage() != stageWaiting {
			heap.Pop(&q.tasks)
			r.stock.parked.Add(-1)
		}
		if len(q.tasks) == 0 || skipped[q] {
			continue
		}
		if best == nil || (rankHeap{q.tasks[0], best.tasks[0]}).Less(0, 1) {
			best = q
		}
	}
	return best
}

// proceed makes tasks ready that have what they need.
func (r *run) proceed(ids []graph.ID) {
	for _, id := range ids {
		r.resume(id, sharedSlot)
	}
}

// giveBack ends a task's hold of what it needs while it runs, and of its bytes too where it has no result.
func (r *run) giveBack(id graph.ID, failed bool) {
	row := r.rows.at(int32(id))
	if row.word.Load()&(flagAdmitted|flagStored) == 0 {
		return
	}
	n := r.kind(id).need
	s := &r.stock
	s.mu.Lock()
	if row.word.And(^uint32(flagAdmitted))&flagAdmitted != 0 {
		for _, res := range n.resources {
			s.free[res.name] += res.n
		}
	}
	if failed && row.word.And(^uint32(flagStored))&flagStored != 0 {
		s.bytes -= n.bytes
	}
	ids := r.unpark()
	s.mu.Unlock()
	r.proceed(ids)
}

// returnBytes ends a freed result's hold of its bytes.
func (r *run) returnBytes(id graph.ID) {
	row := r.rows.at(int32(id))
	if row.word.Load()&flagStored == 0 {
		return
	}
	s := &r.stock
	s.mu.Lock()
	if row.word.And(^uint32(flagStored))&flagStored != 0 {
		s.bytes -= r.kind(id).need.bytes
	}
	ids := r.unpark()
	s.mu.Unlock()
	r.proceed(ids)
}
