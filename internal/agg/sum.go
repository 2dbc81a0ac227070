package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// total is the running sums of groups, without knowing which groups have a value.
type total interface {
	// add adds values to their groups; gids nil: all to group 0.
	add(gids []uint32, vals *vec.Vec) error
	// merge adds rows of columns.
	merge(gids []uint32, state []vec.Vec) error
	grow(groups int)
	// size and move are as in packed; the total's words come first.
	size() int
	move(s *store, at int, own bool)
	// reset forgets the groups and keeps the memory.
	reset()
	// expect makes room for groups where there is none.
	expect(groups int)
	types() []arrow.DataType
	columns(valid []uint64) []vec.Vec
	// float returns the sum of group g.
	float(g int) float64
	bytes() int64
}

// newTotal returns sums for values of the spec's argument; nil where they cannot be added.
func newTotal(s *spec) total {
	switch p, _, _ := vec.PhysOf(s.in); p {
	case vec.Bool, vec.Int8, vec.Int16, vec.Int32, vec.Int64, vec.Uint8, vec.Uint16, vec.Uint32, vec.Uint64:
		t := &intTotal{}
		t.init(1)
		return t
	case vec.Float16, vec.Float32, vec.Float64:
		t := &floatTotal{}
		t.init(2)
		return t
	case vec.Dec128, vec.Dec256:
		return &decTotal{spec: s}
	}
	return nil
}

// sum is Sum.
type sum struct {
	spec
	total
	seen seen
	in   input
	vals []float64 // of Result
}

func newSum(s spec) (acc, error) {
	a := &sum{spec: s}
	if a.total = newTotal(&a.spec); a.total == nil {
		return nil, s.badType()
	}
	return a, nil
}

func (a *sum) expect(groups int) {
	a.total.expect(groups)
	a.seen.by = roomFor(a.seen.by, groups)
}

func (a *sum) reset() {
	a.total.reset()
	a.seen.reset()
}

func (a *sum) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.seen.grow(groups)
	a.grow(groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	if a.in.n == 0 {
		return nil
	}
	a.seen.mark(a.in.gids, a.in.n)
	return a.add(a.in.gids, &a.in.vals)
}

func (a *sum) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.seen.grow(groups)
	a.grow(groups)
	g, cols := a.in.states(gids, state, rows)
	a.seen.mark(g, len(g))
	return a.merge(g, cols)
}

// states squeezes the rows whose first column is null out of state columns.
func (in *input) states(gids []uint32, state []vec.Vec, rows int) ([]uint32, []vec.Vec) {
	gids = rowGids(gids, rows)
	in.scratch.Reset()
	valid := state[0].Nulls(&in.scratch)
	cols := make([]vec.Vec, len(state))
	count := rows
	if valid != nil {
		count = popCount(valid, rows)
	}
	for c := range state {
		cols[c] = state[c]
		if count < rows {
			vec.Filter(&cols[c], &state[c], valid, count, &in.scratch)
		}
		vec.Decode(&cols[c], &cols[c], &in.scratch)
		cols[c].Valid = nil
	}
	if count < rows {
		in.own = squeeze(in.own, gids, valid, rows)
		gids = in.own
	}
	return gids, cols
}

func (a *sum) types() []arrow.DataType { return a.total.types() }

func (a *sum) State() []vec.Vec { return a.columns(a.seen.valid(len(a.seen.by))) }

func (a *sum) Bytes() int64 { return a.total.bytes() + a.seen.bytes() + int64(cap(a.vals))*8 }

func (a *sum) Result(groups int) (vec.Vec, error) {
	a.seen.grow(groups)
	a.grow(groups)
	valid := a.seen.valid(groups)
	switch t := a.total.(type) {
	case *intTotal:
		return t.result(&a.spec, groups, valid)
	case *decTotal:
		return t.result(groups, valid)
	}
	if p, _, _ := vec.PhysOf(a.out); p == vec.Float32 {
		out := make([]float32, groups)
		for g := range out {
			out[g] = float32(a.float(g))
		}
		return vec.Vec{Type: a.out, Phys: p, Width: 4, Len: groups, Data: vec.Bytes(out), Valid: valid}, nil
	}
	a.vals = growTo(a.vals[:0], groups)[:groups]
	for g := range a.vals {
		a.vals[g] = a.float(g)
	}
	return column(arrow.PrimitiveTypes.Float64, a.vals, valid), nil
}

// overflow is the error of a sum that its type does not hold.
func (s *spec) overflow() error {
	f := fault.New(fault.Data, "Sum", "the sum does not fit %s", s.out).
		WithHint("cast the column to float64 or to a wider decimal before summing")
	f.At, f.Column = s.at, s.column
	return f
}
