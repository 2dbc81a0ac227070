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
	words []uint64 // k a partition, ascending; the greatest word where rows are missing
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
func (t *Top) Bytes() int64 { return int64(cap(t.words)) * 8 }

// Partitions is how many partitions were seen.
func (t *Top) Partitions() int { return t.table.Len() }

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
	t.words = longer(t.words, t.table.Len()*t.k)
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
	gids := t.gids[:len(t.batch)]
	for i, w := range t.batch {
		best := t.words[int(gids[i])*k:][:k]
		if last := best[k-1]; w >= last && (w > last || t.decides(w)) {
			continue
		}
		t.bits[i>>6] |= 1 << (uint(i) & 63)
		n++
		at := k - 1
		for ; at > 0 && best[at-1] > w; at-- {
			best[at] = best[at-1]
		}
		best[at] = w
	}
	return n
}

// decides says whether rows of equal words stand in the order of their coming. The greatest word also stands for missing rows.
func (t *Top) decides(w uint64) bool {
	return !t.keyed || t.exact && w != 0 && w != ^uint64(0)
}

// Kept is rows that Add has kept, by partition and word.
type Kept struct {
	Parts []uint32
	Words []uint64
}

// Still says which of the rows that were kept may still be among the first, as bits: there are so many rows in the lists.
func (t *Top) Still(kept []Kept, rows int) (keep []uint64, n int) {
	keep = make([]uint64, bitmap.Words(rows))
	i, last := 0, t.k-1
	for _, k := range kept {
		for j, g := range k.Parts {
			if k.Words[j] <= t.words[int(g)*t.k+last] {
				keep[i>>6] |= 1 << (uint(i) & 63)
				n++
			}
			i++
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

// longer returns s with n words at least, the new ones the greatest; memory doubles.
func longer(s []uint64, n int) []uint64 {
	old := len(s)
	if n <= old {
		return s
	}
	if n > cap(s) {
		s = append(make([]uint64, 0, max(n, 2*cap(s))), s...)
	}
	s = s[:n]
	for i := old; i < n; i++ {
		s[i] = ^uint64(0)
	}
	return s
}
