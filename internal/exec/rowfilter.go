package exec

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/eval"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// What is known of a scan's rows while it runs: conditions, the tables of joins, the rows that a top-k has already. A reader that can
// use it leaves rows out before it decodes all their columns. The operators do their work all the same, on what is left: a filter may
// let rows pass, and where it cannot be had (another reader, another process) nothing but time is lost.
//
// Only operators that cannot fail may stand between the scan and what knows: a row that is left out would have failed there.

// Shared is what the tasks of a scan in this process know together. It never changes an answer.
type Shared struct{ top sorting.Bound }

// rowFilter implements partition.RowFilter for a task.
type rowFilter struct {
	ctx    context.Context
	schema *arrow.Schema // of the scan's rows
	parts  []filterPart
	cols   []int
	skip   int // batches to pass over after a useless one
	left   int // of them
	known  int // parts that were ready at the last look
	rests  []rest

	batch   vec.Batch
	scratch vec.Scratch
	mask    []uint64
}

// rest says how a part is passed over after it was useless.
type rest struct{ skip, left int }

// fewLeft is the part of a batch's rows below which only what is quick is asked further: the other parts look at all rows, which costs
// more than what they may save.
const fewLeft = 8

// filterPart is one thing that is known.
type filterPart interface {
	// ready says whether it can rule out anything yet.
	ready() bool
	// bounds is true for the rows that it leaves, over the scan's columns; zero where that cannot be said.
	bounds() expr.Expr
	// keep sets the bits of the rows that it leaves and clears the others.
	keep(ctx context.Context, b *vec.Batch, mask []uint64) error
}

// newRowFilter returns what a task knows of its scan's rows, nil for nothing.
func newRowFilter(ctx context.Context, f *Fragment, tables []*Table) (*rowFilter, error) {
	if f.Shared == nil {
		return nil, nil
	}
	r := &rowFilter{ctx: ctx, schema: leafSchema(f.Root)}
	w := &walker{schema: r.schema, over: map[string]expr.Expr{}, tables: tables, shared: f.Shared}
	for _, field := range r.schema.Fields() {
		col, err := expr.Bind(expr.Col(field.Name), r.schema)
		if err != nil {
			return nil, err
		}
		w.over[field.Name] = col
	}
	for _, n := range chainOf(f.Root) {
		if on, err := w.step(n); err != nil || !on {
			if err != nil {
				return nil, err
			}
			break
		}
	}
	if len(w.parts) == 0 || len(w.reads) == r.schema.NumFields() {
		return nil, nil
	}
	r.parts, r.cols, r.rests = w.parts, w.reads, make([]rest, len(w.parts))
	slices.SortStableFunc(r.parts, func(a, b filterPart) int { return cmp.Compare(turnOf(a), turnOf(b)) })
	r.batch.Cols = make([]vec.Vec, r.schema.NumFields())
	r.known = r.ready()
	return r, nil
}

// Columns implements partition.RowFilter.
func (r *rowFilter) Columns() []int { return r.cols }

// Bounds implements partition.RowFilter.
func (r *rowFilter) Bounds() expr.Expr {
	var all []expr.Expr
	for _, p := range r.parts {
		if e := p.bounds(); !e.IsZero() {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return expr.Expr{}
	}
	bound, err := expr.Bind(expr.And(all...), r.schema)
	if err != nil {
		return expr.Expr{}
	}
	return bound
}

// mostSkipped bounds the batches that pass before a useless filter is tried again.
const mostSkipped = 63

// Worth implements partition.RowFilter: where most rows are given all the same, some batches pass before the next try, ever more. Each
// task finds that out for itself, so that its batches, by which floats are added up, do not depend on the others.
func (r *rowFilter) Worth(asked, given int) bool {
	if asked > 0 {
		if given > asked-asked/4 {
			r.skip = min(4*r.skip+7, mostSkipped)
			clear(r.rests) // the next try is one of all parts
		} else {
			r.skip = 0
		}
		r.left = r.skip
	}
	known := r.ready()
	if known > r.known { // what was useless may be useful now
		r.left = 0
	}
	r.known = known
	if r.left > 0 {
		r.left--
		return false
	}
	return known > 0
}

// ready counts the parts that can rule something out.
func (r *rowFilter) ready() (n int) {
	for _, p := range r.parts {
		if p.ready() {
			n++
		}
	}
	return n
}

// Keep implements partition.RowFilter.
func (r *rowFilter) Keep(cols []arrow.Array, rows int, mask []uint64) (int, error) {
	r.scratch.Reset()
	r.batch.Rows = rows
	for i, c := range r.cols {
		if err := vec.FromArrow(cols[i], &r.batch.Cols[c], &r.scratch); err != nil {
			return 0, err
		}
	}
	words := bitmap.Words(rows)
	r.mask = growTo(r.mask, words)
	bitmap.Fill(mask[:words], true)
	mask[words-1] = bitmap.Tail(rows)
	kept := rows
	for i, p := range r.parts {
		if !p.ready() || kept < rows/fewLeft && !isQuick(p) || r.rests[i].passes() {
			continue
		}
		if err := p.keep(r.ctx, &r.batch, r.mask[:words]); err != nil {
			return 0, err
		}
		bitmap.And(mask[:words], mask[:words], r.mask[:words])
		before := kept
		kept = bitmap.Count(mask, rows)
		r.rests[i].learn(before, kept)
		if kept == 0 {
			break
		}
	}
	return kept, nil
}

// isQuick says whether a part looks at rows as fast as they come.
func isQuick(p filterPart) bool {
	j, ok := p.(*joinPart)
	return ok && j.prober.Quick()
}

// turnOf says which parts are asked first: conditions, tables that answer at once, what is left.
func turnOf(p filterPart) int {
	switch _, isCond := p.(*condPart); {
	case isCond:
		return 0
	case isQuick(p):
		return 1
	}
	return 2
}

// passes says whether to pass over the part for once.
func (r *rest) passes() bool {
	if r.left == 0 {
		return false
	}
	r.left--
	return true
}

// learn takes in how many rows the part has left.
func (r *rest) learn(before, after int) {
	if after > before-before/8 {
		r.skip = min(4*r.skip+7, mostSkipped)
	} else {
		r.skip = 0
	}
	r.left = r.skip
}

var _ partition.RowFilter = (*rowFilter)(nil)

// walker goes up a fragment's chain as long as what stands above can be said of the scan's rows.
type walker struct {
	schema *arrow.Schema
	over   map[string]expr.Expr // a node's columns as expressions over the scan's
	tables []*Table
	shared *Shared
	parts  []filterPart
	reads  []int
}

// step takes in a node and says whether to go on above it.
func (w *walker) step(n plan.Node) (bool, error) {
	switch n := n.(type) {
	case *plan.Filter:
		e, ok := w.down(n.Pred)
		if !ok {
			return !n.Pred.CanFail(), nil
		}
		return true, w.conditions(e)
	case *plan.Project:
		return w.project(n), nil
	case *plan.Join:
		return w.join(n)
	case *plan.TopK:
		return false, w.topK(n)
	}
	return false, nil
}

func (w *walker) add(p filterPart, reads ...expr.Expr) {
	w.parts = append(w.parts, p)
	for _, e := range reads {
		for _, name := range e.Columns() {
			if at := columnAt(w.schema, name); !slices.Contains(w.reads, at) {
				w.reads = append(w.reads, at)
			}
		}
	}
}

// conditions takes in a predicate's conditions one by one, those first that cost less: often no more of them are asked.
func (w *walker) conditions(pred expr.Expr) error {
	all := slices.Clone(pred.Conjuncts())
	slices.SortStableFunc(all, func(a, b expr.Expr) int { return cmp.Compare(costOf(a), costOf(b)) })
	for _, e := range all {
		prog, err := eval.Compile([]expr.Expr{e}, w.schema)
		if err != nil {
			return err
		}
		w.add(&condPart{prog: prog}, e)
	}
	return nil
}

// costOf guesses what a condition costs a row: decimals take more than numbers, looking into text takes most.
func costOf(e expr.Expr) int {
	cost := 1
	for i := range e.NumArgs() {
		a := e.Arg(i)
		cost += costOf(a)
		if t := a.Type(); i == 0 && t != nil && arrow.IsDecimal(t.ID()) {
			cost += 3 * e.NumArgs()
		}
	}
	if strings.HasPrefix(e.Op(), "str_") || e.Op() == "func" {
		cost += 20
	}
	return cost
}

// down returns an expression over a node's columns as one over the scan's, where it cannot fail.
func (w *walker) down(e expr.Expr) (expr.Expr, bool) {
	for _, name := range e.Columns() {
		if _, ok := w.over[name]; !ok {
			return e, false
		}
	}
	out, err := expr.Transform(e, func(x expr.Expr) (expr.Expr, error) {
		if name, ok := x.ColumnName(); ok {
			return w.over[name], nil
		}
		return x, nil
	})
	return out, err == nil && !out.CanFail()
}

func (w *walker) project(n *plan.Project) bool {
	over := map[string]expr.Expr{}
	for _, e := range n.Exprs {
		if e.CanFail() {
			return false
		}
		if x, ok := w.down(e.Unalias()); ok {
			over[e.Name()] = x
		}
	}
	w.over = over
	return true
}

// topK knows the rows that the top-k above has already.
func (w *walker) topK(n *plan.TopK) error {
	key, ok := w.down(n.Keys[0].Expr)
	if !ok || n.N == 0 || slices.ContainsFunc(n.Keys, func(k plan.SortKey) bool { return k.Expr.CanFail() }) {
		return nil
	}
	prog, err := eval.Compile([]expr.Expr{key}, w.schema)
	if err != nil {
		return err
	}
	w.add(&topPart{bound: &w.shared.top, filter: w.shared.top.NewFilter(), key: key, prog: prog, schema: w.schema}, key)
	return nil
}

// condPart is a condition.
type condPart struct{ prog *eval.Program }

func (p *condPart) ready() bool { return true }

func (p *condPart) bounds() expr.Expr { return expr.Expr{} } // the scan was planned by it

func (p *condPart) keep(ctx context.Context, b *vec.Batch, mask []uint64) error {
	bits, _, err := p.prog.Filter(ctx, b)
	if err == nil {
		copy(mask, bits)
	}
	return err
}

// topPart is what a top-k holds.
type topPart struct {
	bound  *sorting.Bound
	filter *sorting.BoundFilter
	key    expr.Expr
	prog   *eval.Program
	out    [1]vec.Vec

	schema *arrow.Schema
	seen   *vec.Vec      // the bound's key that cond is of
	cond   *eval.Program // nil where the bound has no literal
}

func (p *topPart) ready() bool {
	v, _ := p.bound.Key()
	return v != nil
}

// see makes a condition of the bound where it has moved: comparing values with a literal is faster than ranking them.
func (p *topPart) see() {
	v, _ := p.bound.Key()
	if v == p.seen {
		return
	}
	p.seen, p.cond = v, nil
	if e := p.bounds(); !e.IsZero() {
		if e, err := expr.Bind(e, p.schema); err == nil {
			p.cond, _ = eval.Compile([]expr.Expr{e}, p.schema) // without one the key is ranked
		}
	}
}

func (p *topPart) keep(ctx context.Context, b *vec.Batch, mask []uint64) error {
	if p.see(); p.cond != nil {
		bits, _, err := p.cond.Filter(ctx, b)
		if err == nil {
			copy(mask, bits)
		}
		return err
	}
	if err := p.prog.Run(ctx, b, p.out[:]); err != nil {
		return err
	}
	p.filter.Keep(mask, &p.out[0])
	return nil
}

func (p *topPart) bounds() expr.Expr {
	v, k := p.bound.Key()
	if v == nil {
		return expr.Expr{}
	}
	if !v.ValidAt(0) {
		if k.NullsFirst {
			return p.key.IsNull()
		}
		return expr.Expr{}
	}
	last, ok := literalAt(v, 0, p.key.Type())
	if !ok {
		return expr.Expr{}
	}
	e := p.key.Le(last)
	if k.Desc {
		e = p.key.Ge(last)
	}
	if k.NullsFirst {
		e = e.Or(p.key.IsNull())
	}
	return e
}

// literalAt returns row i, not null, as a literal of the type; ok is false for types of which no statistics are judged.
func literalAt(v *vec.Vec, i int, t arrow.DataType) (e expr.Expr, ok bool) {
	if v.Dict != nil {
		i, v = int(v.Codes()[i]), &v.Dict.Values
	}
	var x any
	switch v.Phys {
	case vec.Int8:
		x = int64(vec.Of[int8](v)[i])
	case vec.Int16:
		x = int64(vec.Of[int16](v)[i])
	case vec.Int32:
		x = int64(vec.Of[int32](v)[i])
	case vec.Int64:
		x = vec.Of[int64](v)[i]
	case vec.Uint8:
		x = uint64(vec.Of[uint8](v)[i])
	case vec.Uint16:
		x = uint64(vec.Of[uint16](v)[i])
	case vec.Uint32:
		x = uint64(vec.Of[uint32](v)[i])
	case vec.Uint64:
		x = vec.Of[uint64](v)[i]
	case vec.Float32:
		x = float64(vec.Of[float32](v)[i])
	case vec.Float64:
		x = vec.Of[float64](v)[i]
	case vec.View:
		x = v.Text(i)
	default:
		return expr.Expr{}, false
	}
	if f, isFloat := x.(float64); isFloat && f != f {
		return expr.Expr{}, false
	}
	e = expr.LitOf(t, x)
	_, ok = e.Literal() // not where a type has literals of another kind
	return e, ok
}
