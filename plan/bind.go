package plan

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// bindRow binds an expression that gives a value a row: aggregates need Over there.
func bindRow(op string, e expr.Expr, s *arrow.Schema) (expr.Expr, error) {
	b, err := expr.Bind(e, s)
	if err != nil {
		return expr.Expr{}, opFault(op, err)
	}
	if b.Contains()&expr.ContainsAggregate != 0 {
		agg := firstCall(b, expr.Expr.IsAggregate)
		f := fault.New(fault.Plan, "", "the aggregate %s stands outside Agg", agg.Unalias())
		f.At = agg.At()
		return expr.Expr{}, opFault(op, f.WithHint("give it Over(keys...), Over() for the whole frame, or use GroupBy and Agg"))
	}
	return b, nil
}

// bindScalar is bindRow where window functions are out of place, too.
func bindScalar(op string, e expr.Expr, s *arrow.Schema) (expr.Expr, error) {
	b, err := bindRow(op, e, s)
	if err == nil && b.Contains()&expr.ContainsWindow != 0 {
		w := firstCall(b, expr.Expr.IsWindow)
		f := fault.New(fault.Plan, "", "the window function %s cannot stand here", w.Unalias())
		f.At = w.At()
		return expr.Expr{}, opFault(op, f.WithHint("compute it with With first"))
	}
	return b, err
}

// firstCall is the first part of e, from the top, that is of a kind.
func firstCall(e expr.Expr, is func(expr.Expr) bool) (found expr.Expr) {
	expr.Walk(e, func(x expr.Expr) bool {
		if found.IsZero() && is(x) {
			found = x
		}
		return found.IsZero()
	})
	return found
}

// Cols returns the columns of a schema, in order, as bound expressions.
func Cols(s *arrow.Schema) []expr.Expr {
	out := make([]expr.Expr, s.NumFields())
	for i := range out {
		out[i] = expr.Col(s.Field(i).Name)
		if b, err := expr.Bind(out[i], s); err == nil {
			out[i] = b
		}
	}
	return out
}

// schemaOf is the schema of bound, named expressions; equal names are a fault.
func schemaOf(op string, exprs []expr.Expr) (*arrow.Schema, error) {
	fields := make([]arrow.Field, len(exprs))
	seen := map[string]bool{}
	for i, e := range exprs {
		fields[i] = expr.Field(e)
		name := fields[i].Name
		if seen[name] {
			f := planFault(op, "two columns are named %q", name)
			return nil, at(f, e).WithHint("name one of them with As")
		}
		seen[name] = true
	}
	return arrow.NewSchema(fields, nil), nil
}

// checkColumns says which of the columns the schema lacks, or which is named twice.
func checkColumns(op string, s *arrow.Schema, cols []string) error {
	seen := map[string]bool{}
	for _, c := range cols {
		if !hasColumn(s, c) {
			return planFault(op, "column %q not found", c).WithHint("%s", fault.Suggest(c, names(s)))
		}
		if seen[c] {
			return planFault(op, "column %q is named twice", c)
		}
		seen[c] = true
	}
	return nil
}

// at places a fault where the expression was written, as far as that is known.
func at(f *fault.Error, e expr.Expr) *fault.Error {
	if place := e.At(); place != "" {
		f.At = place
	}
	return f
}
