package window

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

// ordered is the values of a partition by size, and which of them are in the frame: a Fenwick tree of counts, in which the k-th is
// found in as many steps as a search takes.
type ordered struct {
	tree []uint32 // tree[0] is not used
	top  int      // the greatest power of two below its length
}

func (o *ordered) reset(n int) {
	o.tree = o.tree[:n+1]
	clear(o.tree)
	o.top = 0
	if n > 0 {
		o.top = 1 << (bits.Len(uint(n)) - 1)
	}
}

// add puts slot i in (by is 1) or takes it out (^0).
func (o *ordered) add(i, by uint32) {
	for at := int(i) + 1; at < len(o.tree); at += at & -at {
		o.tree[at] += by
	}
}

// find returns the slot of the k-th value of the frame, from 0.
func (o *ordered) find(k uint32) uint32 {
	at := 0
	for step := o.top; step > 0; step /= 2 {
		if next := at + step; next < len(o.tree) && o.tree[next] <= k {
			at = next
			k -= o.tree[next]
		}
	}
	return uint32(at)
}

// quantiles is Median, Quantile and Quantiles over frames, and the approximate one, which may be exact.
func (s *slide) quantiles() (vec.Vec, error) {
	v, err := s.values(0)
	if err != nil {
		return vec.Vec{}, err
	}
	n, rows := v.Len, s.computer.rows
	qs := s.call.Expr.Quantiles()
	if err := s.result.grow(8*int64(rows)*int64(len(qs)) + 8*int64(rows)); err != nil {
		return vec.Vec{}, err
	}
	if err := s.mem.grow(24 * int64(n)); err != nil {
		return vec.Vec{}, err
	}
	slots, sorted, err := s.slots(floats(&v))
	if err != nil {
		return vec.Vec{}, err
	}
	out := make([]float64, rows*len(qs))
	o := ordered{tree: make([]uint32, n+1)}
	for g := range s.partitions() {
		from, to := s.at(s.starts[g]), s.at(s.starts[g+1])
		o.reset(int(to - from))
		a, b := from, from
		for p := s.starts[g]; p < s.starts[g+1]; p++ {
			lo, hi := s.lo[p], s.hi[p]
			for ; a < min(lo, b); a++ {
				o.add(slots[a]-from, ^uint32(0))
			}
			if a < lo {
				a, b = lo, lo
			}
			for ; b < hi; b++ {
				o.add(slots[b]-from, 1)
			}
			if lo < hi {
				at := int(s.perm[p]) * len(qs)
				o.quantiles(out[at:at+len(qs)], sorted[from:to], hi-lo, qs)
			}
		}
	}
	if s.op != "quantiles" {
		return s.floatColumn(out, s.present(1)), nil
	}
	return s.quantileLists(out, len(qs)), nil
}

// quantiles writes the quantiles of n values, interpolated between neighbours.
func (o *ordered) quantiles(dst, sorted []float64, n uint32, qs []float64) {
	for i, q := range qs {
		place := q * float64(n-1)
		k := min(uint32(place), n-1)
		x := sorted[o.find(k)]
		if frac := place - float64(k); frac > 0 && k+1 < n {
			x = between(x, sorted[o.find(k+1)], frac)
		}
		dst[i] = x
	}
}

// between interpolates; equal values, infinities among them, stay what they are, and what lies between −∞ and a finite value is −∞.
func between(a, b, frac float64) float64 {
	if a == b || math.IsInf(a, -1) && b-b == 0 {
		return a
	}
	d := b - a
	if d-d != 0 && a-a == 0 && b-b == 0 { // finite values whose distance is not
		return a*(1-frac) + b*frac
	}
	return a + d*frac
}

// slots returns the place of each counted value among those of its partition by size, and the values in that order.
func (s *slide) slots(vals []float64) (slots []uint32, sorted []float64, err error) {
	part := make([]uint32, len(vals))
	for g := range s.partitions() {
		for i := s.at(s.starts[g]); i < s.at(s.starts[g+1]); i++ {
			part[i] = uint32(g)
		}
	}
	cols := []vec.Vec{
		{Type: arrow.PrimitiveTypes.Uint32, Phys: vec.Uint32, Width: 4, Len: len(part), Data: vec.Bytes(part)},
		{Type: arrow.PrimitiveTypes.Float64, Phys: vec.Float64, Width: 8, Len: len(vals), Data: vec.Bytes(vals)},
	}
	o := sorting.Options{Types: []arrow.DataType{cols[0].Type, cols[1].Type}, Keys: []sorting.Key{{Col: 0}, {Col: 1}}, Reserve: s.mem.reserve}
	order, err := sorting.Permutation(o, cols, len(vals))
	if err != nil {
		return nil, nil, err
	}
	slots, sorted = part, make([]float64, len(vals))
	for i := range sorted {
		at := uint32(i)
		if order != nil {
			at = order[i]
		}
		slots[at], sorted[i] = uint32(i), vals[at]
	}
	return slots, sorted, nil
}

// quantileLists makes a list a row of k values.
func (s *slide) quantileLists(vals []float64, k int) vec.Vec {
	rows := s.computer.rows
	offs := make([]int32, rows+1)
	for i := range offs {
		offs[i] = int32(i * k)
	}
	out := vec.Vec{Type: vec.Logical(s.call.Expr.Type()), Phys: vec.List, Len: rows, Offs: offs, Valid: s.present(1)}
	out.Child = []vec.Vec{{Type: arrow.PrimitiveTypes.Float64, Phys: vec.Float64, Width: 8, Len: len(vals), Data: vec.Bytes(vals)}}
	return out
}
