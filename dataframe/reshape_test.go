package dataframe_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/sched"
)

type sale struct {
	Shop, Fruit string
	Day         time.Time
	N           *int64
	Price       float64
}

func sales() *dataframe.DataFrame {
	day := func(d int) time.Time { return time.Date(2024, 5, d, 0, 0, 0, 0, time.UTC) }
	return dataframe.FromStructs([]sale{
		{"east", "pear", day(1), ptr(int64(3)), 1.5}, {"west", "fig", day(1), ptr(int64(1)), 4}, {"east", "fig", day(2), ptr(int64(5)), 4.5},
		{"east", "pear", day(2), nil, 1.25}, {"west", "fig", day(3), ptr(int64(7)), 3.5}, {"north", "lime", day(3), ptr(int64(2)), 0.5},
	})
}

func TestPivot(t *testing.T) {
	df := sales()
	given := df.GroupBy("Shop").Pivot("Fruit", "fig", "pear").Agg(expr.Sum("N").As("n"))
	require.Equal(t, "Shop fig pear", names(given))
	require.Equal(t, []string{"east,5,3", "west,8,<nil>", "north,<nil>,<nil>"}, lines(t, given))
	several := df.GroupBy("Shop").Pivot("Fruit", []string{"pear", "fig"}).Agg(expr.Count(), expr.Max("Price").Sub(expr.Min("Price")).As("span"))
	require.Equal(t, "Shop pear_count pear_span fig_count fig_span", names(several))
	require.Equal(t, []string{"east,2,0.25,1,0", "west,0,<nil>,2,0.5", "north,0,<nil>,0,<nil>"}, lines(t, several))

	require.ErrorContains(t, df.GroupBy("Shop").Pivot("Fruit", expr.Sum("N")).Agg(expr.Count()).Err(), "aggregates stand in Agg")
	literal := df.GroupBy("Shop").Pivot("Fruit", expr.Lit("fig")).Agg(expr.Sum("N"))
	require.Equal(t, "Shop fig", names(literal))

	found := df.GroupBy("Shop").Pivot("Fruit").Agg(expr.Count())
	require.Equal(t, "Shop fig lime pear", names(found))
	require.Equal(t, []string{"east,1,0,2", "west,2,0,0", "north,0,1,0"}, lines(t, found))
	numbers := df.GroupBy().Pivot("N").Agg(expr.CountOf("Price"))
	require.Equal(t, "1 2 3 5 7 null", names(numbers))
	require.Equal(t, []string{"1,1,1,1,1,1"}, lines(t, numbers))
	days := df.GroupBy("Fruit").Pivot(col("Day").Cast(arrow.FixedWidthTypes.Date32)).Agg(expr.Median("Price"))
	require.Equal(t, "Fruit 2024-05-01 2024-05-02 2024-05-03", names(days))
	require.Equal(t, []string{"pear,1.5,1.25,<nil>", "fig,4,4.5,3.5", "lime,<nil>,<nil>,0.5"}, lines(t, days))
	booleans := df.GroupBy("Fruit").Pivot(col("N").Gt(2)).Agg(expr.Count().Where(col("Price").Gt(1)))
	require.Equal(t, "Fruit false true null", names(booleans))
	require.Equal(t, []string{"pear,0,1,1", "fig,1,2,0", "lime,0,0,0"}, lines(t, booleans))
	dropped := df.GroupBy("N").DropNullKeys().Pivot("Shop", "east", nil).Agg(expr.Count())
	require.Equal(t, []string{"3,1,0", "1,0,0", "5,1,0", "7,0,0", "2,0,0"}, lines(t, dropped))
	require.Equal(t, []string{"0"}, lines(t, df.Limit(0).GroupBy().Pivot("Shop", "east").Agg(expr.Count())))

	for what, c := range map[string]struct {
		df   *dataframe.DataFrame
		text string
	}{
		"no aggregate":   {df.GroupBy("Shop").Pivot("Fruit", "fig").Agg(), "aggregate"},
		"two columns":    {df.GroupBy("Shop").Pivot([]string{"Fruit", "Day"}, 1).Agg(expr.Count()), "2"},
		"unknown column": {df.GroupBy("Shop").Pivot("Friut", "fig").Agg(expr.Count()), "Friut"},
		"wrong type":     {df.GroupBy("Shop").Pivot("Fruit", 7).Agg(expr.Count()), "7"},
		"value twice":    {df.GroupBy("Shop").Pivot("Fruit", "fig", "fig").Agg(expr.Count()), "fig"},
		"no rows":        {df.Limit(0).GroupBy("Shop").Pivot("Fruit").Agg(expr.Count()), "no rows"},
	} {
		f := asFault(t, c.df.Err())
		require.Contains(t, f.Error(), c.text, what)
		require.Contains(t, f.At, "reshape_test.go:", what)
	}
}

func TestExplodeAndUnpivot(t *testing.T) {
	type doc struct {
		ID    int
		Words []string
		Nums  []*int64
	}
	df := dataframe.FromStructs([]doc{{1, []string{"a", "b"}, []*int64{ptr(int64(1)), nil, ptr(int64(3))}}, {2, nil, nil}, {3, []string{}, []*int64{ptr(int64(9))}}})
	require.Equal(t, []string{"1,a,1", "1,b,<nil>", "1,<nil>,3", "2,<nil>,<nil>", "3,<nil>,9"}, lines(t, df.Explode("Words", "Nums")))
	require.Equal(t, []string{"1,a", "1,b", "2,<nil>", "3,<nil>"}, lines(t, df.Explode("Words").Select("ID", "Words")))
	require.Equal(t, []string{"b"}, lines(t, df.Explode("Words").Filter(col("Words").Gt("a")).Select("Words")))
	split := sales().Select("Shop", col("Fruit").Str().Split("i").As("parts")).Explode("parts")
	require.Equal(t, []string{"east,pear", "west,f", "west,g"}, lines(t, split)[:3])

	long := sales().Select("Shop", col("N").Cast(arrow.PrimitiveTypes.Float64).As("N"), "Price").Unpivot([]string{"Price", "N"}, "what", "value")
	require.Equal(t, "Shop what value", names(long))
	require.Equal(t, []string{"east,Price,1.5", "east,N,3", "west,Price,4", "west,N,1"}, lines(t, long)[:4])
	require.Contains(t, lines(t, long), "east,N,<nil>")
	require.Equal(t, []string{"N,5", "Price,6"}, lines(t, long.GroupBy("what").Agg(expr.CountOf("value")).Sort("what")))
}

func TestDistinctLast(t *testing.T) {
	require.Equal(t, []string{"pear,1.25", "fig,3.5", "lime,0.5"}, lines(t, sales().DistinctLast("Fruit").Select("Fruit", "Price")))
	require.Equal(t, []string{"east", "west", "north"}, lines(t, sales().Select("Shop").DistinctLast()))
	// Many rows and keys, which it forgets on the way.
	type r struct{ K, I int64 }
	var rows []r
	for i := range int64(400_000) {
		rows = append(rows, r{i % 1000 * (i % 7), i})
	}
	last := map[int64]int64{}
	for _, v := range rows {
		last[v.K] = v.I
	}
	got, err := dataframe.CollectAs[r](ctx, dataframe.FromStructs(rows).DistinctLast("K"), sched.Workers(3))
	require.NoError(t, err)
	require.Len(t, got, len(last))
	for i, v := range got {
		require.Equal(t, last[v.K], v.I)
		require.True(t, i == 0 || got[i-1].I < v.I, "in their places")
	}
}

func TestStatistics(t *testing.T) {
	df := sales()
	require.Equal(t, []string{"2.5,4.25,7"}, lines(t, df.GroupBy().Agg(expr.Median("Price"), expr.Quantile("Price", 0.9).As("q"), expr.Max("N").As("m"))))
	require.Equal(t, []string{"east,[3 5 <nil>]", "west,[1 7]", "north,[2]"}, strs(t, df.GroupBy("Shop").Agg(expr.ListOf("N"))))
	require.Equal(t, []string{"east,[<nil> 3 5]", "west,[7 1]", "north,[2]"}, strs(t, df.GroupBy("Shop").Agg(expr.ListOf("N").OrderBy("Price"))))
	require.Equal(t, []string{"east,fig,pear", "west,fig,fig", "north,lime,lime"},
		lines(t, df.GroupBy("Shop").Agg(expr.First("Fruit").OrderBy(col("Price").Desc()).As("dear"), expr.Mode("Fruit").As("most"))))
	got, err := dataframe.One[struct {
		N, S   int64
		Q      float64
		Corr   float64               `sheaf:"c"`
		Struct struct{ Shop string } `sheaf:"s"`
	}](ctx, df.GroupBy().Agg(expr.ApproxNUnique("Fruit").As("N"), expr.NUnique(expr.StructOf("Shop", "Fruit")).As("S"), expr.ApproxQuantile("Price", 0.5).As("Q"),
		expr.Corr("N", "Price").As("c"), expr.Last(expr.StructOf("Shop")).As("s")))
	require.NoError(t, err)
	require.Equal(t, int64(3), got.N)
	require.Equal(t, int64(4), got.S)
	require.InEpsilon(t, 1.5, got.Q, 0.005)
	require.InDelta(t, 6.1/math.Sqrt(23.2*11.8), got.Corr, 1e-12)
	require.Equal(t, "north", got.Struct.Shop)
}

// strs is lines for columns that hold lists and structs.
func strs(t *testing.T, df *dataframe.DataFrame, opts ...dataframe.RunOption) (out []string) {
	table, err := df.Collect(ctx, opts...)
	require.NoError(t, err)
	for i := range table.NumRows() {
		var cells []string
		for _, f := range table.Schema().Fields() {
			cells = append(cells, fmt.Sprint(table.Value(i, f.Name)))
		}
		out = append(out, strings.Join(cells, ","))
	}
	return out
}

func TestMapAndFlatMap(t *testing.T) {
	type in struct{ I int64 }
	type out struct {
		I    int64
		Text string
	}
	var rows []in
	for i := range int64(20_000) {
		rows = append(rows, in{i})
	}
	df := dataframe.FromStructs(rows)
	got, err := dataframe.CollectAs[out](ctx, dataframe.Map(df, func(v in) out { return out{v.I * 2, fmt.Sprint(v.I)} }).Filter(col("I").Mod(4).Eq(0)))
	require.NoError(t, err)
	require.Len(t, got, 10_000)
	require.Equal(t, out{4, "2"}, got[1])
	twice, err := dataframe.FlatMap(df, func(v in) ([]in, error) { return []in{v, v, v}[:v.I%4%3+v.I%4/3], nil }).GroupBy().Agg(expr.Count(), expr.Sum("I")).Collect(ctx)
	require.NoError(t, err)
	require.Positive(t, twice.Value(0, "count"))

	_, err = dataframe.Map(df, func(v in) in {
		if v.I == 12_345 {
			panic("no such row")
		}
		return v
	}).Count(ctx)
	f := asFault(t, err)
	require.Equal(t, fault.Panic, f.Kind)
	require.Equal(t, int64(12_346), f.Row)
	require.Equal(t, "Map", f.Op)
	require.Contains(t, f.Error(), "no such row")

	bad := errors.New("not this one")
	_, err = dataframe.FlatMap(df, func(v in) ([]in, error) {
		if v.I == 9_000 {
			return nil, bad
		}
		return nil, nil
	}).Count(ctx)
	f = asFault(t, err)
	require.ErrorIs(t, err, bad)
	require.Equal(t, int64(9001), f.Row)
	require.Equal(t, "FlatMap", f.Op)

	_, err = dataframe.Map(sales(), func(v struct{ N int64 }) in { return in{v.N} }).Count(ctx)
	require.Equal(t, int64(4), asFault(t, err).Row, "a null that does not fit has its row")
}

func TestMapBatches(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	counts := func(rec arrow.RecordBatch, err error) func(context.Context, arrow.RecordBatch) (arrow.RecordBatch, error) {
		return func(context.Context, arrow.RecordBatch) (arrow.RecordBatch, error) { return rec, err }
	}
	df := sales()
	total := df.MapBatches(schema, func(_ context.Context, in arrow.RecordBatch) (arrow.RecordBatch, error) {
		b := array.NewInt64Builder(memory.DefaultAllocator)
		for i := range in.NumRows() {
			b.Append(i)
		}
		return array.NewRecordBatch(schema, []arrow.Array{b.NewArray()}, in.NumRows()), nil
	})
	require.Equal(t, []string{"6"}, lines(t, total.GroupBy().Agg(expr.Count())))
	same := df.MapBatches(df.Schema(), func(_ context.Context, in arrow.RecordBatch) (arrow.RecordBatch, error) { return in, nil })
	require.Equal(t, lines(t, df), lines(t, same))

	nulls := array.NewInt64Builder(memory.DefaultAllocator)
	nulls.AppendNull()
	texts := array.NewStringBuilder(memory.DefaultAllocator)
	texts.Append("x")
	nullRec := array.NewRecordBatch(schema, []arrow.Array{nulls.NewArray()}, 1)
	textRec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.BinaryTypes.String}}, nil), []arrow.Array{texts.NewArray()}, 1)
	for what, c := range map[string]struct {
		fn   dataframe.BatchFunc
		kind fault.Kind
		text string
	}{
		"an error":      {counts(nil, errors.New("broken")), fault.Input, "broken"},
		"nothing":       {counts(nil, nil), fault.Data, "neither"},
		"nulls":         {counts(nullRec, nil), fault.Data, "nulls"},
		"other types":   {counts(textRec, nil), fault.Type, "utf8"},
		"other columns": {counts(array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 3), nil), fault.Type, "0 columns"},
		"a panic":       {func(context.Context, arrow.RecordBatch) (arrow.RecordBatch, error) { panic("boom") }, fault.Panic, "boom"},
	} {
		_, err := df.MapBatches(schema, c.fn).Collect(ctx)
		f := asFault(t, err)
		require.Equal(t, c.kind, f.Kind, what)
		require.Contains(t, f.Error(), c.text, what)
		require.Equal(t, "MapBatches", f.Op, what)
		require.Contains(t, f.Hint, "TestMapBatches", what)
	}
}

var (
	half  = expr.Func1("reshape_test.half", func(x int64) float64 { return float64(x) / 2 })
	join2 = expr.Func2("reshape_test.join", func(a, b string) string { return a + "/" + b })
	clamp = expr.Func3("reshape_test.clamp", func(x, lo, hi float64) float64 { return min(max(x, lo), hi) })
	four  = expr.Func4("reshape_test.four", func(a string, b time.Time, c int64, d float64) string { return fmt.Sprint(a, b.Day(), c, d) })
	root  = expr.Func1("reshape_test.root", func(x float64) float64 {
		if x > 4 {
			panic("too dear")
		}
		return math.Sqrt(x)
	})
	lengths = expr.FuncArrow("reshape_test.lengths", arrow.PrimitiveTypes.Int64, func(_ context.Context, args []arrow.Array) (arrow.Array, error) {
		b := array.NewInt64Builder(memory.DefaultAllocator)
		for i := range args[0].Len() {
			b.Append(int64(len(args[0].ValueStr(i))))
		}
		return b.NewArray(), nil
	})
)

func TestUserFunctions(t *testing.T) {
	df := sales()
	got := df.Select(half("N").As("half"), join2("Shop", "Fruit").As("join"), clamp("Price", expr.Lit(1.0), expr.Lit(4.0)).As("clamp"), lengths("Fruit").As("len"),
		four("Shop", "Day", "N", "Price").As("four"))
	require.Equal(t, []string{"1.5,east/pear,1.5,4,east1 3 1.5", "0.5,west/fig,4,3,west1 1 4", "2.5,east/fig,4,3,east2 5 4.5", "<nil>,east/pear,1.25,4,<nil>"}, lines(t, got)[:4])
	require.Equal(t, []string{"east,4", "west,4"}, lines(t, df.GroupBy("Shop").Agg(expr.Sum(half("N")).As("s")).Filter(half(col("s").Cast(arrow.PrimitiveTypes.Int64)).Gt(1.5))))
	_, err := df.With(root("Price").As("r")).Collect(ctx)
	f := asFault(t, err)
	require.Equal(t, fault.Panic, f.Kind)
	require.Equal(t, int64(3), f.Row)
	require.Contains(t, f.Error(), "too dear")
	require.Contains(t, f.Error(), "reshape_test.root")
	require.Contains(t, f.At, "reshape_test.go:")
}

func TestStructsOfMaps(t *testing.T) {
	type inner struct{ N []int32 }
	type r struct {
		ID    int
		Tags  map[string]float64
		By    map[int32]*inner
		Blobs [][]byte
	}
	rows := []r{
		{1, map[string]float64{"b": 2, "a": 1}, map[int32]*inner{7: {[]int32{1, 2}}, -1: nil}, [][]byte{{0, 255}, nil}},
		{2, nil, map[int32]*inner{}, nil}, {3, map[string]float64{}, nil, [][]byte{}},
	}
	df := dataframe.FromStructs(rows)
	require.NoError(t, df.Err())
	require.Equal(t, "map<utf8, float64, items_non_nullable>", df.Schema().Field(1).Type.String())
	got, err := dataframe.CollectAs[r](ctx, df.Filter(col("ID").Gt(0)))
	require.NoError(t, err)
	require.Equal(t, rows, got)
	require.ErrorContains(t, dataframe.FromStructs([]struct{ M map[bool]int }{}).Err(), "M")
	type loop struct{ M map[string]loop }
	require.Error(t, dataframe.FromStructs([]loop{}).Err())
}
