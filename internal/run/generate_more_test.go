package run_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/ref"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

// collecting is an aggregate that holds values of a group, looks at pairs of them, or has an order of its own.
func (g *generator) collecting(in plan.Node, x expr.Expr) expr.Expr {
	switch g.r.IntN(12) {
	case 0:
		return expr.Median(g.int(in, 1))
	case 1:
		return expr.Quantile(g.float(in, 0), []float64{0, 0.3, 1}[g.r.IntN(3)])
	case 2:
		return expr.Quantiles(g.int(in, 0), 0.25, 0.5)
	case 3:
		return expr.Mode(x)
	case 4, 5, 6:
		return expr.ListOf(x)
	case 7:
		return order(expr.ListOf(x), g, in, true)
	case 8:
		return order(expr.First(x), g, in, true)
	case 9:
		return expr.VarPop(g.int(in, 1))
	case 10:
		return expr.First(expr.StructOf(g.any(in, 0).As("a"), g.any(in, 0).As("b")))
	}
	return order(expr.Last(x), g, in, true)
}

// ratio is a group-by that computes with aggregates. It rounds those whose last digits are open, which what follows could look at.
func (g *generator) ratio(in plan.Node) (plan.Node, error) {
	keys := []expr.Expr{col(g.pick(in)).As(g.fresh())}
	return plan.NewAgg(in, keys, []expr.Expr{
		expr.Sum(g.int(in, 1)).Div(expr.Count()).As(g.fresh()),
		expr.Coalesce(expr.Max(g.int(in, 1)).Sub(expr.Min(g.int(in, 0))), int64(0)).As(g.fresh()),
		expr.Corr(g.column(in, "int", 1), g.float(in, 0)).Mul(10000).Add(0.123).TryCast(arrow.PrimitiveTypes.Int64).As(g.fresh()),
		expr.Cov(g.float(in, 0), g.column(in, "int", 2)).Where(g.bool(in, 1)).Mul(100).Add(0.123).TryCast(arrow.PrimitiveTypes.Int64).As(g.fresh()),
	}, g.r.IntN(2) == 0)
}

// explode makes lists, then rows of them again.
func (g *generator) explode(in plan.Node) (plan.Node, error) {
	a, b := g.fresh(), g.fresh()
	if g.r.IntN(3) == 0 {
		n, err := plan.NewWith(in, g.text(in, 1).Str().Split([]string{" ", "a"}[g.r.IntN(2)]).As(a))
		return then(n, err, func(n plan.Node) (plan.Node, error) { return plan.NewExplode(n, []string{a}) })
	}
	lists := []expr.Expr{expr.ListOf(g.any(in, 1)).As(a), expr.ListOf(g.any(in, 0)).Where(g.bool(in, 1)).As(b)}
	n, err := plan.NewGroupBy(in, []expr.Expr{col(g.pick(in)).As(g.fresh())}, lists, false)
	return then(n, err, func(n plan.Node) (plan.Node, error) {
		return plan.NewExplode(n, [][]string{{a}, {b}, {a, b}}[g.r.IntN(3)])
	})
}

// unpivot makes rows of columns of one type.
func (g *generator) unpivot(in plan.Node) (plan.Node, error) {
	byType := map[string][]string{}
	for _, f := range in.Schema().Fields() {
		byType[f.Type.String()] = append(byType[f.Type.String()], f.Name)
	}
	cols := byType[slices.Sorted(maps.Keys(byType))[g.r.IntN(len(byType))]]
	return plan.NewUnpivot(in, cols[:min(len(cols), 3)], g.fresh(), g.fresh())
}

// pivot makes columns of groups.
func (g *generator) pivot(in plan.Node) (plan.Node, error) {
	spec := plan.PivotSpec{Keys: []expr.Expr{col(g.pick(in)).As(g.fresh())}, DropNullKeys: g.r.IntN(2) == 0}
	values := []any{int64(1), int64(0), int64(3)}
	if spec.On = g.int(in, 1); g.r.IntN(2) == 0 {
		spec.On, values = g.text(in, 1), []any{"a", "", "größe"}
	}
	for _, v := range values[:1+g.r.IntN(3)] {
		spec.Values = append(spec.Values, plan.PivotValue{Name: g.fresh(), Is: func(on expr.Expr) expr.Expr { return on.Eq(v) }})
	}
	for range 1 + g.r.IntN(2) {
		spec.Aggs = append(spec.Aggs, g.agg(in).As(g.fresh()))
	}
	return plan.NewPivot(in, spec)
}

// joinUsing joins by a column that both sides call the same, or without any.
func (g *generator) joinUsing(in, right plan.Node) (plan.Node, error) {
	kind := plan.JoinKind(g.r.IntN(int(plan.Cross) + 1))
	l, err := plan.NewLimit(in, 30, 0)
	if err != nil {
		return nil, err
	}
	if kind == plan.Cross {
		right, err = plan.NewLimit(right, 20, 0)
		return then(right, err, func(r plan.Node) (plan.Node, error) { return plan.NewJoin(l, r, plan.JoinSpec{Kind: kind}) })
	}
	for range 8 {
		a, b := g.pick(in), g.pick(right)
		if g.kindOf(col(a), in) == g.kindOf(col(b), right) {
			same, err := plan.NewRename(right, b, a)
			return then(same, err, func(r plan.Node) (plan.Node, error) {
				return plan.NewJoin(in, r, plan.JoinSpec{Kind: kind, Using: []string{a}})
			})
		}
	}
	return nil, nil
}

const (
	twiceName = "every row whose first value is not null, twice"
	testMaps  = "internal/run tests"
)

func init() {
	ref.RegisterMap(twiceName, func(r ref.Row) []ref.Row {
		if r[0] == nil {
			return nil
		}
		return []ref.Row{r, r}
	})
	plan.RegisterAdapter(testMaps, func(string, *arrow.Schema, *arrow.Schema) (plan.BatchFunc, error) { return twiceIfSet, nil })
}

func twiceIfSet(_ context.Context, in arrow.RecordBatch) (arrow.RecordBatch, error) {
	cols := make([]arrow.Array, in.NumCols())
	rows := int64(0)
	for c := range cols {
		parts := []arrow.Array{array.NewSlice(in.Column(c), 0, 0)}
		for i := range in.NumRows() {
			if in.Column(0).IsValid(int(i)) {
				one := array.NewSlice(in.Column(c), i, i+1)
				parts = append(parts, one, one)
			}
		}
		var err error
		if cols[c], err = array.Concatenate(parts, memory.DefaultAllocator); err != nil {
			return nil, err
		}
		rows = int64(len(parts) - 1)
	}
	return array.NewRecordBatch(in.Schema(), cols, rows), nil
}

func (g *generator) mapBatches(in plan.Node) (plan.Node, error) {
	n, err := plan.NewMapBatches(in, in.Schema(), twiceIfSet, twiceName)
	if err != nil {
		return nil, err
	}
	n.(*plan.MapBatches).Adapter = testMaps
	return n, nil
}

// memorySink keeps what is written to it, part by part.
type memorySink struct {
	schema   *arrow.Schema
	mu       sync.Mutex
	parts    map[int][]arrow.RecordBatch
	closed   int
	aborted  bool
	commited bool
}

func (s *memorySink) Open(_ context.Context, schema *arrow.Schema, _ int) (partition.PartitionedWriter, error) {
	s.schema, s.parts = schema, map[int][]arrow.RecordBatch{}
	return s, nil
}

func (s *memorySink) Part(_ context.Context, part int) (partition.Writer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, twice := s.parts[part]; twice {
		return nil, fmt.Errorf("part %d is opened twice", part)
	}
	s.parts[part] = nil
	return &memoryPart{s, part}, nil
}

func (s *memorySink) Commit(context.Context) (partition.Report, error) {
	s.commited = true
	return partition.Report{}, nil
}

func (s *memorySink) Abort(context.Context) error {
	s.aborted = true
	return nil
}

type memoryPart struct {
	sink *memorySink
	part int
}

func (p *memoryPart) Write(_ context.Context, b partition.Batch) error {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	p.sink.parts[p.part] = append(p.sink.parts[p.part], array.NewRecordBatch(p.sink.schema, b.Cols, int64(b.Rows)))
	return nil
}

func (p *memoryPart) Close() error {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	p.sink.closed++
	return nil
}

// writes gives the plan's rows to a sink, whose parts have them in order.
func writes(t *testing.T, g *generator, n plan.Node, want *ref.Table, seed uint64) {
	for _, s := range g.sources {
		s.Layout.Batch = 40
	}
	place := fmt.Sprintf("seed %d, write\n%s", seed, plan.Format(n))
	sink := &memorySink{}
	_, _, err := run.Write(context.Background(), plan.NewWrite(n, sink), sched.Options{Workers: 4, On: sched.Pool(4)})
	require.NoError(t, err, place)
	require.Zero(t, mem.Process().Used(), place)
	require.True(t, sink.commited && !sink.aborted, place)
	require.Equal(t, len(sink.parts), sink.closed, place)
	var recs []arrow.RecordBatch
	for _, part := range slices.Sorted(maps.Keys(sink.parts)) {
		recs = append(recs, sink.parts[part]...)
	}
	require.Empty(t, ref.Diff(want, ref.OfRecords(n.Schema(), recs)), place)
}
