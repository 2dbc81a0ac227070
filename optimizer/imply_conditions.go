package optimizer

import (
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// implyConditions finds what (a and x) or (b and y) above a join says of one side, where a and b read that side alone: a or b, which goes
// to that side. The condition itself stays.
var implyConditions = pushRule("imply_conditions", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	j, ok := f.Input.(*plan.Join)
	if !ok || j.AsOf != nil || j.Kind != plan.Inner && j.Kind != plan.Cross {
		return nil, nil
	}
	s := outputSides(j)
	var left, right []expr.Expr
	for _, p := range f.Pred.Conjuncts() {
		if p.Op() != "or" || within(p, s.left) || within(p, s.right) {
			continue
		}
		if e, ok := implied(p, s.left); ok && !isKnown(j.Left, e) {
			left = append(left, e)
		}
		if e, ok := implied(p, s.right); ok && !isKnown(j.Right, e) {
			right = append(right, e)
		}
	}
	if len(left)+len(right) == 0 {
		return nil, nil
	}
	n, err := filterSides(j, left, right)
	if err != nil {
		return nil, err
	}
	return plan.NewFilter(n, f.Pred)
})

// implied returns what a disjunction says of the columns of one side, in their names there; ok is false where one of its cases says
// nothing of them that cannot fail.
func implied(or expr.Expr, side map[string]expr.Expr) (out expr.Expr, ok bool) {
	for i := range or.NumArgs() {
		var of []expr.Expr
		for _, p := range or.Arg(i).Conjuncts() {
			if within(p, side) && rowWise(p) && !p.CanFail() {
				of = append(of, substitute(p, side))
			}
		}
		if len(of) == 0 {
			return out, false
		}
		if e := expr.And(of...); i == 0 {
			out = e
		} else {
			out = out.Or(e)
		}
	}
	return out, or.NumArgs() > 0
}

// isKnown says whether a condition of the same columns with cases stands in a plan already: what was implied may have been simplified
// since.
func isKnown(n plan.Node, e expr.Expr) bool {
	has := func(pred expr.Expr) bool {
		return !pred.IsZero() && slices.ContainsFunc(pred.Conjuncts(), func(p expr.Expr) bool {
			return readsOnly(e, func(c string) bool { return slices.Contains(p.Columns(), c) }) && len(p.Columns()) == len(e.Columns())
		})
	}
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Filter:
			found = found || has(n.Pred)
		case *plan.Scan:
			found = found || has(n.Predicate)
		}
		return !found
	})
	return found
}
