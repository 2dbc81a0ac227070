// Package report writes errors for people at a terminal: what is wrong, the file and line, the text with a caret under the place, and
// what to do, in terms of the command's flags.
//
//	error: 2 fields where 3 are expected
//	  --> trips.csv:17
//	   |
//	17 | 2009,JFK
//	   | ^^^^^^^^
//	   = help: --ragged pad, skip or reject reads the file all the same
//
// It decides nothing about errors and exit codes. It imports fault and the packages of the command whose errors have a place.
package report

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/where"
	"github.com/sheafdata/sheaf/fault"
)

// Style says how reports look.
type Style struct {
	// Color allows colours, for terminals.
	Color bool
}

// Error writes an error.
func (s Style) Error(w io.Writer, err error) {
	r := report{style: s, kind: "error"}
	var p *where.Problem
	var f *fault.Error
	switch {
	case errors.As(err, &p):
		errors.As(err, &f)
		r.head(p.Message)
		r.snippet(origin{place: "--where"}, p.Text, p.From, p.To)
		r.help(f.Hint)
	case errors.As(err, &f):
		r.fault(f)
	default:
		r.head(err.Error())
	}
	_, _ = io.WriteString(w, r.b.String())
}

// Warning writes a fault that did not keep the work from being done.
func (s Style) Warning(w io.Writer, f *fault.Error) {
	r := report{style: s, kind: "warning"}
	r.fault(f)
	_, _ = io.WriteString(w, r.b.String())
}

// Note writes a line that is no error: what was done, a warning.
func (s Style) Note(w io.Writer, text string) { _, _ = io.WriteString(w, text+"\n") }

const (
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	blue   = "\x1b[1;34m"
	green  = "\x1b[32m"
	plain  = "\x1b[0m"
)

// report is the text of one error.
type report struct {
	style  Style
	b      strings.Builder
	margin int // width of the line numbers
	kind   string
}

func (r *report) paint(color, text string) string {
	if !r.style.Color || text == "" {
		return text
	}
	return color + text + plain
}

// color is that of errors, or of warnings.
func (r *report) color() string {
	if r.kind == "warning" {
		return yellow
	}
	return red
}

func (r *report) head(message string) {
	r.b.WriteString(r.paint(r.color(), r.kind) + r.paint(bold, ": "+printable(message)) + "\n")
}

// origin is where a text comes from.
type origin struct {
	place string
	line  int64 // 0: unknown
}

// maxShown is how much of a line is shown, in characters, around the place.
const maxShown = 100

// snippet shows a line of text with a caret under its bytes from..to; from < 0 shows no caret.
func (r *report) snippet(at origin, text string, from, to int) {
	number := ""
	if at.line > 0 {
		number = strconv.FormatInt(at.line, 10)
	}
	r.margin = max(len(number), 2)
	place := at.place
	if number != "" {
		place += ":" + number
	}
	if from >= 0 && number != "" {
		place += ":" + strconv.Itoa(utf8.RuneCountInString(text[:from])+1)
	}
	pad := strings.Repeat(" ", r.margin)
	r.b.WriteString(pad + r.paint(blue, "--> ") + printable(place) + "\n")
	line, caret := window(text, from, to)
	r.b.WriteString(pad + r.paint(blue, " |") + "\n")
	r.b.WriteString(r.paint(blue, pad[len(number):]+number+" |") + " " + line + "\n")
	if caret != "" {
		r.b.WriteString(pad + r.paint(blue, " |") + " " + r.paint(r.color(), caret) + "\n")
	}
}

// window cuts what surrounds the place out of a long text, shows control characters as blanks, and makes the line of carets.
func window(text string, from, to int) (line, caret string) {
	runes := []rune(text)
	first, last := -1, -1
	if from >= 0 {
		first = utf8.RuneCountInString(text[:from])
		last = max(first+1, utf8.RuneCountInString(text[:max(from, to)]))
	}
	lo, hi := 0, len(runes)
	if len(runes) > maxShown {
		lo = max(0, min(first-maxShown/3, len(runes)-maxShown))
		hi = min(len(runes), lo+maxShown)
	}
	var l, c strings.Builder
	if lo > 0 {
		l.WriteString("…")
		c.WriteString(" ")
	}
	for i := lo; i < hi; i++ {
		char, width := cell(runes[i])
		l.WriteString(char)
		mark := " "
		if i >= first && i < last {
			mark = "^"
		}
		c.WriteString(strings.Repeat(mark, width))
	}
	if first >= hi {
		c.WriteString("^")
	}
	if hi < len(runes) {
		l.WriteString("…")
	}
	if from < 0 {
		return l.String(), ""
	}
	return l.String(), strings.TrimRight(c.String(), " ")
}

// cell returns how a character is shown, and how many cells it takes.
func cell(c rune) (string, int) {
	switch {
	case c == '\t':
		return "    ", 4
	case c < ' ' || c == 0x7f || c == utf8.RuneError || c >= 0x80 && c < 0xa0 || c == 0x2028 || c == 0x2029 || c >= 0x202a && c <= 0x202e:
		return "·", 1
	case c >= 0x0300 && c < 0x0370 || c >= 0x200b && c <= 0x200f || c >= 0xfe00 && c <= 0xfe0f:
		return string(c), 0
	case c >= 0x1100 && c < 0x1160 || c >= 0x2e80 && c < 0xa4d0 || c >= 0xac00 && c < 0xd7a4 || c >= 0xf900 && c < 0xfb00 || c >= 0xff00 && c < 0xff61 ||
		c >= 0x1f300 && c < 0x1faff:
		return string(c), 2
	}
	return string(c), 1
}

// printable shows control characters of a message as blanks, so that no input writes to the terminal.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return ' '
		}
		return c
	}, s)
}

func (r *report) help(hint string) {
	if hint = strings.TrimSpace(hint); hint == "" {
		return
	}
	pad := strings.Repeat(" ", max(r.margin, 2))
	r.b.WriteString(pad + r.paint(blue, " = ") + r.paint(green, "help: ") + printable(hint) + "\n")
}
