package sorting

import (
	"math/bits"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// TopK keeps the first k rows of a sort. It holds at most about twice that: when its room is full it sorts, drops what is beyond k,
// and from then on passes over rows that are behind the last one kept, by their first key, without copying them. Runs of
// several tasks are merged in row order by NewMerger with a limit of k. It is not safe for concurrent use.
type TopK struct {
	k     int
	s     *Sorter
	first int // rows held before the first cut, at least 2k
	room  int // rows held before any later one
	bound
	shared  *Bound // with other tasks
	cutOnce bool
	mask    []uint64
	rank    []uint64
	sel     []uint32
}

// minRoom is the least rows between cuts: a few batches, so that small k do not sort for every batch.
const minRoom = 4 * 8192

// firstCut is the rows after which the first cut is made: early, because there is no bound before.
const firstCut = 8192

// NewTopK returns a top-k without rows.
func NewTopK(o Options, k int) (*TopK, error) {
	s, err := NewSorter(o)
	if err != nil {
		return nil, err
	}
	if k < 0 {
		return nil, internalError("top of %d rows", k)
	}
	k = min(k, MaxRows) // a run holds no more, and sums stay in range
	return &TopK{k: k, s: s, first: firstCut, room: max(2*k, k+minRoom)}, nil
}

// Add takes in a batch of rows, key columns included.
func (t *TopK) Add(cols []vec.Vec, rows int) error {
	if t.k == 0 || rows == 0 {
		return nil
	}
	t.adopt()
	if !t.set {
		if err := t.s.Add(cols, rows); err != nil {
			return err
		}
	} else {
		sel := t.pass(cols, rows)
		if len(sel) == 0 {
			return nil
		}
		if err := t.s.add(cols, rows, sel, false); err != nil {
			return err
		}
	}
	if t.s.rows >= t.room || !t.cutOnce && t.s.rows >= max(2*t.k, t.first) {
		return t.cut()
	}
	return nil
}

// pass returns the rows that may be among the first k.
func (t *TopK) pass(cols []vec.Vec, rows int) []uint32 {
	n := bitmap.Words(rows)
	if cap(t.mask) < n {
		t.mask, t.rank, t.sel = make([]uint64, n), make([]uint64, 64*n), make([]uint32, 64*n+bitmap.IndexRoom)
	}
	t.better(t.mask[:n], &cols[t.col], t.rank[:rows])
	return t.sel[:bitmap.Indices(t.sel[:rows+bitmap.IndexRoom], t.mask[:n], rows)]
}

// cut sorts what there is and keeps k rows.
func (t *TopK) cut() error {
	t.cutOnce = true
	o := t.s.o
	r, err := t.s.Finish()
	if err != nil {
		return err
	}
	defer r.Release()
	if t.s, err = NewSorter(o); err != nil {
		return err
	}
	r.Truncate(t.k)
	cols := make([]vec.Vec, len(o.Types))
	r.Batch(cols, 0, r.rows, nil)
	if r.rows == t.k {
		t.update(o.Keys, cols, t.k-1)
		t.publish(o.Keys, cols, t.k-1)
	}
	return t.s.Add(cols, r.rows)
}

// Bytes is the memory of the rows held.
func (t *TopK) Bytes() int64 { return t.s.Bytes() }

// Release gives back what was reserved, where there is no Finish.
func (t *TopK) Release() { t.s.Release() }

// Finish returns the first k rows, sorted.
func (t *TopK) Finish() (*Run, error) {
	if t.s.rows > t.k {
		if err := t.cut(); err != nil {
			return nil, err
		}
	}
	return t.s.Finish()
}

// bound is the first key of the last row kept.
type bound struct {
	set              bool
	col              int
	desc, nullsFirst bool
	null             bool
	rank             uint64
	strict           bool // a row that equals the bound is behind it, coming later
}

// update makes the bound row i of the columns.
func (b *bound) update(keys []Key, cols []vec.Vec, i int) {
	if len(keys) == 0 {
		return
	}
	k := keys[0]
	v := &cols[k.Col]
	if v.Phys == vec.List || v.Phys == vec.Struct {
		return // no rank, not even a coarse one
	}
	*b = bound{set: true, col: k.Col, desc: k.Desc, nullsFirst: k.NullsFirst, null: !v.ValidAt(i)}
	b.strict = len(keys) == 1 && hasRank(v.Phys)
	if !b.null {
		var one vec.Vec
		var r [1]uint64
		vec.Slice(&one, v, i, 1, nil)
		coarseRanks(r[:], &one, nil)
		b.rank = r[0]
	}
}

// better sets the bit of every row that is not behind the bound. ranks is scratch.
func (b *bound) better(mask []uint64, v *vec.Vec, rank []uint64) {
	valid := v.Nulls(nil)
	none := v.Phys == vec.Null
	switch {
	case b.null:
		bitmap.Fill(mask, !b.nullsFirst)
	case none:
	default:
		coarseRanks(rank, v, valid)
		if b.desc {
			for i := range rank {
				rank[i] = ^rank[i]
			}
		}
		b.compare(mask, rank)
	}
	if valid == nil && !none {
		return
	}
	keepNulls := b.nullsFirst && !b.null || b.null && !b.strict
	for w := range mask {
		var ok uint64
		if valid != nil {
			ok = valid[w]
		}
		if none {
			ok = 0
		}
		if keepNulls {
			mask[w] |= ^ok
		} else {
			mask[w] &= ok
		}
	}
}

// compare sets the bits of ranks before the bound's, or equal to it unless strict.
func (b *bound) compare(mask, rank []uint64) {
	limit := b.rank
	if b.desc {
		limit = ^limit
	}
	add := uint64(1) // x <= limit is not limit < x: a borrow
	if b.strict {
		add = 0
	}
	for w := range mask {
		var m uint64
		block := rank[w*64 : min(len(rank), w*64+64)]
		for i, x := range block {
			_, less := bits.Sub64(x, limit, add)
			m |= less << (uint(i) & 63)
		}
		mask[w] = m
	}
}

// coarseRanks writes ranks that order rows as their values do, some of them tied where the kind has no exact ranks.
func coarseRanks(dst []uint64, v *vec.Vec, valid []uint64) {
	if hasRank(v.Phys) {
		ranks(dst, v)
		return
	}
	k := keyLayout{form: formPrefix, bits: 64}
	values := v
	if v.Dict != nil {
		values = &v.Dict.Values
	}
	switch v.Phys {
	case vec.View:
		k.textPlane(dst, v, valid, 0)
	case vec.Fixed:
		k.stats.width = values.Width
		k.fixedPlane(dst, v)
	case vec.Dec128, vec.Dec256:
		widePlane(dst, v, values.Width, 0)
	default:
		clear(dst)
	}
}
