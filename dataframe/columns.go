package dataframe

import (
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/plan"
)

// Select gives the columns named or computed, in that order. Equal names are a fault.
func (df *DataFrame) Select(cols ...any) *DataFrame {
	return df.then("Select", func(in plan.Node) (plan.Node, error) {
		exprs, err := columnsOf(cols)
		if err != nil {
			return nil, err
		}
		return plan.NewProject(in, exprs...)
	})
}

// With adds columns, or replaces those of the same name, all computed from the frame as it was.
func (df *DataFrame) With(cols ...expr.Expr) *DataFrame {
	return df.then("With", func(in plan.Node) (plan.Node, error) { return plan.NewWith(in, slices.Clone(cols)...) })
}

// Drop leaves columns out.
func (df *DataFrame) Drop(cols ...string) *DataFrame {
	return df.then("Drop", func(in plan.Node) (plan.Node, error) { return plan.NewDrop(in, cols...) })
}

// Rename gives a column another name.
func (df *DataFrame) Rename(from, to string) *DataFrame {
	return df.then("Rename", func(in plan.Node) (plan.Node, error) { return plan.NewRename(in, from, to) })
}

// RenameFunc gives every column the name that fn makes of its own: a prefix for a self join, strings.ToLower.
func (df *DataFrame) RenameFunc(fn func(string) string) *DataFrame {
	return df.then("RenameFunc", func(in plan.Node) (plan.Node, error) {
		if fn == nil {
			return nil, fault.New(fault.Plan, "RenameFunc", "the function is nil")
		}
		return plan.NewRenameFunc(in, fn)
	})
}

// Filter keeps the rows for which all predicates are true; null is not true.
func (df *DataFrame) Filter(preds ...expr.Expr) *DataFrame {
	return df.then("Filter", func(in plan.Node) (plan.Node, error) {
		if len(preds) == 0 {
			return nil, fault.New(fault.Plan, "Filter", "no predicate")
		}
		return plan.NewFilter(in, slices.Clone(preds)...)
	})
}

// Sort orders rows by keys: column names, expressions, Desc("b"), expr.Col("c").Desc().NullsFirst(). Nulls are last in both directions
// unless a key says otherwise; rows of equal keys keep their order.
func (df *DataFrame) Sort(keys ...any) *DataFrame {
	return df.then("Sort", func(in plan.Node) (plan.Node, error) {
		exprs, err := columnsOf(keys)
		if err != nil {
			return nil, err
		}
		order := make([]plan.SortKey, len(exprs))
		for i, e := range exprs {
			order[i] = e.SortKey()
		}
		return plan.NewSort(in, order...)
	})
}

// Asc makes a sort key of a column: ascending, as keys are anyway.
func Asc(key any) expr.Expr { return keyOf(key) }

// Desc makes a descending sort key of a column.
func Desc(key any) expr.Expr { return keyOf(key).Desc() }

func keyOf(key any) expr.Expr {
	if e, ok := key.(expr.Expr); ok {
		return e
	}
	if name, ok := key.(string); ok {
		return expr.Col(name)
	}
	return expr.Lit(key)
}

// Limit keeps the first n rows. Without a Sort these are the first in the order of the input, and no more is read than is needed.
func (df *DataFrame) Limit(n int64) *DataFrame {
	return df.then("Limit", func(in plan.Node) (plan.Node, error) {
		if n < 0 {
			return nil, fault.New(fault.Plan, "Limit", "the limit %d is negative", n)
		}
		return plan.NewLimit(in, n, 0)
	})
}

// Offset leaves out the first n rows.
func (df *DataFrame) Offset(n int64) *DataFrame {
	return df.then("Offset", func(in plan.Node) (plan.Node, error) { return plan.NewLimit(in, -1, n) })
}

// Distinct keeps the first row of each combination of the columns (none: of all columns), in row order.
func (df *DataFrame) Distinct(cols ...string) *DataFrame {
	return df.then("Distinct", func(in plan.Node) (plan.Node, error) { return plan.NewDistinct(in, slices.Clone(cols), false) })
}

// DistinctLast keeps the last row of each combination of the columns (none: of all columns), in its place.
func (df *DataFrame) DistinctLast(cols ...string) *DataFrame {
	return df.then("DistinctLast", func(in plan.Node) (plan.Node, error) { return plan.NewDistinct(in, slices.Clone(cols), true) })
}
