package readers

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// textType is the type that text is built as for a declared type: plain with 32-bit or 64-bit offsets.
func textType(to arrow.DataType) arrow.DataType {
	switch to.ID() {
	case arrow.STRING_VIEW:
		return arrow.BinaryTypes.String
	case arrow.BINARY_VIEW:
		return arrow.BinaryTypes.Binary
	}
	return to
}

// castLayout changes the layout of text or bytes where the engine does not take it as it is: views serve any declared type.
func castLayout(alloc memory.Allocator, arr arrow.Array, to arrow.DataType) (arrow.Array, error) {
	switch arr.DataType().ID() {
	case arrow.STRING_VIEW, arrow.BINARY_VIEW:
		arr.Retain()
		return arr, nil
	}
	target := textType(to)
	if arrow.TypeEqual(arr.DataType(), target) {
		arr.Retain()
		return arr, nil
	}
	bufs, off, n := arr.Data().Buffers(), arr.Data().Offset(), arr.Len()
	var offs *memory.Buffer
	switch {
	case n == 0:
		return nullArray(alloc, target, 0), nil
	case wideOffsets(target):
		src := arrow.Int32Traits.CastFromBytes(bufs[1].Bytes())[off : off+n+1]
		offs = newBuffer(alloc, (n+1)*8)
		for i, dst := 0, arrow.Int64Traits.CastFromBytes(offs.Bytes()); i <= n; i++ {
			dst[i] = int64(src[i])
		}
	default:
		src := arrow.Int64Traits.CastFromBytes(bufs[1].Bytes())[off : off+n+1]
		if src[n] > math.MaxInt32 {
			return nil, fmt.Errorf("a batch holds %d bytes of text", src[n])
		}
		offs = newBuffer(alloc, (n+1)*4)
		for i, dst := 0, arrow.Int32Traits.CastFromBytes(offs.Bytes()); i <= n; i++ {
			dst[i] = int32(src[i])
		}
	}
	data := bufs[2]
	if data != nil {
		data.Retain()
	}
	return fixedResult(alloc, arr, target, offs, data), nil
}

func wideOffsets(t arrow.DataType) bool {
	return t.ID() == arrow.LARGE_STRING || t.ID() == arrow.LARGE_BINARY
}

func castFixedBinary(alloc memory.Allocator, arr *array.FixedSizeBinary, to arrow.DataType) (arrow.Array, error) {
	var b textBuilder
	for i := range arr.Len() {
		if arr.IsValid(i) {
			b.data = append(b.data, arr.Value(i)...)
		}
		b.end()
	}
	return b.build(alloc, arr, to)
}

// textBuilder gathers the bytes of a text column.
type textBuilder struct {
	data []byte
	offs []int32
}

// end ends a row.
func (b *textBuilder) end() { b.offs = append(b.offs, int32(len(b.data))) }

// build makes the column with the nulls of like.
func (b *textBuilder) build(alloc memory.Allocator, like arrow.Array, to arrow.DataType) (arrow.Array, error) {
	if len(b.data) > math.MaxInt32 {
		return nil, fmt.Errorf("a batch holds %d bytes of text", len(b.data))
	}
	n := like.Len()
	data := newBuffer(alloc, len(b.data))
	copy(data.Bytes(), b.data)
	target := textType(to)
	if wideOffsets(target) {
		offs := zeros(alloc, (n+1)*8)
		for i, dst := 0, arrow.Int64Traits.CastFromBytes(offs.Bytes()); i < n; i++ {
			dst[i+1] = int64(b.offs[i])
		}
		return fixedResult(alloc, like, target, offs, data), nil
	}
	offs := zeros(alloc, (n+1)*4)
	copy(arrow.Int32Traits.CastFromBytes(offs.Bytes())[1:], b.offs)
	return fixedResult(alloc, like, target, offs, data), nil
}

// castText writes any value as text: numbers in their shortest decimal form, bytes as they are where they are UTF-8.
func castText(alloc memory.Allocator, arr arrow.Array, to arrow.DataType) (arrow.Array, error) {
	b := &textBuilder{offs: make([]int32, 0, arr.Len())}
	switch arr.DataType().ID() {
	case arrow.INT8:
		appendInts(b, values[int8](arr))
	case arrow.INT16:
		appendInts(b, values[int16](arr))
	case arrow.INT32:
		appendInts(b, values[int32](arr))
	case arrow.INT64:
		appendInts(b, values[int64](arr))
	case arrow.UINT8:
		appendInts(b, values[uint8](arr))
	case arrow.UINT16:
		appendInts(b, values[uint16](arr))
	case arrow.UINT32:
		appendInts(b, values[uint32](arr))
	case arrow.UINT64:
		appendUints(b, values[uint64](arr))
	case arrow.FLOAT32:
		appendFloats(b, values[float32](arr), 32)
	case arrow.FLOAT64:
		appendFloats(b, values[float64](arr), 64)
	default:
		if err := appendAny(b, arr); err != nil {
			return nil, err
		}
	}
	return b.build(alloc, arr, to)
}

func appendInts[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](b *textBuilder, vs []T) {
	for _, v := range vs {
		b.data = strconv.AppendInt(b.data, int64(v), 10)
		b.end()
	}
}

func appendUints(b *textBuilder, vs []uint64) {
	for _, v := range vs {
		b.data = strconv.AppendUint(b.data, v, 10)
		b.end()
	}
}

func appendFloats[T float32 | float64](b *textBuilder, vs []T, bits int) {
	for _, v := range vs {
		b.data = strconv.AppendFloat(b.data, float64(v), 'g', -1, bits)
		b.end()
	}
}

// appendAny takes the text that arrow gives a value: for types that files seldom differ in.
func appendAny(b *textBuilder, arr arrow.Array) error {
	bin, _ := arr.(interface{ Value(int) []byte })
	for i := range arr.Len() {
		switch {
		case arr.IsNull(i):
		case bin != nil:
			v := bin.Value(i)
			if !utf8.Valid(v) {
				return &castError{what: "bytes that are no UTF-8", text: strconv.QuoteToASCII(string(v)), row: i}
			}
			b.data = append(b.data, v...)
		default:
			b.data = append(b.data, arr.ValueStr(i)...)
		}
		b.end()
	}
	return nil
}
