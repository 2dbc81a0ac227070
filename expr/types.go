package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// The types that results have.
var (
	boolType  arrow.DataType = arrow.FixedWidthTypes.Boolean
	int64Type arrow.DataType = arrow.PrimitiveTypes.Int64
	float64T  arrow.DataType = arrow.PrimitiveTypes.Float64
	float32T  arrow.DataType = arrow.PrimitiveTypes.Float32
	textType  arrow.DataType = arrow.BinaryTypes.String
	bytesType arrow.DataType = arrow.BinaryTypes.Binary
	date32T   arrow.DataType = arrow.FixedWidthTypes.Date32
)

// ValueType returns the type that values of a column of type t have in expressions: the value type of a dictionary or a run-end
// encoding, the storage of an extension, utf8 for every text, binary for every binary of variable size, decimal128 for the narrower
// decimals; else t.
func ValueType(t arrow.DataType) arrow.DataType {
	switch x := t.(type) {
	case *arrow.DictionaryType:
		return ValueType(x.ValueType)
	case *arrow.RunEndEncodedType:
		return ValueType(x.Encoded())
	case arrow.ExtensionType:
		return ValueType(x.StorageType())
	case *arrow.Decimal32Type:
		return &arrow.Decimal128Type{Precision: x.Precision, Scale: x.Scale}
	case *arrow.Decimal64Type:
		return &arrow.Decimal128Type{Precision: x.Precision, Scale: x.Scale}
	}
	switch t.ID() {
	case arrow.LARGE_STRING, arrow.STRING_VIEW:
		return textType
	case arrow.LARGE_BINARY, arrow.BINARY_VIEW:
		return bytesType
	}
	return t
}

// class groups types by what can be done with them.
type class uint8

const (
	otherClass class = iota
	nullClass
	boolClass
	signedClass
	unsignedClass
	floatClass
	decimalClass
	textClass
	binaryClass
	dateClass
	timeClass
	timestampClass
	durationClass
	listClass
	structClass
	mapClass
)

// classOf returns the class of a value type.
func classOf(t arrow.DataType) class {
	switch t.ID() {
	case arrow.NULL:
		return nullClass
	case arrow.BOOL:
		return boolClass
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64:
		return signedClass
	case arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return unsignedClass
	case arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64:
		return floatClass
	case arrow.DECIMAL32, arrow.DECIMAL64, arrow.DECIMAL128, arrow.DECIMAL256:
		return decimalClass
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return textClass
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return binaryClass
	case arrow.DATE32, arrow.DATE64:
		return dateClass
	case arrow.TIME32, arrow.TIME64:
		return timeClass
	case arrow.TIMESTAMP:
		return timestampClass
	case arrow.DURATION:
		return durationClass
	case arrow.LIST, arrow.LARGE_LIST, arrow.FIXED_SIZE_LIST, arrow.LIST_VIEW, arrow.LARGE_LIST_VIEW:
		return listClass
	case arrow.STRUCT:
		return structClass
	case arrow.MAP:
		return mapClass
	}
	return otherClass
}

func (c class) integer() bool { return c == signedClass || c == unsignedClass }

func (c class) number() bool { return c.integer() || c == floatClass || c == decimalClass }

// ordered says whether values of the class can be compared by size.
func (c class) ordered() bool { return c >= boolClass && c <= durationClass }

// bits is the width of an integer or float type.
func bits(t arrow.DataType) int {
	if f, ok := t.(arrow.FixedWidthDataType); ok {
		return f.BitWidth()
	}
	return 0
}

func intType(width int) arrow.DataType {
	switch {
	case width <= 8:
		return arrow.PrimitiveTypes.Int8
	case width <= 16:
		return arrow.PrimitiveTypes.Int16
	case width <= 32:
		return arrow.PrimitiveTypes.Int32
	}
	return int64Type
}

// decimalOf is the narrowest of decimal128 and decimal256 with the precision and scale; nil where neither holds it.
func decimalOf(precision, scale int32) arrow.DataType {
	precision = max(precision, scale, 1)
	switch {
	case precision <= 38:
		return &arrow.Decimal128Type{Precision: precision, Scale: scale}
	case precision <= 76:
		return &arrow.Decimal256Type{Precision: precision, Scale: scale}
	}
	return nil
}

// integerDigits is how many decimal digits an integer type needs.
func integerDigits(t arrow.DataType) int32 {
	switch t.ID() {
	case arrow.INT8, arrow.UINT8:
		return 3
	case arrow.INT16, arrow.UINT16:
		return 5
	case arrow.INT32, arrow.UINT32:
		return 10
	case arrow.INT64:
		return 19
	}
	return 20
}

// asDecimal is the decimal type that holds all values of an integer or decimal type.
func asDecimal(t arrow.DataType) arrow.DecimalType {
	if d, ok := t.(arrow.DecimalType); ok {
		return d
	}
	return &arrow.Decimal128Type{Precision: integerDigits(t), Scale: 0}
}

// commonDecimal is the decimal type that holds all values of both.
func commonDecimal(a, b arrow.DecimalType) arrow.DataType {
	scale := max(a.GetScale(), b.GetScale())
	return decimalOf(max(a.GetPrecision()-a.GetScale(), b.GetPrecision()-b.GetScale())+scale, scale)
}

// purpose says what a common type is for: arithmetic and values may round integers to floats, comparisons must not.
type purpose uint8

const (
	forValue purpose = iota
	forCompare
)

// common returns the type that holds values of both types; nil where there is none. For comparisons of a 64-bit integer with a float
// there is none that is exact: see exactMixed.
func common(a, b arrow.DataType, why purpose) arrow.DataType {
	if arrow.TypeEqual(a, b) {
		return a
	}
	ca, cb := classOf(a), classOf(b)
	switch {
	case ca == nullClass:
		return b
	case cb == nullClass:
		return a
	case ca.number() && cb.number():
		return commonNumber(a, b, why)
	case ca == dateClass && cb == timestampClass && b.(*arrow.TimestampType).TimeZone == "":
		return b
	case cb == dateClass && ca == timestampClass && a.(*arrow.TimestampType).TimeZone == "":
		return a
	case ca != cb:
		return nil
	}
	switch ca {
	case textClass:
		return textType
	case binaryClass:
		return bytesType
	case dateClass:
		return date32T
	case timeClass:
		return timeOf(max(unitOf(a), unitOf(b)))
	case durationClass:
		return &arrow.DurationType{Unit: max(unitOf(a), unitOf(b))}
	case timestampClass:
		return commonTimestamp(a.(*arrow.TimestampType), b.(*arrow.TimestampType))
	}
	return commonNested(a, b, why)
}

// commonNumber follows the promotion of semantics: the wider, the next signed, float64 beside a float.
func commonNumber(a, b arrow.DataType, why purpose) arrow.DataType {
	ca, cb := classOf(a), classOf(b)
	switch {
	case ca == decimalClass && cb == floatClass, ca == floatClass && cb == decimalClass:
		return float64T
	case ca == decimalClass || cb == decimalClass:
		return commonDecimal(asDecimal(a), asDecimal(b))
	case ca == floatClass && cb == floatClass:
		if bits(a) < bits(b) {
			return b
		}
		return a
	case ca == floatClass || cb == floatClass:
		if why == forCompare && (bits(a) == 64 && ca.integer() || bits(b) == 64 && cb.integer()) {
			return nil
		}
		return float64T
	case ca == cb:
		if bits(a) < bits(b) {
			return b
		}
		return a
	}
	signed, unsigned := a, b
	if cb == signedClass {
		signed, unsigned = b, a
	}
	if bits(unsigned) == 64 {
		if why == forCompare {
			return decimalOf(20, 0)
		}
		return nil
	}
	return intType(max(bits(signed), 2*bits(unsigned)))
}

// exactMixed says whether a comparison is one of a 64-bit integer with a float, which has its own kernels.
func exactMixed(a, b arrow.DataType) bool {
	wide := func(t arrow.DataType) bool { return t.ID() == arrow.INT64 || t.ID() == arrow.UINT64 }
	return wide(a) && classOf(b) == floatClass || wide(b) && classOf(a) == floatClass
}

func commonTimestamp(a, b *arrow.TimestampType) arrow.DataType {
	if (a.TimeZone == "") != (b.TimeZone == "") {
		return nil
	}
	return &arrow.TimestampType{Unit: max(a.Unit, b.Unit), TimeZone: a.TimeZone}
}

// commonNested joins lists and structs by their elements and fields, in place and by name.
func commonNested(a, b arrow.DataType, why purpose) arrow.DataType {
	switch x := a.(type) {
	case *arrow.ListType:
		y, ok := b.(*arrow.ListType)
		if !ok {
			return nil
		}
		if elem := common(ValueType(x.Elem()), ValueType(y.Elem()), why); elem != nil {
			return arrow.ListOf(elem)
		}
	case *arrow.StructType:
		y, ok := b.(*arrow.StructType)
		if !ok || x.NumFields() != y.NumFields() {
			return nil
		}
		fields := make([]arrow.Field, x.NumFields())
		for i := range fields {
			f, g := x.Field(i), y.Field(i)
			t := common(ValueType(f.Type), ValueType(g.Type), why)
			if t == nil || f.Name != g.Name {
				return nil
			}
			fields[i] = arrow.Field{Name: f.Name, Type: t, Nullable: f.Nullable || g.Nullable}
		}
		return arrow.StructOf(fields...)
	}
	return nil
}

// unitOf is the unit of a temporal type; dates count as seconds.
func unitOf(t arrow.DataType) arrow.TimeUnit {
	if u, ok := t.(interface{ TimeUnit() arrow.TimeUnit }); ok {
		return u.TimeUnit()
	}
	return arrow.Second
}

// timeOf is the time-of-day type of a unit.
func timeOf(u arrow.TimeUnit) arrow.DataType {
	if u <= arrow.Millisecond {
		return &arrow.Time32Type{Unit: u}
	}
	return &arrow.Time64Type{Unit: u}
}

// typeName prints a type as a user says it.
func typeName(t arrow.DataType) string {
	switch t.ID() {
	case arrow.STRING:
		return "text"
	case arrow.NULL:
		return "null"
	}
	return t.String()
}
