package dataframe

import (
	"cmp"
	"reflect"
	"slices"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/fault"
)

// arrowMap returns the map type of a Go map whose keys have an order: text, integers, floats. Others have none.
func arrowMap(g reflect.Type) arrow.DataType {
	if compareKeys(g.Key()) == nil {
		return nil
	}
	key, item := arrowType(g.Key()), arrowType(g.Elem())
	if key == nil || item == nil {
		return nil
	}
	return arrow.MapOfFields(arrow.Field{Name: "key", Type: key}, arrow.Field{Name: "value", Type: item, Nullable: isNullable(g.Elem())})
}

// compareKeys orders the keys of a map type, nil for types without an order.
func compareKeys(g reflect.Type) func(a, b reflect.Value) int {
	switch {
	case g.Kind() == reflect.String:
		return func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }
	case g.Kind() >= reflect.Int && g.Kind() <= reflect.Int64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Int(), b.Int()) }
	case g.Kind() >= reflect.Uint && g.Kind() <= reflect.Uint64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Uint(), b.Uint()) }
	case g.Kind() == reflect.Float32 || g.Kind() == reflect.Float64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Float(), b.Float()) }
	}
	return nil
}

// mapSaver appends maps in order of their keys, so that equal maps give equal columns; nil is null.
func mapSaver(w wrap, g reflect.Type) saver {
	key, item, compare := saverOf(g.Key()), saverOf(g.Elem()), compareKeys(g.Key())
	// What is taken out of a map stands in memory of its own, as a slice of pairs would.
	return func(builder array.Builder, base unsafe.Pointer, stride uintptr, n int) (int, *fault.Error) {
		b := builder.(*array.MapBuilder)
		for i := range n {
			at := valueAt(w, base, uintptr(i)*stride, validOffsetOf(g))
			if at == nil || reflect.NewAt(g, at).Elem().IsNil() {
				b.AppendNull()
				continue
			}
			m := reflect.NewAt(g, at).Elem()
			b.Append(true)
			keys := m.MapKeys()
			slices.SortFunc(keys, compare)
			for _, k := range keys {
				pair := [2]reflect.Value{reflect.New(g.Key()), reflect.New(g.Elem())}
				pair[0].Elem().Set(k)
				pair[1].Elem().Set(m.MapIndex(k))
				if _, err := key(b.KeyBuilder(), pair[0].UnsafePointer(), 0, 1); err != nil {
					return i, err
				}
				if _, err := item(b.ItemBuilder(), pair[1].UnsafePointer(), 0, 1); err != nil {
					return i, err
				}
			}
		}
		return n, nil
	}
}
