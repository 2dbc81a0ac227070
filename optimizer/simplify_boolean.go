package optimizer

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// simplifyBoolean applies the laws of three-valued logic that hold for null too, and the shortcuts of operations on literals: x and
// true, not not x, x = null, in of one value, between of one value, if of a literal. Each drops operations or keeps their number,
// and evaluates nothing that was not evaluated before.
var simplifyBoolean = Rule{Name: "simplify_boolean", Dir: BottomUp, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	return mapExprs(n, func(e expr.Expr) (expr.Expr, error) {
		return expr.Transform(e, func(x expr.Expr) (expr.Expr, error) { return simplify(x), nil })
	})
}}

var boolean = arrow.FixedWidthTypes.Boolean

func simplify(e expr.Expr) expr.Expr {
	switch e.Op() {
	case "and", "or":
		return simplifyLogical(e)
	case "not":
		return simplifyNot(e)
	case "eq", "ne", "lt", "le", "gt", "ge":
		if isNullLiteral(e.Arg(0)) || isNullLiteral(e.Arg(1)) {
			return expr.NullOf(boolean)
		}
	case "in":
		return simplifyIn(e)
	case "between":
		return simplifyBetween(e)
	case "if":
		return simplifyIf(e)
	case "coalesce":
		return simplifyCoalesce(e)
	}
	if m := e.Mods(); isTrue(m.Where) {
		m.Where = expr.Expr{}
		return e.WithMods(m)
	}
	return e
}

// simplifyLogical flattens and drops operands without effect: the neutral literal, repetitions, all of them beside the
// literal that decides, and what another operand absorbs (x or (x and y) is x).
func simplifyLogical(e expr.Expr) expr.Expr {
	op := e.Op()
	other := map[string]string{"and": "or", "or": "and"}[op]
	var args []expr.Expr
	for _, a := range flatten(e, op) {
		v, null, ok := literalBool(a)
		switch {
		case ok && !null && v == (op == "and"):
			continue
		case ok && !null:
			return expr.LitOf(boolean, v)
		case slices.ContainsFunc(args, func(b expr.Expr) bool { return expr.Equal(a, b) }):
			continue
		}
		args = append(args, a)
	}
	kept := args[:0:0]
	for i, a := range args {
		if a.Op() != other || !absorbed(a, other, args, i) {
			kept = append(kept, a)
		}
	}
	switch {
	case len(kept) == 0:
		return expr.LitOf(boolean, op == "and")
	case len(kept) == 1:
		return kept[0]
	case len(kept) == e.NumArgs():
		return e
	}
	return e.WithArgs(kept...)
}

func flatten(e expr.Expr, op string) []expr.Expr {
	var all []expr.Expr
	for i := range e.NumArgs() {
		if a := e.Arg(i); a.Op() == op {
			all = append(all, flatten(a, op)...)
		} else {
			all = append(all, a.Unalias())
		}
	}
	return all
}

// absorbed says whether one of the operands of a is among the other arguments.
func absorbed(a expr.Expr, other string, args []expr.Expr, self int) bool {
	for _, x := range flatten(a, other) {
		for i, b := range args {
			if i != self && expr.Equal(x, b) {
				return true
			}
		}
	}
	return false
}

// opposite comparisons hold in the total order that values have, NaN included.
var opposite = map[string]func(a, b expr.Expr) expr.Expr{
	"eq":       func(a, b expr.Expr) expr.Expr { return a.Ne(b) },
	"ne":       func(a, b expr.Expr) expr.Expr { return a.Eq(b) },
	"lt":       func(a, b expr.Expr) expr.Expr { return a.Ge(b) },
	"le":       func(a, b expr.Expr) expr.Expr { return a.Gt(b) },
	"gt":       func(a, b expr.Expr) expr.Expr { return a.Le(b) },
	"ge":       func(a, b expr.Expr) expr.Expr { return a.Lt(b) },
	"is_null":  func(a, _ expr.Expr) expr.Expr { return a.NotNull() },
	"not_null": func(a, _ expr.Expr) expr.Expr { return a.IsNull() },
}

func simplifyNot(e expr.Expr) expr.Expr {
	a := e.Arg(0)
	if a.Op() == "not" {
		return a.Arg(0)
	}
	if flip, ok := opposite[a.Op()]; ok {
		var second expr.Expr
		if a.NumArgs() > 1 {
			second = a.Arg(1)
		}
		return rebind(e, flip(a.Arg(0), second))
	}
	if a.Op() == "or" { // not (x or y) is not x and not y: conjuncts can be pushed apart
		parts := flatten(a, "or")
		for i, p := range parts {
			parts[i] = simplify(rebind(e, p.Not()))
		}
		return rebind(e, parts[0].And(parts[1:]...))
	}
	return e
}

func simplifyIn(e expr.Expr) expr.Expr {
	values := e.Args()[1:]
	var kept []expr.Expr
	for _, v := range values {
		if !slices.ContainsFunc(kept, func(k expr.Expr) bool { return expr.Equal(k, v) }) {
			kept = append(kept, v)
		}
	}
	switch {
	case len(kept) == 1:
		return simplify(rebind(e, e.Arg(0).Eq(kept[0])))
	case len(kept) == len(values):
		return e
	}
	return e.WithArgs(append([]expr.Expr{e.Arg(0)}, kept...)...)
}

func simplifyBetween(e expr.Expr) expr.Expr {
	lo, hi := e.Arg(1), e.Arg(2)
	if _, ok := lo.Literal(); ok && expr.Equal(lo, hi) {
		return simplify(rebind(e, e.Arg(0).Eq(lo)))
	}
	return e
}

func simplifyIf(e expr.Expr) expr.Expr {
	switch v, null, ok := literalBool(e.Arg(0)); {
	case ok && v && !null:
		return sameType(e, e.Arg(1))
	case ok:
		return sameType(e, e.Arg(2))
	case expr.Equal(e.Arg(1), e.Arg(2)):
		return sameType(e, e.Arg(1))
	}
	return e
}

// simplifyCoalesce drops nulls, and what stands behind a literal.
func simplifyCoalesce(e expr.Expr) expr.Expr {
	var kept []expr.Expr
	for _, a := range e.Args() {
		if isNullLiteral(a) {
			continue
		}
		kept = append(kept, a)
		if _, ok := a.Literal(); ok {
			break
		}
	}
	switch {
	case len(kept) == 0:
		return e
	case len(kept) == 1:
		return sameType(e, kept[0])
	case len(kept) == e.NumArgs():
		return e
	}
	return e.WithArgs(kept...)
}

// sameType returns the part of e that it comes to, unless that has another type.
func sameType(e, part expr.Expr) expr.Expr {
	if e.Type() == nil || part.Type() == nil || !arrow.TypeEqual(e.Type(), part.Type()) {
		return e
	}
	return part.Unalias()
}
