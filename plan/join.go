package plan

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
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

// Join matches the rows of two inputs by equal keys; null never matches. Its columns are LeftOut of the left and RightOut of the right
// side, as they are named there, so that columns can be pruned below it without changing names; Semi and Anti have those of the left
// side only.
type Join struct {
	Left, Right Node
	Kind        JoinKind
	// LeftKeys and RightKeys are bound over their sides, pair by pair of one type; none in a Cross join or with Residual alone. In a
	// join with AsOf the last pair is the ordered one and the others are equal.
	LeftKeys, RightKeys []expr.Expr
	// AsOf says how far the right row of the last pair of keys is looked for; nil is a join by equal keys alone.
	AsOf *AsOf
	// Residual must hold as well for a pair of rows to match; zero is none. It is bound to the columns of the left side by their
	// names and those of the right side as RightNames says.
	Residual   expr.Expr
	RightNames []JoinColumn
	LeftOut    []string
	RightOut   []JoinColumn
	// Merged are the columns of LeftOut that stand for a key of both sides (Using): in rows without a left side a Right or Full join
	// takes them from the right one, where they have the same name.
	Merged []string
	schema *arrow.Schema
}

// JoinSpec is a join as the user gives it.
type JoinSpec struct {
	Kind JoinKind
	// Using are columns that both sides have; they are kept once.
	Using []string
	// LeftOn and RightOn are further pairs of keys; their columns all stay.
	LeftOn, RightOn []expr.Expr
	// Residual are conditions on the joined row; equalities of a left with a right value among them become keys.
	Residual []expr.Expr
	// AsOf matches each left row with the nearest right one; nil is none.
	AsOf *AsOfSpec
	// Suffix distinguishes right columns whose name the left side has: "" is "_right".
	Suffix string
}

// NewJoin checks and binds a join and names its columns.
func NewJoin(left, right Node, spec JoinSpec) (Node, error) {
	if err := checkInputs("Join", left, right); err != nil {
		return nil, err
	}
	if err := spec.check(left.Schema(), right.Schema()); err != nil {
		return nil, err
	}
	left, right, err := spec.widen(left, right)
	if err != nil {
		return nil, err
	}
	j := &Join{Left: left, Right: right, Kind: spec.Kind, LeftOut: names(left.Schema())}
	for _, u := range spec.Using {
		if err := j.addKey(expr.Col(u), expr.Col(u)); err != nil {
			return nil, err
		}
		j.Merged = append(j.Merged, u)
	}
	for i := range spec.LeftOn {
		if err := j.addKey(spec.LeftOn[i], spec.RightOn[i]); err != nil {
			return nil, err
		}
	}
	if spec.AsOf != nil {
		if err := j.addAsOf(spec.AsOf); err != nil {
			return nil, err
		}
	}
	if j.RightNames, err = spec.rightOut(left.Schema(), right.Schema()); err != nil {
		return nil, err
	}
	if !j.leftOnly() {
		j.RightOut = j.RightNames
	}
	if err := j.addConditions(spec.Residual); err != nil {
		return nil, err
	}
	if j.Residual.IsZero() {
		j.RightNames = nil
	}
	j.schema = j.columns()
	return j, nil
}

func (n *Join) leftOnly() bool { return n.Kind == Semi || n.Kind == Anti }

func (s *JoinSpec) check(left, right *arrow.Schema) error {
	if s.Kind < Inner || s.Kind > Cross {
		return planFault("Join", "unknown kind of join %d", int(s.Kind))
	}
	if len(s.LeftOn) != len(s.RightOn) {
		return planFault("Join", "%d left keys, %d right ones", len(s.LeftOn), len(s.RightOn))
	}
	conditions := len(s.Using) + len(s.LeftOn) + len(s.Residual)
	if s.AsOf != nil {
		conditions++
	}
	if conditions == 0 && s.Kind != Cross {
		return planFault("Join", "no condition").WithHint("give Using(columns), On(left, right) or OnExpr(predicate), or Cross for all pairs")
	}
	if conditions > 0 && s.Kind == Cross {
		return planFault("Join", "a Cross join takes no condition").WithHint("leave Cross out")
	}
	if s.AsOf != nil {
		if err := s.checkAsOf(); err != nil {
			return err
		}
	}
	if err := checkColumns("Join", left, s.Using); err != nil {
		return err
	}
	return checkColumns("Join", right, s.Using)
}

// widen casts the columns of Using to one type on both sides where the join takes them from either: Right and Full.
func (s *JoinSpec) widen(left, right Node) (Node, Node, error) {
	if s.Kind != Right && s.Kind != Full {
		return left, right, nil
	}
	var l, r []expr.Expr
	for _, u := range s.Using {
		a, b := field(left.Schema(), u, u, false).Type, field(right.Schema(), u, u, false).Type
		t, ok := expr.CommonType(a, b)
		if !ok || arrow.TypeEqual(a, b) {
			continue // addKey has the fault
		}
		if !arrow.TypeEqual(a, t) {
			l = append(l, expr.Col(u).Cast(t).As(u))
		}
		if !arrow.TypeEqual(b, t) {
			r = append(r, expr.Col(u).Cast(t).As(u))
		}
	}
	var err error
	if len(l) > 0 {
		if left, err = NewWith(left, l...); err != nil {
			return nil, nil, err
		}
	}
	if len(r) > 0 {
		right, err = NewWith(right, r...)
	}
	return left, right, err
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
		if hasColumn(left, n) {
			as += suffix
		}
		if taken[as] {
			return nil, planFault("Join", "two columns would be named %q", as).WithHint("give another Suffix, or rename one")
		}
		taken[as] = true
		out = append(out, JoinColumn{Name: n, As: as})
	}
	return out, nil
}

// addKey binds a pair of keys and brings it to one type.
func (n *Join) addKey(l, r expr.Expr) error {
	lb, err := bindScalar("Join", l, n.Left.Schema())
	if err != nil {
		return err
	}
	rb, err := bindScalar("Join", r, n.Right.Schema())
	if err != nil {
		return err
	}
	t, ok := expr.CommonType(lb.Type(), rb.Type())
	if !ok {
		f := planFault("Join", "the keys %s (%s) and %s (%s) do not compare", lb.Unalias(), lb.Type(), rb.Unalias(), rb.Type())
		return at(f, l).WithHint("Cast one of them")
	}
	if arrow.IsNested(t.ID()) && t.ID() != arrow.STRUCT {
		return planFault("Join", "%s of type %s cannot be a key", lb.Unalias(), t)
	}
	n.LeftKeys = append(n.LeftKeys, expr.CastTo(lb, t))
	n.RightKeys = append(n.RightKeys, expr.CastTo(rb, t))
	return nil
}

// addConditions binds conditions on the joined row: equalities of the two sides become keys, the rest is the residual.
func (n *Join) addConditions(preds []expr.Expr) error {
	joined := n.Joined()
	for _, p := range preds {
		b, err := bindScalar("Join", p, joined)
		if err != nil {
			return err
		}
		if b, err = condition("Join", b); err != nil {
			return err
		}
		for _, c := range b.Conjuncts() {
			if l, r, ok := n.sides(c); ok && n.addKey(l, r) == nil {
				continue
			}
			n.Residual = expr.And(n.Residual, c)
		}
	}
	return nil
}

// sides splits an equality of a left with a right value. What can fail stays a condition, because as a key it would be computed for rows
// that never met.
func (n *Join) sides(c expr.Expr) (l, r expr.Expr, ok bool) {
	if c.Op() != "eq" || c.CanFail() || n.AsOf != nil {
		return l, r, false
	}
	a, b := c.Arg(0), c.Arg(1)
	switch {
	case n.isLeft(a) && n.isRight(b):
	case n.isRight(a) && n.isLeft(b):
		a, b = b, a
	default:
		return l, r, false
	}
	r, err := expr.Transform(b, func(x expr.Expr) (expr.Expr, error) {
		if name, isCol := x.ColumnName(); isCol {
			return expr.Col(n.rightName(name)), nil
		}
		return x, nil
	})
	return a, r, err == nil
}

func (n *Join) isLeft(e expr.Expr) bool {
	cols := e.Columns()
	return len(cols) > 0 && !slices.ContainsFunc(cols, func(c string) bool { return !hasColumn(n.Left.Schema(), c) })
}

func (n *Join) isRight(e expr.Expr) bool {
	cols := e.Columns()
	return len(cols) > 0 && !slices.ContainsFunc(cols, func(c string) bool { return n.rightName(c) == "" })
}

// rightName is the right column that has a name in the joined row, "" where there is none.
func (n *Join) rightName(joined string) string {
	for _, c := range n.RightNames {
		if c.As == joined {
			return c.Name
		}
	}
	return ""
}

// Joined is the schema that conditions on the joined row see: both sides whole, whatever the kind.
func (n *Join) Joined() *arrow.Schema {
	fields := slices.Clone(n.Left.Schema().Fields())
	for _, c := range n.RightNames {
		fields = append(fields, field(n.Right.Schema(), c.Name, c.As, false))
	}
	return arrow.NewSchema(fields, nil)
}

// field is a column of the schema under another name.
func field(s *arrow.Schema, name, as string, nullable bool) arrow.Field {
	f := s.Field(s.FieldIndices(name)[0])
	f.Name, f.Nullable = as, f.Nullable || nullable
	return f
}

// WithColumns returns the join giving only some of its columns, left and right by their own names.
func (n *Join) WithColumns(leftOut []string, rightOut []JoinColumn) (Node, error) {
	if err := checkColumns("Join", n.Left.Schema(), leftOut); err != nil {
		return nil, err
	}
	for _, c := range rightOut {
		if err := checkColumns("Join", n.Right.Schema(), []string{c.Name}); err != nil {
			return nil, err
		}
	}
	c := *n
	c.LeftOut, c.RightOut = slices.Clone(leftOut), slices.Clone(rightOut)
	c.Merged = slices.DeleteFunc(slices.Clone(n.Merged), func(m string) bool { return !slices.Contains(leftOut, m) })
	c.schema = c.columns()
	return &c, nil
}

// columns derives the schema of the joined row.
func (n *Join) columns() *arrow.Schema {
	var fields []arrow.Field
	outer := n.Kind == Right || n.Kind == Full
	for _, name := range n.LeftOut {
		f := field(n.Left.Schema(), name, name, outer)
		if outer && slices.Contains(n.Merged, name) {
			f = n.mergedField(name)
		}
		fields = append(fields, f)
	}
	if n.leftOnly() {
		return arrow.NewSchema(fields, nil)
	}
	for _, c := range n.RightOut {
		fields = append(fields, field(n.Right.Schema(), c.Name, c.As, n.Kind == Left || n.Kind == Full))
	}
	return arrow.NewSchema(fields, nil)
}

// mergedField is a key column that takes values of both sides: of the type that both are compared in.
func (n *Join) mergedField(name string) arrow.Field {
	l, r := field(n.Left.Schema(), name, name, false), field(n.Right.Schema(), name, name, false)
	if !arrow.TypeEqual(l.Type, r.Type) {
		if t, ok := expr.CommonType(l.Type, r.Type); ok {
			l.Type = t
		}
	}
	l.Nullable = l.Nullable || r.Nullable
	return l
}

// Schema implements Node.
func (n *Join) Schema() *arrow.Schema { return n.schema }

// Inputs implements Node.
func (n *Join) Inputs() []Node { return []Node{n.Left, n.Right} }

// WithInputs implements Node.
func (n *Join) WithInputs(in ...Node) Node {
	count(n, in, 2)
	if n.Left == in[0] && n.Right == in[1] {
		return n
	}
	c := *n
	c.Left, c.Right = in[0], in[1]
	c.schema = c.columns()
	return &c
}

func (n *Join) label() string {
	l := n.Kind.String() + " join"
	if n.AsOf != nil {
		l = n.Kind.String() + " as-of join"
	}
	for i := range n.LeftKeys {
		sep := ", "
		if i == 0 {
			sep = " on "
		}
		l += sep + n.LeftKeys[i].String() + n.comparison(i) + n.RightKeys[i].String()
	}
	if n.AsOf != nil {
		l += n.AsOf.within()
	}
	if !n.Residual.IsZero() {
		l += " and " + n.Residual.String()
	}
	return l
}
