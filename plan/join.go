package plan

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// JoinKind says which rows a join gives.
type JoinKind int

// The kinds of join.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
	Cross
)

// String returns the kind's name.
func (k JoinKind) String() string {
	if k < Inner || k > Cross {
		return "unknown"
	}
	return [...]string{"Inner", "Left", "Right", "Full", "Semi", "Anti", "Cross"}[k]
}

// JoinColumn is a column of the right side and the name it has in the joined row.
type JoinColumn struct{ Name, As string }

// Join matches the rows of two inputs by equal keys. Its columns are LeftOut of the left and RightOut of the right side, as they are
// named there, so that columns can be pruned below it without changing names; Semi and Anti have those of the left side only.
type Join struct {
	Left, Right Node
	Kind        JoinKind
	// LeftKeys and RightKeys are bound over their sides, pair by pair of one type.
	LeftKeys, RightKeys []expr.Expr
	// Residual, bound on the joined row, must hold as well; zero is none.
	Residual expr.Expr
	LeftOut  []string
	RightOut []JoinColumn
	schema   *arrow.Schema
}

// JoinSpec is a join as the user gives it.
type JoinSpec struct {
	Kind JoinKind
	// Using are columns that both sides have; they are kept once.
	Using []string
	// LeftOn and RightOn are further pairs of keys; their columns all stay.
	LeftOn, RightOn []expr.Expr
	// Residual are conditions on the joined row.
	Residual []expr.Expr
	// Suffix distinguishes right columns whose name the left side has: "" is "_right".
	Suffix string
}

// NewJoin checks and binds a join and names its columns.
func NewJoin(left, right Node, spec JoinSpec) (Node, error) {
	if err := spec.check(left.Schema(), right.Schema()); err != nil {
		return nil, err
	}
	j := &Join{Left: left, Right: right, Kind: spec.Kind, LeftOut: names(left.Schema())}
	for _, u := range spec.Using {
		j.LeftKeys = append(j.LeftKeys, expr.Col(u))
		j.RightKeys = append(j.RightKeys, expr.Col(u))
	}
	j.LeftKeys = append(j.LeftKeys, spec.LeftOn...)
	j.RightKeys = append(j.RightKeys, spec.RightOn...)
	if spec.Kind != Semi && spec.Kind != Anti {
		out, err := spec.rightOut(left.Schema(), right.Schema())
		if err != nil {
			return nil, err
		}
		j.RightOut = out
	}
	j.Residual = expr.And(spec.Residual...)
	return j.bind()
}

func (s *JoinSpec) check(left, right *arrow.Schema) error {
	if s.Kind < Inner || s.Kind > Cross {
		return fault.New(fault.Plan, "Join", "unknown kind of join %d", int(s.Kind))
	}
	conditions := len(s.Using) + len(s.LeftOn) + len(s.Residual)
	if conditions == 0 && s.Kind != Cross {
		return fault.New(fault.Plan, "Join", "no condition").WithHint("give Using(columns), On(left, right) or OnExpr(predicate), or Cross for all pairs")
	}
	if conditions > 0 && s.Kind == Cross {
		return fault.New(fault.Plan, "Join", "a Cross join takes no condition").WithHint("leave Cross out")
	}
	if err := checkColumns("Join", left, s.Using); err != nil {
		return err
	}
	return checkColumns("Join", right, s.Using)
}

// rightOut names the right columns: all but the Using keys, with the suffix where the left side has the name.
func (s *JoinSpec) rightOut(left, right *arrow.Schema) ([]JoinColumn, error) {
	suffix := s.Suffix
	if suffix == "" {
		suffix = "_right"
	}
	taken := map[string]bool{}
	for _, n := range names(left) {
		taken[n] = true
	}
	var out []JoinColumn
	for _, n := range names(right) {
		if slices.Contains(s.Using, n) {
			continue
		}
		as := n
		if taken[as] {
			as += suffix
		}
		if taken[as] {
			return nil, fault.New(fault.Plan, "Join", "two columns would be named %q", as).WithHint("give another Suffix, or rename one")
		}
		taken[as] = true
		out = append(out, JoinColumn{Name: n, As: as})
	}
	return out, nil
}

// WithColumns returns the join giving only some of its columns, left and right by their own names.
func (n *Join) WithColumns(leftOut []string, rightOut []JoinColumn) (Node, error) {
	c := *n
	c.LeftOut, c.RightOut = leftOut, rightOut
	return c.bind()
}

// bind binds keys and residual, brings each pair of keys to one type, and derives the schema.
func (n *Join) bind() (Node, error) {
	c := *n
	c.LeftKeys, c.RightKeys = slices.Clone(n.LeftKeys), slices.Clone(n.RightKeys)
	for i := range c.LeftKeys {
		l, err := bindScalar("Join", c.LeftKeys[i], c.Left.Schema())
		if err != nil {
			return nil, err
		}
		r, err := bindScalar("Join", c.RightKeys[i], c.Right.Schema())
		if err != nil {
			return nil, err
		}
		if c.LeftKeys[i], c.RightKeys[i], err = sameType(l, r); err != nil {
			return nil, err
		}
	}
	schema, err := c.columns()
	if err != nil {
		return nil, err
	}
	c.schema = schema
	if !c.Residual.IsZero() {
		joined, err := c.joined()
		if err != nil {
			return nil, err
		}
		if c.Residual, err = bindScalar("Join", c.Residual, joined); err != nil {
			return nil, err
		}
	}
	return &c, nil
}

// sameType brings a pair of keys to one type, or says that they do not compare.
func sameType(l, r expr.Expr) (expr.Expr, expr.Expr, error) {
	lt, rt := expr.ValueType(l.Type()), expr.ValueType(r.Type())
	pair := arrow.NewSchema([]arrow.Field{{Name: "l", Type: lt, Nullable: true}, {Name: "r", Type: rt, Nullable: true}}, nil)
	both, err := expr.Bind(expr.Coalesce(expr.Col("l"), expr.Col("r")), pair)
	if err != nil {
		f := fault.New(fault.Type, "Join", "the keys %s (%s) and %s (%s) do not compare", l, lt, r, rt)
		f.At = l.At()
		return l, r, f.WithHint("Cast one of them")
	}
	t := both.Type()
	return expr.CastTo(l, t), expr.CastTo(r, t), nil
}

// columns derives the schema of the joined row.
func (n *Join) columns() (*arrow.Schema, error) {
	var fields []arrow.Field
	add := func(s *arrow.Schema, name, as string, nullable bool) error {
		idx := s.FieldIndices(name)
		if len(idx) == 0 {
			return fault.New(fault.Internal, "Join", "column %q not found", name)
		}
		f := s.Field(idx[0])
		f.Name, f.Nullable = as, f.Nullable || nullable
		fields = append(fields, f)
		return nil
	}
	for _, name := range n.LeftOut {
		if err := add(n.Left.Schema(), name, name, n.Kind == Right || n.Kind == Full); err != nil {
			return nil, err
		}
	}
	if n.Kind == Semi || n.Kind == Anti {
		return arrow.NewSchema(fields, nil), nil
	}
	for _, c := range n.RightOut {
		if err := add(n.Right.Schema(), c.Name, c.As, n.Kind == Left || n.Kind == Full); err != nil {
			return nil, err
		}
	}
	return arrow.NewSchema(fields, nil), nil
}

// joined is the schema that conditions on the joined row see: in Semi and Anti joins, too, both sides.
func (n *Join) joined() (*arrow.Schema, error) {
	if n.Kind != Semi && n.Kind != Anti {
		return n.schema, nil
	}
	spec := JoinSpec{}
	out, err := spec.rightOut(n.Left.Schema(), n.Right.Schema())
	if err != nil {
		return nil, err
	}
	c := *n
	c.Kind, c.RightOut = Inner, out
	return c.columns()
}

// Schema implements Node.
func (n *Join) Schema() *arrow.Schema { return n.schema }

// Inputs implements Node.
func (n *Join) Inputs() []Node { return []Node{n.Left, n.Right} }

// WithInputs implements Node.
func (n *Join) WithInputs(in ...Node) (Node, error) {
	if err := wantInputs(n, in, 2); err != nil {
		return nil, err
	}
	if sameInputs(n, in) {
		return n, nil
	}
	c := *n
	c.Left, c.Right = in[0], in[1]
	return c.bind()
}

func (n *Join) label() string {
	l := n.Kind.String() + " join"
	for i := range n.LeftKeys {
		sep := ", "
		if i == 0 {
			sep = " on "
		}
		l += sep + n.LeftKeys[i].String() + " = " + n.RightKeys[i].String()
	}
	if !n.Residual.IsZero() {
		l += " and " + n.Residual.String()
	}
	return l
}
