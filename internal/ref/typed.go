package ref

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// text computes an operation on text.
func text(e expr.Expr, s string, args Row) (any, error) {
	p, _ := e.Param(0).(string)
	switch e.Op() {
	case "str_len":
		return int64(utf8.RuneCountInString(s)), nil
	case "str_len_bytes":
		return int64(len(s)), nil
	case "str_lower":
		return strings.ToLower(s), nil
	case "str_upper":
		return strings.ToUpper(s), nil
	case "str_trim":
		return strings.TrimSpace(s), nil
	case "str_contains":
		return strings.Contains(s, p), nil
	case "str_starts_with":
		return strings.HasPrefix(s, p), nil
	case "str_ends_with":
		return strings.HasSuffix(s, p), nil
	case "str_split":
		l := List{}
		for _, part := range strings.Split(s, p) {
			l = append(l, part)
		}
		return l, nil
	case "str_replace":
		return strings.ReplaceAll(s, p, e.Param(1).(string)), nil
	case "str_concat":
		out := ""
		for _, a := range args {
			out += a.(string)
		}
		return out, nil
	}
	return nil, fmt.Errorf("ref: no %s", e.Op())
}

// list computes an operation on a list.
func list(e expr.Expr, l List, args Row) (any, error) {
	switch e.Op() {
	case "list_len":
		return int64(len(l)), nil
	case "list_get":
		k := e.Param(0).(int64)
		if k < 0 {
			k += int64(len(l))
		}
		if k < 0 || k >= int64(len(l)) {
			return nil, nil
		}
		return l[k], nil
	case "list_contains":
		var out any = false
		for _, v := range l {
			if v == nil {
				out = nil
			} else if Order(v, args[1]) == 0 {
				return true, nil
			}
		}
		return out, nil
	case "list_join":
		var parts []string
		for _, v := range l {
			if v != nil {
				parts = append(parts, v.(string))
			}
		}
		return strings.Join(parts, e.Param(0).(string)), nil
	}
	return nil, fmt.Errorf("ref: no %s", e.Op())
}

// clock computes an operation on a date or a naive timestamp.
func clock(e expr.Expr, v int64) (any, error) {
	at := time.Unix(v*86400, 0).UTC()
	if ts, ok := e.Arg(0).Type().(*arrow.TimestampType); ok {
		at = arrow.Timestamp(v).ToTime(ts.Unit)
	}
	switch e.Op() {
	case "dt_year":
		return int64(at.Year()), nil
	case "dt_month":
		return int64(at.Month()), nil
	case "dt_day":
		return int64(at.Day()), nil
	case "dt_weekday":
		return int64(at.Weekday()+6)%7 + 1, nil
	case "dt_hour":
		return int64(at.Hour()), nil
	case "dt_minute":
		return int64(at.Minute()), nil
	case "dt_date":
		return floorDiv(at.Unix(), 86400), nil
	}
	return nil, fmt.Errorf("ref: no %s", e.Op())
}

func floorDiv(x, y int64) int64 {
	q := x / y
	if x%y < 0 {
		q--
	}
	return q
}

// cast converts a value between bool, numbers and text.
func cast(v any, from, to arrow.DataType) (any, error) {
	if arrow.TypeEqual(from, to) {
		return v, nil
	}
	switch x := v.(type) {
	case string:
		return parse(strings.TrimSpace(x), to)
	case float64:
		return castFloat(x, to)
	}
	if ts, ok := to.(*arrow.TimestampType); ok && from.ID() == arrow.DATE32 {
		return v.(int64) * 86400 * int64(time.Second/ts.Unit.Multiplier()), nil
	}
	z := integer(v)
	switch to.ID() {
	case arrow.FLOAT64, arrow.FLOAT32:
		return castFloat(toFloat(v), to)
	case arrow.STRING:
		if b, ok := v.(bool); ok {
			return strconv.FormatBool(b), nil
		}
		return z.String(), nil
	case arrow.BOOL:
		return z.Sign() != 0, nil
	}
	if from.ID() == arrow.DATE32 || from.ID() == arrow.TIMESTAMP || to.ID() == arrow.DATE32 || to.ID() == arrow.TIMESTAMP {
		return nil, fmt.Errorf("ref: no cast of %s to %s", from, to)
	}
	return fit(z, to)
}

func castFloat(x float64, to arrow.DataType) (any, error) {
	switch to.ID() {
	case arrow.FLOAT64:
		return x, nil
	case arrow.FLOAT32:
		return float64(float32(x)), nil
	case arrow.BOOL:
		return x != 0, nil
	}
	if _, ok := to.(arrow.FixedWidthDataType); !ok {
		return nil, fmt.Errorf("ref: no cast of a float to %s", to)
	}
	if x != math.Trunc(x) || math.IsInf(x, 0) || math.IsNaN(x) {
		return nil, ErrValue
	}
	z, _ := big.NewFloat(x).Int(nil)
	return fit(z, to)
}

func parse(s string, to arrow.DataType) (any, error) {
	switch to.ID() {
	case arrow.STRING:
		return s, nil
	case arrow.FLOAT64:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || strings.ContainsAny(s, "xX_") {
			return nil, ErrValue
		}
		return f, nil
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		z, ok := new(big.Int).SetString(s, 10)
		if !ok || strings.Contains(s, "_") {
			return nil, ErrValue
		}
		return fit(z, to)
	}
	return nil, fmt.Errorf("ref: no cast of text to %s", to)
}
