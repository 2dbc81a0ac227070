// Package mem keeps the memory promise: budgets that every row-proportional structure reserves from before it grows, and a pooled
// Arrow allocator. One budget stands for the process; a run's budget is a child of it.
//
// What does not fit waits in files: a budget asks its spillers before it refuses, and a SpillDir is where their files lie.
//
// It must not know operators or plans. It imports fault, internal/invariants, arrow's memory package and x/sys only.
//
//	b := mem.Process().Child("query 1", 64<<20)
//	defer b.Close()
//	r := b.Reservation("group_by")
//	defer r.Free()
//	if err := r.Grow(1 << 20); err != nil { … }
package mem

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/invariants"
)

// Budget is a limit in bytes and what is reserved of it. A child's bytes count against every budget above it. It is safe for
// concurrent use.
type Budget struct {
	name   string
	parent *Budget
	limit  int64 // 0: only the parents limit
	used   atomic.Int64
	peak   atomic.Int64
	spill  spillers

	mu       sync.Mutex
	attached map[any]io.Closer
}

// New returns a budget without a parent. A limit of 0 is none.
func New(name string, limit int64) *Budget { return &Budget{name: name, limit: limit} }

// Child returns a budget within b. A limit of 0 leaves it to b.
func (b *Budget) Child(name string, limit int64) *Budget {
	return &Budget{name: name, parent: b, limit: limit}
}

// Limit returns the smallest limit of b and its parents, 0 where there is none.
func (b *Budget) Limit() int64 {
	limit := int64(0)
	for ; b != nil; b = b.parent {
		if b.limit > 0 && (limit == 0 || b.limit < limit) {
			limit = b.limit
		}
	}
	return limit
}

// Soft returns the bytes that operators keep to, 0 where there is no limit: half of the limit. Go's collector lets the heap grow to
// twice what lives before it collects (GOGC=100), so who lives within half of the budget stays near the budget in resident memory.
// A limit that several open runs share counts only by its share for each.
func (b *Budget) Soft() int64 {
	soft := int64(0)
	var from *Budget
	for ; b != nil; from, b = b, b.parent {
		if b.limit == 0 {
			continue
		}
		share := b.limit / 2
		if from != nil {
			share /= int64(max(1, b.openRuns(from)))
		}
		if soft == 0 || share < soft {
			soft = share
		}
	}
	return soft
}

// Used returns the bytes reserved now.
func (b *Budget) Used() int64 { return b.used.Load() }

// Peak returns the most bytes that were reserved at once.
func (b *Budget) Peak() int64 { return b.peak.Load() }

// Reserve claims n bytes for the operation, or returns a Memory fault that names operation, bytes wanted, limit and the knob. Where
// Soft would be exceeded, spillers are asked to make room first; what they cannot free is granted up to the limit. An error of a
// spiller of this run, a full disk, is returned as it is.
func (b *Budget) Reserve(op string, n int64) error {
	if n > 0 {
		if err := b.makeRoom(n); err != nil {
			return err
		}
	}
	err := b.claimAll(op, n)
	if err != nil && b.waitForSpills(n) {
		err = b.claimAll(op, n)
	}
	return err
}

// Want claims n bytes that are granted whatever the limit is, after spillers were asked for room as Reserve asks them. It is for those
// who hold little and can spill the rest themselves. Its only errors are those of spillers of this run; nothing is claimed then.
func (b *Budget) Want(n int64) error {
	if err := b.makeRoom(n); err != nil {
		return err
	}
	b.Must(n)
	return nil
}

// Must claims n bytes that are granted whatever the limit is: the small working set without which nothing could go on, such as the
// buffer that rows are spilled through.
func (b *Budget) Must(n int64) {
	for ; b != nil; b = b.parent {
		b.raisePeak(b.used.Add(n))
	}
}

func (b *Budget) claimAll(op string, n int64) error {
	for at := b; at != nil; at = at.parent {
		if err := at.claim(op, n); err != nil {
			for undo := b; undo != at; undo = undo.parent {
				undo.used.Add(-n)
			}
			return err
		}
	}
	return nil
}

func (b *Budget) claim(op string, n int64) error {
	for {
		used := b.used.Load()
		if b.limit > 0 && used+n > b.limit && n > 0 {
			return fault.New(fault.Memory, op, "needs %d bytes more; %d of the %d bytes of the memory budget (%s) are in use", n, used, b.limit, b.name).
				WithHint("raise it with sched.Memory(bytes)")
		}
		if b.used.CompareAndSwap(used, used+n) {
			b.raisePeak(used + n)
			return nil
		}
	}
}

func (b *Budget) raisePeak(now int64) {
	for {
		peak := b.peak.Load()
		if now <= peak || b.peak.CompareAndSwap(peak, now) {
			return
		}
	}
}

// Release gives n reserved bytes back.
func (b *Budget) Release(n int64) {
	for ; b != nil; b = b.parent {
		left := b.used.Add(-n)
		if invariants.Enabled && left < 0 {
			panic("mem: budget " + b.name + " released more than it reserved")
		}
	}
}

// Attached returns what lives as long as the budget under the key, which open makes when it is first asked for. Close closes it.
func (b *Budget) Attached(key any, open func() io.Closer) io.Closer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.attached == nil {
		b.attached = map[any]io.Closer{}
	}
	c, ok := b.attached[key]
	if !ok {
		c = open()
		b.attached[key] = c
	}
	return c
}

// Close gives back what is still reserved, so that a run that was broken off costs its parents nothing. Under invariants bytes that
// are still reserved panic, because whoever reserved them has forgotten them.
func (b *Budget) Close() {
	b.closeAttached()
	b.forgetSpillers() // before counting: they may be giving back at this moment, for another run
	left := b.used.Load()
	if invariants.Enabled && left != 0 {
		panic("mem: budget " + b.name + " closed with reserved bytes")
	}
	b.Release(left)
}

func (b *Budget) closeAttached() {
	b.mu.Lock()
	attached := b.attached
	b.attached = nil
	b.mu.Unlock()
	for _, c := range attached {
		_ = c.Close() // what it holds is temporary: there is nothing to lose
	}
}

// Reservation is the bytes that one structure holds. It is used by one goroutine.
type Reservation struct {
	budget *Budget
	op     string
	held   int64
	floor  int64 // bytes that are always granted
}

// Reservation returns an empty reservation of the operation.
func (b *Budget) Reservation(op string) *Reservation { return &Reservation{budget: b, op: op} }

// Grow reserves delta bytes more, or gives back -delta where it is negative.
func (r *Reservation) Grow(delta int64) error {
	if delta < 0 {
		r.budget.Release(-delta)
		r.held += delta
		return nil
	}
	claim := r.budget.Reserve
	if r.held+delta <= r.floor {
		claim = r.budget.claimFloor
	}
	if err := claim(r.op, delta); err != nil {
		return err
	}
	r.held += delta
	return nil
}

func (b *Budget) claimFloor(_ string, n int64) error { return b.Want(n) }

// Floor makes the first n bytes be granted whatever the limit is, after spillers were asked for room: what a task needs to go on at all.
// It returns r.
func (r *Reservation) Floor(n int64) *Reservation {
	r.floor = n
	return r
}

// Must reserves n bytes that are granted whatever the limit is: see Budget.Must.
func (r *Reservation) Must(n int64) {
	r.budget.Must(n)
	r.held += n
}

// Held returns the bytes held.
func (r *Reservation) Held() int64 { return r.held }

// Free gives everything back. It may be called several times.
func (r *Reservation) Free() {
	r.budget.Release(r.held)
	r.held = 0
}

type budgetKey struct{}

// With returns a context that carries the budget to the tasks run under it.
func With(ctx context.Context, b *Budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, b)
}

// From returns the context's budget, or the process's.
func From(ctx context.Context) *Budget {
	if b, ok := ctx.Value(budgetKey{}).(*Budget); ok {
		return b
	}
	return Process()
}
