package mem

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Spiller is a structure that can write what it holds to files and give its memory back. Both methods are called from whatever
// goroutine needs memory, several at once, and with no lock of this package held. Spill may reserve with Must alone, and must not wait
// for a lock that is held while its owner reserves.
type Spiller interface {
	// Spillable returns about how many bytes Spill could free now. It is called often and must be cheap.
	Spillable() int64
	// Spill frees want bytes or more, less where it has not so many, and returns how many. They are released before it returns.
	Spill(want int64) (freed int64, err error)
}

// spillers is what a budget knows of those who can free its bytes.
type spillers struct {
	count    atomic.Int64 // of own ones and those of linked children, for the fast path
	inFlight atomic.Int64 // bytes that calls of Spill on behalf of this budget are about to free

	mu       sync.Mutex
	own      []*registered
	children []*Budget     // those with spillers
	done     chan struct{} // closed when a call of Spill ends; nil where nobody waits
}

// registered is one registration, so that a spiller may be registered twice.
type registered struct {
	Spiller
	of *Budget
	// at is held for reading by calls of Spill, of which others may be at work on behalf of another run when this one ends.
	at   sync.RWMutex
	gone bool
}

// spill calls Spill, unless the registration is over.
func (r *registered) spill(want int64) (freed int64, err error) {
	r.at.RLock()
	defer r.at.RUnlock()
	if r.gone {
		return 0, nil
	}
	return r.Spill(want)
}

// end waits for calls of Spill and lets no other begin.
func (r *registered) end() {
	r.at.Lock()
	defer r.at.Unlock()
	r.gone = true
}

// Register makes s a spiller of the budget until unregister is called, which may be done several times. When unregister returns, no call
// of Spill is at work and none will be: what the spiller holds is its owner's alone. It must not be called by Spill.
func (b *Budget) Register(s Spiller) (unregister func()) {
	r := &registered{Spiller: s, of: b}
	b.spill.mu.Lock()
	b.spill.own = append(b.spill.own, r)
	b.spill.mu.Unlock()
	for at := b; at != nil; at = at.parent {
		if at.spill.count.Add(1) == 1 && at.parent != nil {
			at.parent.link(at)
		}
	}
	return sync.OnceFunc(func() { b.unregister(r) })
}

func (b *Budget) unregister(r *registered) {
	b.spill.mu.Lock()
	had := slices.Index(b.spill.own, r)
	if had >= 0 {
		b.spill.own = slices.Delete(b.spill.own, had, had+1)
	}
	b.spill.mu.Unlock()
	if had < 0 {
		return
	}
	r.end()
	for at := b; at != nil; at = at.parent {
		if at.spill.count.Add(-1) == 0 && at.parent != nil {
			at.parent.unlink(at)
		}
	}
}

func (b *Budget) forgetSpillers() {
	b.spill.mu.Lock()
	own := slices.Clone(b.spill.own)
	b.spill.mu.Unlock()
	for _, r := range own {
		b.unregister(r)
	}
}

func (b *Budget) link(child *Budget) {
	b.spill.mu.Lock()
	defer b.spill.mu.Unlock()
	if child.spill.count.Load() > 0 && !slices.Contains(b.spill.children, child) {
		b.spill.children = append(b.spill.children, child)
	}
}

// unlink removes the child, unless it got a spiller again in the meantime.
func (b *Budget) unlink(child *Budget) {
	b.spill.mu.Lock()
	defer b.spill.mu.Unlock()
	if i := slices.Index(b.spill.children, child); i >= 0 && child.spill.count.Load() == 0 {
		b.spill.children = slices.Delete(b.spill.children, i, i+1)
	}
}

// openRuns is among how many children b is shared: those with spillers, and the one that asks.
func (b *Budget) openRuns(asks *Budget) int {
	b.spill.mu.Lock()
	defer b.spill.mu.Unlock()
	n := len(b.spill.children)
	if !slices.Contains(b.spill.children, asks) {
		n++
	}
	return n
}

// makeRoom asks spillers until n more bytes are within the soft limit of b and all above, or they have no more.
func (b *Budget) makeRoom(n int64) error {
	for at := b; at != nil; at = at.parent {
		if at.limit == 0 || at.spill.count.Load() == 0 {
			continue
		}
		// What others are spilling at this moment counts as freed, so that two who need room do not both make it.
		want := at.used.Load() + n - at.limit/2 - at.spill.inFlight.Load()
		if want > 0 {
			if _, err := at.ask(want, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask has spillers of at free want bytes on behalf of asks, and returns how many they freed. Only errors of spillers of the same run
// count: the others' runs meet theirs themselves.
func (at *Budget) ask(want int64, asks *Budget) (freed int64, err error) {
	for _, r := range at.candidates(nil) {
		at.spill.inFlight.Add(want)
		n, err := r.spill(want)
		at.spill.inFlight.Add(-want)
		at.spillEnded()
		freed, want = freed+n, want-n
		if err != nil && r.of.sameRun(asks) {
			return freed, err
		}
		if want <= 0 {
			break
		}
	}
	return freed, nil
}

// sameRun says whether one of two budgets is above the other, or they are the same.
func (b *Budget) sameRun(other *Budget) bool { return b.isBelow(other) || other.isBelow(b) }

func (b *Budget) isBelow(above *Budget) bool {
	for ; b != nil; b = b.parent {
		if b == above {
			return true
		}
	}
	return false
}

// candidates appends the spillers of b and below in the order in which they are to be asked: those of the child that holds most first,
// because shares are equal and it is thus most over its own; within one budget the largest first.
func (b *Budget) candidates(list []*registered) []*registered {
	b.spill.mu.Lock()
	own, children := slices.Clone(b.spill.own), slices.Clone(b.spill.children)
	b.spill.mu.Unlock()
	type part struct {
		bytes int64
		own   *registered
		child *Budget
	}
	parts := make([]part, 0, len(own)+len(children))
	for _, r := range own {
		if n := r.Spillable(); n > 0 {
			parts = append(parts, part{bytes: n, own: r})
		}
	}
	for _, c := range children {
		parts = append(parts, part{bytes: c.used.Load(), child: c})
	}
	slices.SortStableFunc(parts, func(x, y part) int { return cmp.Compare(y.bytes, x.bytes) })
	for _, p := range parts {
		if p.own != nil {
			list = append(list, p.own)
		} else {
			list = p.child.candidates(list)
		}
	}
	return list
}

// spillEnded wakes those who wait for room.
func (b *Budget) spillEnded() {
	b.spill.mu.Lock()
	defer b.spill.mu.Unlock()
	if b.spill.done != nil {
		close(b.spill.done)
		b.spill.done = nil
	}
}

// longestWait bounds how long Reserve waits for spills of other goroutines: it ends a wait for oneself, should a spiller reserve
// against the rule.
const longestWait = 5 * time.Second

// waitForSpills waits while others are spilling and n bytes do not fit, and says whether they might now.
func (b *Budget) waitForSpills(n int64) bool {
	var timeout <-chan time.Time
	for at := b; at != nil; {
		if at.limit == 0 || at.used.Load()+n <= at.limit {
			at = at.parent
			continue
		}
		at.spill.mu.Lock()
		if at.spill.inFlight.Load() <= 0 {
			at.spill.mu.Unlock()
			freed, err := at.ask(at.used.Load()+n-at.limit, b)
			if freed <= 0 || err != nil {
				return at.used.Load()+n <= at.limit
			}
			continue
		}
		if at.spill.done == nil {
			at.spill.done = make(chan struct{})
		}
		done := at.spill.done
		at.spill.mu.Unlock()
		if timeout == nil {
			timeout = time.After(longestWait)
		}
		select {
		case <-done:
		case <-timeout:
			return false
		}
	}
	return true
}
