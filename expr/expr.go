// Package expr holds expression trees over the columns of a frame: columns, literals, operators, functions, aggregates and
// window functions, with their types, user functions and a wire form.
//
// It says what is to be computed and checks that it can be (Bind); it must not evaluate anything. It imports fault, Arrow's types
// and protowire only.
//
//	share := expr.Col("tip_amount").Div(expr.Col("fare_amount")).As("share")
//	bound, err := expr.Bind(share, schema) // err names the column or the types that do not fit, with the user's file:line
//	fmt.Println(bound.Type())              // float64
package expr

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// Expr is an immutable expression; methods return new ones. It may be shared by goroutines. Two of them cannot be compared with ==
// (see Equal). The zero Expr is no expression: IsZero says so, and using it is a fault that shows at plan time.
//
// An Expr is unbound as the user writes it, and bound after Bind: then it has a type, its literals are adapted to their
// neighbours, and all conversions stand in it as casts.
type Expr struct {
	_ [0]func()
	n *node
}

// node is one immutable operation of a tree. Trees share nodes.
type node struct {
	info   *Info
	args   []Expr
	params []any
	mods   *Mods  // nil: none
	alias  string // name given by As, "" none

	// value of a literal: as the user gave it while unbound, physical (see Physical) when bound.
	value any
	// typ is nil while unbound; field is the schema's field of a bound column.
	typ   arrow.DataType
	field *arrow.Field

	err      *fault.Error // the first fault of this node or one below
	site     site
	hash     uint64
	leftmost string // name of the left-most column or alias below, "" none
	depth    int32
	contains Contains
	nullable bool
	implicit bool // a cast that Bind inserted
}

// Contains says which kinds of operation an expression holds, modifiers included.
type Contains uint8

// What an expression can contain, as bits.
const (
	ContainsAggregate Contains = 1 << iota // an aggregate without Over
	ContainsWindow                         // a window function, or an aggregate with Over
	ContainsFunc                           // a user function
	ContainsSortKey                        // Desc or NullsFirst
)

// maxDepth bounds the height of a tree, so that walks by recursion never exhaust the stack.
const maxDepth = 5000

// IsZero says whether e is the zero Expr.
func (e Expr) IsZero() bool { return e.n == nil }

// Op names the operation: "col", "lit", else the method's or function's name in snake case ("eq", "is_null", "count_of"). Methods
// of Str, Dt and List carry a prefix ("str_contains", "dt_hour", "list_len"); a user function is "func" with its name as first of
// Params. It is "" for the zero Expr.
func (e Expr) Op() string {
	if e.n == nil {
		return ""
	}
	return e.n.info.Name
}

// Info returns the row of the operation table for e's operation; the zero Info for the zero Expr.
func (e Expr) Info() Info {
	if e.n == nil {
		return Info{}
	}
	return *e.n.info
}

// Args returns the operands in order. In a comparison of a bound expression with a literal the literal is Args()[1].
func (e Expr) Args() []Expr {
	if e.n == nil {
		return nil
	}
	return slices.Clone(e.n.args)
}

// NumArgs returns the number of operands; Arg returns one of them without copying.
func (e Expr) NumArgs() int {
	if e.n == nil {
		return 0
	}
	return len(e.n.args)
}

// Arg returns the operand at i.
func (e Expr) Arg(i int) Expr { return e.n.args[i] }

// Params returns what of the operation is no expression: the name of a column, patterns, digits, layouts, zones, units, the type of
// a cast, q of a quantile. Each is a string, int64, float64, bool or arrow.DataType; Info says which.
func (e Expr) Params() []any {
	if e.n == nil {
		return nil
	}
	return slices.Clone(e.n.params)
}

// NumParams returns the number of Params.
func (e Expr) NumParams() int {
	if e.n == nil {
		return 0
	}
	return len(e.n.params)
}

// Param returns the parameter at i, nil where there is none.
func (e Expr) Param(i int) any {
	if e.n == nil || i >= len(e.n.params) {
		return nil
	}
	return e.n.params[i]
}

// Name returns the name of the output column: given by As, else of the left-most column of the value, else of the aggregate or
// window function ("count"), else "literal".
func (e Expr) Name() string {
	switch {
	case e.n == nil:
		return ""
	case e.n.leftmost != "":
		return e.n.leftmost
	}
	return e.n.fallbackName()
}

// Alias returns the name given by As, "" where there is none. Bind gives every expression an alias.
func (e Expr) Alias() string {
	if e.n == nil {
		return ""
	}
	return e.n.alias
}

// ColumnName returns the name of the column that e is, whatever its alias; ok is false where e is anything else.
func (e Expr) ColumnName() (name string, ok bool) {
	if e.n == nil || e.n.info != opCol {
		return "", false
	}
	name, ok = e.n.params[0].(string)
	return name, ok
}

// Columns returns the names of the columns that e reads, modifiers included, each once, in order of first appearance.
func (e Expr) Columns() []string {
	var names []string
	seen := map[string]bool{}
	Walk(e, func(x Expr) bool {
		if name, ok := x.ColumnName(); ok && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
		return true
	})
	return names
}

// Conjuncts returns the predicates that must all be true for e to be true: the operands of And, flattened; else e alone. The zero
// Expr has none.
func (e Expr) Conjuncts() []Expr {
	if e.n == nil {
		return nil
	}
	if e.n.info != opAnd {
		return []Expr{e}
	}
	var all []Expr
	for _, a := range e.n.args {
		all = append(all, a.Conjuncts()...)
	}
	return all
}

// And joins predicates, bound where all of them are: the zero Expr for none, the predicate itself for one. Zero predicates are left out.
func And(preds ...Expr) Expr {
	var all []Expr
	for _, p := range preds {
		all = append(all, p.Conjuncts()...)
	}
	switch len(all) {
	case 0:
		return Expr{}
	case 1:
		return all[0]
	}
	n := &node{info: opAnd, args: all, typ: boolType, site: all[0].n.site}
	for _, p := range all {
		n.nullable = n.nullable || p.n.nullable
		if p.n.typ == nil {
			n.typ = nil
		}
	}
	return finish(n)
}

// Mods returns the modifiers of an aggregate or window function; the zero Mods where there are none.
func (e Expr) Mods() Mods {
	if e.n == nil || e.n.mods == nil {
		return Mods{}
	}
	return *e.n.mods
}

// Err returns the fault that building e met, nil if there is none. Bind returns it too.
func (e Expr) Err() error {
	switch {
	case e.n == nil:
		return zeroFault("")
	case e.n.err != nil:
		return e.n.err
	}
	return nil
}

// At returns the file:line of the user's code that built e, "" where it is not known.
func (e Expr) At() string {
	if e.n == nil {
		return ""
	}
	return e.n.site.String()
}

// Type returns the type of a bound expression, nil while unbound. It is the type of values: of a dictionary the type of its values,
// of any text utf8, of any binary but the fixed-size binary. Field gives the type of the output column.
func (e Expr) Type() arrow.DataType {
	if e.n == nil {
		return nil
	}
	return e.n.typ
}

// Nullable says whether a bound expression can be null.
func (e Expr) Nullable() bool { return e.n != nil && e.n.nullable }

// IsBound says whether e has been through Bind.
func (e Expr) IsBound() bool { return e.n != nil && e.n.typ != nil }

// Implicit says whether e is a cast that Bind inserted.
func (e Expr) Implicit() bool { return e.n != nil && e.n.implicit }

// Contains says which kinds of operation e holds, at any depth.
func (e Expr) Contains() Contains {
	if e.n == nil {
		return 0
	}
	return e.n.contains
}

// IsAggregate says whether e itself is an aggregate call (not arithmetic over one) without Over.
func (e Expr) IsAggregate() bool {
	return e.n != nil && e.n.info.Kind == Aggregate && !e.Mods().HasOver
}

// IsWindow says whether e itself is a window function call or an aggregate with Over.
func (e Expr) IsWindow() bool {
	return e.n != nil && (e.n.info.Kind == Window || e.n.info.Kind == Aggregate && e.Mods().HasOver)
}

// Field returns name, type and nullability of the output column of a bound expression. A bare column keeps the type and metadata
// that it has in the schema.
func Field(e Expr) arrow.Field {
	if e.n == nil {
		return arrow.Field{}
	}
	if e.n.field != nil {
		f := *e.n.field
		f.Name = e.Name()
		return f
	}
	return arrow.Field{Name: e.Name(), Type: e.n.typ, Nullable: e.n.nullable}
}
