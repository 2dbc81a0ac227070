package optimizer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// The tests run plans over int64, bool and text values with the simplest interpreter that can be: rows of any, nil for null.

type table struct {
	name   string
	schema *arrow.Schema
	rows   [][]any
	stats  partition.Stats
}

func (t *table) Schema() *arrow.Schema { return t.schema }

func (t *table) String() string { return t.name }

func (t *table) Stats() partition.Stats { return t.stats }

func (t *table) Plan(context.Context, partition.ScanRequest) (*partition.Scan, error) {
	return nil, errors.New("not to be planned")
}

type row map[string]any

var errOverflow = errors.New("overflow")

// runPlan returns the rows of a plan, in order.
func runPlan(n plan.Node) ([]row, error) {
	var ins [][]row
	for _, in := range n.Inputs() {
		rows, err := runPlan(in)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			for _, f := range in.Schema().Fields() {
				if _, ok := r[f.Name]; !ok {
					return nil, fmt.Errorf("column %q is missing below %s", f.Name, plan.Describe(n))
				}
			}
		}
		ins = append(ins, rows)
	}
	switch n := n.(type) {
	case *plan.Scan:
		return runScan(n)
	case *plan.Filter:
		return runFilter(ins[0], n.Pred)
	case *plan.Project:
		return runProject(ins[0], n.Exprs)
	case *plan.Sort:
		return runSort(ins[0], n.Keys)
	case *plan.TopK:
		rows, err := runSort(ins[0], n.Keys)
		return cut(rows, n.N, n.Offset), err
	case *plan.Limit:
		return cut(ins[0], n.N, n.Offset), nil
	case *plan.Distinct:
		return runDistinct(ins[0], n), nil
	case *plan.Concat:
		return slices.Concat(ins...), nil
	case *plan.GroupBy:
		return runGroupBy(ins[0], n)
	case *plan.Join:
		return runJoin(ins[0], ins[1], n)
	case *plan.Cache, *plan.Repartition:
		return ins[0], nil
	}
	return nil, fmt.Errorf("cannot run %T", n)
}

func cut(rows []row, n, offset int64) []row {
	rows = rows[min(offset, int64(len(rows))):]
	if n >= 0 {
		rows = rows[:min(n, int64(len(rows)))]
	}
	return rows
}

func runScan(s *plan.Scan) ([]row, error) {
	if _, none := s.Source.(*nothing); none {
		return nil, nil
	}
	t := s.Source.(*table)
	var out []row
	for _, values := range t.rows {
		full, r := row{}, row{}
		for i, f := range t.schema.Fields() {
			full[f.Name] = values[i]
		}
		if !s.Predicate.IsZero() {
			if v, err := eval(s.Predicate, full); err != nil {
				return nil, err
			} else if v != true {
				continue
			}
		}
		for _, f := range s.Schema().Fields() {
			r[f.Name] = full[f.Name]
		}
		out = append(out, r)
	}
	if s.Limit > 0 {
		out = cut(out, s.Limit, 0)
	}
	return out, nil
}

func runFilter(in []row, pred expr.Expr) ([]row, error) {
	var out []row
	for _, r := range in {
		v, err := eval(pred, r)
		if err != nil {
			return nil, err
		}
		if v == true {
			out = append(out, r)
		}
	}
	return out, nil
}

func runProject(in []row, exprs []expr.Expr) ([]row, error) {
	var out []row
	for _, r := range in {
		o := row{}
		for _, e := range exprs {
			v, err := eval(e, r)
			if err != nil {
				return nil, err
			}
			o[e.Name()] = v
		}
		out = append(out, o)
	}
	return out, nil
}

func runSort(in []row, keys []plan.SortKey) ([]row, error) {
	out := slices.Clone(in)
	var failed error
	slices.SortStableFunc(out, func(a, b row) int {
		for _, k := range keys {
			x, err1 := eval(k.Expr, a)
			y, err2 := eval(k.Expr, b)
			if failed = errors.Join(failed, err1, err2); failed != nil {
				return 0
			}
			c := 0
			switch {
			case x == nil && y == nil:
				continue
			case x == nil || y == nil:
				c = 1
				if (x == nil) == k.NullsFirst {
					c = -1
				}
				return c
			default:
				c = compareAny(x, y)
			}
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return out, failed
}

func compareAny(x, y any) int {
	switch a := x.(type) {
	case int64:
		return cmp.Compare(a, y.(int64))
	case bool:
		if a == y.(bool) {
			return 0
		} else if a {
			return 1
		}
		return -1
	}
	_, c, ok := compareGo(x, y)
	if !ok {
		panic(fmt.Sprintf("cannot compare %v with %v", x, y))
	}
	return c
}

func runDistinct(in []row, d *plan.Distinct) []row {
	cols := d.Cols
	if len(cols) == 0 {
		cols = names(d.Input)
	}
	var out []row
	seen := map[string]int{}
	if d.Last {
		in = slices.Clone(in)
		slices.Reverse(in)
	}
	for _, r := range in {
		if k := keyOf(r, cols); seen[k] == 0 {
			seen[k] = 1
			out = append(out, r)
		}
	}
	if d.Last {
		slices.Reverse(out)
	}
	return out
}

func keyOf(r row, cols []string) string {
	s := ""
	for _, c := range cols {
		s += fmt.Sprintf("%v|", r[c])
	}
	return s
}

func runGroupBy(in []row, g *plan.GroupBy) ([]row, error) {
	var order []string
	groups, keys := map[string][]row{}, map[string]row{}
	if len(g.Keys) == 0 {
		order, keys[""] = []string{""}, row{}
	}
	for _, r := range in {
		k := row{}
		null := false
		var cols []string
		for _, e := range g.Keys {
			v, err := eval(e, r)
			if err != nil {
				return nil, err
			}
			k[e.Name()] = v
			null = null || v == nil
			cols = append(cols, e.Name())
		}
		if null && g.DropNullKeys {
			continue
		}
		text := keyOf(k, cols)
		if keys[text] == nil {
			order, keys[text] = append(order, text), k
		}
		groups[text] = append(groups[text], r)
	}
	var out []row
	for _, k := range order {
		r := keys[k]
		for _, a := range g.Aggs {
			v, err := aggregate(a, groups[k])
			if err != nil {
				return nil, err
			}
			r[a.Name()] = v
		}
		out = append(out, r)
	}
	return out, nil
}

func aggregate(a expr.Expr, rows []row) (any, error) {
	if w := a.Mods().Where; !w.IsZero() {
		var err error
		if rows, err = runFilter(rows, w); err != nil {
			return nil, err
		}
	}
	if a.Op() == "count" {
		return int64(len(rows)), nil
	}
	var out any
	n := int64(0)
	for _, r := range rows {
		v, err := eval(a.Arg(0), r)
		if err != nil {
			return nil, err
		}
		if v == nil && a.Op() != "first" {
			continue
		}
		n++
		switch {
		case out == nil && (a.Op() != "first" || n == 1):
			out = v
		case a.Op() == "max" && compareAny(v, out) > 0:
			out = v
		case a.Op() == "sum":
			out = out.(int64) + v.(int64)
		}
	}
	if a.Op() == "count_of" {
		return n, nil
	}
	return out, nil
}

func runJoin(left, right []row, j *plan.Join) ([]row, error) {
	var out []row
	joined := func(l, r row) row {
		o := row{}
		for _, c := range j.LeftOut {
			o[c] = l[c]
		}
		for _, c := range j.RightOut {
			o[c.As] = r[c.Name]
		}
		return o
	}
	used := make([]bool, len(right))
	for _, l := range left {
		matched := false
		for i, r := range right {
			ok, err := matches(j, l, r)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			used[i] = true
			if matched = true; j.Kind != plan.Semi && j.Kind != plan.Anti {
				out = append(out, joined(l, r))
			}
		}
		if matched && j.Kind == plan.Semi || !matched && (j.Kind == plan.Anti || j.Kind == plan.Left || j.Kind == plan.Full) {
			out = append(out, joined(l, row{}))
		}
	}
	for i, r := range right {
		if used[i] || j.Kind != plan.Right && j.Kind != plan.Full {
			continue
		}
		o := joined(row{}, r)
		for _, m := range j.Merged {
			o[m] = r[m]
		}
		out = append(out, o)
	}
	return out, nil
}

func matches(j *plan.Join, l, r row) (bool, error) {
	for i := range j.LeftKeys {
		a, err1 := eval(j.LeftKeys[i], l)
		b, err2 := eval(j.RightKeys[i], r)
		if err := errors.Join(err1, err2); err != nil {
			return false, err
		}
		if a == nil || b == nil || a != b {
			return false, nil
		}
	}
	if j.Residual.IsZero() {
		return true, nil
	}
	both := row{}
	for _, f := range j.Left.Schema().Fields() {
		both[f.Name] = l[f.Name]
	}
	for _, c := range j.RightNames {
		both[c.As] = r[c.Name]
	}
	v, err := eval(j.Residual, both)
	return v == true, err
}

// eval computes an expression for a row.
func eval(e expr.Expr, r row) (any, error) {
	if name, ok := e.ColumnName(); ok {
		v, there := r[name]
		if !there {
			return nil, fmt.Errorf("no column %q", name)
		}
		return v, nil
	}
	if v, ok := e.Physical(); ok {
		return v, nil
	}
	switch e.Op() {
	case "and", "or":
		return evalLogical(e, r)
	case "if":
		c, err := eval(e.Arg(0), r)
		if err != nil {
			return nil, err
		}
		if c == true {
			return eval(e.Arg(1), r)
		}
		return eval(e.Arg(2), r)
	}
	args := make([]any, e.NumArgs())
	for i := range args {
		var err error
		if args[i], err = eval(e.Arg(i), r); err != nil {
			return nil, err
		}
	}
	return evalOp(e, args)
}

func evalLogical(e expr.Expr, r row) (any, error) {
	decides := e.Op() == "or"
	var out any = !decides
	for i := range e.NumArgs() {
		v, err := eval(e.Arg(i), r)
		switch {
		case err != nil:
			return nil, err
		case v == decides:
			return decides, nil // the rest is guarded
		case v == nil:
			out = nil
		}
	}
	return out, nil
}

func evalOp(e expr.Expr, a []any) (any, error) {
	switch e.Op() {
	case "is_null":
		return a[0] == nil, nil
	case "not_null":
		return a[0] != nil, nil
	case "coalesce":
		for _, v := range a {
			if v != nil {
				return v, nil
			}
		}
		return nil, nil
	case "in":
		return evalIn(a), nil
	}
	if slices.Contains(a, nil) {
		return nil, nil
	}
	switch e.Op() {
	case "not":
		return !a[0].(bool), nil
	case "cast":
		return a[0], nil
	case "add":
		x, y := a[0].(int64), a[1].(int64)
		if y > 0 && x > math.MaxInt64-y {
			return nil, errOverflow
		}
		return x + y, nil
	case "between":
		return compareAny(a[0], a[1]) >= 0 && compareAny(a[0], a[2]) <= 0, nil
	}
	c := compareAny(a[0], a[1])
	ok, known := map[string]bool{"eq": c == 0, "ne": c != 0, "lt": c < 0, "le": c <= 0, "gt": c > 0, "ge": c >= 0}[e.Op()]
	if !known {
		return nil, fmt.Errorf("cannot run %s", e.Op())
	}
	return ok, nil
}

func evalIn(a []any) any {
	if a[0] == nil {
		return nil
	}
	var out any = false
	for _, v := range a[1:] {
		if v == nil {
			out = nil
		} else if compareAny(a[0], v) == 0 {
			return true
		}
	}
	return out
}

// fold is the evaluator as the optimizer gets it.
func fold(e expr.Expr) (expr.Expr, error) {
	v, err := eval(e, nil)
	if err != nil {
		return e, err
	}
	return expr.LitOf(e.Type(), v), nil
}
