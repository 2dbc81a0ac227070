// Package typename reads the names of column types as the command line has them: int64, double, text, date, timestamp[us, tz=UTC],
// decimal(10, 2), list<int64>… It knows every name that tables print, and the usual ones of SQL.
//
// It imports fault and Arrow's types only.
package typename

import (
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// plain lists the names without parameters.
var plain = map[string]arrow.DataType{
	"bool": arrow.FixedWidthTypes.Boolean, "boolean": arrow.FixedWidthTypes.Boolean,
	"int8": arrow.PrimitiveTypes.Int8, "tinyint": arrow.PrimitiveTypes.Int8, "int16": arrow.PrimitiveTypes.Int16, "smallint": arrow.PrimitiveTypes.Int16,
	"int32": arrow.PrimitiveTypes.Int32, "int64": arrow.PrimitiveTypes.Int64, "bigint": arrow.PrimitiveTypes.Int64,
	"int": arrow.PrimitiveTypes.Int64, "integer": arrow.PrimitiveTypes.Int64, "long": arrow.PrimitiveTypes.Int64,
	"uint8": arrow.PrimitiveTypes.Uint8, "uint16": arrow.PrimitiveTypes.Uint16, "uint32": arrow.PrimitiveTypes.Uint32, "uint64": arrow.PrimitiveTypes.Uint64,
	"float32": arrow.PrimitiveTypes.Float32, "real": arrow.PrimitiveTypes.Float32, "float16": arrow.FixedWidthTypes.Float16,
	"float64": arrow.PrimitiveTypes.Float64, "double": arrow.PrimitiveTypes.Float64, "float": arrow.PrimitiveTypes.Float64, "number": arrow.PrimitiveTypes.Float64,
	"text": arrow.BinaryTypes.String, "string": arrow.BinaryTypes.String, "utf8": arrow.BinaryTypes.String, "str": arrow.BinaryTypes.String, "varchar": arrow.BinaryTypes.String,
	"binary": arrow.BinaryTypes.Binary, "bytes": arrow.BinaryTypes.Binary, "blob": arrow.BinaryTypes.Binary,
	"date": arrow.FixedWidthTypes.Date32, "date32": arrow.FixedWidthTypes.Date32, "date64": arrow.FixedWidthTypes.Date64,
	"time":      arrow.FixedWidthTypes.Time64us,
	"timestamp": &arrow.TimestampType{Unit: arrow.Microsecond}, "datetime": &arrow.TimestampType{Unit: arrow.Microsecond},
	"timestamptz": &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	"duration":    arrow.FixedWidthTypes.Duration_us,
	"null":        arrow.Null,
}

// shown are the names that messages list and suggest.
var shown = []string{"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "double", "text", "binary", "date", "time",
	"timestamp", "timestamptz", "duration", "decimal"}

// Names returns the names of types that help texts list.
func Names() string { return strings.Join(shown, ", ") }

// maxNesting bounds lists of lists.
const maxNesting = 16

// Parse returns the type of that name, in any case. The error is of kind Plan and lists or suggests names.
func Parse(name string) (arrow.DataType, *fault.Error) { return parse(strings.TrimSpace(name), 0) }

func parse(name string, depth int) (arrow.DataType, *fault.Error) {
	lower := strings.ToLower(name)
	if t, ok := plain[lower]; ok {
		return t, nil
	}
	base, params, ok := parameters(name)
	if !ok || depth > maxNesting {
		return nil, unknown(name)
	}
	switch base {
	case "timestamp", "datetime":
		return timestamp(name, params)
	case "decimal", "numeric", "decimal128", "decimal256":
		return decimal(name, base, params)
	case "list":
		elem, err := parse(strings.TrimSpace(params), depth+1)
		if err != nil {
			return nil, err
		}
		return arrow.ListOf(elem), nil
	case "time", "time32", "time64", "duration":
		unit, ok := units[strings.ToLower(params)]
		switch {
		case !ok:
			return nil, malformed(name, "the unit is s, ms, us or ns")
		case base == "duration":
			return &arrow.DurationType{Unit: unit}, nil
		case unit <= arrow.Millisecond:
			return &arrow.Time32Type{Unit: unit}, nil
		}
		return &arrow.Time64Type{Unit: unit}, nil
	case "varchar", "char":
		return arrow.BinaryTypes.String, nil
	}
	return nil, unknown(name)
}

// parameters cuts name(params), name[params] or name<params> in two.
func parameters(name string) (base, params string, ok bool) {
	open := strings.IndexAny(name, "([<")
	if open < 0 {
		return "", "", false
	}
	closing := map[byte]byte{'(': ')', '[': ']', '<': '>'}[name[open]]
	if name[len(name)-1] != closing || len(name) < open+2 {
		return "", "", false
	}
	return strings.ToLower(strings.TrimSpace(name[:open])), strings.TrimSpace(name[open+1 : len(name)-1]), true
}

var units = map[string]arrow.TimeUnit{"s": arrow.Second, "ms": arrow.Millisecond, "us": arrow.Microsecond, "ns": arrow.Nanosecond}

func timestamp(name, params string) (arrow.DataType, *fault.Error) {
	t := &arrow.TimestampType{Unit: arrow.Microsecond}
	for i, p := range strings.Split(params, ",") {
		p = strings.TrimSpace(p)
		unit, isUnit := units[strings.ToLower(p)]
		switch {
		case isUnit && i == 0:
			t.Unit = unit
		case p != "" && t.TimeZone == "":
			t.TimeZone = strings.TrimSpace(strings.TrimPrefix(p, "tz="))
		default:
			return nil, malformed(name, "write timestamp[us] or timestamp[us, tz=UTC]")
		}
	}
	if _, err := t.GetZone(); err != nil {
		return nil, malformed(name, `zones are named as in Europe/Berlin`)
	}
	return t, nil
}

func decimal(name, base, params string) (arrow.DataType, *fault.Error) {
	p, s, both := strings.Cut(params, ",")
	precision, err := strconv.ParseInt(strings.TrimSpace(p), 10, 32)
	scale := int64(0)
	if both && err == nil {
		scale, err = strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	}
	if err != nil || precision < 1 || precision > 76 || scale < -precision || scale > precision || base == "decimal128" && precision > 38 {
		return nil, malformed(name, "write decimal(10, 2): up to 76 digits, of them 2 after the point")
	}
	if precision > 38 || base == "decimal256" {
		return &arrow.Decimal256Type{Precision: int32(precision), Scale: int32(scale)}, nil
	}
	return &arrow.Decimal128Type{Precision: int32(precision), Scale: int32(scale)}, nil
}

func malformed(name, hint string) *fault.Error {
	return fault.New(fault.Plan, "", "%q is no type", name).WithHint("%s", hint)
}

func unknown(name string) *fault.Error {
	f := fault.New(fault.Plan, "", "%q is no type", name)
	if name == "" {
		f = fault.New(fault.Plan, "", "the type is missing")
	}
	if s := fault.Suggest(strings.ToLower(name), append(shown[:len(shown):len(shown)], "integer", "string", "boolean", "float64", "datetime", "varchar")); s != "" && strings.HasPrefix(s, "did") {
		return f.WithHint("%s", s)
	}
	return f.WithHint("types are %s", Names())
}
