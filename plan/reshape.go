package plan

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// Explode gives a row for every element of the list columns Cols, which go in step.
type Explode struct {
	Input  Node
	Cols   []string
	schema *arrow.Schema
}

// NewExplode checks that the columns are lists.
func NewExplode(in Node, cols []string) (Node, error) {
	if len(cols) == 0 {
		return nil, planFault("Explode", "no columns")
	}
	if err := checkColumns("Explode", in.Schema(), cols); err != nil {
		return nil, err
	}
	for _, c := range cols {
		f := in.Schema().Field(in.Schema().FieldIndices(c)[0])
		if _, ok := f.Type.(arrow.ListLikeType); !ok || f.Type.ID() == arrow.MAP {
			return nil, planFault("Explode", "column %q is %s, not a list", c, f.Type)
		}
	}
	return &Explode{Input: in, Cols: cols, schema: explodedSchema(in.Schema(), cols)}, nil
}

// explodedSchema has the elements' types in place of the lists'.
func explodedSchema(s *arrow.Schema, cols []string) *arrow.Schema {
	fields := slices.Clone(s.Fields())
	for i, f := range fields {
		if list, ok := f.Type.(arrow.ListLikeType); ok && slices.Contains(cols, f.Name) {
			fields[i] = arrow.Field{Name: f.Name, Type: list.Elem(), Nullable: true}
		}
	}
	return arrow.NewSchema(fields, nil)
}

// Schema implements Node.
func (n *Explode) Schema() *arrow.Schema { return n.schema }

// Inputs implements Node.
func (n *Explode) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *Explode) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		c.schema = explodedSchema(in.Schema(), n.Cols)
		return &c
	})
}

func (n *Explode) label() string { return "Explode " + join(n.Cols) }

// Unpivot gives a row for every row and column of Cols, with the column's name and value; the other columns are repeated.
type Unpivot struct {
	Input       Node
	Cols        []string
	Name, Value string
	schema      *arrow.Schema
}

// NewUnpivot checks that the columns are of one type.
func NewUnpivot(in Node, cols []string, name, value string) (Node, error) {
	if len(cols) == 0 {
		return nil, planFault("Unpivot", "no columns")
	}
	if err := checkColumns("Unpivot", in.Schema(), cols); err != nil {
		return nil, err
	}
	var first arrow.Field
	for _, f := range in.Schema().Fields() {
		switch {
		case !slices.Contains(cols, f.Name):
		case first.Type == nil:
			first = f
		case !arrow.TypeEqual(first.Type, f.Type):
			f := planFault("Unpivot", "columns %q (%s) and %q (%s) differ in type", first.Name, first.Type, f.Name, f.Type)
			return nil, f.WithHint("Cast one of them")
		}
	}
	schema := unpivotSchema(in.Schema(), cols, name, value)
	seen := map[string]bool{}
	for _, f := range schema.Fields() {
		if seen[f.Name] {
			return nil, planFault("Unpivot", "two columns would be named %q", f.Name)
		}
		seen[f.Name] = true
	}
	return &Unpivot{Input: in, Cols: cols, Name: name, Value: value, schema: schema}, nil
}

// unpivotSchema has the columns that stay, then the name and the value.
func unpivotSchema(s *arrow.Schema, cols []string, name, value string) *arrow.Schema {
	var fields []arrow.Field
	v := arrow.Field{Name: value}
	for _, f := range s.Fields() {
		if !slices.Contains(cols, f.Name) {
			fields = append(fields, f)
			continue
		}
		v.Type, v.Nullable = f.Type, v.Nullable || f.Nullable
	}
	return arrow.NewSchema(append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String}, v), nil)
}

// Schema implements Node.
func (n *Unpivot) Schema() *arrow.Schema { return n.schema }

// Inputs implements Node.
func (n *Unpivot) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *Unpivot) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		c.schema = unpivotSchema(in.Schema(), n.Cols, n.Name, n.Value)
		return &c
	})
}

func (n *Unpivot) label() string { return "Unpivot " + join(n.Cols) }
