package csvio

import (
	"bytes"
	"context"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// Reject is a row that was left out.
type Reject struct {
	// Line is the number of the line where the row starts, from 1.
	Line int64
	// Text is the row as it stands in the file; Reason says why it was left out.
	Text, Reason string
}

// fail returns a fault about the bytes at a position of the buffer.
func (r *Reader) fail(ctx context.Context, kind fault.Kind, at int, format string, args ...any) *fault.Error {
	f := fault.New(kind, "CSV", format, args...)
	f.File = r.cfg.File
	f.Line = r.lineAt(ctx, at)
	return f
}

// lineAt returns the number of the line at a position of the buffer, from 1; 0 where it cannot be known.
func (r *Reader) lineAt(ctx context.Context, at int) int64 {
	if r.line == 0 {
		if r.in.Lines == nil {
			return 0
		}
		n, err := r.in.Lines(ctx, r.base)
		if err != nil {
			return 0
		}
		r.line = n + 1
	}
	return r.line + int64(bytes.Count(r.buf[:at], []byte{r.cfg.Dialect.Newline}))
}

func (r *Reader) badValue(ctx context.Context, c *column, s span) error {
	f := r.fail(ctx, fault.Data, s.start(), "%s", describe(c))
	f.Column = c.Name
	f.Text = string(r.buf[s.start():s.end()])
	if f.Text == "" {
		f.Text = `""`
	}
	switch {
	case c.kind == kindText:
		return f.WithHint("set Encoding if the file is not UTF-8, or ReplaceInvalid to read such bytes as U+FFFD")
	case c.Inferred:
		return f.WithHint("declare the column: Types: map[string]arrow.DataType{%s: arrow.BinaryTypes.String}, or add the spelling to Nulls or TimeLayouts", strconv.Quote(c.Name))
	}
	return f.WithHint("change the column's type in Types, or add the spelling to Nulls or TimeLayouts")
}

func describe(c *column) string {
	if c.kind == kindText {
		return "text " + c.why
	}
	how := "declared"
	if c.Inferred {
		how = "inferred from samples of the files"
	}
	s := "value cannot be read as " + typeText(c.Type) + ", the type " + how
	if c.why != "" {
		s += ": it " + c.why
	}
	return s
}

// typeText is the type as tables and commands name it.
func typeText(t arrow.DataType) string {
	switch t.ID() {
	case arrow.DATE32, arrow.DATE64:
		return "date"
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return "text"
	}
	return t.String()
}

func (r *Reader) badRow(ctx context.Context, b badRow) error {
	f := r.fail(ctx, fault.Data, b.start, "%s", b.reason)
	f.Text = string(r.buf[b.start:b.end])
	if b.reason == reasonClose {
		return f.WithHint("double the quotes inside, set Quote to another character or to readers.None, or set Ragged to Skip or Reject")
	}
	return f.WithHint("set Ragged to Pad, Skip or Reject")
}

// openQuote is the end of the file within quotes.
func (r *Reader) openQuote(ctx context.Context) error {
	b := badRow{start: r.pos, end: r.end, reason: reasonOpen}
	switch r.cfg.Dialect.Ragged {
	case RaggedSkip:
		r.x.dropped++
		r.pos = r.end
		return nil
	case RaggedReject:
		r.x.rejects = append(r.x.rejects, b)
		r.pos = r.end
		return r.keepRejects(ctx)
	}
	f := r.fail(ctx, fault.Data, b.start, "%s at the end of the file", b.reason)
	f.Text = string(r.buf[b.start:min(b.end, b.start+200)])
	return f.WithHint("the row that starts at this line has a stray quote: mend it, set Quote, or set Ragged to Skip or Reject")
}

func (r *Reader) longRow(ctx context.Context) error {
	f := r.fail(ctx, fault.Data, r.pos, "a row has more than %d bytes", r.cfg.Dialect.MaxRow)
	f.Text = string(r.buf[r.pos:min(r.pos+200, r.end)])
	return f.WithHint("a quote may not be closed; raise MaxRowBytes if the row is meant to be so long")
}

// keepRejects takes the rejected rows of the indexer over, with their lines.
func (r *Reader) keepRejects(ctx context.Context) error {
	if r.keep {
		for _, b := range r.x.rejects {
			r.rejects = append(r.rejects, Reject{Line: r.lineAt(ctx, b.start), Text: string(r.buf[b.start:b.end]), Reason: b.reason})
		}
	}
	r.x.dropped += int64(len(r.x.rejects))
	r.x.rejects = r.x.rejects[:0]
	return nil
}

// NextRejects returns rows that were left out, instead of those that Next gives; io.EOF is the end. A reader is used for one of both.
func (r *Reader) NextRejects(ctx context.Context) ([]Reject, error) {
	r.keep = true
	for {
		r.rejects = r.rejects[:0]
		_, _, err := r.Next(ctx)
		if len(r.rejects) > 0 {
			return r.rejects, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
