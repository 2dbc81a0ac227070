// Package ref says what a plan's answer must be: it computes plans a row at a time over Go values, as plainly as can be, so that tests
// can hold the engine against it. It is slow on purpose and shares no code with the engine.
//
// It must not use internal/eval, kernels, tables or tasks, and nothing but tests may use it. It imports plan, partition, expr, fault and
// Arrow's arrays only.
//
//	want, err := ref.Run(ctx, node)
//	got := ref.OfRecords(node.Schema(), records)
//	if diff := ref.Diff(want, got); diff != "" { t.Fatal(diff) }
package ref

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// Row is a row's values in the order of the schema, each nil for null, bool, int64 (signed integers, dates, times, timestamps and
// durations in their unit), uint64, float64, string (text), Binary or List.
type Row = []any

// Table is an answer: rows in order.
type Table struct {
	Schema *arrow.Schema
	Rows   []Row
	// Scale is the largest Σ|x| of the float sums behind the rows; Diff forgives 1e-12 of it.
	Scale float64

	at map[string]int // columns by name
}

// Run computes a plan. Hints that change no answer (limits and columns of scans, repartitions, caches) are ignored as far as they can
// be. The order of rows is that of semantics: scan order, first appearance of groups, left order of joins.
func Run(ctx context.Context, n plan.Node) (*Table, error) {
	var ins []*Table
	scale := 0.0
	for _, in := range n.Inputs() {
		t, err := Run(ctx, in)
		if err != nil {
			return nil, err
		}
		ins = append(ins, t)
		scale = max(scale, t.Scale)
	}
	out := &Table{Schema: n.Schema(), Scale: scale}
	var err error
	switch n := n.(type) {
	case *plan.Scan:
		out.Rows, err = scan(ctx, n)
	case *plan.Filter:
		out.Rows, err = filter(ins[0], n.Pred)
	case *plan.Project:
		out.Rows, err = project(ins[0], n.Exprs)
	case *plan.GroupBy:
		err = groupBy(ins[0], n, out)
	case *plan.Join:
		out.Rows, err = join(ins[0], ins[1], n)
	case *plan.Sort:
		out.Rows, err = sorted(ins[0], n.Keys)
	case *plan.TopK:
		out.Rows, err = sorted(ins[0], n.Keys)
		out.Rows = cut(out.Rows, n.N, n.Offset)
	case *plan.Limit:
		out.Rows = cut(ins[0].Rows, n.N, n.Offset)
	case *plan.Distinct:
		out.Rows = distinct(ins[0], n)
	case *plan.Concat:
		for _, in := range ins {
			out.Rows = append(out.Rows, in.Rows...)
		}
	case *plan.Window:
		out.Rows, err = windows(ins[0], n, out)
	case *plan.Explode:
		out.Rows = explode(ins[0], n)
	case *plan.Unpivot:
		out.Rows = unpivot(ins[0], n)
	case *plan.MapBatches:
		out.Rows, err = mapped(ins[0], n)
	case *plan.Cache, *plan.Repartition:
		out.Rows = ins[0].Rows
	default:
		err = fmt.Errorf("ref: cannot run %T", n)
	}
	return out, err
}

// Env is a row whose values go by the names of their columns.
type Env struct {
	at  map[string]int
	row Row
}

// Env returns a row of the table for Eval.
func (t *Table) Env(r Row) Env {
	if t.at == nil {
		t.at = map[string]int{}
		for i, f := range t.Schema.Fields() {
			t.at[f.Name] = i
		}
	}
	return Env{t.at, r}
}

// scan reads all of a source and applies the predicate itself.
func scan(ctx context.Context, n *plan.Scan) ([]Row, error) {
	all, err := OfSource(ctx, n.Source)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, r := range all.Rows {
		full := all.Env(r)
		if !n.Predicate.IsZero() {
			if v, err := Eval(n.Predicate, full); err != nil {
				return nil, err
			} else if v != true {
				continue
			}
		}
		row := Row{}
		for _, f := range n.Schema().Fields() {
			row = append(row, r[full.at[f.Name]])
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func filter(in *Table, pred expr.Expr) ([]Row, error) {
	var rows []Row
	for _, r := range in.Rows {
		v, err := Eval(pred, in.Env(r))
		if err != nil {
			return nil, err
		}
		if v == true {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func project(in *Table, exprs []expr.Expr) ([]Row, error) {
	var rows []Row
	for _, r := range in.Rows {
		row, err := evalAll(exprs, in.Env(r))
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func evalAll(exprs []expr.Expr, e Env) (Row, error) {
	row := make(Row, len(exprs))
	for i, x := range exprs {
		var err error
		if row[i], err = Eval(x, e); err != nil {
			return nil, err
		}
	}
	return row, nil
}

func cut(rows []Row, n, offset int64) []Row {
	rows = rows[min(offset, int64(len(rows))):]
	if n >= 0 {
		rows = rows[:min(n, int64(len(rows)))]
	}
	return rows
}

func sorted(in *Table, keys []plan.SortKey) ([]Row, error) {
	exprs := make([]expr.Expr, len(keys))
	for i, k := range keys {
		exprs[i] = k.Expr
	}
	type keyed struct{ key, row Row }
	var all []keyed
	for _, r := range in.Rows {
		k, err := evalAll(exprs, in.Env(r))
		if err != nil {
			return nil, err
		}
		all = append(all, keyed{k, r})
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		for i, k := range keys {
			if c := compareKey(a.key[i], b.key[i], k); c != 0 {
				return c
			}
		}
		return 0
	})
	var rows []Row
	for _, k := range all {
		rows = append(rows, k.row)
	}
	return rows, nil
}

func compareKey(a, b any, k plan.SortKey) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil && k.NullsFirst, b == nil && !k.NullsFirst:
		return -1
	case a == nil || b == nil:
		return 1
	case k.Desc:
		return Order(b, a)
	}
	return Order(a, b)
}

func distinct(in *Table, n *plan.Distinct) []Row {
	var at []int
	for i, f := range in.Schema.Fields() {
		if len(n.Cols) == 0 || slices.Contains(n.Cols, f.Name) {
			at = append(at, i)
		}
	}
	rows := slices.Clone(in.Rows)
	if n.Last {
		slices.Reverse(rows)
	}
	seen := map[string]bool{}
	var out []Row
	for _, r := range rows {
		var key Row
		for _, i := range at {
			key = append(key, r[i])
		}
		if k := keyText(key); !seen[k] {
			seen[k] = true
			out = append(out, r)
		}
	}
	if n.Last {
		slices.Reverse(out)
	}
	return out
}
