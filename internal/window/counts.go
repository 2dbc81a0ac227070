package window

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/group"
	"github.com/sheafdata/sheaf/internal/vec"
)

// numbered gives equal values of the counted rows the same number, from 0, and returns how many there are.
func (s *slide) numbered() ([]uint32, int, error) {
	v, err := s.values(0)
	if err != nil {
		return nil, 0, err
	}
	if err := s.mem.grow(4 * int64(v.Len)); err != nil {
		return nil, 0, err
	}
	t, err := group.New([]arrow.DataType{v.Type}, group.Options{Reserve: s.mem.grow})
	if err != nil {
		return nil, 0, err
	}
	ids := make([]uint32, v.Len)
	err = t.Intern([]vec.Vec{v}, v.Len, ids)
	return ids, t.Len(), err
}

// distinct is NUnique over frames, and the approximate one, which may be exact.
func (s *slide) distinct() (vec.Vec, error) {
	ids, n, err := s.numbered()
	if err != nil {
		return vec.Vec{}, err
	}
	if err := s.mem.grow(4 * int64(n)); err != nil {
		return vec.Vec{}, err
	}
	out, err := s.int64s()
	if err != nil {
		return vec.Vec{}, err
	}
	times := make([]uint32, n)
	different := int64(0)
	a, b := uint32(0), uint32(0)
	for p, row := range s.perm {
		lo, hi := s.lo[p], s.hi[p]
		for ; a < min(lo, b); a++ {
			if times[ids[a]]--; times[ids[a]] == 0 {
				different--
			}
		}
		if a < lo {
			a, b = lo, lo
		}
		for ; b < hi; b++ {
			if times[ids[b]]++; times[ids[b]] == 1 {
				different++
			}
		}
		out[row] = different
	}
	return s.column(out, nil), nil
}

// contest finds the most frequent value, the one that comes first among equals: a tournament whose leaves are the values.
type contest struct {
	times []uint32 // of each value
	first []uint32 // where each value that is in the frame comes first
	win   []uint32 // win[1] is the winner; the matches of node n are between 2n and 2n+1; leaves stand from size on
	size  int
}

// newContest begins with no value in the frame. Where there is no value for a leaf, one stands there that never is.
func newContest(values int) *contest {
	c := &contest{times: make([]uint32, values+1), first: make([]uint32, values+1), size: 1}
	for c.size < values {
		c.size *= 2
	}
	c.win = make([]uint32, 2*c.size)
	for i := range c.size {
		c.win[c.size+i] = uint32(min(i, values))
	}
	for node := c.size - 1; node >= 1; node-- {
		c.win[node] = c.win[2*node]
	}
	return c
}

// changed plays the matches of a value again.
func (c *contest) changed(value uint32) {
	for node := (c.size + int(value)) / 2; node >= 1; node /= 2 {
		a, b := c.win[2*node], c.win[2*node+1]
		if c.times[b] > c.times[a] || c.times[b] == c.times[a] && c.times[b] > 0 && c.first[b] < c.first[a] {
			a = b
		}
		c.win[node] = a
	}
}

// modes is Mode over frames.
func (s *slide) modes(idx []uint32) error {
	ids, n, err := s.numbered()
	if err != nil {
		return err
	}
	if err := s.mem.grow(4*int64(len(ids)) + 24*int64(n) + 16); err != nil {
		return err
	}
	next := make([]uint32, len(ids)) // where the same value comes again
	c := newContest(n)
	for i := len(ids) - 1; i >= 0; i-- {
		next[i] = c.first[ids[i]]
		c.first[ids[i]] = uint32(i)
	}
	a, b := uint32(0), uint32(0)
	for p, row := range s.perm {
		lo, hi := s.lo[p], s.hi[p]
		for ; a < min(lo, b); a++ {
			v := ids[a]
			c.times[v]--
			c.first[v] = next[a]
			c.changed(v)
		}
		if a < lo {
			a, b = lo, lo
		}
		for ; b < hi; b++ {
			v := ids[b]
			if c.times[v]++; c.times[v] == 1 {
				c.first[v] = b
			}
			c.changed(v)
		}
		if lo == hi {
			idx[row] = vec.NoRow
			continue
		}
		best := uint32(0)
		if n > 1 {
			best = c.win[1]
		}
		idx[row] = s.counted.rows[c.first[best]]
	}
	return nil
}
