package optimizer

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// foldConstants evaluates operations whose operands are all literals. What fails is left: it may stand where it is never evaluated,
// in a branch of an If or behind a false condition.
var foldConstants = Rule{Name: "fold_constants", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	if c.o.Fold == nil {
		return n, nil
	}
	return mapExprs(n, func(e expr.Expr) (expr.Expr, error) { return expr.Transform(e, c.fold) })
}}

func (c *Context) fold(e expr.Expr) (expr.Expr, error) {
	if e.Info().Kind != expr.Scalar || e.NumArgs() == 0 || e.Op() == "func" || e.Contains()&expr.ContainsFunc != 0 {
		return e, nil
	}
	for i := range e.NumArgs() {
		if _, ok := e.Arg(i).Literal(); !ok {
			return e, nil
		}
	}
	out, err := c.o.Fold(e.Unalias())
	if err != nil || out.IsZero() {
		return e, nil //nolint:nilerr // the error belongs to the run, if the expression is reached at all
	}
	return out, nil
}
