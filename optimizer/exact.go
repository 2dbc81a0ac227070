package optimizer

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// Exact marks all aggregates of a plan that round on the way: their answers then do not depend on how rows are divided. It is for plans
// that are not optimised yet; the rules keep the mark.
func Exact(n plan.Node) (plan.Node, error) {
	return plan.TransformUp(n, func(n plan.Node) (plan.Node, error) {
		return mapExprs(n, func(e expr.Expr) (expr.Expr, error) { return expr.Transform(e, exactly) })
	})
}

func exactly(e expr.Expr) (expr.Expr, error) {
	m := e.Mods()
	if m.Exact {
		return e, nil
	}
	switch e.Op() {
	case "sum", "mean", "var", "std", "var_pop", "std_pop", "corr", "cov":
		m.Exact = true
		return e.WithMods(m), nil
	}
	return e, nil
}
