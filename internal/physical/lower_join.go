package physical

import (
	"slices"

	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/plan"
)

// join builds a table of the right side, then probes it with every part of the left. A Right or Full join has a further branch, its
// tail: the rows of the table that no part has met.
func (l *lowerer) join(n *plan.Join) (open, error) {
	right, err := l.lower(n.Right)
	if err != nil {
		return nil, err
	}
	leftIn, rightIn := plan.NewInput(0, n.Left.Schema()), plan.NewInput(1, n.Right.Schema())
	breaker := n.WithInputs(leftIn, rightIn)
	if !right.single() {
		id := l.close(right, exec.Emit, nil).ID
		right = open{{root: leaf(n.Right), from: id, gather: All, single: true}}
	}
	table := l.close(right, exec.BuildTable, breaker).ID
	left, err := l.lower(n.Left)
	if err != nil {
		return nil, err
	}
	next := make(open, len(left))
	for i, p := range left {
		p.tables = append(p.tables[:len(p.tables):len(p.tables)], table)
		p.root = n.WithInputs(p.root, plan.NewInput(len(p.tables), n.Right.Schema()))
		next[i] = p
	}
	if n.Kind == plan.Right || n.Kind == plan.Full {
		next = append(next, pipe{root: leaf(n), merge: breaker, tables: []int{table}, tail: true})
	}
	return next, nil
}

// settled ends branches that have a tail, so that others can come after them.
func (l *lowerer) settled(o open) open {
	if !slices.ContainsFunc(o, func(p pipe) bool { return p.tail }) {
		return o
	}
	schema := o[0].root.Schema()
	id := l.close(o, exec.Emit, nil).ID
	return open{{root: plan.NewInput(0, schema), from: id, gather: Each}}
}
