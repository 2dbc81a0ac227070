package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
)

// Concat gives the rows of its inputs one after the other. All have the same columns, in the same order and of the same types.
type Concat struct{ Ins []Node }

// NewConcat matches the inputs' columns by name and brings them into the order of the first.
func NewConcat(ins []Node) (Node, error) {
	if len(ins) == 0 {
		return nil, planFault("Concat", "no frames")
	}
	first := ins[0].Schema()
	all := []Node{ins[0]}
	for i, in := range ins[1:] {
		if err := sameColumns(first, in.Schema(), i+2); err != nil {
			return nil, err
		}
		ordered, err := inOrder(in, names(first))
		if err != nil {
			return nil, err
		}
		all = append(all, ordered)
	}
	return &Concat{Ins: all}, nil
}

// sameColumns says how the columns of frame number i differ from those of the first.
func sameColumns(first, s *arrow.Schema, i int) error {
	for _, f := range first.Fields() {
		idx := s.FieldIndices(f.Name)
		if len(idx) == 0 {
			return planFault("Concat", "frame %d has no column %q, which the first has", i, f.Name).WithHint("use Union with UnionByName")
		}
		if got := s.Field(idx[0]).Type; !arrow.TypeEqual(expr.ValueType(got), expr.ValueType(f.Type)) {
			return planFault("Concat", "column %q is %s in frame %d and %s in the first", f.Name, got, i, f.Type).WithHint("Cast one of them, or use Union with PromoteTypes")
		}
	}
	for _, f := range s.Fields() {
		if !hasColumn(first, f.Name) {
			return planFault("Concat", "frame %d has a column %q, which the first lacks", i, f.Name).WithHint("use Union with UnionByName")
		}
	}
	return nil
}

// inOrder selects columns in the order given, where they are not in it already.
func inOrder(n Node, order []string) (Node, error) {
	if fmt.Sprint(names(n.Schema())) == fmt.Sprint(order) {
		return n, nil
	}
	exprs := make([]expr.Expr, len(order))
	for i, c := range order {
		exprs[i] = expr.Col(c)
	}
	return NewProject(n, exprs...)
}

// Schema implements Node: that of the first input, nullable where any is.
func (n *Concat) Schema() *arrow.Schema {
	fields := append([]arrow.Field{}, n.Ins[0].Schema().Fields()...)
	for _, in := range n.Ins[1:] {
		for i, f := range in.Schema().Fields() {
			fields[i].Nullable = fields[i].Nullable || f.Nullable
		}
	}
	return arrow.NewSchema(fields, nil)
}

// Inputs implements Node.
func (n *Concat) Inputs() []Node { return n.Ins }

// WithInputs implements Node.
func (n *Concat) WithInputs(in ...Node) Node {
	count(n, in, len(n.Ins))
	if slices.Equal(n.Ins, in) {
		return n
	}
	return &Concat{Ins: slices.Clone(in)}
}

func (n *Concat) label() string { return fmt.Sprintf("Concat %d", len(n.Ins)) }

// passing is what nodes share that give the rows of their one input unchanged.
type passing struct{ Input Node }

// Schema implements Node.
func (n *passing) Schema() *arrow.Schema { return n.Input.Schema() }

// Inputs implements Node.
func (n *passing) Inputs() []Node { return []Node{n.Input} }

// Cache marks rows that several read and that are computed once.
type Cache struct{ passing }

// NewCache returns a Cache.
func NewCache(in Node) *Cache { return &Cache{passing{in}} }

// WithInputs implements Node.
func (n *Cache) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node { return NewCache(in) })
}

func (n *Cache) label() string { return "Cache" }

// RepartitionSpec says how rows are to be arranged in parts; it never changes the answer.
type RepartitionSpec struct {
	Parts       int
	Rows, Bytes int64
	By          []string
}

// Repartition arranges rows in other parts.
type Repartition struct {
	passing
	Spec RepartitionSpec
}

// NewRepartition checks the columns of By.
func NewRepartition(in Node, spec RepartitionSpec) (Node, error) {
	if err := checkColumns("Repartition", in.Schema(), spec.By); err != nil {
		return nil, err
	}
	if spec.Parts < 0 || spec.Rows < 0 || spec.Bytes < 0 {
		return nil, planFault("Repartition", "negative sizes")
	}
	return &Repartition{passing{in}, spec}, nil
}

// WithInputs implements Node.
func (n *Repartition) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node { return &Repartition{passing{in}, n.Spec} })
}

func (n *Repartition) label() string { return fmt.Sprintf("Repartition %+v", n.Spec) }

// Write gives its input's rows to a sink; it has no rows itself.
type Write struct {
	passing
	Sink partition.Sink
}

// NewWrite returns a Write.
func NewWrite(in Node, sink partition.Sink) *Write { return &Write{passing{in}, sink} }

// WithInputs implements Node.
func (n *Write) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node { return NewWrite(in, n.Sink) })
}

func (n *Write) label() string { return fmt.Sprintf("Write %T", n.Sink) }

// BatchFunc is a user function from record batch to record batch.
type BatchFunc = func(ctx context.Context, in arrow.RecordBatch) (arrow.RecordBatch, error)

// MapBatches gives what a user function makes of its input's batches.
type MapBatches struct {
	Input     Node
	OutSchema *arrow.Schema
	Fn        BatchFunc
	Name      string // the function's symbol
	// Adapter names what makes Fn of the function named Name in another process: see RegisterAdapter; "" where Fn cannot leave this one.
	Adapter string
}

// NewMapBatches returns a MapBatches whose function gives batches of the schema.
func NewMapBatches(in Node, out *arrow.Schema, fn BatchFunc, name string) (Node, error) {
	if out == nil || fn == nil {
		return nil, planFault("MapBatches", "the schema or the function is nil")
	}
	return &MapBatches{Input: in, OutSchema: out, Fn: fn, Name: name}, nil
}

// Schema implements Node.
func (n *MapBatches) Schema() *arrow.Schema { return n.OutSchema }

// Inputs implements Node.
func (n *MapBatches) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *MapBatches) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		return &c
	})
}

func (n *MapBatches) label() string { return "MapBatches " + n.Name }
