package expr

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sheafdata/sheaf/fault"
)

// The wire form of types:
//
//	Schema 1 repeated Field  2 repeated Pair (metadata)
//	Field  1 name  2 Type  3 nullable  4 repeated Pair (metadata)
//	Pair   1 key  2 value
//	Type   1 Arrow's type id  2 number (unit, width, precision, length)  3 number (scale)  4 zone or extension name  5 repeated Field
//	       6 flag (ordered dictionary, sorted map keys)  7 packed type codes of a union  8 serialized extension
//
// Children of nested types are Fields: of a dictionary index and values, of run-end encoding run ends and values.

// maxTypeDepth bounds how deep decoded types nest.
const maxTypeDepth = 64

// MarshalType returns the wire form of a type.
func MarshalType(t arrow.DataType) ([]byte, error) { return appendType(nil, t, 0) }

// UnmarshalType returns the type that MarshalType encoded; any other bytes are an error.
func UnmarshalType(b []byte) (arrow.DataType, error) { return decodeType(b, 0) }

// MarshalSchema returns the wire form of a schema, metadata included.
func MarshalSchema(s *arrow.Schema) ([]byte, error) {
	var b []byte
	for _, f := range s.Fields() {
		m, err := appendField(nil, f, 0)
		if err != nil {
			return nil, err
		}
		b = appendBytes(b, 1, m)
	}
	return appendMetadata(b, 2, s.Metadata()), nil
}

// UnmarshalSchema returns the schema that MarshalSchema encoded; any other bytes are an error.
func UnmarshalSchema(b []byte) (*arrow.Schema, error) {
	var fields []arrow.Field
	var md metadata
	err := eachField(b, func(f wireField) error {
		switch f.num {
		case 1:
			field, err := decodeField(f.bytes, 0)
			fields = append(fields, field)
			return err
		case 2:
			return md.add(f.bytes)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	meta := md.arrow()
	return arrow.NewSchema(fields, &meta), nil
}

func appendField(b []byte, f arrow.Field, depth int) ([]byte, error) {
	if f.Type == nil {
		return nil, fault.New(fault.Internal, "encode_type", "field %q has no type", f.Name)
	}
	t, err := appendType(nil, f.Type, depth)
	if err != nil {
		return nil, err
	}
	b = appendBytes(appendText(b, 1, f.Name), 2, t)
	return appendMetadata(appendBool(b, 3, f.Nullable), 4, f.Metadata), nil
}

func appendMetadata(b []byte, num protowire.Number, md arrow.Metadata) []byte {
	for i, k := range md.Keys() {
		b = appendBytes(b, num, appendText(appendText(nil, 1, k), 2, md.Values()[i]))
	}
	return b
}

type metadata struct{ keys, values []string }

func (m *metadata) add(b []byte) error {
	k, v := "", ""
	err := eachField(b, func(f wireField) error {
		switch f.num {
		case 1:
			k = string(f.bytes)
		case 2:
			v = string(f.bytes)
		}
		return nil
	})
	m.keys, m.values = append(m.keys, k), append(m.values, v)
	return err
}

func (m *metadata) arrow() arrow.Metadata {
	if len(m.keys) == 0 {
		return arrow.Metadata{}
	}
	return arrow.NewMetadata(m.keys, m.values)
}

func decodeField(b []byte, depth int) (arrow.Field, error) {
	var out arrow.Field
	var md metadata
	err := eachField(b, func(f wireField) error {
		var err error
		switch f.num {
		case 1:
			out.Name = string(f.bytes)
		case 2:
			out.Type, err = decodeType(f.bytes, depth)
		case 3:
			out.Nullable = f.varint != 0
		case 4:
			err = md.add(f.bytes)
		}
		return err
	})
	if err == nil && out.Type == nil {
		err = errWire("field without a type")
	}
	out.Metadata = md.arrow()
	return out, err
}

func appendType(b []byte, t arrow.DataType, depth int) ([]byte, error) {
	if t == nil || depth > maxTypeDepth {
		return nil, fault.New(fault.Internal, "encode_type", "a type is nil or nested too deep")
	}
	b = appendVarint(b, 1, uint64(t.ID()))
	num := func(i protowire.Number, v int64) {
		if v != 0 {
			b = appendVarint(b, i, protowire.EncodeZigZag(v))
		}
	}
	var children []arrow.Field
	switch x := t.(type) {
	case arrow.ExtensionType:
		b = appendBytes(appendText(b, 4, x.ExtensionName()), 8, []byte(x.Serialize()))
		children = []arrow.Field{{Type: x.StorageType()}}
	case *arrow.FixedSizeBinaryType:
		num(2, int64(x.ByteWidth))
	case arrow.DecimalType:
		num(2, int64(x.GetPrecision()))
		num(3, int64(x.GetScale()))
	case *arrow.TimestampType:
		num(2, int64(x.Unit))
		b = appendText(b, 4, x.TimeZone)
	case *arrow.Time32Type:
		num(2, int64(x.Unit))
	case *arrow.Time64Type:
		num(2, int64(x.Unit))
	case *arrow.DurationType:
		num(2, int64(x.Unit))
	case *arrow.DictionaryType:
		b = appendBool(b, 6, x.Ordered)
		children = []arrow.Field{{Type: x.IndexType}, {Type: x.ValueType}}
	case *arrow.RunEndEncodedType:
		children = []arrow.Field{{Type: x.RunEnds()}, {Type: x.Encoded()}}
	case *arrow.MapType:
		b = appendBool(b, 6, x.KeysSorted)
		children = []arrow.Field{x.KeyField(), x.ItemField()}
	case *arrow.FixedSizeListType:
		num(2, int64(x.Len()))
		children = x.Fields()
	case arrow.UnionType:
		codes := make([]uint64, len(x.TypeCodes()))
		for i, c := range x.TypeCodes() {
			codes[i] = uint64(c)
		}
		b = appendPacked(b, 7, codes)
		children = x.Fields()
	case arrow.NestedType:
		children = x.Fields()
	}
	for _, c := range children {
		f, err := appendField(nil, c, depth+1)
		if err != nil {
			return nil, err
		}
		b = appendBytes(b, 5, f)
	}
	return b, nil
}

// wireType is the decoded message of a type.
type wireType struct {
	id       arrow.Type
	a, b     int64
	text     string
	data     string
	flag     bool
	codes    []uint64
	children []arrow.Field
}

// decodeType builds a type. Arrow's constructors panic on parts that do not fit; that is an error here.
func decodeType(b []byte, depth int) (t arrow.DataType, err error) {
	if depth > maxTypeDepth {
		return nil, errWire("type: it is nested too deep")
	}
	w := wireType{id: -1}
	err = eachField(b, func(f wireField) error {
		var err error
		switch f.num {
		case 1:
			w.id = arrow.Type(min(f.varint, 1000))
		case 2:
			w.a = protowire.DecodeZigZag(f.varint)
		case 3:
			w.b = protowire.DecodeZigZag(f.varint)
		case 4:
			w.text = string(f.bytes)
		case 5:
			var c arrow.Field
			c, err = decodeField(f.bytes, depth+1)
			w.children = append(w.children, c)
		case 6:
			w.flag = f.varint != 0
		case 7:
			w.codes, err = packed(f.bytes)
		case 8:
			w.data = string(f.bytes)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			t, err = nil, errWire(fmt.Sprintf("type: %v", r))
		}
	}()
	if t = w.build(); t == nil {
		return nil, errWire("type")
	}
	return t, nil
}

// plainTypes have no parts.
var plainTypes = map[arrow.Type]arrow.DataType{
	arrow.NULL: arrow.Null, arrow.BOOL: arrow.FixedWidthTypes.Boolean,
	arrow.INT8: arrow.PrimitiveTypes.Int8, arrow.INT16: arrow.PrimitiveTypes.Int16, arrow.INT32: arrow.PrimitiveTypes.Int32, arrow.INT64: arrow.PrimitiveTypes.Int64,
	arrow.UINT8: arrow.PrimitiveTypes.Uint8, arrow.UINT16: arrow.PrimitiveTypes.Uint16, arrow.UINT32: arrow.PrimitiveTypes.Uint32, arrow.UINT64: arrow.PrimitiveTypes.Uint64,
	arrow.FLOAT16: arrow.FixedWidthTypes.Float16, arrow.FLOAT32: arrow.PrimitiveTypes.Float32, arrow.FLOAT64: arrow.PrimitiveTypes.Float64,
	arrow.STRING: arrow.BinaryTypes.String, arrow.LARGE_STRING: arrow.BinaryTypes.LargeString, arrow.STRING_VIEW: arrow.BinaryTypes.StringView,
	arrow.BINARY: arrow.BinaryTypes.Binary, arrow.LARGE_BINARY: arrow.BinaryTypes.LargeBinary, arrow.BINARY_VIEW: arrow.BinaryTypes.BinaryView,
	arrow.DATE32: arrow.FixedWidthTypes.Date32, arrow.DATE64: arrow.FixedWidthTypes.Date64,
	arrow.INTERVAL_MONTHS: arrow.FixedWidthTypes.MonthInterval, arrow.INTERVAL_DAY_TIME: arrow.FixedWidthTypes.DayTimeInterval,
	arrow.INTERVAL_MONTH_DAY_NANO: arrow.FixedWidthTypes.MonthDayNanoInterval,
}

// build makes the type; nil where the parts do not fit.
func (w *wireType) build() arrow.DataType {
	if t, ok := plainTypes[w.id]; ok {
		return t
	}
	unit := arrow.TimeUnit(w.a)
	okUnit := w.a >= 0 && w.a <= int64(arrow.Nanosecond)
	switch w.id {
	case arrow.FIXED_SIZE_BINARY:
		if w.a > 0 && w.a <= 1<<30 {
			return &arrow.FixedSizeBinaryType{ByteWidth: int(w.a)}
		}
	case arrow.DECIMAL32, arrow.DECIMAL64, arrow.DECIMAL128, arrow.DECIMAL256:
		return w.decimal()
	case arrow.TIMESTAMP:
		return when(okUnit, &arrow.TimestampType{Unit: unit, TimeZone: w.text})
	case arrow.TIME32:
		return when(okUnit && unit <= arrow.Millisecond, &arrow.Time32Type{Unit: unit})
	case arrow.TIME64:
		return when(okUnit && unit >= arrow.Microsecond, &arrow.Time64Type{Unit: unit})
	case arrow.DURATION:
		return when(okUnit, &arrow.DurationType{Unit: unit})
	}
	return w.nested()
}

func (w *wireType) decimal() arrow.DataType {
	p, s := int32(w.a), int32(w.b)
	limits := map[arrow.Type]int64{arrow.DECIMAL32: 9, arrow.DECIMAL64: 18, arrow.DECIMAL128: 38, arrow.DECIMAL256: 76}
	if w.a < 1 || w.a > limits[w.id] || w.b < -76 || w.b > 76 {
		return nil
	}
	switch w.id {
	case arrow.DECIMAL32:
		return &arrow.Decimal32Type{Precision: p, Scale: s}
	case arrow.DECIMAL64:
		return &arrow.Decimal64Type{Precision: p, Scale: s}
	case arrow.DECIMAL128:
		return &arrow.Decimal128Type{Precision: p, Scale: s}
	}
	return &arrow.Decimal256Type{Precision: p, Scale: s}
}

// nested makes the types with children; a wrong number of them panics and is an error of decodeType.
func (w *wireType) nested() arrow.DataType {
	c := w.children
	switch w.id {
	case arrow.STRUCT:
		return arrow.StructOf(c...)
	case arrow.LIST:
		return arrow.ListOfField(c[0])
	case arrow.LARGE_LIST:
		return arrow.LargeListOfField(c[0])
	case arrow.LIST_VIEW:
		return arrow.ListViewOfField(c[0])
	case arrow.LARGE_LIST_VIEW:
		return arrow.LargeListViewOfField(c[0])
	case arrow.FIXED_SIZE_LIST:
		return when(w.a > 0 && w.a <= 1<<30, arrow.FixedSizeListOfField(int32(max(w.a, 1)&(1<<31-1)), c[0]))
	case arrow.MAP:
		m := arrow.MapOfFields(c[0], c[1])
		m.KeysSorted = w.flag
		return m
	case arrow.DICTIONARY:
		index := classOf(c[0].Type)
		return when(index.integer(), &arrow.DictionaryType{IndexType: c[0].Type, ValueType: c[1].Type, Ordered: w.flag})
	case arrow.RUN_END_ENCODED:
		return arrow.RunEndEncodedOf(c[0].Type, c[1].Type)
	case arrow.SPARSE_UNION, arrow.DENSE_UNION:
		return w.union()
	case arrow.EXTENSION:
		if known := arrow.GetExtensionType(w.text); known != nil {
			if t, err := known.Deserialize(c[0].Type, w.data); err == nil {
				return t
			}
		}
	}
	return nil
}

func (w *wireType) union() arrow.DataType {
	codes := make([]arrow.UnionTypeCode, len(w.codes))
	for i, c := range w.codes {
		if c > 127 {
			return nil
		}
		codes[i] = arrow.UnionTypeCode(c)
	}
	if len(codes) != len(w.children) {
		return nil
	}
	if w.id == arrow.SPARSE_UNION {
		return arrow.SparseUnionOf(w.children, codes)
	}
	return arrow.DenseUnionOf(w.children, codes)
}
