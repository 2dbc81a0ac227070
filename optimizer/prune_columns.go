package optimizer

import (
	"slices"
	"strings"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// pruneColumns makes every node give only columns that something above reads, down to the scans. Rows without columns stay rows: a
// count reads none. Costly nodes that several read give what any of them needs; what streams is made for each reader.
var pruneColumns = Rule{Name: "prune_columns", Dir: Once, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	p := &pruner{c: c, merged: map[plan.Node]columns{}, done: map[string]plan.Node{}, ids: map[plan.Node]int{}}
	p.gather(n)
	out, err := p.node(n, allOf(n))
	if err != nil {
		return nil, err
	}
	return p.exactly(out, names(n), n)
}}

// columns is a set of column names.
type columns map[string]bool

func columnsOf(names ...string) columns {
	s := columns{}
	for _, n := range names {
		s[n] = true
	}
	return s
}

func (s columns) addExprs(es ...expr.Expr) columns {
	for _, e := range es {
		for _, c := range e.Columns() {
			s[c] = true
		}
	}
	return s
}

func (s columns) with(o columns) columns {
	out := columns{}
	for c := range s {
		out[c] = true
	}
	for c := range o {
		out[c] = true
	}
	return out
}

func names(n plan.Node) []string {
	var list []string
	for _, f := range n.Schema().Fields() {
		list = append(list, f.Name)
	}
	return list
}

func allOf(n plan.Node) columns { return columnsOf(names(n)...) }

// keep returns the names that are in the set, in order.
func (s columns) keep(names []string) []string {
	out := make([]string, 0, len(s))
	for _, n := range names {
		if s[n] {
			out = append(out, n)
		}
	}
	return out
}

type pruner struct {
	c      *Context
	merged map[plan.Node]columns // of shared nodes: what any reader needs
	done   map[string]plan.Node  // by node and needs
	ids    map[plan.Node]int
}

// gather finds what the readers of each shared node need, readers before what they read.
func (p *pruner) gather(root plan.Node) {
	seen := map[string]bool{}
	var visit func(n plan.Node, need columns)
	visit = func(n plan.Node, need columns) {
		if n != root && p.c.shared(n) {
			p.merged[n] = need.with(p.merged[n])
			return
		}
		key := p.key(n, need)
		if seen[key] {
			return
		}
		seen[key] = true
		for i, in := range n.Inputs() {
			visit(in, p.needs(n, i, need))
		}
	}
	visit(root, allOf(root))
	for _, n := range p.sharedNodes(root) {
		for i, in := range n.Inputs() {
			visit(in, p.needs(n, i, p.merged[n]))
		}
	}
}

// sharedNodes lists the shared nodes, each after all that read it.
func (p *pruner) sharedNodes(root plan.Node) []plan.Node {
	var order []plan.Node
	seen := map[plan.Node]bool{}
	var visit func(n plan.Node)
	visit = func(n plan.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, in := range n.Inputs() {
			visit(in)
		}
		if n != root && p.c.shared(n) {
			order = append(order, n)
		}
	}
	visit(root)
	slices.Reverse(order)
	return order
}

func (p *pruner) key(n plan.Node, need columns) string {
	id, ok := p.ids[n]
	if !ok {
		id = len(p.ids)
		p.ids[n] = id
	}
	list := need.keep(names(n))
	return string(rune(id)) + "\x00" + strings.Join(list, "\x00")
}

// needs is what input i of a node must give for the node to give the columns.
func (p *pruner) needs(n plan.Node, i int, need columns) columns {
	switch n := n.(type) {
	case *plan.Filter:
		return need.with(nil).addExprs(n.Pred)
	case *plan.Project:
		return columns{}.addExprs(neededExprs(n.Exprs, need)...)
	case *plan.GroupBy:
		return columns{}.addExprs(n.Keys...).addExprs(neededAggs(n, need)...)
	case *plan.Join:
		return joinNeeds(n, i, need)
	case *plan.Sort:
		return need.with(keyColumns(n.Keys))
	case *plan.TopK:
		return need.with(keyColumns(n.Keys))
	case *plan.Distinct:
		if len(n.Cols) > 0 {
			return need.with(columnsOf(n.Cols...))
		}
	case *plan.Explode:
		return need.with(columnsOf(n.Cols...))
	case *plan.Unpivot:
		return columnsOf(need.keep(names(n.Input))...).with(columnsOf(n.Cols...))
	case *plan.Window:
		return columnsOf(need.keep(names(n.Input))...).addExprs(neededExprs(n.Exprs, need)...)
	case *plan.Limit, *plan.Cache:
		return need
	case *plan.Repartition:
		return need.with(columnsOf(n.Spec.By...))
	case *plan.Concat:
		return columnsOf(need.keep(names(n))...)
	}
	return allOf(n.Inputs()[i])
}

func keyColumns(keys []plan.SortKey) columns {
	s := columns{}
	for _, k := range keys {
		s.addExprs(k.Expr)
	}
	return s
}

func neededExprs(es []expr.Expr, need columns) []expr.Expr {
	var out []expr.Expr
	for _, e := range es {
		if need[e.Name()] {
			out = append(out, e)
		}
	}
	return out
}

// neededAggs are the aggregates that are read; the first one where a group-by would have no column left.
func neededAggs(g *plan.GroupBy, need columns) []expr.Expr {
	aggs := neededExprs(g.Aggs, need)
	if len(aggs)+len(g.Keys) == 0 {
		return g.Aggs[:min(1, len(g.Aggs))]
	}
	return aggs
}

// joinNeeds is what a side must give: its keys, what is asked of it, and what the residual reads.
func joinNeeds(j *plan.Join, side int, need columns) columns {
	reads := columns{}
	if !j.Residual.IsZero() {
		reads.addExprs(j.Residual)
	}
	if side == 0 {
		out := columnsOf(need.keep(j.LeftOut)...).addExprs(j.LeftKeys...)
		for c := range reads {
			if !slices.ContainsFunc(j.RightNames, func(r plan.JoinColumn) bool { return r.As == c }) {
				out[c] = true
			}
		}
		return out
	}
	out := columns{}.addExprs(j.RightKeys...)
	for _, c := range j.RightOut {
		if need[c.As] {
			out[c.Name] = true
		}
	}
	for _, c := range j.RightNames {
		if reads[c.As] {
			out[c.Name] = true
		}
	}
	return out
}

// node returns n giving at least the needed columns, in their order.
func (p *pruner) node(n plan.Node, need columns) (plan.Node, error) {
	if all, ok := p.merged[n]; ok {
		need = all
	}
	key := p.key(n, need)
	if out, ok := p.done[key]; ok {
		return out, nil
	}
	out, err := p.make(n, need)
	if err != nil {
		return nil, err
	}
	p.done[key] = out
	return out, nil
}

func (p *pruner) make(n plan.Node, need columns) (plan.Node, error) {
	if s, ok := n.(*plan.Scan); ok {
		return pruneScan(s, need)
	}
	ins := make([]plan.Node, len(n.Inputs()))
	for i, in := range n.Inputs() {
		below := p.needs(n, i, need)
		out, err := p.node(in, below)
		if err != nil {
			return nil, err
		}
		if ins[i], err = p.narrow(n, out, below); err != nil {
			return nil, err
		}
	}
	return withNeeded(n, ins, need)
}

// withNeeded puts a node over its pruned inputs and drops what nobody reads of its own columns.
func withNeeded(n plan.Node, ins []plan.Node, need columns) (plan.Node, error) {
	switch n := n.(type) {
	case *plan.Project:
		if es := neededExprs(n.Exprs, need); len(es) < len(n.Exprs) {
			return plan.NewProject(ins[0], es...)
		}
	case *plan.GroupBy:
		if aggs := neededAggs(n, need); len(aggs) < len(n.Aggs) {
			return plan.NewGroupBy(ins[0], n.Keys, aggs, n.DropNullKeys)
		}
	case *plan.Window:
		es := neededExprs(n.Exprs, need)
		if len(es) == 0 {
			return ins[0], nil
		}
		if len(es) < len(n.Exprs) {
			return plan.NewWindow(ins[0], es...)
		}
	case *plan.Explode:
		return plan.NewExplode(ins[0], n.Cols)
	case *plan.Unpivot:
		return plan.NewUnpivot(ins[0], n.Cols, n.Name, n.Value)
	case *plan.Concat:
		return pruneConcat(n, ins, need)
	case *plan.Join:
		return pruneJoin(n, ins, need)
	}
	return n.WithInputs(ins...), nil
}

func pruneScan(s *plan.Scan, need columns) (plan.Node, error) {
	if !s.Predicate.IsZero() {
		need = need.with(columns{}.addExprs(s.Predicate))
	}
	have := names(s)
	keep := need.keep(have)
	if len(keep) == len(have) {
		return s, nil
	}
	return s.With(keep, s.Predicate, s.Limit)
}

func pruneConcat(n *plan.Concat, ins []plan.Node, need columns) (plan.Node, error) {
	order := need.keep(names(n))
	done := map[plan.Node]plan.Node{}
	for i, in := range ins {
		if done[in] == nil {
			exact, err := project(in, order)
			if err != nil {
				return nil, err
			}
			done[in] = exact
		}
		ins[i] = done[in]
	}
	return n.WithInputs(ins...), nil
}

func pruneJoin(j *plan.Join, ins []plan.Node, need columns) (plan.Node, error) {
	c := *j
	c.Left, c.Right = ins[0], ins[1]
	left := need.keep(j.LeftOut)
	right := make([]plan.JoinColumn, 0, len(j.RightOut))
	for _, r := range j.RightOut {
		if need[r.As] {
			right = append(right, r)
		}
	}
	if c.Left == j.Left && c.Right == j.Right && len(left) == len(j.LeftOut) && len(right) == len(j.RightOut) {
		return j, nil
	}
	have := allOf(c.Right)
	c.RightNames = slices.DeleteFunc(slices.Clone(j.RightNames), func(r plan.JoinColumn) bool { return !have[r.Name] })
	return c.WithColumns(left, right)
}

// narrow drops columns that a node carries along without reading them, where rows are kept or copied and each column costs.
func (p *pruner) narrow(reader, in plan.Node, need columns) (plan.Node, error) {
	switch reader.(type) {
	case *plan.Sort, *plan.TopK, *plan.Join, *plan.Distinct, *plan.Window, *plan.Repartition:
		if len(need.keep(names(in))) < in.Schema().NumFields() {
			return project(in, need.keep(names(in)))
		}
	}
	return in, nil
}

// exactly gives the columns in order: those of the plan before.
func (p *pruner) exactly(out plan.Node, order []string, before plan.Node) (plan.Node, error) {
	if out == before || slices.Equal(names(out), order) {
		return out, nil
	}
	return project(out, order)
}

// project selects columns by name; n itself where it gives just these.
func project(n plan.Node, order []string) (plan.Node, error) {
	if slices.Equal(names(n), order) {
		return n, nil
	}
	cols := make([]expr.Expr, len(order))
	for i, c := range order {
		cols[i] = expr.Col(c)
	}
	return plan.NewProject(n, cols...)
}
