package optimizer

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// sides are the columns of a joined row by the side they come from, as bound columns there.
type sides struct {
	left, right map[string]expr.Expr
}

// outputSides are the columns that a join gives.
func outputSides(j *plan.Join) sides {
	s := sides{left: map[string]expr.Expr{}, right: map[string]expr.Expr{}}
	s.add(j.Left, s.left, j.LeftOut)
	s.addRight(j, j.RightOut)
	return s
}

// residualSides are the columns that the condition of a join reads.
func residualSides(j *plan.Join) sides {
	s := sides{left: map[string]expr.Expr{}, right: map[string]expr.Expr{}}
	s.addRight(j, j.RightNames)
	s.add(j.Left, s.left, names(j.Left))
	for as := range s.right {
		delete(s.left, as)
	}
	return s
}

func (s sides) add(n plan.Node, to map[string]expr.Expr, cols []string) {
	all := boundColumns(n)
	for _, c := range cols {
		if e, ok := all[c]; ok {
			to[c] = e
		}
	}
}

func (s sides) addRight(j *plan.Join, cols []plan.JoinColumn) {
	all := boundColumns(j.Right)
	for _, c := range cols {
		if e, ok := all[c.Name]; ok {
			s.right[c.As] = e
		}
	}
}

func boundColumns(n plan.Node) map[string]expr.Expr {
	all := map[string]expr.Expr{}
	for _, c := range plan.Cols(n.Schema()) {
		name, _ := c.ColumnName()
		all[name] = c
	}
	return all
}

func within(e expr.Expr, cols map[string]expr.Expr) bool {
	return len(e.Columns()) > 0 && readsOnly(e, func(c string) bool { _, ok := cols[c]; return ok })
}

// filterThroughJoin moves conditions on one side of a join to that side, as far as the kind of join keeps none of its rows without a
// match from the other; and conditions on key columns to the other side as well. What can fail stays: the join may drop the rows it
// fails on.
var filterThroughJoin = pushRule("filter_through_join", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	j, ok := f.Input.(*plan.Join)
	if !ok {
		return nil, nil
	}
	s := outputSides(j)
	toLeft := j.Kind == plan.Inner || j.Kind == plan.Cross || j.Kind == plan.Left || j.Kind == plan.Semi || j.Kind == plan.Anti
	toRight := j.AsOf == nil && (j.Kind == plan.Inner || j.Kind == plan.Cross) || j.Kind == plan.Right // what is nearest depends on all right rows
	equal := j.EqualKeys()
	var left, right []expr.Expr
	_, stay := split(f.Pred, false, func(e expr.Expr) bool {
		return toLeft && within(e, s.left) || toRight && within(e, s.right)
	})
	for _, e := range f.Pred.Conjuncts() {
		switch {
		case slices.ContainsFunc(stay, func(x expr.Expr) bool { return expr.Same(x, e) }):
		case toLeft && within(e, s.left):
			left = append(left, e)
			if over, ok := acrossKeys(e, j.LeftKeys[:equal], j.RightKeys[:equal]); ok {
				right = append(right, over)
			}
		default:
			below := substitute(e, s.right)
			right = append(right, below)
			if over, ok := acrossKeys(below, j.RightKeys[:equal], j.LeftKeys[:equal]); ok && toLeft {
				left = append(left, over)
			}
		}
	}
	if len(left)+len(right) == 0 {
		return nil, nil
	}
	n, err := filterSides(j, left, right)
	if err != nil {
		return nil, err
	}
	return above(n, stay)
})

func filterSides(j *plan.Join, left, right []expr.Expr) (plan.Node, error) {
	l, err := above(j.Left, left)
	if err != nil {
		return nil, err
	}
	r, err := above(j.Right, right)
	if err != nil {
		return nil, err
	}
	return j.WithInputs(l, r), nil
}

// acrossKeys restates a condition on key columns of one side in those of the other: rows that match are equal there. It holds for
// every kind of join: rows of the other side that do not satisfy it have no partner that is kept.
func acrossKeys(e expr.Expr, from, to []expr.Expr) (expr.Expr, bool) {
	by := map[string]expr.Expr{}
	for i, k := range from {
		a, okA := k.ColumnName()
		_, okB := to[i].ColumnName()
		if okA && okB && arrow.TypeEqual(k.Type(), to[i].Type()) {
			by[a] = to[i]
		}
	}
	if !within(e, by) {
		return e, false
	}
	return substitute(e, by), true
}

// residualThroughJoin moves conditions of a join itself that read one side only: to the right side of any join but Right and Full, to
// the left side where rows without a match are dropped anyway.
var residualThroughJoin = Rule{Name: "residual_through_join", Dir: TopDown, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	j, ok := n.(*plan.Join)
	if !ok || j.Residual.IsZero() {
		return n, nil
	}
	s := residualSides(j)
	toLeft := j.Kind == plan.Inner || j.Kind == plan.Semi
	toRight := toLeft || j.Kind == plan.Left || j.Kind == plan.Anti
	var left, right []expr.Expr
	move, stay := split(j.Residual, false, func(e expr.Expr) bool {
		return toLeft && within(e, s.left) || toRight && within(e, s.right)
	})
	for _, e := range move {
		if toLeft && within(e, s.left) {
			left = append(left, e)
		} else {
			right = append(right, substitute(e, s.right))
		}
	}
	if len(move) == 0 || len(stay) == 0 && len(j.LeftKeys) == 0 {
		return n, nil // a join keeps one condition
	}
	c := *j
	bare, err := withResidual(&c, stay)
	if err != nil {
		return nil, err
	}
	return filterSides(bare.(*plan.Join), left, right)
}}

// withResidual checks a changed copy of a join with other conditions.
func withResidual(c *plan.Join, conditions []expr.Expr) (plan.Node, error) {
	c.Residual = expr.And(conditions...)
	if c.Residual.IsZero() {
		c.RightNames = nil
	} else {
		c.Residual = rebind(c.Residual, c.Residual)
	}
	return rejoin(c)
}
