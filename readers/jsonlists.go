package readers

import (
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
)

// Lists, maps and dictionaries of declared types.

// listColumn says how to build a type of lists, false for other types.
func (c *jsonColumn) listColumn(alloc memory.Allocator) bool {
	switch t := c.typ.(type) {
	case *arrow.FixedSizeListType:
		c.kind, c.width = buildFixed, int(t.Len())
		c.kids = []*jsonColumn{newJSONColumn(alloc, t.ElemField().Name, c.path+"[]", t.Elem())}
	case *arrow.MapType: // a list of entries, structs of key and value
		c.kind = buildMap
		c.kids = []*jsonColumn{newJSONColumn(alloc, "entries", c.path+"[]", t.Elem())}
	case *arrow.DictionaryType:
		c.kind = buildDict
		c.kids = []*jsonColumn{newJSONColumn(alloc, c.name, c.path, t.ValueType)}
	case arrow.ListLikeType:
		c.kind = buildList
		c.kids = []*jsonColumn{newJSONColumn(alloc, t.ElemField().Name, c.path+"[]", t.Elem())}
	default:
		return false
	}
	return true
}

// ends are the buffers that say where lists begin and end.
func (c *jsonColumn) ends() []*memory.Buffer {
	switch c.typ.ID() {
	case arrow.LARGE_LIST:
		wide := make([]int64, len(c.offs)+1)
		for i, o := range c.offs {
			wide[i+1] = int64(o)
		}
		return []*memory.Buffer{memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(wide))}
	case arrow.LIST_VIEW:
		from, sizes := starts[int32](c.offs)
		return []*memory.Buffer{memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(from)), memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(sizes))}
	case arrow.LARGE_LIST_VIEW:
		from, sizes := starts[int64](c.offs)
		return []*memory.Buffer{memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(from)), memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(sizes))}
	}
	return []*memory.Buffer{c.offsets()}
}

// starts are the starts and sizes of lists that follow one another.
func starts[T int32 | int64](ends []int32) (from, sizes []T) {
	from, sizes = make([]T, len(ends)), make([]T, len(ends))
	last := int32(0)
	for i, end := range ends {
		from[i], sizes[i] = T(last), T(end-last)
		last = end
	}
	return from, sizes
}

// encoded is the column of a dictionary type from the data of its values.
func (c *jsonColumn) encoded(alloc memory.Allocator) (arrow.ArrayData, error) {
	d, err := c.kids[0].take(alloc)
	if err != nil {
		return nil, err
	}
	defer d.Release()
	values := array.MakeFromData(d)
	defer values.Release()
	b := array.NewDictionaryBuilder(alloc, c.typ.(*arrow.DictionaryType))
	defer b.Release()
	if err := b.AppendArray(values); err != nil {
		f := fault.New(fault.Data, "read_json", "the values do not fit a %s: %w", c.typ, err)
		f.Column = c.path
		return nil, f
	}
	arr := b.NewArray()
	defer arr.Release()
	arr.Data().Retain()
	return arr.Data(), nil
}

func (b *jsonBuilder) listValue(c *jsonColumn) error {
	start, kid := b.pos, c.kids[0]
	before := kid.n
	if err := b.list(func() error { return b.value(kid) }); err != nil {
		return err
	}
	if kid.n > math.MaxInt32 {
		return b.fail("a batch holds more than %d list elements", math.MaxInt32)
	}
	switch c.kind {
	case buildFixed:
		if kid.n-before != c.width {
			return b.conflict(c, start, "it has "+strconv.Itoa(kid.n-before)+" elements")
		}
		c.ended()
		return nil
	case buildMap:
		if kid.nulls > 0 || kid.kids[0].nulls > 0 {
			return b.conflict(c, start, "a key is missing or null")
		}
	}
	c.offs = append(c.offs, int32(kid.n))
	c.ended()
	return nil
}

// mapValue reads an object as a map: its names are the keys.
func (b *jsonBuilder) mapValue(c *jsonColumn) error {
	entries := c.kids[0]
	key, item := entries.kids[0], entries.kids[1]
	err := b.object(func(name []byte) error {
		if err := b.key(key, name); err != nil {
			return err
		}
		if err := b.value(item); err != nil {
			return err
		}
		entries.ended()
		return nil
	})
	if err != nil {
		return err
	}
	if entries.n > math.MaxInt32 {
		return b.fail("a batch holds more than %d entries of maps", math.MaxInt32)
	}
	c.offs = append(c.offs, int32(entries.n))
	c.ended()
	return nil
}

// key adds the name of an object as the key of a map.
func (b *jsonBuilder) key(c *jsonColumn, name []byte) error {
	start := b.pos
	switch c.kind {
	case buildText:
		return b.text(c, name)
	case buildInt:
		v, err := strconv.ParseInt(string(name), 10, 64)
		if err != nil {
			return b.conflict(c, start, "the name "+strconv.Quote(string(name))+" is the key")
		}
		c.ints = append(c.ints, v)
	case buildOther:
		if err := appendString(c.other, string(name)); err != nil {
			return b.conflict(c, start, "the name "+strconv.Quote(string(name))+" is the key")
		}
	default:
		return b.conflict(c, start, "names of objects cannot be keys of this type")
	}
	c.ended()
	return nil
}
