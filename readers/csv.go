package readers

import (
	"context"
	"github.com/sheafdata/sheaf/dataframe"
	"io/fs"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/csvio"
)

// CSV returns the frame of CSV files. The path is a file, a glob, a folder (of .csv, .tsv and .txt files) or "-"; files may be
// compressed. Samples of all files are read now, for names and types, unless the options have a schema.
//
// Types are the narrowest that fit the samples (the head, the middle and the end of every file; small files whole): boolean, int64,
// double, date, time, timestamp, else text. Numbers with leading zeros and integers beyond int64 are text, and so is a column without
// any value. A value further on that does not fit is an error that names its place and the option to set. An unquoted empty field is
// null, a quoted one is empty text; the words of csvio.NullWords are null too in columns that are not text, unless Nulls is set.
// Surplus empty fields at the end of rows are left out.
//
// A file that is neither compressed nor in UTF-16 or Latin-1 is read in parallel.
func CSV(path string, opts *CSVOptions) *dataframe.DataFrame {
	src, err := newCSVSource(path, opts, false)
	return newFrame(src, err)
}

// CSVRejects returns the rows that CSV leaves out with Ragged: Reject: file, line (of the row's start, from 1), text and reason.
// Rows are told by their shape alone, not by values that do not fit a column's type.
func CSVRejects(path string, opts *CSVOptions) *dataframe.DataFrame {
	src, err := newCSVSource(path, opts, true)
	return newFrame(src, err)
}

// None switches a character of CSVOptions off: Quote: readers.None.
const None rune = -1

// Ragged says what happens to a row with too few or too many fields, or with text after a closing quote.
type Ragged uint8

// The modes of Ragged.
const (
	// Fail makes the row an error.
	Fail Ragged = iota
	// Pad makes the fields null that a row lacks; too many are an error.
	Pad
	// Skip leaves the row out.
	Skip
	// Reject leaves the row out for CSVRejects to give.
	Reject
)

// Encoding is the character encoding of a CSV file.
type Encoding uint8

// The encodings; Auto is UTF-8, or UTF-16 where a byte order mark says so.
const (
	Auto Encoding = iota
	UTF8
	UTF16LE
	UTF16BE
	Latin1
)

// CSVOptions are the options of CSV; nil and zero fields are the defaults. Characters are ASCII.
type CSVOptions struct {
	// Context bounds the first look at the files; nil is none.
	Context context.Context
	// FS is where the path is looked up; nil is the system's file system.
	FS fs.FS
	// Files are files or patterns below the path, in this order.
	Files []string
	// Schema is the frame's schema: no samples are read, and values must fit it. Columns are found by their names in the header,
	// without one by their place.
	Schema *arrow.Schema
	// UnionByName takes the columns of all files, not only of the first.
	UnionByName bool
	// PromoteTypes also widens declared types of several files; inferred ones always widen.
	PromoteTypes bool
	// CaseInsensitive matches column names of several files without regard to case; the first file's spelling counts.
	CaseInsensitive bool
	// Strict makes any difference between files, and any empty or duplicate column name, an error.
	Strict bool
	// FileColumn adds a text column of this name with each row's file.
	FileColumn string
	// Hive adds the key=value folders of each file as columns.
	Hive bool

	// Comma parts fields; 0 is a tab for files named .tsv, else a comma, or the semicolon, tab or bar that the header of a file and the
	// rows after it have instead. Quote encloses them ('"'; None: there are no quotes). Escape stands before a quote within quotes; 0:
	// quotes are doubled, or have backslashes before them where the first rows do not fit otherwise; None: they are doubled. Comment
	// begins lines to leave out (none).
	Comma, Quote, Escape, Comment rune
	// NoHeader says that the first row is data; columns are column1, column2….
	NoHeader bool
	// SkipRows lines are left out before the header.
	SkipRows int
	// Encoding of the text.
	Encoding Encoding
	// ReplaceInvalid reads bytes that are no valid UTF-8 as U+FFFD instead of failing.
	ReplaceInvalid bool
	// Nulls are unquoted spellings of null besides the empty field, in all columns. Nil: NA, N/A, NULL, null, None and the like in
	// columns that are not text.
	Nulls []string
	// True and False are spellings of booleans; nil: true and false in any case.
	True, False []string
	// Decimal is the decimal separator ('.'), Thousands may stand between digits (none).
	Decimal, Thousands rune
	// Notice is called, before CSV returns, for each column whose inferred type is text because of a few values where nearly all others
	// read as numbers, dates or booleans: with the first such value, its file and line (Line is 0 beyond the first 64 MiB). Receipt.Warnings has them too.
	Notice func(*fault.Error)
	// TimeLayouts are Go layouts of dates and times, tried before ISO 8601 and the like.
	TimeLayouts []string
	// Types declares the types of columns by name.
	Types map[string]arrow.DataType
	// Ragged says what happens to rows of the wrong shape.
	Ragged Ragged
	// MaxRowBytes bounds a row; 0 is 16 MiB, the least 64 KiB, the most 512 MiB.
	MaxRowBytes int
	// MaxColumns bounds the columns of a file; 0 is 6000 and one more for each 512 bytes of the file.
	MaxColumns int
}

const csvOp = "read_csv"

func (o *CSVOptions) file() fileOptions {
	return fileOptions{op: csvOp, context: o.Context, fs: o.FS, files: o.Files, schema: o.Schema, fileColumn: o.FileColumn, hive: o.Hive,
		union: unionOptions{byName: o.UnionByName, promote: o.PromoteTypes, fold: o.CaseInsensitive, strict: o.Strict}}
}

// dialect translates the options; tab is the default delimiter of the files at hand.
func (o *CSVOptions) dialect(tab bool) (csvio.Dialect, error) {
	d := csvio.Dialect{Quote: '"', Ragged: csvio.Ragged(o.Ragged), ReplaceInvalid: o.ReplaceInvalid, Nulls: o.Nulls, True: lowered(o.True), False: lowered(o.False),
		Layouts: o.TimeLayouts, MaxRow: o.MaxRowBytes}
	if tab {
		d.Comma = '\t'
	}
	for _, c := range []struct {
		name string
		from rune
		to   *byte
	}{{"Comma", o.Comma, &d.Comma}, {"Quote", o.Quote, &d.Quote}, {"Escape", o.Escape, &d.Escape}, {"Comment", o.Comment, &d.Comment},
		{"Decimal", o.Decimal, &d.Decimal}, {"Thousands", o.Thousands, &d.Thousands}} {
		switch {
		case c.from == None && c.name != "Comma" && c.name != "Decimal":
			*c.to = 0
		case c.from < 0 || c.from >= 0x80:
			return d, fault.New(fault.Plan, csvOp, "the option %s must be an ASCII character, not %q", c.name, c.from)
		case c.from != 0:
			*c.to = byte(c.from)
		}
	}
	if o.Ragged > Reject {
		return d, fault.New(fault.Plan, csvOp, "the option Ragged has no mode %d", o.Ragged)
	}
	if o.SkipRows < 0 {
		return d, fault.New(fault.Plan, csvOp, "the option SkipRows is negative")
	}
	if o.MaxColumns < 0 {
		return d, fault.New(fault.Plan, csvOp, "the option MaxColumns is negative")
	}
	d, err := d.WithDefaults()
	return d, named(err, csvOp)
}
