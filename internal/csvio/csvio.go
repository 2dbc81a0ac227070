// Package csvio is the CSV engine: bytes in, Arrow arrays out. It finds rows and fields, infers types, parses fields straight into
// column buffers, and tells where in a file a row starts, so that a file can be cut at any byte and read in parallel.
//
// The grammar is RFC 4180 plus what real files do. A field is quoted where its first byte is the quote; a quote elsewhere is an
// ordinary byte. Within quotes, a doubled quote (or the escape character before one) stands for a quote, and delimiters and newlines
// are text. Anything but a delimiter or a row's end after the closing quote makes the row malformed. Rows end with LF or CRLF; a file
// without any LF and with CR ends its rows with CR. Rows without a byte are left out, unless rows have one field: there they are null.
//
// It must not know files, frames or plans: it reads from io interfaces. It imports fault, arrow and x/sys only.
package csvio

import (
	"github.com/sheafdata/sheaf/fault"
)

// Ragged says what happens to a row that has too few or too many fields, or is malformed.
type Ragged uint8

// The modes. Surplus fields that are empty and unquoted are never an error.
const (
	RaggedFail   Ragged = iota // an error
	RaggedPad                  // fields that lack are null; surplus fields and malformed rows are errors
	RaggedSkip                 // the row is left out
	RaggedReject               // the row is left out, and given by a Reader in Rejects mode
)

// Encoding is how characters are written in a file.
type Encoding uint8

// The encodings. A byte order mark of UTF-8 or UTF-16 decides where the Encoding is Auto.
const (
	EncodingAuto Encoding = iota // UTF-8, or what the byte order mark says
	EncodingUTF8
	EncodingUTF16LE
	EncodingUTF16BE
	EncodingLatin1
)

// Dialect is how a file is written. All characters are ASCII; 0 switches a feature off.
type Dialect struct {
	// Comma parts fields, Quote encloses them, Escape stands before a quote within quotes (0 or equal to Quote: quotes are doubled).
	Comma, Quote, Escape byte
	// Comment begins a line that is left out.
	Comment byte
	// Newline ends a row: '\n' (a '\r' before it is dropped) or '\r'.
	Newline byte
	// Decimal is the decimal separator, '.' by default; Thousands may stand between the digits of numbers.
	Decimal, Thousands byte
	// Ragged says what happens to rows that do not have the right number of fields.
	Ragged Ragged
	// ReplaceInvalid puts U+FFFD for bytes that are not UTF-8; else they are an error.
	ReplaceInvalid bool
	// Nulls are unquoted spellings of null in all columns, besides the empty field. Where it is nil, NullWords are null in columns
	// that are not text.
	Nulls []string
	// True and False are spellings of booleans, in lower case, besides those of boolWords.
	True, False []string
	// Layouts are Go time layouts, tried where the forms known by themselves do not fit.
	Layouts []string
	// MaxRow is the most bytes that a row may have, from leastMaxRow to mostMaxRow.
	MaxRow int
}

// DefaultMaxRow bounds a row: a quote that is never closed would otherwise read a whole file into memory.
const DefaultMaxRow = 16 << 20

// leastMaxRow stands above the indexer's window, so that only rows found byte by byte need to be measured.
const leastMaxRow = 64 << 10

// mostMaxRow keeps a row's fields within the 31 bits of their spans, and its buffer, which grows to a few times the row, within reason.
const mostMaxRow = 512 << 20

// NullWords are null in columns of numbers, booleans, dates and times where no spellings are given. In text they stay text: "NA" is
// also a country, and text loses nothing.
var NullWords = []string{"NA", "N/A", "n/a", "#N/A", "NULL", "Null", "null", "None", `\N`}

// WithDefaults returns the dialect with zero fields set, or a fault that names what does not fit together.
func (d Dialect) WithDefaults() (Dialect, error) {
	setZero(&d.Comma, ',')
	setZero(&d.Newline, '\n')
	setZero(&d.Decimal, '.')
	if d.Escape == d.Quote {
		d.Escape = 0
	}
	if d.MaxRow <= 0 {
		d.MaxRow = DefaultMaxRow
	}
	if d.MaxRow > mostMaxRow {
		return d, fault.New(fault.Plan, "CSV", "MaxRowBytes is %d; rows can have %d bytes at most", d.MaxRow, mostMaxRow)
	}
	d.MaxRow = max(d.MaxRow, leastMaxRow)
	used := map[byte]string{'\n': "the newline", '\r': "the newline"}
	for _, c := range []struct {
		char byte
		name string
	}{{d.Comma, "Comma"}, {d.Quote, "Quote"}, {d.Escape, "Escape"}, {d.Comment, "Comment"}} {
		if c.char == 0 {
			continue
		}
		if c.char >= 0x80 {
			return d, fault.New(fault.Plan, "CSV", "%s must be an ASCII character", c.name)
		}
		if other, taken := used[c.char]; taken {
			return d, fault.New(fault.Plan, "CSV", "%s is the same character as %s", c.name, other)
		}
		used[c.char] = c.name
	}
	if d.Decimal == d.Thousands {
		return d, fault.New(fault.Plan, "CSV", "Thousands is the same character as Decimal")
	}
	return d, nil
}

func setZero(b *byte, v byte) {
	if *b == 0 {
		*b = v
	}
}

// careful says whether rows can only be found byte by byte from a known row start: the parity of quotes says nothing where comments
// may hold quotes or quotes may be escaped.
func (d *Dialect) careful() bool { return d.Comment != 0 || d.Escape != 0 }
