package optimizer

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

var update = flag.Bool("update", false, "write the golden files anew")

func field(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

var (
	trips = &table{name: "trips", schema: arrow.NewSchema([]arrow.Field{
		field("id", arrow.PrimitiveTypes.Int64), field("zone", arrow.PrimitiveTypes.Int64), field("riders", arrow.PrimitiveTypes.Int32),
		field("fare", arrow.PrimitiveTypes.Float64), field("tip", arrow.PrimitiveTypes.Float64), field("note", arrow.BinaryTypes.String),
		field("day", arrow.FixedWidthTypes.Date32), field("at", &arrow.TimestampType{Unit: arrow.Second}), field("small", arrow.PrimitiveTypes.Float32),
		field("stops", arrow.ListOf(arrow.PrimitiveTypes.Int64)),
	}, nil), stats: partition.Stats{Exact: true, Rows: 1000, Columns: map[string]partition.ColumnStats{
		"id": {Min: int64(1), Max: int64(1000), NullsKnown: true}, "zone": {Min: int64(1), Max: int64(263), NullsKnown: true, Nulls: 3},
		"fare": {Min: -5.0, Max: 300.0, NullsKnown: true},
	}}}
	zones = &table{name: "zones", schema: arrow.NewSchema([]arrow.Field{
		field("zone", arrow.PrimitiveTypes.Int64), field("name", arrow.BinaryTypes.String), field("area", arrow.PrimitiveTypes.Int64),
	}, nil)}
)

// legs is a large table with the trips' id.
var legs = &table{name: "legs", schema: arrow.NewSchema([]arrow.Field{
	field("trip", arrow.PrimitiveTypes.Int64), field("leg", arrow.PrimitiveTypes.Int64), field("miles", arrow.PrimitiveTypes.Float64),
}, nil), stats: partition.Stats{Exact: true, Rows: 1_000_000, Columns: map[string]partition.ColumnStats{
	"trip": {Min: int64(1), Max: int64(1000), NullsKnown: true}, "leg": {Min: int64(1), Max: int64(1_000_000), NullsKnown: true},
}}}

// q builds plans without error checks on every line.
type q struct{ n plan.Node }

func must(n plan.Node, err error) q {
	if err != nil {
		panic(err)
	}
	return q{n}
}

func from(t *table) q                   { return q{plan.NewScan(t)} }
func (a q) filter(p expr.Expr) q        { return must(plan.NewFilter(a.n, p)) }
func (a q) with(es ...expr.Expr) q      { return must(plan.NewWith(a.n, es...)) }
func (a q) sel(es ...expr.Expr) q       { return must(plan.NewProject(a.n, es...)) }
func (a q) limit(n, off int64) q        { return must(plan.NewLimit(a.n, n, off)) }
func (a q) distinct(cols ...string) q   { return must(plan.NewDistinct(a.n, cols, false)) }
func (a q) join(b q, s plan.JoinSpec) q { return must(plan.NewJoin(a.n, b.n, s)) }
func (a q) group(k, g []expr.Expr) q    { return must(plan.NewGroupBy(a.n, k, g, false)) }
func (a q) concat(b ...q) q {
	ins := []plan.Node{a.n}
	for _, x := range b {
		ins = append(ins, x.n)
	}
	return must(plan.NewConcat(ins))
}

func (a q) sort(cols ...string) q {
	keys := make([]plan.SortKey, len(cols))
	for i, c := range cols {
		keys[i].Expr = expr.Col(c)
	}
	return must(plan.NewSort(a.n, keys...))
}

func using(kind plan.JoinKind) plan.JoinSpec {
	return plan.JoinSpec{Kind: kind, Using: []string{"zone"}}
}

func es(e ...expr.Expr) []expr.Expr { return e }

// ruleCase is a clumsy plan and whether the rule is to fire on it.
type ruleCase struct {
	rule string
	what string
	fire bool
	plan q
}

func ruleCases() []ruleCase {
	col := expr.Col
	risky := col("id").Add(col("zone")).Gt(10)             // overflows
	digits := col("note").Str().Match("^[0-9]+$")          // guards
	parsed := col("note").Cast(arrow.PrimitiveTypes.Int64) // what may fail
	year := col("at").Dt().Year()
	few := from(trips).filter(col("id").Between(7, 9))
	toLegs := func(kind plan.JoinKind) plan.JoinSpec {
		return plan.JoinSpec{Kind: kind, LeftOn: es(col("id")), RightOn: es(col("trip"))}
	}
	perZone := es(expr.Count().As("n"), expr.Max(col("fare")).As("top"))
	return []ruleCase{
		{"fold_constants", "arithmetic of literals", true, from(trips).filter(col("id").Gt(expr.Lit(2).Add(3)))},
		{"fold_constants", "what fails is left where it stands", false, from(trips).filter(col("id").Gt(0)).sel(expr.If(col("id").Gt(1), expr.Lit(int64(1<<62)).Add(int64(1<<62)), 0).As("x"))},

		{"simplify_boolean", "x and true; not not x; one value of in", true, from(trips).filter(expr.Lit(true).And(col("zone").In(7).Not().Not()))},
		{"simplify_boolean", "x or (x and y) is x", true, from(trips).filter(col("id").Gt(1).Or(col("id").Gt(1).And(risky)))},
		{"simplify_boolean", "not (x or y) falls into conjuncts", true, from(trips).filter(col("id").Gt(1).Or(col("fare").Lt(2)).Not())},
		{"simplify_boolean", "a comparison with null", true, from(trips).filter(col("id").Eq(nil))},
		{"simplify_boolean", "x and null may be false: it stays in a column", false, from(trips).sel(col("id").Gt(1).And(col("fare").Gt(1)).As("x"))},

		{"unwrap_cast", "a 32-bit column against a small literal", true, from(trips).filter(col("riders").Cast(arrow.PrimitiveTypes.Int64).Gt(3))},
		{"unwrap_cast", "a date against midnight", true, from(trips).filter(col("day").Cast(&arrow.TimestampType{Unit: arrow.Microsecond}).Ge("2024-01-31"))},
		{"unwrap_cast", "a date against noon", false, from(trips).filter(col("day").Cast(&arrow.TimestampType{Unit: arrow.Microsecond}).Ge("2024-01-31 12:00"))},
		{"unwrap_cast", "a literal that the narrow type does not hold", false, from(trips).filter(col("riders").Cast(arrow.PrimitiveTypes.Int64).Lt(int64(1) << 40))},
		{"unwrap_cast", "a float32 against what it does not hold exactly", false, from(trips).filter(col("small").Cast(arrow.PrimitiveTypes.Float64).Eq(0.1))},

		{"simplify_filter", "always true", true, from(trips).filter(expr.Lit(1).Lt(2))},
		{"simplify_filter", "never true", true, from(trips).filter(expr.Lit(1).Gt(2)).sort("id")},

		{"simplify_filter", "a join on what is never true", true, from(trips).join(from(zones), plan.JoinSpec{Kind: plan.Inner, Using: []string{"zone"}, Residual: es(col("fare").Gt(nil))})},
		{"simplify_filter", "a left join keeps its rows", false, from(trips).join(from(zones), plan.JoinSpec{Kind: plan.Left, Using: []string{"zone"}, Residual: es(col("fare").Gt(nil))})},

		{"merge_filters", "two filters", true, from(trips).sort("id").limit(5, 0).filter(col("id").Gt(1)).filter(col("fare").Gt(2))},
		{"merge_filters", "one that can fail stays above its guard", false, from(trips).limit(5, 0).filter(digits).filter(parsed.Gt(5))},

		{"merge_projects", "a column of a column", true, from(trips).with(col("fare").Add(col("tip")).As("total")).sel(col("total").Div(2).As("half"), col("id"))},
		{"merge_projects", "not where work would double", false, from(trips).with(col("note").Str().Lower().As("low")).sel(col("low").Str().Len().As("n"), col("low"))},
		{"remove_project", "all columns as they are", true, from(zones).sel(col("zone"), col("name"), col("area"))},
		{"remove_project", "not another order", false, from(zones).sel(col("name"), col("zone"), col("area")).limit(3, 0)},

		{"filter_through_project", "a renamed and a cheap column", true, from(trips).limit(9, 0).sel(col("id").As("key"), col("fare").Add(col("tip")).As("total")).filter(col("key").Gt(1).And(col("total").Gt(5)))},
		{"filter_through_project", "not on what is dear to compute", false, from(trips).sel(col("note").Str().Lower().As("low")).filter(col("low").Eq("x"))},
		{"filter_through_project", "not on what can fail", false, from(trips).with(parsed.As("v")).filter(col("v").Gt(5))},
		{"filter_through_sort", "fewer rows to sort", true, from(trips).sort("fare").filter(risky)},
		{"filter_through_sort", "not past a limit", false, from(trips).sort("fare").limit(10, 0).filter(col("fare").Gt(1))},
		{"filter_through_distinct", "on its columns", true, from(trips).distinct("zone").filter(col("zone").Gt(5))},
		{"filter_through_distinct", "not on other columns: another row would be the first", false, from(trips).distinct("zone").filter(col("fare").Gt(5))},
		{"filter_through_group_by", "on keys", true, from(trips).group(es(col("zone")), perZone).filter(col("zone").Gt(5).And(col("n").Gt(1)))},
		{"filter_through_group_by", "not without keys: there is a row of no rows", false, from(trips).group(nil, perZone).filter(col("n").Gt(1))},
		{"filter_through_window", "on what all windows partition by", true, from(trips).sel(col("zone"), expr.Sum(col("fare")).Over("zone").As("sum")).filter(col("zone").Eq(5))},
		{"filter_through_window", "not on another column: the sums would change", false, from(trips).sel(col("id"), expr.Sum(col("fare")).Over("zone").As("sum")).filter(col("id").Eq(5))},
		{"filter_through_reshape", "below an explode", true, must(plan.NewExplode(from(trips).n, []string{"stops"})).filter(col("zone").Eq(5).And(col("stops").Gt(2)))},
		{"filter_through_reshape", "not on the elements", false, must(plan.NewExplode(from(trips).n, []string{"stops"})).filter(col("stops").Gt(2))},
		{"filter_through_concat", "into each input", true, from(zones).concat(from(zones).limit(3, 0)).filter(col("zone").Gt(1))},
		{"filter_through_join", "each side its own, a key on both", true, from(trips).join(from(zones), using(plan.Inner)).filter(col("fare").Gt(1).And(col("name").Eq("Bronx"), col("zone").Lt(100)))},
		{"filter_through_join", "left rows of a left join", true, from(trips).join(from(zones), using(plan.Left)).filter(col("zone").Gt(1))},
		{"filter_through_join", "not the right side of a left join", false, from(trips).join(from(zones), using(plan.Left)).filter(col("name").IsNull())},
		{"filter_through_join", "not the left side of a right join", false, from(trips).join(from(zones), using(plan.Right)).filter(expr.Coalesce(col("fare"), 9).Gt(1))},
		{"filter_through_join", "not into a full join", false, from(trips).join(from(zones), using(plan.Full)).filter(expr.Coalesce(col("fare"), 9).Gt(1))},
		{"filter_through_join", "not what fails on rows without a partner", false, from(trips).join(from(zones), using(plan.Inner)).filter(risky)},
		{"imply_conditions", "of each side what all cases say", true, from(trips).join(from(zones), using(plan.Inner)).
			filter(col("fare").Gt(1).And(col("name").Eq("Bronx"), col("area").Gt(2)).Or(col("fare").Lt(9).And(col("name").Eq("Queens"))))},
		{"imply_conditions", "not where a case says nothing of the side, or what can fail", false, from(trips).join(from(zones), using(plan.Inner)).
			filter(col("fare").Gt(1).Or(col("name").Eq("Queens").And(risky)))},
		{"imply_conditions", "not below a left join", false, from(trips).join(from(zones), using(plan.Left)).
			filter(col("fare").Gt(1).And(col("area").IsNull()).Or(col("fare").Lt(9).And(col("area").IsNull())))},
		{"residual_through_join", "a condition on the right side of a left join", true, from(trips).join(from(zones), plan.JoinSpec{Kind: plan.Left, Using: []string{"zone"}, Residual: es(col("area").Gt(3))})},
		{"residual_through_join", "not one on the left side: its rows stay", false, from(trips).join(from(zones), plan.JoinSpec{Kind: plan.Left, Using: []string{"zone"}, Residual: es(col("fare").Gt(3))})},
		{"filter_to_join", "a cross join with an equality above", true, from(trips).join(from(zones), plan.JoinSpec{Kind: plan.Cross}).filter(col("zone").Eq(col("zone_right")).And(col("id").Ne(col("area"))))},
		{"filter_to_join", "not without an equality", false, from(trips).join(from(zones), plan.JoinSpec{Kind: plan.Cross}).filter(col("id").Lt(col("area")))},
		{"extract_join_keys", "an equality among the conditions", true, from(trips).join(from(zones), plan.JoinSpec{Kind: plan.Left, Using: []string{"zone"}, Residual: es(col("id").Ne(col("area")).Not())})},
		{"extract_join_keys", "not what is computed of a side and can fail", false, from(trips).join(from(zones), plan.JoinSpec{Kind: plan.Left, Using: []string{"zone"}, Residual: es(col("id").Add(1).Ne(col("area")).Not())})},
		{"outer_to_inner", "a filter that no row without a match passes", true, from(trips).join(from(zones), using(plan.Left)).filter(col("area").Gt(2))},
		{"outer_to_inner", "not where null passes", false, from(trips).join(from(zones), using(plan.Left)).filter(expr.Coalesce(col("area"), 9).Gt(2))},
		{"outer_to_inner", "rows without a left side do not pass", true, from(trips).join(from(zones), using(plan.Right)).filter(col("fare").Gt(1))},
		{"outer_to_inner", "nor from a full join, which keeps the others", true, from(trips).join(from(zones), using(plan.Full)).filter(col("fare").Gt(1))},
		{"outer_to_inner", "a full join whose rows without a right side do not pass", true, from(trips).join(from(zones), using(plan.Full)).filter(col("area").Gt(2))},
		{"outer_to_inner", "not by the merged key, which a right row has", false, from(trips).join(from(zones), using(plan.Full)).filter(col("zone").Gt(1))},
		{"filter_into_scan", "the source filters", true, from(trips).filter(col("fare").Gt(5))},
		{"filter_into_scan", "but not by what can fail", false, from(trips).filter(risky)},
		{"filter_into_scan", "nor what guards it from behind", true, from(trips).filter(digits.And(parsed.Gt(5)))},

		{"filter_by_statistics", "outside the bounds", true, from(trips).filter(col("id").Gt(1000)).sort("id")},
		{"filter_by_statistics", "true of all rows", true, from(trips).filter(col("id").Ge(1).And(col("zone").Ge(1)))},
		{"filter_by_statistics", "nulls do not satisfy a comparison", false, from(trips).filter(col("zone").Ge(1))},
		{"filter_by_statistics", "NaN is greater than the greatest number", false, from(trips).filter(col("fare").Gt(300))},
		{"count_by_statistics", "a column without nulls", true, from(trips).group(nil, es(expr.CountOf(col("id"))))},
		{"count_by_statistics", "not one with nulls", false, from(trips).group(nil, es(expr.CountOf(col("zone"))))},
		{"propagate_empty", "a limit of no rows", true, from(trips).join(from(zones).limit(0, 0), using(plan.Inner)).sort("id")},
		{"propagate_empty", "a count of no rows is a row", false, from(trips).filter(expr.Lit(false)).group(nil, es(expr.Count()))},

		{"merge_limits", "the smaller part", true, from(trips).limit(10, 5).limit(100, 2)},
		{"limit_through_project", "compute what is given", true, from(trips).sel(col("note").Str().Lower().As("low")).limit(3, 1)},
		{"limit_through_concat", "each input ends early", true, from(zones).concat(from(zones)).limit(3, 2)},
		{"limit_into_scan", "so many rows suffice", true, from(trips).limit(3, 2)},
		{"limit_into_scan", "not below a predicate", false, from(trips).filter(col("fare").Gt(5)).limit(3, 0)},
		{"sort_to_top_k", "through a projection", true, from(trips).sort("fare").sel(col("id")).limit(3, 2)},
		{"sort_to_top_k", "not without a bound", false, from(trips).sort("fare").limit(-1, 2)},
		{"merge_sorts", "the lower one breaks ties", true, from(trips).sort("fare", "id").sort("zone", "fare")},
		{"drop_unseen_sort", "below a count", true, from(trips).sort("fare").group(nil, es(expr.Count()))},
		{"drop_unseen_sort", "not below first", false, from(trips).sort("fare").group(nil, es(expr.First(col("id"))))},
		{"drop_unseen_sort", "not below groups: they appear in its order", false, from(trips).sort("fare").group(es(col("zone")), perZone)},
		{"drop_unseen_sort", "on the right of a semi join", true, from(trips).join(from(zones).sort("area"), using(plan.Semi))},

		{"prune_columns", "a count reads none", true, from(trips).group(nil, es(expr.Count()))},
		{"prune_columns", "two of ten, and what the predicate reads", true, from(trips).filter(col("day").Ge("2024-01-01")).group(es(year.As("y")), es(expr.Mean(col("fare")).As("m")))},
		{"prune_columns", "through a join and a sort", true, from(trips).join(from(zones), using(plan.Inner)).sort("fare").sel(col("name"))},
		{"prune_columns", "all columns make rows distinct", false, from(zones).distinct().sel(col("zone"), col("name"), col("area"))},
		{"reduce_join", "a few left rows", true, few.join(from(legs), toLegs(plan.Inner))},
		{"reduce_join", "down to the scan under groups, a projection and a join", true, few.join(from(legs).join(from(legs), plan.JoinSpec{Kind: plan.Inner, LeftOn: es(col("leg")), RightOn: es(col("leg"))}).
			sel(col("trip_right").As("trip"), col("miles")).group(es(col("trip")), es(expr.Max(col("miles")).As("m"))), toLegs(plan.Anti))},
		{"reduce_join", "what the left side was joined with, on both", true, from(legs).join(few, plan.JoinSpec{Kind: plan.Semi, LeftOn: es(col("trip")), RightOn: es(col("id"))}).
			join(from(legs), plan.JoinSpec{Kind: plan.Inner, LeftOn: es(col("leg"), col("trip")), RightOn: es(col("leg"), col("trip"))})},
		{"reduce_join", "the tables of joins on the left side", true, from(trips).join(from(legs), toLegs(plan.Inner)).
			join(from(legs).filter(col("leg").Lt(1000)), plan.JoinSpec{Kind: plan.Semi, LeftOn: es(col("leg")), RightOn: es(col("leg"))})},
		{"reduce_join", "not by what is not filtered: all keys are there", false, from(trips).join(from(legs), toLegs(plan.Semi))},
		{"reduce_join", "not a right side that is as small", false, few.join(from(trips).sel(col("id").As("trip")), toLegs(plan.Inner))},
		{"reduce_join", "not where all right rows stay", false, few.join(from(legs), toLegs(plan.Right))},
		{"reduce_join", "not under a limit, which may want a few left rows only", false, few.join(from(legs), toLegs(plan.Inner)).limit(10, 0)},
		{"reduce_join", "under a limit of what is sorted", true, few.join(from(legs), toLegs(plan.Inner)).group(es(col("leg")), es(expr.Count().As("n"))).limit(10, 0)},
		{"reduce_join", "not what a limit counts", false, few.join(from(legs).limit(500_000, 0), toLegs(plan.Inner))},
		{"reduce_join", "not by a key that is computed of groups", false, few.join(from(legs).group(es(col("leg")), es(expr.Max(col("trip")).As("trip"))), toLegs(plan.Inner))},
		{"share_subplans", "the same groups twice", true, shared()},
		{"share_subplans", "scans are read twice", false, from(zones).concat(from(zones).filter(col("zone").Gt(1)))},
	}
}

// shared builds the same plan twice from different nodes.
func shared() q {
	g := func() q {
		return from(trips).group(es(expr.Col("zone")), es(expr.Count().As("n")))
	}
	return g().join(g(), using(plan.Inner))
}

// foldSome evaluates with the interpreter what it knows, and leaves the rest.
func foldSome(e expr.Expr) (expr.Expr, error) { return fold(e) }

// Every rule has a golden file of plans before and after, with the rules that fired: expect where the rule is to fire, expect-not
// where the plan is a counter-example.
func TestRules(t *testing.T) {
	golden := map[string]*strings.Builder{}
	seen := map[string]bool{}
	for _, c := range ruleCases() {
		n, trace, err := Optimize(c.plan.n, Options{Fold: foldSome, Strict: true})
		require.NoError(t, err, "%s: %s", c.rule, c.what)
		word := "expect"
		if !c.fire {
			word = "expect-not"
		}
		fired := slices.Contains(trace.Rules(), c.rule)
		if fired != c.fire {
			t.Errorf("%s %s: %s\n%s", word, c.rule, c.what, trace)
		}
		if c.fire {
			seen[c.rule] = true
		}
		b := golden[c.rule]
		if b == nil {
			b = &strings.Builder{}
			golden[c.rule] = b
		}
		fmt.Fprintf(b, "# %s\n%s %s\n%s----\nfired: %s\n%s\n", c.what, word, c.rule, plan.Format(c.plan.n), strings.Join(trace.Rules(), " "), plan.Format(n))
	}
	for _, r := range Rules() {
		require.True(t, seen[r], "rule %s has no case", r)
	}
	for rule, b := range golden {
		compareGolden(t, filepath.Join("testdata", rule+".txt"), b.String())
	}
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), got, file)
}

// What becomes known of values that a list or a struct holds does not change their types.
func TestNestedTypesStay(t *testing.T) {
	yes := expr.Col("a").Eq(expr.Col("a")).Or(expr.Lit("x").Le("x")) // found to be true
	start := from(&table{name: "t", schema: arrow.NewSchema([]arrow.Field{field("a", arrow.PrimitiveTypes.Int64)}, nil)})
	for name, q := range map[string]q{
		"list":   start.group(nil, []expr.Expr{expr.ListOf(yes).As("all")}),
		"struct": start.sel(expr.StructOf(yes.As("yes"), expr.Col("a")).As("pair")),
	} {
		after, _, err := Optimize(q.n, Options{Fold: foldSome, Strict: true})
		require.NoError(t, err, name)
		require.True(t, arrow.TypeEqual(q.n.Schema().Field(0).Type, after.Schema().Field(0).Type), name)
	}
}
