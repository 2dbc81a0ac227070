package parquetio

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// column is a node of a user-visible column: how its levels become an Arrow array. Levels are those of the Dremel paper as Parquet
// writes them.
type column struct {
	kind  columnKind
	field arrow.Field
	// def is the definition level from which on a slot of this node is not null.
	def uint8
	// slotDef and slotRep are the levels of the nearest repeated ancestor's elements: this node has a slot for each level pair
	// with def >= slotDef and rep <= slotRep.
	slotDef, slotRep uint8
	// elemDef and elemRep are the same for the elements of a list or map.
	elemDef, elemRep uint8
	children         []*column
	leaf             *leaf
	declared         arrow.DataType // see File.Declared; nil: field.Type
}

type columnKind uint8

const (
	kindLeaf columnKind = iota
	kindStruct
	kindList
	kindMap
)

// leaf is a physical column.
type leaf struct {
	index   int // in the columns of a row group
	path    string
	elem    *schemaElement
	maxDef  uint8
	maxRep  uint8
	out     outKind
	width   int // bytes a value takes in its Arrow array; 0 for bool and null
	conv    convKind
	typ     arrow.DataType
	isUTF8  bool
	typeLen int // bytes of a fixed-length value in the file
}

// outKind is the layout of a leaf's Arrow array.
type outKind uint8

const (
	outFixed outKind = iota // width bytes a value
	outBool
	outView // strings and binary
	outNull
)

// convKind says how a physical value becomes an Arrow value.
type convKind uint8

const (
	convSame     convKind = iota // the bytes are the value
	convNarrow8                  // int32 to 8 bits
	convNarrow16                 // int32 to 16 bits
	convDec128From32
	convDec128From64
	convDec128FromFixed // big-endian bytes
	convDec128FromBytes
	convDec256FromFixed
	convDec256FromBytes
	convInt96 // nanoseconds of a day and a Julian day, to nanoseconds since 1970
)

// Limits of a schema, far beyond what writers make.
const (
	maxSchemaDepth = 64
	maxLevel       = 120
)

// schemaTree is the file's schema, decoded.
type schemaTree struct {
	columns []*column // top-level
	leaves  []*leaf
}

type schemaBuilder struct {
	elems  []schemaElement
	pos    int
	leaves []*leaf
}

// place is where in the tree a node stands.
type place struct {
	path             string
	depth            int
	def, rep         uint8 // levels reached above
	slotDef, slotRep uint8
}

// buildSchema turns the flattened schema of the footer into columns.
func buildSchema(elems []schemaElement) (*schemaTree, error) {
	if len(elems) == 0 {
		return nil, errors.New("the schema is empty")
	}
	b := &schemaBuilder{elems: elems, pos: 1}
	root := &elems[0]
	t := &schemaTree{}
	if int(root.children) < 0 || int(root.children) > len(elems)-1 {
		return nil, fmt.Errorf("the schema's root has %d children of %d elements", root.children, len(elems)-1)
	}
	for range root.children {
		c, err := b.column(place{})
		if err != nil {
			return nil, err
		}
		t.columns = append(t.columns, c)
	}
	if b.pos != len(elems) {
		return nil, fmt.Errorf("the schema has %d elements outside its tree", len(elems)-b.pos)
	}
	t.leaves = b.leaves
	return t, nil
}

func (b *schemaBuilder) next(p *place) (*schemaElement, error) {
	if b.pos >= len(b.elems) {
		return nil, errors.New("the schema ends within its tree")
	}
	e := &b.elems[b.pos]
	b.pos++
	if p.path != "" {
		p.path += "."
	}
	p.path = clipPath(p.path + clipPath(e.name))
	p.depth++
	if p.depth > maxSchemaDepth {
		return nil, fmt.Errorf("the schema is nested deeper than %d", maxSchemaDepth)
	}
	if e.children < 0 || int(e.children) > len(b.elems)-b.pos {
		return nil, fmt.Errorf("schema element %q has %d children", p.path, e.children)
	}
	switch e.rep {
	case repRequired:
	case repOptional:
		p.def++
	case repRepeated:
		p.def++
		p.rep++
	default:
		return nil, fmt.Errorf("schema element %q has repetition type %d", p.path, e.rep)
	}
	if p.def > maxLevel || p.rep > maxLevel {
		return nil, fmt.Errorf("schema element %q has levels above %d", p.path, maxLevel)
	}
	return e, nil
}

// column reads the node at pos as a column. A repeated node that no list or map annotation claims is a list that is never null.
func (b *schemaBuilder) column(p place) (*column, error) {
	above := p
	e, err := b.next(&p)
	if err != nil {
		return nil, err
	}
	if e.rep != repRepeated {
		return b.node(e, p)
	}
	list := &column{kind: kindList, def: above.def, slotDef: above.slotDef, slotRep: above.slotRep, elemDef: p.def, elemRep: p.rep}
	inner := p
	inner.slotDef, inner.slotRep = p.def, p.rep
	child, err := b.node(e, inner)
	if err != nil {
		return nil, err
	}
	list.setElement(e.name, child, false)
	return list, nil
}

func (c *column) setElement(name string, child *column, nullable bool) {
	c.children = []*column{child}
	elem := child.field
	elem.Name = "item"
	c.field = arrow.Field{Name: name, Type: arrow.ListOfField(elem), Nullable: nullable}
}

// node reads the children of element e, whose own repetition is already counted in p.
func (b *schemaBuilder) node(e *schemaElement, p place) (*column, error) {
	if e.children == 0 {
		return b.leaf(e, p)
	}
	if isMap(e) && e.children == 1 && b.elems[b.pos].rep == repRepeated {
		if kv := &b.elems[b.pos]; kv.children == 2 {
			return b.mapNode(e, p)
		}
		return b.listNode(e, p)
	}
	if isList(e) && e.children == 1 && b.elems[b.pos].rep == repRepeated {
		return b.listNode(e, p)
	}
	return b.structNode(e, p)
}

func isMap(e *schemaElement) bool {
	return e.logical.kind == logMap || e.logical.kind == logNone && (e.conv == convMap || e.conv == convMapKeyValue)
}

func isList(e *schemaElement) bool {
	return e.logical.kind == logList || e.logical.kind == logNone && e.conv == convList
}

func (b *schemaBuilder) structNode(e *schemaElement, p place) (*column, error) {
	c := &column{kind: kindStruct, def: p.def, slotDef: p.slotDef, slotRep: p.slotRep}
	var fields []arrow.Field
	for range e.children {
		child, err := b.column(p)
		if err != nil {
			return nil, err
		}
		c.children = append(c.children, child)
		fields = append(fields, child.field)
	}
	c.field = arrow.Field{Name: e.name, Type: arrow.StructOf(fields...), Nullable: e.rep == repOptional}
	return c, nil
}

// listNode reads a group annotated as list (or a map without values, which is a list of keys). Its one child is repeated; whether
// that child is the element or wraps it follows the backward-compatibility rules of the format's LogicalTypes page.
func (b *schemaBuilder) listNode(e *schemaElement, p place) (*column, error) {
	c := &column{kind: kindList, def: p.def, slotDef: p.slotDef, slotRep: p.slotRep}
	outer := e
	r, err := b.next(&p)
	if err != nil {
		return nil, err
	}
	c.elemDef, c.elemRep = p.def, p.rep
	p.slotDef, p.slotRep = p.def, p.rep
	var child *column
	if wrapsElement(outer, r, b) {
		child, err = b.column(p)
	} else {
		child, err = b.node(r, p)
		if err == nil {
			child.field.Nullable = false
		}
	}
	if err != nil {
		return nil, err
	}
	c.setElement(outer.name, child, outer.rep == repOptional)
	return c, nil
}

// wrapsElement says whether the repeated child r of a list is a wrapper of the element (three levels) or the element itself.
func wrapsElement(outer, r *schemaElement, b *schemaBuilder) bool {
	if r.children != 1 {
		return false
	}
	if r.name == "array" || r.name == outer.name+"_tuple" {
		return false
	}
	return !(isList(r) || isMap(r)) && b.elems[b.pos].rep != repRepeated
}

func (b *schemaBuilder) mapNode(e *schemaElement, p place) (*column, error) {
	c := &column{kind: kindMap, def: p.def, slotDef: p.slotDef, slotRep: p.slotRep}
	if _, err := b.next(&p); err != nil {
		return nil, err
	}
	c.elemDef, c.elemRep = p.def, p.rep
	p.slotDef, p.slotRep = p.def, p.rep
	key, err := b.column(p)
	if err != nil {
		return nil, err
	}
	value, err := b.column(p)
	if err != nil {
		return nil, err
	}
	key.field.Nullable = false
	t := arrow.MapOfFields(key.field, value.field)
	c.children = []*column{key, value}
	c.field = arrow.Field{Name: e.name, Type: t, Nullable: e.rep == repOptional}
	return c, nil
}

func (b *schemaBuilder) leaf(e *schemaElement, p place) (*column, error) {
	if !e.hasType {
		return nil, fmt.Errorf("column %q is a group without fields", p.path)
	}
	l := &leaf{index: len(b.leaves), path: p.path, elem: e, maxDef: p.def, maxRep: p.rep}
	if err := l.setType(); err != nil {
		return nil, err
	}
	b.leaves = append(b.leaves, l)
	f := arrow.Field{Name: e.name, Type: l.typ, Nullable: e.rep == repOptional}
	return &column{kind: kindLeaf, field: f, def: p.def, slotDef: p.slotDef, slotRep: p.slotRep, leaf: l}, nil
}

// walkLeaves calls f for each leaf below c, in file order.
func (c *column) walkLeaves(f func(*column)) {
	if c.kind == kindLeaf {
		f(c)
		return
	}
	for _, child := range c.children {
		child.walkLeaves(f)
	}
}

// first returns a leaf column below c, whose levels stand for c's.
func (c *column) first() *column {
	for c.kind != kindLeaf {
		c = c.children[0]
	}
	return c
}

func (t *schemaTree) arrow() *arrow.Schema {
	fields := make([]arrow.Field, len(t.columns))
	for i, c := range t.columns {
		fields[i] = c.field
	}
	return arrow.NewSchema(fields, nil)
}

// flat says whether the column is a plain one of at most one level.
func (c *column) flat() bool { return c.kind == kindLeaf && c.leaf.maxRep == 0 && c.leaf.maxDef <= 1 }

// clipPath bounds a path: it only serves messages, and a hostile schema could make paths that are much longer than itself.
func clipPath(s string) string {
	const most = 256
	if len(s) > most {
		return s[:most]
	}
	return s
}
