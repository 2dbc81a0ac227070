package readers

import (
	"bytes"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
)

// constantType is the type of a folder column by its values over all files: int64, else date, else text.
func constantType(values []*constant) arrow.DataType {
	ints, dates, any := true, true, false
	for _, v := range values {
		if v == nil || v.null {
			continue
		}
		any = true
		if _, err := strconv.ParseInt(v.text, 10, 64); err != nil {
			ints = false
		}
		if _, err := time.Parse(time.DateOnly, v.text); err != nil {
			dates = false
		}
	}
	switch {
	case any && ints:
		return arrow.PrimitiveTypes.Int64
	case any && dates:
		return arrow.FixedWidthTypes.Date32
	}
	return arrow.BinaryTypes.String
}

// parseConstant returns the value as an array of one row.
func parseConstant(alloc memory.Allocator, text string, typ arrow.DataType) (arrow.Array, error) {
	bad := func(err error) error {
		e := fault.New(fault.Data, "read", "the folder's value is not of type %s: %w", typ, err)
		e.Text = text
		return e
	}
	b := array.NewBuilder(alloc, typ)
	defer b.Release()
	switch b := b.(type) {
	case *array.StringViewBuilder:
		b.AppendString(text)
	case *array.BooleanBuilder:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return nil, bad(err)
		}
		b.Append(v)
	default:
		if err := b.AppendValueFromString(text); err != nil {
			return nil, bad(err)
		}
	}
	return b.NewArray(), nil
}

// constantValue is the value as a Go value, as statistics have them; nil where the type has none here.
func constantValue(k *constant, typ arrow.DataType) any {
	arr, err := parseConstant(memory.DefaultAllocator, k.text, typ)
	if err != nil {
		return nil
	}
	defer arr.Release()
	switch a := arr.(type) {
	case *array.Int64:
		return a.Value(0)
	case *array.Int32:
		return int64(a.Value(0))
	case *array.Date32:
		return a.Value(0).ToTime()
	case *array.String:
		return k.text
	}
	return nil
}

// repeat returns rows times the one row of arr: text as a dictionary of one value.
func repeat(alloc memory.Allocator, arr arrow.Array, rows int) arrow.Array {
	if isText(arr.DataType()) || isBinary(arr.DataType()) {
		idx := zeros(alloc, rows*4)
		defer idx.Release()
		typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arr.DataType()}
		codes := array.NewData(arrow.PrimitiveTypes.Int32, rows, []*memory.Buffer{nil, idx}, nil, 0, 0)
		defer codes.Release()
		ints := array.NewInt32Data(codes)
		defer ints.Release()
		return array.NewDictionaryArray(typ, ints, arr)
	}
	fw, ok := arr.DataType().(arrow.FixedWidthDataType)
	if !ok || fw.BitWidth()%8 != 0 {
		return repeatSlow(alloc, arr, rows)
	}
	w := fw.BitWidth() / 8
	buf := memory.NewResizableBuffer(alloc)
	defer buf.Release()
	buf.Resize(rows * w)
	one := arr.Data().Buffers()[1].Bytes()[arr.Data().Offset()*w:][:w]
	copy(buf.Bytes(), bytes.Repeat(one, rows))
	data := array.NewData(arr.DataType(), rows, []*memory.Buffer{nil, buf}, nil, 0, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

func zeros(alloc memory.Allocator, n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(alloc)
	buf.Resize(n)
	clear(buf.Bytes())
	return buf
}

func repeatSlow(alloc memory.Allocator, arr arrow.Array, rows int) arrow.Array {
	all := make([]arrow.Array, rows)
	for i := range all {
		all[i] = arr
	}
	out, err := array.Concatenate(all, alloc)
	if err != nil {
		return nullArray(alloc, arr.DataType(), rows)
	}
	return out
}
