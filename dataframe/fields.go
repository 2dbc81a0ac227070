package dataframe

import (
	"database/sql"
	"reflect"
	"strings"
	"time"

	"github.com/sheafdata/sheaf/fault"
)

// field is an exported field of a row struct and the column it stands for.
type field struct {
	name, goName string
	typ          reflect.Type
	// offset from the start of the struct, in bytes, that of embedded structs included.
	offset uintptr
	depth  int // 0 for the struct's own fields, 1 for those of an embedded one…
}

// structFields lists the exported fields of a struct, those of embedded structs included, named by their `sheaf` tags or by
// themselves; the tag "-" skips one. As in Go, a field hides those of its name that are embedded deeper.
func structFields(t reflect.Type) ([]field, error) {
	var list []field
	at := map[string]int{}
	for _, f := range allFields(t, 0, 0) {
		i, taken := at[f.name]
		switch {
		case !taken:
			at[f.name] = len(list)
			list = append(list, f)
		case f.depth == list[i].depth:
			return nil, fault.New(fault.Plan, "", "fields %s and %s of %s are both the column %q", list[i].goName, f.goName, t, f.name)
		case f.depth < list[i].depth:
			list[i] = f
		}
	}
	return list, nil
}

func allFields(t reflect.Type, offset uintptr, depth int) []field {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("sheaf")
		switch {
		case tag == "-":
		case f.Anonymous && tag == "" && isRowStruct(f.Type):
			list = append(list, allFields(f.Type, offset+f.Offset, depth+1)...)
		case f.IsExported():
			name := f.Name
			if tag != "" {
				name = tag
			}
			list = append(list, field{name: name, goName: f.Name, typ: f.Type, offset: offset + f.Offset, depth: depth})
		}
	}
	return list
}

// isRowStruct says whether values of the type are rows rather than single values.
func isRowStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !isTime(t) && !isSQLNull(t)
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	sqlPackage   = reflect.TypeFor[sql.NullString]().PkgPath()
)

// isTime says whether t is time.Time or a type made of it.
func isTime(t reflect.Type) bool { return t.Kind() == reflect.Struct && t.ConvertibleTo(timeType) }

// isSQLNull says whether t is sql.Null[V]. The fields of that are V and Valid.
func isSQLNull(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == sqlPackage && strings.HasPrefix(t.Name(), "Null[")
}

// wrap is how a field holds its value, and with it whether it can hold a null.
type wrap uint8

const (
	plain   wrap = iota // F
	pointer             // *F, nil is null
	sqlNull             // sql.Null[F]
)

// unwrap returns how a type holds a value, and the value's type.
func unwrap(t reflect.Type) (wrap, reflect.Type) {
	switch {
	case t.Kind() == reflect.Pointer:
		return pointer, t.Elem()
	case isSQLNull(t):
		return sqlNull, t.Field(0).Type
	}
	return plain, t
}

// nilIsNull says whether the zero value of the type stands for a null by itself: nil slices, maps and interfaces.
func nilIsNull(t reflect.Type) bool {
	return t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Interface
}
