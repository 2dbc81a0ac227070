package dataframe_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/sched"
)

type outgrown struct {
	ID   int64
	Key  int64
	Text string
}

// oneKeyFrame is rows of which all have the key 1, with texts of so many bytes.
func oneKeyFrame(rows, width int) *dataframe.DataFrame {
	all := make([]outgrown, rows)
	pad := strings.Repeat("x", width)
	for i := range all {
		all[i] = outgrown{int64(i), 1, fmt.Sprintf("%s%08d", pad[:max(0, width-8)], i)}
	}
	return dataframe.FromStructs(all)
}

// givenOut runs a frame through Batches and returns its rows and the sum of a column, up to stop batches, 0 for all.
func givenOut(t *testing.T, df *dataframe.DataFrame, column string, stop int) (rows, sum int64) {
	t.Helper()
	before := mem.Process().Used()
	batches := 0
	for rec, err := range df.Batches(context.Background(), sched.Memory(24<<20), sched.Workers(2), sched.SpillDir(t.TempDir())) {
		require.NoError(t, err)
		rows += rec.NumRows()
		ids := rec.Column(rec.Schema().FieldIndices(column)[0]).(*array.Int64)
		for i := range ids.Len() {
			sum += ids.Value(i)
		}
		if batches++; batches == stop {
			break
		}
	}
	require.Equal(t, before, mem.Process().Used())
	return rows, sum
}

// An answer that is many times the budget comes in pieces, however many of its rows one task, one push or one left row gives.
func TestAnswersOutgrowTheBudget(t *testing.T) {
	const left = 20
	for name, right := range map[string]int{"in a table": 30_000, "dealt by hash": 90_000} {
		joined := oneKeyFrame(left, 8).Join(oneKeyFrame(right, 60), dataframe.Left, dataframe.Using("Key"), dataframe.Suffix("_r"))
		t.Run("join, right side "+name, func(t *testing.T) {
			rows, sum := givenOut(t, joined, "ID_r", 0)
			require.EqualValues(t, left*right, rows)
			require.EqualValues(t, left*right*(right-1)/2, sum)
			for _, stop := range []int{1, 7} {
				rows, _ = givenOut(t, joined, "ID_r", stop)
				require.Less(t, rows, int64(left*right))
			}
		})
	}
	t.Run("few groups of long text", func(t *testing.T) {
		const n = 30_000
		rows, sum := givenOut(t, oneKeyFrame(n, 1000).GroupBy("Text").Agg(expr.Sum("ID").As("s")), "s", 0)
		require.EqualValues(t, n, rows)
		require.EqualValues(t, n*(n-1)/2, sum)
	})
}
