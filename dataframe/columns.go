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
		return project(in, exprs)
	})
}

// With adds columns, or replaces those of the same name, all computed from the frame as it was.
func (df *DataFrame) With(cols ...expr.Expr) *DataFrame {
	return df.then("With", func(in plan.Node) (plan.Node, error) {
		exprs := colExprs(in.Schema())
		added := map[string]bool{}
		for _, c := range cols {
			if err := c.Err(); err != nil {
				return nil, err
			}
			name := c.Name()
			if added[name] {
				f := fault.New(fault.Plan, "With", "two columns are named %q", name)
				f.At = c.At()
				return nil, f.WithHint("name one of them with As")
			}
			added[name] = true
			at := slices.IndexFunc(exprs, func(e expr.Expr) bool { return e.Name() == name })
			if at < 0 {
				exprs = append(exprs, c)
			} else {
				exprs[at] = c.As(name)
			}
		}
		return project(in, exprs)
	})
}

// project is a Project, over a Window where an expression holds window functions.
func project(in plan.Node, exprs []expr.Expr) (plan.Node, error) {
	in, exprs, err := withWindows(in, exprs)
	if err != nil {
		return nil, err
	}
	return plan.NewProject(in, exprs)
}

// Drop leaves columns out.
func (df *DataFrame) Drop(cols ...string) *DataFrame {
	return df.then("Drop", func(in plan.Node) (plan.Node, error) {
		if err := needColumns("Drop", in, cols); err != nil {
			return nil, err
		}
		var exprs []expr.Expr
		for _, f := range in.Schema().Fields() {
			if !slices.Contains(cols, f.Name) {
				exprs = append(exprs, expr.Col(f.Name))
			}
		}
		return plan.NewProject(in, exprs)
	})
}

// Rename gives a column another name.
func (df *DataFrame) Rename(from, to string) *DataFrame {
	return df.then("Rename", func(in plan.Node) (plan.Node, error) {
		if err := needColumns("Rename", in, []string{from}); err != nil {
			return nil, err
		}
		return renamed(in, func(name string) string {
			if name == from {
				return to
			}
			return name
		})
	})
}

// RenameFunc gives every column the name that fn makes of its own: a prefix for a self join, strings.ToLower.
func (df *DataFrame) RenameFunc(fn func(string) string) *DataFrame {
	return df.then("RenameFunc", func(in plan.Node) (plan.Node, error) {
		if fn == nil {
			return nil, fault.New(fault.Plan, "RenameFunc", "the function is nil")
		}
		return renamed(in, fn)
	})
}

func renamed(in plan.Node, fn func(string) string) (plan.Node, error) {
	exprs := make([]expr.Expr, in.Schema().NumFields())
	for i, f := range in.Schema().Fields() {
		exprs[i] = expr.Col(f.Name).As(fn(f.Name))
	}
	return plan.NewProject(in, exprs)
}

func needColumns(op string, in plan.Node, cols []string) error {
	for _, c := range cols {
		if len(in.Schema().FieldIndices(c)) == 0 {
			return fault.New(fault.Plan, op, "column %q not found", c).WithHint("%s", fault.Suggest(c, schemaNames(in.Schema())))
		}
	}
	return nil
}

// Filter keeps the rows for which all predicates are true; null is not true.
func (df *DataFrame) Filter(preds ...expr.Expr) *DataFrame {
	return df.then("Filter", func(in plan.Node) (plan.Node, error) {
		if len(preds) == 0 {
			return nil, fault.New(fault.Plan, "Filter", "no predicate")
		}
		if len(preds) == 0 {
			return nil, fault.New(fault.Plan, "Filter", "no predicate")
		}
		out, bare, err := withWindows(in, preds)
		if err != nil {
			return nil, err
		}
		n := out
		for _, p := range bare {
			if n, err = plan.NewFilter(n, p); err != nil {
				return nil, err
			}
		}
		return withoutWindows(n, in, out)
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
		bare := make([]expr.Expr, len(exprs))
		for i, e := range exprs {
			order[i] = e.SortKey()
			bare[i] = order[i].Expr
		}
		out, bare, err := withWindows(in, bare)
		if err != nil {
			return nil, err
		}
		for i := range order {
			order[i].Expr = bare[i]
		}
		n, err := plan.NewSort(out, order)
		if err != nil {
			return nil, err
		}
		return withoutWindows(n, in, out)
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
	return df.then("Distinct", func(in plan.Node) (plan.Node, error) { return plan.NewDistinct(in, cols, false) })
}

// DistinctLast keeps the last row of each combination of the columns (none: of all columns), in its place.
func (df *DataFrame) DistinctLast(cols ...string) *DataFrame {
	return df.then("DistinctLast", func(in plan.Node) (plan.Node, error) { return plan.NewDistinct(in, cols, true) })
}
