package where

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// function is a row of the table of functions. Its operands are given by letters: e any value, t a constant text, i a constant whole
// number; those behind the bar may be left out, and the star repeats the last one.
type function struct {
	params string
	usage  string
	make   func(a arguments) expr.Expr
}

// arguments are the operands of a call: values, and constants by their place.
type arguments struct {
	e      []expr.Expr
	consts []any
}

// n returns the constant whole number at i, or what to take where it was left out.
func (a arguments) n(i, otherwise int) int {
	if i >= len(a.consts) {
		return otherwise
	}
	return int(a.consts[i].(int64))
}

// t returns the constant text at i.
func (a arguments) t(i int) string { return a.consts[i].(string) }

// functions is the table of functions; names are in lower case.
var functions = map[string]function{
	"abs":   {"e", "abs(number)", func(a arguments) expr.Expr { return a.e[0].Abs() }},
	"sign":  {"e", "sign(number)", func(a arguments) expr.Expr { return a.e[0].Sign() }},
	"floor": {"e", "floor(number)", func(a arguments) expr.Expr { return a.e[0].Floor() }},
	"ceil":  {"e", "ceil(number)", func(a arguments) expr.Expr { return a.e[0].Ceil() }},
	"round": {"e|i", "round(number, digits)", func(a arguments) expr.Expr { return a.e[0].Round(a.n(1, 0)) }},
	"sqrt":  {"e", "sqrt(number)", func(a arguments) expr.Expr { return a.e[0].Sqrt() }},
	"exp":   {"e", "exp(number)", func(a arguments) expr.Expr { return a.e[0].Exp() }},
	"log":   {"e", "log(number), the natural one", func(a arguments) expr.Expr { return a.e[0].Log() }},
	"pow":   {"ee", "pow(number, exponent)", func(a arguments) expr.Expr { return a.e[0].Pow(a.e[1]) }},

	"lower":         {"e", "lower(text)", func(a arguments) expr.Expr { return a.e[0].Str().Lower() }},
	"upper":         {"e", "upper(text)", func(a arguments) expr.Expr { return a.e[0].Str().Upper() }},
	"trim":          {"e", "trim(text)", func(a arguments) expr.Expr { return a.e[0].Str().Trim() }},
	"length":        {"e", "length(text), in characters", func(a arguments) expr.Expr { return a.e[0].Str().Len() }},
	"bytes":         {"e", "bytes(text), its length", func(a arguments) expr.Expr { return a.e[0].Str().LenBytes() }},
	"contains":      {"et", "contains(text, 'part')", func(a arguments) expr.Expr { return a.e[0].Str().Contains(a.t(1)) }},
	"starts_with":   {"et", "starts_with(text, 'beginning')", func(a arguments) expr.Expr { return a.e[0].Str().StartsWith(a.t(1)) }},
	"ends_with":     {"et", "ends_with(text, 'end')", func(a arguments) expr.Expr { return a.e[0].Str().EndsWith(a.t(1)) }},
	"match":         {"et", "match(text, 'RE2 pattern')", func(a arguments) expr.Expr { return a.e[0].Str().Match(a.t(1)) }},
	"replace":       {"ett", "replace(text, 'old', 'new')", func(a arguments) expr.Expr { return a.e[0].Str().Replace(a.t(1), a.t(2)) }},
	"replace_match": {"ett", "replace_match(text, 'RE2 pattern', 'new $1')", func(a arguments) expr.Expr { return a.e[0].Str().ReplaceMatch(a.t(1), a.t(2)) }},
	"extract":       {"et|i", "extract(text, 'RE2 pattern', group)", func(a arguments) expr.Expr { return a.e[0].Str().Extract(a.t(1), a.n(2, 0)) }},
	"slice":         {"eii", "slice(text, start from 0, characters)", func(a arguments) expr.Expr { return a.e[0].Str().Slice(a.n(1, 0), a.n(2, 0)) }},
	"split":         {"et", "split(text, 'separator')", func(a arguments) expr.Expr { return a.e[0].Str().Split(a.t(1)) }},
	"concat":        {"ee*", "concat(text, text, …)", func(a arguments) expr.Expr { return a.e[0].Str().Concat(operands(a.e[1:])...) }},
	"parse_time":    {"et", "parse_time(text, 'Go layout')", func(a arguments) expr.Expr { return a.e[0].Str().ParseTime(a.t(1)) }},

	"year":       {"e", "year(date)", func(a arguments) expr.Expr { return a.e[0].Dt().Year() }},
	"quarter":    {"e", "quarter(date)", func(a arguments) expr.Expr { return a.e[0].Dt().Quarter() }},
	"month":      {"e", "month(date)", func(a arguments) expr.Expr { return a.e[0].Dt().Month() }},
	"week":       {"e", "week(date), the ISO week", func(a arguments) expr.Expr { return a.e[0].Dt().Week() }},
	"day":        {"e", "day(date), of the month", func(a arguments) expr.Expr { return a.e[0].Dt().Day() }},
	"year_day":   {"e", "year_day(date)", func(a arguments) expr.Expr { return a.e[0].Dt().YearDay() }},
	"weekday":    {"e", "weekday(date), Monday is 1", func(a arguments) expr.Expr { return a.e[0].Dt().Weekday() }},
	"hour":       {"e", "hour(timestamp)", func(a arguments) expr.Expr { return a.e[0].Dt().Hour() }},
	"minute":     {"e", "minute(timestamp)", func(a arguments) expr.Expr { return a.e[0].Dt().Minute() }},
	"second":     {"e", "second(timestamp)", func(a arguments) expr.Expr { return a.e[0].Dt().Second() }},
	"seconds":    {"e", "seconds(duration)", func(a arguments) expr.Expr { return a.e[0].Dt().Seconds() }},
	"date":       {"e", "date(timestamp)", func(a arguments) expr.Expr { return a.e[0].Dt().Date() }},
	"truncate":   {"et", "truncate(timestamp, 'month' or '15m')", func(a arguments) expr.Expr { return a.e[0].Dt().Truncate(a.t(1)) }},
	"add_months": {"ei", "add_months(date, number)", func(a arguments) expr.Expr { return a.e[0].Dt().AddMonths(a.n(1, 0)) }},
	"in_zone":    {"et", "in_zone(timestamp, 'Europe/Berlin')", func(a arguments) expr.Expr { return a.e[0].Dt().In(a.t(1)) }},
	"format":     {"et", "format(date, 'Go layout')", func(a arguments) expr.Expr { return a.e[0].Dt().Format(a.t(1)) }},
	"duration":   {"d", "duration('1h30m')", func(a arguments) expr.Expr { return expr.Lit(a.consts[0]) }},

	"if":       {"eee", "if(condition, then, otherwise)", func(a arguments) expr.Expr { return expr.If(a.e[0], a.e[1], a.e[2]) }},
	"coalesce": {"ee*", "coalesce(value, value, …)", func(a arguments) expr.Expr { return expr.Coalesce(a.e[0], operands(a.e[1:])...) }},
	"greatest": {"ee*", "greatest(value, value, …)", func(a arguments) expr.Expr { return expr.Greatest(columns(a.e)...) }},
	"least":    {"ee*", "least(value, value, …)", func(a arguments) expr.Expr { return expr.Least(columns(a.e)...) }},
	"is_nan":   {"e", "is_nan(number)", func(a arguments) expr.Expr { return a.e[0].IsNaN() }},
	"fill_nan": {"ee", "fill_nan(number, value)", func(a arguments) expr.Expr { return a.e[0].FillNaN(a.e[1]) }},

	"list_length":   {"e", "list_length(list)", func(a arguments) expr.Expr { return a.e[0].List().Len() }},
	"list_get":      {"ei", "list_get(list, place from 0)", func(a arguments) expr.Expr { return a.e[0].List().Get(a.n(1, 0)) }},
	"list_contains": {"ee", "list_contains(list, value)", func(a arguments) expr.Expr { return a.e[0].List().Contains(a.e[1]) }},
	"list_join":     {"et", "list_join(list, 'separator')", func(a arguments) expr.Expr { return a.e[0].List().Join(a.t(1)) }},
}

// aliases are other names by which the functions are known elsewhere.
var aliases = map[string]string{
	"len": "length", "char_length": "length", "ceiling": "ceil", "ln": "log", "power": "pow", "lcase": "lower", "ucase": "upper", "substr": "",
	"prefix": "starts_with", "startswith": "starts_with", "suffix": "ends_with", "endswith": "ends_with", "regexp_matches": "match", "regexp_like": "match",
	"regexp_replace": "replace_match", "regexp_extract": "extract", "date_trunc": "", "isnan": "is_nan", "ifnull": "coalesce", "nvl": "coalesce", "iff": "if",
	"dayofweek": "weekday", "dayofyear": "year_day", "yearday": "year_day",
}

// elsewhere are functions that other languages have and this one says otherwise.
var elsewhere = map[string]string{
	"substr": "write slice(text, start, characters), which counts from 0", "substring": "write slice(text, start, characters), which counts from 0",
	"date_trunc": "write truncate(timestamp, 'month')", "isnull": "write: … is null", "is_null": "write: … is null", "not_null": "write: … is not null",
	"notnull": "write: … is not null", "ilike": "write: lower(name) like '…'", "regexp": "write match(text, 'pattern')",
}

func columns(es []expr.Expr) []any {
	out := make([]any, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// call lowers a call of a function.
func (l *lowering) call(n *node) (expr.Expr, error) {
	name := strings.ToLower(n.name)
	f, ok := functions[name]
	if !ok {
		f, ok = functions[aliases[name]]
	}
	if !ok {
		return expr.Expr{}, l.unknown(n, name)
	}
	least, most := arity(f.params)
	if len(n.args) < least || len(n.args) > most {
		return expr.Expr{}, l.fault(n, "%s does not take %s", n.name, plural(len(n.args))).WithHint("write %s", f.usage)
	}
	letters := strings.NewReplacer("|", "", "*", "").Replace(f.params)
	var a arguments
	for i, arg := range n.args {
		letter := letters[min(i, len(letters)-1)]
		if letter == 'e' {
			e, err := l.lower(arg)
			if err != nil {
				return expr.Expr{}, err
			}
			a.e, a.consts = append(a.e, e), append(a.consts, nil)
			continue
		}
		v, err := l.constant(arg, letter, f.usage)
		if err != nil {
			return expr.Expr{}, err
		}
		a.consts = append(a.consts, v)
	}
	return f.make(a), nil
}

// constant returns the value of an operand that must be a constant of the letter's kind.
func (l *lowering) constant(n *node, letter byte, usage string) (any, error) {
	if n.kind == literal {
		switch v := n.value.(type) {
		case string:
			if letter == 'd' {
				d, err := time.ParseDuration(v)
				if err != nil {
					return nil, l.fault(n, "%q is no duration", v).WithHint("write it as 90s, 15m or 1h30m")
				}
				return d, nil
			}
			if letter == 't' {
				return v, nil
			}
		case int64:
			if letter == 'i' && v >= -1<<31 && v < 1<<31 {
				return v, nil
			}
		}
	}
	want := map[byte]string{'t': "a text in single quotes", 'i': "a whole number", 'd': "a duration in single quotes"}[letter]
	return nil, l.fault(n, "this must be %s", want).WithHint("write %s", usage)
}

// unknown is the fault of a function that there is not.
func (l *lowering) unknown(n *node, name string) error {
	f := problem(l.text, n.from, n.from+len(n.name), "there is no function %s", n.name)
	if f.Hint = elsewhere[name]; f.Hint != "" {
		return f
	}
	if info, ok := expr.OpInfo(name); ok && (info.Kind == expr.Aggregate || info.Kind == expr.Window) || name == "avg" {
		f = problem(l.text, n.from, n.to, "%s looks at many rows; a condition looks at one", n.name)
		return f
	}
	f.Hint = fault.Suggest(name, FunctionNames())
	if f.Hint == "" {
		f.Hint = "functions are " + strings.Join(FunctionNames(), ", ")
	}
	return f
}

// FunctionNames returns the names of all functions, sorted.
func FunctionNames() []string { return slices.Sorted(maps.Keys(functions)) }

// arity returns how many operands a function takes.
func arity(params string) (least, most int) {
	required, optional, _ := strings.Cut(params, "|")
	repeats := strings.HasSuffix(required, "*")
	least = len(strings.TrimSuffix(required, "*"))
	if repeats {
		return least - 1, maxArgs
	}
	return least, least + len(optional)
}

// maxArgs bounds the operands of functions that take any number.
const maxArgs = 1000

func plural(n int) string {
	if n == 1 {
		return "one operand"
	}
	return map[bool]string{true: "no operands", false: "so many operands"}[n == 0]
}
