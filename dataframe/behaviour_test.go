package dataframe_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// lines runs a frame and writes each row as its values with commas between them.
func lines(t testing.TB, df *dataframe.DataFrame, opts ...dataframe.RunOption) []string {
	t.Helper()
	table, err := df.Collect(ctx, opts...)
	require.NoError(t, err)
	require.True(t, table.Schema().Equal(df.Schema()), "the answer has the schema that was promised")
	out := []string{}
	for r := range table.NumRows() {
		var cells []string
		for _, f := range table.Schema().Fields() {
			cells = append(cells, fmt.Sprint(table.Value(r, f.Name)))
		}
		out = append(out, strings.Join(cells, ","))
	}
	return out
}

// inParts is a source whose rows come in splits and batches of a size, and which counts how often a split is opened.
func inParts(t testing.TB, df *dataframe.DataFrame, rows int64) (*dataframe.DataFrame, *atomic.Int64) {
	t.Helper()
	table, err := df.Collect(ctx)
	require.NoError(t, err)
	opened := new(atomic.Int64)
	var splits []func(context.Context) iter.Seq2[arrow.RecordBatch, error]
	for rec := range table.Batches() {
		for at := int64(0); at < rec.NumRows(); at += rows {
			part := rec.NewSlice(at, min(rec.NumRows(), at+rows))
			splits = append(splits, func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
				opened.Add(1)
				return func(yield func(arrow.RecordBatch, error) bool) { yield(part, nil) }
			})
		}
	}
	return dataframe.FromSource(partition.NewSource(df.Schema(), splits...)), opened
}

// forms gives a frame over memory and over splits of 1, 3 and 1000 rows: no answer may depend on it.
func forms(t *testing.T, df *dataframe.DataFrame, test func(t *testing.T, df *dataframe.DataFrame)) {
	t.Run("memory", func(t *testing.T) { test(t, df) })
	for _, n := range []int64{1, 3, 1000} {
		t.Run(fmt.Sprintf("splits of %d", n), func(t *testing.T) {
			parts, _ := inParts(t, df, n)
			test(t, parts)
		})
	}
}

type keyed struct {
	K *float64
	S *string
	V *int64
}

func keyedRows() []keyed {
	nan, zero, minus := math.NaN(), 0.0, math.Copysign(0, -1)
	other := math.Float64frombits(math.Float64bits(nan) ^ 1)
	return []keyed{
		{&minus, ptr("a"), ptr(int64(1))}, {nil, ptr("a"), ptr(int64(2))}, {&nan, nil, ptr(int64(3))}, {&zero, ptr("b"), nil},
		{nil, nil, ptr(int64(5))}, {&other, ptr("a"), nil}, {ptr(1.0), ptr("b"), ptr(int64(7))},
	}
}

func TestGroupByNullsNaNAndZero(t *testing.T) {
	forms(t, dataframe.FromStructs(keyedRows()), func(t *testing.T, df *dataframe.DataFrame) {
		aggs := []expr.Expr{expr.Count(), expr.Sum("V"), expr.CountOf("V").As("n"), expr.Min("V").As("least")}
		require.Equal(t, []string{"0,2,1,1,1", "<nil>,2,7,2,2", "NaN,2,3,1,3", "1,1,7,1,7"}, lines(t, df.GroupBy("K").Agg(aggs...)))
		require.Equal(t, []string{"0,2,1", "NaN,2,3", "1,1,7"}, lines(t, df.GroupBy("K").DropNullKeys().Agg(expr.Count(), expr.Sum("V"))))
		require.Equal(t, []string{"a,3", "<nil>,2", "b,2"}, lines(t, df.GroupBy("S").Agg(expr.Count())))
		require.Equal(t, []string{"7,18"}, lines(t, df.GroupBy().Agg(expr.Count(), expr.Sum("V"))))
		require.Equal(t, []string{"-0", "<nil>", "NaN", "1"}, lines(t, df.Select("K").Distinct()), "Distinct sees keys as GroupBy does, and keeps the first row as it is")
	})
	minus, err := dataframe.CollectAs[*float64](ctx, dataframe.FromStructs(keyedRows()).GroupBy("K").Agg(expr.Count()).Select("K").Limit(1))
	require.NoError(t, err)
	require.False(t, math.Signbit(*minus[0]), "the key of zeros is 0.0")
}

func TestAggregatesOfNothing(t *testing.T) {
	df := dataframe.FromStructs(keyedRows())
	none := df.Filter(col("V").Gt(100))
	all := []expr.Expr{expr.Count(), expr.CountOf("V").As("of"), expr.Sum("V"), expr.Mean("V").As("mean"), expr.Min("V").As("min"), expr.Max("V").As("max"),
		expr.Std("V").As("std"), expr.NUnique("V").As("nu"), expr.First("V").As("first"), expr.Any(col("V").Gt(0)).As("any"), expr.All(col("V").Gt(0)).As("all")}
	require.Equal(t, []string{"0,0,<nil>,<nil>,<nil>,<nil>,<nil>,0,<nil>,<nil>,<nil>"}, lines(t, none.GroupBy().Agg(all...)))
	require.Empty(t, lines(t, none.GroupBy("S").Agg(all...)))
	require.Equal(t, []string{"0,<nil>,0"}, lines(t, none.GroupBy().Agg(expr.Count(), expr.Sum("V").Div(expr.Count()).As("r"), expr.Count().Mul(2).As("c"))))
}

func TestWhereAndArithmeticInAgg(t *testing.T) {
	forms(t, dataframe.FromStructs(keyedRows()), func(t *testing.T, df *dataframe.DataFrame) {
		require.Equal(t, []string{"a,1,1,1.5,3", "<nil>,1,5,4,8", "b,1,<nil>,2,7"}, lines(t, df.GroupBy("S").Agg(
			expr.Count().Where(col("V").Ge(5).Or(col("V").Eq(1))).As("n"),
			expr.Sum("V").Where(col("V").Ne(2).And(col("V").Ne(7)).And(col("V").Ne(3))).As("some"),
			expr.If(expr.CountOf("V").Gt(1), expr.Sum("V").Mul(2).Div(4), 2.0).As("r"),
			expr.Sum("V"),
		))[:3])
		require.Equal(t, []string{"<nil>,0"}, lines(t, df.GroupBy().Agg(
			expr.Sum("V").Where(col("V").Gt(99)).As("null"), expr.Sum(expr.If(col("V").Gt(99), col("V"), 0)).As("zero"))))
	})
}

// TestDeclaredTypesComeBack: the engine works on views and dictionaries of its own; what leaves has exactly the schema that came in.
func TestDeclaredTypesComeBack(t *testing.T) {
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.BinaryTypes.String, Ordered: true}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "k", Type: arrow.PrimitiveTypes.Int64}, {Name: "dict", Type: dict, Nullable: true}, {Name: "large", Type: arrow.BinaryTypes.LargeString, Nullable: true},
		{Name: "view", Type: arrow.BinaryTypes.StringView, Nullable: true}, {Name: "bytes", Type: arrow.BinaryTypes.LargeBinary, Nullable: true},
		{Name: "when", Type: &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "Asia/Tokyo"}, Nullable: true},
		{Name: "money", Type: &arrow.Decimal128Type{Precision: 12, Scale: 3}, Nullable: true},
		{Name: "list", Type: arrow.ListOf(arrow.BinaryTypes.LargeString), Nullable: true},
	}, nil)
	rows := `[{"k":1,"dict":"x","large":"l1","view":"v1","bytes":"AP8=","when":"2024-01-01 00:00:00Z","money":"1.500","list":["a",null]},
		{"k":2,"dict":null,"large":null,"view":null,"bytes":null,"when":null,"money":null,"list":null},
		{"k":1,"dict":"y","large":"l2","view":"a view that is longer than twelve bytes","bytes":"","when":"2024-01-01 00:00:01Z","money":"-2.000","list":[]}]`
	forms(t, fromJSON(t, schema, rows, rows), func(t *testing.T, df *dataframe.DataFrame) {
		want := lines(t, df)
		require.Len(t, want, 6)
		for what, same := range map[string]*dataframe.DataFrame{
			"filter": df.Filter(col("k").Gt(0)), "sort": df.Sort(expr.Lit(1)), "limit": df.Limit(6), "concat": dataframe.Concat(df.Limit(2), df.Offset(2)),
			"with": df.With(col("k").Add(0).As("k")),
		} {
			require.Equal(t, want, lines(t, same), what)
			require.True(t, schema.Equal(same.Schema()), what)
		}
		groups := df.GroupBy("k", "dict", "large", "view").Agg(expr.First("money"), expr.Max("when"))
		require.Len(t, lines(t, groups), 3)
		for _, f := range groups.Schema().Fields()[:4] {
			was, _ := schema.FieldsByName(f.Name)
			require.Equal(t, was[0].Type, f.Type, "keys keep their types")
		}
		joined := df.Join(df.Select("k", "dict").Distinct("k"), dataframe.Using("k"), dataframe.Left)
		require.Len(t, lines(t, joined), 6)
	})
}

func TestJoins(t *testing.T) {
	type l struct {
		K *int64
		A string
		X int64
	}
	type r struct {
		K *int64
		B string
		X int64
	}
	one, two, three := ptr(int64(1)), ptr(int64(2)), ptr(int64(3))
	left := dataframe.FromStructs([]l{{two, "l0", 1}, {nil, "l1", 2}, {one, "l2", 3}, {two, "l3", 4}})
	right := dataframe.FromStructs([]r{{two, "r0", 10}, {three, "r1", 20}, {two, "r2", 30}, {nil, "r3", 40}})
	using := dataframe.Using("K")
	forms(t, left, func(t *testing.T, left *dataframe.DataFrame) {
		require.Equal(t, "K A X B X_right", names(left.Join(right, using)))
		require.Equal(t, []string{"2,l0,1,r0,10", "2,l0,1,r2,30", "2,l3,4,r0,10", "2,l3,4,r2,30"}, lines(t, left.Join(right, using)))
		require.Equal(t, []string{"2,l0,1,r0,10", "2,l0,1,r2,30", "<nil>,l1,2,<nil>,<nil>", "1,l2,3,<nil>,<nil>", "2,l3,4,r0,10", "2,l3,4,r2,30"},
			lines(t, left.Join(right, using, dataframe.Left)))
		require.Equal(t, []string{"2,l0,1", "2,l3,4"}, lines(t, left.Join(right, using, dataframe.Semi)))
		require.Equal(t, []string{"<nil>,l1,2", "1,l2,3"}, lines(t, left.Join(right, using, dataframe.Anti)))
		on := left.Join(right.Rename("K", "RK"), dataframe.On("K", "RK"), dataframe.Suffix("_2"))
		require.Equal(t, "K A X RK B X_2", names(on))
		require.Len(t, lines(t, on), 4)
		byExpr := left.Join(right.Rename("K", "RK"), dataframe.On(col("K").Add(1), "RK"))
		require.Equal(t, []string{"2,l0,1,3,r1,20", "1,l2,3,2,r0,10", "1,l2,3,2,r2,30", "2,l3,4,3,r1,20"}, lines(t, byExpr))
		two := left.Join(right.Select("K", col("X").Div(10).Cast(arrow.PrimitiveTypes.Int64).As("X"), "B"), dataframe.Using("K", "X"))
		require.Equal(t, "K A X B", names(two))
		require.Equal(t, []string{"2,l0,1,r0"}, lines(t, two))
		for what, empty := range map[string]*dataframe.DataFrame{"left": left.Limit(0).Join(right, using), "right": left.Join(right.Limit(0), using)} {
			require.Empty(t, lines(t, empty), what)
		}
		require.Len(t, lines(t, left.Join(right.Limit(0), using, dataframe.Anti)), 4)
		require.Len(t, lines(t, left.Join(right.Limit(0), using, dataframe.Left)), 4)
	})
}

// TestUnbuiltPartsSaySo: what the engine cannot run yet has the right schema and gives a fault with a hint, from the action at the latest.
func TestUnbuiltPartsSaySo(t *testing.T) {
	type r struct {
		K, V int64
		L    []int64
	}
	df := dataframe.FromStructs([]r{{1, 2, []int64{1}}, {1, 3, nil}})
	for what, c := range map[string]struct {
		df      *dataframe.DataFrame
		columns string
	}{
		"Window": {df.With(expr.Sum("V").Over("K").As("s")), "K V L s"},
	} {
		require.Equal(t, c.columns, names(c.df), what)
		_, err := c.df.Collect(ctx)
		if err == nil {
			continue // built by now: other tests say what it must answer
		}
		f := asFault(t, err)
		require.Equal(t, fault.Plan, f.Kind, "%s: %v", what, f)
		require.Contains(t, f.Error(), "not built yet", what)
		require.Contains(t, f.At, "behaviour_test.go:", what)
	}
}

func TestSortIsStable(t *testing.T) {
	type r struct {
		K *int64
		F float64
		I int
	}
	var rows []r
	for i := range 300 {
		v := r{K: ptr(int64(i % 5)), F: float64(i%3) - 1, I: i}
		switch {
		case i%7 == 0:
			v.K = nil
		case i%11 == 0:
			v.F = math.NaN()
		}
		rows = append(rows, v)
	}
	forms(t, dataframe.FromStructs(rows), func(t *testing.T, df *dataframe.DataFrame) {
		for _, keys := range [][]any{{"K"}, {dataframe.Desc("K")}, {col("K").NullsFirst()}, {dataframe.Desc("K"), dataframe.Asc("F")}, {col("F").Desc(), "K"}, {col("K").Add(1).Mod(2)}} {
			sorted, err := dataframe.CollectAs[r](ctx, df.Sort(keys...))
			require.NoError(t, err)
			require.Len(t, sorted, len(rows))
			seen := map[string]int{}
			for _, v := range sorted {
				k := fmt.Sprint(v.F)
				if v.K != nil {
					k += fmt.Sprint(*v.K)
				}
				if last, ok := seen[k]; ok {
					require.Less(t, last, v.I, "%v: rows of equal keys keep their order", keys)
				}
				seen[k] = v.I
			}
			require.Equal(t, lines(t, df.Sort(keys...))[3:53], lines(t, df.Sort(keys...).Offset(3).Limit(50)), "%v: Limit of a Sort", keys)
		}
		ends, err := dataframe.CollectAs[r](ctx, df.Sort(dataframe.Desc("F")))
		require.NoError(t, err)
		require.True(t, math.IsNaN(ends[0].F), "NaN is the greatest")
		ends, err = dataframe.CollectAs[r](ctx, df.Sort(dataframe.Desc("K")))
		require.NoError(t, err)
		require.Nil(t, ends[len(ends)-1].K, "nulls are last in both directions")
		ends, err = dataframe.CollectAs[r](ctx, df.Sort(dataframe.Desc("K").NullsFirst()))
		require.NoError(t, err)
		require.Nil(t, ends[0].K)
	})
}

func TestLimitAndOffset(t *testing.T) {
	rows := make([]struct{ A int64 }, 10)
	for i := range rows {
		rows[i].A = int64(i)
	}
	forms(t, dataframe.FromStructs(rows), func(t *testing.T, df *dataframe.DataFrame) {
		for _, c := range []struct {
			df   *dataframe.DataFrame
			want string
		}{
			{df.Limit(0), ""}, {df.Limit(3), "0 1 2"}, {df.Limit(100), "0 1 2 3 4 5 6 7 8 9"}, {df.Offset(0).Limit(2), "0 1"}, {df.Offset(8), "8 9"}, {df.Offset(10), ""},
			{df.Offset(100), ""}, {df.Offset(2).Limit(3), "2 3 4"}, {df.Limit(5).Offset(3), "3 4"}, {df.Limit(3).Limit(5), "0 1 2"}, {df.Offset(3).Offset(4), "7 8 9"},
			{df.Limit(math.MaxInt64).Offset(9), "9"}, {df.Offset(math.MaxInt64), ""}, {df.Offset(9).Limit(math.MaxInt64), "9"},
			{df.Filter(col("A").Gt(4)).Limit(2), "5 6"}, {df.Limit(6).Filter(col("A").Gt(4)), "5"}, {df.Limit(4).Sort(dataframe.Desc("A")).Limit(2), "3 2"},
			{df.Sort(dataframe.Desc("A")).Offset(8), "1 0"}, {df.Sort("A").Limit(0), ""}, {dataframe.Concat(df.Limit(1), df.Limit(2)).Limit(2), "0 0"},
			{dataframe.Concat(df, df).Offset(9).Limit(3), "9 0 1"}, {df.Distinct().Limit(2), "0 1"}, {df.Limit(2).Join(df.Limit(5), dataframe.Using("A")).Offset(1), "1"},
		} {
			require.Equal(t, c.want, strings.Join(lines(t, c.df), " "), c.df.Explain(dataframe.Logical))
		}
		head, err := df.Head(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, int64(2), head.NumRows())
	})
}

func TestDistinctConcatAndUnion(t *testing.T) {
	type r struct {
		A *int64
		B string
	}
	forms(t, dataframe.FromStructs([]r{{nil, "x"}, {ptr(int64(1)), "x"}, {nil, "x"}, {nil, "y"}, {ptr(int64(1)), "z"}}), func(t *testing.T, df *dataframe.DataFrame) {
		require.Equal(t, []string{"<nil>,x", "1,x", "<nil>,y", "1,z"}, lines(t, df.Distinct()))
		require.Equal(t, []string{"<nil>,x", "1,x"}, lines(t, df.Distinct("A")))
		require.Equal(t, []string{"<nil>,x", "<nil>,y", "1,z"}, lines(t, df.Distinct("B")))
		both := dataframe.Concat(df.Limit(1), df.Select("B", "A").Offset(4))
		require.Equal(t, "A B", names(both), "by name, in the order of the first")
		require.Equal(t, []string{"<nil>,x", "1,z"}, lines(t, both))
		other := df.Limit(2).Select(col("A").Cast(arrow.PrimitiveTypes.Float64).As("a"), expr.Lit(true).As("C"))
		union := dataframe.Union(dataframe.UnionOptions{UnionByName: true, CaseInsensitive: true, PromoteTypes: true}, df.Limit(1), other)
		require.Equal(t, "A B C", names(union))
		require.Equal(t, []string{"<nil>,x,<nil>", "<nil>,<nil>,true", "1,<nil>,true"}, lines(t, union))
		require.Error(t, dataframe.Concat(df, other).Err())
		require.Equal(t, lines(t, df), lines(t, dataframe.Concat(df)))
	})
}

func TestEmptyFramesAndNoColumns(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)
	for what, df := range map[string]*dataframe.DataFrame{"records": dataframe.FromRecords(schema), "source": nothing(schema), "no rows": fromJSON(t, schema, "[]", "[]")} {
		require.Empty(t, lines(t, df), what)
		require.Empty(t, lines(t, df.Filter(col("a").Gt(1)).Sort("a").Distinct().Limit(3)), what)
		require.Empty(t, lines(t, df.Join(df, dataframe.Using("a"))), what)
		require.Empty(t, lines(t, dataframe.Concat(df, df)), what)
		n, err := df.Count(ctx)
		require.NoError(t, err, what)
		require.Zero(t, n, what)
		require.Equal(t, []string{"0"}, lines(t, df.GroupBy().Agg(expr.Count())), what)
		require.Empty(t, lines(t, df.GroupBy("a").Agg(expr.Count())), what)
	}
	forms(t, column(t, arrow.PrimitiveTypes.Int64, "1", "2", "null"), func(t *testing.T, df *dataframe.DataFrame) {
		none := df.Select()
		table, err := none.Collect(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(3), table.NumRows(), "rows without columns are rows")
		n, err := none.Count(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(3), n)
		n, err = df.Filter(col("v").Gt(1)).Drop("v").Count(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(1), n)
		n, err = df.Limit(2).Count(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(2), n)
	})
	bare := array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 5)
	n, err := dataframe.FromRecords(arrow.NewSchema(nil, nil), bare, bare).Count(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(10), n)
}

// TestCollectAllShares: what several frames hold runs once; each answer is that of the frame alone.
func TestCollectAllShares(t *testing.T) {
	var rows []struct{ K, V int64 }
	for i := range 1000 {
		rows = append(rows, struct{ K, V int64 }{int64(i % 10), int64(i)})
	}
	df, opened := inParts(t, dataframe.FromStructs(rows), 100)
	groups := df.Filter(col("V").Ge(10)).GroupBy("K").Agg(expr.Sum("V"), expr.Count())
	frames := []*dataframe.DataFrame{
		groups, groups.Sort(dataframe.Desc("V")).Limit(3), groups.GroupBy().Agg(expr.Sum("V")),
		groups.Join(groups.Select("K", col("count").As("n")), dataframe.Using("K")), groups,
	}
	var want [][]string
	for _, f := range frames {
		want = append(want, lines(t, f))
	}
	opened.Store(0)
	tables, err := dataframe.CollectAll(ctx, frames)
	require.NoError(t, err)
	require.Equal(t, int64(10), opened.Load(), "each of the ten splits is opened once")
	for i, table := range tables {
		require.Equal(t, want[i], lines(t, table.Frame()), "frame %d", i)
	}
	built := df.Filter(col("V").Ge(10)).GroupBy("K").Agg(expr.Sum("V"), expr.Count())
	opened.Store(0)
	_, err = dataframe.CollectAll(ctx, []*dataframe.DataFrame{groups, built.Limit(1)})
	require.NoError(t, err)
	require.Equal(t, int64(10), opened.Load(), "equal plans that were written twice are one")
}

func TestPersist(t *testing.T) {
	df, opened := inParts(t, dataframe.FromStructs([]row{{1}, {2}, {3}}), 1)
	kept, err := df.Filter(col("A").Gt(1)).Persist(ctx)
	require.NoError(t, err)
	opened.Store(0)
	require.Equal(t, []string{"2", "3"}, lines(t, kept))
	require.Equal(t, []string{"5"}, lines(t, kept.GroupBy().Agg(expr.Sum("A"))))
	require.Zero(t, opened.Load())
	later := kept.Limit(1)
	df.Unpersist()
	dataframe.FromStructs([]row{{1}}).Unpersist()
	require.Equal(t, []string{"2"}, lines(t, later))
	kept.Unpersist()
	kept.Unpersist()
	_, err = later.Collect(ctx)
	require.Contains(t, asFault(t, err).Error(), "dropped by Unpersist")
}

func TestDescribe(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int32, Nullable: true}, {Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "d", Type: arrow.FixedWidthTypes.Date32, Nullable: true}, {Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int8), Nullable: true},
	}, nil)
	df := fromJSON(t, schema, `[{"n":1,"s":"b","d":"2024-01-01","l":[1]},{"n":3,"s":"null","d":null,"l":null},{"n":null,"s":"a","d":"2023-01-01","l":[]}]`)
	table, err := df.Describe(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{
		"count,2,3,2,2", "null_count,1,0,1,1", "mean,2,<nil>,2023-07-02 12:00:00,<nil>", "std,1.4142135623730951,<nil>,<nil>,<nil>", "min,1,a,2023-01-01,<nil>",
		"25%,1.5,<nil>,2023-04-02 06:00:00,<nil>", "50%,2,<nil>,2023-07-02 12:00:00,<nil>", "75%,2.5,<nil>,2023-10-01 18:00:00,<nil>", "max,3,null,2024-01-01,<nil>",
	}, lines(t, table.Frame()))
	empty, err := df.Limit(0).Describe(ctx)
	require.NoError(t, err)
	require.Equal(t, "count,0,0,0,0", lines(t, empty.Frame())[0])
}

func TestExplainAndAnalyze(t *testing.T) {
	df := dataframe.FromStructs([]struct{ A, B int64 }{{1, 2}, {3, 4}}).Filter(col("A").Gt(1)).Sort("B").Limit(1)
	for form, words := range map[dataframe.ExplainOption][]string{
		dataframe.Optimized: {"TopK 1 by B", "where A.Gt(1)"}, dataframe.Logical: {"Limit", "Sort", "Filter"}, dataframe.Physical: {"stage 0", "answer"}, dataframe.AllPhases: {"sort_to_top_k", "== physical"},
	} {
		for _, w := range words {
			require.Contains(t, df.Explain(form), w)
		}
	}
	require.Equal(t, df.Explain(), df.Explain(dataframe.Optimized))
	require.Equal(t, df.Explain(dataframe.Logical)+"\n"+df.Explain(dataframe.Physical), df.Explain(dataframe.Logical, dataframe.Physical))
	receipt, err := df.Analyze(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(1), receipt.Rows)
	require.NotEmpty(t, receipt.Operators)
	require.Contains(t, receipt.String(), "1 row in ")
}

// TestManyBatches puts rows together over the limits of batches and splits.
func TestManyBatches(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int64}}, nil)
	var recs []arrow.RecordBatch
	n := int64(0)
	for size := range 130 {
		b := array.NewInt64Builder(memory.DefaultAllocator)
		for range size * 17 {
			b.Append(n)
			n++
		}
		recs = append(recs, array.NewRecordBatch(schema, []arrow.Array{b.NewArray()}, int64(size*17)))
	}
	df := dataframe.FromRecords(schema, recs...)
	want := int64(0)
	for v, err := range dataframe.Rows[int64](ctx, df) {
		require.NoError(t, err)
		require.Equal(t, want, v)
		want++
	}
	require.Equal(t, n, want)
	even, err := df.Filter(col("i").Mod(2).Eq(0)).Count(ctx)
	require.NoError(t, err)
	require.Equal(t, (n+1)/2, even)
}
