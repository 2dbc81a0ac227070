package agg

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// comoment is what covariance and correlation need of the pairs of values of a group: their number, means, the sums of squared
// distances from the means, and of the products of distances.
type comoment struct{ n, x, y, xx, yy, xy float64 }

// comoments is Corr and Cov, over the rows where both columns have a value: Welford's updates, merged as in Chan, Golub and LeVeque (see
// moments).
type comoments struct {
	spec
	by   []comoment
	x, y input
	s    vec.Scratch
	wide [2][]float64
	cols [6][]float64
}

func newComoments(s spec) (acc, error) {
	for _, t := range s.ins {
		if p, _, _ := vec.PhysOf(t); !isNumber(p) {
			return nil, s.badType()
		}
	}
	if len(s.ins) != 2 {
		return nil, s.badType()
	}
	return &comoments{spec: s}, nil
}

func (a *comoments) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.by = growTo(a.by, groups)
	if rows == 0 || args[0].Phys == vec.Null || args[1].Phys == vec.Null {
		return nil
	}
	a.s.Reset()
	mask := a.mask(a.mask(where, args[0].Nulls(&a.s), rows), args[1].Nulls(&a.s), rows)
	a.x.set(&args[0], gids, mask, rows, false)
	a.y.set(&args[1], nil, mask, rows, false)
	if a.x.n == 0 || a.y.n == 0 {
		return nil
	}
	xs, ys := v64(&a.wide[0], &a.x.vals), v64(&a.wide[1], &a.y.vals)
	if a.x.gids == nil {
		for i, x := range xs {
			a.by[0].add(x, ys[i])
		}
		return nil
	}
	by, gs := a.by, a.x.gids[:len(xs)]
	ys = ys[:len(xs)]
	for i, x := range xs {
		by[gs[i]].add(x, ys[i])
	}
	return nil
}

// mask is the rows that are in both bitmaps, nil for all.
func (a *comoments) mask(x, y []uint64, rows int) []uint64 {
	switch {
	case x == nil:
		return y
	case y == nil:
		return x
	}
	out := a.s.Bits(rows)
	for i := range out {
		out[i] = x[i] & y[i]
	}
	return out
}

func (m *comoment) add(x, y float64) {
	m.n++
	dx, dy := x-m.x, y-m.y
	r := 1 / m.n
	mx, my := m.x+dx*r, m.y+dy*r
	ex, ey := x-mx, y-my
	m.xx += float64(dx * ex)
	m.yy += float64(dy * ey)
	m.xy += float64(dx * ey)
	m.x, m.y = mx, my
}

func (m *comoment) merge(o comoment) {
	switch {
	case o.n == 0:
		return
	case m.n == 0:
		*m = o
		return
	}
	n := m.n + o.n
	dx, dy := o.x-m.x, o.y-m.y
	share := o.n / n
	w := m.n * share
	m.x += float64(dx * share)
	m.y += float64(dy * share)
	m.xx += o.xx + float64(dx*dx)*w
	m.yy += o.yy + float64(dy*dy)*w
	m.xy += o.xy + float64(dx*dy)*w
	m.n = n
}

func (a *comoments) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.by = growTo(a.by, groups)
	var c [6][]float64
	for k := range c {
		c[k] = vec.Of[float64](&state[k])
	}
	for i, g := range rowGids(gids, rows) {
		a.by[g].merge(comoment{c[0][i], c[1][i], c[2][i], c[3][i], c[4][i], c[5][i]})
	}
	return nil
}

func (a *comoments) types() []arrow.DataType {
	t := make([]arrow.DataType, len(a.cols))
	for i := range t {
		t[i] = arrow.PrimitiveTypes.Float64
	}
	return t
}

func (a *comoments) State() []vec.Vec {
	for k := range a.cols {
		a.cols[k] = growTo(a.cols[k][:0], len(a.by))
	}
	for g, m := range a.by {
		for k, v := range [...]float64{m.n, m.x, m.y, m.xx, m.yy, m.xy} {
			a.cols[k][g] = v
		}
	}
	out := make([]vec.Vec, len(a.cols))
	for k, c := range a.cols {
		out[k] = column(arrow.PrimitiveTypes.Float64, c, nil)
	}
	return out
}

func (a *comoments) Bytes() int64 { return int64(cap(a.by)+cap(a.cols[0])) * 48 }

// Result: Cov of fewer than two pairs is null; Corr of none is null, and NaN where a column does not vary, one pair among them.
func (a *comoments) Result(groups int) (vec.Vec, error) {
	a.by = growTo(a.by, groups)
	n, vals := make([]int64, groups), make([]float64, groups)
	for g, m := range a.by[:groups] {
		n[g] = int64(m.n)
		switch {
		case a.op == "corr":
			vals[g] = m.corr()
		case m.n > 1:
			vals[g] = m.xy / (m.n - 1)
		}
	}
	over := int64(1)
	if a.op == "corr" {
		over = 0
	}
	return a.floats(vals, positive(n, over))
}

func (m *comoment) corr() float64 {
	if m.xx <= 0 || m.yy <= 0 {
		return math.NaN()
	}
	r := m.xy / (math.Sqrt(m.xx) * math.Sqrt(m.yy))
	return max(-1, min(1, r)) // rounding alone leads beyond; NaN stays
}
