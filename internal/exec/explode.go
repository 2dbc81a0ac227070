package exec

import (
	"context"
	"slices"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/plan"
)

// explodeStep gives a row for every element of list columns, which go in step: a shorter list is filled up with nulls, and a row whose
// lists are all empty or null gives one row of nulls. The other columns are repeated.
type explodeStep struct {
	link
	lists []int // columns of the input
	live  []int // columns read downstream
	in    []vec.Vec
	rows  []uint32   // of the output: rows of the input
	elems [][]uint32 // of the output, by list: elements, or NoRow
	// Of a row of the input: where its elements begin in each list, and how many there are.
	from, size []int
	// wide measures the columns that are repeated, and bytes is what the rows of the output have in them.
	wide  []vec.Measure
	bytes int64

	out     vec.Batch
	scratch vec.Scratch // of decoded lists
	mem     vec.Scratch // of out
}

func (c *compiler) explode(n *plan.Explode, l link, need columns) (step, columns, error) {
	schema := n.Input.Schema()
	s := &explodeStep{link: l, lists: columnsAt(schema, n.Cols), live: need.list()}
	s.in = make([]vec.Vec, len(s.lists))
	s.elems = make([][]uint32, len(s.lists))
	s.from, s.size = make([]int, len(s.lists)), make([]int, len(s.lists))
	s.out.Cols = make([]vec.Vec, schema.NumFields())
	need = slices.Clone(need)
	for _, at := range s.lists {
		need[at] = true
	}
	return s, need, nil
}

func (s *explodeStep) push(ctx context.Context, b *vec.Batch) error {
	s.scratch.Reset()
	for k, at := range s.lists {
		vec.Decode(&s.in[k], &b.Cols[at], &s.scratch)
	}
	s.wide = s.wide[:0]
	for _, c := range s.live {
		if m := vec.MeasureOf(&b.Cols[c]); m.Widest > 0 && !slices.Contains(s.lists, c) {
			s.wide = append(s.wide, m)
		}
	}
	for i := range b.Rows {
		width := int64(1)
		for k := range s.wide {
			width += s.wide[k].Row(i)
		}
		for at, n := 0, s.measure(i); at < n; { // a long list goes in pieces
			take := min(n-at, batchRows-len(s.rows), max(1, int((wideBytes-s.bytes)/width)))
			s.add(uint32(i), at, take)
			s.bytes += int64(take) * width
			at += take
			if len(s.rows) == batchRows || s.bytes >= wideBytes {
				if err := s.flush(ctx, b); err != nil {
					return err
				}
			}
		}
	}
	return s.flush(ctx, b)
}

// measure finds the elements of row i and returns how many rows they give.
func (s *explodeStep) measure(i int) int {
	n := 1
	for k := range s.in {
		v := &s.in[k]
		s.from[k], s.size[k] = 0, 0
		if v.Phys == vec.Null || v.Valid != nil && !bitmap.Get(v.Valid, i) {
			continue
		}
		s.from[k], s.size[k] = int(v.Offs[i]), int(v.Offs[i+1]-v.Offs[i])
		n = max(n, s.size[k])
	}
	return n
}

// add appends n rows of row i, whose elements at and later they hold.
func (s *explodeStep) add(i uint32, at, n int) {
	for range n {
		s.rows = append(s.rows, i)
	}
	for k := range s.elems {
		e := s.elems[k]
		for j := at; j < at+n; j++ {
			if j < s.size[k] {
				e = append(e, uint32(s.from[k]+j))
			} else {
				e = append(e, vec.NoRow)
			}
		}
		s.elems[k] = e
	}
}

func (s *explodeStep) flush(ctx context.Context, b *vec.Batch) error {
	if len(s.rows) == 0 {
		return nil
	}
	s.mem.Reset()
	for _, c := range s.live {
		k := slices.Index(s.lists, c)
		switch {
		case k < 0:
			vec.Take(&s.out.Cols[c], &b.Cols[c], s.rows, &s.mem)
		case len(s.in[k].Child) == 0:
			s.out.Cols[c] = vec.Vec{Phys: vec.Null, Len: len(s.rows)}
		default:
			vec.TakeOpt(&s.out.Cols[c], &s.in[k].Child[0], s.elems[k], &s.mem)
		}
	}
	s.out.Rows, s.out.Seq = len(s.rows), b.Seq
	s.rows, s.bytes = s.rows[:0], 0
	for k := range s.elems {
		s.elems[k] = s.elems[k][:0]
	}
	return s.link.push(ctx, &s.out)
}
