package dataframe

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/fault"
)

// nestedLoader stores values one by one: lists in slices, structs in structs, maps in maps, dictionaries of numbers, and anything in a
// field of type any. False where a column does not fit.
func nestedLoader(t arrow.DataType, g reflect.Type) (loader, bool) {
	if !fits(t, g) {
		return nil, false
	}
	return func(a arrow.Array, base unsafe.Pointer, stride uintptr) (int, *fault.Error) {
		for i := range a.Len() {
			dst := reflect.NewAt(g, unsafe.Add(base, uintptr(i)*stride)).Elem()
			if err := setValue(dst, a, i); err != nil {
				return i, err
			}
		}
		return a.Len(), nil
	}, true
}

// fits says whether values of a column type can be stored in a Go type, nested or not.
func fits(t arrow.DataType, g reflect.Type) bool {
	w, inner := unwrap(g)
	switch {
	case w != plain && (inner.Kind() == reflect.Pointer || isSQLNull(inner)):
		return false // a null of which?
	case inner.Kind() == reflect.Interface:
		return inner.NumMethod() == 0
	case t.ID() == arrow.NULL:
		return w != plain || nilIsNull(g)
	}
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return fits(t.ValueType, g)
	case arrow.ExtensionType:
		return fits(t.StorageType(), g)
	case *arrow.MapType:
		return inner.Kind() == reflect.Map && fits(t.KeyType(), inner.Key()) && fits(t.ItemType(), inner.Elem())
	case arrow.ListLikeType:
		return inner.Kind() == reflect.Slice && fits(t.Elem(), inner.Elem())
	case *arrow.StructType:
		return fitsStruct(t, inner)
	}
	if inner.Kind() == reflect.Map || isRowStruct(inner) || inner.Kind() == reflect.Slice && !isBytes(t) {
		return false
	}
	_, ok := loaderOf(t, inner)
	return ok
}

// fitsStruct wants a column's field for every Go field.
func fitsStruct(t *arrow.StructType, g reflect.Type) bool {
	if g.Kind() == reflect.Map {
		return g.Key().Kind() == reflect.String && g.Elem().Kind() == reflect.Interface && g.Elem().NumMethod() == 0
	}
	if !isRowStruct(g) {
		return false
	}
	fields, err := structFields(g)
	for _, f := range fields {
		in, ok := t.FieldByName(f.name)
		if !ok || !fits(in.Type, f.typ) {
			return false
		}
	}
	return err == nil
}

// setValue stores value i of an array, whose type fits.
func setValue(dst reflect.Value, a arrow.Array, i int) *fault.Error {
	switch x := a.(type) {
	case *array.Dictionary:
		if x.IsValid(i) {
			return setValue(dst, x.Dictionary(), x.GetValueIndex(i))
		}
	case array.ExtensionArray:
		return setValue(dst, x.Storage(), i)
	}
	w, inner := unwrap(dst.Type())
	if isNull(a, i) {
		dst.SetZero()
		if w == plain && !nilIsNull(inner) {
			return nullFault(inner)
		}
		return nil
	}
	switch w {
	case pointer:
		dst.Set(reflect.New(inner))
		dst = dst.Elem()
	case sqlNull:
		dst.Field(1).SetBool(true)
		dst = dst.Field(0)
	}
	if inner.Kind() == reflect.Interface {
		dst.Set(reflect.ValueOf(goValue(a, i)))
		return nil
	}
	switch a := a.(type) {
	case *array.Map:
		return setMap(dst, a, i)
	case array.ListLike:
		return setList(dst, a, i)
	case *array.Struct:
		return setStruct(dst, a, i)
	}
	return setSingle(dst, a, i)
}

func setList(dst reflect.Value, a array.ListLike, i int) *fault.Error {
	from, to := a.ValueOffsets(i)
	list := reflect.MakeSlice(dst.Type(), int(to-from), int(to-from))
	for j := from; j < to; j++ {
		if err := setValue(list.Index(int(j-from)), a.ListValues(), int(j)); err != nil {
			return err
		}
	}
	dst.Set(list)
	return nil
}

func setMap(dst reflect.Value, a *array.Map, i int) *fault.Error {
	from, to := a.ValueOffsets(i)
	m := reflect.MakeMapWithSize(dst.Type(), int(to-from))
	for j := from; j < to; j++ {
		key, item := reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
		if err := setValue(key, a.Keys(), int(j)); err != nil {
			return err
		}
		if err := setValue(item, a.Items(), int(j)); err != nil {
			return err
		}
		m.SetMapIndex(key, item)
	}
	dst.Set(m)
	return nil
}

func setStruct(dst reflect.Value, a *array.Struct, i int) *fault.Error {
	if dst.Kind() == reflect.Map {
		m, _ := goValue(a, i).(map[string]any)
		dst.Set(reflect.ValueOf(m).Convert(dst.Type()))
		return nil
	}
	fields, err := structFields(dst.Type())
	if err != nil {
		return fault.New(fault.Internal, "", "%w", err)
	}
	typ := a.DataType().(*arrow.StructType)
	for _, f := range fields {
		k, ok := typ.FieldIdx(f.name)
		if !ok {
			return strange(a)
		}
		at := reflect.NewAt(f.typ, unsafe.Add(dst.Addr().UnsafePointer(), f.offset)).Elem()
		if err := setValue(at, a.Field(k), i); err != nil {
			err.Column = f.name
			return err
		}
	}
	return nil
}

// setSingle stores a value that is not nested, by way of the loader of its type.
func setSingle(dst reflect.Value, a arrow.Array, i int) *fault.Error {
	load, ok := loaderOf(a.DataType(), dst.Type())
	if !ok {
		return fault.New(fault.Internal, "", "%s", fmt.Sprintf("a %s in a field of type %s", a.DataType(), dst.Type()))
	}
	one := array.NewSlice(a, int64(i), int64(i+1))
	defer one.Release()
	_, err := load(one, dst.Addr().UnsafePointer(), 0)
	return err
}
