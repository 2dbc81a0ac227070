// Package textio writes columns as lines of text: CSV and JSON lines. It formats a column at a time, block by block of rows, into
// cells of a fixed size that stay in the second-level cache, and then puts the cells of each row together.
//
// It must not know files, plans or frames. It imports fault, internal/{vec,bitmap} and arrow's types only.
package textio

import (
	"math"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Options say how rows look.
type Options struct {
	// JSON writes an object a line; else the fields of CSV after RFC 4180.
	JSON bool
	// Comma separates fields of CSV; 0 is ','.
	Comma rune
	// Null is written for null in CSV; a text that looks the same is put in quotes.
	Null string
}

// Encoder writes batches as text. It is used by one goroutine.
//
// Numbers are written in the fewest digits that read back the same value, floats always with a point, an exponent or one of NaN, inf,
// -inf (in JSON NaN, Infinity, -Infinity, which RFC 8259 lacks and most readers know). Dates and times are ISO 8601, timestamps with a
// zone in UTC with a Z. Binary is base64 in JSON, and in CSV its bytes, which must be UTF-8. Lists, structs and maps are JSON, a map as
// a list of objects of key and value.
type Encoder struct {
	opts   Options
	cols   []column
	rows   int    // of the batch
	lanes  []lane // scratch of join
	header []byte
}

// blockRows is how many rows are formatted at once: 16 KiB of cells a column.
const blockRows = 512

// New returns an encoder of rows of the schema.
func New(s *arrow.Schema, o Options) (*Encoder, error) {
	if o.Comma == 0 {
		o.Comma = ','
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	e := &Encoder{opts: o, cols: make([]column, s.NumFields())}
	if len(e.cols) == 0 && !o.JSON {
		return nil, fault.New(fault.Plan, "CSV", "rows without columns cannot be written")
	}
	for i := range e.cols {
		f := s.Field(i)
		c := &e.cols[i]
		if err := c.init(f, o); err != nil {
			return nil, err
		}
		c.single = len(e.cols) == 1
		last := i == len(e.cols)-1
		c.end(o, i == 0, last)
		if !o.JSON {
			e.header = c.appendText(e.header, []byte(f.Name), true)
			e.header = append(e.header, c.sep...)
		}
	}
	return e, nil
}

func (o Options) check() error {
	if o.JSON {
		return nil
	}
	if !utf8.ValidRune(o.Comma) || o.Comma == '"' || o.Comma == '\n' || o.Comma == '\r' || o.Comma == utf8.RuneError {
		return fault.New(fault.Plan, "CSV", "%q cannot separate fields", o.Comma)
	}
	if len(o.Null) > maxInCell {
		return fault.New(fault.Plan, "CSV", "the text for null is longer than %d bytes", maxInCell)
	}
	for _, r := range o.Null {
		if r == o.Comma || r == '"' || r == '\n' || r == '\r' {
			return fault.New(fault.Plan, "CSV", "%q cannot stand for null: it holds %q", o.Null, r)
		}
	}
	return nil
}

// Header returns the line with the names of the columns, none for JSON.
func (e *Encoder) Header() []byte { return e.header }

// Append appends the rows of a batch to dst. An error names column and row, from 1 within the batch.
func (e *Encoder) Append(dst []byte, b *vec.Batch) ([]byte, error) {
	if err := e.Begin(b); err != nil {
		return dst, err
	}
	dst, _, err := e.AppendFrom(dst, 0, math.MaxInt)
	return dst, err
}

// Begin takes a batch, whose rows AppendFrom appends. The batch must stay as it is until then.
func (e *Encoder) Begin(b *vec.Batch) error {
	e.rows = b.Rows
	for i := range e.cols {
		if err := e.cols[i].begin(&b.Cols[i]); err != nil {
			return err
		}
	}
	return nil
}

// AppendFrom appends rows of the batch from row at on, until there are no more or dst has most bytes or some more: those of a block of
// rows. It returns the row to go on with. Errors are those of Append.
func (e *Encoder) AppendFrom(dst []byte, at, most int) (out []byte, next int, err error) {
	for at < e.rows && len(dst) < most {
		n := min(blockRows, e.rows-at)
		if len(e.cols) == 0 {
			for range n {
				dst = append(dst, "{}\n"...)
			}
			at += n
			continue
		}
		for i := range e.cols {
			if err := e.cols[i].format(at, n); err != nil {
				return dst, at, err
			}
		}
		dst = e.join(dst, n)
		at += n
	}
	return dst, at, nil
}
