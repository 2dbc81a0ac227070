package parquetio

import (
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// Arrow writers keep their schema under this key of the file's metadata: an IPC schema message in base64. It knows what Parquet
// cannot say: time zones other than UTC, durations, large strings, lists of a fixed size, decimals of 32 and 64 bits. Those are honoured;
// dictionaries are an encoding and are not.
const arrowSchemaKey = "ARROW:schema"

// arrowHint is what a field of the Arrow schema says beyond Parquet.
type arrowHint struct {
	name     []byte // a view of the message
	typ      byte   // arrowType…
	unit     int16
	zone     string
	size     int // of a fixed-size list
	bits     int // of a decimal
	prec     int
	scale    int
	children []arrowHint
}

// Types of the Arrow schema's flatbuffers.
const (
	arrowDecimal     = 7
	arrowTimestamp   = 10
	arrowFixedList   = 16
	arrowDuration    = 18
	arrowLargeBinary = 19
	arrowLargeUTF8   = 20
)

// applyArrowSchema adapts the columns to the Arrow schema in the metadata. What does not fit or cannot be decoded is left out: the
// Parquet schema alone is enough to read.
func (f *File) applyArrowSchema() {
	text, ok := f.Metadata(arrowSchemaKey)
	if !ok {
		return
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return
	}
	hints := decodeArrowSchema(b)
	if len(hints) != len(f.tree.columns) {
		return
	}
	for i, c := range f.tree.columns {
		if string(hints[i].name) == c.field.Name {
			c.apply(&hints[i])
			c.declared = f.declare(c, &hints[i], true)
		}
	}
}

// declare returns the type of the Arrow schema that a column's arrays can be made of without loss, with lists of a fixed size and small
// decimals; what does not fit stays as it is read. nil is the type that is read.
func (f *File) declare(c *column, h *arrowHint, top bool) arrow.DataType {
	if c.kind == kindLeaf {
		return h.decimal(c.leaf.typ)
	}
	hints := h.children
	if c.kind == kindMap && len(hints) == 1 {
		hints = hints[0].children
	}
	if len(hints) != len(c.children) {
		return nil
	}
	fields := make([]arrow.Field, len(c.children))
	changed := false
	for i, child := range c.children {
		fields[i] = child.field
		if t := f.declare(child, &hints[i], top && c.kind == kindStruct); t != nil {
			fields[i].Type, changed = t, true
		}
	}
	if c.kind == kindList {
		fields[0].Name = "item"
		if h.typ == arrowFixedList && f.fits(c, h.size, top) {
			return arrow.FixedSizeListOfField(int32(h.size), fields[0])
		}
	}
	switch {
	case !changed:
		return nil
	case c.kind == kindStruct:
		return arrow.StructOf(fields...)
	case c.kind == kindList:
		return arrow.ListOfField(fields[0])
	}
	return arrow.MapOfFields(fields[0], fields[1])
}

// decimal returns the small decimal of the hint that holds all values of the type, nil for none.
func (h *arrowHint) decimal(t arrow.DataType) arrow.DataType {
	d, ok := t.(*arrow.Decimal128Type)
	if !ok || h.typ != arrowDecimal || h.prec != int(d.Precision) || h.scale != int(d.Scale) {
		return nil
	}
	switch {
	case h.bits == 32 && d.Precision <= 9:
		return &arrow.Decimal32Type{Precision: d.Precision, Scale: d.Scale}
	case h.bits == 64 && d.Precision <= 18:
		return &arrow.Decimal64Type{Precision: d.Precision, Scale: d.Scale}
	}
	return nil
}

// fits says whether the lists of a column can all have size elements, as far as the footer tells, and whether the elements that null lists
// get in Arrow are in proportion to those in the file.
func (f *File) fits(c *column, size int, top bool) bool {
	const small = 1 << 10
	if size <= 0 || size > math.MaxInt32 {
		return false
	}
	elem := c.children[0]
	if !top || elem.kind != kindLeaf {
		return size <= small
	}
	above := int(elem.leaf.maxDef) - 1 // levels of null lists, and of null structs that they are in
	if elem.field.Nullable {
		above--
	}
	nullable := above > 0
	values, rows := int64(0), int64(0)
	for i := range f.meta.groups {
		g := &f.meta.groups[i]
		if elem.leaf.index >= len(g.cols) || !holdsLists(&g.cols[elem.leaf.index], g.rows, int64(size), nullable) {
			return false
		}
		rows += g.rows
		values += g.cols[elem.leaf.index].numValues
	}
	return size <= small || float64(values) >= float64(rows)*float64(size)/20
}

// holdsLists says whether the values of a chunk can be rows lists of size elements. A null list has one entry in place of size, which counts
// as a null value.
func holdsLists(c *columnChunk, rows, size int64, nullable bool) bool {
	if rows > math.MaxInt64/size {
		return false
	}
	missing := rows*size - c.numValues
	if missing == 0 {
		return true
	}
	if missing < 0 || c.numValues < rows || missing%(size-1) != 0 {
		return false
	}
	lists := missing / (size - 1) // that are null
	return nullable && (!c.stats.hasNulls || lists <= c.stats.nulls)
}

// apply adapts a column and those below it, and makes its type anew.
func (c *column) apply(h *arrowHint) {
	if c.kind == kindLeaf {
		c.leaf.apply(h)
		c.field.Type = c.leaf.typ
		return
	}
	hints := h.children
	if c.kind == kindMap && len(hints) == 1 {
		hints = hints[0].children
	}
	if len(hints) != len(c.children) {
		return
	}
	for i, child := range c.children {
		child.apply(&hints[i])
	}
	switch c.kind {
	case kindStruct:
		fields := make([]arrow.Field, len(c.children))
		for i, child := range c.children {
			fields[i] = child.field
		}
		c.field.Type = arrow.StructOf(fields...)
	case kindList:
		elem := c.children[0].field
		elem.Name = "item"
		c.field.Type = arrow.ListOfField(elem)
	case kindMap:
		c.field.Type = arrow.MapOfFields(c.children[0].field, c.children[1].field)
	}
}

func (l *leaf) apply(h *arrowHint) {
	switch t := l.typ.(type) {
	case *arrow.TimestampType:
		if h.typ == arrowTimestamp && h.zone != "" && (t.TimeZone != "" || l.conv == convInt96) {
			zoned := &arrow.TimestampType{Unit: t.Unit, TimeZone: h.zone}
			if _, err := zoned.GetZone(); err == nil {
				l.typ = zoned
			}
		}
	case *arrow.Int64Type:
		if h.typ == arrowDuration && h.unit >= 0 && h.unit <= int16(arrow.Nanosecond) {
			l.typ = &arrow.DurationType{Unit: arrow.TimeUnit(h.unit)}
		}
	case *arrow.StringType:
		if h.typ == arrowLargeUTF8 {
			l.typ = arrow.BinaryTypes.LargeString
		}
	case *arrow.BinaryType:
		if h.typ == arrowLargeBinary {
			l.typ = arrow.BinaryTypes.LargeBinary
		}
	}
}

// flat buffers: tables are found through offsets, each checked before it is followed; what lies outside reads as absent. The
// number of fields visited is bounded by the message's length, so that shared offsets cannot make a small message large.
type flatbuf struct {
	b    []byte
	left int // fields that may still be visited
}

func (f *flatbuf) u16(p int) int {
	if p < 0 || p+2 > len(f.b) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(f.b[p:]))
}

func (f *flatbuf) u32(p int) int {
	if p < 0 || p+4 > len(f.b) {
		return 0
	}
	return int(binary.LittleEndian.Uint32(f.b[p:]))
}

// field returns where field i of the table at p is, 0 where it is absent.
func (f *flatbuf) field(p, i int) int {
	if p <= 0 || p+4 > len(f.b) {
		return 0
	}
	vtable := p - int(int32(f.u32(p)))
	if vtable < 0 || 4+2*i+2 > f.u16(vtable) {
		return 0
	}
	off := f.u16(vtable + 4 + 2*i)
	if off == 0 || p+off >= len(f.b) {
		return 0
	}
	return p + off
}

// follow returns where the offset at p leads, 0 where p is 0.
func (f *flatbuf) follow(p int) int {
	if p == 0 {
		return 0
	}
	q := p + f.u32(p)
	if q+4 > len(f.b) {
		return 0
	}
	return q
}

func (f *flatbuf) bytes(p int) []byte {
	q := f.follow(p)
	n := f.u32(q)
	if q == 0 || n > len(f.b)-q-4 {
		return nil
	}
	return f.b[q+4 : q+4+n]
}

// int returns the 32-bit field i of the table at p, or what is given where it is absent.
func (f *flatbuf) int(p, i, absent int) int {
	if q := f.field(p, i); q != 0 {
		return int(int32(f.u32(q)))
	}
	return absent
}

func (f *flatbuf) byte(p int) byte {
	if p == 0 {
		return 0
	}
	return f.b[p]
}

// decodeArrowSchema returns the fields of an IPC schema message, nil where it is not one.
func decodeArrowSchema(b []byte) []arrowHint {
	if len(b) >= 4 && binary.LittleEndian.Uint32(b) == 0xffffffff {
		b = b[4:]
	}
	if len(b) < 8 {
		return nil
	}
	f := &flatbuf{b: b[4:], left: len(b) / 8}
	message := f.u32(0)
	const schemaHeader = 1
	if f.byte(f.field(message, 1)) != schemaHeader {
		return nil
	}
	return f.hints(f.field(f.follow(f.field(message, 2)), 1), 0)
}

// hints decodes the vector of fields that the offset at p leads to.
func (f *flatbuf) hints(p, depth int) []arrowHint {
	v := f.follow(p)
	n := f.u32(v)
	if v == 0 || n > f.left || n > (len(f.b)-v-4)/4 || depth > maxSchemaDepth {
		return nil
	}
	f.left -= n
	hints := make([]arrowHint, n)
	for i := range hints {
		t := f.follow(v + 4 + 4*i)
		h := &hints[i]
		h.name = f.bytes(f.field(t, 0))
		h.typ = f.byte(f.field(t, 2))
		typ := f.follow(f.field(t, 3))
		switch h.typ {
		case arrowTimestamp:
			h.zone = clipPath(string(f.bytes(f.field(typ, 1))))
		case arrowFixedList:
			h.size = f.int(typ, 0, 0)
		case arrowDecimal:
			h.prec, h.scale, h.bits = f.int(typ, 0, 0), f.int(typ, 1, 0), f.int(typ, 2, 128)
		case arrowDuration:
			h.unit = int16(arrow.Millisecond)
			if u := f.field(typ, 0); u != 0 {
				h.unit = int16(f.u16(u))
			}
		}
		h.children = f.hints(f.field(t, 5), depth+1)
	}
	return hints
}
