package dataframe_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan/plantest"
	"github.com/sheafdata/sheaf/sched"
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.(flag.Getter).Get().(bool) {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, strings.Split(string(want), "\n"), strings.Split(got, "\n"))
}

func col(name string) expr.Expr { return expr.Col(name) }

// nothing is a frame of a schema without rows.
func nothing(s *arrow.Schema) *dataframe.DataFrame {
	return dataframe.FromSource(partition.NewSource(s))
}

// names lists a frame's columns.
func names(df *dataframe.DataFrame) string {
	var list []string
	for _, f := range df.Schema().Fields() {
		list = append(list, f.Name)
	}
	return strings.Join(list, " ")
}

// apply calls the method of a faulty case as a program would.
func apply(df *dataframe.DataFrame, c plantest.Case) *dataframe.DataFrame {
	exprs, _ := expr.ColumnsOf(c.Args...)
	var text []string
	for _, a := range c.Args {
		if s, ok := a.(string); ok {
			text = append(text, s)
		}
	}
	zones := nothing(plantest.Zones)
	switch c.Method {
	case "Select":
		return df.Select(c.Args...)
	case "With":
		return df.With(exprs...)
	case "Filter":
		return df.Filter(exprs...)
	case "Drop":
		return df.Drop(text...)
	case "Rename":
		return df.Rename(text[0], text[1])
	case "GroupBy":
		return df.GroupBy(c.Args...).Agg(expr.Count())
	case "Agg":
		aggs, _ := expr.ColumnsOf(c.Args[1:]...)
		return df.GroupBy(c.Args[0].([]any)...).Agg(aggs...)
	case "Sort":
		return df.Sort(c.Args...)
	case "Offset":
		return df.Offset(c.Args[0].(int64))
	case "Distinct":
		return df.Distinct(text...)
	case "Explode":
		return df.Explode(text...)
	case "Unpivot":
		return df.Unpivot(c.Args[0].([]string), c.Args[1].(string), c.Args[2].(string))
	case "Repartition":
		return df.Repartition(dataframe.RepartitionOptions{By: text})
	case "JoinUsing":
		if len(text) == 0 {
			return df.Join(zones)
		}
		return df.Join(zones, dataframe.Using(text...))
	case "JoinOn":
		return df.Join(zones, dataframe.On(c.Args[0], c.Args[1]))
	case "JoinExpr":
		return df.Join(zones.Rename("vendor_right", "v"), dataframe.OnExpr(exprs...))
	case "Concat":
		return dataframe.Concat(df.Select(c.Args[0]), df.Select(c.Args[1]))
	}
	panic("no method " + c.Method)
}

// TestFaultyQueries pins the message of every faulty query, says that it names this file, and that it sticks.
func TestFaultyQueries(t *testing.T) {
	var out strings.Builder
	for _, c := range plantest.Faulty() {
		df := apply(nothing(plantest.Trips), c)
		f := asFault(t, df.Err())
		require.Equal(t, fault.Plan, f.Kind, c.Name)
		require.Regexp(t, `^(dataframe/rules_test|plantest/faulty)\.go:\d+$`, filepath.ToSlash(f.At), c.Name)
		require.Zero(t, df.Schema().NumFields(), c.Name)
		later := df.Limit(1).Select("anything").Err()
		require.Equal(t, df.Err().Error(), later.Error(), c.Name)
		_, err := df.Collect(ctx)
		require.Equal(t, df.Err().Error(), err.Error(), c.Name)
		pinned := *f
		pinned.At = ""
		fmt.Fprintf(&out, "%s\n    %s\n", c.Name, &pinned)
	}
	golden(t, "faults.txt", out.String())
}

// TestFaultsNameTheLine: the fault of a method is at the call, that of an expression where it was written.
func TestFaultsNameTheLine(t *testing.T) {
	df := nothing(plantest.Trips)
	bad := expr.Col("fare_amout").Gt(0) // the place
	lines := map[string]*dataframe.DataFrame{
		"Drop": df.
			Drop("nonsense"),
		"Sort": df.
			Sort(5),
		"Limit": df.
			Limit(-1),
		"Join": df.
			Join(nil, dataframe.Using("vendor")),
		"GroupBy": df.
			GroupBy("nonsense").
			Agg(expr.Count()),
	}
	text, err := os.ReadFile("rules_test.go")
	require.NoError(t, err)
	source := strings.Split(string(text), "\n")
	for op, df := range lines {
		f := asFault(t, df.Err())
		var line int
		_, err := fmt.Sscanf(filepath.ToSlash(f.At), "dataframe/rules_test.go:%d", &line)
		require.NoError(t, err, f.At)
		require.Contains(t, source[line-1], op+"(", f.Error())
	}
	f := asFault(t, df.Filter(bad).Err())
	var line int
	_, err = fmt.Sscanf(filepath.ToSlash(f.At), "dataframe/rules_test.go:%d", &line)
	require.NoError(t, err, f.At)
	require.Contains(t, source[line-1], "// the place")
}

// TestColumnsAndOperands: functions and frame methods take columns, Expr methods operands.
func TestColumnsAndOperands(t *testing.T) {
	type r struct {
		A    int64
		B    string
		C, D *int64
	}
	df := dataframe.FromStructs([]r{{1, "B", ptr(int64(1)), nil}, {2, "x", nil, ptr(int64(5))}})
	require.Equal(t, "A B C D", names(df.Select("A", []string{"B"}, col("C"), []expr.Expr{col("D")})))
	n, err := df.Filter(col("B").Eq("B")).Count(ctx) // the text B, not the column
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	n, err = df.Filter(col("A").Eq(col("C"))).Count(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	n, err = df.Filter(col("A").In([]int{2, 3}, 7)).Count(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	texts, err := dataframe.CollectAs[string](ctx, df.Select(expr.If(col("A").Eq(1), "A", "no")))
	require.NoError(t, err)
	require.Equal(t, []string{"A", "no"}, texts, "the values of If are operands")
	nums, err := dataframe.CollectAs[int64](ctx, df.Select(expr.Coalesce(col("C"), 7)))
	require.NoError(t, err)
	require.Equal(t, []int64{1, 7}, nums)
	nums, err = dataframe.CollectAs[int64](ctx, df.Select(expr.Greatest("A", "C", "D")))
	require.NoError(t, err)
	require.Equal(t, []int64{1, 5}, nums, "the arguments of Greatest are columns")
	nulls, err := dataframe.CollectAs[*bool](ctx, df.Select(col("A").Eq(nil).As("n")))
	require.NoError(t, err)
	require.Equal(t, []*bool{nil, nil}, nulls)
	for _, bad := range []*dataframe.DataFrame{
		df.Select(1), df.Select(nil), df.Select([]any{"A"}), df.Select(struct{}{}), df.Sort(1.5), df.GroupBy(true).Agg(expr.Count()), df.Select(expr.Sum(3)),
		df.Filter(col("A").Eq([]int{1})), df.Filter(col("A").Eq(make(chan int))), df.With(expr.Lit(map[string]int{})), df.Select((*int)(nil)),
	} {
		require.Equal(t, fault.Plan, asFault(t, bad.Err()).Kind)
	}
}

func TestNamesOfColumns(t *testing.T) {
	df := dataframe.FromStructs([]struct {
		A, B int64
		S    string
	}{{1, 2, "x"}})
	for want, cols := range map[string][]any{
		"A":       {col("A").Add(col("B")).Mul(2)},
		"B":       {expr.Lit(1).Add(col("B"))},
		"S":       {expr.If(col("A").Eq(1), col("S"), "no")},
		"literal": {expr.Lit(5)},
		"x":       {expr.Lit(5).As("x")},
		"A B":     {"A", "B"},
		"y A":     {col("A").As("y"), "A"},
	} {
		require.Equal(t, want, names(df.Select(cols...)))
	}
	require.Equal(t, "A count B", names(df.GroupBy("A").Agg(expr.Count(), expr.Sum("B"))))
	require.Equal(t, "A B S", names(df.With(col("B").Add(1))), "With replaces in place")
	require.Equal(t, "A B S C", names(df.With(col("B").As("C"))))
	require.Contains(t, asFault(t, df.Select("A", "A").Err()).Error(), `two columns are named "A"`)
	require.Contains(t, asFault(t, df.GroupBy("A").Agg(expr.Sum("B"), expr.Max("B")).Err()).Error(), `two columns are named "B"`)
	swapped, err := dataframe.One[struct{ A, B int64 }](ctx, df.With(col("B").As("A"), col("A").As("B")))
	require.NoError(t, err)
	require.Equal(t, struct{ A, B int64 }{2, 1}, swapped, "all are computed from the frame as it was")
}

// TestLiteralsAdapt: every pair of a column and a constant that may stand beside each other finds its row, the others are faults.
func TestLiteralsAdapt(t *testing.T) {
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	zoned := &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "America/New_York"}
	naive := &arrow.TimestampType{Unit: arrow.Millisecond}
	for i, c := range []struct {
		typ   arrow.DataType
		value string
		equal any
	}{
		{arrow.PrimitiveTypes.Int8, "5", 5}, {arrow.PrimitiveTypes.Uint64, "5", 5}, {arrow.PrimitiveTypes.Float32, "5", 5}, {arrow.PrimitiveTypes.Float64, "5", uint8(5)},
		{arrow.PrimitiveTypes.Float32, "0.1", 0.1}, {arrow.PrimitiveTypes.Float64, "0.1", 0.1}, {&arrow.Decimal128Type{Precision: 5, Scale: 2}, `"0.10"`, 0.1},
		{&arrow.Decimal128Type{Precision: 5, Scale: 2}, `"7"`, 7}, {arrow.PrimitiveTypes.Int64, "5", 5.0},
		{arrow.FixedWidthTypes.Date32, `"2024-02-29"`, "2024-02-29"}, {arrow.FixedWidthTypes.Date32, `"2024-02-29"`, day},
		{naive, `"2024-02-29 00:00:00"`, "2024-02-29"}, {naive, `"2024-02-29 00:00:00"`, day}, {zoned, `"2024-02-29 00:00:00Z"`, day},
		{zoned, `"2024-02-29 00:00:00Z"`, "2024-02-28T19:00:00-05:00"}, {zoned, `"2024-02-29 00:00:00Z"`, day.In(time.FixedZone("", 3600))},
		{arrow.FixedWidthTypes.Duration_ms, `"1500ms"`, 1500 * time.Millisecond}, {arrow.FixedWidthTypes.Time64us, `"01:02:03"`, "01:02:03"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, `"a"`, "a"}, {arrow.BinaryTypes.LargeString, `"a"`, "a"},
	} {
		n, err := column(t, c.typ, c.value, "null").Filter(col("v").Eq(c.equal)).Count(ctx)
		require.NoError(t, err, "%d: %s", i, c.typ)
		require.Equal(t, int64(1), n, "%d: %s %v", i, c.typ, c.equal)
	}
	for i, c := range []struct {
		typ   arrow.DataType
		value any
	}{
		{arrow.PrimitiveTypes.Int64, "5"}, {arrow.PrimitiveTypes.Float64, "5"}, {arrow.BinaryTypes.String, 5}, {arrow.FixedWidthTypes.Boolean, 1},
		{arrow.FixedWidthTypes.Date32, "29.2.2024"}, {arrow.FixedWidthTypes.Date32, day.Add(1)}, {naive, day.In(time.FixedZone("", 3600))},
		{naive, 5}, {arrow.FixedWidthTypes.Date32, 5}, {arrow.FixedWidthTypes.Duration_s, "1s"}, {arrow.PrimitiveTypes.Int64, true},
	} {
		f := asFault(t, column(t, c.typ).Filter(col("v").Eq(c.value)).Err())
		require.Equal(t, fault.Plan, f.Kind, "%d", i)
	}
	beside, err := dataframe.One[float64](ctx, column(t, arrow.PrimitiveTypes.Int32, "5").Select(col("v").Add(0.5)))
	require.NoError(t, err)
	require.Equal(t, 5.5, beside, "a float beside an integer makes the operation float64")
}

// TestNilAndZeroFrames: every method and action of a nil frame and a zero DataFrame gives a fault, and none panics.
func TestNilAndZeroFrames(t *testing.T) {
	for what, df := range map[string]*dataframe.DataFrame{"the frame is nil": nil, "the frame is a zero DataFrame": {}} {
		require.Contains(t, asFault(t, df.Err()).Error(), what)
		require.NotNil(t, df.Schema())
		require.Zero(t, df.Schema().NumFields())
		require.Contains(t, df.Explain(), what)
		df.Unpersist()
		good := dataframe.FromStructs([]struct{ A int64 }{{1}})
		for _, derived := range []*dataframe.DataFrame{
			df.Select("a"), df.With(col("a")), df.Drop("a"), df.Rename("a", "b"), df.RenameFunc(strings.ToLower), df.Filter(col("a")),
			df.GroupBy("a").Agg(expr.Count()), df.GroupBy().DropNullKeys().Pivot("a").Agg(expr.Count()), df.Unpivot([]string{"a"}, "n", "v"), df.Explode("a"),
			df.Join(good, dataframe.Using("A")), good.Join(df, dataframe.Using("A")), df.Sort("a"), df.Limit(1), df.Offset(1), df.Distinct(), df.DistinctLast(),
			dataframe.Concat(df), dataframe.Concat(good, df), dataframe.Union(dataframe.UnionOptions{}, df, good), df.MapBatches(good.Schema(), nil),
			dataframe.Map(df, func(r row) row { return r }), dataframe.FlatMap(df, func(r row) ([]row, error) { return nil, nil }),
			df.Repartition(dataframe.RepartitionOptions{}),
		} {
			require.Contains(t, asFault(t, derived.Err()).Error(), what)
		}
		requireActionsFail(t, df, what)
	}
	var g *dataframe.Grouped
	require.Contains(t, asFault(t, g.DropNullKeys().Pivot("a").Agg(expr.Count()).Err()).Error(), "the groups are nil")
	require.Contains(t, asFault(t, (&dataframe.Grouped{}).Agg(expr.Count()).Err()).Error(), "the groups are nil")
}

// requireActionsFail runs every action and iterator of a frame that holds a fault.
func requireActionsFail(t *testing.T, df *dataframe.DataFrame, what string) {
	t.Helper()
	errs := map[string]error{}
	_, errs["Collect"] = df.Collect(ctx)
	_, errs["CollectAs"] = dataframe.CollectAs[int64](ctx, df)
	_, errs["One"] = dataframe.One[int64](ctx, df)
	_, errs["CollectAll"] = dataframe.CollectAll(ctx, []*dataframe.DataFrame{df})
	_, errs["Count"] = df.Count(ctx)
	_, errs["Head"] = df.Head(ctx, 1)
	_, errs["Describe"] = df.Describe(ctx)
	_, errs["Write"] = df.Write(ctx, apiSink{})
	_, errs["Persist"] = df.Persist(ctx)
	_, errs["Analyze"] = df.Analyze(ctx)
	for action, err := range errs {
		f := asFault(t, err)
		require.Contains(t, f.Error(), what, action)
		require.Contains(t, f.At, "rules_test.go:", action)
		require.NotEmpty(t, f.Op, action)
	}
	given := 0
	for rec, err := range df.Batches(ctx) {
		given++
		require.Nil(t, rec)
		require.Contains(t, asFault(t, err).Error(), what)
	}
	require.Equal(t, 1, given, "Batches gives the fault once")
	given = 0
	for _, err := range dataframe.Rows[int64](ctx, df) {
		given++
		require.Contains(t, asFault(t, err).Error(), what)
	}
	require.Equal(t, 1, given, "Rows gives the fault once")
}

func TestFirstFaultSticks(t *testing.T) {
	df := nothing(plantest.Trips).Drop("first_wrong").Drop("second_wrong").GroupBy("third_wrong").Agg(expr.Count())
	require.Contains(t, asFault(t, df.Err()).Error(), "first_wrong")
	require.NotContains(t, df.Err().Error(), "second_wrong")
	requireActionsFail(t, df, "first_wrong")
	require.Contains(t, df.Explain(dataframe.AllPhases), "first_wrong")
	joined := nothing(plantest.Zones).Join(df, dataframe.Using("zone_id"))
	require.Contains(t, asFault(t, joined.Err()).Error(), "first_wrong")
}

func TestMisuseOfActions(t *testing.T) {
	df := dataframe.FromStructs([]struct{ A int64 }{{1}})
	var none context.Context
	_, err := df.Collect(none)
	require.Contains(t, asFault(t, err).Error(), "the context is nil")
	_, err = df.Write(none, apiSink{})
	require.Contains(t, asFault(t, err).Error(), "the context is nil")
	_, err = df.Write(ctx, nil)
	require.Contains(t, asFault(t, err).Error(), "the sink is nil")
	_, err = df.Collect(ctx, sched.Workers(-1))
	require.Contains(t, asFault(t, err).Error(), "negative options")
	_, err = df.Head(ctx, -1)
	require.Contains(t, asFault(t, err).Error(), "negative")
	_, err = df.Collect(ctx, nil, sched.Workers(1))
	require.NoError(t, err, "a nil option is none")
	tables, err := dataframe.CollectAll(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, tables)
	for _, bad := range []*dataframe.DataFrame{
		dataframe.FromSource(nil), dataframe.FromRecords(nil), dataframe.Concat(), df.Join(df, nil), df.Filter(), df.RenameFunc(nil), df.MapBatches(nil, nil),
		dataframe.Map[row, row](dataframe.FromStructs([]row{}), nil), dataframe.FlatMap[row, row](dataframe.FromStructs([]row{}), nil), df.Filter(expr.Expr{}), df.With(expr.Expr{}),
		df.Sort(expr.Expr{}), df.GroupBy(expr.Expr{}).Agg(expr.Count()), df.GroupBy("A").Agg(expr.Expr{}), df.Join(df, dataframe.OnExpr(expr.Expr{})),
	} {
		f := asFault(t, bad.Err())
		require.Equal(t, fault.Plan, f.Kind, f.Error())
		require.Contains(t, f.At, "rules_test.go:")
	}
	require.NoError(t, dataframe.FromStructs([]struct{ A int64 }{{1}}).With().Err(), "With of nothing changes nothing")
}

// TestFramesNeverChange: what is made of a frame, and what the caller does with slices it gave, does not show in it.
func TestFramesNeverChange(t *testing.T) {
	df := dataframe.FromStructs([]struct{ A, B int64 }{{1, 2}, {1, 3}})
	before := df.Explain(dataframe.Logical)
	cols := []string{"A"}
	anys := []any{"A"}
	preds := []expr.Expr{col("A").Eq(1)}
	distinct, dropped, selected, filtered := df.Distinct(cols...), df.Drop(cols...), df.Select(anys...), df.Filter(preds...)
	grouped := df.GroupBy(anys...)
	exprs := []expr.Expr{expr.Count()}
	agg := grouped.Agg(exprs...)
	unpivoted := df.Unpivot(cols, "n", "v")
	joined := df.Join(df, dataframe.Using(cols...))
	repartitioned := df.Repartition(dataframe.RepartitionOptions{By: cols})
	frames := []*dataframe.DataFrame{distinct, dropped, selected, filtered, agg, unpivoted, joined, repartitioned}
	var plans []string
	for _, f := range frames {
		require.NoError(t, f.Err())
		plans = append(plans, f.Explain(dataframe.Logical))
	}
	cols[0], anys[0], preds[0], exprs[0] = "B", "B", col("B").Eq(9), expr.Sum("B")
	for i, f := range frames {
		require.Equal(t, plans[i], f.Explain(dataframe.Logical))
	}
	require.Equal(t, before, df.Explain(dataframe.Logical))
	_ = grouped.DropNullKeys()
	n, err := grouped.Agg(expr.Count()).Count(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
}

// TestFramesAreShared runs one frame from several goroutines at once.
func TestFramesAreShared(t *testing.T) {
	rows := make([]struct{ K, V int64 }, 20_000)
	for i := range rows {
		rows[i].K, rows[i].V = int64(i%7), int64(i)
	}
	df := dataframe.FromStructs(rows).Filter(col("V").Ge(100)).GroupBy("K").Agg(expr.Sum("V")).Sort("K")
	want, err := df.Collect(ctx)
	require.NoError(t, err)
	var wg sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		wg.Go(func() {
			if table, err := df.Select("K", "V").Collect(ctx); err == nil {
				got[i] = table.String()
			}
			_ = df.Explain(dataframe.AllPhases)
		})
	}
	wg.Wait()
	for _, s := range got {
		require.Equal(t, want.String(), s)
	}
}

// TestAnswersStayGood: results live on, whatever becomes of the batches, the table and later runs.
func TestAnswersStayGood(t *testing.T) {
	df := fromJSON(t, arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil), `[{"s":"`+strings.Repeat("long text ", 5)+`"},{"s":"b"}]`)
	var kept []arrow.RecordBatch
	var texts []string
	for rec, err := range df.Batches(ctx) {
		require.NoError(t, err)
		kept = append(kept, rec)
	}
	for s, err := range dataframe.Rows[string](ctx, df) {
		require.NoError(t, err)
		texts = append(texts, s)
	}
	table, err := df.Collect(ctx)
	require.NoError(t, err)
	value := table.Value(0, "s")
	for rec := range table.Batches() {
		rec.Release() // optional, and harmless
	}
	for range 20 {
		_, err := df.Collect(ctx)
		require.NoError(t, err)
	}
	require.Equal(t, strings.Repeat("long text ", 5), value)
	require.Equal(t, []string{strings.Repeat("long text ", 5), "b"}, texts)
	require.Equal(t, "b", kept[0].Column(0).ValueStr(1))
}

func TestTables(t *testing.T) {
	df := dataframe.FromStructs([]struct {
		A int64
		B *string
	}{{1, nil}, {2, ptr("x")}})
	table, err := df.Collect(ctx)
	require.NoError(t, err)
	require.True(t, table.Schema().Equal(df.Schema()))
	require.Equal(t, int64(2), table.NumRows())
	require.Equal(t, int64(2), table.Value(1, "A"))
	require.Equal(t, "x", table.Value(1, "B"))
	for _, v := range []any{table.Value(0, "B"), table.Value(2, "A"), table.Value(-1, "A"), table.Value(0, "C")} {
		require.Nil(t, v)
	}
	require.Nil(t, table.Column("C"))
	require.Equal(t, 2, table.Column("B").Len())
	again, err := table.Frame().Collect(ctx)
	require.NoError(t, err)
	require.Equal(t, table.String(), again.String())
	empty, err := df.Filter(col("A").Gt(5)).Collect(ctx)
	require.NoError(t, err)
	require.Zero(t, empty.NumRows())
	require.Equal(t, 0, empty.Column("A").Len())
	require.Nil(t, empty.Value(0, "A"))
}

// TestReceivers: nothing of the package's own types is copied by value into something that changes.
func TestExprsCannotBeCompared(t *testing.T) {
	require.False(t, reflect.TypeFor[expr.Expr]().Comparable(), "a == b must not compile")
}

func TestFromRecordsChecksItsRecords(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}, {Name: "b", Type: arrow.BinaryTypes.String}}, nil)
	good := fromJSON(t, schema, `[{"a":1,"b":"x"}]`)
	require.NoError(t, good.Err())
	rec := func(s *arrow.Schema, text string) arrow.RecordBatch {
		table, err := fromJSON(t, s, text).Collect(ctx)
		require.NoError(t, err)
		for r := range table.Batches() {
			return r
		}
		return nil
	}
	nullable := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "b", Type: arrow.BinaryTypes.String}}, nil)
	for message, r := range map[string]arrow.RecordBatch{
		"the record batch is nil":                                       nil,
		"the record batch has 1 columns, the schema 2":                  rec(arrow.NewSchema(schema.Fields()[:1], nil), `[{"a":1}]`),
		`column 1 of the record batch is named "b", that of the schema`: rec(arrow.NewSchema([]arrow.Field{schema.Field(1), schema.Field(0)}, nil), `[{"a":1,"b":"x"}]`),
		"1 nulls in a column that the schema says has none":             rec(nullable, `[{"a":null,"b":"x"}]`),
		"the record batch has int32, the schema int64 (partition 2":     rec(arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int32}, schema.Field(1)}, nil), `[{"a":1,"b":"x"}]`),
	} {
		f := asFault(t, dataframe.FromRecords(schema, rec(schema, `[{"a":1,"b":"x"}]`), r).Err())
		require.Contains(t, f.Error(), message)
	}
	require.NoError(t, dataframe.FromRecords(schema, rec(nullable, `[{"a":1,"b":"x"}]`)).Err(), "a nullable column without nulls will do")
	twice := arrow.NewSchema([]arrow.Field{schema.Field(0), schema.Field(0)}, nil)
	require.Contains(t, asFault(t, dataframe.FromRecords(twice).Err()).Error(), `two columns are named "a"`)
}

var errUser = errors.New("the disk is on fire")

// failing is a source whose second batch is an error.
func failing(schema *arrow.Schema, first arrow.RecordBatch) partition.Source {
	return partition.NewSource(schema, func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			if yield(first, nil) {
				yield(nil, errUser)
			}
		}
	})
}

// TestErrorsOfSources: a source's error comes as a fault that holds it, once.
func TestErrorsOfSources(t *testing.T) {
	table, err := dataframe.FromStructs([]row{{1}, {2}}).Collect(ctx)
	require.NoError(t, err)
	var first arrow.RecordBatch
	for r := range table.Batches() {
		first = r
	}
	df := dataframe.FromSource(failing(table.Schema(), first))
	_, err = df.Collect(ctx)
	require.ErrorIs(t, asFault(t, err), errUser)
	failures := 0
	for _, err := range df.Batches(ctx) {
		if err != nil {
			failures++
			require.ErrorIs(t, asFault(t, err), errUser)
		}
	}
	require.Equal(t, 1, failures)
	_, err = df.Write(ctx, apiSink{})
	require.ErrorIs(t, asFault(t, err), errUser)
}
