package plan

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// Window appends columns that are computed of the rows around each row; Exprs are bound window calls, named.
type Window struct {
	Input  Node
	Exprs  []expr.Expr
	schema *arrow.Schema
}

// NewWindow appends window functions, each of exprs a call of one.
func NewWindow(in Node, exprs ...expr.Expr) (Node, error) {
	if err := checkInputs("Window", in); err != nil {
		return nil, err
	}
	bound, err := bindNamed("Window", in, exprs)
	if err != nil {
		return nil, err
	}
	for _, b := range bound {
		if !b.IsWindow() {
			return nil, planFault("Window", "%s is no window function", b.Unalias())
		}
		if hasColumn(in.Schema(), b.Name()) {
			return nil, planFault("Window", "column %q is there already", b.Name())
		}
	}
	return window(in, bound), nil
}

func window(in Node, exprs []expr.Expr) *Window {
	fields := append([]arrow.Field{}, in.Schema().Fields()...)
	for _, e := range exprs {
		fields = append(fields, expr.Field(e))
	}
	return &Window{Input: in, Exprs: exprs, schema: arrow.NewSchema(fields, nil)}
}

// Schema implements Node.
func (n *Window) Schema() *arrow.Schema { return n.schema }

// Inputs implements Node.
func (n *Window) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *Window) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node { return window(in, n.Exprs) })
}

func (n *Window) label() string { return "Window " + joinExprs(n.Exprs) }

// liftWindows puts a Window below expressions that hold window functions, each different one once, and returns the expressions over
// its columns. Where there are none it returns its arguments.
func liftWindows(op string, in Node, exprs []expr.Expr) (Node, []expr.Expr, error) {
	l := lifter{taken: in.Schema(), prefix: "__window_"}
	out := make([]expr.Expr, len(exprs))
	for i, e := range exprs {
		if out[i] = e; e.Contains()&expr.ContainsWindow != 0 {
			out[i] = l.lift(e, expr.Expr.IsWindow).As(e.Name())
		}
	}
	if len(l.calls) == 0 {
		return in, exprs, nil
	}
	below := window(in, l.calls)
	for i, e := range out {
		b, err := expr.Bind(e, below.Schema())
		if err != nil {
			return nil, nil, opFault(op, err)
		}
		out[i] = b
	}
	return below, out, nil
}

// lifter takes calls out of expressions and puts columns in their place.
type lifter struct {
	calls  []expr.Expr
	taken  *arrow.Schema // whose names the columns must not have
	prefix string
}

// lift replaces the topmost parts of e that are calls.
func (l *lifter) lift(e expr.Expr, isCall func(expr.Expr) bool) expr.Expr {
	if isCall(e) {
		return l.column(e)
	}
	args := e.Args()
	for i, a := range args {
		args[i] = l.lift(a, isCall)
	}
	return e.WithArgs(args...)
}

func (l *lifter) column(call expr.Expr) expr.Expr {
	for _, c := range l.calls {
		if expr.Equal(c, call) {
			return expr.Col(c.Name())
		}
	}
	name := fmt.Sprint(l.prefix, len(l.calls))
	for hasColumn(l.taken, name) {
		name = "_" + name
	}
	l.calls = append(l.calls, call.As(name))
	return expr.Col(name)
}
