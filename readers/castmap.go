package readers

import (
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// castMap casts keys and values; the offsets stay.
func castMap(alloc memory.Allocator, m *array.Map, to *arrow.MapType) (arrow.Array, error) {
	keys, err := castExact(alloc, m.Keys(), to.KeyType())
	if err != nil {
		return nil, err
	}
	defer keys.Release()
	items, err := castExact(alloc, m.Items(), to.ItemType())
	if err != nil {
		return nil, err
	}
	defer items.Release()
	pairs := array.NewData(to.Elem(), keys.Len(), []*memory.Buffer{nil}, []arrow.ArrayData{keys.Data(), items.Data()}, 0, 0)
	defer pairs.Release()
	n := m.Len()
	offs := zeros(alloc, (n+1)*4)
	out := arrow.Int32Traits.CastFromBytes(offs.Bytes())
	for i := range n {
		lo, hi := m.ValueOffsets(i)
		out[i], out[i+1] = int32(lo), int32(hi)
	}
	bits := validity(alloc, m)
	d := array.NewData(to, n, []*memory.Buffer{bits, offs}, []arrow.ArrayData{pairs}, m.NullN(), 0)
	defer d.Release()
	offs.Release()
	if bits != nil {
		bits.Release()
	}
	return array.MakeFromData(d), nil
}

// castToFixed makes lists of a fixed size of lists that all have it; null lists get null elements, as Arrow wants them.
func castToFixed(alloc memory.Allocator, l *array.List, to *arrow.FixedSizeListType) (arrow.Array, error) {
	n, size := l.Len(), int64(to.Len())
	var first, last int64
	whole := true
	for i := range n {
		lo, hi := l.ValueOffsets(i)
		if l.IsValid(i) && hi-lo != size {
			return nil, &castError{what: "a list of length " + strconv.FormatInt(hi-lo, 10), row: i,
				hint: "declare the column as a list in the option Schema: not all of its lists have one length"}
		}
		if i == 0 {
			first = lo
		}
		whole = whole && hi-lo == size
		last = hi
	}
	part := array.NewSlice(l.ListValues(), first, last)
	defer part.Release()
	elems, err := castExact(alloc, part, to.Elem())
	if err != nil {
		return nil, err
	}
	if !whole {
		gaps := elems
		elems, err = padded(alloc, gaps, l, first, int(size))
		gaps.Release()
		if err != nil {
			return nil, err
		}
	}
	defer elems.Release()
	bits := validity(alloc, l)
	d := array.NewData(to, n, []*memory.Buffer{bits}, []arrow.ArrayData{elems.Data()}, l.NullN(), 0)
	defer d.Release()
	if bits != nil {
		bits.Release()
	}
	return array.MakeFromData(d), nil
}

// padded returns the elements of the lists, which stand in elems from first on, with size nulls for each null list.
func padded(alloc memory.Allocator, elems arrow.Array, l *array.List, first int64, size int) (arrow.Array, error) {
	b := array.NewBuilder(alloc, elems.DataType()) // arrow's array of nulls lacks the offsets that Concatenate looks at
	defer b.Release()
	b.AppendNulls(size)
	nulls := b.NewArray()
	defer nulls.Release()
	var parts []arrow.Array
	defer func() { releaseAll(parts) }()
	for i := 0; i < l.Len(); {
		if l.IsNull(i) {
			nulls.Retain()
			parts = append(parts, nulls)
			i++
			continue
		}
		from, _ := l.ValueOffsets(i)
		to := from
		for ; i < l.Len() && l.IsValid(i); i++ {
			lo, hi := l.ValueOffsets(i)
			if lo != to {
				break
			}
			to = hi
		}
		parts = append(parts, array.NewSlice(elems, from-first, to-first))
	}
	return array.Concatenate(parts, alloc)
}

// castFixedList casts the elements.
func castFixedList(alloc memory.Allocator, l *array.FixedSizeList, to *arrow.FixedSizeListType) (arrow.Array, error) {
	n := int64(to.Len())
	from := int64(l.Data().Offset()) * n
	part := array.NewSlice(l.ListValues(), from, from+int64(l.Len())*n)
	defer part.Release()
	kid, err := castExact(alloc, part, to.Elem())
	if err != nil {
		return nil, err
	}
	defer kid.Release()
	bits := validity(alloc, l)
	d := array.NewData(to, l.Len(), []*memory.Buffer{bits}, []arrow.ArrayData{kid.Data()}, l.NullN(), 0)
	defer d.Release()
	if bits != nil {
		bits.Release()
	}
	return array.MakeFromData(d), nil
}
