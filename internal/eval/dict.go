package eval

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// overDict is a step over one column. Where that is a dictionary the expression is computed once over its values and a null, and the rows
// are gathered; the result is remembered while the dictionary stays the same. An entry that no row uses may fail where no row does: then,
// and where a large dictionary meets few rows, the rows are computed as if there were no dictionary.
type overDict struct {
	inner *node
	e     expr.Expr
	col   int
	field arrow.Field

	sub    *Program
	of     *vec.Dict
	seen   int // rows met with this dictionary
	state  dictState
	values vec.Vec   // the result for each entry, last for null
	texts  *vec.Dict // values as a dictionary, for text
}

type dictState uint8

const (
	dictUnknown dictState = iota // not computed
	dictReady
	dictFailed // computing failed for some entry
)

// rowsPerEntry is how many dictionary entries a row met so far pays for: below it, entries that no row uses cost more than they save.
const rowsPerEntry = 2

func (d *overDict) run(x *state, act mask) (*vec.Vec, error) {
	col := &x.in.Cols[d.col]
	if col.Dict == nil || x.n == 0 {
		return x.eval(d.inner, act)
	}
	if d.of != col.Dict {
		d.of, d.seen, d.state = col.Dict, 0, dictUnknown
	}
	d.seen += x.n
	if d.state == dictUnknown && d.seen*rowsPerEntry >= d.of.Values.Len {
		d.compute(x)
	}
	if d.state != dictReady {
		return x.eval(d.inner, act)
	}
	return d.gather(x, col), nil
}

// compute runs the expression over the dictionary's values and a null.
func (d *overDict) compute(x *state) {
	d.state = dictFailed
	if d.sub == nil {
		f := d.field
		f.Type = d.of.Values.Type
		c := newCompiler(arrow.NewSchema([]arrow.Field{f}, nil))
		n, err := c.inner(d.e)
		if err != nil {
			return
		}
		d.sub = &Program{roots: []*node{n}}
	}
	b := vec.NewBuilder(d.of.Values.Type)
	b.Append(&d.of.Values)
	b.AppendNulls(1)
	values := b.Vec()
	var out [1]vec.Vec
	if err := d.sub.Run(x.ctx, &vec.Batch{Cols: []vec.Vec{values}, Rows: values.Len}, out[:]); err != nil {
		return
	}
	d.state = dictReady
	d.values, d.texts = out[0], nil
	if d.values.Phys == vec.View {
		own := vec.NewBuilder(d.values.Type) // a Dict outlives the program's memory
		own.Append(&d.values)
		d.texts = &vec.Dict{Values: own.Vec()}
	}
}

// gather returns the results of the rows; text stays a dictionary.
func (d *overDict) gather(x *state, col *vec.Vec) *vec.Vec {
	codes := col.Codes()
	if valid := col.Valid; valid != nil {
		null := uint32(d.of.Values.Len)
		own := vec.Alloc[uint32](&x.s, x.n)
		for i, c := range codes {
			if !bitmap.Get(valid, i) {
				c = null
			}
			own[i] = c
		}
		codes = own
	}
	out := x.vec()
	if d.texts == nil {
		vec.Take(out, &d.values, codes, &x.s)
		return out
	}
	*out = vec.Vec{Type: d.values.Type, Phys: vec.View, Width: 4, Len: x.n, Data: vec.Bytes(codes), Dict: d.texts}
	out.Valid = out.Nulls(&x.s)
	return out
}
