package expr

// StrExpr holds the operations on text. It is made by Expr.Str.
type StrExpr struct {
	_ [0]func()
	e Expr
}

// Str gives the operations on text.
func (e Expr) Str() StrExpr { return StrExpr{e: e} }

// Contains says whether the text contains sub, taken literally.
func (s StrExpr) Contains(sub string) Expr { return s.e.unary(here(), "str_contains", sub) }

// StartsWith says whether the text starts with prefix.
func (s StrExpr) StartsWith(prefix string) Expr {
	return s.e.unary(here(), "str_starts_with", prefix)
}

// EndsWith says whether the text ends with suffix.
func (s StrExpr) EndsWith(suffix string) Expr { return s.e.unary(here(), "str_ends_with", suffix) }

// Replace replaces every old, taken literally, by with.
func (s StrExpr) Replace(old, with string) Expr {
	return s.e.unary(here(), "str_replace", old, with)
}

// Split cuts the text at every sep into a list of text.
func (s StrExpr) Split(sep string) Expr { return s.e.unary(here(), "str_split", sep) }

// Concat appends operands, each text; null where one is null. A slice stands for its elements.
func (s StrExpr) Concat(xs ...any) Expr {
	at := here()
	return scalar(at, "str_concat", operands(s.e, xs, at))
}

// Match says whether the RE2 pattern matches somewhere in the text.
func (s StrExpr) Match(re string) Expr { return s.e.unary(here(), "str_match", re) }

// ReplaceMatch replaces every match of the RE2 pattern; $1 in with is the first group.
func (s StrExpr) ReplaceMatch(re, with string) Expr {
	return s.e.unary(here(), "str_replace_match", re, with)
}

// Extract is the group of the first match of the RE2 pattern, 0 the whole match; null where nothing matches.
func (s StrExpr) Extract(re string, group int) Expr {
	return s.e.unary(here(), "str_extract", re, int64(group))
}

// Like matches the whole text by SQL's pattern: % is any text, _ one character, \ makes the next one literal.
func (s StrExpr) Like(pattern string) Expr { return s.e.unary(here(), "str_like", pattern) }

// Lower is the text in Unicode lower case.
func (s StrExpr) Lower() Expr { return s.e.unary(here(), "str_lower") }

// Upper is the text in Unicode upper case.
func (s StrExpr) Upper() Expr { return s.e.unary(here(), "str_upper") }

// Trim removes white space at both ends.
func (s StrExpr) Trim() Expr { return s.e.unary(here(), "str_trim") }

// Len is the number of characters, int64.
func (s StrExpr) Len() Expr { return s.e.unary(here(), "str_len") }

// LenBytes is the number of bytes, int64.
func (s StrExpr) LenBytes() Expr { return s.e.unary(here(), "str_len_bytes") }

// Slice is n characters from start, counted from 0; a negative start counts from the end. What is outside is left out.
func (s StrExpr) Slice(start, n int) Expr {
	return s.e.unary(here(), "str_slice", int64(start), int64(n))
}

// ParseTime reads a timestamp by a Go layout; a text that does not fit is an error. With a zone in the layout the result is in
// UTC, else naive.
func (s StrExpr) ParseTime(layout string) Expr { return s.e.unary(here(), "str_parse_time", layout) }

// TimeExpr holds the operations on dates, times, timestamps and durations. It is made by Expr.Dt.
type TimeExpr struct {
	_ [0]func()
	e Expr
}

// Dt gives the operations on dates, times, timestamps and durations. Parts of a zoned timestamp are those in its zone.
func (e Expr) Dt() TimeExpr { return TimeExpr{e: e} }

// Year is the year, int64.
func (t TimeExpr) Year() Expr { return t.e.unary(here(), "dt_year") }

// Quarter is 1 to 4.
func (t TimeExpr) Quarter() Expr { return t.e.unary(here(), "dt_quarter") }

// Month is 1 to 12.
func (t TimeExpr) Month() Expr { return t.e.unary(here(), "dt_month") }

// Week is the ISO week, 1 to 53.
func (t TimeExpr) Week() Expr { return t.e.unary(here(), "dt_week") }

// Day is the day of the month, from 1.
func (t TimeExpr) Day() Expr { return t.e.unary(here(), "dt_day") }

// YearDay is the day of the year, from 1.
func (t TimeExpr) YearDay() Expr { return t.e.unary(here(), "dt_year_day") }

// Weekday is the ISO weekday: Monday is 1, Sunday 7.
func (t TimeExpr) Weekday() Expr { return t.e.unary(here(), "dt_weekday") }

// Hour is 0 to 23.
func (t TimeExpr) Hour() Expr { return t.e.unary(here(), "dt_hour") }

// Minute is 0 to 59.
func (t TimeExpr) Minute() Expr { return t.e.unary(here(), "dt_minute") }

// Second is 0 to 59, without the fraction.
func (t TimeExpr) Second() Expr { return t.e.unary(here(), "dt_second") }

// Date is the date of a timestamp, in its zone.
func (t TimeExpr) Date() Expr { return t.e.unary(here(), "dt_date") }

// Truncate rounds down to a unit, in the column's zone: "year", "quarter", "month", "week" (Monday), "day", "hour", "minute",
// "second", or a duration as time.ParseDuration reads it ("15m") that divides a day. The type stays.
func (t TimeExpr) Truncate(unit string) Expr { return t.e.unary(here(), "dt_truncate", unit) }

// AddMonths adds n calendar months; a day that the month lacks becomes its last.
func (t TimeExpr) AddMonths(n int) Expr { return t.e.unary(here(), "dt_add_months", int64(n)) }

// In gives a zoned timestamp another zone, the instant stays; a naive one is taken as local time of that zone.
func (t TimeExpr) In(zone string) Expr { return t.e.unary(here(), "dt_in", zone) }

// Format writes text by a Go layout.
func (t TimeExpr) Format(layout string) Expr { return t.e.unary(here(), "dt_format", layout) }

// Seconds is a duration in seconds, float64.
func (t TimeExpr) Seconds() Expr { return t.e.unary(here(), "dt_seconds") }

// ListExpr holds the operations on lists. It is made by Expr.List.
type ListExpr struct {
	_ [0]func()
	e Expr
}

// List gives the operations on lists.
func (e Expr) List() ListExpr { return ListExpr{e: e} }

// Len is the number of elements, int64.
func (l ListExpr) Len() Expr { return l.e.unary(here(), "list_len") }

// Get is the element at i, from 0, or from the end for a negative i; null where there is none.
func (l ListExpr) Get(i int) Expr { return l.e.unary(here(), "list_get", int64(i)) }

// Contains says whether an element equals the operand.
func (l ListExpr) Contains(v any) Expr { return l.e.binary(here(), "list_contains", v) }

// Join joins the elements of a list of text; null elements are left out.
func (l ListExpr) Join(sep string) Expr { return l.e.unary(here(), "list_join", sep) }
