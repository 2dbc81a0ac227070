package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// count counts rows, or values.
type count struct {
	ofValues bool
	cells    // one word: the number
	in       input
	nums     []int64 // the numbers as a column
}

func newCount(ofValues bool) *count {
	a := &count{ofValues: ofValues}
	a.init(1)
	return a
}

func (a *count) size() int { return 1 }

func (a *count) move(s *store, at int, own bool) { a.cells = cells{s, at, own} }

func (a *count) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.grow(groups)
	if rows == 0 {
		return nil
	}
	mask, total := where, 0
	if a.ofValues && args[0].Phys == vec.Null {
		return nil
	}
	if a.ofValues {
		a.in.scratch.Reset()
		mask, total = a.in.selection(&args[0], where, rows)
	} else if mask != nil {
		total = popCount(mask, rows)
	} else {
		total = rows
	}
	switch {
	case gids == nil:
		*a.int(0, 0) += int64(total)
	case total == rows:
		a.countAll(gids[:rows])
	case total > 0:
		a.countBits(gids[:rows], mask)
	}
	return nil
}

// countAll counts the rows of groups.
func (c *cells) countAll(gids []uint32) {
	if c.groups <= fewGroups {
		c.countFew(gids)
		return
	}
	c.fetch(gids)
	words, stride, at := c.words, c.stride, c.at
	for _, g := range gids {
		words[int(g)*stride+at]++
	}
}

// countFew counts rows of few groups in four counters a group: see fewGroups.
func (c *cells) countFew(gids []uint32) {
	var part [4][fewGroups]uint32
	for len(gids) >= 4 {
		part[0][gids[0]%fewGroups]++
		part[1][gids[1]%fewGroups]++
		part[2][gids[2]%fewGroups]++
		part[3][gids[3]%fewGroups]++
		gids = gids[4:]
	}
	for _, g := range gids {
		part[0][g%fewGroups]++
	}
	for g := range c.groups {
		*c.int(g, 0) += int64(part[0][g]) + int64(part[1][g]) + int64(part[2][g]) + int64(part[3][g])
	}
}

func (c *cells) countBits(gids []uint32, mask []uint64) {
	for i, g := range gids {
		*c.word(int(g), 0) += mask[i>>6] >> (uint(i) & 63) & 1
	}
}

func (a *count) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.grow(groups)
	a.addCounts(rowGids(gids, rows), vec.Of[int64](&state[0]))
	return nil
}

// addCounts adds numbers that others have counted.
func (c *cells) addCounts(gids []uint32, more []int64) {
	for i, g := range gids {
		*c.int(int(g), 0) += more[i]
	}
}

func (a *count) types() []arrow.DataType { return []arrow.DataType{arrow.PrimitiveTypes.Int64} }

func (a *count) State() []vec.Vec { return []vec.Vec{a.column(a.groups)} }

func (a *count) Result(groups int) (vec.Vec, error) {
	a.grow(groups)
	return a.column(groups), nil
}

func (a *count) column(groups int) vec.Vec {
	a.nums = a.ints(a.nums, 0, groups)
	return column(arrow.PrimitiveTypes.Int64, a.nums, nil)
}

func (a *count) Bytes() int64 { return a.storeBytes() + int64(cap(a.nums))*8 }
