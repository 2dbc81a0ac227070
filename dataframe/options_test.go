package dataframe_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/sched"
)

func TestReproducibleSaysThatItIsNotBuilt(t *testing.T) {
	df := dataframe.FromStructs([]struct{ X float64 }{{1}, {2}})
	_, err := df.Collect(t.Context(), sched.Reproducible())
	var f *fault.Error
	require.True(t, errors.As(err, &f))
	require.Equal(t, fault.Plan, f.Kind)
	require.Contains(t, err.Error(), "not built yet")
}

// TestInOrderKeepsFirstAppearance groups by more keys than are merged in one task without the option.
func TestInOrderKeepsFirstAppearance(t *testing.T) {
	type row struct{ K int64 }
	const n = 300_000
	rows := make([]row, n)
	for i := range rows {
		rows[i].K = int64(i) * 7919 % 1_000_003
	}
	df := dataframe.FromStructs(rows).GroupBy("K").Agg(expr.Count().As("n")).Select("K")
	got, err := dataframe.CollectAs[row](t.Context(), df, sched.InOrder())
	require.NoError(t, err)
	require.Equal(t, rows, got)
}
