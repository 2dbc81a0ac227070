package readers

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// widen returns the type that holds the values of both: without loss, or with promote also int64 as double and anything as text.
// first is of the earlier file: where layouts differ but values do not (utf8 and large utf8), its type counts.
func widen(first, second arrow.DataType, promote bool) (arrow.DataType, bool) {
	if arrow.TypeEqual(first, second) {
		return first, true
	}
	a, b := valueType(first), valueType(second)
	switch {
	case arrow.TypeEqual(a, b):
		return a, true
	case a.ID() == arrow.NULL:
		return b, true
	case b.ID() == arrow.NULL:
		return a, true
	}
	if t, ok := widenNumbers(a, b); ok {
		return t, true
	}
	if t, ok := widenKin(a, b); ok {
		return t, true
	}
	if t, ok := widenNested(a, b, promote); ok {
		return t, true
	}
	if !promote {
		return nil, false
	}
	switch {
	case isNumber(a) && isNumber(b):
		return arrow.PrimitiveTypes.Float64, true
	case isText(a):
		return a, true
	case isText(b):
		return b, true
	}
	return arrow.BinaryTypes.String, true
}

// valueType strips encodings: dictionaries and run ends are their values.
func valueType(t arrow.DataType) arrow.DataType {
	for {
		switch e := t.(type) {
		case *arrow.DictionaryType:
			t = e.ValueType
		case *arrow.RunEndEncodedType:
			t = e.Encoded()
		default:
			return t
		}
	}
}

// intInfo is the width in bits of an integer type, negative for unsigned, 0 for others.
func intInfo(t arrow.DataType) (bits int, signed bool) {
	switch t.ID() {
	case arrow.INT8:
		return 8, true
	case arrow.INT16:
		return 16, true
	case arrow.INT32:
		return 32, true
	case arrow.INT64:
		return 64, true
	case arrow.UINT8:
		return 8, false
	case arrow.UINT16:
		return 16, false
	case arrow.UINT32:
		return 32, false
	case arrow.UINT64:
		return 64, false
	}
	return 0, false
}

// floatBits is the width of a float type, 0 for others.
func floatBits(t arrow.DataType) int {
	switch t.ID() {
	case arrow.FLOAT16:
		return 16
	case arrow.FLOAT32:
		return 32
	case arrow.FLOAT64:
		return 64
	}
	return 0
}

func isNumber(t arrow.DataType) bool {
	bits, _ := intInfo(t)
	return bits > 0 || floatBits(t) > 0
}

func isText(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return true
	}
	return false
}

func isBinary(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW:
		return true
	}
	return false
}

// widenNumbers widens integers and floats without loss. An integer of n bits fits a float whose mantissa has as many.
func widenNumbers(a, b arrow.DataType) (arrow.DataType, bool) {
	ia, sa := intInfo(a)
	ib, sb := intInfo(b)
	fa, fb := floatBits(a), floatBits(b)
	switch {
	case ia > 0 && ib > 0:
		return widenInts(ia, sa, ib, sb)
	case fa > 0 && fb > 0:
		return floatType(max(fa, fb)), true
	case ia > 0 && fb > 0:
		return intInFloat(ia, fb)
	case fa > 0 && ib > 0:
		return intInFloat(ib, fa)
	}
	return nil, false
}

func widenInts(a int, signedA bool, b int, signedB bool) (arrow.DataType, bool) {
	if signedA == signedB {
		return intType(max(a, b), signedA), true
	}
	if signedB {
		a, b = b, a
	}
	// a is signed now, b is not: it needs one bit more.
	if w := max(a, 2*b); w <= 64 {
		return intType(w, true), true
	}
	return nil, false
}

func intInFloat(bits, float int) (arrow.DataType, bool) {
	switch {
	case bits <= 8:
		return floatType(float), true
	case bits <= 16:
		return floatType(max(float, 32)), true
	case bits <= 32:
		return floatType(64), true
	}
	return nil, false
}

func floatType(bits int) arrow.DataType {
	switch bits {
	case 16:
		return arrow.FixedWidthTypes.Float16
	case 32:
		return arrow.PrimitiveTypes.Float32
	}
	return arrow.PrimitiveTypes.Float64
}

func intType(bits int, signed bool) arrow.DataType {
	p := &arrow.PrimitiveTypes
	switch bits {
	case 8:
		if signed {
			return p.Int8
		}
		return p.Uint8
	case 16:
		if signed {
			return p.Int16
		}
		return p.Uint16
	case 32:
		if signed {
			return p.Int32
		}
		return p.Uint32
	}
	if signed {
		return p.Int64
	}
	return p.Uint64
}

// widenKin widens among layouts of text and of bytes, units of time, and decimals.
func widenKin(a, b arrow.DataType) (arrow.DataType, bool) {
	if isText(a) && isText(b) || isBinary(a) && isBinary(b) {
		return a, true
	}
	if isBinary(a) && b.ID() == arrow.FIXED_SIZE_BINARY {
		return a, true
	}
	if a.ID() == arrow.FIXED_SIZE_BINARY && (isBinary(b) || b.ID() == arrow.FIXED_SIZE_BINARY) {
		if isBinary(b) {
			return b, true
		}
		return arrow.BinaryTypes.Binary, true
	}
	switch x := a.(type) {
	case *arrow.TimestampType:
		if y, ok := b.(*arrow.TimestampType); ok && x.TimeZone == y.TimeZone {
			return &arrow.TimestampType{Unit: max(x.Unit, y.Unit), TimeZone: x.TimeZone}, true
		}
	case *arrow.DurationType:
		if y, ok := b.(*arrow.DurationType); ok {
			return &arrow.DurationType{Unit: max(x.Unit, y.Unit)}, true
		}
	case arrow.DecimalType:
		if y, ok := b.(arrow.DecimalType); ok {
			return widenDecimals(x, y)
		}
	}
	return nil, false
}

func widenDecimals(a, b arrow.DecimalType) (arrow.DataType, bool) {
	scale := max(a.GetScale(), b.GetScale())
	prec := max(a.GetPrecision()-a.GetScale(), b.GetPrecision()-b.GetScale()) + scale
	wide := a.ID() == arrow.DECIMAL256 || b.ID() == arrow.DECIMAL256
	switch {
	case scale < 0 || prec > 76:
		return nil, false
	case prec > 38 || wide:
		return &arrow.Decimal256Type{Precision: prec, Scale: scale}, true
	}
	return &arrow.Decimal128Type{Precision: prec, Scale: scale}, true
}

// widenNested widens lists by their elements and structs field by field: a field that one lacks is null there.
func widenNested(a, b arrow.DataType, promote bool) (arrow.DataType, bool) {
	switch x := a.(type) {
	case *arrow.StructType:
		if y, ok := b.(*arrow.StructType); ok {
			return widenStructs(x, y, promote)
		}
	case *arrow.ListType:
		if elem, ok := listElem(b); ok {
			f, ok := widenElem(x.ElemField(), elem, promote)
			return arrow.ListOfField(f), ok
		}
	case *arrow.LargeListType:
		if elem, ok := listElem(b); ok {
			f, ok := widenElem(x.ElemField(), elem, promote)
			return arrow.LargeListOfField(f), ok
		}
	}
	return widenFixed(a, b, promote)
}

// widenFixed widens lists of a fixed size: those of one size stay, others become lists.
func widenFixed(a, b arrow.DataType, promote bool) (arrow.DataType, bool) {
	x, okA := a.(*arrow.FixedSizeListType)
	y, okB := b.(*arrow.FixedSizeListType)
	switch {
	case okA && okB && x.Len() == y.Len():
		f, ok := widenElem(x.ElemField(), y.ElemField(), promote)
		return arrow.FixedSizeListOfField(x.Len(), f), ok
	case okA && okB:
		return widenNested(arrow.ListOfField(x.ElemField()), arrow.ListOfField(y.ElemField()), promote)
	case okA:
		return widenNested(arrow.ListOfField(x.ElemField()), b, promote)
	case okB:
		return widenNested(a, arrow.ListOfField(y.ElemField()), promote)
	}
	return nil, false
}

func listElem(t arrow.DataType) (arrow.Field, bool) {
	switch l := t.(type) {
	case *arrow.ListType:
		return l.ElemField(), true
	case *arrow.LargeListType:
		return l.ElemField(), true
	}
	return arrow.Field{}, false
}

func widenElem(a, b arrow.Field, promote bool) (arrow.Field, bool) {
	t, ok := widen(a.Type, b.Type, promote)
	if !ok {
		return a, false
	}
	return arrow.Field{Name: a.Name, Type: t, Nullable: true}, true
}

func widenStructs(a, b *arrow.StructType, promote bool) (arrow.DataType, bool) {
	fields := append([]arrow.Field(nil), a.Fields()...)
	for i := range fields {
		fields[i].Nullable = true
	}
	for _, f := range b.Fields() {
		i, ok := a.FieldIdx(f.Name)
		if !ok {
			f.Nullable = true
			fields = append(fields, f)
			continue
		}
		t, ok := widen(fields[i].Type, f.Type, promote)
		if !ok {
			return nil, false
		}
		fields[i].Type = t
	}
	return arrow.StructOf(fields...), true
}
