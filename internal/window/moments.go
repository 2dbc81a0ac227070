package window

import (
	"math"

	"github.com/sheafdata/sheaf/internal/vec"
)

// moment is what variance needs of some values: their number, mean, and sum of squared distances from the mean. Merging is by Chan,
// Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
type moment struct{ n, mean, m2 float64 }

func (m *moment) add(x float64) {
	m.n++
	d := x - m.mean
	mean := m.mean + d/m.n
	m.m2 += float64(d * (x - mean))
	m.mean = mean
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

// moments is Var, Std and their population forms over frames, with the two stacks of floatSums.
func (s *slide) moments() (vec.Vec, error) {
	v, err := s.values(0)
	if err != nil {
		return vec.Vec{}, err
	}
	out, err := s.float64s()
	if err != nil {
		return vec.Vec{}, err
	}
	room, err := s.stack(24)
	if err != nil {
		return vec.Vec{}, err
	}
	stack, vals := make([]moment, room), floats(&v)
	less, root := 1.0, s.op == "std" || s.op == "std_pop"
	if s.op == "var_pop" || s.op == "std_pop" {
		less = 0
	}
	var right moment
	base, mid, end := uint32(0), uint32(0), uint32(0)
	for p, row := range s.perm {
		lo, hi := s.lo[p], s.hi[p]
		if lo >= mid {
			var m moment
			for i := hi; i > lo; i-- {
				m.add(vals[i-1])
				stack[i-1-lo] = m
			}
			base, mid, end, right = lo, hi, hi, moment{}
		}
		for ; end < hi; end++ {
			right.add(vals[end])
		}
		m := right
		if lo < mid {
			m.merge(stack[lo-base])
		}
		if m.n <= less {
			continue
		}
		x := m.m2 / (m.n - less)
		if root {
			x = math.Sqrt(x)
		}
		out[row] = x
	}
	return s.floatColumn(out, s.present(uint32(less)+1)), nil
}

// pair is what covariance and correlation need of pairs of values, merged as moments are.
type pair struct{ n, x, y, xx, yy, xy float64 }

func (m *pair) add(x, y float64) {
	m.n++
	dx, dy := x-m.x, y-m.y
	m.x += dx / m.n
	m.y += dy / m.n
	m.xx += float64(dx * (x - m.x))
	m.yy += float64(dy * (y - m.y))
	m.xy += float64(dx * (y - m.y))
}

func (m *pair) merge(o *pair) {
	switch {
	case o.n == 0:
		return
	case m.n == 0:
		*m = *o
		return
	}
	n := m.n + o.n
	dx, dy, w := o.x-m.x, o.y-m.y, m.n*(o.n/n)
	m.x += float64(dx * (o.n / n))
	m.y += float64(dy * (o.n / n))
	m.xx += o.xx + float64(dx*dx)*w
	m.yy += o.yy + float64(dy*dy)*w
	m.xy += o.xy + float64(dx*dy)*w
	m.n = n
}

// corr is NaN where a column does not vary. Rounding alone leads beyond ±1.
func (m *pair) corr() float64 {
	if m.xx <= 0 || m.yy <= 0 {
		return math.NaN()
	}
	return max(-1, min(1, m.xy/(math.Sqrt(m.xx)*math.Sqrt(m.yy))))
}

// pairs is Corr and Cov over frames.
func (s *slide) pairs() (vec.Vec, error) {
	vx, err := s.values(0)
	if err != nil {
		return vec.Vec{}, err
	}
	vy, err := s.values(1)
	if err != nil {
		return vec.Vec{}, err
	}
	out, err := s.float64s()
	if err != nil {
		return vec.Vec{}, err
	}
	room, err := s.stack(48)
	if err != nil {
		return vec.Vec{}, err
	}
	stack, xs, ys := make([]pair, room), floats(&vx), floats(&vy)
	corr, least := s.op == "corr", uint32(2)
	if corr {
		least = 1
	}
	var right pair
	base, mid, end := uint32(0), uint32(0), uint32(0)
	for p, row := range s.perm {
		lo, hi := s.lo[p], s.hi[p]
		if lo >= mid {
			var m pair
			for i := hi; i > lo; i-- {
				m.add(xs[i-1], ys[i-1])
				stack[i-1-lo] = m
			}
			base, mid, end, right = lo, hi, hi, pair{}
		}
		for ; end < hi; end++ {
			right.add(xs[end], ys[end])
		}
		m := right
		if lo < mid {
			m.merge(&stack[lo-base])
		}
		switch {
		case corr:
			out[row] = m.corr()
		case m.n > 1:
			out[row] = m.xy / (m.n - 1)
		}
	}
	return s.floatColumn(out, s.present(least)), nil
}
