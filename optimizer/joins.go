package optimizer

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// extractJoinKeys makes keys of conditions left = right in the residual of a join, so that it can be hashed.
var extractJoinKeys = Rule{Name: "extract_join_keys", Dir: BottomUp, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	j, ok := n.(*plan.Join)
	if !ok || j.Residual.IsZero() || j.Kind == plan.Full {
		return n, nil
	}
	s := residualSides(j)
	isKey := func(e expr.Expr) bool { _, _, ok := keyPair(e, s); return ok }
	keys, stay := split(j.Residual, false, isKey)
	if len(keys) == 0 {
		return n, nil
	}
	c := *j
	m, err := withResidual(&c, stay)
	if err != nil {
		return nil, err
	}
	c = *m.(*plan.Join)
	return withKeys(&c, keys, s)
}}

// keyPair reads an equality of one side with the other, each as its own side has it. Comparisons of an integer with a float are
// exact in a way that keys of one type are not; what can fail would be computed for rows that never met.
func keyPair(e expr.Expr, s sides) (l, r expr.Expr, ok bool) {
	if e.Op() != "eq" || e.CanFail() || !rowWise(e) {
		return l, r, false
	}
	l, r = e.Arg(0), e.Arg(1)
	if !arrow.TypeEqual(l.Type(), r.Type()) {
		return l, r, false
	}
	if within(r, s.left) && within(l, s.right) {
		l, r = r, l
	}
	if !within(l, s.left) || !within(r, s.right) {
		return l, r, false
	}
	return substitute(l, s.left), substitute(r, s.right), true
}

// filterToJoin makes keys of equalities of both sides above an Inner join; above a Cross join they make it an Inner one. Other
// conditions on both sides stay above: there they are evaluated on whole batches of joined rows.
var filterToJoin = pushRule("filter_to_join", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	j, ok := f.Input.(*plan.Join)
	if !ok || j.Kind != plan.Cross && j.Kind != plan.Inner || j.AsOf != nil {
		return nil, nil
	}
	s := outputSides(j)
	move, stay := split(f.Pred, false, func(e expr.Expr) bool { _, _, isKey := keyPair(e, s); return isKey })
	if len(move) == 0 {
		return nil, nil
	}
	c := *j
	c.Kind = plan.Inner
	n, err := withKeys(&c, move, s)
	if err != nil {
		return nil, err
	}
	return above(n, stay)
})

// withKeys checks a changed copy of a join with more keys, each an equality of its sides.
func withKeys(c *plan.Join, equalities []expr.Expr, s sides) (plan.Node, error) {
	c.LeftKeys, c.RightKeys = slices.Clone(c.LeftKeys), slices.Clone(c.RightKeys)
	for _, e := range equalities {
		l, r, _ := keyPair(e, s)
		c.LeftKeys, c.RightKeys = append(c.LeftKeys, l), append(c.RightKeys, r)
	}
	return rejoin(c)
}

// outerToInner makes a Left, Right or Full join keep fewer rows where a filter above drops those without a match: it is not true when
// all columns of the other side are null.
var outerToInner = pushRule("outer_to_inner", func(_ *Context, f *plan.Filter) (plan.Node, error) {
	j, ok := f.Input.(*plan.Join)
	if !ok || j.Kind != plan.Left && j.Kind != plan.Right && j.Kind != plan.Full {
		return nil, nil
	}
	s := outputSides(j)
	for _, merged := range j.Merged {
		if j.Kind != plan.Left {
			delete(s.left, merged) // not null in rows without a left side
		}
	}
	kind := j.Kind
	for _, p := range f.Pred.Conjuncts() {
		if kind != plan.Inner && rejectsNull(p, s.right) {
			kind = map[plan.JoinKind]plan.JoinKind{plan.Left: plan.Inner, plan.Right: plan.Right, plan.Full: plan.Right}[kind]
		}
		if kind != plan.Inner && rejectsNull(p, s.left) {
			kind = map[plan.JoinKind]plan.JoinKind{plan.Left: plan.Left, plan.Right: plan.Inner, plan.Full: plan.Left}[kind]
		}
	}
	if kind == j.Kind {
		return nil, nil
	}
	c := *j
	c.Kind = kind
	n, err := rejoin(&c)
	if err != nil {
		return nil, err
	}
	return plan.NewFilter(n, f.Pred)
})

// rejectsNull says whether a predicate is surely not true where the columns are null.
func rejectsNull(e expr.Expr, null map[string]expr.Expr) bool {
	switch e.Op() {
	case "and":
		for i := range e.NumArgs() {
			if rejectsNull(e.Arg(i), null) {
				return true
			}
		}
		return false
	case "or":
		for i := range e.NumArgs() {
			if !rejectsNull(e.Arg(i), null) {
				return false
			}
		}
		return true
	case "not_null":
		return nullsThrough(e.Arg(0), null)
	}
	return nullsThrough(e, null)
}

// nullsThrough says whether an expression is surely null where the columns are.
func nullsThrough(e expr.Expr, null map[string]expr.Expr) bool {
	if name, ok := e.ColumnName(); ok {
		_, ok = null[name]
		return ok
	}
	switch {
	case e.Op() == "in" || e.Op() == "between":
		return nullsThrough(e.Arg(0), null)
	case e.Info().Kind != expr.Scalar || e.Info().Nulls != expr.Propagates:
		return false
	}
	for i := range e.NumArgs() {
		if nullsThrough(e.Arg(i), null) {
			return true
		}
	}
	return false
}
