package physical

import (
	"fmt"
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/plan"
)

// Split cuts the branches of a stage at the join with a table that turned out too large for memory. Below come the branches of a new
// stage of the number id, which deal the left rows by the hash of their keys. Above is what the stage has instead: one branch, where the
// first of those stood, that joins ranges of buckets and goes on. The branch that gives the rows of the table without a match is left
// out: the tasks that join give them.
func Split(s *Stage, table, id int) (below, above []Branch, err error) {
	joined := false
	for i := range s.Branches {
		b := &s.Branches[i]
		at := slices.Index(b.Tables, table)
		if at < 0 {
			above = append(above, *b)
			continue
		}
		if b.Tail && at == 0 {
			continue
		}
		down, up, err := b.cut(at+1, id)
		if err != nil {
			return nil, nil, err
		}
		below = append(below, down)
		if !joined {
			above = append(above, up)
		}
		joined = true
	}
	return below, above, nil
}

// cut divides a branch at the join whose table is the leaf.
func (b *Branch) cut(leaf, id int) (below, above Branch, err error) {
	down, up := *b.Fragment, *b.Fragment
	join := joinOf(down.Root, leaf)
	if join == nil {
		return below, above, fault.New(fault.Internal, "Join", "no join of the fragment has table %d", leaf)
	}
	left := plan.NewInput(0, join.Left.Schema())
	down.Root, down.Mode, down.Breaker, down.Tables, down.Stage = join.Left, exec.Exchange, nil, leaf-1, id
	down.Final, down.Number = false, false
	keys := make([]expr.Expr, join.EqualKeys())
	for i := range keys {
		keys[i] = join.LeftKeys[i].Unalias().As(fmt.Sprint("key", i))
	}
	if len(keys) > 0 {
		if down.Breaker, err = plan.NewProject(left, keys...); err != nil {
			return below, above, err
		}
	}
	below = Branch{Fragment: &down, Tables: b.Tables[:leaf-1], Scan: b.Scan, From: b.From, Gather: b.Gather, Tail: b.Tail}

	up.Root = aboveJoin(up.Root, join, left, leaf)
	up.Merge, up.FromTasks, up.ByParts, up.Pruned, up.Tables = nil, true, true, false, len(b.Tables)-leaf+1
	above = Branch{Fragment: &up, Tables: b.Tables[leaf-1:], From: id, Gather: ByJoin, Single: b.Single}
	return below, above, nil
}

// aboveJoin is the chain from the join up, over its left rows, with the tables from its own on numbered from 1.
func aboveJoin(n plan.Node, join *plan.Join, left plan.Node, leaf int) plan.Node {
	if n == plan.Node(join) {
		return join.WithInputs(left, plan.NewInput(1, join.Right.Schema()))
	}
	ins := slices.Clone(n.Inputs())
	ins[0] = aboveJoin(ins[0], join, left, leaf)
	for i, in := range ins[1:] {
		ins[1+i] = plan.NewInput(in.(*plan.Input).Index-leaf+1, in.Schema())
	}
	return n.WithInputs(ins...)
}

// joinOf finds the join of a chain whose right side is a leaf.
func joinOf(n plan.Node, leaf int) *plan.Join {
	for ; len(n.Inputs()) > 0; n = n.Inputs()[0] {
		if j, ok := n.(*plan.Join); ok && j.Right.(*plan.Input).Index == leaf {
			return j
		}
	}
	return nil
}
