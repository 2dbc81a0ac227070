package optimizer

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// sortToTopK keeps only the rows of a sort that a limit above gives.
var sortToTopK = Rule{Name: "sort_to_top_k", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	l, ok := n.(*plan.Limit)
	if !ok || l.N <= 0 {
		return n, nil
	}
	s, ok := l.Input.(*plan.Sort)
	if _, bounded := end(l.N, l.Offset); !ok || !bounded || c.shared(s) {
		return n, nil
	}
	return plan.NewTopK(s.Input, s.Keys, l.N, l.Offset)
}}

// mergeSorts makes one sort of two: sorts are stable, so the keys of the lower one break the ties of the upper one.
var mergeSorts = Rule{Name: "merge_sorts", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	upper, ok := n.(*plan.Sort)
	if !ok {
		return n, nil
	}
	lower, ok := upper.Input.(*plan.Sort)
	if !ok || c.shared(lower) {
		return n, nil
	}
	keys := append([]plan.SortKey{}, upper.Keys...)
	for _, k := range lower.Keys {
		if !hasKey(keys, k.Expr) {
			keys = append(keys, k)
		}
	}
	return plan.NewSort(lower.Input, keys...)
}}

func hasKey(keys []plan.SortKey, e expr.Expr) bool {
	for _, k := range keys {
		if expr.Equal(k.Expr.Unalias(), e.Unalias()) {
			return true
		}
	}
	return false
}

// dropUnseenSort removes a sort whose order nobody sees: below aggregates of the whole frame that do not depend on order, and on the
// right side of semi and anti joins. Groups with keys appear in the order of their first rows, so a sort below those is seen.
var dropUnseenSort = Rule{Name: "drop_unseen_sort", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	switch n := n.(type) {
	case *plan.GroupBy:
		if len(n.Keys) > 0 {
			return n, nil
		}
		for _, a := range n.Aggs {
			if a.Info().Ordered || len(a.Mods().OrderBy) > 0 {
				return n, nil
			}
		}
		in, err := unsorted(c, n.Input)
		if err != nil {
			return nil, err
		}
		return n.WithInputs(in), nil
	case *plan.Join:
		if n.Kind != plan.Semi && n.Kind != plan.Anti {
			return n, nil
		}
		right, err := unsorted(c, n.Right)
		if err != nil {
			return nil, err
		}
		return n.WithInputs(n.Left, right), nil
	}
	return n, nil
}}

// unsorted removes sorts below a node whose order is not seen, through row-wise steps.
func unsorted(c *Context, n plan.Node) (plan.Node, error) {
	if c.shared(n) {
		return n, nil
	}
	switch x := n.(type) {
	case *plan.Sort:
		return unsorted(c, x.Input)
	case *plan.Filter, *plan.Project, *plan.Repartition:
		in, err := unsorted(c, x.Inputs()[0])
		if err != nil {
			return nil, err
		}
		return x.WithInputs(in), nil
	}
	return n, nil
}
