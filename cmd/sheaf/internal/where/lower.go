package where

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// lowering turns a parsed condition into an expression over a schema.
type lowering struct {
	text   string
	schema *arrow.Schema
	names  []string
}

func (l *lowering) fault(n *node, format string, args ...any) *fault.Error {
	return problem(l.text, n.from, n.to, format, args...)
}

func (l *lowering) lower(n *node) (expr.Expr, error) {
	switch n.kind {
	case columnNode:
		return l.column(n)
	case literal:
		return expr.Lit(n.value), nil
	case call:
		return l.call(n)
	case typeNode:
		return expr.Expr{}, l.fault(n, "a type does not stand here")
	}
	return l.operation(n)
}

func (l *lowering) column(n *node) (expr.Expr, error) {
	if slices.Contains(l.names, n.name) {
		return expr.Col(n.name), nil
	}
	f := l.fault(n, "there is no column %q", n.name)
	f.Hint = fault.Suggest(n.name, l.names)
	if n.quoted && !strings.HasPrefix(f.Hint, "did") && l.text[n.from] == '"' {
		f.Hint = "text stands in single quotes: '" + strings.ReplaceAll(n.name, "'", "''") + "'"
	}
	return expr.Expr{}, f
}

// all lowers operands.
func (l *lowering) all(ns []*node) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(ns))
	for i, n := range ns {
		e, err := l.lower(n)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

func (l *lowering) operation(n *node) (expr.Expr, error) {
	switch n.name {
	case "cast", "try_cast":
		e, err := l.lower(n.args[0])
		if err != nil {
			return e, err
		}
		if n.name == "try_cast" {
			return e.TryCast(n.args[1].typ), nil
		}
		return e.Cast(n.args[1].typ), nil
	case "field":
		return l.field(n)
	case "like", "match":
		return l.pattern(n)
	case "eq", "ne":
		for _, a := range n.args {
			if a.bare {
				is := map[string]string{"eq": "is null", "ne": "is not null"}[n.name]
				return expr.Expr{}, l.fault(n, "nothing equals null, and nothing differs from it").WithHint("write: %s", is)
			}
		}
	}
	es, err := l.all(n.args)
	if err != nil {
		return expr.Expr{}, err
	}
	return operate(n.name, es), nil
}

// operate applies an operator to its operands.
func operate(op string, es []expr.Expr) expr.Expr {
	e, v := es[0], es[len(es)-1]
	switch op {
	case "or":
		return e.Or(es[1:]...)
	case "and":
		return e.And(es[1:]...)
	case "not":
		return negate(e)
	case "eq":
		return e.Eq(v)
	case "ne":
		return e.Ne(v)
	case "lt":
		return e.Lt(v)
	case "le":
		return e.Le(v)
	case "gt":
		return e.Gt(v)
	case "ge":
		return e.Ge(v)
	case "add":
		return e.Add(v)
	case "sub":
		return e.Sub(v)
	case "mul":
		return e.Mul(v)
	case "div":
		return e.Div(v)
	case "floor_div":
		return e.FloorDiv(v)
	case "mod":
		return e.Mod(v)
	case "pow":
		return e.Pow(v)
	case "neg":
		return e.Neg()
	case "str_concat":
		return e.Str().Concat(v)
	case "in":
		return e.In(operands(es[1:])...)
	case "between":
		return e.Between(es[1], es[2])
	case "is_null":
		return e.IsNull()
	case "is_nan":
		return e.IsNaN()
	case "is_true":
		return expr.Coalesce(e, false)
	}
	return expr.Coalesce(e.Not(), false) // is false
}

// negate is Not, or NotNull of IsNull, which readers can use to leave rows out.
func negate(e expr.Expr) expr.Expr {
	if e.Op() == "is_null" {
		return e.Arg(0).NotNull()
	}
	return e.Not()
}

// operands gives expressions as the methods of Expr take them; constants as their values.
func operands(es []expr.Expr) []any {
	out := make([]any, len(es))
	for i, e := range es {
		if v, ok := e.Literal(); ok {
			out[i] = v
			continue
		}
		out[i] = e
	}
	return out
}

// field is a field of a struct; a column whose name has the point in it goes first.
func (l *lowering) field(n *node) (expr.Expr, error) {
	inner, name := n.args[0], n.args[1].value.(string)
	if whole, ok := dotted(n); ok && slices.Contains(l.names, whole) {
		return expr.Col(whole), nil
	}
	e, err := l.lower(inner)
	if err != nil {
		if whole, ok := dotted(n); ok && inner.kind == columnNode {
			f := l.fault(n, "there is no column %q", whole)
			f.Hint = fault.Suggest(whole, l.names)
			return e, f
		}
		return e, err
	}
	return e.Field(name), nil
}

// dotted returns the name that a.b.c would be of a column.
func dotted(n *node) (string, bool) {
	if n.kind == columnNode {
		return n.name, true
	}
	if n.kind != operation || n.name != "field" {
		return "", false
	}
	before, ok := dotted(n.args[0])
	return before + "." + n.args[1].value.(string), ok
}

func (l *lowering) pattern(n *node) (expr.Expr, error) {
	e, err := l.lower(n.args[0])
	if err != nil {
		return e, err
	}
	text, ok := n.args[1].value.(string)
	if n.args[1].kind != literal || !ok {
		return e, l.fault(n.args[1], "%s takes a pattern in single quotes", n.name).WithHint("as in: zone %s %s", n.name, map[string]string{"like": "'New%'", "match": "'^New'"}[n.name])
	}
	if n.name == "like" {
		return e.Str().Like(text), nil
	}
	return e.Str().Match(text), nil
}
