package dataframe

import (
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// rowDecoder turns rows of a schema into values of T: a struct by field, or a single value for a schema of one column.
type rowDecoder[T any] struct {
	cols   []int // columns that are read, by field
	fields [][]int
	names  []string
	single bool
}

// newRowDecoder matches T with the schema. Every exported field needs its column; columns without a field are left out.
func newRowDecoder[T any](schema *arrow.Schema) (*rowDecoder[T], error) {
	typ := reflect.TypeFor[T]()
	d := &rowDecoder[T]{}
	if !isRowStruct(typ) {
		if schema.NumFields() != 1 {
			return nil, fault.New(fault.Plan, "Rows", "a row of %d columns does not fit in one %s", schema.NumFields(), typ).
				WithHint("select one column, or give a struct")
		}
		d.single = true
		d.names = []string{schema.Field(0).Name}
		return d, nil
	}
	for _, f := range structFields(typ) {
		idx := schema.FieldIndices(f.name)
		if len(idx) == 0 {
			return nil, fault.New(fault.Plan, "Rows", "field %s of %s: column %q not found", f.goName, typ, f.name).
				WithHint("%s", fault.Suggest(f.name, schemaNames(schema)))
		}
		d.cols = append(d.cols, idx[0])
		d.fields = append(d.fields, f.index)
		d.names = append(d.names, f.name)
	}
	return d, nil
}

// isRowStruct says whether values of the type are rows rather than single values.
func isRowStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() && !isSQLNull(t)
}

// isSQLNull says whether t is sql.Null[V].
func isSQLNull(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[sql.NullString]().PkgPath() && strings.HasPrefix(t.Name(), "Null[")
}

// structField is an exported field and the column it stands for.
type structField struct {
	name, goName string
	index        []int
	typ          reflect.Type
}

// structFields lists the exported fields of a struct, those of embedded structs included, with the names of their `sheaf` tags.
func structFields(t reflect.Type) []structField {
	var list []structField
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("sheaf")
		switch {
		case tag == "-":
		case f.Anonymous && tag == "" && isRowStruct(f.Type):
			for _, inner := range structFields(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				list = append(list, inner)
			}
		case f.IsExported():
			name := f.Name
			if tag != "" {
				name = tag
			}
			list = append(list, structField{name: name, goName: f.Name, index: []int{i}, typ: f.Type})
		}
	}
	return list
}

func schemaNames(s *arrow.Schema) []string {
	names := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		names[i] = f.Name
	}
	return names
}

// decode fills dst from row i of the record.
func (d *rowDecoder[T]) decode(rec arrow.RecordBatch, i int, dst *T) error {
	v := reflect.ValueOf(dst).Elem()
	if d.single {
		return setField(v, goValue(rec.Column(0), i), d.names[0])
	}
	for k, c := range d.cols {
		if err := setField(v.FieldByIndex(d.fields[k]), goValue(rec.Column(c), i), d.names[k]); err != nil {
			return err
		}
	}
	return nil
}

// setField stores a Go value in a field, or says why it does not fit: a null in a field that cannot hold it, another type, a number
// out of range.
func setField(dst reflect.Value, v any, column string) error {
	if v == nil {
		if dst.Kind() == reflect.Pointer || dst.Kind() == reflect.Slice || dst.Kind() == reflect.Interface || isSQLNull(dst.Type()) {
			dst.SetZero()
			return nil
		}
		return fieldFault(column, "a null does not fit in a field of type %s", dst.Type()).WithHint("use *%s or sql.Null[%s]", dst.Type(), dst.Type())
	}
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		return setField(dst.Elem(), v, column)
	}
	if isSQLNull(dst.Type()) {
		dst.FieldByName("Valid").SetBool(true)
		return setField(dst.FieldByName("V"), v, column)
	}
	src := reflect.ValueOf(v)
	if src.Type().AssignableTo(dst.Type()) {
		dst.Set(src)
		return nil
	}
	return convertField(dst, src, column)
}

func fieldFault(column, format string, args ...any) *fault.Error {
	f := fault.New(fault.Type, "Rows", format, args...)
	f.Column = column
	return f
}

// convertField stores numbers of other widths where they fit exactly, named types of the same kind, and lists by element.
func convertField(dst, src reflect.Value, column string) error {
	switch {
	case src.CanInt() && dst.CanInt() && src.Type() != reflect.TypeFor[time.Duration]():
		if !dst.OverflowInt(src.Int()) {
			dst.SetInt(src.Int())
			return nil
		}
	case src.CanInt() && dst.CanUint():
		if src.Int() >= 0 && !dst.OverflowUint(uint64(src.Int())) {
			dst.SetUint(uint64(src.Int()))
			return nil
		}
	case src.CanUint() && dst.CanUint():
		if !dst.OverflowUint(src.Uint()) {
			dst.SetUint(src.Uint())
			return nil
		}
	case src.CanUint() && dst.CanInt():
		if src.Uint() < 1<<63 && !dst.OverflowInt(int64(src.Uint())) {
			dst.SetInt(int64(src.Uint()))
			return nil
		}
	case dst.CanFloat() && src.CanFloat():
		if dst.Kind() == reflect.Float64 {
			dst.SetFloat(src.Float())
			return nil
		}
		return fieldFault(column, "a float64 does not fit in a field of type %s", dst.Type()).WithHint("use float64, or Cast the column")
	case dst.Kind() == reflect.Float64 && src.CanInt():
		dst.SetFloat(float64(src.Int()))
		return nil
	case src.Kind() == reflect.Slice && dst.Kind() == reflect.Slice && src.Type().Elem().Kind() == reflect.Interface:
		return convertList(dst, src, column)
	case src.Kind() == dst.Kind() && src.CanConvert(dst.Type()) && src.Kind() != reflect.Slice:
		dst.Set(src.Convert(dst.Type()))
		return nil
	}
	f := fieldFault(column, "a value of type %s does not fit in a field of type %s", src.Type(), dst.Type())
	f.Text = fmt.Sprint(src.Interface())
	return f
}

func convertList(dst, src reflect.Value, column string) error {
	list := reflect.MakeSlice(dst.Type(), src.Len(), src.Len())
	for i := range src.Len() {
		if err := setField(list.Index(i), src.Index(i).Interface(), column); err != nil {
			return err
		}
	}
	dst.Set(list)
	return nil
}
