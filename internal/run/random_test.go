package run_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/ref"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/optimizer"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/shuffle"
)

var seedFlag = flag.Int64("seed", -1, "run the random plan of this seed alone, with its plan printed")

// variant is one way of running a plan. None may change the answer.
type variant struct {
	name  string
	batch int
	o     sched.Options
	// rules are optimized with; nil is the plan as it stands. off is the rule left out.
	optimize bool
	off      string
	hashZero bool
	// spill makes every table tiny and every exchange go through files; joins makes joins go by parts.
	spill, joins bool
	// packed has all join tables that can be lie row by row.
	packed bool
}

func variants(r *rand.Rand) []variant {
	rules := optimizer.Rules()
	return []variant{
		{name: "inline", batch: 7, o: sched.Options{Workers: 1, On: sched.Inline()}},
		{name: "8 workers", batch: 7, o: sched.Options{Workers: 8, On: sched.Pool(8)}},
		{name: "large batches", batch: 8192, o: sched.Options{Workers: 1}},
		{name: "optimized", batch: 8192, o: sched.Options{Workers: 8, On: sched.Pool(8)}, optimize: true},
		{name: "a rule off", batch: 7, o: sched.Options{Workers: 2}, optimize: true, off: rules[r.IntN(len(rules))]},
		{name: "equal hashes", batch: 100, o: sched.Options{Workers: 2}, optimize: r.IntN(2) == 0, hashZero: true, packed: true},
		{name: "no memory", batch: 30, o: sched.Options{Workers: 2}, optimize: r.IntN(2) == 0, spill: true},
		{name: "no memory, 8 workers", batch: 8192, o: sched.Options{Workers: 8, On: sched.Pool(8)}, optimize: true, spill: true},
		{name: "no memory, in order", batch: 20, o: sched.Options{Workers: 4, On: sched.Pool(4), InOrder: true}, optimize: r.IntN(2) == 0, spill: true, joins: true},
		{name: "no memory for joins", batch: 30, o: sched.Options{Workers: 4, On: sched.Pool(4)}, optimize: r.IntN(2) == 0, joins: true},
		{name: "tasks as bytes", batch: 50, o: sched.Options{Workers: 2, On: asBytes()}, optimize: r.IntN(2) == 0, packed: true},
	}
}

// asBytes is a scheduler that turns every task, its inputs and its result into bytes and back, as for another process.
func asBytes() sched.Scheduler {
	copied := func(v any) (any, error) {
		b, err := graph.EncodeResult(nil, v)
		if err != nil {
			return nil, err
		}
		return graph.DecodeResult(b)
	}
	return sched.PoolOf(2, func(ctx context.Context, c sched.Call) (any, error) {
		op, args := c.Graph.Op(c.Task)
		if op == "" {
			return nil, fmt.Errorf("task %s is local", c.Graph.Name(c.Task))
		}
		in := make([]any, len(c.In))
		for i := range in {
			var err error
			if in[i], err = copied(c.In[i]); err != nil {
				return nil, err
			}
		}
		v, err := sched.Execute(context.Background(), sched.Options{}, op, args, in)
		if err != nil {
			return nil, err
		}
		return copied(v)
	})
}

func (v *variant) run(g *generator, n plan.Node) ([]arrow.RecordBatch, error) {
	for _, s := range g.sources {
		s.Layout.Batch = v.batch
	}
	if v.optimize {
		o := optimizer.Options{Fold: run.Fold, Strict: true}
		if v.off != "" {
			o.Disable = []string{v.off}
		}
		var err error
		if n, _, err = optimizer.Optimize(n, o); err != nil {
			return nil, err
		}
	}
	if v.spill {
		defer exec.SetTinyTables(exec.SetTinyTables(true))
		defer shuffle.SetAlwaysSpill(shuffle.SetAlwaysSpill(true))
	}
	if v.joins {
		defer exec.LimitJoins(exec.LimitJoins(1 << 10))
	}
	if v.packed {
		defer exec.PackTables(exec.PackTables(1))
	}
	if v.hashZero {
		defer hash.SetAllEqual(hash.SetAllEqual(true))
	}
	return query(context.Background(), n, v.o)
}

// Random plans give the rows of the reference, in its order, however they are run. SHEAF_RANDOM_PLANS says how many, SHEAF_RANDOM_FROM
// from which seed on.
func TestRandomPlans(t *testing.T) {
	seeds := 200
	if testing.Short() {
		seeds = 30
	}
	if n, err := strconv.Atoi(os.Getenv("SHEAF_RANDOM_PLANS")); err == nil {
		seeds = n
	}
	if *seedFlag >= 0 {
		randomPlan(t, uint64(*seedFlag))
		return
	}
	from, _ := strconv.Atoi(os.Getenv("SHEAF_RANDOM_FROM"))
	answered, failed := 0, 0
	leftOut := exectest.LeftOut()
	for seed := range seeds {
		switch ok, err := randomPlan(t, uint64(from+seed)); {
		case err != nil:
			failed++
		case ok:
			answered++
		}
	}
	leftOut = exectest.LeftOut() - leftOut
	t.Logf("%d plans with answers, %d with errors, %d rows left out of scans", answered, failed, leftOut)
	require.Greater(t, answered, seeds/2)
	if seeds >= 30 {
		require.NotZero(t, leftOut, "the generator must reach what leaves rows out of scans")
	}
	if seeds >= 1000 {
		require.NotZero(t, failed, "the generator must reach errors too")
	}
}

// randomPlan runs one plan every way. ok is false where the plan is too large, err is the error that the reference gives.
func randomPlan(t *testing.T, seed uint64) (ok bool, err error) {
	g := newGenerator(seed)
	n := g.plan(3 + g.r.IntN(6))
	want, wantErr := ref.Run(context.Background(), n)
	if wantErr != nil && !errors.Is(wantErr, ref.ErrValue) {
		require.NoError(t, wantErr, "seed %d\n%s", seed, plan.Format(n))
	}
	if wantErr == nil && len(want.Rows) > 20000 {
		return false, nil
	}
	if *seedFlag >= 0 {
		t.Logf("%s%v\n", plan.Format(n), wantErr)
	}
	var first [][]any
	asked, exact := n, g.r.IntN(3) == 0
	if exact {
		if n, err = optimizer.Exact(asked); err != nil {
			return false, err
		}
	}
	for i, v := range variants(g.r) {
		place := fmt.Sprintf("seed %d, %s (optimized %v, without %q)\n%s", seed, v.name, v.optimize, v.off, plan.Format(n))
		anyOrder := (v.spill || v.joins) && !v.o.InOrder
		if anyOrder && !v.orderFree(n, false) {
			continue // rows that depend on the order of groups or of joined rows, which depends on the memory
		}
		recs, err := v.run(g, n)
		require.Zero(t, mem.Process().Used(), place)
		if wantErr != nil {
			requireDataFault(t, err, place)
			continue
		}
		require.NoError(t, err, place)
		got := ref.OfRecords(n.Schema(), recs)
		if i == 0 {
			first = got.Rows
		}
		if exact {
			require.Equal(t, texts(first, anyOrder), texts(got.Rows, anyOrder), place)
		}
		if anyOrder {
			require.Empty(t, ref.DiffRows(want, got), place)
			continue
		}
		require.Empty(t, ref.Diff(want, got), place)
		if i == 1 { // the same splits and batches: the same bits, whatever the workers
			require.Equal(t, fmt.Sprint(first), fmt.Sprint(got.Rows), place)
		}
	}
	if wantErr == nil {
		writes(t, g, asked, want, seed)
	}
	for _, s := range g.sources {
		require.Zero(t, s.Open.Load(), "seed %d: readers are open", seed)
	}
	return true, wantErr
}

// texts are rows with all bits of their floats, sorted where their order does not count.
func texts(rows [][]any, sorted bool) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = fmt.Sprint(row...)
	}
	if sorted {
		slices.Sort(out)
	}
	return out
}

// orderFree says whether the rows of a plan, as a set, do not depend on the order in which a group-by gives groups, and a join rows.
func (v *variant) orderFree(n plan.Node, ordered bool) bool {
	switch n := n.(type) {
	case *plan.Limit, *plan.TopK, *plan.Distinct, *plan.Window:
		ordered = true
	case *plan.GroupBy:
		if ordered && v.spill {
			return false
		}
		ordered = true // First, ListOf… of the rows below; sums of floats are compared with a tolerance
	case *plan.Join:
		if ordered && v.joins {
			return false
		}
		ordered = ordered || n.AsOf != nil // which of several nearest rows
	}
	for _, in := range n.Inputs() {
		if !v.orderFree(in, ordered) {
			return false
		}
	}
	return true
}

// requireDataFault says that an error is one of a value. A plan that reads or computes less than the reference may have none.
func requireDataFault(t *testing.T, err error, place string) {
	if err == nil {
		return
	}
	var f *fault.Error
	require.ErrorAs(t, err, &f, place)
	require.Equal(t, fault.Data, f.Kind, "%v\n%s", err, place)
}

// table makes a source of a random schema.
func (g *generator) table() *exectest.Source {
	types := []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Float64,
		arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String, arrow.BinaryTypes.String, arrow.FixedWidthTypes.Boolean, arrow.FixedWidthTypes.Date32, &arrow.TimestampType{Unit: arrow.Microsecond}}
	fields := []arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}
	names := []string{"t", "w", "s", "c1", "c2", "c3"}
	for range 1 + g.r.IntN(6) {
		fields = append(fields, arrow.Field{Name: names[len(fields)-1], Type: types[g.r.IntN(len(types))], Nullable: true})
	}
	rows := []int{0, 1, 10, 60, 100, 200, 200, 200}[g.r.IntN(8)]
	d := exectest.Random(g.r, arrow.NewSchema(fields, nil), rows, []float64{0, 0.1, 0.5}[g.r.IntN(3)])
	if len(d.Rows) > 5 && g.r.IntN(4) == 0 {
		d.Rows[g.r.IntN(len(d.Rows))][0] = int64(1<<63 - 1) // what is added to it fails
	}
	src := exectest.NewSource(d, exectest.Layout{Splits: []int{1, 1, 2, 3, 9}[g.r.IntN(5)], Batch: 7, Sliced: g.r.IntN(2) == 0, Text: exectest.Text(g.r.IntN(3))})
	g.sources = append(g.sources, src)
	return src
}
