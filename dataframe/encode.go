package dataframe

import (
	"database/sql"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
)

// rowEncoder turns values of a struct type into record batches.
type rowEncoder[T any] struct{ *structEncoder }

// structEncoder is rowEncoder for a type known at run time alone.
type structEncoder struct {
	schema *arrow.Schema
	fields []field
	savers []saver
}

// saver appends a field of n rows to a builder: the first at base, the next ones stride bytes apart. It returns the row whose value
// cannot be a column's, and why.
type saver func(b array.Builder, base unsafe.Pointer, stride uintptr, n int) (int, *fault.Error)

// newRowEncoder derives the columns of T: exported fields, in order. *F, sql.Null[F] and slices are nullable.
func newRowEncoder[T any]() (*rowEncoder[T], error) {
	e, err := encoderOf(reflect.TypeFor[T]())
	return &rowEncoder[T]{e}, err
}

func encoderOf(typ reflect.Type) (*structEncoder, error) {
	if !isRowStruct(typ) {
		return nil, fault.New(fault.Plan, "", "rows are structs, not %s", typ).WithHint("wrap the value in a struct: its field names the column")
	}
	fields, err := structFields(typ)
	if err != nil {
		return nil, err
	}
	e := &structEncoder{fields: fields}
	columns := make([]arrow.Field, len(fields))
	for i, f := range fields {
		if columns[i], err = columnOf(f); err != nil {
			return nil, err
		}
		e.savers = append(e.savers, saverOf(f.typ))
	}
	e.schema = arrow.NewSchema(columns, nil)
	return e, nil
}

// columnOf returns the column that a field is.
func columnOf(f field) (arrow.Field, error) {
	t := arrowType(f.typ)
	if t == nil {
		e := fault.New(fault.Type, "", "field %s of type %s has no column type", f.goName, f.typ)
		return arrow.Field{}, e.WithHint("leave it out with the tag `sheaf:\"-\"`")
	}
	return arrow.Field{Name: f.name, Type: t, Nullable: isNullable(f.typ)}, nil
}

func isNullable(g reflect.Type) bool {
	w, inner := unwrap(g)
	return w != plain || nilIsNull(inner)
}

// arrowType returns the column type of a Go type, nil where there is none. Times are microseconds in UTC, durations nanoseconds.
func arrowType(g reflect.Type) arrow.DataType {
	w, inner := unwrap(g)
	switch {
	case isTime(inner):
		return arrow.FixedWidthTypes.Timestamp_us
	case inner == durationType:
		return arrow.FixedWidthTypes.Duration_ns
	case w != plain && (inner.Kind() == reflect.Pointer || isSQLNull(inner)):
		return nil
	}
	if t, ok := singleTypes[inner.Kind()]; ok {
		return t
	}
	switch inner.Kind() {
	case reflect.Slice:
		if inner.Elem().Kind() == reflect.Uint8 {
			return arrow.BinaryTypes.Binary
		}
		if elem := arrowType(inner.Elem()); elem != nil {
			return arrow.ListOfField(arrow.Field{Name: "item", Type: elem, Nullable: isNullable(inner.Elem())})
		}
	case reflect.Struct:
		return arrowStruct(inner)
	case reflect.Map:
		return arrowMap(inner)
	}
	return nil
}

var singleTypes = map[reflect.Kind]arrow.DataType{
	reflect.Bool: arrow.FixedWidthTypes.Boolean, reflect.String: arrow.BinaryTypes.String,
	reflect.Int: arrow.PrimitiveTypes.Int64, reflect.Int8: arrow.PrimitiveTypes.Int8, reflect.Int16: arrow.PrimitiveTypes.Int16,
	reflect.Int32: arrow.PrimitiveTypes.Int32, reflect.Int64: arrow.PrimitiveTypes.Int64,
	reflect.Uint: arrow.PrimitiveTypes.Uint64, reflect.Uint8: arrow.PrimitiveTypes.Uint8, reflect.Uint16: arrow.PrimitiveTypes.Uint16,
	reflect.Uint32: arrow.PrimitiveTypes.Uint32, reflect.Uint64: arrow.PrimitiveTypes.Uint64,
	reflect.Float32: arrow.PrimitiveTypes.Float32, reflect.Float64: arrow.PrimitiveTypes.Float64,
}

// arrowStruct returns the struct type of a Go struct. One that holds itself, by way of a slice, has none.
func arrowStruct(g reflect.Type) arrow.DataType {
	if holdsItself(g, map[reflect.Type]bool{}) {
		return nil
	}
	fields, err := structFields(g)
	if err != nil || len(fields) == 0 {
		return nil
	}
	columns := make([]arrow.Field, len(fields))
	for i, f := range fields {
		t := arrowType(f.typ)
		if t == nil {
			return nil
		}
		columns[i] = arrow.Field{Name: f.name, Type: t, Nullable: isNullable(f.typ)}
	}
	return arrow.StructOf(columns...)
}

func holdsItself(g reflect.Type, above map[reflect.Type]bool) bool {
	switch g.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return holdsItself(g.Elem(), above)
	case reflect.Struct:
		if isTime(g) {
			return false
		}
		if above[g] {
			return true
		}
		above[g] = true
		defer delete(above, g)
		for i := range g.NumField() {
			if g.Field(i).Tag.Get("sheaf") != "-" && holdsItself(g.Field(i).Type, above) {
				return true
			}
		}
	}
	return false
}

// encode returns the rows as a record batch, or the row, from 0, that cannot be one and why.
func (e *rowEncoder[T]) encode(rows []T) (arrow.RecordBatch, int, *fault.Error) {
	var zero T
	return e.encodeAt(unsafe.Pointer(unsafe.SliceData(rows)), unsafe.Sizeof(zero), len(rows))
}

// encodeAt is encode of n values of a size, the first at base.
func (e *structEncoder) encodeAt(base unsafe.Pointer, size uintptr, n int) (arrow.RecordBatch, int, *fault.Error) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, e.schema)
	defer b.Release()
	for i, f := range e.fields {
		b.Field(i).Reserve(n)
		if n == 0 {
			continue
		}
		if row, err := e.savers[i](b.Field(i), unsafe.Add(base, f.offset), size, n); err != nil {
			err.Column = f.name
			return nil, row, err
		}
	}
	if len(e.fields) == 0 {
		return array.NewRecordBatch(e.schema, nil, int64(n)), 0, nil
	}
	return b.NewRecordBatch(), 0, nil
}

// saverOf returns the saver of a type that has a column type.
func saverOf(g reflect.Type) saver {
	w, inner := unwrap(g)
	switch {
	case isTime(inner):
		return timeSaver(w)
	case inner == durationType:
		return typedSaver(w, func(b *array.DurationBuilder, v time.Duration) { b.Append(arrow.Duration(v)) })
	}
	switch inner.Kind() {
	case reflect.Bool:
		return typedSaver(w, (*array.BooleanBuilder).Append)
	case reflect.String:
		return textSaver(w)
	case reflect.Int:
		return typedSaver(w, func(b *array.Int64Builder, v int) { b.Append(int64(v)) })
	case reflect.Int8:
		return typedSaver(w, (*array.Int8Builder).Append)
	case reflect.Int16:
		return typedSaver(w, (*array.Int16Builder).Append)
	case reflect.Int32:
		return typedSaver(w, (*array.Int32Builder).Append)
	case reflect.Int64:
		return typedSaver(w, (*array.Int64Builder).Append)
	case reflect.Uint:
		return typedSaver(w, func(b *array.Uint64Builder, v uint) { b.Append(uint64(v)) })
	case reflect.Uint8:
		return typedSaver(w, (*array.Uint8Builder).Append)
	case reflect.Uint16:
		return typedSaver(w, (*array.Uint16Builder).Append)
	case reflect.Uint32:
		return typedSaver(w, (*array.Uint32Builder).Append)
	case reflect.Uint64:
		return typedSaver(w, (*array.Uint64Builder).Append)
	case reflect.Float32:
		return typedSaver(w, (*array.Float32Builder).Append)
	case reflect.Float64:
		return typedSaver(w, (*array.Float64Builder).Append)
	case reflect.Slice:
		if inner.Elem().Kind() == reflect.Uint8 {
			return typedSaver(w, func(b *array.BinaryBuilder, v []byte) {
				if v == nil {
					b.AppendNull()
					return
				}
				b.Append(v)
			})
		}
		return listSaver(w, inner)
	case reflect.Map:
		return mapSaver(w, inner)
	}
	return structSaver(w, inner)
}

// typedSaver appends values of type D, or what pointers and sql.Null hold of them.
func typedSaver[B array.Builder, D any](w wrap, add func(B, D)) saver {
	return func(builder array.Builder, base unsafe.Pointer, stride uintptr, n int) (int, *fault.Error) {
		b := builder.(B)
		for i := range n {
			if v := (*D)(valueAt(w, base, uintptr(i)*stride, validOffset[D]())); v != nil {
				add(b, *v)
			} else {
				b.AppendNull()
			}
		}
		return n, nil
	}
}

// timeSaver saves times in microseconds, which reach some 292,000 years to both sides of 1970.
func timeSaver(w wrap) saver {
	return func(builder array.Builder, base unsafe.Pointer, stride uintptr, n int) (int, *fault.Error) {
		b := builder.(*array.TimestampBuilder)
		for i := range n {
			v := (*time.Time)(valueAt(w, base, uintptr(i)*stride, validOffset[time.Time]()))
			if v == nil {
				b.AppendNull()
				continue
			}
			if s := v.Unix(); s > math.MaxInt64/1_000_000-1 || s < math.MinInt64/1_000_000+1 {
				return i, fault.New(fault.Data, "", "the time %v is too far from 1970 for microseconds", v)
			}
			b.Append(arrow.Timestamp(v.UnixMicro()))
		}
		return n, nil
	}
}

// valueAt returns where the value of a field is, nil for a null; valid is the offset of Valid in sql.Null.
func valueAt(w wrap, base unsafe.Pointer, offset, valid uintptr) unsafe.Pointer {
	p := unsafe.Add(base, offset)
	switch {
	case w == pointer:
		return *(*unsafe.Pointer)(p)
	case w == sqlNull && !*(*bool)(unsafe.Add(p, valid)):
		return nil
	}
	return p
}

func validOffset[D any]() uintptr { return unsafe.Offsetof(sql.Null[D]{}.Valid) }

// validOffsetOf is validOffset of a type known at run time: Valid stands right behind V and needs no alignment.
func validOffsetOf(g reflect.Type) uintptr { return g.Size() }

// textSaver appends text, which must be UTF-8.
func textSaver(w wrap) saver {
	return func(builder array.Builder, base unsafe.Pointer, stride uintptr, n int) (int, *fault.Error) {
		b := builder.(*array.StringBuilder)
		for i := range n {
			v := (*string)(valueAt(w, base, uintptr(i)*stride, validOffset[string]()))
			switch {
			case v == nil:
				b.AppendNull()
			case !utf8.ValidString(*v):
				f := fault.New(fault.Data, "", "text is not valid UTF-8")
				f.Text = *v
				return i, f.WithHint("use []byte for other bytes")
			default:
				b.Append(*v)
			}
		}
		return n, nil
	}
}

func listSaver(w wrap, g reflect.Type) saver {
	elem := saverOf(g.Elem())
	size := g.Elem().Size()
	return func(builder array.Builder, base unsafe.Pointer, stride uintptr, n int) (int, *fault.Error) {
		b := builder.(*array.ListBuilder)
		for i := range n {
			// A slice header of any element type: its pointer and length are where []byte has them.
			v := (*[]byte)(valueAt(w, base, uintptr(i)*stride, validOffset[[]byte]()))
			if v == nil || *v == nil {
				b.AppendNull()
				continue
			}
			b.Append(true)
			if _, err := elem(b.ValueBuilder(), unsafe.Pointer(unsafe.SliceData(*v)), size, len(*v)); err != nil {
				return i, err
			}
		}
		return n, nil
	}
}

func structSaver(w wrap, g reflect.Type) saver {
	fields, _ := structFields(g) // arrowType has seen that they are good
	savers := make([]saver, len(fields))
	for i, f := range fields {
		savers[i] = saverOf(f.typ)
	}
	return func(builder array.Builder, base unsafe.Pointer, stride uintptr, n int) (int, *fault.Error) {
		b := builder.(*array.StructBuilder)
		for i := range n {
			v := valueAt(w, base, uintptr(i)*stride, validOffsetOf(g))
			if v == nil {
				b.AppendNull()
				continue
			}
			b.Append(true)
			for k, f := range fields {
				if _, err := savers[k](b.FieldBuilder(k), unsafe.Add(v, f.offset), 0, 1); err != nil {
					return i, err
				}
			}
		}
		return n, nil
	}
}
