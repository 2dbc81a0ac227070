package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// count counts rows, or values.
type count struct {
	ofValues bool
	counter
	in input
}

func newCount(ofValues bool) *count {
	a := &count{ofValues: ofValues}
	a.init(1)
	return a
}

func (a *count) size() int { return 1 }

func (a *count) move(s *store, at int, own bool) { a.cells = cells{s, at, own} }

func (a *count) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.grow(groups)
	if rows == 0 {
		return nil
	}
	mask, taken := where, rows
	switch {
	case a.ofValues && args[0].Phys == vec.Null:
		taken = 0
	case a.ofValues:
		a.in.scratch.Reset()
		mask, taken = a.in.selection(&args[0], where, rows)
	case mask != nil:
		taken = popCount(mask, rows)
	}
	a.add(gids, rows, taken, mask)
	return nil
}

func (a *count) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.grow(groups)
	a.addCounts(rowGids(gids, rows), vec.Of[int64](&state[0]))
	return nil
}

func (a *count) types() []arrow.DataType { return []arrow.DataType{arrow.PrimitiveTypes.Int64} }

func (a *count) State() []vec.Vec { return []vec.Vec{a.column(a.groups)} }

func (a *count) Result(groups int) (vec.Vec, error) {
	a.grow(groups)
	return a.column(groups), nil
}

func (a *count) column(groups int) vec.Vec {
	return column(arrow.PrimitiveTypes.Int64, a.numbers(groups), nil)
}

func (a *count) Bytes() int64 { return a.bytes() }
