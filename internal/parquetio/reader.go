package parquetio

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// RowRange is the rows [From, To) of a row group, counted from 0 in it.
type RowRange struct{ From, To int64 }

// ReadOptions says what to read. Its zero value reads all columns and rows of the first row group.
type ReadOptions struct {
	RowGroup int
	// Columns are top-level columns by their place in the schema, in the order of output; nil is all, empty and not nil gives
	// batches without columns that only count rows. A column may be named twice.
	Columns []int
	// Ranges are the rows to give: sorted, apart from each other, within the row group; nil is all. Rows outside cost their
	// page headers at most, and a page on each side of a range.
	Ranges []RowRange
	// BatchRows is the most rows of a batch; 0 is 8192.
	BatchRows int
	// Alloc provides the buffers of batches and pages; nil is a pool of the package.
	Alloc memory.Allocator
	// Reserve claims memory before it is allocated, in steps of 1 MiB and more; nil claims nothing.
	Reserve func(bytes int64) (release func(), err error)
	// LargePages lets a file take memory out of proportion to its size (more than 32 MiB and 16 times the file), which
	// strings of many MiB, compressed well, need.
	LargePages bool
	// KeepDictionaries gives flat string and binary columns as dictionary arrays where their pages are dictionary-encoded.
	KeepDictionaries bool
	// UTF8 says what to do with text that is not valid UTF-8.
	UTF8 UTF8Mode
	// Filter, where it is not nil, leaves rows out by the columns at the places Early of Columns, flat ones. It is free to be asked or
	// not: rows that it does not want may come.
	Filter RowFilter
	Early  []int
}

// DefaultBatchRows is the number of rows of a batch where ReadOptions does not say.
const DefaultBatchRows = 8192

// maxBatchBytes bounds the fixed-width part of a batch: with many columns, batches have fewer rows.
const maxBatchBytes = 16 << 20

// maxBatchText bounds what the text and the lists of a batch take on average: rows that are wide come a few at a time.
const maxBatchText = 4 << 20

// Reader gives the batches of a part of a row group. It is used by one goroutine at a time.
type Reader struct {
	f      *File
	cols   []readColumn
	leaves []*leafReader
	asm    assembler
	mem    *arena
	ranges []RowRange
	row    int64 // next row within ranges[0]
	rows   int   // of a batch
	seq    int
	out    []arrow.Array
	late   *late // nil: rows come all
	err    error
}

type readColumn struct {
	c *column
	t arrow.DataType
}

// Read starts reading a row group. Errors are *fault.Error.
func (f *File) Read(o ReadOptions) (r *Reader, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, f.fail(fmt.Errorf("the file is damaged: %v", p))
		}
	}()
	if o.RowGroup < 0 || o.RowGroup >= len(f.meta.groups) {
		return nil, fault.New(fault.Internal, op, "row group %d of %d is asked for", o.RowGroup, len(f.meta.groups))
	}
	g := &f.meta.groups[o.RowGroup]
	if o.Columns == nil {
		for i := range f.tree.columns {
			o.Columns = append(o.Columns, i)
		}
	}
	limit := baseLimit + limitPerByte*f.size
	if o.LargePages {
		limit = 1 << 50
	}
	r = &Reader{f: f, rows: o.BatchRows, mem: &arena{alloc: o.Alloc, reserve: o.Reserve, limit: limit}}
	if r.rows <= 0 {
		r.rows = DefaultBatchRows
	}
	if err := r.setRanges(o.Ranges, g.rows); err != nil {
		return nil, err
	}
	if err := r.addColumns(g, &o); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) setRanges(ranges []RowRange, rows int64) error {
	if ranges == nil {
		ranges = []RowRange{{0, rows}}
	}
	var at int64
	for _, x := range ranges {
		if x.From < at || x.To < x.From || x.To > rows {
			return fault.New(fault.Internal, op, "rows %d to %d are asked for, of %d and after %d", x.From, x.To, rows, at)
		}
		at = x.To
		if x.To > x.From {
			r.ranges = append(r.ranges, x)
		}
	}
	if len(r.ranges) > 0 {
		r.row = r.ranges[0].From
	}
	return nil
}

func (r *Reader) addColumns(g *rowGroup, o *ReadOptions) error {
	r.asm = assembler{mem: r.mem, leaves: map[int]*leafReader{}}
	var leaves []*column
	var tops []bool // the leaf is a whole column
	width, long := 0, int64(0)
	for _, i := range o.Columns {
		if i < 0 || i >= len(r.f.tree.columns) {
			return fault.New(fault.Internal, op, "column %d of %d is asked for", i, len(r.f.tree.columns))
		}
		c := r.f.tree.columns[i]
		r.cols = append(r.cols, readColumn{c, c.arrayType()})
		c.walkLeaves(func(lc *column) {
			width += lc.leaf.width + 1
			if _, ok := r.asm.leaves[lc.leaf.index]; !ok {
				if lc.leaf.elem.typ == physByteArray || lc.leaf.maxRep > 0 {
					long += max(g.cols[lc.leaf.index].uncompressed, 0)
				}
				r.asm.leaves[lc.leaf.index] = nil
				leaves, tops = append(leaves, lc), append(tops, lc == c)
			}
		})
	}
	if width > 0 {
		r.rows = min(r.rows, max(maxBatchBytes/width, 1))
	}
	if g.rows > 0 && long/g.rows > 0 {
		r.rows = min(r.rows, max(int(maxBatchText/(long/g.rows)), 1))
	}
	window := max(minWindow, min(maxWindow, allWindows/max(len(leaves), 1)))
	for i, lc := range leaves {
		lr, err := r.f.newLeafReader(lc, tops[i], r.mem, o, window)
		if err != nil {
			return err
		}
		if n := len(r.ranges); n > 0 {
			lr.until(r.ranges[n-1].To)
		}
		r.asm.leaves[lc.leaf.index] = lr
		r.leaves = append(r.leaves, lr)
	}
	r.out = make([]arrow.Array, len(r.cols))
	r.setFilter(o)
	return nil
}

// Next returns the next batch, io.EOF after the last; with a filter it may be one without rows and columns. The batch and all its memory, except dictionaries, live until the next call
// of Next or Close. A flat string column comes as a view array, or as a dictionary array of uint32 codes over views (with
// KeepDictionaries, where its pages are dictionary-encoded); the data of the dictionary, Data().Dictionary(), is the same pointer
// in all batches of the Reader. Strings in nested columns are views. Everything else is as Schema says.
func (r *Reader) Next(ctx context.Context) (b partition.Batch, err error) {
	if r.err != nil {
		return partition.Batch{}, r.err
	}
	if err := ctx.Err(); err != nil {
		return partition.Batch{}, &fault.Error{Kind: fault.Canceled, Op: op, File: r.f.name, Err: err}
	}
	defer func() {
		if p := recover(); p != nil {
			err = &fault.Error{Kind: fault.Input, Op: op, File: r.f.name,
				Err: fmt.Errorf("the file is damaged: %v", p)}
		}
		if err != nil {
			r.err, b = err, partition.Batch{}
		}
	}()
	if len(r.ranges) == 0 {
		return b, io.EOF
	}
	r.asm.begin()
	for _, l := range r.leaves {
		l.begin()
		l.ctx = ctx
	}
	var n int
	if r.late.worth() {
		if n, err = r.fillLate(ctx); err == nil && n == 0 {
			return b, nil // the caller goes on
		}
	} else {
		n, err = r.fill()
	}
	if err != nil {
		return b, err
	}
	for i, c := range r.cols {
		if r.out[i], err = r.asm.array(c.c, c.t, n); err != nil {
			return b, err
		}
	}
	b = partition.Batch{Cols: r.out, Rows: n, Seq: partition.MakeSeq(0, r.seq)}
	r.seq++
	return b, nil
}

// fill reads rows until the batch is full, the ranges end, or a column changes between codes and values.
func (r *Reader) fill() (n int, err error) {
	for n < r.rows && len(r.ranges) > 0 {
		to := r.ranges[0].To
		m := int(min(int64(r.rows-n), to-r.row))
		for _, l := range r.leaves {
			if m, err = l.prepare(r.row, m, n); err != nil {
				return n, l.fail(err)
			}
			if m == 0 {
				return n, nil
			}
		}
		for _, l := range r.leaves {
			if err := l.read(m); err != nil {
				return n, l.fail(err)
			}
		}
		n += m
		if r.row += int64(m); r.row == to {
			if r.ranges = r.ranges[1:]; len(r.ranges) > 0 {
				r.row = r.ranges[0].From
			}
		}
	}
	return n, nil
}

// prepare moves to row and returns how many of the next m rows can join the batch, which has have rows: 0 where none can.
func (r *leafReader) prepare(row int64, m, have int) (int, error) {
	if r.unread() {
		return m, nil
	}
	if err := r.seek(row); err != nil {
		return 0, err
	}
	codes, m, err := r.alike(m)
	if err != nil {
		return 0, err
	}
	if have > 0 && codes != r.out.codes {
		return 0, nil
	}
	r.out.codes = codes
	return m, nil
}

// unread says that the column's pages need not be read: its type says that all is null.
func (r *leafReader) unread() bool { return r.leaf.out == outNull && !r.nested }

func (r *leafReader) read(m int) error {
	switch {
	case r.unread():
		r.out.n += m
		return nil
	case !r.nested:
		return r.readFlat(m)
	}
	return r.readNested(m)
}

// Close releases the Reader's memory, that of the last batch included.
func (r *Reader) Close() error {
	if r.mem != nil {
		r.mem.close()
		r.mem = &arena{}
	}
	if r.err == nil {
		r.err = fault.New(fault.Internal, op, "the reader is closed")
	}
	r.leaves, r.ranges = nil, nil
	return nil
}

var _ partition.Reader = (*Reader)(nil)
