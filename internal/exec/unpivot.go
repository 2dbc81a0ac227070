package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/plan"
)

// unpivotStep gives a row for every row and column of some: the other columns repeated, the column's name and its value.
type unpivotStep struct {
	link
	from []int // columns of the input that become rows
	// keep are columns of the input that are repeated, to where they go in the output; -1 where nobody reads them.
	keep, to    []int
	name, value int // columns of the output, -1 where nobody reads them
	names       *vec.Dict
	values      *vec.Builder
	rows, codes []uint32
	places      []uint32 // in values

	out     vec.Batch
	scratch vec.Scratch
}

func (c *compiler) unpivot(n *plan.Unpivot, l link, need columns) (step, columns, error) {
	schema := n.Input.Schema()
	s := &unpivotStep{link: l, from: columnsAt(schema, n.Cols), name: -1, value: -1}
	in := make(columns, schema.NumFields())
	at := 0
	for i := range schema.NumFields() {
		if slices.Contains(s.from, i) {
			continue
		}
		if need[at] {
			s.keep, s.to = append(s.keep, i), append(s.to, at)
			in[i] = true
		}
		at++
	}
	if need[at] {
		s.name = at
		b := vec.NewBuilder(arrow.BinaryTypes.String)
		for _, c := range n.Cols {
			heads := []vec.ViewHeader{{}}
			v := vec.Vec{Type: b.Type(), Phys: vec.View, Width: 16, Len: 1}
			if len(c) <= vec.InlineLen {
				heads[0] = vec.Inline([]byte(c))
			} else {
				heads[0], v.Bufs = vec.Long([]byte(c), 0, 0), [][]byte{[]byte(c)}
			}
			v.Data = vec.Bytes(heads)
			b.Append(&v)
		}
		s.names = &vec.Dict{Values: b.Vec()}
	}
	if need[at+1] {
		s.value = at + 1
		s.values = vec.NewBuilder(schema.Field(s.from[0]).Type)
		for _, i := range s.from {
			in[i] = true
		}
	}
	s.out.Cols = make([]vec.Vec, at+2)
	return s, in, nil
}

func (s *unpivotStep) push(ctx context.Context, b *vec.Batch) error {
	step := max(1, batchRows/len(s.from))
	for at := 0; at < b.Rows; at += step {
		if err := s.some(ctx, b, at, min(step, b.Rows-at)); err != nil {
			return err
		}
	}
	return nil
}

// some pushes what n rows from row at on give.
func (s *unpivotStep) some(ctx context.Context, b *vec.Batch, at, n int) error {
	s.scratch.Reset()
	s.rows, s.codes, s.places = s.rows[:0], s.codes[:0], s.places[:0]
	for i := range n {
		for c := range s.from {
			s.rows = append(s.rows, uint32(at+i))
			s.codes = append(s.codes, uint32(c))
			s.places = append(s.places, uint32(c*n+i))
		}
	}
	for k, from := range s.keep {
		vec.Take(&s.out.Cols[s.to[k]], &b.Cols[from], s.rows, &s.scratch)
	}
	if s.name >= 0 {
		s.out.Cols[s.name] = vec.Vec{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 4, Len: len(s.codes), Data: vec.Bytes(s.codes), Dict: s.names}
	}
	if s.value >= 0 { // the columns below each other, then picked row by row
		s.values.Reset()
		for _, c := range s.from {
			s.values.AppendRange(&b.Cols[c], at, n)
		}
		all := s.values.Vec()
		vec.Take(&s.out.Cols[s.value], &all, s.places, &s.scratch)
	}
	s.out.Rows, s.out.Seq = len(s.rows), b.Seq
	return s.link.push(ctx, &s.out)
}
