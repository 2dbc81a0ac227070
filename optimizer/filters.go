package optimizer

import (
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// simplifyFilter drops a filter that is always true and empties one that is never true; conditions of joins alike.
var simplifyFilter = Rule{Name: "simplify_filter", Dir: BottomUp, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	switch n := n.(type) {
	case *plan.Filter:
		return simplerFilter(n)
	case *plan.Scan:
		if isTrue(n.Predicate) {
			return n.With(n.Columns, expr.Expr{}, n.Limit)
		}
		if slices.ContainsFunc(n.Predicate.Conjuncts(), neverTrue) {
			return empty(n), nil
		}
	case *plan.Join:
		return simplerJoin(n)
	}
	return n, nil
}}

// simplerJoin drops conditions of a join that are always true, and empties joins that need one that never is.
func simplerJoin(j *plan.Join) (plan.Node, error) {
	var kept []expr.Expr
	all := j.Residual.Conjuncts()
	for _, p := range all {
		if neverTrue(p) && (j.Kind == plan.Inner || j.Kind == plan.Semi) {
			return empty(j), nil
		}
		if !isTrue(p) {
			kept = append(kept, p)
		}
	}
	if len(kept) == len(all) || len(kept) == 0 && len(j.LeftKeys) == 0 {
		return j, nil
	}
	c := *j
	return withResidual(&c, kept)
}

func simplerFilter(n *plan.Filter) (plan.Node, error) {
	var kept []expr.Expr
	all := n.Pred.Conjuncts()
	for _, p := range all {
		if neverTrue(p) {
			return empty(n), nil
		}
		if !isTrue(p) {
			kept = append(kept, p)
		}
	}
	switch len(kept) {
	case len(all):
		return n, nil
	case 0:
		return n.Input, nil
	}
	return plan.NewFilter(n.Input, expr.And(kept...))
}

// mergeFilters makes one filter of two. What can fail stays in a filter of its own, above the one that may guard it.
var mergeFilters = Rule{Name: "merge_filters", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	upper, ok := n.(*plan.Filter)
	if !ok {
		return n, nil
	}
	lower, ok := upper.Input.(*plan.Filter)
	if !ok || upper.Pred.CanFail() || c.shared(lower) {
		return n, nil
	}
	return plan.NewFilter(lower.Input, expr.And(lower.Pred, upper.Pred))
}}

// split divides the conjuncts of a predicate into those that move below and those that stay. What can fail moves only when nothing
// that might guard it stays, and only with evenFailing: where it is evaluated on no more rows than before.
func split(pred expr.Expr, evenFailing bool, movable func(expr.Expr) bool) (move, stay []expr.Expr) {
	for _, p := range pred.Conjuncts() {
		if rowWise(p) && movable(p) && (evenFailing || !p.CanFail()) {
			move = append(move, p)
		} else {
			stay = append(stay, p)
		}
	}
	if len(stay) == 0 {
		return move, nil
	}
	sure := move[:0:0]
	stay = nil
	for _, p := range pred.Conjuncts() {
		if rowWise(p) && movable(p) && !p.CanFail() {
			sure = append(sure, p)
		} else {
			stay = append(stay, p)
		}
	}
	return sure, stay
}

// above puts what stays of a predicate over the node.
func above(n plan.Node, stay []expr.Expr) (plan.Node, error) {
	if len(stay) == 0 {
		return n, nil
	}
	return plan.NewFilter(n, expr.And(stay...))
}

// below puts what moves under a node of one input.
func below(n plan.Node, move []expr.Expr) (plan.Node, error) {
	f, err := plan.NewFilter(n.Inputs()[0], expr.And(move...))
	if err != nil {
		return nil, err
	}
	return n.WithInputs(f), nil
}

// pushRule makes a rule of what moves a filter past the node below it. try returns nil where it does not know the node.
func pushRule(name string, try func(c *Context, f *plan.Filter) (plan.Node, error)) Rule {
	return Rule{Name: name, Dir: TopDown, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
		f, ok := n.(*plan.Filter)
		if !ok || c.shared(f.Input) {
			return n, nil
		}
		m, err := try(c, f)
		if err != nil {
			return nil, err
		}
		if m == nil {
			return n, nil
		}
		return m, nil
	}}
}

// pushPast moves the conjuncts that movable admits below the filter's input, a node of one input.
func pushPast(f *plan.Filter, evenFailing bool, movable func(expr.Expr) bool) (plan.Node, error) {
	move, stay := split(f.Pred, evenFailing, movable)
	if len(move) == 0 {
		return nil, nil
	}
	n, err := below(f.Input, move)
	if err != nil {
		return nil, err
	}
	return above(n, stay)
}
