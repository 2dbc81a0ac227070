package physical

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/plan"
)

// windowBelow finds a window with nothing but filters and projections above it, which come back from the lowest up.
func windowBelow(n plan.Node) (w *plan.Window, above []plan.Node) {
	for {
		switch x := n.(type) {
		case *plan.Window:
			slices.Reverse(above)
			return x, above
		case *plan.Filter, *plan.Project:
			above = append(above, n)
			n = x.Inputs()[0]
		default:
			return nil, nil
		}
	}
}

// window deals the rows by the keys that all partitions share, computes the functions bucket by bucket, with the filters and
// projections above in the same tasks, and brings the rows back into their order by the numbers they got on the way. Where the
// partitions share no key, one task has all rows, in order. A filter by rank leaves most rows out before they move.
func (l *lowerer) window(n *plan.Window, above []plan.Node) (open, error) {
	o, err := l.lower(n.Input)
	if err != nil {
		return nil, err
	}
	if o.single() {
		return thenAll(o.then(n), above), nil
	}
	if first := topRows(n, above); first != nil {
		back, err := plan.NewProject(first, plan.Cols(n.Input.Schema())...)
		if err != nil {
			return nil, err
		}
		o = thenAll(o, []plan.Node{n, first, back})
		for i := range o {
			o[i].sieve = true
		}
	}
	keys := sharedKeys(n)
	if len(keys) == 0 {
		id := l.close(o, exec.Emit, nil).ID
		return thenAll(open{{root: leaf(n.Input), from: id, gather: All, single: true}}.then(n), above), nil
	}
	schema := n.Input.Schema()
	s, err := l.exchange(o, schema, keys, true)
	if err != nil {
		return nil, err
	}
	number := exec.NumberField
	for taken(number.Name, n, above) {
		number.Name = "_" + number.Name
	}
	root, err := numberedChain(n, above, number)
	if err != nil {
		return nil, err
	}
	return l.inNumberOrder(open{{root: root, from: s.ID, gather: ByBucket}}, root.Schema())
}

func thenAll(o open, nodes []plan.Node) open {
	for _, n := range nodes {
		o = o.then(n)
	}
	return o
}

// taken says whether a column of the window or of what stands above it has the name.
func taken(name string, n *plan.Window, above []plan.Node) bool {
	return n.Schema().HasField(name) || slices.ContainsFunc(above, func(a plan.Node) bool { return a.Schema().HasField(name) })
}

// numberedChain is the window and what stands above it over rows with a number, which stays their last column.
func numberedChain(n *plan.Window, above []plan.Node, number arrow.Field) (plan.Node, error) {
	in := arrow.NewSchema(append(append([]arrow.Field{}, n.Input.Schema().Fields()...), number), nil)
	root := n.WithInputs(plan.NewInput(0, in))
	var err error
	placed := false // the number is the last column
	for _, a := range above {
		if p, ok := a.(*plan.Project); ok {
			if root, err = plan.NewProject(root, append(slices.Clone(p.Exprs), expr.Col(number.Name))...); err != nil {
				return nil, err
			}
			placed = true
			continue
		}
		root = a.WithInputs(root)
	}
	if placed {
		return root, nil
	}
	return plan.NewProject(root, append(plan.Cols(n.Schema()), expr.Col(number.Name))...)
}

// sharedKeys are the partition keys that all calls have.
func sharedKeys(n *plan.Window) []expr.Expr {
	var keys []expr.Expr
	for _, k := range n.Exprs[0].Unalias().Mods().Over {
		all := true
		for _, e := range n.Exprs[1:] {
			all = all && slices.ContainsFunc(e.Unalias().Mods().Over, func(o expr.Expr) bool { return expr.Equal(o.Unalias(), k.Unalias()) })
		}
		if all {
			keys = append(keys, k.Unalias().As(fmt.Sprint("k", len(keys))))
		}
	}
	return keys
}

// mostTop is how many rows of a partition topRows looks for at most: a part of the input has more than so many of few partitions.
const mostTop = 1000

// topRows returns the filter right above the window that keeps the first rows of each partition, if there is one and the window has
// nothing but ranks in one order: each part of the input can then leave out all but its own first rows, which holds the answer. The
// filter that comes back has that condition alone.
func topRows(n *plan.Window, above []plan.Node) plan.Node {
	if len(above) == 0 {
		return nil
	}
	f, ok := above[0].(*plan.Filter)
	if !ok {
		return nil
	}
	for _, e := range n.Exprs {
		if !exec.IsRank(e) || !exec.SameOrder(e, n.Exprs[0]) {
			return nil
		}
	}
	cond, rows := exec.TopRows(f.Pred, n)
	if cond.IsZero() || rows > mostTop {
		return nil
	}
	first, err := plan.NewFilter(n, cond)
	if err != nil {
		return nil
	}
	return first
}
