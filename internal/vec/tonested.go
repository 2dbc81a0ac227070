package vec

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
)

func toList(v *Vec, t arrow.DataType, valid *memory.Buffer, nulls int) (*array.Data, error) {
	if f, ok := t.(*arrow.FixedSizeListType); ok {
		return toFixedList(v, f, valid, nulls)
	}
	elem := elemFields(t)[0].Type
	lo, hi := int32(0), int32(0)
	if v.Len > 0 {
		lo, hi = v.Offs[0], v.Offs[v.Len]
	}
	var part Vec
	Slice(&part, &v.Child[0], int(lo), int(hi-lo), nil)
	child, err := toData(&part, elem)
	if err != nil {
		return nil, err
	}
	offs := make([]int32, v.Len+1)
	for i := range v.Len {
		offs[i+1] = v.Offs[i+1] - lo
	}
	bufs := []*memory.Buffer{valid, nil}
	switch t.ID() {
	case arrow.LIST, arrow.MAP:
		bufs[1] = memory.NewBufferBytes(Bytes(offs))
	case arrow.LARGE_LIST:
		bufs[1] = memory.NewBufferBytes(Bytes(long(offs)))
	case arrow.LIST_VIEW:
		bufs[1] = memory.NewBufferBytes(Bytes(offs[:v.Len]))
		bufs = append(bufs, memory.NewBufferBytes(Bytes(sizes(offs))))
	case arrow.LARGE_LIST_VIEW:
		bufs[1] = memory.NewBufferBytes(Bytes(long(offs[:v.Len])))
		bufs = append(bufs, memory.NewBufferBytes(Bytes(long(sizes(offs)))))
	}
	return array.NewData(t, v.Len, bufs, []arrow.ArrayData{child}, nulls, 0), nil
}

func long(in []int32) []int64 {
	out := make([]int64, len(in))
	for i, x := range in {
		out[i] = int64(x)
	}
	return out
}

func sizes(offs []int32) []int32 {
	out := make([]int32, len(offs)-1)
	for i := range out {
		out[i] = offs[i+1] - offs[i]
	}
	return out
}

// toFixedList gives every row its n elements; a null row's are null.
func toFixedList(v *Vec, t *arrow.FixedSizeListType, valid *memory.Buffer, nulls int) (*array.Data, error) {
	k := int(t.Len())
	idx := make([]uint32, v.Len*k)
	for i := range v.Len {
		lo, n := v.Offs[i], int(v.Offs[i+1]-v.Offs[i])
		ok := v.ValidAt(i)
		if ok && n != k {
			return nil, fault.New(fault.Data, "arrow", "a list of %d elements does not fit %s", n, t)
		}
		for j := range k {
			idx[i*k+j] = NoRow
			if ok {
				idx[i*k+j] = uint32(int(lo) + j)
			}
		}
	}
	var part Vec
	TakeOpt(&part, &v.Child[0], idx, nil)
	child, err := toData(&part, t.Elem())
	if err != nil {
		return nil, err
	}
	return array.NewData(t, v.Len, []*memory.Buffer{valid}, []arrow.ArrayData{child}, nulls, 0), nil
}

// toDictionary encodes v: the codes of its own dictionary as far as they are used, or new ones in order of first appearance.
func toDictionary(v *Vec, t *arrow.DictionaryType) (*array.Data, error) {
	valid := v.Nulls(nil)
	var values Vec
	var codes []uint32
	switch {
	case v.Dict != nil && v.Dict.Values.Valid == nil && v.Dict.Values.Len <= v.Len:
		values, codes = v.Dict.Values, v.Codes()
	case v.Dict != nil:
		codes = make([]uint32, v.Len)
		Take(&values, &v.Dict.Values, usedCodes(v, valid, codes), nil)
	case v.Phys == Null:
		codes = make([]uint32, v.Len)
		valid = make([]uint64, bitmap.Words(v.Len))
		b := NewBuilder(t.ValueType)
		values = b.Vec()
	default:
		codes = make([]uint32, v.Len)
		Take(&values, v, firstRows(v, codes), nil)
	}
	if top := maxIndex(t.IndexType); uint64(values.Len) > top+1 {
		return nil, fault.New(fault.Data, "arrow", "%d different values do not fit the index type of %s", values.Len, t)
	}
	dict, err := toData(&values, t.ValueType)
	if err != nil {
		return nil, err
	}
	buf, nulls := validBuffer(&Vec{Len: v.Len, Valid: valid})
	_, w, _ := PhysOf(t.IndexType)
	out := alignedBytes(v.Len * w)
	for i, c := range codes {
		if valid != nil && !bitmap.Get(valid, i) {
			c = 0
		}
		for k := 0; k < w && k < 4; k++ {
			out[i*w+k] = byte(c >> (8 * k))
		}
	}
	return array.NewDataWithDictionary(t, v.Len, []*memory.Buffer{buf, memory.NewBufferBytes(out)}, nulls, 0, dict), nil
}

func maxIndex(t arrow.DataType) uint64 {
	switch t.ID() {
	case arrow.INT8:
		return math.MaxInt8
	case arrow.UINT8:
		return math.MaxUint8
	case arrow.INT16:
		return math.MaxInt16
	case arrow.UINT16:
		return math.MaxUint16
	case arrow.INT32:
		return math.MaxInt32
	}
	return math.MaxUint32
}

// usedCodes sets codes to dense ones and returns the old code of each.
func usedCodes(v *Vec, valid []uint64, codes []uint32) []uint32 {
	seen := make([]uint32, v.Dict.Values.Len) // dense code + 1
	var used []uint32
	for i, c := range v.Codes() {
		if valid != nil && !bitmap.Get(valid, i) {
			continue
		}
		if seen[c] == 0 {
			used = append(used, c)
			seen[c] = uint32(len(used))
		}
		codes[i] = seen[c] - 1
	}
	return used
}

// firstRows sets codes to the rank of each distinct value and returns the rows where each is met first.
func firstRows(v *Vec, codes []uint32) []uint32 {
	seen := map[string]uint32{}
	var rows []uint32
	var key []byte
	for i := range v.Len {
		if !v.ValidAt(i) {
			continue
		}
		key = v.appendKey(key[:0], i)
		c, ok := seen[string(key)]
		if !ok {
			c = uint32(len(rows))
			seen[string(key)] = c
			rows = append(rows, uint32(i))
		}
		codes[i] = c
	}
	return rows
}

// appendKey appends bytes that are equal for equal values of row i only.
func (v *Vec) appendKey(b []byte, i int) []byte {
	if !v.ValidAt(i) {
		return append(b, 0)
	}
	if v.Dict != nil {
		return v.Dict.Values.appendKey(b, int(v.Codes()[i]))
	}
	b = append(b, 1)
	switch v.Phys {
	case Bool:
		if bitmap.Get(v.Bits(), i) {
			return append(b, 1)
		}
		return append(b, 0)
	case View:
		h := Of[ViewHeader](v)[i]
		b = append(b, byte(h.Len), byte(h.Len>>8), byte(h.Len>>16), byte(h.Len>>24))
		return append(b, h.Value(v.Bufs)...)
	case List:
		n := v.Offs[i+1] - v.Offs[i]
		b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		for e := v.Offs[i]; e < v.Offs[i+1]; e++ {
			b = v.Child[0].appendKey(b, int(e))
		}
		return b
	case Struct:
		for c := range v.Child {
			b = v.Child[c].appendKey(b, i)
		}
		return b
	}
	return append(b, v.Data[i*v.Width:(i+1)*v.Width]...)
}

func toRunEnds(v *Vec, t *arrow.RunEndEncodedType) (*array.Data, error) {
	var rows []uint32
	var ends []int64
	var prev, key []byte
	for i := range v.Len {
		key = v.appendKey(key[:0], i)
		if i == 0 || string(key) != string(prev) {
			rows = append(rows, uint32(i))
			ends = append(ends, int64(i))
		}
		ends[len(ends)-1] = int64(i) + 1
		prev, key = key, prev
	}
	var runs Vec
	Take(&runs, v, rows, nil)
	values, err := toData(&runs, t.Encoded())
	if err != nil {
		return nil, err
	}
	_, w, _ := PhysOf(t.RunEnds())
	if w == 2 && v.Len > math.MaxInt16 || w == 4 && v.Len > math.MaxInt32 {
		return nil, fault.New(fault.Data, "arrow", "%d rows do not fit %s", v.Len, t)
	}
	out := alignedBytes(len(ends) * w)
	for i, e := range ends {
		for k := range w {
			out[i*w+k] = byte(e >> (8 * k))
		}
	}
	endData := array.NewData(t.RunEnds(), len(ends), []*memory.Buffer{nil, memory.NewBufferBytes(out)}, nil, 0, 0)
	return array.NewData(t, v.Len, []*memory.Buffer{nil}, []arrow.ArrayData{endData, values}, 0, 0), nil
}
