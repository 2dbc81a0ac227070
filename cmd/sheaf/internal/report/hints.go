package report

import (
	"regexp"
	"strings"
)

// advice turns what the library says to programmers into what the command's users can do. The first that matches counts.
var advice = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`^declare the column: Types: map\[string\]arrow\.DataType\{"(.*)": arrow\.BinaryTypes\.String\}, or add the spelling to Nulls or TimeLayouts$`),
		`--types '$1=text' reads the column as text; if the value stands for a missing one, name it with --null`},
	{regexp.MustCompile(`^add the spelling to Nulls if it stands for a missing value, or say in Types that "(.*)" is text$`),
		`mend the line, or name the value with --null if it stands for a missing one; --types '$1=text' says that text is meant`},
	{regexp.MustCompile(`^change the column's type in Types, or add the spelling to Nulls or TimeLayouts$`),
		`give the column another type with --types (text holds anything); if the value stands for a missing one, name it with --null`},
	{regexp.MustCompile(`^set Encoding if the file is not UTF-8.*`), `--encoding latin1 reads Western European files; --replace-invalid reads such bytes as U+FFFD`},
	{regexp.MustCompile(`^double the quotes inside, set Quote.*`),
		`double the quotes inside, or say how they are written: --escape '\', --quote none; --ragged skip leaves such rows out, --rejects FILE writes them to a file`},
	{regexp.MustCompile(`^set Ragged to Pad, Skip or Reject$`),
		`--ragged pad fills missing fields with nulls, --ragged skip leaves such rows out, --rejects FILE writes them to a file`},
	{regexp.MustCompile(`^the row that starts at this line has a stray quote.*`),
		`the row that starts at this line has a stray quote: mend it, set --quote none, or leave such rows out with --ragged skip`},
	{regexp.MustCompile(`^a quote may not be closed; raise MaxRowBytes.*`), `a quote may not be closed: mend it, or set --quote none`},
	{regexp.MustCompile(`^is it a CSV file\? MaxColumns allows more$`), `--max-columns N allows more; is it a CSV file? --delimiter, --quote and --from say how to read it`},
	{regexp.MustCompile(`^is it a CSV file\? .*`), `is it a CSV file? --delimiter, --quote and --from say how to read it`},
	{regexp.MustCompile(`^declare its columns with Schema, or leave the file out$`), `leave the file out, or take names and types of another file with --schema FILE`},
	{regexp.MustCompile(`^PromoteTypes widens them to one type$`), `--promote widens them to one type`},
	{regexp.MustCompile(`^CaseInsensitive matches them, UnionByName takes both$`), `--ignore-case matches them, --union-by-name takes both`},
	{regexp.MustCompile(`^UnionByName takes the columns of all files$`), `--union-by-name takes the columns of all files`},
	{regexp.MustCompile(`^declare a type that holds it, and Cast in the query$`), `--cast gives the column a type that holds it`},
	{regexp.MustCompile(`^PromoteTypes reads them as text, Schema declares a type$`), `--promote reads them as text`},
	{regexp.MustCompile(`^declare the column as a list in the option Schema: (.*)$`), `$1: --schema FILE takes the types of another file, in which it is a list`},
	{regexp.MustCompile(`option Schema`), `--promote reads such values as text, --schema FILE takes the types of another file`},
	{regexp.MustCompile(`^raise it with sched\.Memory\(bytes\)$`), `raise it with --memory, for example --memory 4GB`},
	{regexp.MustCompile(`^set Mode: Overwrite or Append, or choose another name$`), `--overwrite replaces it, --append adds to it`},
	{regexp.MustCompile(`^set Mode: Overwrite, or choose another name$`), `--overwrite replaces it`},
	{regexp.MustCompile(`^download the file, or give an fs\.FS.*`), `download the file first`},
	{regexp.MustCompile(`^read (it|the column) as text and convert it$`), `read it as text and convert it with --cast`},
}

// words turns names of options into flags in what advice does not know.
var words = strings.NewReplacer("CaseInsensitive", "--ignore-case", "UnionByName", "--union-by-name", "PromoteTypes", "--promote", "TimeLayouts", "--time-layout",
	"Collect or Batches give the rows", "schema, head, count and describe work")

// misfit is the message of a row of the wrong shape.
var misfit = regexp.MustCompile(`^(\d+) fields? where (\d+) (?:is|are) expected$`)

// castFailure is the message of a value that a cast cannot convert: the cast as a Go call, then what is wrong.
var castFailure = regexp.MustCompile(`^.*\.Cast\(.*\): (the value .*)$`)

// inOurWords rewrites messages that speak of Go calls, and hints that depend on the message.
func inOurWords(message, hint string) (string, string) {
	message = strings.Replace(message, "the option Types names", "--types names", 1)
	if m := castFailure.FindStringSubmatch(message); m != nil {
		message = strings.NewReplacer(" utf8 ", " text ", " utf8", " text").Replace(m[1])
	}
	if m := misfit.FindStringSubmatch(message); m != nil && !fewer(m[1], m[2]) {
		hint = "--ragged skip leaves such rows out, --rejects FILE writes them to a file; a field with a delimiter in it wants quotes around it"
	}
	return message, hint
}

func fewer(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// castTarget is the type that a value cannot be cast to.
var castTarget = regexp.MustCompile(`^the value cannot be cast from .* to (\S+)$`)

// castHint says how to find the rows of such values, "" for other messages.
func castHint(message, column string) string {
	m := castTarget.FindStringSubmatch(message)
	if m == nil || column == "" {
		return ""
	}
	if !plainName.MatchString(column) {
		column = `"` + strings.ReplaceAll(column, `"`, `""`) + `"`
	}
	try := "try_cast(" + column + " as " + m[1] + ") is "
	return "without the cast, --where '" + try + "null' shows such rows, and those that are null before; --where '" + try + "not null' leaves them out"
}

// headerAgain says what to do about a value that is the name of its column: files were put together with their headers.
func headerAgain(column string) string {
	return "the line looks like the header again: where no types are given, all columns are text, and --where \"" + column + " != '" + column + "'\" leaves such lines out"
}

// plainName is a column name that conditions take without quotes.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// flags returns a hint of the library in terms of the command's flags.
func flags(hint string) string {
	for _, a := range advice {
		if at := a.pattern.FindStringSubmatchIndex(hint); at != nil {
			return string(a.pattern.ExpandString(nil, a.with, hint, at))
		}
	}
	return words.Replace(hint)
}
