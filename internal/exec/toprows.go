package exec

import (
	mathbits "math/bits"
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/internal/window"
	"github.com/sheafdata/sheaf/plan"
)

// IsRank says whether a window call is one that counts rows of an order, all of them.
func IsRank(e expr.Expr) bool {
	switch e = e.Unalias(); e.Op() {
	case "row_number", "rank", "dense_rank":
		return e.Mods().Where.IsZero()
	}
	return false
}

// SameOrder says whether two window calls have the same partitions and order.
func SameOrder(a, b expr.Expr) bool {
	x, y := a.Unalias().Mods(), b.Unalias().Mods()
	return slices.EqualFunc(x.Over, y.Over, expr.Equal) && slices.EqualFunc(x.OrderBy, y.OrderBy, func(a, b expr.SortKey) bool {
		return a.Desc == b.Desc && a.NullsFirst == b.NullsFirst && expr.Equal(a.Expr, b.Expr)
	})
}

// TopRows returns what a condition says of the first rows of each partition by a RowNumber of the window: the condition that keeps those
// alone, of which it needs all to know the last, and how many they are; the zero Expr where it says nothing.
func TopRows(pred expr.Expr, n *plan.Window) (cond expr.Expr, rows int64) {
	for _, c := range pred.Conjuncts() {
		if c.NumArgs() != 2 {
			continue
		}
		name, ok := c.Arg(0).ColumnName()
		if !ok || !slices.ContainsFunc(n.Exprs, func(e expr.Expr) bool { return e.Name() == name && e.Unalias().Op() == "row_number" && IsRank(e) }) {
			continue
		}
		v, _ := c.Arg(1).Literal()
		k, ok := v.(int64)
		switch c.Op() {
		case "le":
		case "eq":
			c = expr.Col(name).Le(k)
		case "lt":
			k--
		default:
			ok = false
		}
		if ok && k >= 1 && (cond.IsZero() || k < rows) {
			cond, rows = c, k
		}
	}
	return cond, rows
}

// mostTop bounds how many rows of a partition are remembered to leave out the others.
const mostTop = 1000

// topFilter leaves out rows that the filter above a window will, as far as that is seen early.
type topFilter struct {
	top     *window.Top
	kept    []window.Kept // of the rows held
	rows    int
	cols    []vec.Vec
	scratch vec.Scratch
	spec    *window.Spec
	what    *windowColumns
	k       int
}

// topOf returns the filter for a window under one that keeps the first rows, nil for others.
func (c *compiler) topOf(n *plan.Window, w *windowColumns) *topFilter {
	at := slices.Index(c.chain, plan.Node(n))
	if at+1 >= len(c.chain) || len(w.specs) != 1 {
		return nil
	}
	f, ok := c.chain[at+1].(*plan.Filter)
	if !ok {
		return nil
	}
	for _, call := range w.specs[0].Calls {
		if !IsRank(call.Expr) {
			return nil
		}
	}
	_, k := TopRows(f.Pred, n)
	if k < 1 || k > mostTop {
		return nil
	}
	return &topFilter{spec: &w.specs[0], what: w, k: int(k), cols: make([]vec.Vec, len(w.types))}
}

// keep returns the rows of a batch that may be among the first.
func (t *topFilter) keep(cols []vec.Vec, rows int, reserve func(int64) error) ([]vec.Vec, int, error) {
	if t.k > 0 && t.top == nil {
		top, ok, err := window.NewTop(t.spec, t.what.types, t.k, reserve)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			t.k = 0
		}
		t.top = top
	}
	if t.k == 0 { // the order cannot be seen in words
		return cols, rows, nil
	}
	bits, n, gids, words, err := t.top.Add(cols, rows)
	if err != nil {
		return nil, 0, err
	}
	t.kept = append(t.kept, sieved(bits, n, gids, words))
	t.rows += n
	if n == rows {
		return cols, rows, nil
	}
	t.scratch.Reset()
	for i := range cols {
		vec.Filter(&t.cols[i], &cols[i], bits, n, &t.scratch)
	}
	return t.cols, n, nil
}

// bytes is the memory held.
func (t *topFilter) bytes() int64 {
	if t.top == nil {
		return 0
	}
	return t.top.Bytes() + int64(t.rows)*12
}

// still leaves out of the rows held, which are cols, those that later ones have pushed out, and returns how many there are.
func (t *topFilter) still(cols []vec.Vec, rows int) int {
	if t.k == 0 {
		return rows
	}
	bits, n := t.top.Still(t.kept, t.rows)
	if n < t.rows {
		for i := range cols {
			vec.Filter(&cols[i], &cols[i], bits, n, nil)
		}
	}
	return n
}

// few says whether so many rows are not many more than the first of each partition.
func (t *topFilter) few(rows int) bool { return t.k > 0 && rows <= 2*t.k*t.top.Partitions() }

// sieved returns the partitions and words of the n rows whose bits are set.
func sieved(bits []uint64, n int, gids []uint32, words []uint64) window.Kept {
	k := window.Kept{Parts: make([]uint32, n), Words: make([]uint64, n)}
	at := 0
	for w, b := range bits {
		for ; b != 0; b &= b - 1 {
			i := w<<6 + mathbits.TrailingZeros64(b)
			k.Parts[at], k.Words[at] = gids[i], words[i]
			at++
		}
	}
	return k
}
