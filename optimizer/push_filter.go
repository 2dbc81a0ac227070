package optimizer

import (
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// filterThroughProject moves a filter below a projection, with the computed columns put in by their expressions. It does not where
// that would compute something twice that is not cheap.
var filterThroughProject = pushRule("filter_through_project", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	p, ok := f.Input.(*plan.Project)
	if !ok {
		return nil, nil
	}
	by := map[string]expr.Expr{}
	for _, e := range p.Exprs {
		if rowWise(e) && isCheap(e.Unalias()) {
			by[e.Name()] = e
		}
	}
	move, stay := split(f.Pred, true, func(e expr.Expr) bool {
		return readsOnly(e, func(c string) bool { _, ok := by[c]; return ok })
	})
	if len(move) == 0 {
		return nil, nil
	}
	for i, e := range move {
		move[i] = substitute(e, by)
	}
	n, err := below(p, move)
	if err != nil {
		return nil, err
	}
	return above(n, stay)
})

// filterThroughSort moves a filter below a sort or a repartition: fewer rows to sort, the same order.
var filterThroughSort = pushRule("filter_through_sort", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	switch f.Input.(type) {
	case *plan.Sort, *plan.Repartition:
		return pushPast(f, true, func(expr.Expr) bool { return true })
	}
	return nil, nil
})

// filterThroughDistinct moves what reads only the columns that make rows equal: it keeps or drops all rows of a combination.
var filterThroughDistinct = pushRule("filter_through_distinct", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	d, ok := f.Input.(*plan.Distinct)
	if !ok {
		return nil, nil
	}
	return pushPast(f, false, func(e expr.Expr) bool {
		return len(d.Cols) == 0 || readsOnly(e, func(c string) bool { return slices.Contains(d.Cols, c) })
	})
})

// filterThroughGroupBy moves what reads only keys: it keeps or drops whole groups. Without keys there is a row even of no rows, and
// nothing moves.
var filterThroughGroupBy = pushRule("filter_through_group_by", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	g, ok := f.Input.(*plan.GroupBy)
	if !ok || len(g.Keys) == 0 {
		return nil, nil
	}
	by := map[string]expr.Expr{}
	for _, k := range g.Keys {
		if isCheap(k.Unalias()) {
			by[k.Name()] = k
		}
	}
	move, stay := split(f.Pred, false, func(e expr.Expr) bool {
		return len(e.Columns()) > 0 && readsOnly(e, func(c string) bool { _, ok := by[c]; return ok })
	})
	if len(move) == 0 {
		return nil, nil
	}
	for i, e := range move {
		move[i] = substitute(e, by)
	}
	n, err := below(g, move)
	if err != nil {
		return nil, err
	}
	return above(n, stay)
})

// filterThroughWindow moves what reads only columns that every window call partitions by: it keeps or drops whole partitions.
var filterThroughWindow = pushRule("filter_through_window", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	w, ok := f.Input.(*plan.Window)
	if !ok {
		return nil, nil
	}
	return pushPast(f, false, func(e expr.Expr) bool {
		return len(e.Columns()) > 0 && readsOnly(e, func(c string) bool {
			return !slices.ContainsFunc(w.Exprs, func(x expr.Expr) bool { return !partitionsBy(x, c) })
		})
	})
})

func partitionsBy(window expr.Expr, col string) bool {
	return slices.ContainsFunc(window.Mods().Over, func(k expr.Expr) bool {
		name, ok := k.ColumnName()
		return ok && name == col
	})
}

// filterThroughReshape moves what reads only columns that explode or unpivot repeat: every row they make has at least one row there.
var filterThroughReshape = pushRule("filter_through_reshape", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	switch n := f.Input.(type) {
	case *plan.Explode:
		return pushPast(f, true, func(e expr.Expr) bool {
			return readsOnly(e, func(c string) bool { return !slices.Contains(n.Cols, c) })
		})
	case *plan.Unpivot:
		return pushPast(f, true, func(e expr.Expr) bool {
			return readsOnly(e, func(c string) bool { return c != n.Name && c != n.Value })
		})
	}
	return nil, nil
})

// filterThroughConcat filters each input.
var filterThroughConcat = pushRule("filter_through_concat", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	u, ok := f.Input.(*plan.Concat)
	if !ok || !rowWise(f.Pred) {
		return nil, nil
	}
	done := map[plan.Node]plan.Node{} // an input that stands twice stays one node
	ins := make([]plan.Node, len(u.Ins))
	for i, in := range u.Ins {
		if done[in] == nil {
			n, err := plan.NewFilter(in, f.Pred)
			if err != nil {
				return nil, err
			}
			done[in] = n
		}
		ins[i] = done[in]
	}
	return u.WithInputs(ins...), nil
})

// filterIntoScan hands a filter to the source, which may skip what cannot match. What can fail stays outside: sources apply
// predicates to rows as they like.
var filterIntoScan = pushRule("filter_into_scan", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	s, ok := f.Input.(*plan.Scan)
	if !ok || s.Limit > 0 {
		return nil, nil
	}
	move, stay := split(f.Pred, false, func(e expr.Expr) bool { return len(e.Columns()) > 0 })
	if len(move) == 0 {
		return nil, nil
	}
	if _, err := partition.ColumnIndexes(s.Source.Schema(), s.Columns); err != nil {
		return nil, err
	}
	all := append(s.Predicate.Conjuncts(), move...)
	pred := expr.And(all...)
	n, err := s.With(s.Columns, rebind(pred, pred), 0)
	if err != nil {
		return nil, err
	}
	return above(n, stay)
})
