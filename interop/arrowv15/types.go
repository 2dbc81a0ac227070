package arrowv15

import (
	"github.com/apache/arrow-go/v18/arrow"
	old "github.com/apache/arrow/go/v15/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// Extension types travel as their storage; these keys of the field's metadata say what they were, as in Arrow IPC.
const (
	extensionName = "ARROW:extension:name"
	extensionData = "ARROW:extension:metadata"
)

// FromSchema returns the schema as one of v18, with its metadata. An error is a *fault.Error of Kind Type that names the column.
func FromSchema(s *old.Schema) (*arrow.Schema, error) {
	fields := make([]arrow.Field, s.NumFields())
	for i, f := range s.Fields() {
		field, err := fromField(f)
		if err != nil {
			return nil, atColumn(err, f.Name)
		}
		fields[i] = field
	}
	m := arrow.NewMetadata(s.Metadata().Keys(), s.Metadata().Values())
	return arrow.NewSchema(fields, &m), nil
}

// ToSchema returns the schema as one of v15, with its metadata. An error is a *fault.Error of Kind Type that names the column.
func ToSchema(s *arrow.Schema) (*old.Schema, error) {
	fields := make([]old.Field, s.NumFields())
	for i, f := range s.Fields() {
		field, err := toField(f)
		if err != nil {
			return nil, atColumn(err, f.Name)
		}
		fields[i] = field
	}
	m := old.NewMetadata(s.Metadata().Keys(), s.Metadata().Values())
	return old.NewSchema(fields, &m), nil
}

func atColumn(err *fault.Error, column string) error {
	err.Column = column
	return err
}

func fromField(f old.Field) (arrow.Field, *fault.Error) {
	keys, values := f.Metadata.Keys(), f.Metadata.Values()
	t := f.Type
	for e, ok := t.(old.ExtensionType); ok; e, ok = t.(old.ExtensionType) {
		keys = append(keys[:len(keys):len(keys)], extensionName, extensionData)
		values = append(values[:len(values):len(values)], e.ExtensionName(), e.Serialize())
		t = e.StorageType()
	}
	out, err := fromType(t)
	return arrow.Field{Name: f.Name, Type: out, Nullable: f.Nullable, Metadata: arrow.NewMetadata(keys, values)}, err
}

func toField(f arrow.Field) (old.Field, *fault.Error) {
	keys, values := f.Metadata.Keys(), f.Metadata.Values()
	t := f.Type
	for e, ok := t.(arrow.ExtensionType); ok; e, ok = t.(arrow.ExtensionType) {
		keys = append(keys[:len(keys):len(keys)], extensionName, extensionData)
		values = append(values[:len(values):len(values)], e.ExtensionName(), e.Serialize())
		t = e.StorageType()
	}
	out, err := toType(t)
	return old.Field{Name: f.Name, Type: out, Nullable: f.Nullable, Metadata: old.NewMetadata(keys, values)}, err
}

// plain are the types without parameters. Both modules number types alike.
var plain = map[arrow.Type]struct {
	now  arrow.DataType
	then old.DataType
}{
	arrow.NULL: {arrow.Null, old.Null}, arrow.BOOL: {arrow.FixedWidthTypes.Boolean, old.FixedWidthTypes.Boolean},
	arrow.INT8: {arrow.PrimitiveTypes.Int8, old.PrimitiveTypes.Int8}, arrow.INT16: {arrow.PrimitiveTypes.Int16, old.PrimitiveTypes.Int16},
	arrow.INT32: {arrow.PrimitiveTypes.Int32, old.PrimitiveTypes.Int32}, arrow.INT64: {arrow.PrimitiveTypes.Int64, old.PrimitiveTypes.Int64},
	arrow.UINT8: {arrow.PrimitiveTypes.Uint8, old.PrimitiveTypes.Uint8}, arrow.UINT16: {arrow.PrimitiveTypes.Uint16, old.PrimitiveTypes.Uint16},
	arrow.UINT32: {arrow.PrimitiveTypes.Uint32, old.PrimitiveTypes.Uint32}, arrow.UINT64: {arrow.PrimitiveTypes.Uint64, old.PrimitiveTypes.Uint64},
	arrow.FLOAT16: {arrow.FixedWidthTypes.Float16, old.FixedWidthTypes.Float16},
	arrow.FLOAT32: {arrow.PrimitiveTypes.Float32, old.PrimitiveTypes.Float32}, arrow.FLOAT64: {arrow.PrimitiveTypes.Float64, old.PrimitiveTypes.Float64},
	arrow.STRING: {arrow.BinaryTypes.String, old.BinaryTypes.String}, arrow.LARGE_STRING: {arrow.BinaryTypes.LargeString, old.BinaryTypes.LargeString},
	arrow.BINARY: {arrow.BinaryTypes.Binary, old.BinaryTypes.Binary}, arrow.LARGE_BINARY: {arrow.BinaryTypes.LargeBinary, old.BinaryTypes.LargeBinary},
	arrow.STRING_VIEW: {arrow.BinaryTypes.StringView, old.BinaryTypes.StringView}, arrow.BINARY_VIEW: {arrow.BinaryTypes.BinaryView, old.BinaryTypes.BinaryView},
	arrow.DATE32: {arrow.FixedWidthTypes.Date32, old.FixedWidthTypes.Date32}, arrow.DATE64: {arrow.FixedWidthTypes.Date64, old.FixedWidthTypes.Date64},
	arrow.INTERVAL_MONTHS:         {arrow.FixedWidthTypes.MonthInterval, old.FixedWidthTypes.MonthInterval},
	arrow.INTERVAL_DAY_TIME:       {arrow.FixedWidthTypes.DayTimeInterval, old.FixedWidthTypes.DayTimeInterval},
	arrow.INTERVAL_MONTH_DAY_NANO: {arrow.FixedWidthTypes.MonthDayNanoInterval, old.FixedWidthTypes.MonthDayNanoInterval},
}

func unknown(t interface{ String() string }) *fault.Error {
	return fault.New(fault.Type, "arrowv15", "the other version of Arrow has no type %s", t).WithHint("Cast the column to a type of both, decimals to decimal128")
}

func fromType(t old.DataType) (arrow.DataType, *fault.Error) {
	if p, ok := plain[arrow.Type(t.ID())]; ok {
		return p.now, nil
	}
	switch t := t.(type) {
	case *old.FixedSizeBinaryType:
		return &arrow.FixedSizeBinaryType{ByteWidth: t.ByteWidth}, nil
	case *old.TimestampType:
		return &arrow.TimestampType{Unit: arrow.TimeUnit(t.Unit), TimeZone: t.TimeZone}, nil
	case *old.Time32Type:
		return &arrow.Time32Type{Unit: arrow.TimeUnit(t.Unit)}, nil
	case *old.Time64Type:
		return &arrow.Time64Type{Unit: arrow.TimeUnit(t.Unit)}, nil
	case *old.DurationType:
		return &arrow.DurationType{Unit: arrow.TimeUnit(t.Unit)}, nil
	case *old.Decimal128Type:
		return &arrow.Decimal128Type{Precision: t.Precision, Scale: t.Scale}, nil
	case *old.Decimal256Type:
		return &arrow.Decimal256Type{Precision: t.Precision, Scale: t.Scale}, nil
	case *old.DictionaryType:
		index, err := fromType(t.IndexType)
		if err != nil {
			return nil, err
		}
		value, err := fromField(old.Field{Type: t.ValueType})
		return &arrow.DictionaryType{IndexType: index, ValueType: value.Type, Ordered: t.Ordered}, err
	}
	return fromNested(t)
}

func fromNested(t old.DataType) (arrow.DataType, *fault.Error) {
	nested, ok := t.(old.NestedType)
	if !ok {
		return nil, unknown(t)
	}
	fields := make([]arrow.Field, len(nested.Fields()))
	for i, f := range nested.Fields() {
		field, err := fromField(f)
		if err != nil {
			return nil, err
		}
		fields[i] = field
	}
	switch t := t.(type) {
	case *old.ListType:
		return arrow.ListOfField(fields[0]), nil
	case *old.LargeListType:
		return arrow.LargeListOfField(fields[0]), nil
	case *old.ListViewType:
		return arrow.ListViewOfField(fields[0]), nil
	case *old.LargeListViewType:
		return arrow.LargeListViewOfField(fields[0]), nil
	case *old.FixedSizeListType:
		return arrow.FixedSizeListOfField(t.Len(), fields[0]), nil
	case *old.StructType:
		return arrow.StructOf(fields...), nil
	case *old.MapType:
		pair := fields[0].Type.(*arrow.StructType)
		m := arrow.MapOfFields(pair.Field(0), pair.Field(1))
		m.KeysSorted = t.KeysSorted
		return m, nil
	case *old.SparseUnionType:
		return arrow.SparseUnionOf(fields, t.TypeCodes()), nil
	case *old.DenseUnionType:
		return arrow.DenseUnionOf(fields, t.TypeCodes()), nil
	case *old.RunEndEncodedType:
		return arrow.RunEndEncodedOf(fields[0].Type, fields[1].Type), nil
	}
	return nil, unknown(t)
}

func toType(t arrow.DataType) (old.DataType, *fault.Error) {
	if p, ok := plain[t.ID()]; ok {
		return p.then, nil
	}
	switch t := t.(type) {
	case *arrow.FixedSizeBinaryType:
		return &old.FixedSizeBinaryType{ByteWidth: t.ByteWidth}, nil
	case *arrow.TimestampType:
		return &old.TimestampType{Unit: old.TimeUnit(t.Unit), TimeZone: t.TimeZone}, nil
	case *arrow.Time32Type:
		return &old.Time32Type{Unit: old.TimeUnit(t.Unit)}, nil
	case *arrow.Time64Type:
		return &old.Time64Type{Unit: old.TimeUnit(t.Unit)}, nil
	case *arrow.DurationType:
		return &old.DurationType{Unit: old.TimeUnit(t.Unit)}, nil
	case *arrow.Decimal128Type:
		return &old.Decimal128Type{Precision: t.Precision, Scale: t.Scale}, nil
	case *arrow.Decimal256Type:
		return &old.Decimal256Type{Precision: t.Precision, Scale: t.Scale}, nil
	case *arrow.DictionaryType:
		index, err := toType(t.IndexType)
		if err != nil {
			return nil, err
		}
		value, err := toField(arrow.Field{Type: t.ValueType})
		return &old.DictionaryType{IndexType: index, ValueType: value.Type, Ordered: t.Ordered}, err
	}
	return toNested(t)
}

func toNested(t arrow.DataType) (old.DataType, *fault.Error) {
	nested, ok := t.(arrow.NestedType)
	if !ok {
		return nil, unknown(t)
	}
	fields := make([]old.Field, len(nested.Fields()))
	for i, f := range nested.Fields() {
		field, err := toField(f)
		if err != nil {
			return nil, err
		}
		fields[i] = field
	}
	switch t := t.(type) {
	case *arrow.ListType:
		return old.ListOfField(fields[0]), nil
	case *arrow.LargeListType:
		return old.LargeListOfField(fields[0]), nil
	case *arrow.ListViewType:
		return old.ListViewOfField(fields[0]), nil
	case *arrow.LargeListViewType:
		return old.LargeListViewOfField(fields[0]), nil
	case *arrow.FixedSizeListType:
		return old.FixedSizeListOfField(t.Len(), fields[0]), nil
	case *arrow.StructType:
		return old.StructOf(fields...), nil
	case *arrow.MapType:
		pair := fields[0].Type.(*old.StructType)
		m := old.MapOfWithMetadata(pair.Field(0).Type, pair.Field(0).Metadata, pair.Field(1).Type, pair.Field(1).Metadata)
		m.SetItemNullable(t.ItemField().Nullable)
		m.KeysSorted = t.KeysSorted
		return m, nil
	case *arrow.SparseUnionType:
		return old.SparseUnionOf(fields, t.TypeCodes()), nil
	case *arrow.DenseUnionType:
		return old.DenseUnionOf(fields, t.TypeCodes()), nil
	case *arrow.RunEndEncodedType:
		return old.RunEndEncodedOf(fields[0].Type, fields[1].Type), nil
	}
	return nil, unknown(t)
}
