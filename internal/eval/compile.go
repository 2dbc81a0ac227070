package eval

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// compiler makes steps, each expression once.
type compiler struct {
	in     *arrow.Schema
	fields map[string]int
	steps  map[uint64][]*node // by hash of the expression
	dicts  map[uint64][]*node // the same for steps that look for a dictionary
}

func newCompiler(in *arrow.Schema) *compiler {
	c := &compiler{in: in, fields: map[string]int{}, steps: map[uint64][]*node{}, dicts: map[uint64][]*node{}}
	for i, f := range in.Fields() {
		if _, taken := c.fields[f.Name]; !taken {
			c.fields[f.Name] = i
		}
	}
	return c
}

func (c *compiler) root(e expr.Expr) (*node, error) {
	if !e.IsBound() {
		var err error
		if e, err = expr.Bind(e, c.in); err != nil {
			return nil, err
		}
	}
	return c.outer(e)
}

// outer compiles e as what may stand above all dictionaries: e itself where it reads one column, else its operands so.
func (c *compiler) outer(e expr.Expr) (*node, error) {
	e = e.Unalias()
	if e.NumArgs() == 0 {
		return c.step(e, c.outer)
	}
	cols := e.Columns()
	if len(cols) != 1 {
		return c.step(e, c.outer)
	}
	if n := find(c.dicts, e); n != nil {
		return n, nil
	}
	inner, err := c.step(e, c.inner)
	if err != nil {
		return nil, err
	}
	if inner.isLit() {
		return inner, nil
	}
	col := c.fields[cols[0]]
	n := &node{e: e, typ: inner.typ, phys: inner.phys, args: []*node{inner}, masked: inner.masked, col: -1, dictOf: col + 1}
	n.run = (&overDict{inner: inner, e: e, col: col, field: c.in.Field(col)}).run
	keep(c.dicts, e, n)
	return n, nil
}

// inner compiles e as what stands below a step that looks for a dictionary itself.
func (c *compiler) inner(e expr.Expr) (*node, error) { return c.step(e.Unalias(), c.inner) }

func find(steps map[uint64][]*node, e expr.Expr) *node {
	for _, n := range steps[expr.Hash(e)] {
		if expr.Equal(n.e, e) {
			return n
		}
	}
	return nil
}

func keep(steps map[uint64][]*node, e expr.Expr, n *node) {
	h := expr.Hash(e)
	steps[h] = append(steps[h], n)
}

// step compiles e, its operands by sub.
func (c *compiler) step(e expr.Expr, sub func(expr.Expr) (*node, error)) (*node, error) {
	// A step over several columns has operands that look for dictionaries, one over a single column has none that do, and which of the two
	// an expression is it says itself: so a step found again has the right operands.
	if n := find(c.steps, e); n != nil {
		return n, nil
	}
	info := e.Info()
	if info.Kind != expr.Leaf && info.Kind != expr.Scalar {
		return nil, fault.New(fault.Plan, info.Call, "%s is no value of a row", e)
	}
	n := &node{e: e, typ: vec.Logical(e.Type()), col: -1}
	var ok bool
	if n.phys, _, ok = vec.PhysOf(n.typ); !ok {
		return nil, unsupported(e)
	}
	for i := range e.NumArgs() {
		a, err := sub(e.Arg(i))
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, a)
		n.masked = n.masked || a.masked
	}
	if len(n.args) > 0 {
		n.masked = n.masked || e.FailsItself()
	}
	if err := c.build(n); err != nil {
		return nil, err
	}
	keep(c.steps, e, n)
	return n, nil
}

// build gives a step its kernel.
func (c *compiler) build(n *node) error {
	op := n.e.Op()
	switch op {
	case "col":
		return c.column(n)
	case "lit":
		return literal(n)
	}
	make, ok := builders[op]
	if !ok {
		return unsupported(n.e)
	}
	if n.e.Info().Nulls == expr.Propagates {
		for _, a := range n.args {
			if a.isNull() {
				n.run = func(x *state, _ mask) (*vec.Vec, error) { return x.nulls(n.typ), nil }
				n.masked = false
				return nil
			}
		}
	}
	run, err := make(n)
	if err != nil {
		return err
	}
	if run == nil {
		return unsupported(n.e)
	}
	n.run = run
	return nil
}

// column passes a column of the batch through.
func (c *compiler) column(n *node) error {
	name, _ := n.e.ColumnName()
	i, ok := c.fields[name]
	if !ok {
		return fault.New(fault.Plan, "", "column %q not found", name)
	}
	n.col = i
	n.run = func(x *state, _ mask) (*vec.Vec, error) {
		v := &x.in.Cols[i]
		if v.Phys == vec.Null && n.phys != vec.Null {
			return x.nulls(n.typ), nil
		}
		return v, nil
	}
	return nil
}

// builder makes the kernel of an operation; a nil runFunc means that it has none for these types.
type builder func(n *node) (runFunc, error)

// builders is filled by init, since the builders of casts refer to it.
var builders map[string]builder

func init() {
	builders = map[string]builder{}
	for _, family := range []map[string]builder{arithmetic, comparisons, logic, conditionals, mathematics, casts, texts, clocks, nested} {
		for op, b := range family {
			builders[op] = b
		}
	}
}
