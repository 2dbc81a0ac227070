package readers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// jsonReader reads the records of a split.
type jsonReader struct {
	split  *jsonSplit
	alloc  memory.Allocator
	close  func() error
	chunks *jsonChunker
	b      jsonBuilder
	adapt  *adapting
	// line is the number of lines before the chunk at hand, within the split.
	line int64
	// started and ended are of the brackets of an array of records; comma says that one must come before the next record.
	started, ended, comma bool
	rows                  int
	row                   int64 // the first row of the next batch, within the split
	last                  []arrow.Array
	seq                   int
	done                  bool
}

// batchRows and batchBytes bound a batch: records with many columns make shorter ones.
const (
	batchRows  = 8192
	batchCells = 1 << 20
	batchBytes = 4 << 20
)

func (s *jsonSplit) open(ctx context.Context, alloc memory.Allocator) (*jsonReader, error) {
	r := &jsonReader{split: s, alloc: alloc, adapt: newAdapting(s.adapt, s.file.Path, alloc)}
	var in io.Reader
	if s.end > 0 {
		h, err := s.file.Open(ctx)
		if err != nil {
			return nil, err
		}
		r.close = h.Close
		in = io.NewSectionReader(h, s.start, h.Size()-s.start)
	} else {
		stream, err := s.file.OpenStream(ctx)
		if err != nil {
			return nil, err
		}
		r.close, in = stream.Close, stream
	}
	r.chunks = &jsonChunker{r: in, framing: s.framing, limit: s.recordLimit()}
	if s.end > 0 {
		r.chunks.end = s.end - s.start
	}
	fields := make([]arrow.Field, len(s.names))
	for i, n := range s.names {
		fields[i] = arrow.Field{Name: n, Type: s.types[i], Nullable: true}
	}
	r.b = jsonBuilder{promote: s.promote, ignore: s.ignore, jsonScanner: jsonScanner{maxDepth: s.depth}}
	r.b.row = newJSONColumn(alloc, "", "", arrow.StructOf(fields...))
	for i, k := range r.b.row.kids {
		k.setPath(s.names[i])
	}
	r.b.known = make(map[string]bool, len(s.known))
	for _, k := range s.known {
		r.b.known[k] = true
	}
	if s.fold {
		r.b.fold = make(map[string]int, len(s.names))
		for i := len(s.names) - 1; i >= 0; i-- {
			r.b.fold[strings.ToLower(s.names[i])] = i
		}
	}
	return r, nil
}

func (c *jsonColumn) setPath(path string) {
	c.path = path
	for _, k := range c.kids {
		if c.kind == buildList {
			k.setPath(path + "[]")
		} else {
			k.setPath(path + "." + k.name)
		}
	}
}

// Next parses the next batch.
func (r *jsonReader) Next(ctx context.Context) (partition.Batch, error) {
	releaseAll(r.last)
	r.last = nil
	limit := min(batchRows, max(1, batchCells/max(1, r.split.cells)))
	for r.rows < limit && !r.done {
		if err := ctx.Err(); err != nil {
			return partition.Batch{}, err
		}
		if !r.more() {
			if err := r.nextChunk(); err != nil {
				return partition.Batch{}, err
			}
			continue
		}
		if err := r.records(limit); err != nil {
			r.done = true
			return partition.Batch{}, r.place(err)
		}
		if r.b.row.bytes() >= batchBytes {
			break
		}
	}
	if r.rows == 0 {
		return partition.Batch{}, io.EOF
	}
	return r.batch()
}

// more says whether the chunk at hand has bytes left that matter.
func (r *jsonReader) more() bool { return r.b.peek() != 0 || r.b.pos < len(r.b.buf) }

func (r *jsonReader) nextChunk() error {
	chunk, line, err := r.chunks.next()
	if err == io.EOF {
		r.done = true
		if r.split.framing == jsonArray && !r.ended {
			return r.place(&jsonError{pos: len(r.b.buf), msg: "the array of records is not closed"})
		}
		return nil
	}
	if err != nil {
		r.done = true
		var f *fault.Error
		if errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return named(err, "read_json")
		}
		r.b.buf, r.b.pos, r.line = nil, 0, line
		return r.place(err)
	}
	first := r.chunks.off == 0 && r.split.start == 0
	r.b.buf, r.b.pos, r.line = chunk, 0, line
	if first && bytes.HasPrefix(chunk, utf8BOM) {
		r.b.pos = len(utf8BOM)
	}
	return nil
}

// records reads the chunk at hand up to limit rows.
func (r *jsonReader) records(limit int) error {
	for r.rows < limit && r.more() {
		if r.split.framing == jsonArray {
			if record, err := r.punctuation(); err != nil || !record {
				if err != nil {
					return err
				}
				continue
			}
		}
		if err := r.b.record(); err != nil {
			return err
		}
		r.rows++
		if r.rows&255 == 0 && r.b.row.bytes() >= batchBytes {
			return nil
		}
	}
	return nil
}

// punctuation reads the brackets and commas of an array of records; record says that one comes next.
func (r *jsonReader) punctuation() (record bool, err error) {
	c := r.b.peek()
	switch {
	case r.ended:
		return false, r.b.unexpected("the end of the file")
	case !r.started && c == '[':
		r.started = true
	case !r.started:
		return false, r.b.unexpected("an array")
	case c == ']' && (r.comma || r.rows == 0 && r.row == 0):
		r.ended = true
	case r.comma && c == ',':
		r.comma = false
	case r.comma:
		return false, r.b.unexpected("a comma or the end of the array")
	default:
		r.comma = true
		return true, nil
	}
	r.b.pos++
	return false, nil
}

// bytes is about what the gathered rows take of variable length.
func (c *jsonColumn) bytes() int {
	n := len(c.data)
	for _, k := range c.kids {
		n += k.bytes()
		if c.kind == buildList || c.kind == buildMap || c.kind == buildFixed {
			n += k.n * 8
		}
	}
	return n
}

func (r *jsonReader) batch() (partition.Batch, error) {
	row := r.b.row
	in := make([]arrow.Array, len(row.kids))
	for i, k := range row.kids {
		d, err := k.take(r.alloc)
		if err != nil {
			releaseAll(in[:i])
			r.done = true
			return partition.Batch{}, named(err, "read_json")
		}
		in[i] = array.MakeFromData(d)
		d.Release()
	}
	row.n = 0
	out, err := r.adapt.realise(in, r.rows, r.row)
	releaseAll(in)
	if err != nil {
		r.done = true
		return partition.Batch{}, named(err, "read_json")
	}
	b := partition.Batch{Cols: out, Rows: r.rows, Seq: partition.MakeSeq(0, r.seq)}
	r.row += int64(r.rows)
	r.rows = 0
	r.seq++
	r.last = out
	return b, nil
}

// place makes err a fault with the file, the line and the text.
func (r *jsonReader) place(err error) error {
	f := &fault.Error{Kind: fault.Input, Op: "read_json", File: r.split.file.Path, Err: err}
	pos := r.b.pos
	var je *jsonError
	var jc *jsonConflict
	switch {
	case errors.As(err, &jc):
		f = jc.fault()
		f.File = r.split.file.Path
		pos = jc.pos
	case errors.As(err, &je):
		pos = je.pos
		f.Text = around(r.b.buf, pos)
	}
	pos = min(pos, len(r.b.buf))
	f.Line = 1 + r.split.linesBefore() + r.line + int64(bytes.Count(r.b.buf[:pos], newline))
	return f
}

func (e *jsonConflict) fault() *fault.Error {
	f := &fault.Error{Kind: fault.Data, Op: "read_json", Column: e.column, Text: e.text}
	if e.typ == nil {
		f.Err = errors.New("a record has a name that is no column: " + e.why)
		return f.WithHint("declare it in the option Schema")
	}
	f.Err = errors.New("the value is no " + e.typ.String())
	if e.why != "" {
		f.Err = errors.New("the value is no " + e.typ.String() + ": " + e.why)
	}
	return f.WithHint("give the column's type in the option Schema, or PromoteTypes to read it as text")
}

// around is the line of the buffer that pos is in, as far as a message shows it.
func around(buf []byte, pos int) string {
	pos = min(pos, len(buf))
	from := max(bytes.LastIndexByte(buf[:pos], '\n')+1, pos-40)
	to := len(buf)
	if i := bytes.IndexByte(buf[pos:], '\n'); i >= 0 {
		to = pos + i
	}
	return strings.ToValidUTF8(string(buf[from:min(to, from+80)]), "\uFFFD")
}

// Close ends the reader.
func (r *jsonReader) Close() error {
	releaseAll(r.last)
	r.last = nil
	r.adapt.release()
	if r.close == nil {
		return nil
	}
	err := r.close()
	r.close = nil
	return err
}
