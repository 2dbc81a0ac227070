package run_test

import (
	"context"
	"math/rand/v2"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/internal/ref"
	"github.com/sheafdata/sheaf/plan"
)

// generator makes random typed plans over random tables.
type generator struct {
	r       *rand.Rand
	sources []*exectest.Source
	made    []plan.Node // subplans so far, to be read again
	names   int
}

func newGenerator(seed uint64) *generator { return &generator{r: rand.New(rand.NewPCG(seed, 3))} }

// plan makes a plan of about so many nodes.
func (g *generator) plan(nodes int) plan.Node {
	if nodes <= 1 {
		if len(g.made) > 0 && g.r.IntN(5) == 0 {
			return g.made[g.r.IntN(len(g.made))]
		}
		if len(g.sources) > 0 && g.r.IntN(4) == 0 {
			return plan.NewScan(g.sources[g.r.IntN(len(g.sources))])
		}
		return plan.NewScan(g.table())
	}
	in := g.plan(nodes - 1)
	n, err := g.step(in, nodes)
	if err != nil || n == nil || n.Schema().NumFields() == 0 || n.Schema().NumFields() > 30 {
		return in
	}
	switch t, err := ref.Run(context.Background(), n); {
	case err == nil && len(t.Rows) == 0 && g.r.IntN(5) > 0: // what is over no rows shows little
		return in
	case err == nil && len(t.Rows) > 3000:
		return in
	}
	g.made = append(g.made, n)
	return n
}

func (g *generator) step(in plan.Node, nodes int) (plan.Node, error) {
	switch g.r.IntN(26) {
	case 0, 1, 2:
		return plan.NewFilter(in, g.bool(in, 2))
	case 3:
		return plan.NewWith(in, g.any(in, 2).As(g.fresh()), g.any(in, 2).As(g.fresh()))
	case 4:
		return g.project(in)
	case 5:
		return plan.NewSort(in, g.keys(in)...)
	case 6:
		return plan.NewTopK(in, g.keys(in), int64(g.r.IntN(12)), int64(g.r.IntN(4)))
	case 7:
		return plan.NewLimit(in, int64(g.r.IntN(40)-1), int64(g.r.IntN(5)))
	case 8:
		var cols []string
		for range g.r.IntN(3) {
			cols = append(cols, g.pick(in))
		}
		return plan.NewDistinct(in, cols, g.r.IntN(3) == 0)
	case 9:
		more, err := plan.NewFilter(in, g.bool(in, 1))
		if err != nil {
			return nil, err
		}
		return plan.NewConcat([]plan.Node{more, in, more})
	case 10, 11, 12:
		return g.group(in)
	case 13:
		return plan.NewCache(in), nil
	case 17, 18:
		return g.window(in)
	case 19:
		return g.firstOf(in)
	case 20:
		return g.explode(in)
	case 21:
		return g.unpivot(in)
	case 22:
		return g.pivot(in)
	case 23:
		return g.mapBatches(in)
	case 24:
		return g.ratio(in)
	}
	return g.join(in, nodes)
}

func (g *generator) fresh() string {
	g.names++
	return "x" + strconv.Itoa(g.names)
}

func (g *generator) pick(in plan.Node) string {
	fields := in.Schema().Fields()
	return fields[g.r.IntN(len(fields))].Name
}

func (g *generator) project(in plan.Node) (plan.Node, error) {
	var exprs []expr.Expr
	for range 1 + g.r.IntN(4) {
		if g.r.IntN(2) == 0 {
			exprs = append(exprs, col(g.pick(in)).As(g.fresh()))
		} else {
			exprs = append(exprs, g.any(in, 2).As(g.fresh()))
		}
	}
	return plan.NewProject(in, exprs...)
}

func (g *generator) keys(in plan.Node) []plan.SortKey {
	var keys []plan.SortKey
	for range 1 + g.r.IntN(3) {
		k := plan.SortKey{Expr: col(g.pick(in)), Desc: g.r.IntN(2) == 0, NullsFirst: g.r.IntN(3) == 0}
		if g.r.IntN(4) == 0 {
			k.Expr = g.any(in, 1)
		}
		keys = append(keys, k)
	}
	return keys
}

func (g *generator) group(in plan.Node) (plan.Node, error) {
	var keys, aggs []expr.Expr
	for range g.r.IntN(4) {
		if g.r.IntN(3) > 0 {
			keys = append(keys, col(g.pick(in)).As(g.fresh()))
		} else {
			keys = append(keys, g.any(in, 1).As(g.fresh()))
		}
	}
	for range g.r.IntN(5) {
		aggs = append(aggs, g.agg(in))
	}
	if len(keys)+len(aggs) == 0 {
		aggs = append(aggs, expr.Count())
	}
	for i := range aggs {
		if g.r.IntN(4) == 0 {
			aggs[i] = aggs[i].Where(g.bool(in, 1))
		}
		aggs[i] = aggs[i].As(g.fresh())
	}
	return plan.NewGroupBy(in, keys, aggs, g.r.IntN(3) == 0)
}

func (g *generator) agg(in plan.Node) expr.Expr {
	x := g.any(in, g.r.IntN(2))
	if g.r.IntN(4) == 0 {
		return g.collecting(in, x)
	}
	switch g.r.IntN(15) {
	case 0:
		return expr.Count()
	case 1:
		return expr.CountOf(x)
	case 2:
		return expr.Min(x)
	case 3:
		return expr.Max(x)
	case 4:
		return expr.First(x)
	case 5:
		return expr.Last(x)
	case 6:
		return expr.NUnique(x)
	case 7:
		return expr.Any(g.bool(in, 1))
	case 8:
		return expr.All(g.bool(in, 1))
	case 9:
		return expr.Sum(g.float(in, 1))
	case 10:
		return expr.Mean(g.int(in, 1))
	case 11:
		return expr.Mean(g.float(in, 1))
	case 12:
		return expr.Std(g.int(in, 1))
	case 13:
		return expr.Sum(g.int(in, 1).Mul(1 << 40))
	}
	return expr.Sum(g.int(in, 1))
}

// join joins with another plan, where neither is so large that the product would be.
func (g *generator) join(in plan.Node, nodes int) (plan.Node, error) {
	right := g.plan(min(nodes/2, 3))
	right, err := plan.NewRenameFunc(right, func(s string) string { return "r" + strconv.Itoa(g.names) + s })
	if err != nil {
		return nil, err
	}
	g.names++
	for _, side := range []plan.Node{in, right} {
		if t, err := ref.Run(context.Background(), side); err != nil || len(t.Rows) > 250 {
			return nil, err
		}
	}
	if g.r.IntN(5) == 0 {
		return g.joinUsing(in, right)
	}
	spec := plan.JoinSpec{Kind: plan.JoinKind(g.r.IntN(int(plan.Cross)))}
	keys := 1 + g.r.IntN(2)
	if g.r.IntN(3) == 0 {
		both, err := plan.NewJoin(in, right, plan.JoinSpec{Kind: plan.Cross})
		if err != nil {
			return nil, err
		}
		spec.Residual = append(spec.Residual, g.bool(both, 1))
		keys = g.r.IntN(3)
	} else if g.r.IntN(6) == 0 {
		spec.Kind, keys = plan.JoinKind(g.r.IntN(2)), g.r.IntN(2)
		spec.AsOf = &plan.AsOfSpec{Left: g.int(in, 0), Right: g.int(right, 0), Dir: plan.Direction(g.r.IntN(3))}
		if g.r.IntN(2) == 0 {
			spec.AsOf.Left, spec.AsOf.Right = g.float(in, 0), g.float(right, 0)
		}
		if g.r.IntN(2) == 0 {
			spec.AsOf.Within = g.r.IntN(3)
		}
	}
	for range keys {
		l, r := g.any(in, g.r.IntN(2)), g.any(right, 0)
		for range 6 { // look for one of the same kind
			if _, err := expr.Bind(l, in.Schema()); err != nil || g.kindOf(l, in) != g.kindOf(r, right) {
				l, r = col(g.pick(in)), col(g.pick(right))
			}
		}
		spec.LeftOn, spec.RightOn = append(spec.LeftOn, l), append(spec.RightOn, r)
	}
	return plan.NewJoin(in, right, spec)
}

func (g *generator) kindOf(e expr.Expr, in plan.Node) string {
	b, err := expr.Bind(e, in.Schema())
	if err != nil {
		return ""
	}
	return kind(b.Type())
}

// kind sorts types into those that the generator treats alike.
func kind(t arrow.DataType) string {
	switch t.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8:
		return "int"
	case arrow.FLOAT64, arrow.FLOAT32:
		return "float"
	case arrow.STRING:
		return "text"
	}
	return t.Name()
}

// column is a column of the kind, or a constant.
func (g *generator) column(in plan.Node, of string, otherwise any) expr.Expr {
	var names []string
	for _, f := range in.Schema().Fields() {
		if kind(f.Type) == of {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return expr.Lit(otherwise)
	}
	return col(names[g.r.IntN(len(names))])
}

// any is a value of any type.
func (g *generator) any(in plan.Node, depth int) expr.Expr {
	switch g.r.IntN(6) {
	case 0:
		return g.int(in, depth)
	case 1:
		return g.float(in, depth)
	case 2:
		return g.text(in, depth)
	case 3:
		return g.bool(in, depth)
	}
	return col(g.pick(in))
}

func (g *generator) int(in plan.Node, depth int) expr.Expr {
	x := g.column(in, "int", int64(g.r.IntN(5)))
	if depth == 0 {
		return x
	}
	y := g.int(in, depth-1)
	switch g.r.IntN(12) {
	case 0:
		return x.Add(y)
	case 1:
		return x.Sub(y)
	case 2:
		return x.Mul(g.r.IntN(4) - 1)
	case 3:
		return x.FloorDiv(y)
	case 4:
		return x.Mod(g.r.IntN(5))
	case 5:
		return expr.If(g.bool(in, depth-1), x, y)
	case 6:
		return expr.Coalesce(x, y)
	case 7:
		return g.text(in, depth-1).Str().Len()
	case 8:
		return g.column(in, "timestamp", nil).Dt().Hour()
	case 9:
		return expr.Greatest(x, y)
	case 10:
		return g.float(in, depth-1).TryCast(arrow.PrimitiveTypes.Int64)
	}
	return x
}

func (g *generator) float(in plan.Node, depth int) expr.Expr {
	x := g.column(in, "float", 0.25)
	if depth == 0 {
		return x
	}
	switch g.r.IntN(8) {
	case 0:
		return x.Add(g.float(in, depth-1))
	case 1:
		return x.Sub(g.int(in, depth-1))
	case 2:
		return x.Mul(0.5)
	case 3:
		return g.int(in, depth-1).Div(4)
	case 4:
		return expr.If(g.bool(in, depth-1), x, g.float(in, depth-1))
	case 5:
		return x.FillNaN(1.5)
	case 6:
		return x.Abs()
	}
	return x
}

func (g *generator) text(in plan.Node, depth int) expr.Expr {
	x := g.column(in, "text", "lit")
	if depth == 0 {
		return x
	}
	switch g.r.IntN(7) {
	case 0:
		return x.Str().Upper()
	case 1:
		return x.Str().Concat("-", g.text(in, depth-1))
	case 2:
		return expr.If(g.bool(in, depth-1), x, "otherwise a long text")
	case 3:
		return expr.Coalesce(x, g.text(in, depth-1), "none")
	case 4:
		return g.int(in, depth-1).Cast(arrow.BinaryTypes.String)
	case 5:
		return x.Str().Replace("a", "<long replacement>")
	}
	return x
}

func (g *generator) bool(in plan.Node, depth int) expr.Expr {
	if depth == 0 {
		return g.compare(in, 0)
	}
	switch g.r.IntN(9) {
	case 0:
		return g.bool(in, depth-1).And(g.bool(in, depth-1))
	case 1:
		return g.bool(in, depth-1).Or(g.bool(in, depth-1))
	case 2:
		return g.bool(in, depth-1).Not()
	case 3:
		return col(g.pick(in)).IsNull()
	case 4:
		return g.column(in, "bool", true)
	case 5:
		return g.int(in, depth-1).In(1, nil, 3, g.r.IntN(9))
	}
	return g.compare(in, depth-1)
}

func (g *generator) compare(in plan.Node, depth int) expr.Expr {
	var x expr.Expr
	var y any
	switch g.r.IntN(6) {
	case 0:
		x, y = g.int(in, depth), g.r.IntN(7)-3
	case 1:
		x, y = g.int(in, depth), g.int(in, depth)
	case 2:
		x, y = g.float(in, depth), float64(g.r.IntN(40)-20)/2
	case 3:
		x, y = g.text(in, depth), []string{"a", "größe", "", "a text longer than a view, number 2"}[g.r.IntN(4)]
	case 4:
		x, y = g.text(in, depth), g.text(in, depth)
	default:
		x, y = g.float(in, depth), g.int(in, depth)
	}
	switch g.r.IntN(6) {
	case 0:
		return x.Eq(y)
	case 1:
		return x.Ne(y)
	case 2:
		return x.Lt(y)
	case 3:
		return x.Le(y)
	case 4:
		return x.Gt(y)
	}
	return x.Ge(y)
}
