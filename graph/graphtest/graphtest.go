// Package graphtest holds task graphs of known shapes, for tests of orders and schedulers and for benchmarks. Most are shapes on which an order
// of execution that looks good elsewhere keeps too many results alive; what they stand for is said with each.
//
// The package orders and runs nothing. It may import package graph.
package graphtest

import (
	"context"

	"github.com/sheafdata/sheaf/graph"
)

// Shape is one graph.
type Shape struct {
	Name string
	// Most is how many results graph.Order may hold at once, results that nobody reads included: what it holds when this is written, which
	// is what Dask 2026.8 holds or less, but for the last shape (25 there).
	Most  int
	Build func() *graph.Graph
}

// maker adds tasks that do nothing.
type maker struct{ *graph.Graph }

func (m maker) add(deps ...graph.ID) graph.ID {
	return m.Add(graph.Task{Deps: deps, Run: func(context.Context, []any) (any, error) { return nil, nil }})
}

// roots adds tasks without dependencies.
func (m maker) roots(n int) (ids []graph.ID) {
	for range n {
		ids = append(ids, m.add())
	}
	return ids
}

// each adds a task after each.
func (m maker) each(ids []graph.ID) (out []graph.ID) {
	for _, id := range ids {
		out = append(out, m.add(id))
	}
	return out
}

// reduce adds a tree over the tasks, of so many branches.
func (m maker) reduce(ids []graph.ID, branches int) graph.ID {
	for len(ids) > 1 {
		var up []graph.ID
		for i := 0; i < len(ids); i += branches {
			up = append(up, m.add(ids[i:min(i+branches, len(ids))]...))
		}
		ids = up
	}
	return ids[0]
}

// chain adds n tasks one after the other.
func (m maker) chain(id graph.ID, n int) graph.ID {
	for range n {
		id = m.add(id)
	}
	return id
}

func shape(name string, most int, build func(m maker)) Shape {
	return Shape{name, most, func() *graph.Graph {
		m := maker{graph.New()}
		build(m)
		return m.Graph
	}}
}

// Peak returns how many results are held at most when tasks are executed in this order and each result goes after its last reader.
// Results that nobody reads stay.
func Peak(g *graph.Graph, order []graph.ID) int {
	readers := make([]int, g.Len())
	for id := range readers {
		for _, d := range g.Deps(graph.ID(id)) {
			readers[d]++
		}
	}
	held, most := 0, 0
	for _, id := range order {
		held++
		most = max(most, held)
		for _, d := range g.Deps(id) {
			if readers[d]--; readers[d] == 0 {
				held--
			}
		}
	}
	return most
}

// Shapes returns all graphs. Those that are named by layers add tasks layer after layer, as collections do; what has an order by
// place must not follow the order of Add there.
func Shapes() []Shape { return append(append(small(), reductions()...), science()...) }

// small are the shapes in which one wrong step is seen.
func small() []Shape {
	return []Shape{
		shape("avoid broker: the root of one reader before that of two", 4, func(m maker) {
			two, one := m.add(), m.add()
			m.add(two)
			m.add(two)
			m.add(one)
		}),
		shape("avoid upwards branching", 4, func(m maker) {
			c2 := m.chain(m.add(), 1)
			b1 := m.chain(m.add(), 1)
			c1 := m.add(c2)
			m.add(c1) // another end that shares c1
			m.chain(m.add(b1, c1), 2)
		}),
		shape("upwards branching, with a detour", 4, func(m maker) {
			c3, e2 := m.add(), m.add()
			c1 := m.chain(c3, 2)
			m.chain(m.add(c1, e2), 2)
			m.chain(m.add(c1, m.chain(m.add(), 1)), 2)
		}),
		shape("prefer deep", 3, func(m maker) {
			c, d := m.add(), m.add()
			m.chain(d, 6)
			m.chain(c, 1)
		}),
		shape("deep chain", 2, func(m maker) { m.chain(m.add(), 20000) }),
		shape("two deep chains that meet", 3, func(m maker) {
			a, b := m.add(), m.add()
			for range 1000 {
				a, b = m.add(a), m.add(b)
			}
			m.add(a, b)
		}),
		shape("local: neighbours share their inputs", 103, func(m maker) {
			x := m.roots(102)
			for i := range 100 {
				m.add(x[i], x[i+1], x[i+2])
			}
		}),
		shape("local: neighbours share, all added", 103, func(m maker) {
			x := m.roots(102)
			var y []graph.ID
			for i := range 100 {
				y = append(y, m.add(x[i], x[i+1], x[i+2]))
			}
			m.add(y...)
		}),
		shape("prefer short: long and short readers of one root", 4, func(m maker) {
			root := m.add()
			m.chain(root, 20)
			m.add(root)
			m.chain(root, 3)
		}),
		shape("smaller sections first", 4, func(m maker) {
			a, b, c := m.add(), m.add(), m.add()
			cc := m.add(c)
			m.add(m.add(b), cc)
			m.add(m.add(m.add(a)), cc)
		}),
		shape("free the parent: eager readers", 12, func(m maker) {
			var ends []graph.ID
			for range 10 {
				load := m.add()
				a, b := m.add(load), m.add(load)
				ends = append(ends, m.add(a, b))
			}
			m.add(ends...)
		}),
		shape("a root that everybody reads", 52, func(m maker) {
			all := m.add()
			var parts []graph.ID
			for _, x := range m.roots(50) {
				parts = append(parts, m.add(m.add(x, all), all))
			}
			m.add(parts...)
		}),
		shape("stores that end in one", 41, func(m maker) {
			var stores []graph.ID
			for _, x := range m.each(m.roots(40)) {
				stores = append(stores, m.add(m.add(x)))
			}
			m.add(stores...)
		}),
	}
}

// reductions are trees, alone and beside each other.
func reductions() []Shape {
	return []Shape{
		shape("loads, each reduced, all added", 101, func(m maker) { m.add(m.each(m.each(m.roots(100)))...) }),
		shape("tree over 128, by layers", 9, func(m maker) { m.reduce(m.roots(128), 2) }),
		shape("tree of 8 branches over 512, by layers", 23, func(m maker) { m.reduce(m.roots(512), 8) }),
		shape("two reductions of the same loads", 15, func(m maker) {
			x := m.roots(64)
			m.reduce(m.each(x), 2)
			m.reduce(m.each(x), 2)
		}),
		shape("two reductions, divided by each other", 15, func(m maker) {
			x := m.each(m.roots(64))
			m.add(m.reduce(m.each(x), 2), m.reduce(m.each(x), 2))
		}),
		shape("mean and deviation: the loads are read twice", 72, func(m maker) {
			x := m.roots(64)
			mean := m.reduce(x, 4)
			var y []graph.ID
			for _, id := range x {
				y = append(y, m.add(id, mean))
			}
			m.reduce(y, 4)
		}),
		shape("many branches of a few loads", 29, func(m maker) {
			for range 12 {
				x := m.roots(4)
				a, b := m.reduce(m.each(x), 2), m.reduce(m.each(x), 2)
				m.add(a)
				m.add(b)
			}
		}),
		shape("shuffle: each output reads each input", 32, func(m maker) {
			var inputs, ends []graph.ID
			inputs = m.roots(16)
			for range 16 {
				ends = append(ends, m.add(inputs...))
			}
			m.add(ends...)
		}),
		shape("shuffle by pieces", 47, func(m maker) {
			pieces := make([][]graph.ID, 16)
			for _, group := range m.each(m.roots(16)) {
				for out := range pieces {
					pieces[out] = append(pieces[out], m.add(group))
				}
			}
			var ends []graph.ID
			for _, p := range pieces {
				ends = append(ends, m.add(p...))
			}
			m.add(ends...)
		}),
		shape("join of two shuffles", 25, func(m maker) {
			a, b := m.roots(8), m.roots(8)
			for range 8 {
				m.add(m.add(a...), m.add(b...))
			}
		}),
		shape("cumulative sum", 202, func(m maker) {
			x := m.each(m.roots(100))
			sums := m.each(x)
			at := m.add()
			var out []graph.ID
			for i := range x {
				out = append(out, m.add(x[i], at))
				at = m.add(at, sums[i])
			}
			m.add(out...)
		}),
	}
}

// science are the shapes of array programs over time and space.
func science() []Shape {
	return []Shape{
		shape("anomalies: each time less the mean of its place", 18, anomalies(4, 10)),
		shape("climatology: means by month, over years", 20, climatology),
		shape("wind speed: u, v, u*u, v*v and uv, reduced over time", 27, func(m maker) {
			for range 5 {
				u, v := m.roots(8), m.roots(8)
				var uv []graph.ID
				for i := range u {
					uv = append(uv, m.add(u[i], v[i]))
				}
				m.reduce(m.each(u), 4)
				m.reduce(m.each(v), 4)
				m.reduce(uv, 4)
			}
		}),
		shape("overlap: blocks of a grid with their neighbours", 49, func(m maker) { overlap(m, 12) }),
		shape("sliding windows over reduced blocks", 11, func(m maker) {
			x := m.each(m.roots(50))
			var y []graph.ID
			for i := 1; i < len(x); i++ {
				y = append(y, m.add(x[i-1], x[i]))
			}
			m.reduce(y, 4)
		}),
		shape("matrix product", 77, func(m maker) {
			const n = 6
			a, b := m.roots(n*n), m.roots(n*n)
			var ends []graph.ID
			for i := range n {
				for j := range n {
					var parts []graph.ID
					for k := range n {
						parts = append(parts, m.add(a[i*n+k], b[k*n+j]))
					}
					ends = append(ends, m.reduce(parts, n))
				}
			}
			m.add(ends...)
		}),
		shape("rechunk, map, reduce by cohort", 31, func(m maker) {
			x := m.roots(48)
			var pieces []graph.ID
			for i := 0; i < len(x); i += 4 {
				for range 3 {
					pieces = append(pieces, m.add(x[i:i+4]...))
				}
			}
			for c := range 6 {
				var part []graph.ID
				for i := c; i < len(pieces); i += 6 {
					part = append(part, m.chain(pieces[i], 2))
				}
				m.reduce(part, 4)
			}
		}),
	}
}

// anomalies: blocks of time by place; the mean over time of each place, taken from each of its blocks, squared and averaged.
func anomalies(places, times int) func(m maker) {
	return func(m maker) {
		for range places {
			x := m.each(m.roots(times))
			mean := m.reduce(m.each(x), 4)
			var y []graph.ID
			for _, id := range x {
				y = append(y, m.add(m.add(id, mean)))
			}
			m.reduce(y, 4)
		}
	}
}

// climatology: loads by year and month; the mean of each month over the years, and each load less that mean, averaged by month.
func climatology(m maker) {
	const years, months = 6, 12
	loads := m.roots(years * months)
	for month := range months {
		var x []graph.ID
		for year := range years {
			x = append(x, m.add(loads[year*months+month]))
		}
		mean := m.reduce(x, 3)
		var y []graph.ID
		for _, id := range x {
			y = append(y, m.add(id, mean))
		}
		m.reduce(y, 3)
	}
}

// overlap: each block of a grid with the edges of those beside it, added up by rows.
func overlap(m maker, n int) {
	x := m.roots(n * n)
	var rows []graph.ID
	for i := range n {
		var row []graph.ID
		for j := range n {
			deps := []graph.ID{x[i*n+j]}
			for _, d := range [][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				if a, b := i+d[0], j+d[1]; a >= 0 && b >= 0 && a < n && b < n {
					deps = append(deps, x[a*n+b])
				}
			}
			row = append(row, m.add(deps...))
		}
		rows = append(rows, m.add(row...))
	}
	m.add(rows...)
}
