package readers

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// jsonColumn gathers the values of a place in the records as a column of a type.
type jsonColumn struct {
	name string
	path string // with the names above it, for messages
	typ  arrow.DataType
	kind jsonBuild
	n    int
	// valid has a bit a row; it is nil until the first null.
	valid []byte
	nulls int

	ints   []int64
	floats []float64
	bits   []byte
	data   []byte
	offs   []int32
	other  array.Builder

	kids  []*jsonColumn
	index map[string]int
	width int // of buildFixed
}

// jsonBuild is how a column is built.
type jsonBuild uint8

const (
	buildNull jsonBuild = iota
	buildBool
	buildInt
	buildFloat
	buildText
	buildList
	buildFixed // a list of width elements
	buildMap
	buildDict // a dictionary, of the values of kids[0]
	buildStruct
	buildOther // by an arrow builder, from text
)

func newJSONColumn(alloc memory.Allocator, name, path string, typ arrow.DataType) *jsonColumn {
	c := &jsonColumn{name: name, path: path, typ: typ}
	switch t := typ.(type) {
	case *arrow.NullType:
		c.kind = buildNull
	case *arrow.BooleanType:
		c.kind = buildBool
	case *arrow.Int64Type:
		c.kind = buildInt
	case *arrow.Float64Type:
		c.kind = buildFloat
	case *arrow.StringType:
		c.kind = buildText
	case *arrow.StructType:
		c.kind = buildStruct
		c.index = make(map[string]int, t.NumFields())
		for i, f := range t.Fields() {
			c.index[f.Name] = i
			c.kids = append(c.kids, newJSONColumn(alloc, f.Name, path+"."+f.Name, f.Type))
		}
	default:
		if !c.listColumn(alloc) {
			c.kind = buildOther
			c.other = array.NewBuilder(alloc, typ)
		}
	}
	return c
}

// appendNull adds a null row.
func (c *jsonColumn) appendNull() {
	if c.valid == nil {
		c.valid = make([]byte, c.n/8+1, c.n/8+64)
		for i := range c.valid {
			c.valid[i] = 0xff
		}
	}
	c.setBit(&c.valid, false)
	c.nulls++
	switch c.kind {
	case buildBool:
		c.setBit(&c.bits, false)
	case buildInt:
		c.ints = append(c.ints, 0)
	case buildFloat:
		c.floats = append(c.floats, 0)
	case buildText:
		c.offs = append(c.offs, int32(len(c.data)))
	case buildList, buildMap:
		c.offs = append(c.offs, int32(c.kids[0].n))
	case buildFixed:
		for range c.width {
			c.kids[0].appendNull()
		}
	case buildDict, buildStruct:
		for _, k := range c.kids {
			k.appendNull()
		}
	case buildOther:
		c.other.AppendNull()
	}
	c.n++
}

// setBit sets bit n of a bitmap that has room for n bits or one more byte.
func (c *jsonColumn) setBit(bits *[]byte, v bool) {
	for len(*bits) <= c.n/8 {
		*bits = append(*bits, 0)
	}
	mask := byte(1) << (c.n % 8)
	if v {
		(*bits)[c.n/8] |= mask
	} else {
		(*bits)[c.n/8] &^= mask
	}
}

// ended marks the row just added as a value.
func (c *jsonColumn) ended() {
	if c.valid != nil {
		c.setBit(&c.valid, true)
	}
	c.n++
}

// take makes the array of all rows and empties the column.
func (c *jsonColumn) take(alloc memory.Allocator) (arrow.ArrayData, error) {
	n := c.n
	var bits *memory.Buffer
	if c.nulls > 0 && c.kind != buildNull {
		bits = memory.NewBufferBytes(c.valid)
	}
	nulls := c.nulls
	if c.kind == buildDict {
		defer c.reset()
		return c.encoded(alloc)
	}
	var bufs []*memory.Buffer
	var kids []arrow.ArrayData
	for _, k := range c.kids {
		d, err := k.take(alloc)
		if err != nil {
			return nil, err
		}
		kids = append(kids, d)
	}
	switch c.kind {
	case buildNull:
		nulls = n
		bufs = []*memory.Buffer{nil}
	case buildBool:
		bufs = []*memory.Buffer{bits, memory.NewBufferBytes(c.bits)}
	case buildInt:
		bufs = []*memory.Buffer{bits, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(c.ints))}
	case buildFloat:
		bufs = []*memory.Buffer{bits, memory.NewBufferBytes(arrow.Float64Traits.CastToBytes(c.floats))}
	case buildText:
		bufs = []*memory.Buffer{bits, c.offsets(), memory.NewBufferBytes(c.data)}
	case buildList, buildMap:
		bufs = append([]*memory.Buffer{bits}, c.ends()...)
	case buildFixed, buildStruct:
		bufs = []*memory.Buffer{bits}
	case buildOther:
		arr := c.other.NewArray()
		defer arr.Release()
		d := arr.Data()
		d.Retain()
		c.reset()
		return d, nil
	}
	c.reset()
	return array.NewData(c.typ, n, bufs, kids, nulls, 0), nil
}

// offsets are the row ends with the leading zero.
func (c *jsonColumn) offsets() *memory.Buffer {
	all := make([]int32, len(c.offs)+1)
	copy(all[1:], c.offs)
	return memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(all))
}

// reset empties the column; slices are made anew in the size of the last ones, since the array has those.
func (c *jsonColumn) reset() {
	c.n, c.nulls, c.valid = 0, 0, nil
	c.ints, c.floats = make([]int64, 0, len(c.ints)), make([]float64, 0, len(c.floats))
	c.bits, c.data, c.offs = nil, make([]byte, 0, len(c.data)), c.offs[:0]
}

// jsonBuilder parses records into columns.
type jsonBuilder struct {
	jsonScanner
	row     *jsonColumn // a struct of the columns wanted
	promote bool
	ignore  bool // names that are not wanted are left out: all columns of the file need not be
	known   map[string]bool
	fold    map[string]int // lower-case names, with CaseInsensitive and a declared schema
}

// conflict is a value that is not of its column's type.
type jsonConflict struct {
	pos    int
	column string
	typ    arrow.DataType
	text   string
	why    string
}

func (e *jsonConflict) Error() string { return fmt.Sprintf("%s is no %s", e.text, e.typ) }

func (b *jsonBuilder) conflict(c *jsonColumn, start int, why string) error {
	text := string(b.buf[start:min(b.pos, len(b.buf))])
	return &jsonConflict{pos: start, column: c.path, typ: c.typ, text: text, why: why}
}

// record reads one record, an object, as a row.
func (b *jsonBuilder) record() error {
	if b.peek() != '{' {
		return b.unexpected("an object")
	}
	return b.structValue(b.row, true)
}

// value reads a value into the column.
func (b *jsonBuilder) value(c *jsonColumn) error {
	switch ch := b.peek(); {
	case ch == 'n':
		if err := b.word("null"); err != nil {
			return err
		}
		c.appendNull()
		return nil
	case ch == '"' && c.kind == buildText:
		s, err := b.str()
		if err != nil {
			return err
		}
		return b.text(c, s)
	case ch == '{' && c.kind == buildStruct:
		return b.structValue(c, false)
	case ch == '[' && (c.kind == buildList || c.kind == buildFixed || c.kind == buildMap):
		return b.listValue(c)
	case ch == '{' && c.kind == buildMap:
		return b.mapValue(c)
	case c.kind == buildDict:
		if err := b.value(c.kids[0]); err != nil {
			return err
		}
		c.n++
		return nil
	case (ch == 't' || ch == 'f') && c.kind == buildBool:
		if _, err := b.skip(); err != nil {
			return err
		}
		c.setBit(&c.bits, ch == 't')
		c.ended()
		return nil
	case (ch == '-' || ch-'0' <= 9 || ch == 'N' || ch == 'I') && (c.kind == buildInt || c.kind == buildFloat):
		return b.numberValue(c)
	}
	return b.otherValue(c)
}

func (b *jsonBuilder) text(c *jsonColumn, s []byte) error {
	if len(c.data)+len(s) > math.MaxInt32 {
		return b.fail("a batch holds more than 2 GiB of text")
	}
	c.data = append(c.data, s...)
	c.offs = append(c.offs, int32(len(c.data)))
	c.ended()
	return nil
}

func (b *jsonBuilder) numberValue(c *jsonColumn) error {
	start := b.pos
	tok, kind, err := b.number()
	if err != nil {
		return err
	}
	if c.kind == buildFloat {
		c.floats = append(c.floats, parseFloat(tok))
		c.ended()
		return nil
	}
	v, ok := smallInt(tok)
	if !ok && kind == wholeNumber {
		v, err = strconv.ParseInt(string(tok), 10, 64)
		ok = err == nil
	}
	if !ok || kind != wholeNumber {
		return b.conflict(c, start, "the samples have integers there")
	}
	c.ints = append(c.ints, v)
	c.ended()
	return nil
}

// smallInt parses up to 18 digits.
func smallInt(tok []byte) (v int64, ok bool) {
	digits := tok
	if tok[0] == '-' {
		digits = tok[1:]
	}
	if len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		v = v*10 + int64(c-'0')
	}
	if len(digits) < len(tok) {
		v = -v
	}
	return v, true
}

// otherValue reads a value that is not of the column's own kind: into types that are written as text, or with promote as text.
func (b *jsonBuilder) otherValue(c *jsonColumn) error {
	b.space()
	start := b.pos
	isString := b.peek() == '"'
	raw, err := b.skip()
	if err != nil {
		return err
	}
	if isString {
		b.pos = start
		if raw, err = b.str(); err != nil {
			return err
		}
	}
	switch {
	case c.kind == buildText && b.promote:
		return b.text(c, raw)
	case c.kind == buildOther && !strings.HasPrefix(string(raw), "{") && !strings.HasPrefix(string(raw), "["):
		if err := appendString(c.other, string(raw)); err != nil {
			return b.conflict(c, start, err.Error())
		}
		c.ended()
		return nil
	}
	return b.conflict(c, start, "")
}

// appendString adds a value from its text; an arrow builder that panics on it gives an error.
func appendString(to array.Builder, text string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	if v, ok := to.(*array.StringViewBuilder); ok {
		v.AppendString(text)
		return nil
	}
	n := to.Len()
	if err = to.AppendValueFromString(text); err == nil && to.Len() != n+1 {
		err = fmt.Errorf("%q is not one value", text)
	}
	return err
}

// structValue reads an object; fields that are missing are null.
func (b *jsonBuilder) structValue(c *jsonColumn, top bool) error {
	next := 0
	err := b.object(func(name []byte) error {
		i := next
		if i >= len(c.kids) || c.kids[i].name != string(name) {
			var ok bool
			if i, ok = b.find(c, name, top); !ok {
				return b.unknown(c, name, top)
			}
		}
		next = i + 1
		if c.kids[i].n > c.n {
			return b.fail("the name %q is there twice in one object", name)
		}
		return b.value(c.kids[i])
	})
	if err != nil {
		return err
	}
	for _, k := range c.kids {
		if k.n == c.n {
			k.appendNull()
		}
	}
	c.ended()
	return nil
}

func (b *jsonBuilder) find(c *jsonColumn, name []byte, top bool) (int, bool) {
	i, ok := c.index[string(name)]
	if !ok && top && b.fold != nil {
		i, ok = b.fold[strings.ToLower(string(name))]
	}
	return i, ok
}

// unknown reads over a field that is no column: one that the query does not need, or one that no sample had.
func (b *jsonBuilder) unknown(c *jsonColumn, name []byte, top bool) error {
	known := b.ignore || top && b.known[string(name)]
	label := string(name)
	start := b.pos
	if _, err := b.skip(); err != nil {
		return err
	}
	if known {
		return nil
	}
	if !top {
		label = c.path + "." + label
	}
	return &jsonConflict{pos: start, column: label, text: string(b.buf[start:b.pos]), why: "no sample of the files has this name"}
}
