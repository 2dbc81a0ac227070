package sorting

import (
	"sync/atomic"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Bound is what the tasks of a top-k know together: a first key so that k rows are not behind it. Rows strictly behind it are in nobody's
// answer; rows that equal it may be. It only moves forward, and is safe for concurrent use. Its zero value knows nothing.
type Bound struct{ held atomic.Pointer[heldBound] }

type heldBound struct {
	bound
	value vec.Vec // the key, one row
	key   Key
}

// Key returns the key of the bound, one row, and its order; nil where nothing is known yet. The row is shared: do not change it.
func (b *Bound) Key() (*vec.Vec, Key) {
	h := b.held.Load()
	if h == nil {
		return nil, Key{}
	}
	return &h.value, h.key
}

// offer makes row i of the columns the bound, where it is before it.
func (b *Bound) offer(own bound, key Key, cols []vec.Vec, i int) {
	h := &heldBound{bound: own, key: key}
	h.strict = false
	for {
		old := b.held.Load()
		if old != nil && !h.before(&old.bound) {
			return
		}
		if h.value.Type == nil {
			vec.Take(&h.value, &cols[own.col], []uint32{uint32(i)}, nil)
		}
		if b.held.CompareAndSwap(old, h) {
			return
		}
	}
}

// before says whether the bound is strictly before another one of the same order.
func (b *bound) before(o *bound) bool {
	if b.null || o.null {
		return b.null != o.null && b.null == b.nullsFirst
	}
	if b.desc {
		return b.rank > o.rank
	}
	return b.rank < o.rank
}

// BoundFilter finds the rows that a Bound leaves. It is scratch of a task: not for concurrent use.
type BoundFilter struct {
	b    *Bound
	rank []uint64
}

// NewFilter returns a filter by the bound as it will be whenever it is asked.
func (b *Bound) NewFilter() *BoundFilter { return &BoundFilter{b: b} }

// Keep sets the bits of the rows that are not behind the bound, given their first key; the others are cleared.
func (f *BoundFilter) Keep(mask []uint64, key *vec.Vec) {
	h := f.b.held.Load()
	if h == nil {
		bitmap.Fill(mask, true)
		return
	}
	if n := 64 * len(mask); cap(f.rank) < n {
		f.rank = make([]uint64, n)
	}
	h.better(mask, key, f.rank[:key.Len])
}

// Share makes the top-k tell the bound of what it holds, and pass over what the bound rules out. The bound is for top-k of the same k,
// order and rows' columns.
func (t *TopK) Share(b *Bound) { t.shared = b }

// CutAfter makes the top-k drop what is too much whenever it holds so many rows beyond k, for tests of what a few rows do.
func (t *TopK) CutAfter(rows int) { t.first, t.room = t.k+rows, t.k+rows }

// publish tells the others of row i of the columns, the last that is kept.
func (t *TopK) publish(keys []Key, cols []vec.Vec, i int) {
	if t.shared != nil && t.set {
		t.shared.offer(t.bound, keys[0], cols, i)
	}
}

// adopt takes over what others know.
func (t *TopK) adopt() {
	if t.shared == nil {
		return
	}
	if h := t.shared.held.Load(); h != nil && (!t.set || h.before(&t.bound)) {
		col := t.s.o.Keys[0].Col
		t.bound = h.bound
		t.col = col
	}
}
