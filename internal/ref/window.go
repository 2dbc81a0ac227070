package ref

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// windows appends the columns of window calls: for each row the partition is listed in order, the frame cut out of it, and the
// function computed by its definition.
func windows(in *Table, n *plan.Window, out *Table) ([]Row, error) {
	var rows []Row
	for _, r := range in.Rows {
		rows = append(rows, slices.Clone(r))
	}
	for _, e := range n.Exprs {
		parts, err := partitions(in, e.Unalias())
		if err != nil {
			return nil, err
		}
		for _, w := range parts {
			for i := range w.rows {
				v, scale, err := w.value(i)
				if err != nil {
					return nil, err
				}
				rows[w.rows[i].at] = append(rows[w.rows[i].at], v)
				out.Scale = max(out.Scale, scale)
			}
		}
	}
	return rows, nil
}

// windowRow is a row of a partition.
type windowRow struct {
	at   int // in the table
	env  Env
	keys Row // of the order
	sees bool
	arg  any
}

// windowPart is the rows of equal keys in order.
type windowPart struct {
	call expr.Expr
	mods expr.Mods
	in   *arrow.Schema
	rows []windowRow
	// Of an aggregate over the whole partition: its value, once known.
	whole any
	scale float64
	known bool
}

func partitions(in *Table, call expr.Expr) ([]*windowPart, error) {
	m := call.Mods()
	var order []expr.Expr
	for _, k := range m.OrderBy {
		order = append(order, k.Expr)
	}
	var parts []*windowPart
	byKey := map[string]*windowPart{}
	for at, r := range in.Rows {
		row := windowRow{at: at, env: in.Env(r), sees: true}
		key, err := evalAll(m.Over, row.env)
		if err != nil {
			return nil, err
		}
		if row.keys, err = evalAll(order, row.env); err != nil {
			return nil, err
		}
		if !m.Where.IsZero() {
			v, err := Eval(m.Where, row.env)
			if err != nil {
				return nil, err
			}
			row.sees = v == true
		}
		if call.NumArgs() > 0 && row.sees {
			if row.arg, err = Eval(call.Arg(0), row.env); err != nil {
				return nil, err
			}
		}
		p := byKey[keyText(key)]
		if p == nil {
			p = &windowPart{call: call, mods: m, in: in.Schema}
			byKey[keyText(key)] = p
			parts = append(parts, p)
		}
		p.rows = append(p.rows, row)
	}
	for _, p := range parts {
		slices.SortStableFunc(p.rows, func(a, b windowRow) int { return p.compare(&a, &b) })
	}
	return parts, nil
}

func (p *windowPart) compare(a, b *windowRow) int {
	for i, k := range p.mods.OrderBy {
		if c := compareKey(a.keys[i], b.keys[i], plan.SortKey(k)); c != 0 {
			return c
		}
	}
	return 0
}

// value is the call's value in row i of the partition.
func (p *windowPart) value(i int) (any, float64, error) {
	switch op := p.call.Op(); op {
	case "row_number", "rank", "dense_rank":
		return p.ranking(op, i), 0, nil
	case "lag", "lead":
		n, _ := p.call.Param(0).(int64)
		if op == "lag" {
			n = -n
		}
		return p.shifted(i, n), 0, nil
	case "fill_forward":
		for j := i; j >= 0; j-- {
			if p.rows[j].sees && p.rows[j].arg != nil {
				return p.rows[j].arg, 0, nil
			}
		}
		return nil, 0, nil
	case "fill_backward":
		for j := i; j < len(p.rows); j++ {
			if p.rows[j].sees && p.rows[j].arg != nil {
				return p.rows[j].arg, 0, nil
			}
		}
		return nil, 0, nil
	}
	if p.known && p.mods.Frame.Kind == expr.WholePartition {
		return p.whole, p.scale, nil
	}
	var frame []Env
	from, to := p.frame(i)
	for j := from; j < to; j++ {
		frame = append(frame, p.rows[j].env)
	}
	call := p.call
	if of := map[string]func(any) expr.Expr{"cum_sum": expr.Sum, "cum_min": expr.Min, "cum_max": expr.Max}[call.Op()]; of != nil {
		e, err := expr.Bind(of(call.Arg(0).Unbound()), p.in)
		if err != nil {
			return nil, 0, err
		}
		call = e.WithMods(expr.Mods{Where: p.mods.Where})
	}
	v, scale, err := aggregate(call, frame)
	if !strings.HasPrefix(p.call.Op(), "cum_") {
		p.whole, p.scale, p.known = v, scale, err == nil
	}
	return v, scale, err
}

// ranking counts the rows that are seen; the others have no number. Without an order each row has a place of its own.
func (p *windowPart) ranking(op string, i int) any {
	if !p.rows[i].sees {
		return nil
	}
	number, rank, dense := int64(0), int64(0), int64(0)
	last := -1
	for j := 0; j <= i; j++ {
		if !p.rows[j].sees {
			continue
		}
		number++
		if op == "row_number" {
			continue
		}
		if last < 0 || len(p.mods.OrderBy) == 0 || p.compare(&p.rows[last], &p.rows[j]) != 0 {
			rank, dense = number, dense+1
		}
		last = j
	}
	return map[string]int64{"row_number": number, "rank": rank, "dense_rank": dense}[op]
}

// shifted is the value of the n-th row after row i that is seen, before it where n is negative.
func (p *windowPart) shifted(i int, n int64) any {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for j := i; j >= 0 && j < len(p.rows); j += step {
		if j != i && p.rows[j].sees {
			n--
		}
		if n == 0 {
			return p.rows[j].arg // nil where it is not seen
		}
	}
	return nil
}

// frame is the rows [from, to) of row i's frame.
func (p *windowPart) frame(i int) (from, to int) {
	f := p.mods.Frame
	switch p.call.Op() {
	case "cum_sum", "cum_min", "cum_max":
		return 0, i + 1
	}
	switch f.Kind {
	case expr.WholePartition:
		return 0, len(p.rows)
	case expr.RowsFrame:
		from, to = len(p.rows), len(p.rows)
		for j := range p.rows {
			d := int64(j - i)
			if d >= f.From.(int64) && d <= f.To.(int64) {
				from, to = min(from, j), j+1
			} else if d > f.To.(int64) {
				to = max(from, min(to, j))
				break
			}
		}
		if from == len(p.rows) {
			return 0, 0
		}
		return from, to
	}
	return p.rangeFrame(i)
}

// rangeFrame looks outwards from row i, because what is in reach stands together.
func (p *windowPart) rangeFrame(i int) (from, to int) {
	from, to = len(p.rows), 0
	for j := range p.rows {
		if p.reaches(i, j, p.mods.Frame.From, false) && p.reaches(i, j, p.mods.Frame.To, true) {
			from, to = min(from, j), j+1
		}
	}
	return min(from, to), to
}

// reaches says whether row j is on the inner side of a bound of row i's range: not after its end, or not before its start.
func (p *windowPart) reaches(i, j int, bound any, end bool) bool {
	if bound == any(expr.UnboundedPreceding) || bound == any(expr.UnboundedFollowing) {
		return true
	}
	if c := p.compare(&p.rows[i], &p.rows[j]); isNothing(bound) || p.rows[i].keys[0] == nil || p.rows[j].keys[0] == nil {
		if end {
			return c >= 0 // j is not after i
		}
		return c <= 0
	}
	k := p.mods.OrderBy[0]
	a, b := p.rows[i].keys[0], p.rows[j].keys[0]
	if k.Desc {
		a, b = b, a // the distance is measured along the order
	}
	return within(k.Expr.Type(), a, b, bound, end, k.Desc)
}

func isNothing(bound any) bool {
	return bound == any(int64(0)) || bound == any(0.0) || bound == any(time.Duration(0))
}

// within says whether b − a is at most (end) or at least the bound. Floats are compared as the current row's value and the bound give
// them; desc says that the current row is b.
func within(t arrow.DataType, a, b, bound any, end, desc bool) bool {
	if x, ok := a.(float64); ok {
		y, d := b.(float64), toFloat(bound)
		c := 0
		if desc {
			c = Order(y-d, x)
		} else {
			c = Order(y, x+d)
		}
		if end {
			return c <= 0
		}
		return c >= 0
	}
	d := new(big.Float).SetPrec(300).Sub(exact(b), exact(a))
	limit := new(big.Float).SetPrec(300)
	switch x := bound.(type) {
	case time.Duration:
		limit.SetInt64(int64(x))
		d.Mul(d, big.NewFloat(float64(unitOf(t))))
	case int64:
		limit.SetInt64(x)
	case float64:
		limit.SetFloat64(x)
	default:
		panic(fmt.Sprintf("ref: a bound of type %T", bound))
	}
	if end {
		return d.Cmp(limit) <= 0
	}
	return d.Cmp(limit) >= 0
}

// unitOf is a time type's unit in nanoseconds.
func unitOf(t arrow.DataType) int64 {
	switch t := t.(type) {
	case *arrow.Date32Type:
		return int64(24 * time.Hour)
	case *arrow.Date64Type:
		return int64(time.Millisecond)
	case arrow.TemporalWithUnit:
		return int64(t.TimeUnit().Multiplier())
	}
	return 1
}
