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

// Rows of which many are made of one wide row come a few at a time: no record batch has much more than a few MiB.
func TestWideRowsComeAFewAtATime(t *testing.T) {
	const rows, width = 6_000, 20_000
	type wide struct {
		Key  int64
		Text string
		List []int64
	}
	type narrow struct{ ID, Key int64 }
	type listed struct {
		ID   []int64
		Text string
	}
	var table []wide
	lists := make([]listed, 3)
	for k := range 3 {
		lists[k].Text = strings.Repeat("l", width)
		table = append(table, wide{int64(k), strings.Repeat(string(rune('a'+k)), width), make([]int64, width/16)})
	}
	many := make([]narrow, rows)
	for i := range many {
		many[i] = narrow{int64(i), int64(i % 3)}
		lists[i%3].ID = append(lists[i%3].ID, int64(i))
	}
	left, right := dataframe.FromStructs(many), dataframe.FromStructs(table)
	texts := right.Select(expr.Col("Key"), expr.Col("Text"))
	for name, df := range map[string]*dataframe.DataFrame{
		"wide on the right":            left.Join(texts, dataframe.Inner, dataframe.Using("Key")),
		"wide on the right, left join": left.Join(texts, dataframe.Left, dataframe.Using("Key")),
		"wide on the left":             texts.Join(left, dataframe.Inner, dataframe.Using("Key")),
		"by a condition":               left.Join(texts.Rename("Key", "K"), dataframe.Inner, dataframe.OnExpr(expr.Col("Key").Eq(expr.Col("K")))),
		"lists":                        left.Join(right, dataframe.Full, dataframe.Using("Key")).Drop("Text"),
		"computed of joined":           left.Join(texts, dataframe.Inner, dataframe.Using("Key")).With(expr.Col("Text").Str().Upper().As("Text")),
		"exploded":                     dataframe.FromStructs(lists).Explode("ID"),
	} {
		t.Run(name, func(t *testing.T) {
			n, sum := int64(0), int64(0)
			for rec, err := range df.Batches(context.Background(), sched.Memory(64<<20), sched.Workers(2), sched.SpillDir(t.TempDir())) {
				require.NoError(t, err)
				size := uint64(0)
				for _, c := range rec.Columns() {
					size += c.Data().SizeInBytes()
				}
				require.Less(t, size, uint64(8<<20))
				ids := rec.Column(rec.Schema().FieldIndices("ID")[0]).(*array.Int64)
				for i := range ids.Len() {
					sum += ids.Value(i)
				}
				n += rec.NumRows()
			}
			require.EqualValues(t, rows, n)
			require.EqualValues(t, rows*(rows-1)/2, sum)
		})
	}
}

// The first rows of a source may be as wide as any: nothing is known of them yet.
func TestFirstRowsMayBeWide(t *testing.T) {
	const rows, width = 100, 1 << 20
	pad := strings.Repeat("x", width)
	all := make([]outgrown, rows)
	for i := range all {
		all[i] = outgrown{int64(i), int64(-i), fmt.Sprintf("%s%03d", pad, i)}
	}
	df := dataframe.FromStructs(all)
	for name, q := range map[string]*dataframe.DataFrame{
		"plain": df, "filtered": df.Filter(expr.Col("ID").Ge(0)), "sorted": df.Sort("Key"), "distinct": df.Distinct(), "grouped": df.GroupBy("Text").Agg(expr.Sum("ID").As("ID")),
	} {
		t.Run(name, func(t *testing.T) {
			n, sum := int64(0), int64(0)
			for rec, err := range q.Batches(context.Background(), sched.Memory(64<<20), sched.Workers(2), sched.SpillDir(t.TempDir())) {
				require.NoError(t, err)
				require.LessOrEqual(t, rec.NumRows(), int64(16))
				n += rec.NumRows()
				ids := rec.Column(rec.Schema().FieldIndices("ID")[0]).(*array.Int64)
				for i := range ids.Len() {
					sum += ids.Value(i)
				}
			}
			require.EqualValues(t, rows, n)
			require.EqualValues(t, rows*(rows-1)/2, sum)
		})
	}
}
