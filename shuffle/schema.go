package shuffle

import (
	"hash/crc32"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// column is what the codec knows of a column's type: worked out once an exchange.
type column struct {
	typ   arrow.DataType // logical
	phys  vec.Phys
	width int
	child []column
}

func columnOf(t arrow.DataType) column {
	c := column{typ: vec.Logical(t)}
	c.phys, c.width, _ = vec.PhysOf(c.typ)
	switch t := c.typ.(type) {
	case *arrow.StructType:
		for _, f := range t.Fields() {
			c.child = append(c.child, columnOf(f.Type))
		}
	case *arrow.MapType:
		c.child = []column{columnOf(t.ElemField().Type)}
	case arrow.ListLikeType:
		c.child = []column{columnOf(t.ElemField().Type)}
	}
	return c
}

// schema is an exchange's columns. It is shared by all of an output and immutable.
type schema struct {
	Options
	cols []column
	id   uint32 // equal for equal types: frames carry it
}

func schemaOf(o Options) *schema {
	s := &schema{Options: o, cols: make([]column, len(o.Types))}
	sum := crc32.New(castagnoli)
	for i, t := range o.Types {
		s.cols[i] = columnOf(t)
		_, _ = sum.Write([]byte(s.cols[i].typ.Fingerprint()))
		_, _ = sum.Write([]byte{';'})
	}
	s.id = sum.Sum32()
	return s
}
