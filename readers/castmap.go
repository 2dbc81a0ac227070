package readers

import (
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
