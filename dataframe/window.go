package dataframe

import (
	"strconv"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// withWindows takes the window calls out of expressions: they become columns of a Window node over in, and the expressions read those.
// Without window calls in and exprs come back as they are.
func withWindows(in plan.Node, exprs []expr.Expr) (plan.Node, []expr.Expr, error) {
	var calls []expr.Expr
	out := make([]expr.Expr, len(exprs))
	for i, e := range exprs {
		if err := e.Err(); err != nil {
			return nil, nil, err
		}
		r, err := expr.Transform(e, func(e expr.Expr) (expr.Expr, error) {
			if !isWindowCall(e) {
				return e, nil
			}
			name := "__window" + strconv.Itoa(len(calls))
			calls = append(calls, e.As(name))
			return expr.Col(name), nil
		})
		if err != nil {
			return nil, nil, err
		}
		if !expr.Same(r, e) {
			r = r.As(e.Name())
		}
		out[i] = r
	}
	if len(calls) == 0 {
		return in, exprs, nil
	}
	w, err := plan.NewWindow(in, calls)
	return w, out, err
}

// withoutWindows takes the columns that withWindows added off again: n is over out, which was made of in.
func withoutWindows(n, in, out plan.Node) (plan.Node, error) {
	if in == out {
		return n, nil
	}
	return plan.NewProject(n, colExprs(in.Schema()))
}

// isWindowCall says whether e is a window function, or an aggregate with Over.
func isWindowCall(e expr.Expr) bool {
	return e.IsWindow() || e.IsAggregate() && e.Mods().HasOver
}
