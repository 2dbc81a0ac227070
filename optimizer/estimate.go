package optimizer

import (
	"math"
	"time"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// estimate is a guess of how many rows a plan gives. Rules that go by one must be right whatever comes: it decides what is worth its
// while, never an answer.
type estimate struct {
	rows  float64 // −1 unknown
	share float64 // of the values of its keys, how many are left by the conditions below: 1 all
}

var unknown = estimate{-1, 1}

// Shares of the rows that conditions leave of which nothing is known.
const (
	shareEqual  = 0.02
	shareText   = 0.1
	shareOrder  = 0.3
	shareOther  = 1.0 / 3
	shareNull   = 0.05
	leastShare  = 1e-6
	shareSeldom = 0.9 // of what a condition like "is not" leaves
)

// estimator guesses the rows of plans, each once.
type estimator struct {
	c    *Context
	done map[plan.Node]estimate
}

func (e *estimator) of(n plan.Node) estimate {
	if known, ok := e.done[n]; ok {
		return known
	}
	out := e.guess(n)
	e.done[n] = out
	return out
}

func (e *estimator) guess(n plan.Node) estimate {
	switch n := n.(type) {
	case *plan.Scan:
		return e.scan(n)
	case *plan.Filter:
		return e.of(n.Input).times(shareOf(n.Pred, nil))
	case *plan.Join:
		return e.join(n)
	case *plan.GroupBy:
		if in := e.of(n.Input); len(n.Keys) > 0 {
			return in
		}
		return estimate{1, 1}
	case *plan.Limit:
		return e.of(n.Input).atMost(n.N)
	case *plan.TopK:
		return e.of(n.Input).atMost(n.N)
	case *plan.Project, *plan.Sort, *plan.Distinct, *plan.Cache, *plan.Window, *plan.Repartition:
		return e.of(n.Inputs()[0])
	}
	return unknown
}

func (e *estimator) scan(s *plan.Scan) estimate {
	stats := e.c.sourceStats(s.Source)
	if stats.Rows <= 0 {
		return unknown
	}
	all := estimate{float64(stats.Rows), 1}
	if !s.Predicate.IsZero() {
		all = all.times(shareOf(s.Predicate, stats.Columns))
	}
	if s.Limit > 0 {
		return all.atMost(s.Limit)
	}
	return all
}

// join takes one side's keys for a part of the other's: rows of the larger side find at most one row there.
func (e *estimator) join(j *plan.Join) estimate {
	l, r := e.of(j.Left), e.of(j.Right)
	if l.rows < 0 || r.rows < 0 {
		return unknown
	}
	both := l.share * r.share
	switch j.Kind {
	case plan.Inner:
		return estimate{max(l.rows*r.share, r.rows*l.share), both}
	case plan.Semi:
		return estimate{l.rows * r.share, both}
	case plan.Anti:
		return estimate{l.rows * (1 - r.share/2), l.share}
	case plan.Left:
		return estimate{max(l.rows, r.rows*l.share), l.share}
	case plan.Cross:
		return estimate{l.rows * r.rows, l.share}
	}
	return unknown
}

func (x estimate) times(share float64) estimate {
	if x.rows < 0 {
		return x
	}
	return estimate{x.rows * share, x.share * share}
}

func (x estimate) atMost(n int64) estimate {
	if x.rows < 0 || n < 0 || x.rows <= float64(n) {
		return x
	}
	return x.times(float64(n) / x.rows)
}

// shareOf guesses the share of rows that a condition leaves. Ranges of one column count together.
func shareOf(pred expr.Expr, columns map[string]partition.ColumnStats) float64 {
	share := 1.0
	ranges := map[string][2]float64{}
	for _, p := range pred.Conjuncts() {
		name, from, to, ok := rangeOf(p, columns)
		if !ok {
			share *= shareOne(p, columns)
			continue
		}
		r, seen := ranges[name]
		if !seen {
			r = [2]float64{0, 1}
		}
		ranges[name] = [2]float64{max(r[0], from), min(r[1], to)}
	}
	for _, r := range ranges {
		share *= max(r[1]-r[0], leastShare)
	}
	return max(share, leastShare)
}

func shareOne(p expr.Expr, columns map[string]partition.ColumnStats) float64 {
	switch p.Op() {
	case "and":
		return shareOf(p, columns)
	case "or":
		some := 0.0
		for i := range p.NumArgs() {
			some += shareOne(p.Arg(i), columns)
		}
		return min(some, 1)
	case "not":
		return max(1-shareOne(p.Arg(0), columns), leastShare)
	case "eq":
		return shareEqualTo(p.Arg(0), columns)
	case "in":
		return min(float64(p.NumArgs()-1)*shareEqualTo(p.Arg(0), columns), 0.5)
	case "ne", "not_null":
		return shareSeldom
	case "is_null":
		return shareNull
	case "lt", "le", "gt", "ge", "between":
		return shareOrder
	case "str_contains", "str_starts_with", "str_ends_with", "str_match", "str_like":
		return shareText
	}
	return shareOther
}

// shareEqualTo is the share of a value of a column: of integers between known bounds all are as frequent.
func shareEqualTo(e expr.Expr, columns map[string]partition.ColumnStats) float64 {
	if name, ok := e.ColumnName(); ok {
		c := columns[name]
		lo, ok1 := c.Min.(int64)
		hi, ok2 := c.Max.(int64)
		if ok1 && ok2 && hi >= lo {
			return max(1/(float64(hi)-float64(lo)+1), leastShare)
		}
	}
	return shareEqual
}

// rangeOf reads a comparison of a column with literals as the part of the column's bounds that satisfies it, from 0 to 1.
func rangeOf(p expr.Expr, columns map[string]partition.ColumnStats) (name string, from, to float64, ok bool) {
	from, to = 0, 1
	switch p.Op() {
	case "lt", "le":
		name, to, ok = placeOf(p, 1, columns)
	case "gt", "ge":
		name, from, ok = placeOf(p, 1, columns)
	case "between":
		if name, from, ok = placeOf(p, 1, columns); ok {
			_, to, ok = placeOf(p, 2, columns)
		}
	}
	return name, from, to, ok
}

// placeOf says where between the bounds of the column that is argument 0 the literal stands that is argument i.
func placeOf(p expr.Expr, i int, columns map[string]partition.ColumnStats) (name string, place float64, ok bool) {
	name, ok = p.Arg(0).ColumnName()
	if !ok || i >= p.NumArgs() {
		return name, 0, false
	}
	value, isLit := p.Arg(i).Literal()
	x, ok1 := scale(value)
	lo, ok2 := scale(columns[name].Min)
	hi, ok3 := scale(columns[name].Max)
	if !isLit || !ok1 || !ok2 || !ok3 || !(hi > lo) {
		return name, 0, false
	}
	return name, min(max((x-lo)/(hi-lo), 0), 1), true
}

// scale makes a number of a literal of a type that has distances.
func scale(v any) (x float64, ok bool) {
	switch v := v.(type) {
	case int64:
		x = float64(v)
	case uint64:
		x = float64(v)
	case float64:
		x = v
	case time.Time:
		x = float64(v.Unix())
	case time.Duration:
		x = float64(v)
	default:
		return 0, false
	}
	return x, !math.IsNaN(x) && !math.IsInf(x, 0)
}
