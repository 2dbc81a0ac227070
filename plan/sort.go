package plan

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// SortKey is one key of an order: nulls are last in both directions unless NullsFirst.
type SortKey = expr.SortKey

// Sort orders rows by its keys, bound; rows of equal keys keep their order.
type Sort struct {
	Input Node
	Keys  []SortKey
}

// NewSort binds the keys, of which there must be one at least.
func NewSort(in Node, keys ...SortKey) (Node, error) {
	if err := checkInputs("Sort", in); err != nil {
		return nil, err
	}
	plain := make([]expr.Expr, len(keys))
	for i, k := range keys {
		var err error
		if plain[i], err = bindRow("Sort", k.Expr, in.Schema()); err != nil {
			return nil, err
		}
	}
	below, plain, err := liftWindows("Sort", in, plain)
	if err != nil {
		return nil, err
	}
	keys = slices.Clone(keys)
	for i := range keys {
		keys[i].Expr = plain[i]
	}
	bound, err := sortKeys(below.Schema(), keys)
	if err != nil {
		return nil, err
	}
	var out Node = &Sort{Input: below, Keys: bound}
	if below != in {
		return NewProject(out, Cols(in.Schema())...)
	}
	return out, nil
}

// sortKeys binds keys, none of them a window function.
func sortKeys(s *arrow.Schema, keys []SortKey) ([]SortKey, error) {
	if len(keys) == 0 {
		return nil, planFault("Sort", "no keys").WithHint("name the columns to sort by")
	}
	bound := make([]SortKey, len(keys))
	for i, k := range keys {
		e, err := bindScalar("Sort", k.Expr, s)
		if err != nil {
			return nil, err
		}
		if !expr.Orderable(e.Type()) {
			return nil, at(planFault("Sort", "%s of type %s has no order", e.Unalias(), e.Type()), e).WithHint("sort by its fields or elements")
		}
		bound[i] = SortKey{Expr: e, Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return bound, nil
}

// Schema implements Node.
func (n *Sort) Schema() *arrow.Schema { return n.Input.Schema() }

// Inputs implements Node.
func (n *Sort) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *Sort) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		return &c
	})
}

func (n *Sort) label() string { return "Sort " + joinKeys(n.Keys) }

// TopK is a Sort of which only rows [Offset, Offset+N) are given.
type TopK struct {
	Input     Node
	Keys      []SortKey
	N, Offset int64
}

// NewTopK binds the keys; n and offset must not be negative.
func NewTopK(in Node, keys []SortKey, n, offset int64) (Node, error) {
	bound, err := sortKeys(in.Schema(), keys)
	if err != nil {
		return nil, err
	}
	if n < 0 || offset < 0 {
		return nil, fault.New(fault.Internal, "TopK", "negative bounds %d, %d", n, offset)
	}
	return &TopK{Input: in, Keys: bound, N: n, Offset: offset}, nil
}

// Schema implements Node.
func (n *TopK) Schema() *arrow.Schema { return n.Input.Schema() }

// Inputs implements Node.
func (n *TopK) Inputs() []Node { return []Node{n.Input} }

// WithInputs implements Node.
func (n *TopK) WithInputs(in ...Node) Node {
	return swap(n, in, func(in Node) Node {
		c := *n
		c.Input = in
		return &c
	})
}

func (n *TopK) label() string { return "TopK " + bounds(n.N, n.Offset) + " by " + joinKeys(n.Keys) }
