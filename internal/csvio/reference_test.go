package csvio

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"
)

// refRow is a row as the reference reads it.
type refRow struct {
	start  int // of the row in the file
	fields []refField
	bad    bool // text after a closing quote, or a quote that is not closed
	skip   bool // a comment
}

type refField struct {
	text   string
	quoted bool
}

// reference is the grammar once more, as a state machine over bytes: slow and plain. Rows start at 0.
func reference(data []byte, d Dialect) (rows []refRow) {
	for p := 0; p < len(data); {
		row := refRow{start: p}
		if d.Comment != 0 && data[p] == d.Comment {
			for p < len(data) && data[p] != d.Newline {
				p++
			}
			p++
			row.skip = true
			rows = append(rows, row)
			continue
		}
		for done := false; !done; {
			f := refField{}
			var text []byte
			if p < len(data) && d.Quote != 0 && data[p] == d.Quote {
				f.quoted = true
				p++
				closed := false
				for p < len(data) && !closed {
					switch c := data[p]; {
					case d.Escape != 0 && c == d.Escape && p+1 < len(data):
						text = append(text, data[p+1])
						p += 2
					case d.Escape == 0 && c == d.Quote && p+1 < len(data) && data[p+1] == d.Quote:
						text = append(text, c)
						p += 2
					case c == d.Quote:
						closed = true
						p++
					default:
						text = append(text, c)
						p++
					}
				}
				if !closed {
					row.bad = true
					return append(rows, row)
				}
				ends := p >= len(data) || data[p] == d.Comma || data[p] == d.Newline || d.Newline == '\n' && data[p] == '\r' && (p+1 >= len(data) || data[p+1] == '\n')
				row.bad = row.bad || !ends
			}
			from := p
			for p < len(data) && data[p] != d.Comma && data[p] != d.Newline {
				p++
			}
			rest := data[from:p]
			last := p >= len(data) || data[p] == d.Newline
			if last && d.Newline == '\n' {
				rest = bytes.TrimSuffix(rest, []byte("\r"))
			}
			if !f.quoted {
				text = rest
			}
			f.text = string(text)
			row.fields = append(row.fields, f)
			p++
			done = last
		}
		rows = append(rows, row)
	}
	return rows
}

// wanted are the rows of width fields that the reference gives where others are left out; null fields are nil.
func wanted(rows []refRow, width int) (out [][]*string) {
	for _, r := range rows {
		if r.skip || r.bad {
			continue
		}
		if len(r.fields) == 1 && width > 1 && !r.fields[0].quoted && r.fields[0].text == "" {
			continue
		}
		fits := len(r.fields) >= width
		for _, f := range r.fields[min(width, len(r.fields)):] {
			fits = fits && !f.quoted && f.text == ""
		}
		if !fits {
			continue
		}
		row := make([]*string, width)
		for i := range row {
			if f := r.fields[i]; f.quoted || f.text != "" {
				row[i] = &f.text
			}
		}
		out = append(out, row)
	}
	return out
}

// textColumns are width columns of text that take any bytes.
func textColumns(width int) (cols []Column) {
	for i := range width {
		cols = append(cols, Column{Name: string(rune('a' + i)), Field: i, Type: arrow.BinaryTypes.Binary})
	}
	return cols
}

// readAll gives the texts of all rows of a reader.
func readAll(r *Reader) (out [][]*string, err error) {
	for {
		cols, n, err := r.Next(context.Background())
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		for i := range n {
			row := make([]*string, len(cols))
			for c, col := range cols {
				if v := col.(*array.BinaryView); v.IsValid(i) {
					s := string(v.Value(i))
					row[c] = &s
				}
			}
			out = append(out, row)
		}
	}
}

// show makes rows readable in failures.
func show(rows [][]*string) (out [][]string) {
	for _, r := range rows {
		var s []string
		for _, f := range r {
			if f == nil {
				s = append(s, "<null>")
			} else {
				s = append(s, *f)
			}
		}
		out = append(out, s)
	}
	return out
}

func mustDialect(t testing.TB, d Dialect) Dialect {
	t.Helper()
	d, err := d.WithDefaults()
	require.NoError(t, err)
	return d
}

// checkRows reads data whole and in parts cut at cuts, and compares with the reference. Data of different lengths go to different
// implementations of the masks.
func checkRows(t testing.TB, data []byte, d Dialect, width, stride, block int, cuts []int64) {
	t.Helper()
	all := kernels()
	defer all[len(data)%len(all)].use()()
	d.Ragged = RaggedSkip
	ref := reference(data, d)
	want := wanted(ref, width)
	cfg := Config{Dialect: d, Width: width, Stride: stride, Columns: textColumns(width), Block: block}
	r, err := NewReader(Input{R: bytes.NewReader(data)}, cfg)
	require.NoError(t, err)
	got, err := readAll(r)
	require.NoError(t, err)
	require.Equal(t, show(want), show(got))

	size := int64(len(data))
	cuts = append(append([]int64{0}, cuts...), size)
	seams := NewSeams(d, cuts)
	file := bytes.NewReader(data)
	var parts [][]*string
	for k := len(cuts) - 2; k >= 0; k-- { // the last first: the order of asking must not matter
		start, err := seams.Start(context.Background(), file, k)
		require.NoError(t, err)
		require.Equal(t, refStart(ref, cuts[k], size), start, "start at cut %d of %q", cuts[k], data)
		if start >= cuts[k+1] {
			continue
		}
		r, err := NewReader(Input{R: io.NewSectionReader(file, start, size-start), Offset: start, Limit: cuts[k+1]}, cfg)
		require.NoError(t, err)
		part, err := readAll(r)
		require.NoError(t, err)
		parts = append(part, parts...)
	}
	require.Equal(t, show(want), show(parts))
	for _, rows := range []int64{0, 1, 3} {
		checkPassed(t, data, cfg, ref, cuts, rows)
	}
}

// checkPassed asks for the starts of parts of which readers have read rows before (0 is all), and compares with the reference.
func checkPassed(t testing.TB, data []byte, cfg Config, ref []refRow, cuts []int64, rows int64) {
	t.Helper()
	file, size := bytes.NewReader(data), int64(len(data))
	seams := NewSeams(cfg.Dialect, cuts)
	cfg.MaxRows = rows
	for k := range len(cuts) - 1 {
		if k%3 == 2 && rows > 0 {
			continue // this start is asked for together with the next
		}
		start, err := seams.Start(context.Background(), file, k)
		require.NoError(t, err)
		require.Equal(t, refStart(ref, cuts[k], size), start, "start at cut %d of %q after %d rows a part", cuts[k], data, rows)
		if start >= cuts[k+1] {
			continue
		}
		r, err := NewReader(Input{R: io.NewSectionReader(file, start, size-start), Offset: start, Limit: cuts[k+1]}, cfg)
		require.NoError(t, err)
		_, err = readAll(r)
		require.NoError(t, err)
		seams.Passed(k, r.Offset())
	}
}

// refStart is the first row start at or after a cut.
func refStart(rows []refRow, cut, size int64) int64 {
	for _, r := range rows {
		if int64(r.start) >= cut {
			return int64(r.start)
		}
	}
	return size
}
