package window

import (
	"math"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// counted lists the rows that a call counts, by place.
type counted struct {
	rows []uint32
	// before has, for every place and the one after the last, how many counted rows come before it; nil: all rows count.
	before []uint32
}

// at is how many counted rows come before place p.
func (s *counted) at(p uint32) uint32 {
	if s.before == nil {
		return p
	}
	return s.before[p]
}

// count lists the rows whose bit is set; nil: all.
func (c *computer) count(bits []uint64) (counted, error) {
	if bits == nil || bitmap.All(bits, c.rows) {
		return counted{rows: c.perm}, nil
	}
	n := bitmap.Count(bits, c.rows)
	if err := c.mem.grow(4 * int64(c.rows+1+n)); err != nil {
		return counted{}, err
	}
	s := counted{rows: make([]uint32, n+1), before: make([]uint32, c.rows+1)}
	k := uint32(0)
	for p, row := range c.perm {
		s.before[p] = k
		s.rows[k] = row
		k += uint32(bits[row>>6] >> (row & 63) & 1)
	}
	s.before[c.rows] = k
	s.rows = s.rows[:n]
	return s, nil
}

// shift is Lag and Lead: the value of the n-th counted row before or after.
func (c *computer) shift(call *Call, op string) (vec.Vec, error) {
	n, _ := call.Expr.Param(0).(int64)
	if op == "lag" {
		n = -max(n, -math.MaxInt64)
	}
	idx, err := c.sources()
	if err != nil {
		return vec.Vec{}, err
	}
	where := c.where(call)
	s, err := c.count(where)
	if err != nil {
		return vec.Vec{}, err
	}
	for g := range c.partitions() {
		c.shiftPartition(idx, &s, where, c.starts[g], c.starts[g+1], n)
	}
	return c.take(call, idx)
}

func (c *computer) shiftPartition(idx []uint32, s *counted, where []uint64, from, to uint32, n int64) {
	lo, hi := int64(s.at(from)), int64(s.at(to))
	if n > hi-lo || -n > hi-lo {
		n = hi - lo + 1 // out of the partition from everywhere
	}
	for p := from; p < to; p++ {
		row := c.perm[p]
		k := int64(s.at(p)) + n
		if n > 0 && where != nil && where[row>>6]>>(row&63)&1 == 0 {
			k-- // the row itself is not counted: the first after it is at its own number
		}
		switch {
		case k < lo || k >= hi, n == 0 && where != nil && where[row>>6]>>(row&63)&1 == 0:
			idx[row] = vec.NoRow
		default:
			idx[row] = s.rows[k]
		}
	}
}

// fill is FillForward and FillBackward: the value of the nearest row at or before (after) this one that has one and counts.
func (c *computer) fill(call *Call, backward bool) (vec.Vec, error) {
	idx, err := c.sources()
	if err != nil {
		return vec.Vec{}, err
	}
	has := c.valid(call, c.where(call))
	for g := range c.partitions() {
		part := c.perm[c.starts[g]:c.starts[g+1]]
		last := uint32(vec.NoRow)
		if backward {
			for i := len(part) - 1; i >= 0; i-- {
				row := part[i]
				if has == nil || has[row>>6]>>(row&63)&1 == 1 {
					last = row
				}
				idx[row] = last
			}
			continue
		}
		for _, row := range part {
			if has == nil || has[row>>6]>>(row&63)&1 == 1 {
				last = row
			}
			idx[row] = last
		}
	}
	return c.take(call, idx)
}

// valid is the rows of where that have a value in all arguments of the call; nil: all rows.
func (c *computer) valid(call *Call, where []uint64) []uint64 {
	for _, at := range call.Args {
		v := &c.cols[at]
		if v.Phys == vec.Null || v.Dict != nil && v.Dict.Values.Len == 0 {
			return make([]uint64, bitmap.Words(c.rows))
		}
		valid := v.Nulls(nil)
		if valid == nil {
			continue
		}
		both := make([]uint64, bitmap.Words(c.rows))
		copy(both, valid)
		if where != nil {
			bitmap.And(both, both, where)
		}
		where = both
	}
	return where
}

// sources returns room for the row that each row's value comes from.
func (c *computer) sources() ([]uint32, error) {
	if err := c.mem.grow(4 * int64(c.rows)); err != nil {
		return nil, err
	}
	return make([]uint32, c.rows), nil
}

// take gathers the argument's values from the rows of idx.
func (c *computer) take(call *Call, idx []uint32) (vec.Vec, error) {
	v := &c.cols[call.Args[0]]
	if err := c.result.grow(takenBytes(v, len(idx))); err != nil {
		return vec.Vec{}, err
	}
	var out vec.Vec
	vec.TakeOpt(&out, v, idx, nil)
	return out, nil
}

// takenBytes is about the memory that n rows gathered from v take.
func takenBytes(v *vec.Vec, n int) int64 {
	width := int64(v.Width)
	if v.Phys == vec.List || v.Phys == vec.Struct {
		for i := range v.Child {
			per := int64(1)
			if v.Phys == vec.List && v.Len > 0 {
				per = max(1, int64(v.Child[i].Len/v.Len))
			}
			width += 4 + per*(takenBytes(&v.Child[i], 1)+1)
		}
	}
	return int64(n)*width + int64(n)/8 + 8
}
