package dataframe_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/sched"
)

type offer struct{ K, One, X int64 }

type buyer struct{ K, V int64 }

// offersAndBuyers are frames of which an optimizer thinks that the condition leaves few offers, so that they may choose buyers first. It
// leaves all.
func offersAndBuyers(offers int, last int64) (left, right *dataframe.DataFrame) {
	ls, rs := make([]offer, offers), make([]buyer, 100_000)
	for i := range ls {
		ls[i] = offer{int64(i), 1, int64(i)}
	}
	ls[len(ls)-100].X = last
	for i := range rs {
		rs[i] = buyer{int64(i * 3), int64(i)}
	}
	return dataframe.FromStructs(ls).Filter(expr.Col("One").Eq(1)), dataframe.FromStructs(rs)
}

// A limit above a join does not read the left side whole, where a row that nobody wants would fail.
func TestLimitedJoinStops(t *testing.T) {
	left, right := offersAndBuyers(200_000, math.MaxInt64)
	df := left.With(expr.Col("X").Mul(2).As("Z")).Join(right, dataframe.Using("K"))
	require.NotContains(t, df.Limit(10).Explain(), "Semi join")
	require.Contains(t, df.Explain(), "Semi join", "the test needs a join that is reduced where no limit stands above")
	table, err := df.Limit(10).Collect(t.Context(), sched.Workers(1))
	require.NoError(t, err)
	require.EqualValues(t, 10, table.NumRows())
	_, err = df.Collect(t.Context())
	require.ErrorContains(t, err, "does not fit")
}

// Under InOrder, where tables cannot spill, a join has no table that it would not have without the optimizer.
func TestJoinInOrderWithLittleMemory(t *testing.T) {
	left, right := offersAndBuyers(1_000_000, 0)
	for _, kind := range []dataframe.JoinOption{dataframe.Inner, dataframe.Left, dataframe.Anti} {
		n, err := left.Join(right, dataframe.Using("K"), kind).GroupBy().Agg(expr.Sum("X").As("x")).Collect(t.Context(), sched.Workers(2), sched.Memory(24<<20), sched.InOrder())
		require.NoError(t, err)
		require.EqualValues(t, 1, n.NumRows())
	}
}
