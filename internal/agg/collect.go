package agg

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// floatChunk is how many collected values stand in one piece of memory: pieces are never copied to grow, and a piece is small beside
// what is collected where many are.
const floatChunk = 16 << 10

// floats collects numbers with the group of each, in the order in which they come.
type floats struct {
	vals [][]float64
	gids [][]uint32 // nil while all are of group 0
	n    int
}

// room returns how many more values the last piece takes, after making one where there is none.
func (c *floats) room() int {
	if k := len(c.vals); k > 0 {
		if free := cap(c.vals[k-1]) - len(c.vals[k-1]); free > 0 {
			return free
		}
	}
	size := floatChunk
	if len(c.vals) == 0 { // few values must not cost a whole piece: there may be thousands of aggregates and tasks
		size = 256
	}
	c.vals = append(c.vals, make([]float64, 0, size))
	if c.gids != nil {
		c.gids = append(c.gids, make([]uint32, 0, size))
	}
	return size
}

// add appends values; gids nil means group 0.
func (c *floats) add(gids []uint32, vals []float64) {
	if gids != nil && c.gids == nil {
		c.gids = [][]uint32{}
		for _, v := range c.vals {
			c.gids = append(c.gids, make([]uint32, len(v), cap(v)))
		}
	}
	c.n += len(vals)
	for len(vals) > 0 {
		k := min(c.room(), len(vals))
		last := len(c.vals) - 1
		c.vals[last] = append(c.vals[last], vals[:k]...)
		vals = vals[k:]
		switch {
		case gids != nil:
			c.gids[last] = append(c.gids[last], gids[:k]...)
			gids = gids[k:]
		case c.gids != nil:
			c.gids[last] = c.gids[last][:len(c.gids[last])+k]
		}
	}
}

// grouped returns the values with those of a group together, in their order, and where each group begins: groups+1 places.
func (c *floats) grouped(groups int) (vals []float64, offs []int32) {
	offs = make([]int32, groups+1)
	vals = make([]float64, c.n)
	if c.gids == nil {
		at := 0
		for _, v := range c.vals {
			at += copy(vals[at:], v)
		}
		for g := 1; g <= groups; g++ {
			offs[g] = int32(c.n)
		}
		return vals, offs
	}
	for _, gids := range c.gids {
		countGroups(offs[1:], gids)
	}
	at := starts(offs)
	for k, gids := range c.gids {
		scatter(vals, at, gids, c.vals[k])
	}
	return vals, offs
}

func countGroups(n []int32, gids []uint32) {
	for _, g := range gids {
		n[g]++
	}
}

// starts turns the counts in offs[1:] into offsets and returns a copy to count up in.
func starts(offs []int32) []int32 {
	for g := 1; g < len(offs); g++ {
		offs[g] += offs[g-1]
	}
	return append(make([]int32, 0, len(offs)), offs...)
}

func scatter(dst []float64, at []int32, gids []uint32, vals []float64) {
	vals = vals[:len(gids)]
	for i, g := range gids {
		k := at[g]
		dst[k] = vals[i]
		at[g] = k + 1
	}
}

func (c *floats) bytes() int64 {
	sum := int64(0)
	for k, v := range c.vals {
		sum += int64(cap(v)) * 8
		if c.gids != nil {
			sum += int64(cap(c.gids[k])) * 4
		}
	}
	return sum
}

// order lists rows with those of a group together, in their order, and where each group begins: a counting sort.
func order(gids []uint32, groups int) (idx []uint32, offs []int32) {
	offs = make([]int32, groups+1)
	countGroups(offs[1:], gids)
	at := starts(offs)
	idx = make([]uint32, len(gids))
	for i, g := range gids {
		idx[at[g]] = uint32(i)
		at[g]++
	}
	return idx, offs
}

// elements repeats each group for the elements of its list.
func elements(dst, gids []uint32, offs []int32) []uint32 {
	dst = dst[:0]
	for i, g := range gids {
		for range offs[i+1] - offs[i] {
			dst = append(dst, g)
		}
	}
	return dst
}

// childOf returns the elements of a list column's rows, no more, and their number.
func childOf(list *vec.Vec, rows int, s *vec.Scratch) (vec.Vec, int) {
	var out vec.Vec
	if rows == 0 || len(list.Offs) == 0 {
		return out, 0
	}
	from, to := list.Offs[0], list.Offs[rows]
	if from == to {
		return out, 0
	}
	vec.Slice(&out, &list.Child[0], int(from), int(to-from), s)
	return out, int(to - from)
}

// lists wraps elements as a list column; groups without elements are null where noneIsNull says so.
func lists(t arrow.DataType, child vec.Vec, offs []int32, noneIsNull bool) vec.Vec {
	n := len(offs) - 1
	out := vec.Vec{Type: t, Phys: vec.List, Len: n, Offs: offs, Child: []vec.Vec{child}}
	if !noneIsNull {
		return out
	}
	size := make([]int64, n)
	for g := range size {
		size[g] = int64(offs[g+1] - offs[g])
	}
	out.Valid = positive(size, 0)
	return out
}

// tooMany is the fault of more collected values than the offsets of a list can tell apart.
func (s *spec) tooMany(n int) error {
	if n <= math.MaxInt32 {
		return nil
	}
	f := fault.New(fault.Memory, "Agg", "%s collects more than %d values in one task", s.op, math.MaxInt32)
	f.At, f.Column = s.at, s.column
	return f.WithHint("use ApproxQuantile, or group by more keys")
}
