package plan_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

func c(name string) expr.Expr { return expr.Col(name) }

// ok unwraps a constructor.
func ok(n plan.Node, err error) plan.Node {
	if err != nil {
		panic(err)
	}
	return n
}

func joined(kind plan.JoinKind) plan.Node {
	right := ok(plan.NewRename(zones(), "vendor_right", "v"))
	return ok(plan.NewJoin(trips(), right, plan.JoinSpec{Kind: kind, Using: []string{"zone_id"}, Residual: []expr.Expr{c("vendor").Eq(c("vendor_right")), c("area").Gt(c("fare_amount"))}}))
}

// plans use every node that has a wire form.
func plans() map[string]plan.Node {
	long := ok(plan.NewFilter(trips(), c("fare_amount").Gt(10), c("vendor").Str().StartsWith("a")))
	scan := ok(plan.NewScan(source{trips().Schema()}).With([]string{"vendor"}, bound(c("fare_amount").Gt(0), trips()), 10))
	names := []plan.Node{ok(plan.NewProject(trips(), c("vendor"), c("zone_id"))), ok(plan.NewProject(zones(), c("zone_id").Cast(arrow.PrimitiveTypes.Int32), c("vendor")))}
	return map[string]plan.Node{
		"scan": scan, "filter": long, "with": ok(plan.NewWith(trips(), c("tip_amount").Div(c("fare_amount")).As("share"), c("vendor").Str().Upper())),
		"drop": ok(plan.NewDrop(trips(), "vendor", "flag")), "rename": ok(plan.NewRenameFunc(trips(), strings.ToUpper)),
		"agg":      ok(plan.NewAgg(long, []expr.Expr{c("pickup").Dt().Date().As("day")}, []expr.Expr{expr.Sum("fare_amount").Div(expr.Count()).As("mean"), c("day").As("d2"), c("pickup").Dt().Date().As("again")}, true)),
		"group":    ok(plan.NewAgg(long, []expr.Expr{c("vendor")}, []expr.Expr{expr.Count().Where(c("flag")), expr.First("day").OrderBy(c("fare_amount").Desc())}, false)),
		"total":    ok(plan.NewAgg(trips(), nil, []expr.Expr{expr.Count()}, false)),
		"sort":     ok(plan.NewSort(long, c("fare_amount").Desc().NullsFirst().SortKey(), c("day").SortKey())),
		"top":      ok(plan.NewTopK(long, []plan.SortKey{c("fare_amount").Desc().SortKey()}, 10, 5)),
		"limit":    ok(plan.NewLimit(long, 10, 3)),
		"distinct": ok(plan.NewDistinct(long, []string{"vendor"}, true)),
		"concat":   ok(plan.NewConcat(names)),
		"union":    ok(plan.NewUnion([]plan.Node{trips(), zones()}, plan.UnionSpec{UnionByName: true})),
		"explode":  ok(plan.NewExplode(long, []string{"tags"})), "unpivot": ok(plan.NewUnpivot(trips(), []string{"fare_amount", "tip_amount"}, "name", "value")),
		"window":      ok(plan.NewFilter(trips(), expr.RowNumber().OrderBy(c("fare_amount").Desc()).Over("vendor").Le(3))),
		"window sort": ok(plan.NewSort(trips(), expr.Sum("fare_amount").Over("vendor").SortKey())),
		"repartition": ok(plan.NewRepartition(long, plan.RepartitionSpec{Parts: 3, By: []string{"vendor"}})), "cache": plan.NewCache(long),
		"inner": joined(plan.Inner), "left": joined(plan.Left), "right": joined(plan.Right), "full": joined(plan.Full), "semi": joined(plan.Semi), "anti": joined(plan.Anti),
		"cross": ok(plan.NewJoin(ok(plan.NewProject(trips(), c("fare_amount"))), zones(), plan.JoinSpec{Kind: plan.Cross})),
		"input": plan.NewInput(3, trips().Schema()),
		"self":  ok(plan.NewJoin(long, ok(plan.NewRenameFunc(long, func(s string) string { return "r_" + s })), plan.JoinSpec{LeftOn: []expr.Expr{c("vendor")}, RightOn: []expr.Expr{c("r_vendor")}})),
	}
}

func bound(e expr.Expr, n plan.Node) expr.Expr {
	b, err := expr.Bind(e, n.Schema())
	if err != nil {
		panic(err)
	}
	return b
}

func sortedNames(m map[string]plan.Node) []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func TestPlans(t *testing.T) {
	var out strings.Builder
	all := plans()
	for _, name := range sortedNames(all) {
		out.WriteString("# " + name + "\n" + plan.Format(all[name]))
		for _, f := range all[name].Schema().Fields() {
			null := ""
			if f.Nullable {
				null = " null"
			}
			out.WriteString("    " + f.Name + " " + f.Type.String() + null + "\n")
		}
	}
	golden(t, "plans.txt", out.String())
}

func TestWireRoundTrip(t *testing.T) {
	for name, n := range plans() {
		data, err := plan.Marshal(n)
		require.NoError(t, err, name)
		back, err := plan.Unmarshal(data)
		require.NoError(t, err, name)
		require.True(t, plan.Equal(n, back), "%s:\n%s\n%s", name, plan.Format(n), plan.Format(back))
		require.Equal(t, plan.Hash(n), plan.Hash(back), name)
		require.True(t, n.Schema().Equal(back.Schema()), name)
		require.Equal(t, plan.Format(n), plan.Format(back))
	}
}

func TestEqual(t *testing.T) {
	a, b := plans(), plans()
	for x := range a {
		for y := range b {
			require.Equal(t, x == y, plan.Equal(a[x], b[y]), "%s and %s", x, y)
		}
	}
}

func TestWireDamage(t *testing.T) {
	data, err := plan.Marshal(joined(plan.Full))
	require.NoError(t, err)
	for i := 0; i < len(data); i += 3 {
		sane(t, data[:i])
		bad := append([]byte{}, data...)
		bad[i] ^= 1 << (i % 8)
		sane(t, bad)
	}
}

func sane(t *testing.T, data []byte) {
	n, err := plan.Unmarshal(data)
	if err != nil {
		return
	}
	_ = plan.Format(n)
	again, err := plan.Marshal(n)
	if err != nil {
		t.Fatalf("decoded plan cannot be encoded: %v", err)
	}
	if _, err := plan.Unmarshal(again); err != nil {
		t.Fatalf("decoded plan does not come back: %v", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, n := range plans() {
		if data, err := plan.Marshal(n); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(sane)
}

func TestTransformUnchanged(t *testing.T) {
	same := func(n plan.Node) (plan.Node, error) { return n, nil }
	for name, n := range plans() {
		up, err := plan.TransformUp(n, same)
		require.NoError(t, err)
		require.Same(t, n, up, name)
		down, err := plan.TransformDown(n, same)
		require.NoError(t, err)
		require.Same(t, n, down, name)
	}
}

// TestTransformRebuilds: other leaves of the same schema give nodes of the same schema, and what is shared stays shared.
func TestTransformRebuilds(t *testing.T) {
	for name, n := range plans() {
		leaves := 0
		out, err := plan.TransformUp(n, func(x plan.Node) (plan.Node, error) {
			if len(x.Inputs()) == 0 {
				leaves++
				return plan.NewInput(leaves, x.Schema()), nil
			}
			return x, nil
		})
		require.NoError(t, err)
		require.True(t, n.Schema().Equal(out.Schema()), name)
		require.Equal(t, count(n), count(out), name)
	}
}

func count(n plan.Node) (nodes int) {
	plan.Walk(n, func(plan.Node) bool { nodes++; return true })
	return nodes
}

func TestNeeds(t *testing.T) {
	all := plans()
	require.Equal(t, [][]string{{"fare_amount", "tip_amount"}}, plan.Needs(all["with"], []string{"share"}))
	require.Equal(t, [][]string{{"vendor", "flag"}}, plan.Needs(all["group"], []string{"count"}))
	require.Equal(t, [][]string{{"fare_amount", "zone_id", "vendor"}, {"zone_id", "vendor", "borough", "area"}}, plan.Needs(all["left"], []string{"borough"}))
	require.Equal(t, [][]string{{"fare_amount", "tip_amount"}}, plan.Needs(all["top"], []string{"tip_amount"}))
}

func TestLocalPartsDoNotLeave(t *testing.T) {
	fn := func(context.Context, arrow.RecordBatch) (arrow.RecordBatch, error) { return nil, nil }
	n := ok(plan.NewMapBatches(trips(), trips().Schema(), fn, "main.fn"))
	_, err := plan.Marshal(n)
	require.ErrorContains(t, err, "main.fn")
}
