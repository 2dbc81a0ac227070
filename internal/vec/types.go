package vec

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// Logical returns the type of t's values without its encoding, as Vec.Type has it: dictionaries and run-ends give their values, the
// utf8 and binary layouts give utf8 and binary, large lists and list views give lists, decimal32 and 64 give decimal128 of the same
// precision and scale, extensions give their storage; inside nested types too. A type that is logical already comes back itself.
func Logical(t arrow.DataType) arrow.DataType {
	switch t := t.(type) {
	case arrow.ExtensionType:
		return Logical(t.StorageType())
	case *arrow.DictionaryType:
		return Logical(t.ValueType)
	case *arrow.RunEndEncodedType:
		return Logical(t.Encoded())
	case *arrow.LargeStringType, *arrow.StringViewType:
		return arrow.BinaryTypes.String
	case *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return arrow.BinaryTypes.Binary
	case *arrow.Decimal32Type:
		return &arrow.Decimal128Type{Precision: t.Precision, Scale: t.Scale}
	case *arrow.Decimal64Type:
		return &arrow.Decimal128Type{Precision: t.Precision, Scale: t.Scale}
	case *arrow.ListType:
		if f, changed := logicalField(t.ElemField()); changed {
			return arrow.ListOfField(f)
		}
		return t
	case *arrow.LargeListType:
		f, _ := logicalField(t.ElemField())
		return arrow.ListOfField(f)
	case *arrow.ListViewType:
		f, _ := logicalField(t.ElemField())
		return arrow.ListOfField(f)
	case *arrow.LargeListViewType:
		f, _ := logicalField(t.ElemField())
		return arrow.ListOfField(f)
	case *arrow.FixedSizeListType:
		if f, changed := logicalField(t.ElemField()); changed {
			return arrow.FixedSizeListOfField(t.Len(), f)
		}
		return t
	case *arrow.MapType:
		return logicalMap(t)
	case *arrow.StructType:
		return logicalStruct(t)
	}
	return t
}

func logicalField(f arrow.Field) (arrow.Field, bool) {
	l := Logical(f.Type)
	changed := l != f.Type
	f.Type = l
	return f, changed
}

func logicalMap(t *arrow.MapType) arrow.DataType {
	key, c1 := logicalField(t.KeyField())
	item, c2 := logicalField(t.ItemField())
	if !c1 && !c2 {
		return t
	}
	out := arrow.MapOfFields(key, item)
	out.KeysSorted = t.KeysSorted
	return out
}

func logicalStruct(t *arrow.StructType) arrow.DataType {
	fields, changed := t.Fields(), false // Fields is a copy
	for i := range fields {
		var c bool
		fields[i], c = logicalField(fields[i])
		changed = changed || c
	}
	if !changed {
		return t
	}
	return arrow.StructOf(fields...)
}

// PhysOf returns the physical kind and the width in bytes of the values of a type; ok is false for what a Vec cannot hold (unions).
func PhysOf(t arrow.DataType) (p Phys, width int, ok bool) {
	switch Logical(t).ID() {
	case arrow.NULL:
		return Null, 0, true
	case arrow.BOOL:
		return Bool, 0, true
	case arrow.INT8:
		return Int8, 1, true
	case arrow.INT16:
		return Int16, 2, true
	case arrow.INT32, arrow.DATE32, arrow.TIME32, arrow.INTERVAL_MONTHS:
		return Int32, 4, true
	case arrow.INT64, arrow.DATE64, arrow.TIME64, arrow.TIMESTAMP, arrow.DURATION:
		return Int64, 8, true
	case arrow.UINT8:
		return Uint8, 1, true
	case arrow.UINT16:
		return Uint16, 2, true
	case arrow.UINT32:
		return Uint32, 4, true
	case arrow.UINT64:
		return Uint64, 8, true
	case arrow.FLOAT16:
		return Float16, 2, true
	case arrow.FLOAT32:
		return Float32, 4, true
	case arrow.FLOAT64:
		return Float64, 8, true
	case arrow.DECIMAL128:
		return Dec128, 16, true
	case arrow.DECIMAL256:
		return Dec256, 32, true
	case arrow.STRING, arrow.BINARY:
		return View, 16, true
	case arrow.INTERVAL_DAY_TIME:
		return Fixed, 8, true
	case arrow.INTERVAL_MONTH_DAY_NANO:
		return Fixed, 16, true
	case arrow.FIXED_SIZE_BINARY:
		return Fixed, Logical(t).(*arrow.FixedSizeBinaryType).ByteWidth, true
	case arrow.LIST, arrow.FIXED_SIZE_LIST, arrow.MAP:
		return List, 0, true
	case arrow.STRUCT:
		return Struct, 0, true
	}
	return Null, 0, false
}

// elemFields returns the fields of a nested logical type's children: the element of a list (a map's entries), the fields of a struct.
func elemFields(t arrow.DataType) []arrow.Field {
	switch t := t.(type) {
	case *arrow.StructType:
		return t.Fields()
	case *arrow.MapType:
		return []arrow.Field{t.ElemField()}
	case arrow.ListLikeType:
		return []arrow.Field{t.ElemField()}
	}
	return nil
}
