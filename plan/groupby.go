package plan

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// GroupBy gives a row a group of equal keys: the keys, then the aggregates. Without keys it gives one row, also for no rows.
type GroupBy struct {
	Input Node
	// Keys are bound scalars, named; Aggs are bound aggregate calls, Where and OrderBy included, named.
	Keys, Aggs []expr.Expr
	// DropNullKeys leaves out rows in which a key is null; else null is a group.
	DropNullKeys bool
	schema       *arrow.Schema
}

// NewGroupBy groups by keys; each of aggs must be a call of an aggregate itself. NewAgg takes also arithmetic over them.
func NewGroupBy(in Node, keys, aggs []expr.Expr, dropNullKeys bool) (Node, error) {
	boundKeys, err := bindKeys(in, keys)
	if err != nil {
		return nil, err
	}
	boundAggs := make([]expr.Expr, len(aggs))
	for i, a := range aggs {
		if boundAggs[i], err = expr.Bind(a, in.Schema()); err != nil {
			return nil, opFault("Agg", err)
		}
		if !boundAggs[i].IsAggregate() {
			return nil, planFault("Agg", "%s is no aggregate", a)
		}
	}
	schema, err := schemaOf("Agg", append(append([]expr.Expr{}, boundKeys...), boundAggs...))
	if err != nil {
		return nil, err
	}
	if dropNullKeys {
		schema = notNull(schema, len(keys))
	}
	return &GroupBy{Input: in, Keys: boundKeys, Aggs: boundAggs, DropNullKeys: dropNullKeys, schema: schema}, nil
}

// notNull is the schema with its first n columns never null.
func notNull(s *arrow.Schema, n int) *arrow.Schema {
	fields := append([]arrow.Field{}, s.Fields()...)
	for i := range n {
		fields[i].Nullable = false
	}
	return arrow.NewSchema(fields, nil)
}

// CheckKeys reports the fault that grouping by the keys would have.
func CheckKeys(in Node, keys []expr.Expr) error {
	_, err := bindKeys(in, keys)
	return err
}

func bindKeys(in Node, keys []expr.Expr) ([]expr.Expr, error) {
	if err := checkInputs("GroupBy", in); err != nil {
		return nil, err
	}
	bound := make([]expr.Expr, len(keys))
	for i, k := range keys {
		var err error
		if bound[i], err = bindScalar("GroupBy", k, in.Schema()); err != nil {
			return nil, err
		}
		if id := bound[i].Type().ID(); id == arrow.MAP || id == arrow.SPARSE_UNION || id == arrow.DENSE_UNION {
			return nil, planFault("GroupBy", "%s of type %s cannot be a key", bound[i], bound[i].Type())
		}
	}
	_, err := schemaOf("GroupBy", bound)
	return bound, err
}

// NewAgg groups by keys and computes expressions over aggregates, keys and literals. Where one is more than the call of an aggregate,
// a Project above the GroupBy computes it. A column outside an aggregate must be a key, by its name or its expression.
func NewAgg(in Node, keys, exprs []expr.Expr, dropNullKeys bool) (Node, error) {
	boundKeys, err := bindKeys(in, keys)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 && len(exprs) == 0 {
		return nil, planFault("Agg", "there are neither keys nor aggregates")
	}
	pure := true
	for _, e := range exprs {
		if err := e.Err(); err != nil {
			return nil, opFault("Agg", err)
		}
		if w := firstCall(e, expr.Expr.IsWindow); !w.IsZero() {
			f := planFault("Agg", "the window function %s cannot stand in Agg", w.Unalias())
			f.At = w.At()
			return nil, f.WithHint("compute it with With, before or after")
		}
		pure = pure && e.IsAggregate()
	}
	if pure {
		return NewGroupBy(in, keys, exprs, dropNullKeys)
	}
	return aggOver(in, keys, boundKeys, exprs, dropNullKeys)
}

// aggOver computes the aggregates under names of their own, then the expressions over them.
func aggOver(in Node, keys, boundKeys, exprs []expr.Expr, dropNullKeys bool) (Node, error) {
	keySchema, err := schemaOf("GroupBy", boundKeys)
	if err != nil {
		return nil, err
	}
	l := lifter{taken: keySchema, prefix: "__agg_"}
	out := make([]expr.Expr, 0, len(keys)+len(exprs))
	for _, k := range boundKeys {
		out = append(out, expr.Col(k.Name()))
	}
	for _, e := range exprs {
		out = append(out, l.lift(keyColumns(e, keys), expr.Expr.IsAggregate).As(e.Name()))
	}
	group, err := NewGroupBy(in, keys, l.calls, dropNullKeys)
	if err != nil {
		return nil, err
	}
	for _, e := range out[len(keys):] {
		if err := onlyKeys(e, in, group); err != nil {
			return nil, err
		}
	}
	return newProject("Agg", group, out)
}

// keyColumns replaces what equals a key, outside aggregates, by the key's column.
func keyColumns(e expr.Expr, keys []expr.Expr) expr.Expr {
	for _, k := range keys {
		if expr.Equal(e, k) {
			return expr.Col(k.Name())
		}
	}
	if e.IsAggregate() || e.NumArgs() == 0 {
		return e
	}
	args := e.Args()
	for i := range args {
		args[i] = keyColumns(args[i], keys)
	}
	return e.WithArgs(args...)
}

// onlyKeys refuses columns that are neither keys nor inside aggregates.
func onlyKeys(e expr.Expr, in, group Node) error {
	for _, name := range e.Columns() {
		if hasColumn(group.Schema(), name) || !hasColumn(in.Schema(), name) {
			continue
		}
		col := firstCall(e, func(x expr.Expr) bool { n, ok := x.ColumnName(); return ok && n == name })
		f := fault.New(fault.Plan, "", "column %q stands in Agg outside an aggregate and is no key", name)
		f.At = col.At()
		return opFault("Agg", f.WithHint("group by it, or take First(%q)", name))
	}
	return nil
}

// Schema implements Node.
func (n *GroupBy) Schema() *arrow.Schema { return n.schema }

// Inputs implements Node.
func (n *GroupBy) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *GroupBy) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		return &c
	})
}

func (n *GroupBy) label() string {
	l := "GroupBy " + joinExprs(n.Keys)
	if len(n.Keys) == 0 {
		l = "GroupBy nothing"
	}
	if n.DropNullKeys {
		l += " (null keys dropped)"
	}
	return l + ": " + joinExprs(n.Aggs)
}
