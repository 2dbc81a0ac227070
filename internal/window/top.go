package window

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/group"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Top finds the rows that may be among the first k of their partition, in any number of batches. It remembers the k least order words
// of each partition seen so far: a row that stands behind all of them cannot be in the answer. Words order as the first key does, or
// more coarsely; rows with the same word as the last one remembered are kept unless the word says all.
type Top struct {
	k     int
	over  []int
	key   sorting.Key
	keyed bool // there is an order; else rows are in the order of their coming
	exact bool // equal words are equal keys, so that the later row stands behind
	table group.Table
	count []uint32 // of each partition, up to k
	words []uint64 // k a partition, ascending
	keys  []vec.Vec
	gids  []uint32
	batch []uint64
	bits  []uint64
}

// NewTop returns a Top for the partitions and order of a spec over columns of the types. k is at least 1. ok is false where the order's
// first key has no words.
func NewTop(s *Spec, types []arrow.DataType, k int, reserve func(int64) error) (t *Top, ok bool, err error) {
	t = &Top{k: k, over: s.Over}
	if len(s.Order) > 0 {
		t.key, t.keyed = s.Order[0], true
		p, _, _ := vec.PhysOf(types[t.key.Col])
		if !sorting.HasWords(p) {
			return t, false, nil
		}
		switch p {
		case vec.View, vec.Fixed, vec.Dec128, vec.Dec256:
		default:
			t.exact = len(s.Order) == 1
		}
	}
	var keyTypes []arrow.DataType
	for _, at := range s.Over {
		keyTypes = append(keyTypes, types[at])
	}
	t.table, err = group.New(keyTypes, group.Options{Reserve: reserve})
	t.keys = make([]vec.Vec, len(s.Over))
	return t, err == nil, err
}

// Bytes is the memory held beside what the table of partitions has reserved.
func (t *Top) Bytes() int64 { return int64(cap(t.count))*4 + int64(cap(t.words))*8 }

// Add looks at a batch and returns its rows that may be among the first as bits, how many they are, and, for every row of the batch,
// its partition and word. All is good until the next Add.
func (t *Top) Add(cols []vec.Vec, rows int) (keep []uint64, n int, gids []uint32, words []uint64, err error) {
	for i, at := range t.over {
		t.keys[i] = cols[at]
	}
	t.gids, t.batch = room(t.gids, rows), room(t.batch, rows)
	t.bits = room(t.bits, bitmap.Words(rows))
	if err := t.table.Intern(t.keys, rows, t.gids); err != nil {
		return nil, 0, nil, nil, err
	}
	groups := t.table.Len()
	t.count, t.words = longer(t.count, groups), longer(t.words, groups*t.k)
	if t.keyed {
		sorting.Words(t.batch, &cols[t.key.Col], t.key)
	} else {
		clear(t.batch)
	}
	clear(t.bits)
	n = t.mark()
	return t.bits, n, t.gids, t.batch, nil
}

// mark sets the bits of the rows to keep and remembers their words.
func (t *Top) mark() int {
	n, k := 0, t.k
	for i, w := range t.batch {
		g := int(t.gids[i])
		have := int(t.count[g])
		best := t.words[g*k : g*k+k]
		if have == k {
			if last := best[k-1]; w > last || w == last && t.decides(w) {
				continue
			}
			have--
		} else {
			t.count[g]++
		}
		t.bits[i>>6] |= 1 << (uint(i) & 63)
		n++
		for have > 0 && best[have-1] > w {
			best[have] = best[have-1]
			have--
		}
		best[have] = w
	}
	return n
}

// decides says whether rows of equal words stand in the order of their coming.
func (t *Top) decides(w uint64) bool {
	return !t.keyed || t.exact && w != 0 && w != ^uint64(0)
}

// Still says which of earlier rows, by partition and word, may still be among the first, as bits.
func (t *Top) Still(gids []uint32, words []uint64) (keep []uint64, n int) {
	keep = make([]uint64, bitmap.Words(len(gids)))
	for i, g := range gids {
		at := int(g) * t.k
		if int(t.count[g]) < t.k || words[i] <= t.words[at+t.k-1] {
			keep[i>>6] |= 1 << (uint(i) & 63)
			n++
		}
	}
	return keep, n
}

// room returns s with n elements of unspecified content.
func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// longer returns s with n elements at least, the new ones zero; memory doubles.
func longer[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:max(n, len(s))] // never used before: slices only grow
	}
	out := make([]T, n, max(n, 2*cap(s)))
	copy(out, s)
	return out
}
