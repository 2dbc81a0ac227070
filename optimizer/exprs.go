package optimizer

import (
	"github.com/apache/arrow-go/v18/arrow"

	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// literalBool reads a boolean literal: value and whether it is null.
func literalBool(e expr.Expr) (value, null, ok bool) {
	v, ok := e.Literal()
	if !ok {
		return false, false, false
	}
	if v == nil {
		return false, true, true
	}
	b, ok := v.(bool)
	return b, false, ok
}

func isTrue(e expr.Expr) bool { v, null, ok := literalBool(e); return ok && v && !null }

// neverTrue says whether e is the literal false or null.
func neverTrue(e expr.Expr) bool { v, _, ok := literalBool(e); return ok && !v }

func isNullLiteral(e expr.Expr) bool {
	v, ok := e.Literal()
	return ok && v == nil
}

// reads says whether e reads columns of the set only.
func readsOnly(e expr.Expr, has func(string) bool) bool {
	return !slices.ContainsFunc(e.Columns(), func(c string) bool { return !has(c) })
}

// rowWise says whether e is a value of its row alone.
func rowWise(e expr.Expr) bool {
	return e.Contains()&(expr.ContainsAggregate|expr.ContainsWindow) == 0
}

// sameName gives the new form of a named expression the old one's name.
func sameName(old, new expr.Expr) expr.Expr {
	if old.Name() == new.Name() {
		return new
	}
	return new.As(old.Name())
}

// substitute puts expressions in place of columns.
func substitute(e expr.Expr, by map[string]expr.Expr) expr.Expr {
	out, err := expr.Transform(e, func(x expr.Expr) (expr.Expr, error) {
		if name, ok := x.ColumnName(); ok {
			if r, ok := by[name]; ok {
				return r.Unalias(), nil
			}
		}
		return x, nil
	})
	if err != nil {
		return e // the function above gives none
	}
	return out
}

// cheapOps is how many operations an expression may have to be computed twice instead of once: reading a column again costs as much.
const cheapOps = 2

// isCheap says whether computing e again costs next to nothing and cannot fail.
func isCheap(e expr.Expr) bool {
	ops := 0
	expr.Walk(e, func(x expr.Expr) bool {
		if x.Info().Kind != expr.Leaf {
			ops++
		}
		if x.Contains()&expr.ContainsFunc != 0 {
			ops = cheapOps + 1
		}
		return ops <= cheapOps
	})
	return ops == 0 || ops <= cheapOps && numeric(e) && !e.CanFail()
}

// numeric says whether e is made of operations on fixed-width values; text functions and user functions are never cheap.
func numeric(e expr.Expr) bool {
	ok := true
	expr.Walk(e, func(x expr.Expr) bool {
		if t := x.Type(); t == nil || !isFixedWidth(t) {
			_, isCol := x.ColumnName()
			_, isLit := x.Literal()
			ok = ok && (isCol || isLit) && x.Type() != nil
		}
		return ok
	})
	return ok
}

// uses counts how often each column is read by the expressions.
func uses(exprs []expr.Expr) map[string]int {
	n := map[string]int{}
	for _, e := range exprs {
		countUses(e, n)
	}
	return n
}

// countUses visits shared nodes as often as they are used, unlike Walk.
func countUses(e expr.Expr, n map[string]int) {
	if name, ok := e.ColumnName(); ok {
		n[name]++
		return
	}
	for i := range e.NumArgs() {
		countUses(e.Arg(i), n)
	}
	m := e.Mods()
	if !m.Where.IsZero() {
		countUses(m.Where, n)
	}
	for _, k := range m.OrderBy {
		countUses(k.Expr, n)
	}
	for _, k := range m.Over {
		countUses(k, n)
	}
}

// mapExprs rewrites all expressions of a node; the node itself where none changes.
func mapExprs(n plan.Node, fn func(expr.Expr) (expr.Expr, error)) (plan.Node, error) {
	m := mapper{fn: fn}
	switch n := n.(type) {
	case *plan.Scan:
		if n.Predicate.IsZero() {
			return n, nil
		}
		if p := m.pred(n.Predicate); m.changed && m.err == nil {
			return n.With(n.Columns, p, n.Limit)
		}
	case *plan.Filter:
		if p := m.pred(n.Pred); m.changed && m.err == nil {
			return plan.NewFilter(n.Input, p)
		}
	case *plan.Project:
		if es := m.all(n.Exprs); m.changed && m.err == nil {
			return plan.NewProject(n.Input, es...)
		}
	case *plan.GroupBy:
		keys, aggs := m.all(n.Keys), m.all(n.Aggs)
		if m.changed && m.err == nil {
			return plan.NewGroupBy(n.Input, keys, aggs, n.DropNullKeys)
		}
	case *plan.Sort:
		if keys := m.keys(n.Keys); m.changed && m.err == nil {
			return plan.NewSort(n.Input, keys...)
		}
	case *plan.TopK:
		if keys := m.keys(n.Keys); m.changed && m.err == nil {
			return plan.NewTopK(n.Input, keys, n.N, n.Offset)
		}
	case *plan.Window:
		if es := m.all(n.Exprs); m.changed && m.err == nil {
			return plan.NewWindow(n.Input, es...)
		}
	case *plan.Join:
		c := *n
		c.LeftKeys, c.RightKeys = m.all(n.LeftKeys), m.all(n.RightKeys)
		if !n.Residual.IsZero() {
			c.Residual = m.pred(n.Residual)
		}
		if m.changed && m.err == nil {
			return rejoin(&c)
		}
	}
	return n, m.err
}

// rejoin checks and binds a changed copy of a join.
func rejoin(c *plan.Join) (plan.Node, error) { return c.WithColumns(c.LeftOut, c.RightOut) }

type mapper struct {
	fn      func(expr.Expr) (expr.Expr, error)
	changed bool
	err     error
}

func (m *mapper) one(e expr.Expr) expr.Expr {
	if m.err != nil {
		return e
	}
	out, err := m.fn(e)
	if err != nil {
		m.err = err
		return e
	}
	if expr.Same(out, e) {
		return e
	}
	m.changed = true
	return sameName(e, out)
}

// pred is one for a condition, whose name nobody sees.
func (m *mapper) pred(e expr.Expr) expr.Expr {
	out := m.one(e)
	if expr.Same(out, e) {
		return e
	}
	return out.Unalias()
}

func (m *mapper) all(es []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = m.one(e)
	}
	return out
}

func (m *mapper) keys(keys []plan.SortKey) []plan.SortKey {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Expr = m.one(out[i].Expr)
	}
	return out
}

// rebind binds a form newly made of bound parts, whose columns tell their own types; the old form where that fails.
func rebind(old, e expr.Expr) expr.Expr {
	var fields []arrow.Field
	seen := map[string]bool{}
	expr.Walk(e, func(x expr.Expr) bool {
		if name, ok := x.ColumnName(); ok && !seen[name] {
			seen[name] = true
			f := expr.Field(x)
			f.Name = name
			fields = append(fields, f)
		}
		return true
	})
	out, err := expr.Bind(e, arrow.NewSchema(fields, nil))
	if err != nil {
		return old
	}
	return out.Unalias()
}
