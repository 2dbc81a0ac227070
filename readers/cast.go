package readers

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// castError is a value that the wider type cannot hold after all.
type castError struct {
	what, text, hint string
	row              int
}

func (e *castError) Error() string { return fmt.Sprintf("%s %s in row %d", e.what, e.text, e.row) }

// castArray returns arr as an array of type to, which widen gave for arr's type: the same array where it is of that type, or an
// encoding of it that the engine takes. The result is the caller's to release; arr stays the caller's.
func castArray(alloc memory.Allocator, arr arrow.Array, to arrow.DataType) (arrow.Array, error) {
	from := arr.DataType()
	if arrow.TypeEqual(from, to) {
		arr.Retain()
		return arr, nil
	}
	if plain := valueType(to); plain != to {
		return castArray(alloc, arr, plain) // the engine encodes what leaves it
	}
	switch a := arr.(type) {
	case *array.Null:
		return nullArray(alloc, to, arr.Len()), nil
	case *array.Dictionary:
		return castDictionary(alloc, a, to)
	case *array.RunEndEncoded:
		return castRuns(alloc, a, to)
	}
	switch {
	case isNumber(from) && isNumber(to):
		if t, ok := widen(to, from, true); !ok || !arrow.TypeEqual(t, to) {
			break // a split of another file: narrowing would be silent
		}
		return castNumbers(alloc, arr, to)
	case isText(to) && isText(from), isBinary(to) && isBinary(from):
		return castLayout(alloc, arr, to)
	case isBinary(to) && from.ID() == arrow.FIXED_SIZE_BINARY:
		return castFixedBinary(alloc, arr.(*array.FixedSizeBinary), to)
	}
	switch t := to.(type) {
	case *arrow.TimestampType:
		if f, ok := from.(*arrow.TimestampType); ok && t.Unit >= f.Unit && t.TimeZone == f.TimeZone {
			return castUnits(alloc, arr, f.Unit, t.Unit, to)
		}
	case *arrow.DurationType:
		if f, ok := from.(*arrow.DurationType); ok && t.Unit >= f.Unit {
			return castUnits(alloc, arr, f.Unit, t.Unit, to)
		}
	case *arrow.StructType:
		if s, ok := arr.(*array.Struct); ok {
			return castStruct(alloc, s, t)
		}
	case *arrow.ListType:
		return castList(alloc, arr, t.Elem(), to)
	case *arrow.LargeListType:
		return castList(alloc, arr, t.Elem(), to)
	case *arrow.MapType:
		if m, ok := arr.(*array.Map); ok {
			return castMap(alloc, m, t)
		}
	case *arrow.FixedSizeListType:
		if l, ok := arr.(*array.FixedSizeList); ok && l.DataType().(*arrow.FixedSizeListType).Len() == t.Len() {
			return castFixedList(alloc, l, t)
		}
		if l, ok := arr.(*array.List); ok {
			return castToFixed(alloc, l, t)
		}
	case arrow.DecimalType:
		if _, ok := from.(arrow.DecimalType); ok {
			return castDecimal(alloc, arr, t)
		}
	}
	if isText(to) {
		return castText(alloc, arr, to)
	}
	return nil, fmt.Errorf("no conversion from %s to %s", from, to)
}

// validity returns arr's bitmap with bit 0 for row 0, nil where no row is null. The caller releases it.
func validity(alloc memory.Allocator, arr arrow.Array) *memory.Buffer {
	bits := arr.Data().Buffers()[0]
	if arr.NullN() == 0 || bits == nil {
		return nil
	}
	off := arr.Data().Offset()
	if off == 0 {
		bits.Retain()
		return bits
	}
	buf := zeros(alloc, int(bitutil.BytesForBits(int64(arr.Len()))))
	bitutil.CopyBitmap(bits.Bytes(), off, arr.Len(), buf.Bytes(), 0)
	return buf
}

// fixedResult makes the array of type to over data, with arr's nulls; data is released.
func fixedResult(alloc memory.Allocator, arr arrow.Array, to arrow.DataType, data ...*memory.Buffer) arrow.Array {
	bits := validity(alloc, arr)
	bufs := append([]*memory.Buffer{bits}, data...)
	d := array.NewData(to, arr.Len(), bufs, nil, arr.NullN(), 0)
	defer d.Release()
	for _, b := range bufs {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(d)
}

func newBuffer(alloc memory.Allocator, n int) *memory.Buffer {
	b := memory.NewResizableBuffer(alloc)
	b.Resize(n)
	return b
}

// castUnits multiplies up to a finer unit of time.
func castUnits(alloc memory.Allocator, arr arrow.Array, from, to arrow.TimeUnit, typ arrow.DataType) (arrow.Array, error) {
	factor := int64(from.Multiplier() / to.Multiplier())
	n, off := arr.Len(), arr.Data().Offset()
	src := arrow.Int64Traits.CastFromBytes(arr.Data().Buffers()[1].Bytes())[off : off+n]
	buf := newBuffer(alloc, n*8)
	dst := arrow.Int64Traits.CastFromBytes(buf.Bytes())[:n]
	limit := math.MaxInt64 / factor
	over := false
	for i, v := range src {
		dst[i] = v * factor
		over = over || v > limit || v < -limit
	}
	if over {
		for i, v := range src {
			if (v > limit || v < -limit) && arr.IsValid(i) {
				text := arr.ValueStr(i)
				buf.Release()
				return nil, &castError{what: "the time", text: text, row: i}
			}
		}
	}
	return fixedResult(alloc, arr, typ, buf), nil
}

// castStruct casts field by field, by name; a field that is not there is null.
func castStruct(alloc memory.Allocator, s *array.Struct, to *arrow.StructType) (arrow.Array, error) {
	from := s.DataType().(*arrow.StructType)
	kids := make([]arrow.ArrayData, 0, to.NumFields())
	defer func() {
		for _, k := range kids {
			k.Release()
		}
	}()
	for _, f := range to.Fields() {
		var kid arrow.Array
		if i, ok := from.FieldIdx(f.Name); ok {
			var err error
			if kid, err = castExact(alloc, s.Field(i), f.Type); err != nil {
				return nil, err
			}
		} else {
			kid = nullArray(alloc, f.Type, s.Len())
		}
		d := kid.Data()
		d.Retain()
		kid.Release()
		kids = append(kids, d)
	}
	bits := validity(alloc, s)
	d := array.NewData(to, s.Len(), []*memory.Buffer{bits}, kids, s.NullN(), 0)
	defer d.Release()
	if bits != nil {
		bits.Release()
	}
	return array.MakeFromData(d), nil
}

// castExact casts to exactly the type: the encodings that the engine takes for a column are not for the inside of one.
func castExact(alloc memory.Allocator, arr arrow.Array, to arrow.DataType) (arrow.Array, error) {
	out, err := castArray(alloc, arr, to)
	if err != nil || arrow.TypeEqual(out.DataType(), to) {
		return out, err
	}
	defer out.Release()
	if d, ok := out.(*array.Dictionary); ok {
		return decodeDictionary(alloc, d, to)
	}
	return castViews(alloc, out, to)
}

// castViews copies text or bytes between layouts value by value.
func castViews(alloc memory.Allocator, arr arrow.Array, to arrow.DataType) (arrow.Array, error) {
	b := array.NewBuilder(alloc, to)
	defer b.Release()
	text, _ := arr.(interface{ Value(int) string })
	bin, _ := arr.(interface{ Value(int) []byte })
	for i := range arr.Len() {
		var v []byte
		switch {
		case arr.IsNull(i):
			b.AppendNull()
			continue
		case text != nil:
			v = []byte(text.Value(i))
		case bin != nil:
			v = bin.Value(i)
		}
		switch b := b.(type) {
		case array.StringLikeBuilder:
			b.Append(string(v))
		case array.BinaryLikeBuilder:
			b.Append(v)
		default:
			return nil, fmt.Errorf("no conversion from %s to %s", arr.DataType(), to)
		}
	}
	return b.NewArray(), nil
}

// castList casts the elements; the offsets stay.
func castList(alloc memory.Allocator, arr arrow.Array, elem, to arrow.DataType) (arrow.Array, error) {
	l, ok := arr.(array.ListLike)
	if !ok {
		return nil, fmt.Errorf("no conversion from %s to %s", arr.DataType(), to)
	}
	kid, err := castExact(alloc, l.ListValues(), elem)
	if err != nil {
		return nil, err
	}
	defer kid.Release()
	n := arr.Len()
	var offs *memory.Buffer
	if to.ID() == arrow.LARGE_LIST {
		offs = newBuffer(alloc, (n+1)*8)
		out := arrow.Int64Traits.CastFromBytes(offs.Bytes())
		for i := range n {
			out[i], out[i+1] = l.ValueOffsets(i)
		}
	} else {
		offs = newBuffer(alloc, (n+1)*4)
		out := arrow.Int32Traits.CastFromBytes(offs.Bytes())
		for i := range n {
			lo, hi := l.ValueOffsets(i)
			if hi > math.MaxInt32 {
				offs.Release()
				return nil, fmt.Errorf("a list column holds more than %d elements a batch", math.MaxInt32)
			}
			out[i], out[i+1] = int32(lo), int32(hi)
		}
	}
	if n == 0 {
		clear(offs.Bytes())
	}
	bits := validity(alloc, arr)
	d := array.NewData(to, n, []*memory.Buffer{bits, offs}, []arrow.ArrayData{kid.Data()}, arr.NullN(), 0)
	defer d.Release()
	offs.Release()
	if bits != nil {
		bits.Release()
	}
	return array.MakeFromData(d), nil
}
