package optimizer

import (
	"math"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// end is the row behind the last one that a limit gives; ok is false for no end.
func end(n, offset int64) (int64, bool) {
	if n < 0 || n > math.MaxInt64-offset {
		return 0, false
	}
	return n + offset, true
}

// mergeLimits makes one limit of two.
var mergeLimits = Rule{Name: "merge_limits", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	upper, ok := n.(*plan.Limit)
	if !ok {
		return n, nil
	}
	if upper.N < 0 && upper.Offset == 0 {
		return upper.Input, nil
	}
	var in plan.Node
	var rows, offset int64
	switch lower := upper.Input.(type) {
	case *plan.Limit:
		in, rows, offset = lower.Input, lower.N, lower.Offset
	case *plan.TopK:
		in, rows, offset = lower.Input, lower.N, lower.Offset
	default:
		return n, nil
	}
	if c.shared(upper.Input) || offset > math.MaxInt64-upper.Offset {
		return n, nil
	}
	if rows >= 0 {
		rows = max(rows-upper.Offset, 0)
	}
	if upper.N >= 0 && (rows < 0 || upper.N < rows) {
		rows = upper.N
	}
	if top, ok := upper.Input.(*plan.TopK); ok {
		return plan.NewTopK(in, top.Keys, rows, offset+upper.Offset)
	}
	return plan.NewLimit(in, rows, offset+upper.Offset)
}}

// limitThroughProject computes columns only for the rows that are given.
var limitThroughProject = Rule{Name: "limit_through_project", Dir: TopDown, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	l, ok := n.(*plan.Limit)
	if !ok || l.N == 0 {
		return n, nil
	}
	p, ok := l.Input.(*plan.Project)
	if !ok || c.shared(p) {
		return n, nil
	}
	for _, e := range p.Exprs {
		if !rowWise(e) {
			return n, nil
		}
	}
	in, err := plan.NewLimit(p.Input, l.N, l.Offset)
	if err != nil {
		return nil, err
	}
	return p.WithInputs(in), nil
}}

// limitThroughConcat lets each input end early; the limit stays above.
var limitThroughConcat = Rule{Name: "limit_through_concat", Dir: TopDown, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	l, ok := n.(*plan.Limit)
	if !ok || l.N == 0 {
		return n, nil
	}
	u, ok := l.Input.(*plan.Concat)
	rows, bounded := end(l.N, l.Offset)
	if !ok || !bounded || c.shared(u) {
		return n, nil
	}
	done := map[plan.Node]plan.Node{}
	ins := make([]plan.Node, len(u.Ins))
	for i, in := range u.Ins {
		if done[in] == nil {
			m, err := atMost(c, in, rows)
			if err != nil {
				return nil, err
			}
			done[in] = m
		}
		ins[i] = done[in]
	}
	return l.WithInputs(u.WithInputs(ins...)), nil
}}

// atMost limits a node, unless it is limited so already.
func atMost(c *Context, n plan.Node, rows int64) (plan.Node, error) {
	at := n
	for {
		p, ok := at.(*plan.Project)
		if !ok {
			break
		}
		at = p.Input
	}
	switch x := at.(type) {
	case *plan.Limit:
		if x.N >= 0 && x.N <= rows {
			return n, nil
		}
	case *plan.TopK:
		if x.N <= rows {
			return n, nil
		}
	case *plan.GroupBy:
		if len(x.Keys) == 0 {
			return n, nil
		}
	}
	if c.shared(n) {
		return n, nil
	}
	return plan.NewLimit(n, rows, 0)
}

// limitIntoScan tells the source how many rows suffice. With a predicate nobody knows how many rows have to be read for them, and
// sources are told the predicate alone.
var limitIntoScan = Rule{Name: "limit_into_scan", Dir: BottomUp, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	l, ok := n.(*plan.Limit)
	if !ok || l.N == 0 {
		return n, nil
	}
	s, ok := l.Input.(*plan.Scan)
	rows, bounded := end(l.N, l.Offset)
	if !ok || !bounded || rows == 0 || !s.Predicate.IsZero() || s.Limit > 0 && s.Limit <= rows {
		return n, nil
	}
	in, err := s.With(s.Columns, expr.Expr{}, rows)
	if err != nil {
		return nil, err
	}
	return l.WithInputs(in), nil
}}
