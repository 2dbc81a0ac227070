package rowenc

import (
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Decoder reads encoded rows back into columns: Append for each row, then Columns.
type Decoder struct {
	cols []column
	rows int
}

// NewDecoder returns a Decoder of rows of the given types.
func NewDecoder(types []arrow.DataType) *Decoder {
	d := &Decoder{cols: make([]column, len(types))}
	for i, t := range types {
		d.cols[i] = newColumn(t)
	}
	return d
}

// Append reads one row. An error means that the bytes are not of Encode with these types; the Decoder is then of no more use.
func (d *Decoder) Append(row []byte) error {
	ok := true
	for c := range d.cols {
		if row, ok = d.cols[c].read(row); !ok {
			return damaged()
		}
	}
	if len(row) != 0 {
		return damaged()
	}
	d.rows++
	return nil
}

func damaged() error { return fault.New(fault.Internal, "", "rowenc: encoded row is damaged") }

// Columns returns the columns of the rows so far, over the Decoder's memory: good until the next Append.
func (d *Decoder) Columns() []vec.Vec {
	out := make([]vec.Vec, len(d.cols))
	for c := range d.cols {
		out[c] = d.cols[c].vec()
	}
	return out
}

// column gathers decoded values.
type column struct {
	t     arrow.DataType
	phys  vec.Phys
	width int
	n     int
	nulls bool
	valid []uint64
	data  []byte   // fixed-width values
	words []uint64 // Bool
	heads []vec.ViewHeader
	bufs  [][]byte
	offs  []int32
	child []column
}

// maxBuf is where a text buffer ends and the next begins: offsets in view headers have 32 bits.
const maxBuf = 1 << 30

func newColumn(t arrow.DataType) column {
	t = vec.Logical(t)
	phys, width, _ := vec.PhysOf(t)
	c := column{t: t, phys: phys, width: width}
	switch phys {
	case vec.List:
		c.offs = []int32{0}
		c.child = []column{newColumn(t.(arrow.ListLikeType).Elem())}
	case vec.Struct:
		for _, f := range t.(*arrow.StructType).Fields() {
			c.child = append(c.child, newColumn(f.Type))
		}
	}
	return c
}

// read takes one value off b.
func (c *column) read(b []byte) (rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	i := c.n
	c.n++
	if i&63 == 0 {
		c.valid = append(c.valid, 0)
	}
	tag := b[0]
	b = b[1:]
	if tag == 0 {
		c.nulls = true
		c.null(i)
		return b, true
	}
	c.valid[i>>6] |= 1 << (uint(i) & 63)
	return c.value(i, b)
}

// null appends the place of a null.
func (c *column) null(i int) {
	switch c.phys {
	case vec.Null:
	case vec.Bool:
		c.bit(i, 0)
	case vec.View:
		c.heads = append(c.heads, vec.ViewHeader{})
	case vec.List:
		c.offs = append(c.offs, c.offs[i])
	case vec.Struct:
		for k := range c.child {
			c.child[k].read([]byte{0})
		}
	default:
		c.data = append(c.data, make([]byte, c.width)...)
	}
}

func (c *column) bit(i int, b byte) {
	if i&63 == 0 {
		c.words = append(c.words, 0)
	}
	c.words[i>>6] |= uint64(b&1) << (uint(i) & 63)
}

func (c *column) value(i int, b []byte) (rest []byte, ok bool) {
	switch c.phys {
	case vec.Null:
		return nil, false
	case vec.Bool:
		if len(b) == 0 {
			return nil, false
		}
		c.bit(i, b[0])
		return b[1:], true
	case vec.View:
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return nil, false
		}
		c.text(b[k : k+int(n)])
		return b[k+int(n):], true
	case vec.List:
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) { // an element takes a byte at least
			return nil, false
		}
		b = b[k:]
		for range n {
			if b, ok = c.child[0].read(b); !ok {
				return nil, false
			}
		}
		c.offs = append(c.offs, int32(c.child[0].n))
		return b, true
	case vec.Struct:
		for k := range c.child {
			if b, ok = c.child[k].read(b); !ok {
				return nil, false
			}
		}
		return b, true
	}
	if len(b) < c.width {
		return nil, false
	}
	c.data = append(c.data, b[:c.width]...)
	return b[c.width:], true
}

func (c *column) text(b []byte) {
	if len(b) <= vec.InlineLen {
		c.heads = append(c.heads, vec.Inline(b))
		return
	}
	if k := len(c.bufs) - 1; k < 0 || len(c.bufs[k])+len(b) > maxBuf {
		c.bufs = append(c.bufs, nil)
	}
	k := len(c.bufs) - 1
	c.heads = append(c.heads, vec.Long(b, uint32(k), uint32(len(c.bufs[k]))))
	c.bufs[k] = append(c.bufs[k], b...)
}

func (c *column) vec() vec.Vec {
	v := vec.Vec{Type: c.t, Phys: c.phys, Width: c.width, Len: c.n, Data: c.data}
	if c.nulls {
		v.Valid = c.valid
	}
	switch c.phys {
	case vec.Bool:
		v.Data = vec.Bytes(c.words)
	case vec.View:
		v.Data, v.Bufs = vec.Bytes(c.heads), c.bufs
	case vec.List:
		v.Offs, v.Child = c.offs, []vec.Vec{c.child[0].vec()}
	case vec.Struct:
		for k := range c.child {
			v.Child = append(v.Child, c.child[k].vec())
		}
	}
	if v.Phys == vec.Null {
		v.Valid = nil
	}
	return v
}
