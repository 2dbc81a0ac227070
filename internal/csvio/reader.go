package csvio

import (
	"bytes"
	"context"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// Sizes of batches and blocks.
const (
	// BatchRows is the most rows of a batch.
	BatchRows = 8192
	// BlockBytes is how much is read at once: some batches of narrow rows, about one of wide ones.
	BlockBytes = 1 << 19
	// batchCells bounds rows times fields of a batch, and with them the buffers of very wide files.
	batchCells = 1 << 20
	// overrun is how much is read beyond the end of a range at first, to finish its last row.
	overrun = 4 << 10
)

// Config says how a Reader reads.
type Config struct {
	// Dialect with its defaults.
	Dialect Dialect
	// File is the name for errors.
	File string
	// Width is the number of fields of a row; Stride ≥ Width that of most rows, where the surplus is empty.
	Width, Stride int
	// Columns to give, in this order.
	Columns []Column
	// MaxRows ends the reader after so many rows; 0 is no limit.
	MaxRows int64
	// Block is how many bytes to read at once; 0 is BlockBytes.
	Block int
}

// Input is where the bytes come from.
type Input struct {
	// R gives the bytes from Offset of the (decoded) file on, where a row starts.
	R      io.Reader
	Offset int64
	// Limit: rows that start there or later are not read; 0 is none.
	Limit int64
	// Line is the number of the line at Offset, from 1; 0 is unknown.
	Line int64
	// Lines returns how many newlines are before an offset; it is asked when an error needs its line, where Line is 0.
	Lines func(ctx context.Context, offset int64) (int64, error)
}

// Reader gives the batches of a range of a file. It reuses all its memory: what Next gave lives until the next Next. It is used by one
// goroutine.
type Reader struct {
	cfg  Config
	in   Input
	x    *indexer
	cols []*column
	text bool // some column needs valid UTF-8

	buf      []byte // with slack after end
	pos, end int    // what is not read yet
	base     int64  // the offset of buf[0]
	line     int64  // the line number of buf[0], 0 unknown
	ascii    bool
	eof      bool

	batchRows int
	given     int64
	arrays    []arrow.Array
	rejects   []Reject
	keep      bool // rejects
	err       error
}

// NewReader returns a reader of the input, or a fault where a column's type cannot be read.
func NewReader(in Input, cfg Config) (*Reader, error) {
	if cfg.Block <= 0 {
		cfg.Block = BlockBytes
	}
	r := &Reader{cfg: cfg, in: in, base: in.Offset, line: in.Line, ascii: true}
	if r.in.Limit <= 0 {
		r.in.Limit = math.MaxInt64
	}
	r.x = newIndexer(&r.cfg.Dialect, cfg.Width, cfg.Stride)
	r.batchRows = min(max(batchCells/r.x.stride, 1), BatchRows)
	if limit := r.in.Limit - in.Offset; limit < BatchRows {
		r.batchRows = min(r.batchRows, int(max(limit, 0))+1)
	}
	if cfg.MaxRows > 0 {
		r.batchRows = int(min(cfg.MaxRows, int64(r.batchRows)))
	}
	for _, spec := range cfg.Columns {
		c, err := newColumn(spec, &r.cfg.Dialect, r.batchRows)
		if err != nil {
			return nil, err
		}
		r.cols = append(r.cols, c)
		r.text = r.text || c.kind == kindText
	}
	r.arrays = make([]arrow.Array, len(r.cols))
	return r, nil
}

// Bytes estimates the memory that the reader takes.
func (r *Reader) Bytes() int64 {
	n := int64(r.cfg.Block) + windowMax*8
	for _, c := range r.cols {
		n += int64(len(c.data)+len(c.valid)) * 8
	}
	return n
}

// Surplus says whether rows so far had more fields than they should, all empty; Dropped is how many rows were left out.
func (r *Reader) Surplus() bool  { return r.x.surplus || r.x.stride > r.x.width }
func (r *Reader) Dropped() int64 { return r.x.dropped }

// Offset is where the first row starts that Next has not come to.
func (r *Reader) Offset() int64 { return r.base + int64(r.pos) }

// Next returns the columns of the next batch and its rows; io.EOF is the end. The rows before an error are given before it.
func (r *Reader) Next(ctx context.Context) ([]arrow.Array, int, error) {
	for r.err == nil {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		rows := 0
		if r.pos < r.until() {
			rows, r.err = r.batch(ctx)
		}
		if rows > 0 {
			r.given += int64(rows)
			for i, c := range r.cols {
				r.arrays[i] = c.array(rows, r.buf[:r.end])
			}
			return r.arrays, rows, nil
		}
		if r.err == nil {
			r.err = r.advance(ctx)
		}
	}
	return nil, 0, r.err
}

// advance reads on where no row is left in the buffer, or says why there is none.
func (r *Reader) advance(ctx context.Context) error {
	done := r.cfg.MaxRows > 0 && r.given >= r.cfg.MaxRows
	if done || r.base+int64(r.pos) >= r.in.Limit || r.eof && r.pos >= r.end {
		return io.EOF
	}
	if r.eof {
		return r.openQuote(ctx)
	}
	return r.fill(ctx)
}

// until is the position in the buffer from which no row is to be started.
func (r *Reader) until() int {
	return int(min(int64(r.end), r.in.Limit-r.base))
}

// batch indexes and parses rows that are in the buffer whole.
func (r *Reader) batch(ctx context.Context) (rows int, err error) {
	for _, c := range r.cols {
		c.begin()
	}
	want := r.batchRows
	if r.cfg.MaxRows > 0 {
		want = int(min(r.cfg.MaxRows-r.given, int64(want)))
	}
	for rows < want && r.pos < r.until() {
		f := r.x.index(r.buf, r.pos, r.until(), r.end, want-rows)
		if f.more {
			break
		}
		if len(r.x.rejects) > 0 {
			if err := r.keepRejects(ctx); err != nil {
				return rows, err
			}
		}
		good, err := r.parse(ctx, f, rows)
		rows += good
		r.pos = f.next
		if err == nil && f.long {
			err = r.longRow(ctx)
		}
		if err != nil {
			return rows, err
		}
		if r.x.bad.reason != "" {
			return rows, r.badRow(ctx, r.x.bad)
		}
	}
	return rows, nil
}

// parse parses the rows into the columns from row to on, and returns how many are good.
func (r *Reader) parse(ctx context.Context, f found, to int) (good int, err error) {
	if f.n == 0 {
		return 0, nil
	}
	var failed *column
	good = f.n
	for _, c := range r.cols {
		fs := fields{buf: r.buf, rows: f.rows, stride: r.x.stride, at: c.Field, n: good, quotes: f.quotes, ascii: r.ascii}
		if bad := c.decode(fs, to); bad >= 0 {
			good, failed = bad, c
		}
	}
	if failed == nil {
		return good, nil
	}
	for _, c := range r.cols {
		if c == failed {
			break
		}
		c.truncate(to+good, to+f.n)
	}
	return good, r.badValue(ctx, failed, f.rows[good*r.x.stride+failed.Field])
}

// fill moves what is left to the front and reads on.
func (r *Reader) fill(ctx context.Context) error {
	left := r.end - r.pos
	if left > r.cfg.Dialect.MaxRow {
		return r.longRow(ctx)
	}
	if r.line > 0 {
		r.line += int64(bytes.Count(r.buf[:r.pos], []byte{r.cfg.Dialect.Newline}))
	}
	r.base += int64(r.pos)
	want := r.cfg.Block
	if left > 0 {
		want = max(want, 2*left) // a long row: grow with it
	}
	if togo := r.in.Limit - r.base - int64(left); togo < int64(want) {
		want = max(int(togo), 0) + overrun + left
	}
	r.buf = moveTo(r.buf, r.pos, r.end, left+want+1+slack)
	r.pos, r.end = 0, left
	for r.end < left+want {
		n, err := r.in.R.Read(r.buf[r.end : left+want])
		r.end += n
		if err == io.EOF {
			r.eof = true
			break
		}
		if err != nil {
			return err
		}
		if n == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	if r.eof && r.end > 0 && r.buf[r.end-1] != r.cfg.Dialect.Newline {
		r.buf[r.end] = r.cfg.Dialect.Newline
		r.end++
	}
	clear(r.buf[r.end : r.end+slack])
	r.ascii = !r.text || ascii(r.buf[:r.end])
	return nil
}

// moveTo returns buf with buf[pos:end] at its front and at least size bytes.
func moveTo(buf []byte, pos, end, size int) []byte {
	if len(buf) >= size {
		copy(buf, buf[pos:end])
		return buf
	}
	next := make([]byte, size+size/8)
	copy(next, buf[pos:end])
	return next
}
