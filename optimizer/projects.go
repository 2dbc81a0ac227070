package optimizer

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// mergeProjects puts the expressions of a projection into the one above, unless that would compute something twice that is not cheap.
var mergeProjects = Rule{Name: "merge_projects", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	upper, ok := n.(*plan.Project)
	if !ok {
		return n, nil
	}
	lower, ok := upper.Input.(*plan.Project)
	if !ok || c.shared(lower) {
		return n, nil
	}
	used := uses(upper.Exprs)
	by := map[string]expr.Expr{}
	for _, e := range lower.Exprs {
		if !rowWise(e) || used[e.Name()] > 1 && !isCheap(e.Unalias()) {
			return n, nil
		}
		by[e.Name()] = e
	}
	out := make([]expr.Expr, len(upper.Exprs))
	for i, e := range upper.Exprs {
		out[i] = substitute(e, by).As(e.Name())
	}
	m, err := plan.NewProject(lower.Input, out...)
	if err != nil || sameSchema("merge_projects", n.Schema(), m.Schema()) != nil {
		return n, err
	}
	return m, nil
}}

// removeProject drops a projection that gives its input's columns as they are.
var removeProject = Rule{Name: "remove_project", Dir: BottomUp, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	p, ok := n.(*plan.Project)
	if !ok || len(p.Exprs) != p.Input.Schema().NumFields() {
		return n, nil
	}
	for i, e := range p.Exprs {
		name, isCol := e.ColumnName()
		if f := p.Input.Schema().Field(i); !isCol || name != f.Name || e.Name() != f.Name {
			return n, nil
		}
	}
	return p.Input, nil
}}
