package agg

import (
	"cmp"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

// approxQuantile is ApproxQuantile: DDSketch (Masson, Rim and Lee, 2019), which counts values in buckets whose bounds grow by a constant
// factor. The answer is within sketchError, relative, of the value at the quantile's rank (the lower of the two that Quantile would
// interpolate between). Counts add up, so the answer does not depend on how rows were divided.
type approxQuantile struct {
	spec
	groups int
	n      counts // by group and bucket
	in     input
	wide   []float64
	elems  []uint32
}

const (
	// sketchError is the greatest relative distance of an answer from the value at its rank.
	sketchError = 0.005
	gamma       = (1 + sketchError) / (1 - sketchError)
	// bucketMiddle sets the buckets of the smallest numbers, whose logarithm is about −745, above 0.
	bucketMiddle = 100_000
	// The buckets of what has no logarithm. Zero is bucket 0, negative numbers have negative buckets.
	bucketInf = 1 << 20
	bucketNaN = bucketInf + 1
)

var perLog = 1 / math.Log(gamma)

func newApproxQuantile(s spec) (acc, error) {
	if p, _, _ := vec.PhysOf(s.in); !isNumber(p) {
		return nil, s.badType()
	}
	return &approxQuantile{spec: s}, nil
}

// bucketOf numbers the buckets in the order of their values.
func bucketOf(x float64) int32 {
	switch {
	case x != x:
		return bucketNaN
	case x == 0:
		return 0
	case x < 0:
		return -bucketOf(-x)
	case x > math.MaxFloat64:
		return bucketInf
	}
	return int32(math.Ceil(kernel.Log(x)*perLog)) + bucketMiddle
}

// middleOf is the value that is at most sketchError from all of a bucket.
func middleOf(b int32) float64 {
	switch {
	case b == bucketNaN:
		return math.NaN()
	case b == 0:
		return 0
	case b < 0:
		return -middleOf(-b)
	case b == bucketInf:
		return math.Inf(1)
	}
	x := math.Exp(float64(b-bucketMiddle)/perLog) * (2 / (gamma + 1))
	return min(x, math.MaxFloat64)
}

// A key is the group above the bucket, which is moved above 0.
func sketchKey(g uint32, b int32) uint64 { return uint64(g)<<32 | uint64(uint32(b+bucketNaN+1)) }

func (a *approxQuantile) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
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
		for _, x := range vals {
			a.n.add(sketchKey(0, bucketOf(x)), 1)
		}
		return nil
	}
	gs := a.in.gids[:len(vals)]
	for i, x := range vals {
		a.n.add(sketchKey(gs[i], bucketOf(x)), 1)
	}
	return nil
}

// bucket is a bucket of a group and its count.
type bucket struct {
	key uint64
	n   int64
}

// sorted lists the buckets by group and value.
func (a *approxQuantile) sorted() []bucket {
	out := make([]bucket, 0, a.n.used)
	for i, k := range a.n.keys {
		if k != 0 {
			out = append(out, bucket{k - 1, a.n.n[i]})
		}
	}
	slices.SortFunc(out, func(x, y bucket) int { return cmp.Compare(x.key, y.key) })
	return out
}

func (a *approxQuantile) types() []arrow.DataType {
	return []arrow.DataType{arrow.ListOf(arrow.PrimitiveTypes.Int64), arrow.ListOf(arrow.PrimitiveTypes.Int64)}
}

// State is the buckets of each group and their counts.
func (a *approxQuantile) State() []vec.Vec {
	all := a.sorted()
	keys, n, offs := make([]int64, len(all)), make([]int64, len(all)), make([]int32, a.groups+1)
	for i, b := range all {
		keys[i], n[i] = int64(uint32(b.key)), b.n
		offs[b.key>>32+1]++
	}
	starts(offs)
	t, i64 := a.types()[0], arrow.PrimitiveTypes.Int64
	return []vec.Vec{lists(t, column(i64, keys, nil), offs, false), lists(t, column(i64, n, nil), offs, false)}
}

func (a *approxQuantile) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.groups = max(a.groups, groups)
	a.in.scratch.Reset()
	keys, n := childOf(&state[0], rows, &a.in.scratch)
	if n == 0 {
		return nil
	}
	more, _ := childOf(&state[1], rows, &a.in.scratch)
	a.elems = elements(a.elems, rowGids(gids, rows), state[0].Offs)
	ks, ns := vec.Of[int64](&keys), vec.Of[int64](&more)
	for i, g := range a.elems {
		a.n.add(uint64(g)<<32|uint64(ks[i]), ns[i])
	}
	return nil
}

func (a *approxQuantile) Result(groups int) (vec.Vec, error) {
	a.groups = max(a.groups, groups)
	all := a.sorted()
	total := make([]int64, groups)
	for _, b := range all {
		total[b.key>>32] += b.n
	}
	out, seen := make([]float64, groups), make([]int64, groups)
	for _, b := range all {
		g := b.key >> 32
		place := int64(a.quantiles[0] * float64(total[g]-1))
		if seen[g] <= place && place < seen[g]+b.n {
			out[g] = middleOf(int32(uint32(b.key)) - bucketNaN - 1)
		}
		seen[g] += b.n
	}
	return a.floats(out, positive(total, 0))
}

func (a *approxQuantile) Bytes() int64 {
	return a.n.bytes() + int64(cap(a.wide))*8 + int64(cap(a.elems))*4
}
