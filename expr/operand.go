package expr

import (
	"reflect"
	"strings"
	"time"

	"github.com/sheafdata/sheaf/fault"
)

// zeroFault is the fault of using the zero Expr.
func zeroFault(op string) *fault.Error {
	return fault.New(fault.Plan, op, "a zero Expr is no expression").WithHint("start from expr.Col, expr.Lit or a function")
}

// faulty is an expression that only carries a fault; f gets the place where it has none.
func faulty(f *fault.Error, at site) Expr {
	if f.At == "" {
		f.At = at.String()
	}
	return Expr{n: &node{info: opLit, err: f, site: at}}
}

// scalar builds a node of the operation; the first fault of its arguments sticks.
func scalar(at site, op string, args []Expr, params ...any) Expr {
	info := ops[op]
	for _, a := range args {
		if a.n == nil {
			return faulty(zeroFault(""), at)
		}
	}
	return finish(&node{info: info, args: args, params: params, site: at})
}

// finish computes what a node keeps of those below it: hash, depth, name, contents, fault.
func finish(n *node) Expr {
	n.depth, n.contains, n.err = 0, 0, nil
	eachChild(n, func(c Expr) {
		n.depth = max(n.depth, c.n.depth)
		n.contains |= c.n.contains
		if n.err == nil {
			n.err = c.n.err
		}
	})
	n.depth++
	if n.depth > maxDepth && n.err == nil {
		n.err = fault.New(fault.Plan, "", "an expression is nested more than %d deep", maxDepth)
		n.err.At = n.site.String()
	}
	switch {
	case n.info.Kind == Aggregate && (n.mods == nil || !n.mods.HasOver):
		n.contains |= ContainsAggregate
	case n.info.Kind == Aggregate || n.info.Kind == Window:
		n.contains |= ContainsWindow
	case n.info.Kind == KeyModifier:
		n.contains |= ContainsSortKey
	case n.info == opFunc:
		n.contains |= ContainsFunc
	}
	n.leftmost = n.leftmostName()
	n.hash = n.computeHash()
	return Expr{n: n}
}

// eachChild visits the operands and the expressions in the modifiers.
func eachChild(n *node, visit func(Expr)) {
	for _, a := range n.args {
		visit(a)
	}
	if n.mods == nil {
		return
	}
	if n.mods.Where.n != nil {
		visit(n.mods.Where)
	}
	for _, k := range n.mods.OrderBy {
		visit(k.Expr)
	}
	for _, k := range n.mods.Over {
		visit(k)
	}
}

// leftmostName is the alias, the column's name, or the name of the left-most operand of the value that has one.
func (n *node) leftmostName() string {
	switch {
	case n.alias != "":
		return n.alias
	case n.info == opCol:
		name, _ := n.params[0].(string)
		return name
	}
	args := n.args
	if n.info == opIf {
		args = args[1:]
	}
	for _, a := range args {
		if a.n.leftmost != "" {
			return a.n.leftmost
		}
	}
	return ""
}

// fallbackName names a value without columns after the left-most aggregate, window or user function without operands.
func (n *node) fallbackName() string {
	for len(n.args) > 0 {
		next := n.args[0].n
		for _, a := range n.args {
			if a.n.contains&(ContainsAggregate|ContainsWindow|ContainsFunc) != 0 {
				next = a.n
				break
			}
		}
		n = next
	}
	switch n.info.Kind {
	case Aggregate, Window:
		return n.info.Name
	}
	if n.info == opFunc {
		name, _ := n.params[0].(string)
		return name
	}
	return "literal"
}

// canonical brings Go numbers to int64, uint64 (only above the range of int64) or float64 and keeps the other types of literals.
// Any other type gives nil.
func canonical(v any) any {
	switch x := v.(type) {
	case int:
		return int64(x)
	case int8:
		return int64(x)
	case int16:
		return int64(x)
	case int32:
		return int64(x)
	case int64:
		return x
	case uint:
		return canonicalUint(uint64(x))
	case uint8:
		return int64(x)
	case uint16:
		return int64(x)
	case uint32:
		return int64(x)
	case uint64:
		return canonicalUint(x)
	case float32:
		return float64(x)
	case bool, float64, string, []byte, time.Time, time.Duration:
		return x
	}
	return nil
}

func canonicalUint(x uint64) any {
	if x > 1<<63-1 {
		return x
	}
	return int64(x)
}

// literal is the expression of a Go value; a fault for a type that is no literal.
func literal(v any, at site) Expr {
	if b, ok := v.([]byte); ok {
		v = append([]byte{}, b...) // the user keeps the slice
	}
	if v != nil && canonical(v) == nil {
		f := fault.New(fault.Plan, "", "a Go value of type %T cannot stand in an expression", v)
		return faulty(f.WithHint("%s", literalHint(v)), at)
	}
	return finish(&node{info: opLit, value: v, site: at})
}

// literalHint says what to write instead of a value that is no literal.
func literalHint(v any) string {
	switch v.(type) {
	case StrExpr, TimeExpr, ListExpr:
		return "call one of its methods: Str().Lower(), Dt().Hour(), List().Len()"
	}
	switch reflect.TypeOf(v).Kind() {
	case reflect.Slice, reflect.Array:
		return "only In and Concat take a slice, for its elements"
	case reflect.Pointer:
		return "give the value it points to, or nil for null"
	}
	return "use bool, a number, string, []byte, time.Time, time.Duration or nil"
}

// operand is an Expr, or a Go value as literal.
func operand(v any, at site) Expr {
	e, ok := v.(Expr)
	if !ok {
		return literal(v, at)
	}
	if e.n == nil {
		return faulty(zeroFault(""), at)
	}
	return e
}

// operands does so for several; a slice other than []byte stands for its elements.
func operands(first Expr, vs []any, at site) []Expr {
	out := append(make([]Expr, 0, 1+len(vs)), first)
	for _, v := range vs {
		rv := reflect.ValueOf(v)
		if _, bytes := v.([]byte); bytes || rv.Kind() != reflect.Slice {
			out = append(out, operand(v, at))
			continue
		}
		for i := range rv.Len() {
			out = append(out, operand(rv.Index(i).Interface(), at))
		}
	}
	return out
}

// column is a column given by name or an expression.
func column(v any, at site) Expr {
	switch x := v.(type) {
	case string:
		return colAt(x, at)
	case Expr:
		if x.n == nil {
			return faulty(zeroFault(""), at)
		}
		return x
	}
	return faulty(fault.New(fault.Plan, "", "a column must be a name or an Expr, not a Go value of type %T", v).
		WithHint("wrap a constant in expr.Lit"), at)
}

// columnsOf flattens names, expressions and slices of them.
func columnsOf(vs []any, at site) []Expr {
	out := make([]Expr, 0, len(vs))
	for _, v := range vs {
		switch x := v.(type) {
		case []string:
			for _, name := range x {
				out = append(out, colAt(name, at))
			}
		case []Expr:
			for _, e := range x {
				out = append(out, column(e, at))
			}
		default:
			out = append(out, column(v, at))
		}
	}
	return out
}

// ColumnsOf returns the columns that a user gave as names, expressions, []string or []Expr, in order. The error is the first fault
// among them; the slice is whole in any case.
func ColumnsOf(vs ...any) ([]Expr, error) {
	cols := columnsOf(vs, here())
	for _, c := range cols {
		if err := c.Err(); err != nil {
			return cols, err
		}
	}
	return cols, nil
}

func colAt(name string, at site) Expr {
	return finish(&node{info: opCol, params: []any{strings.Clone(name)}, site: at})
}
