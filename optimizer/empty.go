package optimizer

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// propagateEmpty lifts an empty input (a limit of 0 rows) above everything that gives no rows of no rows, so that nothing below is
// run, and drops empty inputs of a concat.
var propagateEmpty = Rule{Name: "propagate_empty", Dir: BottomUp, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	switch n := n.(type) {
	case *plan.Filter, *plan.Sort, *plan.TopK, *plan.Distinct, *plan.Explode, *plan.Unpivot, *plan.Window, *plan.Repartition:
		if isEmpty(n.Inputs()[0]) {
			return lift(n)
		}
	case *plan.Project:
		if isEmpty(n.Input) {
			return lift(n)
		}
	case *plan.Limit:
		if !isEmpty(n) && isEmpty(n.Input) {
			return n.Input, nil
		}
		if isEmpty(n) {
			return bareEmpty(n)
		}
	case *plan.GroupBy:
		if len(n.Keys) > 0 && isEmpty(n.Input) {
			return lift(n)
		}
	case *plan.Join:
		return emptyJoin(n)
	case *plan.Concat:
		return shorterConcat(n)
	}
	return n, nil
}}

// lift turns n over an empty input into the empty node over n.
func lift(n plan.Node) (plan.Node, error) {
	in, err := n.WithInputs(n.Inputs()[0].(*plan.Limit).Input)
	if err != nil {
		return nil, err
	}
	return empty(in)
}

// bareEmpty drops row-wise nodes of the same columns below an empty limit, and a scan's predicate: nothing is read anyway.
func bareEmpty(l *plan.Limit) (plan.Node, error) {
	in := l.Input
	for {
		switch x := in.(type) {
		case *plan.Filter:
			in = x.Input
			continue
		case *plan.Sort:
			in = x.Input
			continue
		case *plan.Scan:
			if !x.Predicate.IsZero() || x.Limit > 0 {
				bare, err := x.With(x.Columns, expr.Expr{}, 0)
				if err != nil {
					return nil, err
				}
				in = bare
			}
		}
		break
	}
	if in == l.Input && l.Offset == 0 {
		return l, nil
	}
	return plan.NewLimit(in, 0, 0)
}

func emptyJoin(j *plan.Join) (plan.Node, error) {
	left, right := isEmpty(j.Left), isEmpty(j.Right)
	none := false
	switch j.Kind {
	case plan.Inner, plan.Cross, plan.Semi:
		none = left || right
	case plan.Left:
		none = left
	case plan.Anti:
		if right && !left {
			return onlyLeft(j)
		}
		none = left
	case plan.Right:
		none = right
	default:
		none = left && right
	}
	if !none {
		return j, nil
	}
	return empty(j)
}

// onlyLeft is an anti join without right rows: the left side's columns.
func onlyLeft(j *plan.Join) (plan.Node, error) {
	cols := make([]expr.Expr, len(j.LeftOut))
	for i, name := range j.LeftOut {
		cols[i] = expr.Col(name)
	}
	return plan.NewProject(j.Left, cols)
}

func shorterConcat(n *plan.Concat) (plan.Node, error) {
	var kept []plan.Node
	for _, in := range n.Ins {
		if !isEmpty(in) {
			kept = append(kept, in)
		}
	}
	switch len(kept) {
	case len(n.Ins):
		return n, nil
	case 0:
		return n.Ins[0], nil
	case 1:
		if sameSchema("propagate_empty", n.Schema(), kept[0].Schema()) != nil {
			return n, nil
		}
		return kept[0], nil
	}
	m, err := plan.NewConcat(kept)
	if err != nil || sameSchema("propagate_empty", n.Schema(), m.Schema()) != nil {
		return n, err
	}
	return m, nil
}
