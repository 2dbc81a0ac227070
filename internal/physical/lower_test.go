package physical_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/plan"
)

func scan(name string) plan.Node {
	trips, _ := taxi()
	return plan.NewScan(&named{name, trips.Schema()})
}

func must(n plan.Node, err error) plan.Node {
	if err != nil {
		panic(err)
	}
	return n
}

func TestRowsThatSuffice(t *testing.T) {
	keys := []plan.SortKey{{Expr: expr.Col("pickup")}}
	for _, c := range []struct {
		name   string
		node   plan.Node
		enough int64 // of the first stage
		stages int
	}{
		{"limit", must(plan.NewLimit(scan("a"), 10, 0)), 10, 2},
		{"limit and offset", must(plan.NewLimit(scan("a"), 10, 5)), 15, 2},
		{"a limit near the end of numbers", must(plan.NewLimit(scan("a"), math.MaxInt64, 5)), math.MaxInt64, 2},
		{"offset alone", must(plan.NewLimit(scan("a"), -1, 5)), 0, 2},
		{"nothing", must(plan.NewLimit(scan("a"), 0, 5)), 0, 1},
		{"limit after a sort", must(plan.NewLimit(must(plan.NewSort(scan("a"), keys...)), 10, 0)), 0, 3},
		{"top-k", must(plan.NewTopK(scan("a"), keys, 10, 5)), 0, 2},
		{"a top-k that is as good as all rows", must(plan.NewTopK(scan("a"), keys, 10, math.MaxInt64)), 0, 3},
		{"top of nothing", must(plan.NewTopK(scan("a"), keys, 0, 1)), 0, 1},
	} {
		p, err := physical.Lower(c.node)
		require.NoError(t, err, c.name)
		require.Len(t, p.Stages, c.stages, "%s\n%s", c.name, p)
		require.Equal(t, c.enough, p.Stages[0].Enough, "%s\n%s", c.name, p)
	}
	p, err := physical.Lower(must(plan.NewLimit(scan("a"), 0, 0)))
	require.NoError(t, err)
	require.Empty(t, p.Stages[0].Branches, "nothing is to be read")
}

func TestSharedRowsRunOnce(t *testing.T) {
	cached := plan.NewCache(must(plan.NewFilter(scan("a"), expr.Col("fare_amount").Gt(0))))
	n := must(plan.NewConcat([]plan.Node{cached, must(plan.NewFilter(cached, expr.Col("tip_amount").Gt(0)))}))
	p, err := physical.Lower(n)
	require.NoError(t, err)
	require.Len(t, p.Stages, 2, "%s", p)
	require.Len(t, p.Stages[1].Branches, 2)
	for _, b := range p.Stages[1].Branches {
		require.Nil(t, b.Scan)
		require.Zero(t, b.From)
	}
	p, err = physical.Lower(cached, cached) // two frames
	require.NoError(t, err)
	require.Len(t, p.Stages, 3, "%s", p)
	require.Equal(t, []int{1, 2}, p.Roots)
}
