package agg

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// moment is what variance needs of the values of a group: their number, mean, and sum of squared distances from the mean.
type moment struct{ n, mean, m2 float64 }

// moments is Var, Std and their population forms: Welford's updates (1962), merged as in Chan, Golub and LeVeque, "Updating formulae and a
// pairwise algorithm for computing sample variances" (1979).
type moments struct {
	spec
	sample, root bool
	by           []moment
	in           input
	wide         []float64
	cols         [3][]float64
}

func newMoments(s spec) (acc, error) {
	switch p, _, _ := vec.PhysOf(s.in); p {
	case vec.View, vec.List, vec.Struct, vec.Fixed:
		return nil, s.badType()
	}
	return &moments{spec: s, sample: s.op == "var" || s.op == "std", root: s.op == "std" || s.op == "std_pop"}, nil
}

func (a *moments) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.by = growTo(a.by, groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	if a.in.n == 0 {
		return nil
	}
	vals := v64(&a.wide, &a.in.vals)
	if a.in.gids == nil {
		a.by[0].merge(momentOf(vals))
		return nil
	}
	by, gids := a.by, a.in.gids[:len(vals)]
	for i, x := range vals {
		m := &by[gids[i]]
		m.n++
		d := x - m.mean
		mean := m.mean + d/m.n
		m.m2 += float64(d * (x - mean))
		m.mean = mean
	}
	return nil
}

// momentOf takes two passes: over the values for their mean, over their distances for the rest; what rounding left of the sum of
// distances corrects both.
func momentOf(vals []float64) moment {
	var s twoFloats
	sumOne(&s, vals)
	n := float64(len(vals))
	m := moment{n: n, mean: s.value() / n}
	var d0, d1, q0, q1 float64
	k := len(vals) &^ 1
	for i := 0; i < k; i += 2 {
		d, e := vals[i]-m.mean, vals[i+1]-m.mean
		d0 += d
		d1 += e
		q0 += float64(d * d)
		q1 += float64(e * e)
	}
	if k < len(vals) {
		d := vals[k] - m.mean
		d0 += d
		q0 += float64(d * d)
	}
	d := d0 + d1
	m.m2 = max((q0+q1)-float64(d*d)/n, 0)
	return m
}

func (m *moment) merge(o moment) {
	switch {
	case o.n == 0:
		return
	case m.n == 0:
		*m = o
		return
	}
	n := m.n + o.n
	d := o.mean - m.mean
	m.mean += float64(d * (o.n / n))
	m.m2 += o.m2 + float64(d*d)*(m.n*(o.n/n))
	m.n = n
}

func (a *moments) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.by = growTo(a.by, groups)
	n, mean, m2 := vec.Of[float64](&state[0]), vec.Of[float64](&state[1]), vec.Of[float64](&state[2])
	for i, g := range rowGids(gids, rows) {
		a.by[g].merge(moment{n[i], mean[i], m2[i]})
	}
	return nil
}

func (a *moments) types() []arrow.DataType {
	f := arrow.PrimitiveTypes.Float64
	return []arrow.DataType{f, f, f}
}

func (a *moments) State() []vec.Vec {
	out := make([]vec.Vec, len(a.cols))
	for k := range a.cols {
		a.cols[k] = growTo(a.cols[k][:0], len(a.by))
	}
	for g, m := range a.by {
		a.cols[0][g], a.cols[1][g], a.cols[2][g] = m.n, m.mean, m.m2
	}
	for k, c := range a.cols {
		out[k] = column(arrow.PrimitiveTypes.Float64, c, nil)
	}
	return out
}

func (a *moments) Bytes() int64 { return int64(cap(a.by)+cap(a.cols[0])) * 24 }

func (a *moments) Result(groups int) (vec.Vec, error) {
	a.by = growTo(a.by, groups)
	less := 0.0
	if a.sample {
		less = 1
	}
	n, vals := make([]int64, groups), make([]float64, groups)
	for g, m := range a.by[:groups] {
		n[g] = int64(m.n)
		if m.n > less {
			vals[g] = m.m2 / (m.n - less)
			if a.root {
				vals[g] = math.Sqrt(vals[g])
			}
		}
	}
	return a.floats(vals, positive(n, int64(less)))
}
