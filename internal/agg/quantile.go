package agg

import (
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// quantile is Median, Quantile and Quantiles: the values of each group, of which the ones at the places asked for are selected (not
// sorted) at the end. NaN is the greatest value.
type quantile struct {
	spec
	all    floats
	groups int
	in     input
	wide   []float64
	elems  []uint32
}

func newQuantile(s spec) (acc, error) {
	if p, _, _ := vec.PhysOf(s.in); !isNumber(p) {
		return nil, s.badType()
	}
	return &quantile{spec: s}, nil
}

func isNumber(p vec.Phys) bool {
	switch p {
	case vec.Null, vec.View, vec.List, vec.Struct, vec.Fixed:
		return false
	}
	return true
}

func (a *quantile) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.groups = max(a.groups, groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	if a.in.n == 0 {
		return nil
	}
	vals := v64(&a.wide, &a.in.vals)
	if a.in.gids == nil {
		a.all.add(nil, vals)
	} else {
		a.all.add(a.in.gids[:len(vals)], vals)
	}
	return a.tooMany(a.all.n)
}

func (a *quantile) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.groups = max(a.groups, groups)
	a.in.scratch.Reset()
	vals, n := childOf(&state[0], rows, &a.in.scratch)
	if n == 0 {
		return nil
	}
	if gids == nil {
		a.all.add(nil, vec.Of[float64](&vals))
	} else {
		a.elems = elements(a.elems, gids[:rows], state[0].Offs)
		a.all.add(a.elems, vec.Of[float64](&vals))
	}
	return a.tooMany(a.all.n)
}

// listOfFloats is the state's type, and that of the result of Quantiles.
var listOfFloats arrow.DataType = arrow.ListOf(arrow.PrimitiveTypes.Float64)

func (a *quantile) types() []arrow.DataType { return []arrow.DataType{listOfFloats} }

func (a *quantile) State() []vec.Vec {
	vals, offs := a.all.grouped(a.groups)
	return []vec.Vec{lists(listOfFloats, column(arrow.PrimitiveTypes.Float64, vals, nil), offs, false)}
}

func (a *quantile) Bytes() int64 {
	return a.all.bytes() + int64(cap(a.elems))*4 + int64(cap(a.wide))*8
}

func (a *quantile) Result(groups int) (vec.Vec, error) {
	a.groups = max(a.groups, groups)
	vals, offs := a.all.grouped(a.groups)
	ranks(vals)
	q := a.quantiles
	out := make([]float64, groups*len(q))
	size := make([]int64, groups)
	for g := range groups {
		of := vals[offs[g]:offs[g+1]]
		size[g] = int64(len(of))
		if len(of) > 0 {
			quantilesOf(out[g*len(q):(g+1)*len(q)], of, q)
		}
	}
	valid := positive(size, 0)
	if a.op != "quantiles" {
		return a.floats(out, valid)
	}
	ends := make([]int32, groups+1)
	for g := range groups {
		ends[g+1] = ends[g] + int32(len(q))
	}
	list := lists(listOfFloats, column(arrow.PrimitiveTypes.Float64, out, nil), ends, false)
	list.Valid = valid
	return list, nil
}

// quantilesOf selects the quantiles of ranks, at least one, each interpolated between its two neighbours.
func quantilesOf(dst, vals []float64, q []float64) {
	keys := rankBits(vals)
	from := 0 // all before it are smaller than all from it on
	last := -1.0
	for i, p := range q {
		if p < last { // not ascending: what was selected says nothing of the part before
			from = 0
		}
		last = p
		place := p * float64(len(keys)-1)
		lo := min(int(place), len(keys)-1)
		selectAt(keys[from:], lo-from)
		from = lo
		x := unrank(keys[lo])
		if frac := place - float64(lo); frac > 0 && lo+1 < len(keys) {
			x = between(x, unrank(slices.Min(keys[lo+1:])), frac)
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

// ranks replaces each value by an integer, in its bits, of the same order: NaN above all, −0 as 0.
func ranks(vals []float64) {
	for i, x := range vals {
		b := int64(math.Float64bits(x))
		if x == 0 {
			b = 0
		}
		b ^= int64(uint64(b>>63) >> 1)
		if x != x {
			b = math.MaxInt64
		}
		vals[i] = math.Float64frombits(uint64(b))
	}
}

// unrank is the value of a rank.
func unrank(r int64) float64 {
	if r == math.MaxInt64 {
		return math.NaN()
	}
	return math.Float64frombits(uint64(r ^ int64(uint64(r>>63)>>1)))
}
