package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// mean is Mean: an exact or compensated sum, and the number of values.
type mean struct {
	spec
	total
	n  counter
	in input
}

func newMean(s spec) (acc, error) {
	a := &mean{spec: s}
	if a.total = newTotal(&a.spec); a.total == nil {
		return nil, s.badType()
	}
	if words := a.size(); words > 0 {
		a.move(&store{stride: words}, 0, true)
	} else {
		a.n.init(1)
	}
	return a, nil
}

func (a *mean) size() int {
	if a.total.size() == 0 {
		return 0
	}
	return a.total.size() + 1
}

func (a *mean) move(s *store, at int, own bool) {
	a.total.move(s, at, own)
	a.n.cells = cells{store: s, at: at + a.total.size()}
}

func (a *mean) counters() *counter { return &a.n }

func (a *mean) makeRoom(groups int) {
	a.grow(groups)
	a.n.grow(groups)
}

func (a *mean) expect(groups int) {
	a.total.expect(groups)
	a.n.expect(groups)
}

func (a *mean) reset() {
	a.total.reset()
	a.n.reset()
}

func (a *mean) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.makeRoom(groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	a.n.add(gids, rows, a.in.n, a.in.mask)
	if a.in.n == 0 {
		return nil
	}
	return a.add(a.in.gids, &a.in.vals)
}

func (a *mean) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.makeRoom(groups)
	gids = rowGids(gids, rows)
	last := len(state) - 1
	a.n.addCounts(gids, vec.Of[int64](&state[last]))
	return a.merge(gids, state[:last])
}

func (a *mean) types() []arrow.DataType {
	return append(a.total.types(), arrow.PrimitiveTypes.Int64)
}

func (a *mean) State() []vec.Vec {
	return append(a.columns(nil), column(arrow.PrimitiveTypes.Int64, a.n.numbers(a.n.groups), nil))
}

func (a *mean) Bytes() int64 { return a.total.bytes() + a.n.bytes() }

func (a *mean) Result(groups int) (vec.Vec, error) {
	a.makeRoom(groups)
	n := a.n.numbers(groups)
	valid := positive(n, 0)
	if t, ok := a.total.(*intTotal); ok {
		if p, _, _ := vec.PhysOf(a.out); p == vec.Int64 {
			return column(a.out, t.divide(n), valid), nil
		}
	}
	vals := make([]float64, groups)
	for g := range vals {
		if n[g] > 0 {
			vals[g] = a.float(g) / float64(n[g])
		}
	}
	return a.floats(vals, valid)
}

// floats gives float results in the type of the expression, float64 or float32.
func (s *spec) floats(vals []float64, valid []uint64) (vec.Vec, error) {
	switch p, _, _ := vec.PhysOf(s.out); p {
	case vec.Float64:
		return column(s.out, vals, valid), nil
	case vec.Float32:
		out := make([]float32, len(vals))
		for g, x := range vals {
			out[g] = float32(x)
		}
		return vec.Vec{Type: s.out, Phys: p, Width: 4, Len: len(out), Data: vec.Bytes(out), Valid: valid}, nil
	}
	return vec.Vec{}, s.badType()
}

// positive is the bitmap of groups with more than over values, nil where all have.
func positive(n []int64, over int64) []uint64 {
	all := true
	out := make([]uint64, (len(n)+63)/64)
	for g, x := range n {
		if x > over {
			out[g>>6] |= 1 << (uint(g) & 63)
		} else {
			all = false
		}
	}
	if all {
		return nil
	}
	return out
}
