package parquetio

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// writeTree is a schema as it is written: the flattened elements, and the nodes that turn columns into leaves.
type writeTree struct {
	elems   []schemaElement
	columns []*writeNode
	leaves  []*writeLeaf
	nodes   int
	// arrowSchema is the value under arrowSchemaKey.
	arrowSchema string
}

// writeNode is a column or a field within one.
type writeNode struct {
	id       int
	kind     columnKind
	nullable bool
	// def is the level of a value that is there but, for lists, empty; rep that of the elements of a list after the first.
	def, rep uint8
	children []*writeNode // the fields of a struct, the element of a list, the entries (a struct) of a map
	leaf     *writeLeaf   // of a leaf
}

// writeLeaf is a column of the file.
type writeLeaf struct {
	path           []string
	name           string // the path for messages
	index          int
	elem           schemaElement
	maxDef, maxRep uint8
	phys           vec.Phys // of the Vecs that hold it
	conv           writeConv
	// mul and div turn values into the unit of the file: seconds into milliseconds, milliseconds into days.
	mul, div int64
	order    valueOrder
	bloom    bool
}

// writeConv says how the values of a Vec become physical values.
type writeConv uint8

const (
	writeSame    writeConv = iota // the bytes are the value
	writeWiden                    // narrower integers to int32
	writeDec32                    // decimal128 to int32
	writeDec64                    // decimal128 to int64
	writeDecimal                  // decimals to big-endian bytes
	writeScale64                  // int64 × mul
	writeScale32                  // int32 × mul
	writeDays                     // milliseconds to days
	writeNull                     // no values
)

// writeFault is an error of what is asked for.
func writeFault(format string, args ...any) *fault.Error {
	return fault.New(fault.Plan, writeOp, format, args...)
}

// newWriteTree makes the Parquet schema of an Arrow schema.
func newWriteTree(s *arrow.Schema) (*writeTree, error) {
	if s.NumFields() == 0 {
		return nil, writeFault("a Parquet file needs a column").WithHint("add one with With, or write another format")
	}
	t := &writeTree{elems: []schemaElement{{name: "schema", rep: -1, conv: convNone, fieldID: -1, children: int32(s.NumFields())}}}
	fields := make([]arrow.Field, s.NumFields())
	for i, f := range s.Fields() {
		n, err := t.node(f, nodePlace{})
		if err != nil {
			err.Column = f.Name
			return nil, err
		}
		t.columns = append(t.columns, n)
		fields[i] = storedField(f)
	}
	text, err := encodeArrowSchema(arrow.NewSchema(fields, nil))
	if err != nil {
		return nil, &fault.Error{Kind: fault.Internal, Op: writeOp, Err: err}
	}
	t.arrowSchema = text
	return t, nil
}

// nodePlace is where in the tree a node stands.
type nodePlace struct {
	path     []string
	def, rep uint8
}

func (p nodePlace) below(name string) nodePlace {
	p.path = append(p.path[:len(p.path):len(p.path)], name)
	return p
}

// node appends the elements of a field and returns its node.
func (t *writeTree) node(f arrow.Field, p nodePlace) (*writeNode, *fault.Error) {
	p = p.below(f.Name)
	if len(p.path) > maxSchemaDepth/2 {
		return nil, writeFault("the type is nested too deep")
	}
	e := schemaElement{name: f.Name, rep: repRequired, conv: convNone, fieldID: -1}
	typ := vec.Logical(f.Type)
	n := &writeNode{id: t.nodes, nullable: f.Nullable || typ.ID() == arrow.NULL}
	t.nodes++
	if n.nullable {
		e.rep = repOptional
		p.def++
	}
	n.def = p.def
	switch typ := typ.(type) {
	case *arrow.StructType:
		return n, t.structNode(n, e, typ, p)
	case *arrow.MapType:
		return n, t.mapNode(n, e, typ, p)
	case arrow.ListLikeType:
		return n, t.listNode(n, e, typ, p)
	}
	n.kind = kindLeaf
	l := &writeLeaf{path: p.path, name: strings.Join(p.path, "."), elem: e, maxDef: p.def, maxRep: p.rep, mul: 1}
	if err := l.setType(f.Type); err != nil {
		return nil, err
	}
	l.index = len(t.leaves)
	l.phys, _, _ = vec.PhysOf(f.Type)
	n.leaf = l
	t.elems = append(t.elems, l.elem)
	t.leaves = append(t.leaves, l)
	return n, nil
}

func (t *writeTree) structNode(n *writeNode, e schemaElement, typ *arrow.StructType, p nodePlace) *fault.Error {
	if typ.NumFields() == 0 {
		return writeFault("Parquet has no struct without fields: %q", strings.Join(p.path, "."))
	}
	n.kind = kindStruct
	e.children = int32(typ.NumFields())
	t.elems = append(t.elems, e)
	return t.fields(n, typ, p)
}

func (t *writeTree) fields(n *writeNode, typ *arrow.StructType, p nodePlace) *fault.Error {
	for _, f := range typ.Fields() {
		c, err := t.node(f, p)
		if err != nil {
			return err
		}
		n.children = append(n.children, c)
	}
	return nil
}

// listNode writes the three levels of the format's LogicalTypes page: the list, a repeated group "list", and "element".
func (t *writeTree) listNode(n *writeNode, e schemaElement, typ arrow.ListLikeType, p nodePlace) *fault.Error {
	n.kind = kindList
	e.children, e.conv, e.logical = 1, convList, logicalType{kind: logList}
	t.elems = append(t.elems, e, schemaElement{name: "list", rep: repRepeated, conv: convNone, fieldID: -1, children: 1})
	p = p.below("list")
	p.def, p.rep = p.def+1, p.rep+1
	n.rep = p.rep
	elem := typ.ElemField()
	elem.Name = "element"
	c, err := t.node(elem, p)
	n.children = []*writeNode{c}
	return err
}

func (t *writeTree) mapNode(n *writeNode, e schemaElement, typ *arrow.MapType, p nodePlace) *fault.Error {
	n.kind = kindList
	e.children, e.conv, e.logical = 1, convMap, logicalType{kind: logMap}
	t.elems = append(t.elems, e, schemaElement{name: "key_value", rep: repRepeated, conv: convNone, fieldID: -1, children: 2})
	p = p.below("key_value")
	p.def, p.rep = p.def+1, p.rep+1
	n.rep = p.rep
	key, value := typ.KeyField(), typ.ItemField()
	key.Name, value.Name, key.Nullable = "key", "value", false
	entries := &writeNode{id: t.nodes, kind: kindStruct, def: p.def}
	t.nodes++
	n.children = []*writeNode{entries}
	return t.fields(entries, arrow.StructOf(key, value), p)
}

// storedField is the field as the Arrow schema in the file has it: dictionaries and views are encodings, which readers choose
// themselves.
func storedField(f arrow.Field) arrow.Field {
	f.Type = storedType(f.Type)
	f.Metadata = arrow.Metadata{}
	return f
}

func storedType(t arrow.DataType) arrow.DataType {
	switch t := t.(type) {
	case arrow.ExtensionType:
		return storedType(t.StorageType())
	case *arrow.DictionaryType:
		return storedType(t.ValueType)
	case *arrow.RunEndEncodedType:
		return storedType(t.Encoded())
	case *arrow.StringViewType:
		return arrow.BinaryTypes.String
	case *arrow.BinaryViewType:
		return arrow.BinaryTypes.Binary
	case *arrow.StructType:
		fields := t.Fields()
		for i := range fields {
			fields[i] = storedField(fields[i])
		}
		return arrow.StructOf(fields...)
	case *arrow.MapType:
		return arrow.MapOfFields(storedField(t.KeyField()), storedField(t.ItemField()))
	case *arrow.FixedSizeListType:
		return arrow.FixedSizeListOfField(t.Len(), storedField(t.ElemField()))
	case *arrow.LargeListType:
		return arrow.LargeListOfField(storedField(t.ElemField()))
	case *arrow.LargeListViewType:
		return arrow.LargeListOfField(storedField(t.ElemField()))
	case arrow.ListLikeType:
		return arrow.ListOfField(storedField(t.ElemField()))
	}
	return t
}

// encodeArrowSchema returns an IPC schema message in base64, as Arrow writers store it.
func encodeArrowSchema(s *arrow.Schema) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("encoding the schema: %v", p)
		}
	}()
	payload := ipc.GetSchemaPayload(s, memory.DefaultAllocator)
	defer payload.Release()
	var b bytes.Buffer
	if _, err := payload.WritePayload(&b); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
