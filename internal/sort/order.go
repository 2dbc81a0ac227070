package sorting

import (
	"cmp"
	"slices"

	"github.com/sheafdata/sheaf/internal/vec"
)

// orderer finds the sorted order of rows by their words, and by their columns where those leave ties.
type orderer struct {
	l     *layout
	keys  []Key
	words []uint64
	cols  []vec.Vec
	tmp   []pair
}

// order returns the rows in sorted order.
func (o *orderer) order(rows int) []uint32 {
	p := make([]pair, rows)
	for i := range p {
		p[i].row = uint32(i)
	}
	o.tmp = make([]pair, rows)
	o.sort(p, o.tmp, 0)
	out := make([]uint32, rows)
	for i := range p {
		out[i] = p[i].row
	}
	return out
}

// orderBytes is the memory that order needs beside its result.
func orderBytes(rows int) int64 { return 2 * 16 * int64(rows) }

// sort orders rows that tie on all words before the given one.
func (o *orderer) sort(p, tmp []pair, word int) {
	if word == o.l.words {
		if o.l.from < len(o.keys) {
			o.sortByColumns(p)
		}
		return
	}
	stride := o.l.words
	for i := range p {
		p[i].key = o.words[int(p[i].row)*stride+word]
	}
	sortPairs(p, tmp)
	if word+1 == stride && o.l.from == len(o.keys) {
		return
	}
	for i := 0; i < len(p); {
		j := i + 1
		for j < len(p) && p[j].key == p[i].key {
			j++
		}
		if j-i > 1 {
			o.sort(p[i:j], tmp[i:j], word+1)
		}
		i = j
	}
}

func (o *orderer) sortByColumns(p []pair) {
	slices.SortFunc(p, func(a, b pair) int {
		if c := compareKeys(o.keys, o.l.from, o.cols, int(a.row), o.cols, int(b.row)); c != 0 {
			return c
		}
		return cmp.Compare(a.row, b.row)
	})
}
