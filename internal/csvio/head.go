package csvio

import (
	"bytes"
	"unicode/utf8"

	"github.com/sheafdata/sheaf/fault"
)

// Head is what the beginning of a file tells.
type Head struct {
	// Dialect with the newline that the file has.
	Dialect Dialect
	// Names are the columns' names as they stand in the header; without one they are empty. Their number is the width of rows.
	Names []string
	// Stride is the number of fields of the first rows, where the surplus is empty; at least the width.
	Stride int
	// Start is the offset of the first row after the header, and Line the number of its line.
	Start, Line int64
}

// HeadOptions say how to read a head.
type HeadOptions struct {
	NoHeader bool
	SkipRows int
	File     string
	// Size is the file's size in bytes, 0 unknown.
	Size int64
	// MaxColumns bounds the columns; 0 is in proportion to the file's size.
	MaxColumns int
	// Sniff guesses the delimiter, among comma, semicolon, tab and bar; SniffEscape whether quotes within quotes have backslashes
	// before them.
	Sniff, SniffEscape bool
}

// MaxColumns bounds the width of any file. Each column takes some 10 KiB before many of its values do (measured over a query from end to
// end), so that a small file may have fewer unless it is told otherwise: leastColumns, and one more for each bytesPerColumn.
const (
	MaxColumns     = 1 << 20
	leastColumns   = 6000
	bytesPerColumn = 512
)

func (o *HeadOptions) maxColumns() int {
	if o.MaxColumns > 0 {
		return min(o.MaxColumns, MaxColumns)
	}
	return int(min(leastColumns+o.Size/bytesPerColumn, MaxColumns))
}

// ErrShort says that the head does not hold the header and a row, and more bytes would help.
var ErrShort = fault.New(fault.Internal, "CSV", "the head is too short")

var utf8BOM = []byte("\ufeff")

// HeadSlack is the capacity beyond its length that spares ReadHead a copy of the data: it writes there.
const HeadSlack = 1 + slack

// ReadHead reads the beginning of a file, decoded to UTF-8. whole says that data is all of it. The error is ErrShort where more of the
// file is needed.
func ReadHead(data []byte, whole bool, d Dialect, o HeadOptions) (*Head, error) {
	h := &Head{Dialect: d, Line: 1}
	pos := 0
	if bytes.HasPrefix(data, utf8BOM) {
		pos = len(utf8BOM)
	}
	if bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') >= 0 {
		if !whole && len(data) < d.MaxRow {
			return nil, ErrShort
		}
		h.Dialect.Newline = '\r'
	}
	nl := h.Dialect.Newline
	for range o.SkipRows {
		i := bytes.IndexByte(data[pos:], nl)
		if i < 0 && !whole {
			return nil, h.short(data, o)
		}
		if i < 0 {
			break
		}
		pos += i + 1
	}
	h.guess(data[min(pos, len(data)):], whole, o)
	end := len(data)
	buf := data
	if cap(data) >= end+HeadSlack {
		buf = data[:end+HeadSlack]
	} else {
		buf = make([]byte, end+HeadSlack)
		copy(buf, data)
	}
	if whole && end > 0 && buf[end-1] != nl {
		buf[end] = nl
		end++
	}
	if err := h.read(buf, pos, end, whole, o); err != nil {
		return nil, err
	}
	h.Start = min(h.Start, int64(len(data)))
	h.Line += int64(bytes.Count(data[:h.Start], []byte{nl}))
	return h, nil
}

// guess finds out what of the dialect is not given by what stands from the header on. The delimiter is guessed a second time with
// backslashes before quotes, as rows that do not fit without them say nothing of it.
func (h *Head) guess(data []byte, whole bool, o HeadOptions) {
	if o.Sniff {
		h.Dialect.Comma = h.Dialect.sniff(data, whole)
	}
	if !o.SniffEscape || h.Dialect.Escape != 0 || !h.Dialect.mayEscape(data) {
		return
	}
	as := h.Dialect
	if !as.sniffEscape(data, whole) {
		if !o.Sniff {
			return
		}
		as.Escape = '\\'
		as.Comma = as.sniff(data, whole)
		as.Escape = 0
		if as.Comma == h.Dialect.Comma || !as.sniffEscape(data, whole) {
			return
		}
	}
	h.Dialect.Comma, h.Dialect.Escape = as.Comma, '\\'
}

func (h *Head) short(data []byte, o HeadOptions) error {
	if len(data) <= h.Dialect.MaxRow {
		return ErrShort
	}
	f := fault.New(fault.Input, "CSV", "the header does not end within %d bytes", h.Dialect.MaxRow)
	f.File = o.File
	return f.WithHint("is it a CSV file? MaxRowBytes allows longer rows")
}

// read finds the first row and what follows it.
func (h *Head) read(buf []byte, pos, end int, whole bool, o HeadOptions) error {
	x := newIndexer(&h.Dialect, 1, 1)
	most := o.maxColumns()
	x.mostFields = most
	var fields []span
	from := pos
	for len(fields) == 0 {
		from = pos
		next, reason, ok := x.slowRow(buf, pos, end)
		if !ok {
			return h.noRow(buf[:end], pos, whole, o)
		}
		if reason == reasonMany {
			f := fault.New(fault.Input, "CSV", "the first row has more than the %d fields that a file of its size may have", most)
			f.File = o.File
			return f.WithHint("is it a CSV file? MaxColumns allows more")
		}
		if reason != "" {
			f := fault.New(fault.Data, "CSV", "the header has %s", reason)
			f.File, f.Line, f.Text = o.File, int64(1+bytes.Count(buf[:pos], []byte{h.Dialect.Newline})), string(buf[pos:next-1])
			return f
		}
		blank := len(x.flat) == 1 && len(bytes.Trim(buf[pos:next-1], "\r")) == 0
		pos = next
		if !blank {
			fields = append(fields, x.flat...)
		}
	}
	fields[len(fields)-1] = cutReturn(buf, fields[len(fields)-1], h.Dialect.Newline)
	h.Start = int64(pos)
	if o.NoHeader {
		h.Start = int64(from)
		h.Names = make([]string, len(fields))
	} else {
		h.names(buf, fields)
	}
	h.measure(x, buf, int(h.Start), end)
	return nil
}

// noRow is the error of a head without any row.
func (h *Head) noRow(data []byte, pos int, whole bool, o HeadOptions) error {
	if !whole {
		return h.short(data, o)
	}
	what := "the file is empty"
	switch {
	case pos < len(data):
		what = "the first row has a quote that is not closed"
	case len(data) > 0:
		what = "the file has no rows"
	}
	f := fault.New(fault.Input, "CSV", "%s", what)
	f.File = o.File
	return f.WithHint("declare its columns with Schema, or leave the file out")
}

// names reads the header's fields. Spaces around a name are not part of it: TLC files of 2014 have "vendor_id, pickup_datetime".
func (h *Head) names(buf []byte, fields []span) {
	for _, s := range fields {
		f := buf[s.start():s.end()]
		if q := h.Dialect.Quote; q != 0 && len(f) >= 2 && f[0] == q {
			f = h.Dialect.unescape(nil, f[1:len(f)-1])
		}
		f = bytes.TrimSpace(f)
		if !utf8.Valid(f) {
			f = bytes.ToValidUTF8(f, []byte("\uFFFD"))
		}
		h.Names = append(h.Names, string(f))
	}
}

// measure sets Stride by the first rows that are not blank: all must agree.
func (h *Head) measure(x *indexer, buf []byte, pos, end int) {
	const rows = 20
	width := len(h.Names)
	h.Stride = width
	stride := 0
	for range rows {
		next, reason, ok := x.slowRow(buf, pos, end)
		if !ok {
			break
		}
		pos = next
		if len(x.flat) <= 1 {
			continue
		}
		if reason != "" || stride != 0 && stride != len(x.flat) {
			return
		}
		stride = len(x.flat)
		for i := width; i < stride; i++ {
			s := x.flat[i]
			if i == stride-1 {
				s = cutReturn(buf, s, h.Dialect.Newline)
			}
			if s.start() != s.end() {
				return
			}
		}
	}
	h.Stride = max(width, stride)
}
