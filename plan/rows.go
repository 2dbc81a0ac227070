package plan

import (
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// Filter keeps the rows for which Pred, bound, is true; null is not true.
type Filter struct {
	Input Node
	Pred  expr.Expr
}

// NewFilter keeps the rows for which all predicates are true. Each is a Filter of its own, so that an error of a later one counts only
// for rows that the earlier ones keep. Window functions in them are computed below.
func NewFilter(in Node, preds ...expr.Expr) (Node, error) {
	if err := checkInputs("Filter", in); err != nil {
		return nil, err
	}
	bound := make([]expr.Expr, len(preds))
	for i, p := range preds {
		b, err := bindRow("Filter", p, in.Schema())
		if err != nil {
			return nil, err
		}
		if bound[i], err = condition("Filter", b); err != nil {
			return nil, err
		}
	}
	below, bound, err := liftWindows("Filter", in, bound)
	if err != nil {
		return nil, err
	}
	out := below
	for _, b := range bound {
		out = &Filter{Input: out, Pred: b}
	}
	if below != in {
		return NewProject(out, Cols(in.Schema())...)
	}
	return out, nil
}

// condition checks that a bound expression is bool.
func condition(op string, b expr.Expr) (expr.Expr, error) {
	if id := b.Type().ID(); id != arrow.BOOL && id != arrow.NULL {
		f := planFault(op, "%s takes a condition, but %s is %s", op, b.Unalias(), b.Type())
		return b, at(f, b).WithHint("write a comparison such as Gt(0) or NotNull()")
	}
	return expr.CastTo(b, arrow.FixedWidthTypes.Boolean), nil
}

// Schema implements Node.
func (n *Filter) Schema() *arrow.Schema { return n.Input.Schema() }

// Inputs implements Node.
func (n *Filter) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *Filter) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		return &c
	})
}

func (n *Filter) label() string { return "Filter " + n.Pred.Unalias().String() }

// Project computes columns: Exprs are bound scalars, named.
type Project struct {
	Input  Node
	Exprs  []expr.Expr
	schema *arrow.Schema
}

// NewProject gives the columns and nothing else; two of one name are a fault. Window functions in them are computed below.
func NewProject(in Node, exprs ...expr.Expr) (Node, error) { return newProject("Select", in, exprs) }

func newProject(op string, in Node, exprs []expr.Expr) (Node, error) {
	if err := checkInputs(op, in); err != nil {
		return nil, err
	}
	bound := make([]expr.Expr, len(exprs))
	for i, e := range exprs {
		var err error
		if bound[i], err = bindRow(op, e, in.Schema()); err != nil {
			return nil, err
		}
	}
	below, bound, err := liftWindows(op, in, bound)
	if err != nil {
		return nil, err
	}
	schema, err := schemaOf(op, bound)
	if err != nil {
		return nil, err
	}
	return &Project{Input: below, Exprs: bound, schema: schema}, nil
}

// Schema implements Node.
func (n *Project) Schema() *arrow.Schema { return n.schema }

// Inputs implements Node.
func (n *Project) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *Project) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		return &c
	})
}

func (n *Project) label() string { return "Project " + joinExprs(n.Exprs) }

// Limit gives rows [Offset, Offset+N) of its input; a negative N is no bound.
type Limit struct {
	Input     Node
	N, Offset int64
}

// NewLimit checks the bounds: offset must not be negative.
func NewLimit(in Node, n, offset int64) (Node, error) {
	if offset < 0 {
		return nil, planFault("Offset", "a negative number of rows: %d", offset)
	}
	return &Limit{Input: in, N: n, Offset: offset}, nil
}

// Schema implements Node.
func (n *Limit) Schema() *arrow.Schema { return n.Input.Schema() }

// Inputs implements Node.
func (n *Limit) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *Limit) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		return &c
	})
}

func (n *Limit) label() string { return "Limit " + bounds(n.N, n.Offset) }

// bounds prints a range of rows.
func bounds(n, offset int64) string {
	s := "all"
	if n >= 0 {
		s = strconv.FormatInt(n, 10)
	}
	if offset > 0 {
		s += " after " + strconv.FormatInt(offset, 10)
	}
	return s
}

// Distinct gives one row of each that are equal in Cols (none: in all columns), nulls equal to nulls: the first in its place, or with
// Last the last.
type Distinct struct {
	Input Node
	Cols  []string
	Last  bool
}

// NewDistinct checks the columns.
func NewDistinct(in Node, cols []string, last bool) (Node, error) {
	if err := checkColumns("Distinct", in.Schema(), cols); err != nil {
		return nil, err
	}
	return &Distinct{Input: in, Cols: cols, Last: last}, nil
}

// Schema implements Node.
func (n *Distinct) Schema() *arrow.Schema { return n.Input.Schema() }

// Inputs implements Node.
func (n *Distinct) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *Distinct) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		return &c
	})
}

func (n *Distinct) label() string {
	l := "Distinct"
	if n.Last {
		l += " last"
	}
	if len(n.Cols) > 0 {
		l += " " + join(n.Cols)
	}
	return l
}
