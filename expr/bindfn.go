package expr

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// bindStr binds the operations on text.
func bindStr(b *binder, n *node) (*node, error) {
	es, err := b.operands(n.args)
	if err != nil {
		return nil, err
	}
	for i, e := range es {
		if es[i], err = b.text(n, e); err != nil {
			return nil, err
		}
	}
	t, err := n.textResult()
	if err != nil {
		return nil, err
	}
	return n.result(t, es...), nil
}

// text checks that an operand is text.
func (b *binder) text(n *node, e Expr) (Expr, error) {
	if e.isRaw() {
		if _, ok := e.n.value.(string); !ok && e.n.value != nil {
			return Expr{}, n.fault("%s takes text, not the constant %s (%s)", n.info.Call, e, Expr{n: n}).WithHint("put it in quotes")
		}
		return b.adapt(e, textType)
	}
	switch classOf(e.n.typ) {
	case textClass:
		return e, nil
	case nullClass:
		return CastTo(e, textType), nil
	}
	return Expr{}, n.wrongOperand(e, "text").WithHint("Cast it to text: Cast(arrow.BinaryTypes.String)")
}

// textResult checks the parameters of an operation on text and returns the type of its result.
func (n *node) textResult() (arrow.DataType, error) {
	first, _ := n.Param(0).(string)
	switch n.info.Name {
	case "str_contains", "str_starts_with", "str_ends_with", "str_like":
		return boolType, nil
	case "str_match":
		_, err := n.pattern(first)
		return boolType, err
	case "str_replace_match":
		_, err := n.pattern(first)
		return textType, err
	case "str_extract":
		re, err := n.pattern(first)
		if err != nil {
			return nil, err
		}
		if group, _ := n.Param(1).(int64); group < 0 || int(group) > re.NumSubexp() {
			return nil, n.fault("the pattern %q has %d groups, there is no group %d", first, re.NumSubexp(), group)
		}
		return textType, nil
	case "str_split":
		return arrow.ListOfNonNullable(textType), nil
	case "str_len", "str_len_bytes":
		return int64Type, nil
	case "str_slice":
		if count, _ := n.Param(1).(int64); count < 0 {
			return nil, n.fault("Str().Slice takes a count of characters, not %d", count)
		}
		return textType, nil
	case "str_parse_time":
		return n.layoutType(first)
	}
	return textType, nil
}

// Param is the parameter at i.
func (n *node) Param(i int) any { return Expr{n: n}.Param(i) }

func (n *node) pattern(re string) (*regexp.Regexp, error) {
	r, err := regexp.Compile(re)
	if err != nil {
		return nil, n.fault("bad pattern in %s: %w", n.info.Call, err).WithHint("the syntax is RE2's: https://golang.org/s/re2syntax")
	}
	return r, nil
}

// layoutType is the timestamp that a Go layout reads: in UTC where it has a zone, in nanoseconds where it has more than six digits
// of a second.
func (n *node) layoutType(layout string) (arrow.DataType, error) {
	if err := n.layout(layout); err != nil {
		return nil, err
	}
	t := &arrow.TimestampType{Unit: arrow.Microsecond}
	if strings.Contains(layout, "Z07") || strings.Contains(layout, "-07") || strings.Contains(layout, "MST") {
		t.TimeZone = "UTC"
	}
	for _, fraction := range []string{".0000000", ".9999999", ",0000000", ",9999999"} {
		if strings.Contains(layout, fraction) {
			t.Unit = arrow.Nanosecond
		}
	}
	return t, nil
}

// layout refuses text that holds no element of a Go layout, such as "%Y-%m-%d".
func (n *node) layout(layout string) error {
	if time.Date(1987, 11, 23, 22, 38, 49, 123456789, time.UTC).Format(layout) != layout {
		return nil
	}
	return n.fault("%q is no Go layout in %s", layout, n.info.Call).WithHint("write it as 2006-01-02 15:04:05")
}

// bindDatePart binds what a date and a timestamp have.
func bindDatePart(b *binder, n *node) (*node, error) {
	return bindPart(b, n, "a date or timestamp", dateClass, timestampClass)
}

// bindClockPart binds what a timestamp and a time of day have.
func bindClockPart(b *binder, n *node) (*node, error) {
	return bindPart(b, n, "a timestamp or time of day", timestampClass, timeClass)
}

func bindPart(b *binder, n *node, want string, classes ...class) (*node, error) {
	e, err := b.moment(n, want, classes...)
	if err != nil {
		return nil, err
	}
	return n.result(int64Type, e), nil
}

// moment binds the only operand, of one of the classes.
func (b *binder) moment(n *node, want string, classes ...class) (Expr, error) {
	e, err := b.one(n)
	if err != nil {
		return Expr{}, err
	}
	c := classOf(e.n.typ)
	switch {
	case c == nullClass:
		return CastTo(e, &arrow.TimestampType{Unit: arrow.Microsecond}), nil
	case slices.Contains(classes, c):
		return e, nil
	case c == textClass:
		return Expr{}, n.wrongOperand(e, want).WithHint("read the text with Str().ParseTime or Cast it")
	}
	return Expr{}, n.wrongOperand(e, want)
}

// bindDt binds the other operations on times.
func bindDt(b *binder, n *node) (*node, error) {
	want, classes := "a date or timestamp", []class{dateClass, timestampClass}
	switch n.info.Name {
	case "dt_seconds":
		want, classes = "a duration", []class{durationClass}
	case "dt_in":
		want, classes = "a timestamp", []class{timestampClass}
	case "dt_format", "dt_truncate":
		want, classes = "a date, timestamp or time of day", []class{dateClass, timestampClass, timeClass}
	}
	e, err := b.moment(n, want, classes...)
	if err != nil {
		return nil, err
	}
	if n.info.Name == "dt_seconds" && classOf(e.n.typ) != durationClass {
		e = CastTo(e, arrow.FixedWidthTypes.Duration_us)
	}
	t, err := n.timeResult(e.n.typ)
	if err != nil {
		return nil, err
	}
	return n.result(t, e), nil
}

func (n *node) timeResult(t arrow.DataType) (arrow.DataType, error) {
	first, _ := n.Param(0).(string)
	switch n.info.Name {
	case "dt_date":
		return date32T, nil
	case "dt_seconds":
		return float64T, nil
	case "dt_format":
		return textType, n.layout(first)
	case "dt_truncate":
		return t, n.truncation(first, t)
	case "dt_in":
		if _, err := (&arrow.TimestampType{TimeZone: first}).GetZone(); err != nil || first == "" {
			return nil, n.fault("the zone %q is not known", first).WithHint("zones are named as in \"Europe/Berlin\"")
		}
		return &arrow.TimestampType{Unit: unitOf(t), TimeZone: first}, nil
	}
	return t, nil
}

// CalendarUnits are the units of Dt().Truncate that are no durations, from the coarsest.
var CalendarUnits = []string{"year", "quarter", "month", "week", "day", "hour", "minute", "second"}

// truncation checks the unit of Dt().Truncate for a type.
func (n *node) truncation(unit string, t arrow.DataType) error {
	at := slices.Index(CalendarUnits, unit)
	if at < 0 {
		d, err := time.ParseDuration(unit)
		if err != nil || d <= 0 || (24*time.Hour)%d != 0 {
			f := n.fault("%q is no unit of Dt().Truncate", unit)
			return f.WithHint("use one of %s, or a duration that divides a day, such as 15m", strings.Join(CalendarUnits, ", "))
		}
		at = len(CalendarUnits)
		if d == 24*time.Hour {
			at = 4
		}
	}
	switch c := classOf(t); {
	case c == dateClass && at > 4:
		return n.fault("a date cannot be truncated to %q", unit).WithHint("its finest unit is day")
	case c == timeClass && at < 5:
		return n.fault("a time of day cannot be truncated to %q", unit).WithHint("its coarsest unit is hour")
	}
	return nil
}

// bindList binds the operations on lists.
func bindList(b *binder, n *node) (*node, error) {
	e, err := b.bind(n.args[0])
	if err != nil {
		return nil, err
	}
	if classOf(e.n.typ) != listClass {
		return nil, n.wrongOperand(e, "a list")
	}
	elem := ValueType(e.n.typ.(arrow.ListLikeType).Elem())
	switch n.info.Name {
	case "list_len":
		return n.result(int64Type, e), nil
	case "list_get":
		return n.result(elem, e), nil
	case "list_join":
		if classOf(elem) != textClass {
			return nil, n.wrongOperand(e, "a list of text")
		}
		return n.result(textType, e), nil
	}
	return b.listContains(n, e, elem)
}

func (b *binder) listContains(n *node, list Expr, elem arrow.DataType) (*node, error) {
	vs, err := b.operands(n.args[1:])
	if err != nil {
		return nil, err
	}
	v := vs[0]
	if v.isRaw() {
		lt := elem
		if v.n.value != nil {
			lt = literalType(v.n.value, elem)
		}
		if lt == nil {
			return nil, misfitLiteral(n, v, elem)
		}
		if v, err = b.adapt(v, elem); err != nil {
			return nil, err
		}
		return n.result(boolType, list, v), nil
	}
	if c := common(elem, v.n.typ, forCompare); c == nil || !arrow.TypeEqual(c, elem) {
		return nil, mismatch(n, elem, v.n.typ)
	}
	return n.result(boolType, list, CastTo(v, elem)), nil
}
