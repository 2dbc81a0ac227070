// Package fault holds the one error type of Sheaf. Every error that a user sees is a *Error: it says what went wrong, where
// (the user's file:line, and the file, partition, row, column and raw text of the data), and what to do.
//
// The package imports nothing of the project, so that every other package may import it.
//
//	_, err := df.Collect(ctx)
//	var f *fault.Error
//	if errors.As(err, &f) && f.Kind == fault.Data {
//		fmt.Println(f.File, f.Line, f.Text)
//	}
package fault

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the class of an error; programs branch on it.
type Kind uint8

// The kinds. The zero Kind is not used by the library.
const (
	_        Kind = iota
	Plan          // the query is wrong: an unknown column, a type that does not fit, a misuse of the API
	Input         // a file or stream cannot be read: missing, damaged, not of its format
	Data          // a value is wrong: it does not parse, overflows, cannot be cast
	Type          // types differ where they must not: files of one set, a struct field and its column
	Memory        // the memory budget does not suffice
	Exists        // the output is there already
	Canceled      // the context ended
	Panic         // a user function or a decoder panicked
	Internal      // a broken promise of the library itself
)

var kindNames = [...]string{"", "plan", "input", "data", "type", "memory", "exists", "canceled", "panic", "internal"}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Error is an error with its place and its remedy. Fields that do not apply are zero.
type Error struct {
	Kind Kind
	// Op is the operation that failed, as the user knows it: "Filter", "GroupBy", "read_parquet".
	Op string
	// At is the user's file:line that asked for the operation.
	At string
	// File, Column and Text place the failure in the data; Text is the raw text or the value.
	File, Column, Text string
	// Hint says what to do about it.
	Hint string
	// Partition, Row and Line count from 1; 0 is unknown. Row counts the rows of File, or of the partition where File is empty.
	Partition int
	Row, Line int64
	// Err is the cause: its text is the message.
	Err error
}

// New returns an error of the kind for the operation, with the formatted message as its cause. %w works as in fmt.Errorf.
func New(kind Kind, op, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Err: fmt.Errorf(format, args...)}
}

// WithHint sets Hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Error returns one line: place, operation, message, data, hint.
func (e *Error) Error() string {
	var b strings.Builder
	if e.At != "" {
		b.WriteString(e.At + ": ")
	}
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(e.message())
	if where := e.where(); where != "" {
		b.WriteString(" (" + where + ")")
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

func (e *Error) message() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return e.Kind.String() + " error"
}

// where lists the places in the data that are known.
func (e *Error) where() string {
	var parts []string
	add := func(name, value string) { parts = append(parts, name+" "+value) }
	if e.File != "" {
		add("file", e.File)
	}
	if e.Partition > 0 {
		add("partition", strconv.Itoa(e.Partition))
	}
	if e.Line > 0 {
		add("line", strconv.FormatInt(e.Line, 10))
	}
	if e.Row > 0 {
		add("row", strconv.FormatInt(e.Row, 10))
	}
	if e.Column != "" {
		add("column", strconv.Quote(e.Column))
	}
	if e.Text != "" {
		add("value", strconv.Quote(clip(e.Text)))
	}
	return strings.Join(parts, ", ")
}

// maxText is how many bytes of raw text a message shows: enough to recognise a value, short enough for one line.
const maxText = 80

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return s[:maxText] + "…"
}
