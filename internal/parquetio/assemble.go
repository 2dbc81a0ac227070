package parquetio

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// assembler makes Arrow arrays of what the leaves of a batch hold. For nested columns the level pairs of any one leaf below a node
// tell the node's slots: see column for the rule.
type assembler struct {
	mem    *arena
	leaves map[int]*leafReader // by leaf index
	temps  [][]byte            // validity and offsets of the batch
}

// begin gives back the buffers of the last batch.
func (a *assembler) begin() {
	for _, b := range a.temps {
		a.mem.put(b)
	}
	a.temps = a.temps[:0]
}

func (a *assembler) temp(n int) ([]byte, error) {
	b, err := a.mem.get(n)
	if err == nil {
		a.temps = append(a.temps, b)
	}
	return b, err
}

// arrayTypes are the types that a column's arrays have: as the user-visible type, with views for strings.
func (c *column) arrayType() arrow.DataType {
	switch c.kind {
	case kindStruct:
		fields := make([]arrow.Field, len(c.children))
		for i, child := range c.children {
			fields[i] = child.field
			fields[i].Type = child.arrayType()
		}
		return arrow.StructOf(fields...)
	case kindList:
		f := c.children[0].field
		f.Name = "item"
		f.Type = c.children[0].arrayType()
		return arrow.ListOfField(f)
	case kindMap:
		k, v := c.children[0].field, c.children[1].field
		k.Type, v.Type = c.children[0].arrayType(), c.children[1].arrayType()
		return arrow.MapOfFields(k, v)
	}
	if c.leaf.out != outView {
		return c.field.Type
	}
	if c.leaf.isUTF8 {
		return arrow.BinaryTypes.StringView
	}
	return arrow.BinaryTypes.BinaryView
}

// array makes the array of a column of want rows.
func (a *assembler) array(c *column, t arrow.DataType, want int) (arrow.Array, error) {
	d, err := a.data(c, t, want)
	if err != nil {
		return nil, err
	}
	return array.MakeFromData(d), nil
}

func (a *assembler) data(c *column, t arrow.DataType, want int) (arrow.ArrayData, error) {
	switch c.kind {
	case kindStruct:
		return a.structData(c, t, want)
	case kindList:
		lt := t.(*arrow.ListType)
		return a.listData(c, t, want, func(n int) (arrow.ArrayData, error) { return a.data(c.children[0], lt.Elem(), n) })
	case kindMap:
		st := t.(*arrow.MapType).Elem().(*arrow.StructType)
		return a.listData(c, t, want, func(n int) (arrow.ArrayData, error) {
			return a.fields(c, st, n, nil, 0)
		})
	}
	r := a.leaves[c.leaf.index]
	if r.out.n != want {
		return nil, r.fail(fmt.Errorf("the column has %d values where its neighbours have %d", r.out.n, want))
	}
	return r.data(t), nil
}

// data makes the array data of a leaf of the batch.
func (r *leafReader) data(t arrow.DataType) arrow.ArrayData {
	o := &r.out
	if r.leaf.out == outNull {
		return array.NewData(arrow.Null, o.n, []*memory.Buffer{nil}, nil, o.n, 0)
	}
	var valid *memory.Buffer
	if o.nulls > 0 {
		valid = wholeWords(o.valid, (o.n+7)/8)
	}
	switch {
	case o.codes:
		dict := r.dict.array(t)
		dt := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: t}
		return array.NewDataWithDictionary(dt, o.n, []*memory.Buffer{valid, wholeWords(o.data, o.n*4)}, o.nulls, 0, dict.Data().(*array.Data))
	case r.leaf.out == outView:
		bufs := make([]*memory.Buffer, 2, 2+len(o.bufs))
		bufs[0], bufs[1] = valid, wholeWords(o.data, o.n*16)
		for _, b := range o.bufs {
			bufs = append(bufs, memory.NewBufferBytes(b))
		}
		return array.NewData(t, o.n, bufs, nil, o.nulls, 0)
	case r.leaf.out == outBool:
		return array.NewData(t, o.n, []*memory.Buffer{valid, wholeWords(o.data, (o.n+7)/8)}, nil, o.nulls, 0)
	}
	return array.NewData(t, o.n, []*memory.Buffer{valid, wholeWords(o.data, o.n*r.leaf.width)}, nil, o.nulls, 0)
}

// wholeWords makes a buffer of n bytes of b, rounded up to 8 so that kernels may go by words: every buffer of the arena has them.
func wholeWords(b []byte, n int) *memory.Buffer {
	return memory.NewBufferBytes(b[:min((n+7)&^7, cap(b))])
}

func (a *assembler) structData(c *column, t arrow.DataType, want int) (arrow.ArrayData, error) {
	r := a.leaves[c.first().leaf.index]
	valid, err := a.temp((want + 7) / 8)
	if err != nil {
		return nil, err
	}
	slots, ones := structValid(valid, &r.out, c, want)
	if slots != want {
		return nil, r.fail(fmt.Errorf("the column has %d values where its neighbours have %d", slots, want))
	}
	var vb *memory.Buffer
	if ones < want {
		vb = wholeWords(valid, (want+7)/8)
	}
	return a.fields(c, t.(*arrow.StructType), want, vb, want-ones)
}

// structValid writes the validity of a struct's slots, at most want of them, and returns how many there are and are set.
func structValid(valid []byte, o *leafOut, c *column, want int) (slots, ones int) {
	clear(valid)
	reps := o.reps[:len(o.defs)]
	for i, d := range o.defs {
		if d < c.slotDef || reps[i] > c.slotRep {
			continue
		}
		if slots < want && d >= c.def {
			valid[slots>>3] |= 1 << (uint(slots) & 7)
			ones++
		}
		slots++
	}
	return slots, ones
}

func (a *assembler) fields(c *column, t *arrow.StructType, n int, valid *memory.Buffer, nulls int) (arrow.ArrayData, error) {
	children := make([]arrow.ArrayData, len(c.children))
	for i, child := range c.children {
		d, err := a.data(child, t.Field(i).Type, n)
		if err != nil {
			return nil, err
		}
		children[i] = d
	}
	return array.NewData(t, n, []*memory.Buffer{valid}, children, nulls, 0), nil
}

// listData makes a list or map: offsets and validity from the levels, and the child from elems.
func (a *assembler) listData(c *column, t arrow.DataType, want int, elems func(n int) (arrow.ArrayData, error)) (arrow.ArrayData, error) {
	r := a.leaves[c.first().leaf.index]
	valid, err := a.temp((want + 7) / 8)
	if err != nil {
		return nil, err
	}
	offs, err := a.temp((want + 1) * 4)
	if err != nil {
		return nil, err
	}
	slots, ones, count := listOffsets(valid, offs, &r.out, c, want)
	if slots != want {
		return nil, r.fail(fmt.Errorf("the column has %d lists where its neighbours have %d", slots, want))
	}
	if count > math.MaxInt32 {
		return nil, r.fail(fmt.Errorf("the lists of a batch have %d elements (a smaller batch may do)", count))
	}
	child, err := elems(count)
	if err != nil {
		return nil, err
	}
	var vb *memory.Buffer
	if ones < want {
		vb = wholeWords(valid, (want+7)/8)
	}
	return array.NewData(t, want, []*memory.Buffer{vb, memory.NewBufferBytes(offs)}, []arrow.ArrayData{child}, want-ones, 0), nil
}

// listOffsets writes the validity and offsets of a list's slots, at most want of them.
func listOffsets(valid, offs []byte, o *leafOut, c *column, want int) (slots, ones, count int) {
	clear(valid)
	reps := o.reps[:len(o.defs)]
	for i, d := range o.defs {
		rep := reps[i]
		if rep <= c.slotRep && d >= c.slotDef {
			if slots < want {
				binary.LittleEndian.PutUint32(offs[slots*4:], uint32(count))
				if d >= c.def {
					valid[slots>>3] |= 1 << (uint(slots) & 7)
					ones++
				}
			}
			slots++
		}
		if d >= c.elemDef && rep <= c.elemRep {
			count++
		}
	}
	if slots == want {
		binary.LittleEndian.PutUint32(offs[slots*4:], uint32(count))
	}
	return slots, ones, count
}
