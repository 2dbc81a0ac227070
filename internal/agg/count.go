package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// count counts rows, or values.
type count struct {
	ofValues bool
	n        []int64
	in       input
}

func (a *count) expect(groups int) { a.n = roomFor(a.n, groups) }

func (a *count) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.n = growTo(a.n, groups)
	if rows == 0 {
		return nil
	}
	mask, total := where, 0
	if a.ofValues && args[0].Phys == vec.Null {
		return nil
	}
	if a.ofValues {
		a.in.scratch.Reset()
		mask, total = a.in.selection(&args[0], where, rows)
	} else if mask != nil {
		total = popCount(mask, rows)
	} else {
		total = rows
	}
	switch {
	case gids == nil:
		a.n[0] += int64(total)
	case total == rows:
		countAll(a.n, gids[:rows])
	case total > 0:
		countBits(a.n, gids[:rows], mask)
	}
	return nil
}

func countAll(n []int64, gids []uint32) {
	if len(n) <= fewGroups {
		countFew(n, gids)
		return
	}
	for _, g := range gids {
		n[g]++
	}
}

// countFew counts rows of few groups in four counters a group: see fewGroups.
func countFew(n []int64, gids []uint32) {
	var part [4][fewGroups]uint32
	for len(gids) >= 4 {
		part[0][gids[0]%fewGroups]++
		part[1][gids[1]%fewGroups]++
		part[2][gids[2]%fewGroups]++
		part[3][gids[3]%fewGroups]++
		gids = gids[4:]
	}
	for _, g := range gids {
		part[0][g%fewGroups]++
	}
	for g := range n {
		n[g] += int64(part[0][g]) + int64(part[1][g]) + int64(part[2][g]) + int64(part[3][g])
	}
}

func countBits(n []int64, gids []uint32, mask []uint64) {
	for i, g := range gids {
		n[g] += int64(mask[i>>6] >> (uint(i) & 63) & 1)
	}
}

func (a *count) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.n = growTo(a.n, groups)
	addCounts(a.n, rowGids(gids, rows), vec.Of[int64](&state[0]))
	return nil
}

func addCounts(n []int64, gids []uint32, more []int64) {
	for i, g := range gids {
		n[g] += more[i]
	}
}

func (a *count) types() []arrow.DataType { return []arrow.DataType{arrow.PrimitiveTypes.Int64} }

func (a *count) State() []vec.Vec { return []vec.Vec{column(arrow.PrimitiveTypes.Int64, a.n, nil)} }

func (a *count) Result(groups int) (vec.Vec, error) {
	a.n = growTo(a.n, groups)
	return column(arrow.PrimitiveTypes.Int64, a.n[:groups], nil), nil
}

func (a *count) Bytes() int64 { return int64(cap(a.n)) * 8 }
