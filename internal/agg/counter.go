package agg

// counter is the numbers of values of groups. Several in one store count the rows of groups once for all: each then has but what its number
// differs by, which changes only where a row does not count or others' numbers are added.
type counter struct {
	cells        // one word: the number, or the difference
	rows  *cells // the rows of each group; nil: the word is the number
	leads bool   // counts the rows, for all counters of the store
	nums  []int64
}

// counters returns itself: see share.
func (c *counter) counters() *counter { return c }

// add counts rows of groups, taken of them by mask, which is looked at only where that is neither none nor all; gids nil: all of group 0.
func (c *counter) add(gids []uint32, rows, taken int, mask []uint64) {
	if c.rows == nil {
		switch {
		case taken == 0:
		case gids == nil:
			*c.int(0, 0) += int64(taken)
		case taken == rows:
			c.countAll(gids[:rows])
		default:
			c.countBits(gids[:rows], mask, 0)
		}
		return
	}
	if c.leads {
		if gids == nil {
			*c.rows.int(0, 0) += int64(rows)
		} else {
			c.rows.countAll(gids[:rows])
		}
	}
	switch {
	case taken == rows:
	case gids == nil:
		*c.int(0, 0) += int64(taken - rows)
	case taken == 0:
		for _, g := range gids[:rows] {
			*c.int(int(g), 0)--
		}
	default:
		c.countBits(gids[:rows], mask, 1)
	}
}

// reset forgets the groups and keeps the memory.
func (c *counter) reset() { c.store.reset() }

// numbers returns the numbers of the first groups.
func (c *counter) numbers(groups int) []int64 {
	c.nums = c.ints(c.nums, 0, groups)
	if c.rows != nil {
		for g := range c.nums {
			c.nums[g] += *c.rows.int(g, 0)
		}
	}
	return c.nums
}

func (c *counter) bytes() int64 { return c.storeBytes() + int64(cap(c.nums))*8 }

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

// countBits adds the bit of each row, less so much.
func (c *cells) countBits(gids []uint32, mask []uint64, less uint64) {
	for i, g := range gids {
		*c.word(int(g), 0) += mask[i>>6]>>(uint(i)&63)&1 - less
	}
}

// addCounts adds numbers that others have counted.
func (c *cells) addCounts(gids []uint32, more []int64) {
	for i, g := range gids {
		*c.int(int(g), 0) += more[i]
	}
}
