package dataframe

import (
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// goValue returns value i of an array as the Go value that Table.Value documents.
func goValue(a arrow.Array, i int) any {
	if isNull(a, i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.String:
		return a.Value(i)
	case *array.LargeString:
		return a.Value(i)
	case *array.StringView:
		return a.Value(i)
	case *array.Binary:
		return append([]byte{}, a.Value(i)...)
	case *array.LargeBinary:
		return append([]byte{}, a.Value(i)...)
	case *array.BinaryView:
		return append([]byte{}, a.Value(i)...)
	case *array.FixedSizeBinary:
		return append([]byte{}, a.Value(i)...)
	case *array.Dictionary:
		return goValue(a.Dictionary(), a.GetValueIndex(i))
	case array.ExtensionArray:
		return goValue(a.Storage(), i)
	}
	if v, ok := numberValue(a, i); ok {
		return v
	}
	if v, ok := timeValue(a, i); ok {
		return v
	}
	if v, ok := nestedValue(a, i); ok {
		return v
	}
	if text, ok := decimalText(a, i); ok {
		return text
	}
	return a.ValueStr(i) // intervals and whatever Arrow adds
}

// decimalText writes a decimal with all digits of its scale: 1.50 of a decimal(10, 2).
func decimalText(a arrow.Array, i int) (string, bool) {
	var digits string
	switch a := a.(type) {
	case *array.Decimal32:
		digits = strconv.FormatInt(int64(a.Value(i)), 10)
	case *array.Decimal64:
		digits = strconv.FormatInt(int64(a.Value(i)), 10)
	case *array.Decimal128:
		digits = a.Value(i).BigInt().String()
	case *array.Decimal256:
		digits = a.Value(i).BigInt().String()
	default:
		return "", false
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	scale := int(a.DataType().(arrow.DecimalType).GetScale())
	if scale <= 0 {
		if digits != "0" {
			digits += strings.Repeat("0", -scale)
		}
		return sign + digits, true
	}
	if short := scale + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - scale
	return sign + digits[:point] + "." + digits[point:], true
}

func numberValue(a arrow.Array, i int) (any, bool) {
	switch a := a.(type) {
	case *array.Int8:
		return a.Value(i), true
	case *array.Int16:
		return a.Value(i), true
	case *array.Int32:
		return a.Value(i), true
	case *array.Int64:
		return a.Value(i), true
	case *array.Uint8:
		return a.Value(i), true
	case *array.Uint16:
		return a.Value(i), true
	case *array.Uint32:
		return a.Value(i), true
	case *array.Uint64:
		return a.Value(i), true
	case *array.Float16:
		return a.Value(i).Float32(), true
	case *array.Float32:
		return a.Value(i), true
	case *array.Float64:
		return a.Value(i), true
	}
	return nil, false
}

func timeValue(a arrow.Array, i int) (any, bool) {
	switch a := a.(type) {
	case *array.Date32:
		return a.Value(i).ToTime(), true
	case *array.Date64:
		return a.Value(i).ToTime(), true
	case *array.Time32:
		return a.Value(i).ToTime(a.DataType().(*arrow.Time32Type).Unit), true
	case *array.Time64:
		return a.Value(i).ToTime(a.DataType().(*arrow.Time64Type).Unit), true
	case *array.Duration:
		return time.Duration(a.Value(i)) * a.DataType().(*arrow.DurationType).Unit.Multiplier(), true
	case *array.Timestamp:
		return a.Value(i).ToTime(a.DataType().(*arrow.TimestampType).Unit).In(zoneOf(a)), true
	}
	return nil, false
}

func nestedValue(a arrow.Array, i int) (any, bool) {
	switch a := a.(type) {
	case *array.Map:
		from, to := a.ValueOffsets(i)
		m := make(map[string]any, to-from)
		for j := from; j < to; j++ {
			m[a.Keys().ValueStr(int(j))] = goValue(a.Items(), int(j))
		}
		return m, true
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		list := make([]any, 0, to-from)
		for j := from; j < to; j++ {
			list = append(list, goValue(a.ListValues(), int(j)))
		}
		return list, true
	case *array.Struct:
		m := map[string]any{}
		for f, field := range a.DataType().(*arrow.StructType).Fields() {
			m[field.Name] = goValue(a.Field(f), i)
		}
		return m, true
	}
	return nil, false
}
