package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/fault"
)

// schemaJSON is the array of {"name","type","nullable"}.
func schemaJSON(s *arrow.Schema, odd []*fault.Error) string {
	var b strings.Builder
	b.WriteString("[")
	for i, f := range s.Fields() {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  {\"name\": " + quote(f.Name) + ", \"type\": " + quote(dataframe.TypeName(f.Type)) + ", \"nullable\": " + strconv.FormatBool(f.Nullable))
		if at := slices.IndexFunc(odd, func(e *fault.Error) bool { return e.Column == f.Name }); at >= 0 {
			e := odd[at]
			place := e.File
			if e.Line > 0 {
				place += ":" + strconv.FormatInt(e.Line, 10)
			}
			b.WriteString(", \"warning\": " + quote(fmt.Sprintf("%s: %q: %v", place, e.Text, e.Err)))
		}
		b.WriteString("}")
	}
	return b.String() + "\n]\n"
}

// tableJSON is the array of objects by column name, keys in the order of the columns. Dates and times are text of ISO 8601, decimals
// text with all their digits, bytes base64; NaN and the infinities, which JSON has no word for, are null.
func tableJSON(t *dataframe.Table, err error) (string, error) {
	if err != nil {
		return "", err
	}
	fields := t.Schema().Fields()
	var b strings.Builder
	b.WriteString("[")
	for row := range t.NumRows() {
		if row > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  {")
		for i, f := range fields {
			if i > 0 {
				b.WriteString(", ")
			}
			text, err := valueJSON(t.Value(row, f.Name), f.Type)
			if err != nil {
				return "", &fault.Error{Kind: fault.Data, Column: f.Name, Row: row + 1, Err: err}
			}
			b.WriteString(quote(f.Name) + ": " + text)
		}
		b.WriteString("}")
	}
	if t.NumRows() > 0 {
		b.WriteString("\n")
	}
	return b.String() + "]\n", nil
}

// quote writes a JSON text without escapes that are not needed.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(strings.ToValidUTF8(s, "\ufffd"))
	return strings.TrimRight(b.String(), "\n")
}

// valueJSON writes a value of Table.Value.
func valueJSON(v any, t arrow.DataType) (string, error) {
	switch v := v.(type) {
	case nil:
		return "null", nil
	case string:
		return quote(v), nil
	case float64:
		return floatJSON(v, 64), nil
	case float32:
		return floatJSON(float64(v), 32), nil
	case time.Time:
		return quote(v.Format(timeLayout(t))), nil
	case time.Duration:
		return quote(v.String()), nil
	case []any:
		return listJSON(v, t)
	case map[string]any:
		return objectJSON(v, t)
	}
	out, err := json.Marshal(v)
	return string(out), err
}

func floatJSON(v float64, bits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "null"
	}
	form := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	return strconv.FormatFloat(v, form, -1, bits)
}

// timeLayout is the Go layout of a date, a time of day or a timestamp.
func timeLayout(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return timeLayout(t.ValueType)
	case *arrow.Date32Type, *arrow.Date64Type:
		return time.DateOnly
	case *arrow.Time32Type, *arrow.Time64Type:
		return "15:04:05.999999999"
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return "2006-01-02T15:04:05.999999999"
		}
	}
	return time.RFC3339Nano
}

func listJSON(vs []any, t arrow.DataType) (string, error) {
	elem := arrow.DataType(arrow.Null)
	if l, ok := t.(arrow.ListLikeType); ok {
		elem = l.Elem()
	}
	parts := make([]string, len(vs))
	for i, v := range vs {
		text, err := valueJSON(v, elem)
		if err != nil {
			return "", err
		}
		parts[i] = text
	}
	return "[" + strings.Join(parts, ", ") + "]", nil
}

// objectJSON writes a struct with its fields in their order, a map with its keys sorted.
func objectJSON(m map[string]any, t arrow.DataType) (string, error) {
	if s, ok := t.(*arrow.StructType); ok {
		var parts []string
		for _, f := range s.Fields() {
			text, err := valueJSON(m[f.Name], f.Type)
			if err != nil {
				return "", err
			}
			parts = append(parts, quote(f.Name)+": "+text)
		}
		return "{" + strings.Join(parts, ", ") + "}", nil
	}
	item := arrow.DataType(arrow.Null)
	if mt, ok := t.(*arrow.MapType); ok {
		item = mt.ItemType()
	}
	var parts []string
	for _, k := range sortedKeys(m) {
		text, err := valueJSON(m[k], item)
		if err != nil {
			return "", err
		}
		parts = append(parts, quote(k)+": "+text)
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}
