package dataframe

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

const nullText = "null"

// cellText returns value i as a cell of a drawing shows it. Text that could be taken for something else (a null, nothing at all, blanks
// at an end, quotes) is quoted.
func cellText(a arrow.Array, i int) string {
	if !isText(a.DataType()) || isNull(a, i) {
		return valueText(a, i)
	}
	s := valueText(a, i)
	if s == "" || s == nullText || s[0] == '"' || strings.TrimSpace(s) != s {
		return quoted(s)
	}
	return visible(s)
}

// isNull says whether a value is null, that of a dictionary's entry included. Arrow says of arrays of the null type that no value is.
func isNull(a arrow.Array, i int) bool {
	if a.DataType().ID() == arrow.NULL {
		return true
	}
	dict, ok := a.(*array.Dictionary)
	return a.IsNull(i) || ok && dict.Dictionary().IsNull(dict.GetValueIndex(i))
}

// valueText returns value i as text for people.
func valueText(a arrow.Array, i int) string {
	if isNull(a, i) {
		return nullText
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return valueText(a.Dictionary(), a.GetValueIndex(i))
	case array.ExtensionArray:
		return valueText(a.Storage(), i)
	case array.StringLike:
		return a.Value(i)
	case *array.Float16:
		return floatText(float64(a.Value(i).Float32()), 4)
	case *array.Float32:
		return floatText(float64(a.Value(i)), 7)
	case *array.Float64:
		return floatText(a.Value(i), 9)
	case *array.Struct:
		return structText(a, i)
	case *array.Map:
		return mapText(a, i)
	case array.ListLike:
		return listText(a, i)
	}
	switch v := goValue(a, i).(type) {
	case time.Time:
		return v.Format(timeLayout(a.DataType()))
	case []byte:
		return fmt.Sprintf("0x%x", v[:min(len(v), maxCell)])
	default:
		return fmt.Sprint(v)
	}
}

// innerText is valueText within lists and structs, where text is quoted.
func innerText(a arrow.Array, i int) string {
	if s := valueText(a, i); !isText(a.DataType()) || isNull(a, i) {
		return s
	} else {
		return quoted(s)
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(visible(s), `"`, `\"`) + `"` }

func listText(a array.ListLike, i int) string {
	from, to := a.ValueOffsets(i)
	return manyText("[", "]", int(to-from), func(k int) string { return innerText(a.ListValues(), int(from)+k) })
}

func mapText(a *array.Map, i int) string {
	from, to := a.ValueOffsets(i)
	return manyText("{", "}", int(to-from), func(k int) string {
		return innerText(a.Keys(), int(from)+k) + ": " + innerText(a.Items(), int(from)+k)
	})
}

func structText(a *array.Struct, i int) string {
	fields := a.DataType().(*arrow.StructType).Fields()
	return manyText("{", "}", len(fields), func(k int) string { return fields[k].Name + ": " + innerText(a.Field(k), i) })
}

// manyText joins n texts, no more than a cell can show.
func manyText(open, end string, n int, text func(int) string) string {
	var b strings.Builder
	b.WriteString(open)
	for k := range n {
		if k > 0 {
			b.WriteString(", ")
		}
		if b.Len() > 8*maxCell {
			b.WriteString(ellipsis)
			break
		}
		b.WriteString(text(k))
	}
	return b.String() + end
}

func timeLayout(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.Date32Type, *arrow.Date64Type:
		return time.DateOnly
	case *arrow.Time32Type, *arrow.Time64Type:
		return "15:04:05.999999999"
	case *arrow.TimestampType:
		if t.TimeZone != "" {
			return "2006-01-02 15:04:05.999999999Z07:00"
		}
	}
	return "2006-01-02 15:04:05.999999999"
}

// floatText writes a float with up to so many significant digits, which hides the noise of binary fractions, and all the digits of
// its whole part; large and small values have an exponent.
func floatText(v float64, digits int) string {
	abs := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 0):
		return strconv.FormatFloat(v, 'g', -1, 64)
	case v != 0 && (abs < 1e-4 || abs >= 1e15):
		return trimZeros(strconv.FormatFloat(v, 'e', digits-1, 64))
	}
	whole := 0 // digits before the point, less the zeros behind it
	if v != 0 {
		whole = int(math.Floor(math.Log10(abs))) + 1
	}
	s := strconv.FormatFloat(v, 'f', max(1, digits-whole), 64)
	if s = strings.TrimRight(s, "0"); s[len(s)-1] == '.' {
		s += "0"
	}
	return s
}

// trimZeros drops zeros at the end of a mantissa: 1.500000e+20 is 1.5e+20.
func trimZeros(s string) string {
	mantissa, exponent, ok := strings.Cut(s, "e")
	if !ok || !strings.Contains(mantissa, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(mantissa, "0"), ".") + "e" + exponent
}

// TypeName returns a type's name as tables show it: text, int64, date, timestamp[us, tz=UTC]…
func TypeName(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return "text"
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return "binary"
	case *arrow.Date32Type, *arrow.Date64Type:
		return "date"
	case *arrow.DictionaryType:
		return "dict " + TypeName(t.ValueType)
	case *arrow.MapType:
		return "map<" + TypeName(t.KeyType()) + ", " + TypeName(t.ItemType()) + ">"
	case arrow.ListLikeType:
		return "list<" + TypeName(t.Elem()) + ">"
	case *arrow.StructType:
		parts := make([]string, t.NumFields())
		for i, f := range t.Fields() {
			parts[i] = f.Name + ": " + TypeName(f.Type)
		}
		return "struct<" + strings.Join(parts, ", ") + ">"
	}
	return t.String()
}
