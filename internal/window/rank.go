package window

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// ranking is RowNumber, Rank and DenseRank. With a condition they count the rows for which it is true; the others get null.
func (c *computer) ranking(call *Call, op string) (vec.Vec, error) {
	if err := c.result.grow(8*int64(c.rows) + 8*int64(bitmap.Words(c.rows))); err != nil {
		return vec.Vec{}, err
	}
	var peers []uint64
	if op != "row_number" {
		var err error
		if peers, err = c.changes(); err != nil {
			return vec.Vec{}, err
		}
	}
	where := c.where(call)
	out := make([]int64, c.rows)
	switch {
	case where != nil:
		c.rankWhere(out, where, peers, op)
	case op == "row_number":
		c.number(out)
	case op == "rank":
		c.rank(out, peers)
	default:
		c.denseRank(out, peers)
	}
	return vec.Vec{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Width: 8, Len: c.rows, Data: vec.Bytes(out), Valid: where}, nil
}

func (c *computer) number(out []int64) {
	for g := range c.partitions() {
		for i, row := range c.perm[c.starts[g]:c.starts[g+1]] {
			out[row] = int64(i + 1)
		}
	}
}

func (c *computer) rank(out []int64, peers []uint64) {
	for g := range c.partitions() {
		s, e := int(c.starts[g]), int(c.starts[g+1])
		r := int64(0)
		for p := s; p < e; p++ {
			if peers[p>>6]>>(uint(p)&63)&1 == 1 {
				r = int64(p - s + 1)
			}
			out[c.perm[p]] = r
		}
	}
}

func (c *computer) denseRank(out []int64, peers []uint64) {
	for g := range c.partitions() {
		s, e := int(c.starts[g]), int(c.starts[g+1])
		r := int64(0)
		for p := s; p < e; p++ {
			r += int64(peers[p>>6] >> (uint(p) & 63) & 1)
			out[c.perm[p]] = r
		}
	}
}

func (c *computer) rankWhere(out []int64, where, peers []uint64, op string) {
	for g := range c.partitions() {
		var n, rank, dense int64
		fresh := true // a new value since the last row that counts
		for p := int(c.starts[g]); p < int(c.starts[g+1]); p++ {
			row := c.perm[p]
			if peers != nil {
				fresh = fresh || peers[p>>6]>>(uint(p)&63)&1 == 1
			}
			if where[row>>6]>>(row&63)&1 == 0 {
				continue
			}
			n++
			if fresh {
				rank, dense, fresh = n, dense+1, false
			}
			switch op {
			case "row_number":
				out[row] = n
			case "rank":
				out[row] = rank
			default:
				out[row] = dense
			}
		}
	}
}
