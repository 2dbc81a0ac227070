package agg

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// exact is Sum and Mean of floats, Var, Std and their population forms, Corr and Cov without any rounding on the way (expr.Mods.Exact):
// answers do not depend on the order of rows. They are the exact ones, rounded at the end.
type exact struct {
	spec
	// n is the number of values, or pairs of values, of each group.
	n []int64
	// sums are those of x; then of x² or, where there are two arguments, of y, xy and (for Corr) x² and y².
	sums []longSums
	x, y input
	s    vec.Scratch
	wide [2][]float64
}

// newExact returns nil for aggregates that are exact anyway, or take their values as they come.
func newExact(s spec) acc {
	for _, t := range s.ins {
		if p, _, _ := vec.PhysOf(t); !isNumber(p) {
			return nil
		}
	}
	a := &exact{spec: s}
	switch s.op {
	case "sum", "mean":
		switch p, _, _ := vec.PhysOf(s.in); p {
		case vec.Float16, vec.Float32, vec.Float64:
		default:
			return nil
		}
		a.sums = []longSums{exactOfValues()}
	case "var", "std", "var_pop", "std_pop":
		a.sums = []longSums{exactOfValues(), exactOfProducts()}
	case "cov":
		a.sums = []longSums{exactOfValues(), exactOfValues(), exactOfProducts()}
	case "corr":
		a.sums = []longSums{exactOfValues(), exactOfValues(), exactOfProducts(), exactOfProducts(), exactOfProducts()}
	default:
		return nil
	}
	return a
}

func (a *exact) makeRoom(groups int) {
	a.n = growTo(a.n, groups)
	for i := range a.sums {
		a.sums[i].grow(groups)
	}
}

func (a *exact) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.makeRoom(groups)
	if rows == 0 {
		return nil
	}
	if len(a.ins) == 2 {
		a.updatePairs(gids, args, where, rows)
		return nil
	}
	a.x.set(&args[0], gids, where, rows, false)
	if a.x.n == 0 {
		return nil
	}
	gids, xs := a.x.gids, v64(&a.wide[0], &a.x.vals)
	a.count(gids, len(xs))
	a.sums[0].addAll(gids, xs)
	if len(a.sums) > 1 {
		a.sums[1].addProducts(gids, xs, xs)
	}
	return nil
}

// updatePairs takes the rows where both columns have a value.
func (a *exact) updatePairs(gids []uint32, args []vec.Vec, where []uint64, rows int) {
	if args[0].Phys == vec.Null || args[1].Phys == vec.Null {
		return
	}
	a.s.Reset()
	mask := where
	for i := range args[:2] {
		if valid := args[i].Nulls(&a.s); mask == nil {
			mask = valid
		} else if valid != nil {
			both := a.s.Bits(rows)
			for w := range both {
				both[w] = mask[w] & valid[w]
			}
			mask = both
		}
	}
	a.x.set(&args[0], gids, mask, rows, false)
	a.y.set(&args[1], nil, mask, rows, false)
	if a.x.n == 0 || a.y.n == 0 {
		return
	}
	gids, xs, ys := a.x.gids, v64(&a.wide[0], &a.x.vals), v64(&a.wide[1], &a.y.vals)
	a.count(gids, len(xs))
	a.sums[0].addAll(gids, xs)
	a.sums[1].addAll(gids, ys)
	a.sums[2].addProducts(gids, xs, ys)
	if len(a.sums) > 3 {
		a.sums[3].addProducts(gids, xs, xs)
		a.sums[4].addProducts(gids, ys, ys)
	}
}

func (a *exact) count(gids []uint32, n int) {
	if gids == nil {
		a.n[0] += int64(n)
		return
	}
	for _, g := range gids[:n] {
		a.n[g]++
	}
}

func (a *exact) types() []arrow.DataType {
	t := []arrow.DataType{arrow.PrimitiveTypes.Int64}
	for range a.sums {
		t = append(t, exactTypes()...)
	}
	return t
}

func (a *exact) State() []vec.Vec {
	out := []vec.Vec{column(arrow.PrimitiveTypes.Int64, a.n, nil)}
	for i := range a.sums {
		out = append(out, a.sums[i].columns()...)
	}
	return out
}

func (a *exact) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.makeRoom(groups)
	a.s.Reset()
	gids = rowGids(gids, rows)
	for i, n := range vec.Of[int64](&state[0])[:rows] {
		a.n[gids[i]] += n
	}
	for i := range a.sums {
		a.sums[i].merge(gids, state[1+2*i:3+2*i], rows, &a.s)
	}
	return nil
}

func (a *exact) Bytes() int64 {
	sum := int64(cap(a.n)+cap(a.wide[0])+cap(a.wide[1])) * 8
	for i := range a.sums {
		sum += a.sums[i].bytes()
	}
	return sum
}

func (a *exact) Result(groups int) (vec.Vec, error) {
	a.makeRoom(groups)
	least := int64(0) // the values that a group must have more than
	switch a.op {
	case "var", "std", "cov":
		least = 1
	}
	vals := make([]float64, groups)
	var b bigMoments
	for g := range vals {
		if n := a.n[g]; n > least {
			vals[g] = a.value(&b, g, n)
		}
	}
	return a.floats(vals, positive(a.n[:groups], least))
}

func (a *exact) value(b *bigMoments, g int, n int64) float64 {
	switch a.op {
	case "sum":
		return a.sums[0].value(g)
	case "mean":
		return a.sums[0].value(g) / float64(n)
	}
	x, y := &a.sums[0], &a.sums[len(a.ins)-1]
	if x.of(g).is(exactInfinite) || y.of(g).is(exactInfinite) {
		return math.NaN()
	}
	switch a.op {
	case "var":
		return b.covariance(x, x, &a.sums[1], g, n, n-1)
	case "var_pop":
		return b.covariance(x, x, &a.sums[1], g, n, n)
	case "std":
		return math.Sqrt(b.covariance(x, x, &a.sums[1], g, n, n-1))
	case "std_pop":
		return math.Sqrt(b.covariance(x, x, &a.sums[1], g, n, n))
	case "cov":
		return b.covariance(x, y, &a.sums[2], g, n, n-1)
	}
	return b.correlation(x, y, &a.sums[2], &a.sums[3], &a.sums[4], g, n)
}
