package optimizer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// generator makes random plans over random tables.
type generator struct {
	r      *rand.Rand
	tables []*table
	made   []plan.Node // subplans so far, to be read again
	names  int
}

func newGenerator(seed uint64) *generator {
	g := &generator{r: rand.New(rand.NewPCG(seed, 11))}
	for i := range 3 {
		g.tables = append(g.tables, g.table(fmt.Sprintf("t%d", i)))
	}
	return g
}

func (g *generator) table(name string) *table {
	fields := []arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "b", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "c", Type: arrow.PrimitiveTypes.Int32, Nullable: true}, {Name: "d", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}
	t := &table{name: name, schema: arrow.NewSchema(fields, nil)}
	for range g.r.IntN(9) {
		row := make([]any, len(fields))
		for i := range row {
			switch x := g.r.IntN(12); {
			case x == 0:
			case x == 1 && fields[i].Name == "d":
				row[i] = int64(math.MaxInt64) // what adds to it fails
			default:
				row[i] = int64(g.r.IntN(5) - 2)
			}
		}
		t.rows = append(t.rows, row)
	}
	if g.r.IntN(2) == 0 {
		t.stats = statsOf(t)
	}
	return t
}

func statsOf(t *table) partition.Stats {
	s := partition.Stats{Exact: true, Rows: int64(len(t.rows)), Columns: map[string]partition.ColumnStats{}}
	for i, f := range t.schema.Fields() {
		c := partition.ColumnStats{NullsKnown: true}
		for _, r := range t.rows {
			v, ok := r[i].(int64)
			if !ok {
				c.Nulls++
				continue
			}
			if c.Min == nil || v < c.Min.(int64) {
				c.Min = v
			}
			if c.Max == nil || v > c.Max.(int64) {
				c.Max = v
			}
		}
		s.Columns[f.Name] = c
	}
	return s
}

func (g *generator) pick(n plan.Node) string {
	fields := n.Schema().Fields()
	return fields[g.r.IntN(len(fields))].Name
}

func (g *generator) number() int64 { return int64(g.r.IntN(6) - 3) }

// value is a random integer expression.
func (g *generator) value(n plan.Node, depth int) expr.Expr {
	col := expr.Col(g.pick(n))
	if depth == 0 {
		return col
	}
	switch g.r.IntN(7) {
	case 0:
		return expr.Col(g.pick(n)).Add(g.value(n, depth-1))
	case 1:
		return expr.If(g.pred(n, depth-1), g.value(n, depth-1), g.value(n, depth-1))
	case 2:
		return expr.Coalesce(col, nil, g.value(n, depth-1), 1)
	case 3:
		return expr.If(expr.Lit(1).Lt(expr.Lit(2).Add(g.number())), col, g.value(n, depth-1))
	}
	return col
}

// pred is a random predicate.
func (g *generator) pred(n plan.Node, depth int) expr.Expr {
	v := g.value(n, g.r.IntN(2))
	if depth > 0 {
		switch g.r.IntN(5) {
		case 0:
			return g.pred(n, depth-1).And(g.pred(n, depth-1))
		case 1:
			return g.pred(n, depth-1).Or(g.pred(n, depth-1))
		case 2:
			return g.pred(n, depth-1).Not()
		}
	}
	switch g.r.IntN(12) {
	case 0:
		return v.IsNull()
	case 1:
		return v.NotNull()
	case 2:
		return v.In(g.number(), nil, g.number())
	case 3:
		return v.Between(g.number(), g.number())
	case 4:
		return v.Eq(expr.Col(g.pick(n)))
	case 5:
		return expr.Lit(g.number()).Lt(g.number())
	case 6:
		return v.In(g.number())
	case 7:
		return v.Eq(nil)
	case 8:
		return v.Le(g.number())
	case 9:
		return v.Lt(g.number())
	case 10:
		return v.Ne(g.number())
	}
	return v.Gt(g.number())
}

// plan is a random plan of integer columns; nil where the choice did not work out.
func (g *generator) plan(depth int) plan.Node {
	if depth == 0 || g.r.IntN(12) == 0 {
		return plan.NewScan(g.tables[g.r.IntN(len(g.tables))])
	}
	if len(g.made) > 0 && g.r.IntN(6) == 0 {
		return g.made[g.r.IntN(len(g.made))]
	}
	n, err := g.step(g.plan(depth-1), depth)
	if err != nil || n == nil || n.Schema().NumFields() == 0 {
		return g.plan(depth - 1)
	}
	g.made = append(g.made, n)
	return n
}

func (g *generator) step(in plan.Node, depth int) (plan.Node, error) {
	switch g.r.IntN(13) {
	case 0, 1, 2:
		return plan.NewFilter(in, g.pred(in, 2))
	case 3, 4:
		return g.project(in)
	case 5:
		return plan.NewSort(in, plan.SortKey{Expr: expr.Col(g.pick(in)), Desc: g.r.IntN(2) == 0}, plan.SortKey{Expr: expr.Col(g.pick(in)), NullsFirst: true})
	case 6:
		return plan.NewLimit(in, int64(g.r.IntN(6)-1), int64(g.r.IntN(3)))
	case 7:
		var cols []string
		if g.r.IntN(2) == 0 {
			cols = []string{g.pick(in)}
		}
		return plan.NewDistinct(in, cols, g.r.IntN(3) == 0)
	case 8:
		more, err := plan.NewFilter(in, g.pred(in, 1))
		if err != nil {
			return nil, err
		}
		return plan.NewConcat([]plan.Node{more, in, in})
	case 9, 10:
		return g.group(in)
	}
	return g.join(in, g.plan(depth-1))
}

func (g *generator) fresh() string {
	g.names++
	return "x" + strconv.Itoa(g.names)
}

func (g *generator) project(in plan.Node) (plan.Node, error) {
	if g.r.IntN(2) == 0 {
		return plan.NewWith(in, g.value(in, 2).As(g.fresh()), g.value(in, 1).As(g.pick(in)))
	}
	return plan.NewProject(in, expr.Col(g.pick(in)).As(g.fresh()), g.value(in, 2).As(g.fresh()), expr.Col(g.pick(in)).As(g.fresh()))
}

func (g *generator) group(in plan.Node) (plan.Node, error) {
	var keys []expr.Expr
	if g.r.IntN(3) > 0 {
		keys = append(keys, g.value(in, g.r.IntN(2)).As(g.fresh()))
	}
	v := g.value(in, 1)
	aggs := []expr.Expr{expr.Count().As(g.fresh()), expr.Max(v).As(g.fresh()), expr.CountOf(expr.Col(g.pick(in))).As(g.fresh()), expr.First(v).As(g.fresh())}
	if g.r.IntN(2) == 0 {
		aggs[0] = expr.Count().Where(g.pred(in, 1)).As(g.fresh())
	}
	aggs = aggs[:1+g.r.IntN(4)]
	return plan.NewGroupBy(in, keys, aggs, g.r.IntN(2) == 0)
}

func (g *generator) join(l, r plan.Node) (plan.Node, error) {
	if rows, err := runPlan(l); err != nil || len(rows) > 60 {
		return l, nil
	}
	if rows, err := runPlan(r); err != nil || len(rows) > 60 {
		return l, nil
	}
	spec := plan.JoinSpec{Kind: []plan.JoinKind{plan.Inner, plan.Left, plan.Semi, plan.Anti, plan.Cross, plan.Right, plan.Full}[g.r.IntN(7)]}
	r, err := plan.NewRenameFunc(r, func(s string) string { return "r_" + s })
	if err != nil {
		return nil, err
	}
	if g.r.IntN(2) == 0 { // the same names on both sides
		if r, err = plan.NewRenameFunc(r, func(s string) string { return s[2:] }); err != nil {
			return nil, err
		}
	}
	if spec.Kind != plan.Cross {
		spec.LeftOn, spec.RightOn = []expr.Expr{expr.Col(g.pick(l))}, []expr.Expr{expr.Col(g.pick(r))}
		if c := g.pick(r); l.Schema().HasField(c) && g.r.IntN(2) == 0 {
			spec.Using, spec.LeftOn, spec.RightOn = []string{c}, nil, nil
		}
		if g.r.IntN(2) == 0 {
			full, err := plan.NewJoin(l, r, plan.JoinSpec{Kind: plan.Cross})
			if err != nil {
				return nil, err
			}
			spec.Residual = []expr.Expr{g.pred(full, 1)}
			if g.r.IntN(2) == 0 {
				spec.Residual = []expr.Expr{expr.Col(g.pick(full)).Ne(expr.Col(g.pick(full))).Not()}
			}
		}
	}
	j, err := plan.NewJoin(l, r, spec)
	if err != nil || g.r.IntN(2) == 0 {
		return j, err
	}
	if g.r.IntN(2) == 0 {
		one := func() expr.Expr { return expr.Col(g.pick(j)).Le(g.number()) }
		return plan.NewFilter(j, one().And(one(), one()).Or(one().And(one(), g.pred(j, 1))))
	}
	return plan.NewFilter(j, expr.Col(g.pick(j)).Eq(expr.Col(g.pick(j))))
}

// render makes rows comparable as text.
func render(n plan.Node, rows []row) string {
	s := ""
	for _, r := range rows {
		for _, f := range n.Schema().Fields() {
			s += fmt.Sprintf("%v ", r[f.Name])
		}
		s += "\n"
	}
	return s
}

// Optimized plans give the same rows in the same order, with every rule and with each one off; a plan that does not fail does not
// fail afterwards; the plan given stays as it was; optimizing again changes
// next to nothing.
func TestRandomPlans(t *testing.T) {
	defer func(was int) { leastReduced = was }(leastReduced)
	leastReduced = 1 // the tables are small
	seeds := uint64(1000)
	if s, err := strconv.Atoi(os.Getenv("SHEAF_RANDOM_PLANS")); err == nil {
		seeds = uint64(s)
	}
	fired := map[string]int{}
	ran, unfinished := 0, 0
	for seed := range seeds {
		g := newGenerator(seed)
		n := g.plan(2 + g.r.IntN(6))
		want, wantErr := runPlan(n)
		if len(want) > 500 {
			continue
		}
		before := plan.Format(n)
		o := Options{Fold: fold, Strict: true}
		if off := g.r.IntN(2 * len(Rules())); off < len(Rules()) {
			o.Disable = Rules()[off : off+1]
		}
		better, trace, err := Optimize(n, o)
		require.NoError(t, err, "seed %d\n%s", seed, before)
		require.Equal(t, before, plan.Format(n), "seed %d: the input was changed", seed)
		for _, r := range trace.Rules() {
			fired[r]++
		}
		if wantErr != nil {
			continue
		}
		ran++
		got, err := runPlan(better)
		require.NoError(t, err, "seed %d off %v\n%s", seed, o.Disable, trace)
		require.Equal(t, render(n, want), render(better, got), "seed %d off %v\n%s", seed, o.Disable, trace)
		again, second, err := Optimize(better, o)
		require.NoError(t, err)
		if o.Disable == nil && plan.Format(better) != plan.Format(again) {
			unfinished++
			if testing.Verbose() {
				t.Logf("seed %d: not idempotent\n%s\n%s", seed, trace, second)
			}
		}
	}
	require.Greater(t, ran, int(seeds/3))
	require.LessOrEqual(t, unfinished, ran/100, "plans that a second optimization changed again")
	for _, r := range Rules() {
		switch r {
		case "filter_through_window", "filter_through_reshape":
			continue // the interpreter has neither
		}
		require.NotZero(t, fired[r], "rule %s never fired", r)
	}
}
