package plan

import (
	"slices"

	"github.com/sheafdata/sheaf/expr"
)

// Needs returns, for each input of the node, the columns of it that the node reads to give the columns out of its own, in the input's
// order, its conditions and keys included. It is what column pruning asks. MapBatches, Write and Cache need all; a Scan has no inputs.
func Needs(n Node, out []string) [][]string {
	switch x := n.(type) {
	case *Filter:
		return [][]string{pick(x.Input, out, x.Pred)}
	case *Project:
		return [][]string{pick(x.Input, nil, named(x.Exprs, out)...)}
	case *GroupBy:
		return [][]string{pick(x.Input, nil, append(slices.Clone(x.Keys), named(x.Aggs, out)...)...)}
	case *Sort:
		return [][]string{pick(x.Input, out, keyExprs(x.Keys)...)}
	case *TopK:
		return [][]string{pick(x.Input, out, keyExprs(x.Keys)...)}
	case *Limit:
		return [][]string{pick(x.Input, out)}
	case *Distinct:
		if len(x.Cols) == 0 {
			return [][]string{names(x.Schema())}
		}
		return [][]string{pick(x.Input, append(slices.Clone(out), x.Cols...))}
	case *Repartition:
		return [][]string{pick(x.Input, append(slices.Clone(out), x.Spec.By...))}
	case *Explode:
		return [][]string{pick(x.Input, append(slices.Clone(out), x.Cols...))}
	case *Unpivot:
		return [][]string{pick(x.Input, append(slices.Clone(out), x.Cols...))}
	case *Window:
		return [][]string{pick(x.Input, out, named(x.Exprs, out)...)}
	case *Join:
		return x.needs(out)
	case *Concat:
		all := make([][]string, len(x.Ins))
		for i, in := range x.Ins {
			all[i] = pick(in, out)
		}
		return all
	}
	all := make([][]string, len(n.Inputs()))
	for i, in := range n.Inputs() {
		all[i] = names(in.Schema())
	}
	return all
}

func (n *Join) needs(out []string) [][]string {
	var left, right []string
	for _, c := range out {
		if slices.Contains(n.LeftOut, c) {
			left = append(left, c)
		}
		if slices.Contains(n.Merged, c) {
			right = append(right, c)
		}
	}
	for _, c := range n.RightOut {
		if slices.Contains(out, c.As) {
			right = append(right, c.Name)
		}
	}
	for _, c := range n.Residual.Columns() {
		if name := n.rightName(c); name != "" {
			right = append(right, name)
		} else {
			left = append(left, c)
		}
	}
	return [][]string{pick(n.Left, left, n.LeftKeys...), pick(n.Right, right, n.RightKeys...)}
}

// pick returns the columns of a node that are among cols or that the expressions read, in the node's order.
func pick(in Node, cols []string, exprs ...expr.Expr) []string {
	want := map[string]bool{}
	for _, c := range cols {
		want[c] = true
	}
	for _, e := range exprs {
		for _, c := range e.Columns() {
			want[c] = true
		}
	}
	return slices.DeleteFunc(names(in.Schema()), func(c string) bool { return !want[c] })
}

func named(exprs []expr.Expr, out []string) []expr.Expr {
	return slices.DeleteFunc(slices.Clone(exprs), func(e expr.Expr) bool { return !slices.Contains(out, e.Name()) })
}

func keyExprs(keys []SortKey) []expr.Expr {
	out := make([]expr.Expr, len(keys))
	for i, k := range keys {
		out[i] = k.Expr
	}
	return out
}
