package eval

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/expr"
)

// The oracle evaluates bound expressions a row at a time over Go values: nil, bool, int64 (all integers, dates and timestamps), float64,
// string, []any. It shares no code with the program.

var errValue = errors.New("value")

type row map[string]any

func oracle(e expr.Expr, r row) (any, error) {
	switch e.Op() {
	case "col":
		name, _ := e.ColumnName()
		return r[name], nil
	case "lit":
		v, _ := e.Physical()
		if u, ok := v.(uint64); ok {
			return int64(u), nil
		}
		return v, nil
	case "and", "or":
		return oracleLogic(e, r, e.Op() == "and")
	case "if":
		c, err := oracle(e.Arg(0), r)
		if err != nil {
			return nil, err
		}
		if c == true {
			return oracle(e.Arg(1), r)
		}
		return oracle(e.Arg(2), r)
	case "coalesce":
		for i := range e.NumArgs() {
			if v, err := oracle(e.Arg(i), r); err != nil || v != nil {
				return v, err
			}
		}
		return nil, nil
	}
	args := make([]any, e.NumArgs())
	null := false
	for i := range args {
		var err error
		if args[i], err = oracle(e.Arg(i), r); err != nil {
			return nil, err
		}
		null = null || args[i] == nil
	}
	switch e.Op() {
	case "is_null":
		return args[0] == nil, nil
	case "not_null":
		return args[0] != nil, nil
	case "in":
		return oracleIn(args), nil
	case "between":
		return and3(compare3(args[0], args[1], func(c int) bool { return c >= 0 }), compare3(args[0], args[2], func(c int) bool { return c <= 0 })), nil
	case "greatest", "least":
		return oracleExtreme(args, e.Op() == "greatest"), nil
	case "fill_nan":
		if f, ok := args[0].(float64); ok && f != f {
			return args[1], nil
		}
		return args[0], nil
	}
	if null {
		return nil, nil
	}
	return oracleValue(e, args)
}

func oracleLogic(e expr.Expr, r row, and bool) (any, error) {
	var acc any = and
	for i := range e.NumArgs() {
		v, err := oracle(e.Arg(i), r)
		if err != nil {
			return nil, err
		}
		if v == !and {
			return !and, nil
		}
		if v == nil {
			acc = nil
		}
	}
	return acc, nil
}

func and3(a, b any) any {
	if a == false || b == false {
		return false
	}
	if a == nil || b == nil {
		return nil
	}
	return true
}

func compare3(a, b any, ok func(int) bool) any {
	if a == nil || b == nil {
		return nil
	}
	return ok(order(a, b))
}

// order is the total order of two values of any number types, or of one other type.
func order(a, b any) int {
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string))
	case bool:
		y := b.(bool)
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	}
	fa, fb := toFloat(a), toFloat(b)
	nanA, nanB := math.IsNaN(fa), math.IsNaN(fb)
	switch {
	case nanA && nanB:
		return 0
	case nanA:
		return 1
	case nanB:
		return -1
	}
	return exact(a).Cmp(exact(b))
}

func toFloat(v any) float64 {
	if i, ok := v.(int64); ok {
		return float64(i)
	}
	return v.(float64)
}

// exact is the value of a number as a big float; infinities included.
func exact(v any) *big.Float {
	if i, ok := v.(int64); ok {
		return new(big.Float).SetInt64(i)
	}
	return big.NewFloat(v.(float64))
}

func oracleIn(args []any) any {
	if args[0] == nil {
		return nil
	}
	null := false
	for _, a := range args[1:] {
		if a == nil {
			null = true
		} else if order(args[0], a) == 0 {
			return true
		}
	}
	if null {
		return nil
	}
	return false
}

func oracleExtreme(args []any, most bool) any {
	var best any
	for _, a := range args {
		if a == nil {
			continue
		}
		if best == nil || most && order(a, best) > 0 || !most && order(a, best) < 0 {
			best = a
		}
	}
	return best
}

func oracleValue(e expr.Expr, args []any) (any, error) {
	switch op := e.Op(); {
	case strings.HasPrefix(op, "str_"):
		return oracleText(e, args)
	case strings.HasPrefix(op, "dt_"):
		return oracleTime(e, args[0].(int64))
	case op == "cast":
		return oracleCast(args[0], e.Arg(0).Type(), e.Type())
	case op == "try_cast":
		v, err := oracleCast(args[0], e.Arg(0).Type(), e.Type())
		if err != nil {
			return nil, nil
		}
		return v, nil
	case op == "not":
		return !args[0].(bool), nil
	case op == "is_nan":
		return math.IsNaN(args[0].(float64)), nil
	case op == "list_len":
		return int64(len(args[0].([]any))), nil
	case op == "list_get":
		l, i := args[0].([]any), e.Param(0).(int64)
		if i < 0 {
			i += int64(len(l))
		}
		if i < 0 || i >= int64(len(l)) {
			return nil, nil
		}
		return l[i], nil
	}
	if c, ok := map[string]func(int) bool{
		"eq": func(c int) bool { return c == 0 }, "ne": func(c int) bool { return c != 0 }, "lt": func(c int) bool { return c < 0 },
		"le": func(c int) bool { return c <= 0 }, "gt": func(c int) bool { return c > 0 }, "ge": func(c int) bool { return c >= 0 },
	}[e.Op()]; ok {
		return c(order(args[0], args[1])), nil
	}
	if _, ok := args[0].(float64); ok {
		return oracleFloat(e, args), nil
	}
	return oracleInt(e, args)
}

func oracleFloat(e expr.Expr, args []any) any {
	x, y := args[0].(float64), 0.0
	if len(args) > 1 {
		y = args[1].(float64)
	}
	switch e.Op() {
	case "add":
		return x + y
	case "sub":
		return x - y
	case "mul":
		return x * y
	case "div":
		return x / y
	case "floor_div":
		if x != 0 && x == x && !math.IsInf(x, 0) && math.IsInf(y, 0) && math.Signbit(x) != math.Signbit(y) {
			return -1.0
		}
		return math.Floor(x / y)
	case "mod":
		r := math.Mod(x, y)
		if r != 0 && (r < 0) != (y < 0) {
			r += y
		}
		if r == 0 {
			r = math.Copysign(0, y)
		}
		return r
	case "pow":
		return math.Pow(x, y)
	case "neg":
		return -x
	case "abs":
		return math.Abs(x)
	case "floor":
		return math.Floor(x)
	case "ceil":
		return math.Ceil(x)
	case "sqrt":
		return math.Sqrt(x)
	case "exp":
		return math.Exp(x)
	case "log":
		return math.Log(x)
	case "sign":
		switch {
		case x > 0:
			return 1.0
		case x < 0:
			return -1.0
		}
		return x
	}
	panic("oracle: float " + e.Op())
}

func oracleInt(e expr.Expr, args []any) (any, error) {
	x, y := big.NewInt(args[0].(int64)), new(big.Int)
	if len(args) > 1 {
		y.SetInt64(args[1].(int64))
	}
	z := new(big.Int)
	switch e.Op() {
	case "add":
		z.Add(x, y)
	case "sub":
		z.Sub(x, y)
	case "mul":
		z.Mul(x, y)
	case "div": // durations
		return float64(args[0].(int64)) / float64(args[1].(int64)), nil
	case "floor_div", "mod":
		if y.Sign() == 0 {
			return nil, nil
		}
		m := new(big.Int)
		z.QuoRem(x, y, m)
		if m.Sign() != 0 && m.Sign() != y.Sign() {
			z.Sub(z, big.NewInt(1))
			m.Add(m, y)
		}
		if e.Op() == "mod" {
			z = m
		}
	case "neg":
		z.Neg(x)
	case "abs":
		z.Abs(x)
	case "sign":
		z.SetInt64(int64(x.Sign()))
	case "floor", "ceil":
		z = x
	default:
		panic("oracle: int " + e.Op())
	}
	return fit(z, e.Type())
}

// fit checks an integer against the bounds of a type.
func fit(z *big.Int, t arrow.DataType) (any, error) {
	lo, hi := new(big.Int), new(big.Int)
	switch bits := t.(arrow.FixedWidthDataType).BitWidth(); t.ID() {
	case arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		hi.Lsh(big.NewInt(1), uint(bits))
	default:
		hi.Lsh(big.NewInt(1), uint(bits-1))
		lo.Neg(hi)
	}
	if z.Cmp(lo) < 0 || z.Cmp(hi) >= 0 {
		return nil, errValue
	}
	return z.Int64(), nil
}

func oracleText(e expr.Expr, args []any) (any, error) {
	s := args[0].(string)
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
	case "str_like":
		return oracleLike([]rune(s), []rune(p)), nil
	case "str_replace":
		return strings.ReplaceAll(s, p, e.Param(1).(string)), nil
	case "str_slice":
		r := []rune(s)
		from, n := int(e.Param(0).(int64)), int(e.Param(1).(int64))
		if from < 0 {
			from += len(r)
		}
		to := min(from+n, len(r))
		from = max(from, 0)
		if from >= to {
			return "", nil
		}
		return string(r[from:to]), nil
	case "str_concat":
		out := ""
		for _, a := range args {
			out += a.(string)
		}
		return out, nil
	case "str_split":
		var out []any
		for _, part := range strings.Split(s, p) {
			out = append(out, part)
		}
		return out, nil
	}
	panic("oracle: " + e.Op())
}

func oracleLike(s, p []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '%':
		return oracleLike(s, p[1:]) || len(s) > 0 && oracleLike(s[1:], p)
	}
	return len(s) > 0 && (p[0] == '_' || p[0] == s[0]) && oracleLike(s[1:], p[1:])
}

func oracleTime(e expr.Expr, v int64) (any, error) {
	at := time.UnixMicro(v).UTC()
	if e.Arg(0).Type().ID() == arrow.DATE32 {
		at = time.Unix(v*86400, 0).UTC()
	}
	back := func(t time.Time) (any, error) {
		if e.Type().ID() == arrow.DATE32 {
			return int64(math.Floor(float64(t.Unix()) / 86400)), nil
		}
		return t.UnixMicro(), nil
	}
	switch e.Op() {
	case "dt_year":
		return int64(at.Year()), nil
	case "dt_quarter":
		return int64(at.Month()-1)/3 + 1, nil
	case "dt_month":
		return int64(at.Month()), nil
	case "dt_week":
		_, w := at.ISOWeek()
		return int64(w), nil
	case "dt_day":
		return int64(at.Day()), nil
	case "dt_year_day":
		return int64(at.YearDay()), nil
	case "dt_weekday":
		return int64(at.Weekday()+6)%7 + 1, nil
	case "dt_hour":
		return int64(at.Hour()), nil
	case "dt_minute":
		return int64(at.Minute()), nil
	case "dt_second":
		return int64(at.Second()), nil
	case "dt_date":
		return back(at)
	case "dt_format":
		return at.Format(e.Param(0).(string)), nil
	case "dt_add_months":
		first := time.Date(at.Year(), at.Month()+time.Month(e.Param(0).(int64)), 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		return back(first.AddDate(0, 0, min(at.Day(), last)-1))
	case "dt_truncate":
		y, m, d := at.Date()
		switch e.Param(0) {
		case "year":
			return back(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC))
		case "quarter":
			return back(time.Date(y, (m-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC))
		case "month":
			return back(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC))
		case "week":
			return back(time.Date(y, m, d-int(at.Weekday()+6)%7, 0, 0, 0, 0, time.UTC))
		case "day":
			return back(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
		case "hour":
			return back(time.Date(y, m, d, at.Hour(), 0, 0, 0, time.UTC))
		case "15m":
			return back(time.Date(y, m, d, at.Hour(), at.Minute()/15*15, 0, 0, time.UTC))
		}
	}
	panic("oracle: " + e.String())
}

func oracleCast(v any, from, to arrow.DataType) (any, error) {
	switch x := v.(type) {
	case bool:
		n := int64(0)
		if x {
			n = 1
		}
		switch to.ID() {
		case arrow.STRING:
			return strconv.FormatBool(x), nil
		case arrow.FLOAT64:
			return float64(n), nil
		}
		return n, nil
	case string:
		return oracleParse(strings.TrimSpace(x), to)
	case float64:
		switch to.ID() {
		case arrow.STRING:
			return floatText(x), nil
		case arrow.BOOL:
			return x != 0, nil
		case arrow.FLOAT64:
			return x, nil
		}
		if x != math.Trunc(x) || math.IsInf(x, 0) || x != x {
			return nil, errValue
		}
		z, _ := big.NewFloat(x).Int(nil)
		return fit(z, to)
	}
	x := v.(int64)
	switch {
	case from.ID() == arrow.DATE32 && to.ID() == arrow.TIMESTAMP:
		return x * 86400e6, nil
	case from.ID() == arrow.TIMESTAMP && to.ID() == arrow.DATE32:
		return int64(math.Floor(float64(x) / 86400e6)), nil
	case from.ID() == arrow.DATE32 && to.ID() == arrow.STRING:
		return time.Unix(x*86400, 0).UTC().Format("2006-01-02"), nil
	case from.ID() == arrow.TIMESTAMP && to.ID() == arrow.STRING:
		return time.UnixMicro(x).UTC().Format("2006-01-02 15:04:05.999999"), nil
	case to.ID() == arrow.STRING:
		return strconv.FormatInt(x, 10), nil
	case to.ID() == arrow.FLOAT64:
		return float64(x), nil
	case to.ID() == arrow.BOOL:
		return x != 0, nil
	}
	return fit(big.NewInt(x), to)
}

func floatText(x float64) string {
	switch {
	case x != x:
		return "nan"
	case math.IsInf(x, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(x, 'g', -1, 64)), "+")
	case x != 0 && (math.Abs(x) < 1e-4 || math.Abs(x) >= 1e16):
		return strconv.FormatFloat(x, 'e', -1, 64)
	}
	s := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func oracleParse(s string, to arrow.DataType) (any, error) {
	switch to.ID() {
	case arrow.FLOAT64:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || strings.ContainsAny(s, "xX_") {
			return nil, errValue
		}
		return f, nil
	case arrow.BOOL:
		switch strings.ToLower(s) {
		case "true", "t", "yes", "y", "1":
			return true, nil
		case "false", "f", "no", "n", "0":
			return false, nil
		}
		return nil, errValue
	case arrow.DATE32:
		at, err := time.Parse("2006-01-02", s)
		if err != nil {
			return nil, errValue
		}
		return at.Unix() / 86400, nil
	case arrow.TIMESTAMP:
		for _, l := range []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
			if at, err := time.Parse(l, s); err == nil {
				return at.UnixMicro(), nil
			}
		}
		return nil, errValue
	}
	z, ok := new(big.Int).SetString(s, 10)
	if !ok || strings.Contains(s, "_") {
		return nil, errValue
	}
	return fit(z, to)
}
