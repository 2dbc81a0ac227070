package plan

import (
	"fmt"

	"github.com/sheafdata/sheaf/expr"
)

// PivotValue is a value that becomes columns: Is says whether the pivot column, given to it, holds the value.
type PivotValue struct {
	Name string
	Is   func(on expr.Expr) expr.Expr
}

// PivotSpec says how groups are spread over columns.
type PivotSpec struct {
	Keys, Aggs []expr.Expr
	// On is the expression whose values become columns.
	On expr.Expr
	// Values are those values, in the order of the columns.
	Values []PivotValue
	// DropNullKeys is that of GroupBy; On is no key.
	DropNullKeys bool
}

// NewPivot gives a row a group of keys, with a column a value of On and aggregate: named VALUE, VALUE_NAME where there are several
// aggregates. The aggregates are computed once a group of keys and On, then spread: what a group lacks is null, and 0 for counts.
func NewPivot(in Node, s PivotSpec) (Node, error) {
	switch {
	case len(s.Aggs) == 0:
		return nil, planFault("Agg", "Pivot needs an aggregate")
	case len(s.Values) == 0:
		return nil, planFault("Pivot", "there are no values")
	}
	const on = "__pivot_on"
	keys := append(append([]expr.Expr{}, s.Keys...), s.On.As(on))
	if s.DropNullKeys {
		var some []expr.Expr
		for _, k := range s.Keys {
			some = append(some, k.Unalias().NotNull())
		}
		var err error
		if in, err = NewFilter(in, some...); err != nil {
			return nil, err
		}
	}
	aggs := make([]expr.Expr, len(s.Aggs))
	for i, a := range s.Aggs {
		aggs[i] = a.As(fmt.Sprintf("__pivot_%d", i))
	}
	parts, err := NewAgg(in, keys, aggs, false)
	if err != nil {
		return nil, err
	}
	var groups, out []expr.Expr
	for _, k := range s.Keys {
		groups = append(groups, expr.Col(k.Name()))
	}
	for _, v := range s.Values {
		for i, a := range s.Aggs {
			name := v.Name
			if len(s.Aggs) > 1 {
				name += "_" + a.Name()
			}
			cell := expr.First(aggs[i].Name()).Where(v.Is(expr.Col(on)))
			if isCount(a) {
				cell = expr.Coalesce(cell, int64(0))
			}
			out = append(out, cell.As(name))
		}
	}
	n, err := NewAgg(parts, groups, out, s.DropNullKeys)
	return n, opFault("Pivot", err)
}

// isCount says whether an aggregate is 0 of no rows.
func isCount(e expr.Expr) bool {
	switch e.Unalias().Op() {
	case "count", "count_of", "n_unique", "approx_n_unique":
		return true
	}
	return false
}
