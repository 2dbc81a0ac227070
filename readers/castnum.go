package readers

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// castNumbers widens a column of integers or floats.
func castNumbers(alloc memory.Allocator, arr arrow.Array, to arrow.DataType) (arrow.Array, error) {
	switch arr.DataType().ID() {
	case arrow.INT8:
		return numbersFrom[int8](alloc, arr, to)
	case arrow.INT16:
		return numbersFrom[int16](alloc, arr, to)
	case arrow.INT32:
		return numbersFrom[int32](alloc, arr, to)
	case arrow.INT64:
		return numbersFrom[int64](alloc, arr, to)
	case arrow.UINT8:
		return numbersFrom[uint8](alloc, arr, to)
	case arrow.UINT16:
		return numbersFrom[uint16](alloc, arr, to)
	case arrow.UINT32:
		return numbersFrom[uint32](alloc, arr, to)
	case arrow.UINT64:
		return numbersFrom[uint64](alloc, arr, to)
	case arrow.FLOAT32:
		return numbersFrom[float32](alloc, arr, to)
	case arrow.FLOAT64:
		return numbersFrom[float64](alloc, arr, to)
	case arrow.FLOAT16:
		return fromHalf(alloc, arr.(*array.Float16), to)
	}
	return nil, fmt.Errorf("no conversion from %s to %s", arr.DataType(), to)
}

func numbersFrom[S number](alloc memory.Allocator, arr arrow.Array, to arrow.DataType) (arrow.Array, error) {
	src := values[S](arr)
	switch to.ID() {
	case arrow.INT8:
		return numbersTo[S, int8](alloc, arr, src, to), nil
	case arrow.INT16:
		return numbersTo[S, int16](alloc, arr, src, to), nil
	case arrow.INT32:
		return numbersTo[S, int32](alloc, arr, src, to), nil
	case arrow.INT64:
		return numbersTo[S, int64](alloc, arr, src, to), nil
	case arrow.UINT8:
		return numbersTo[S, uint8](alloc, arr, src, to), nil
	case arrow.UINT16:
		return numbersTo[S, uint16](alloc, arr, src, to), nil
	case arrow.UINT32:
		return numbersTo[S, uint32](alloc, arr, src, to), nil
	case arrow.UINT64:
		return numbersTo[S, uint64](alloc, arr, src, to), nil
	case arrow.FLOAT32:
		return numbersTo[S, float32](alloc, arr, src, to), nil
	case arrow.FLOAT64:
		return numbersTo[S, float64](alloc, arr, src, to), nil
	}
	return nil, fmt.Errorf("no conversion from %s to %s", arr.DataType(), to)
}

// values are the numbers of a fixed-width array, nulls included.
func values[T number](arr arrow.Array) []T {
	n, off := arr.Len(), arr.Data().Offset()
	if n == 0 {
		return nil
	}
	b := arr.Data().Buffers()[1].Bytes()
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(*new(T))))[off : off+n]
}

func numbersTo[S, D number](alloc memory.Allocator, arr arrow.Array, src []S, to arrow.DataType) arrow.Array {
	buf := newBuffer(alloc, len(src)*int(unsafe.Sizeof(*new(D))))
	if len(src) > 0 {
		dst := unsafe.Slice((*D)(unsafe.Pointer(unsafe.SliceData(buf.Bytes()))), len(src))
		for i, v := range src {
			dst[i] = D(v)
		}
	}
	return fixedResult(alloc, arr, to, buf)
}

// fromHalf widens by way of float32, which holds every half.
func fromHalf(alloc memory.Allocator, arr *array.Float16, to arrow.DataType) (arrow.Array, error) {
	buf := newBuffer(alloc, arr.Len()*4)
	dst := arrow.Float32Traits.CastFromBytes(buf.Bytes())
	for i, v := range arr.Values() {
		dst[i] = v.Float32()
	}
	single := fixedResult(alloc, arr, arrow.PrimitiveTypes.Float32, buf)
	defer single.Release()
	return castArray(alloc, single, to)
}

// castDecimal rescales; the wider type has room by construction, so only a value beyond its own precision fails.
func castDecimal(alloc memory.Allocator, arr arrow.Array, to arrow.DecimalType) (arrow.Array, error) {
	n := arr.Len()
	from := arr.DataType().(arrow.DecimalType)
	b := array.NewBuilder(alloc, to)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		if arr.IsNull(i) {
			b.AppendNull()
			continue
		}
		if err := appendRescaled(b, arr, i, from.GetScale(), to); err != nil {
			return nil, &castError{what: "the number", text: arr.ValueStr(i), row: i}
		}
	}
	return b.NewArray(), nil
}

// appendSmall appends a decimal128 of the same scale that fits.
func appendSmall(b array.Builder, arr arrow.Array, i int, scale int32, to arrow.DecimalType) error {
	a, ok := arr.(*array.Decimal128)
	if !ok || scale != to.GetScale() || !a.Value(i).FitsInPrecision(to.GetPrecision()) {
		return fmt.Errorf("no %s", to)
	}
	v := int64(a.Value(i).LowBits())
	switch b := b.(type) {
	case *array.Decimal32Builder:
		b.Append(decimal.Decimal32(v))
	case *array.Decimal64Builder:
		b.Append(decimal.Decimal64(v))
	}
	return nil
}

func appendRescaled(b array.Builder, arr arrow.Array, i int, scale int32, to arrow.DecimalType) error {
	switch b := b.(type) {
	case *array.Decimal32Builder, *array.Decimal64Builder:
		return appendSmall(b, arr, i, scale, to)
	case *array.Decimal128Builder:
		var v decimal128.Num
		switch a := arr.(type) {
		case *array.Decimal128:
			v = a.Value(i)
		case *array.Decimal32:
			v = decimal128.FromI64(int64(a.Value(i)))
		case *array.Decimal64:
			v = decimal128.FromI64(int64(a.Value(i)))
		}
		v, err := v.Rescale(scale, to.GetScale())
		b.Append(v)
		return err
	case *array.Decimal256Builder:
		var v decimal256.Num
		switch a := arr.(type) {
		case *array.Decimal256:
			v = a.Value(i)
		case *array.Decimal128:
			v = decimal256.FromDecimal128(a.Value(i))
		case *array.Decimal32:
			v = decimal256.FromI64(int64(a.Value(i)))
		case *array.Decimal64:
			v = decimal256.FromI64(int64(a.Value(i)))
		}
		v, err := v.Rescale(scale, to.GetScale())
		b.Append(v)
		return err
	}
	return fmt.Errorf("no decimal of type %s", to)
}
