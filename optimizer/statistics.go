package optimizer

import (
	"bytes"
	"cmp"
	"math"
	"reflect"
	"time"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// sourceStats is what is known of all rows of a source.
func (c *Context) sourceStats(src partition.Source) partition.Stats {
	cacheable := reflect.ValueOf(src).Comparable()
	if cacheable {
		if s, ok := c.stats[src]; ok {
			return s
		}
	}
	var s partition.Stats
	if c.o.Stats != nil {
		s = c.o.Stats(src)
	} else if known, ok := src.(interface{ Stats() partition.Stats }); ok {
		s = known.Stats()
	}
	if cacheable {
		c.stats[src] = s
	}
	return s
}

// filterByStatistics decides conditions of a scan that the bounds of a column answer for every row: always false empties it, always
// true is dropped.
var filterByStatistics = Rule{Name: "filter_by_statistics", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	s, ok := n.(*plan.Scan)
	if !ok || s.Predicate.IsZero() {
		return n, nil
	}
	stats := c.sourceStats(s.Source)
	if len(stats.Columns) == 0 {
		return n, nil
	}
	var kept []expr.Expr
	all := s.Predicate.Conjuncts()
	for _, p := range all {
		switch decide(p, stats) {
		case alwaysFalse:
			return empty(s), nil
		case undecided:
			kept = append(kept, p)
		}
	}
	if len(kept) == len(all) {
		return n, nil
	}
	pred := expr.And(kept...)
	if !pred.IsZero() {
		pred = rebind(pred, pred)
	}
	return s.With(s.Columns, pred, s.Limit)
}}

type verdict uint8

const (
	undecided verdict = iota
	alwaysFalse
	alwaysTrue
)

// decide answers a comparison of a column with a literal by the column's bounds. The bounds say nothing of NaN, which is greater than
// every number, and nothing of nulls, for which a comparison is not true.
func decide(p expr.Expr, stats partition.Stats) verdict {
	if p.NumArgs() == 0 {
		return undecided
	}
	name, ok := p.Arg(0).ColumnName()
	col, known := stats.Columns[name]
	if !ok || !known {
		return undecided
	}
	switch p.Op() {
	case "is_null", "not_null":
		return decideNull(p.Op(), col)
	case "eq", "lt", "le", "gt", "ge":
	default:
		return undecided
	}
	lit, ok := p.Arg(1).Literal()
	if !ok || lit == nil {
		return undecided
	}
	_, lo, loOK := compareGo(lit, col.Min)
	float, hi, hiOK := compareGo(lit, col.Max)
	return decideBounds(p.Op(), bounds{lo, hi, loOK, hiOK, float || isFloat(col.Min), col.NullsKnown && col.Nulls == 0})
}

func isFloat(v any) bool {
	switch v.(type) {
	case float32, float64:
		return true
	}
	return false
}

func decideNull(op string, col partition.ColumnStats) verdict {
	if !col.NullsKnown || col.Nulls != 0 {
		return undecided
	}
	if op == "is_null" {
		return alwaysFalse
	}
	return alwaysTrue
}

// bounds is how a literal compares with a column's least and greatest value.
type bounds struct {
	lo, hi     int // literal to minimum, literal to maximum
	loOK, hiOK bool
	nan        bool // the column may hold NaN
	noNulls    bool
}

func decideBounds(op string, b bounds) verdict {
	below, above := b.loOK && b.lo < 0, b.hiOK && b.hi > 0 // the literal lies outside the bounds
	atMin, atMax := b.loOK && b.lo == 0, b.hiOK && b.hi == 0
	never, always := false, false
	switch op {
	case "eq":
		never = below || above
	case "lt":
		never, always = below || atMin, above && !b.nan
	case "le":
		never, always = below, (above || atMax) && !b.nan
	case "gt":
		never, always = (above || atMax) && !b.nan, below
	case "ge":
		never, always = above && !b.nan, below || atMin
	}
	switch {
	case never:
		return alwaysFalse
	case always && b.noNulls:
		return alwaysTrue
	}
	return undecided
}

// compareGo compares two Go values as literals have them; ok is false where they are of different kinds, unknown, or NaN.
func compareGo(a, b any) (float bool, c int, ok bool) {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return false, cmp.Compare(x, y), true
		}
	case uint64:
		if y, ok := b.(uint64); ok {
			return false, cmp.Compare(x, y), true
		}
	case float64:
		if y, ok := b.(float64); ok && !math.IsNaN(x) && !math.IsNaN(y) {
			return true, cmp.Compare(x, y), true
		}
		return true, 0, false
	case string:
		if y, ok := b.(string); ok {
			return false, cmp.Compare(x, y), true
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return false, bytes.Compare(x, y), true
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return false, x.Compare(y), true
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return false, cmp.Compare(x, y), true
		}
	}
	return false, 0, false
}

// countByStatistics counts rows instead of values of a column that is known to have no nulls; no column has to be read then.
var countByStatistics = Rule{Name: "count_by_statistics", Dir: BottomUp, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	g, ok := n.(*plan.GroupBy)
	if !ok {
		return n, nil
	}
	s, ok := g.Input.(*plan.Scan)
	if !ok {
		return n, nil
	}
	stats := c.sourceStats(s.Source)
	changed := false
	aggs := append([]expr.Expr{}, g.Aggs...)
	for i, a := range aggs {
		if a.Op() != "count_of" {
			continue
		}
		name, isCol := a.Arg(0).ColumnName()
		if col := stats.Columns[name]; isCol && col.NullsKnown && col.Nulls == 0 {
			aggs[i], changed = countOfRows(a), true
		}
	}
	if !changed {
		return n, nil
	}
	return plan.NewGroupBy(g.Input, g.Keys, aggs, g.DropNullKeys)
}}

func countOfRows(a expr.Expr) expr.Expr {
	out := expr.Count()
	if m := a.Mods(); !m.Where.IsZero() {
		out = out.Where(m.Where)
	}
	return out.As(a.Name())
}
