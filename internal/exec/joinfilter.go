package exec

import (
	"context"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/plan"
)

// joinPart is the table of a join in which a left row without a match does not show.
type joinPart struct {
	table  *Table
	prober *join.Prober
	prog   *eval.Program // the left keys
	exprs  []expr.Expr
	keys   []vec.Vec
}

// asksRows is the most rows of a table that is asked: beyond, a look-up costs more than what it may save.
const asksRows = 1 << 20

// join knows the table of the join, if rows without a match are nobody's.
func (w *walker) join(n *plan.Join) (bool, error) {
	leaf, ok := n.Right.(*plan.Input)
	if !ok || leaf.Index < 1 || leaf.Index > len(w.tables) || n.AsOf != nil {
		return false, nil
	}
	table := w.tables[leaf.Index-1]
	if table.Dealt() {
		return false, nil
	}
	if err := w.addTable(n, table); err != nil {
		return false, err
	}
	if n.Kind == plan.Right || n.Kind == plan.Full || n.Kind == plan.Cross { // which right rows have a match must not depend on what stands above
		return false, nil
	}
	over := map[string]expr.Expr{}
	for i, name := range n.LeftOut {
		if e, ok := w.over[name]; ok {
			over[n.Schema().Field(i).Name] = e
		}
	}
	w.over = over
	if !n.Residual.IsZero() && n.Residual.CanFail() {
		return false, nil
	}
	for _, k := range n.LeftKeys {
		if k.CanFail() {
			return false, nil
		}
	}
	return true, nil
}

// asksTable says whether scans ask the table of a join, of so many rows, which of their rows have a match.
func asksTable(n *plan.Join, rows int) bool {
	return (n.Kind == plan.Inner || n.Kind == plan.Semi || n.Kind == plan.Right) && len(n.LeftKeys) > 0 && rows <= asksRows
}

func (w *walker) addTable(n *plan.Join, table *Table) error {
	if !asksTable(n, table.NumRows()) {
		return nil
	}
	p := &joinPart{table: table, keys: make([]vec.Vec, len(n.LeftKeys))}
	for _, k := range n.LeftKeys {
		e, ok := w.down(k)
		if !ok {
			return nil
		}
		p.exprs = append(p.exprs, e)
	}
	var err error
	if p.prog, err = eval.Compile(p.exprs, w.schema); err != nil {
		return err
	}
	p.prober = table.NewProber(join.Semi)
	w.add(p, p.exprs...)
	return nil
}

func (p *joinPart) ready() bool { return true }

func (p *joinPart) keep(ctx context.Context, b *vec.Batch, mask []uint64) error {
	if err := p.prog.Run(ctx, b, p.keys); err != nil {
		return err
	}
	return p.prober.Matched(p.keys, b.Rows, mask)
}

func (p *joinPart) bounds() expr.Expr {
	var all []expr.Expr
	for i, e := range p.exprs {
		lo, hi, ok := p.table.keyRange(i)
		if !ok {
			continue
		}
		if lo < 0 { // no row has a key
			return expr.Lit(false)
		}
		key := &p.table.rowKeys()[i]
		from, ok1 := literalAt(key, lo, e.Type())
		to, ok2 := literalAt(key, hi, e.Type())
		if ok1 && ok2 {
			all = append(all, e.Ge(from), e.Le(to))
		}
	}
	if len(all) == 0 {
		return expr.Expr{}
	}
	return expr.And(all...)
}
