package dataframe

import (
	"database/sql"
	"math"
	"reflect"
	"time"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/fault"
)

// loaderOf returns how values of a column type are stored in fields of a Go type, false where they do not fit.
func loaderOf(t arrow.DataType, g reflect.Type) (loader, bool) {
	w, inner := unwrap(g)
	if dict, ok := t.(*arrow.DictionaryType); ok && !isText(dict.ValueType) {
		return nestedLoader(t, g)
	}
	switch {
	case t.ID() == arrow.NULL:
		return nestedLoader(t, g)
	case isTime(inner):
		return typedLoader(w, inner, times), isTemporal(t)
	case inner == durationType:
		return typedLoader(w, inner, durations), isSpan(t)
	case inner.Kind() == reflect.Bool:
		return typedLoader(w, inner, bools), t.ID() == arrow.BOOL
	case inner.Kind() == reflect.String:
		return typedLoader(w, inner, texts), isText(t) || arrow.IsDecimal(t.ID())
	case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Uint8 && isBytes(t):
		return typedLoader(w, inner, blobs), true
	case inner.Kind() == reflect.Float64:
		return typedLoader(w, inner, floats[float64]), arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID())
	case inner.Kind() == reflect.Float32:
		return typedLoader(w, inner, floats[float32]), arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) && t.ID() != arrow.FLOAT64
	}
	if load := intLoader(w, inner); load != nil {
		return load, arrow.IsInteger(t.ID())
	}
	return nestedLoader(t, g)
}

func intLoader(w wrap, g reflect.Type) loader {
	switch g.Kind() {
	case reflect.Int:
		return typedLoader(w, g, integers[int])
	case reflect.Int8:
		return typedLoader(w, g, integers[int8])
	case reflect.Int16:
		return typedLoader(w, g, integers[int16])
	case reflect.Int32:
		return typedLoader(w, g, integers[int32])
	case reflect.Int64:
		return typedLoader(w, g, integers[int64])
	case reflect.Uint:
		return typedLoader(w, g, integers[uint])
	case reflect.Uint8:
		return typedLoader(w, g, integers[uint8])
	case reflect.Uint16:
		return typedLoader(w, g, integers[uint16])
	case reflect.Uint32:
		return typedLoader(w, g, integers[uint32])
	case reflect.Uint64:
		return typedLoader(w, g, integers[uint64])
	}
	return nil
}

func isText(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return isText(t.ValueType)
	case arrow.ExtensionType:
		return isText(t.StorageType())
	}
	return t.ID() == arrow.STRING || t.ID() == arrow.LARGE_STRING || t.ID() == arrow.STRING_VIEW
}

func isBytes(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return true
	}
	return false
}

// isTemporal says whether values are points in time: time.Time.
func isTemporal(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.DATE32, arrow.DATE64, arrow.TIMESTAMP, arrow.TIME32, arrow.TIME64:
		return true
	}
	return false
}

// isSpan says whether values are lengths of time: durations, and times of day as the time since midnight.
func isSpan(t arrow.DataType) bool {
	return t.ID() == arrow.DURATION || t.ID() == arrow.TIME32 || t.ID() == arrow.TIME64
}

// goTypeName names the Go type that fits a column best, "" where there is no single one.
func goTypeName(t arrow.DataType) string {
	switch {
	case isText(t), arrow.IsDecimal(t.ID()):
		return "string"
	case isBytes(t):
		return "[]byte"
	case t.ID() == arrow.DURATION:
		return "time.Duration"
	case isTemporal(t):
		return "time.Time"
	case t.ID() == arrow.BOOL, arrow.IsInteger(t.ID()), t.ID() == arrow.FLOAT32, t.ID() == arrow.FLOAT64:
		return t.Name()
	}
	return ""
}

// typedLoader stores what values makes of an array in fields of type D, *D or sql.Null[D], or of types made of D, which are laid out
// alike. values stores the Go values of an array in out, whatever in null rows; where one does not fit it returns its row and why.
func typedLoader[D any](w wrap, g reflect.Type, values func(a arrow.Array, out []D) (int, *fault.Error)) loader {
	var nulls []bool
	var buf []D
	return func(a arrow.Array, base unsafe.Pointer, stride uintptr) (int, *fault.Error) {
		if w == pointer || cap(buf) < a.Len() {
			buf = make([]D, a.Len()) // pointers keep it
		}
		out := buf[:a.Len()]
		stored, err := values(a, out)
		if err == nil {
			stored = len(out)
		}
		nulls = nullRows(a, nulls)
		switch {
		case w == plain && nulls != nil && !nilIsNull(g):
			for i, null := range nulls[:stored] {
				if null {
					stored, err = i, nullFault(g)
					break
				}
			}
			fallthrough
		case w == plain:
			storePlain(out[:stored], base, stride)
		case w == pointer:
			storePointers(out[:stored], nulls, base, stride)
		default:
			storeNulls(out[:stored], nulls, base, stride)
		}
		return stored, err
	}
}

func storePlain[D any](out []D, base unsafe.Pointer, stride uintptr) {
	for i := range out {
		*(*D)(unsafe.Add(base, uintptr(i)*stride)) = out[i]
	}
}

func storePointers[D any](out []D, nulls []bool, base unsafe.Pointer, stride uintptr) {
	for i := range out {
		if nulls == nil || !nulls[i] {
			*(**D)(unsafe.Add(base, uintptr(i)*stride)) = &out[i]
		}
	}
}

func storeNulls[D any](out []D, nulls []bool, base unsafe.Pointer, stride uintptr) {
	for i := range out {
		if nulls == nil || !nulls[i] {
			*(*sql.Null[D])(unsafe.Add(base, uintptr(i)*stride)) = sql.Null[D]{V: out[i], Valid: true}
		}
	}
}

// nullRows says of each row whether it is null, in buf where that is large enough; nil where none is.
func nullRows(a arrow.Array, buf []bool) []bool {
	dict, isDict := a.(*array.Dictionary)
	if a.NullN() == 0 && !(isDict && dict.Dictionary().NullN() > 0) {
		return nil
	}
	if cap(buf) < a.Len() {
		buf = make([]bool, a.Len())
	}
	buf = buf[:a.Len()]
	for i := range buf {
		buf[i] = isNull(a, i)
	}
	return buf
}

func nullFault(g reflect.Type) *fault.Error {
	return fault.New(fault.Data, "", "a null does not fit in a field of type %s", g).WithHint("use *%s or sql.Null[%s], or Filter nulls out", g, g)
}

// tooBig is the fault of a number that a field cannot hold exactly.
func tooBig(v any, g reflect.Type) *fault.Error {
	return fault.New(fault.Data, "", "%v does not fit in a field of type %s", v, g).WithHint("use a wider type")
}

type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

func integers[D integer](a arrow.Array, out []D) (int, *fault.Error) {
	switch a := a.(type) {
	case *array.Int8:
		return narrow(a, a.Int8Values(), out)
	case *array.Int16:
		return narrow(a, a.Int16Values(), out)
	case *array.Int32:
		return narrow(a, a.Int32Values(), out)
	case *array.Int64:
		return narrow(a, a.Int64Values(), out)
	case *array.Uint8:
		return narrow(a, a.Uint8Values(), out)
	case *array.Uint16:
		return narrow(a, a.Uint16Values(), out)
	case *array.Uint32:
		return narrow(a, a.Uint32Values(), out)
	case *array.Uint64:
		return narrow(a, a.Uint64Values(), out)
	}
	return 0, strange(a)
}

func narrow[S, D integer](a arrow.Array, in []S, out []D) (int, *fault.Error) {
	for i, v := range in {
		d := D(v)
		if (S(d) != v || (d < 0) != (v < 0)) && a.IsValid(i) {
			return i, tooBig(v, reflect.TypeFor[D]())
		}
		out[i] = d
	}
	return len(in), nil
}

func floats[D float32 | float64](a arrow.Array, out []D) (int, *fault.Error) {
	switch a := a.(type) {
	case *array.Float16:
		for i := range out {
			out[i] = D(a.Value(i).Float32())
		}
	case *array.Float32:
		for i, v := range a.Float32Values() {
			out[i] = D(v)
		}
	case *array.Float64:
		for i, v := range a.Float64Values() {
			out[i] = D(v)
		}
	case *array.Int8:
		return exact(a, a.Int8Values(), out)
	case *array.Int16:
		return exact(a, a.Int16Values(), out)
	case *array.Int32:
		return exact(a, a.Int32Values(), out)
	case *array.Int64:
		return exact(a, a.Int64Values(), out)
	case *array.Uint8:
		return exact(a, a.Uint8Values(), out)
	case *array.Uint16:
		return exact(a, a.Uint16Values(), out)
	case *array.Uint32:
		return exact(a, a.Uint32Values(), out)
	case *array.Uint64:
		return exact(a, a.Uint64Values(), out)
	default:
		return 0, strange(a)
	}
	return len(out), nil
}

// exact stores integers as floats, those that a float holds exactly.
func exact[S integer, D float32 | float64](a arrow.Array, in []S, out []D) (int, *fault.Error) {
	bits := int(unsafe.Sizeof(S(0))) * 8
	if ^S(0) < 0 {
		bits--
	}
	over := D(math.Ldexp(1, bits)) // one more than the largest S: what rounds up to it cannot be converted back
	for i, v := range in {
		d := D(v)
		if (d >= over || S(d) != v) && a.IsValid(i) {
			return i, tooBig(v, reflect.TypeFor[D]())
		}
		out[i] = d
	}
	return len(in), nil
}

// strange is the fault of an array that is not of its schema's type.
func strange(a arrow.Array) *fault.Error {
	return fault.New(fault.Internal, "", "a column of type %s where its schema says another", a.DataType())
}

func bools(a arrow.Array, out []bool) (int, *fault.Error) {
	b, ok := a.(*array.Boolean)
	if !ok {
		return 0, strange(a)
	}
	for i := range out {
		out[i] = b.Value(i)
	}
	return len(out), nil
}

// durations stores lengths of time; one that nanoseconds cannot count does not fit.
func durations(a arrow.Array, out []time.Duration) (int, *fault.Error) {
	unit := spanUnit(a.DataType())
	for i := range out {
		v := spanValue(a, i)
		d := time.Duration(v) * unit
		if d/unit != time.Duration(v) && a.IsValid(i) {
			return i, tooBig(a.ValueStr(i), durationType)
		}
		out[i] = d
	}
	return len(out), nil
}
