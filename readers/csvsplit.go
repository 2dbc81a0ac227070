package readers

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/csvio"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

type fileioFile = fileio.File

// csvPlan is what a split needs in any process.
type csvPlan struct {
	file fileio.File
	look csvLook
	// columns are read from the file; adapt puts constants and nulls beside them.
	columns []csvio.Column
	adapt   *adapter
	// rejects: the split gives the columns cols of rejectSchema instead.
	rejects bool
	cols    []int
	maxRows int64
	// rows that start from start to before limit; exact says that a row starts at start, else the first one after it counts.
	start, limit int64
	exact        bool
}

// csvSplit is a range of a file, or a whole one.
type csvSplit struct {
	csvPlan
	home  *csvFile
	seams *csvSeams // nil: a stream, or decoded
	part  int
}

// Stats are an estimate.
func (s *csvSplit) Stats() partition.Stats {
	st := partition.Stats{Bytes: s.limit - s.start}
	if s.look.stream {
		st.Bytes = s.look.size
	}
	if s.look.rowBytes > 0 && !s.look.stream {
		st.Rows = (st.Bytes + s.look.rowBytes - 1) / s.look.rowBytes
	}
	return st
}

// Open opens the file and finds the first row of the range.
func (s *csvSplit) Open(ctx context.Context, env *partition.Env) (partition.Reader, error) {
	r := &csvReader{split: s}
	in, err := s.input(ctx, r)
	if err != nil {
		r.shut()
		return nil, s.home.fail(err)
	}
	cfg := csvio.Config{Dialect: s.look.head.Dialect, File: s.file.Path, Width: len(s.look.head.Names), Stride: s.look.head.Stride, Columns: s.columns, MaxRows: s.maxRows}
	if s.maxRows > 0 && s.maxRows < csvio.BatchRows {
		cfg.Block = 128 << 10
	}
	if size := s.look.size - in.Offset; !s.look.stream && size < csvio.BlockBytes {
		cfg.Block = int(max(size, 1)) + 64
	}
	if r.rd, err = csvio.NewReader(in, cfg); err == nil {
		r.release, err = env.Claim(r.rd.Bytes())
	}
	if err != nil {
		r.shut()
		return nil, s.home.fail(err)
	}
	if !s.rejects {
		r.adapt = newAdapting(s.adapt, s.file.Path, env.Allocator())
	}
	return r, nil
}

// input opens the bytes of the split.
func (s *csvSplit) input(ctx context.Context, r *csvReader) (in csvio.Input, err error) {
	head := s.look.head
	if s.look.stream {
		body, err := s.home.openStream(ctx)
		if err != nil {
			return in, err
		}
		r.file = body
		if _, err := io.CopyN(io.Discard, body, head.Start); err != nil && err != io.EOF {
			return in, err
		}
		return csvio.Input{R: body, Offset: head.Start, Line: head.Line}, nil
	}
	h, err := s.file.Open(ctx)
	if err != nil {
		return in, err
	}
	r.file = h
	if h.Size() != s.look.size {
		return in, fault.New(fault.Input, csvOp, "the file changed while it was used: it had %d bytes and has %d now", s.look.size, h.Size())
	}
	start := s.start
	if !s.exact {
		if start, err = s.seams.Start(ctx, h, s.part); err != nil {
			return in, err
		}
	}
	in = csvio.Input{R: io.NewSectionReader(h, start, s.look.size-start), Offset: start, Limit: max(s.limit, 1)}
	if start == head.Start {
		in.Line = head.Line
	}
	in.Lines = func(ctx context.Context, offset int64) (int64, error) {
		return csvio.CountLines(ctx, h, offset, head.Dialect.Newline)
	}
	return in, nil
}

// csvReader gives the batches of a split.
type csvReader struct {
	split   *csvSplit
	file    io.Closer
	rd      *csvio.Reader
	adapt   *adapting
	release func()
	last    []arrow.Array
	seq     int
}

// Next parses the next batch.
func (r *csvReader) Next(ctx context.Context) (partition.Batch, error) {
	r.drop()
	if r.rd == nil {
		return partition.Batch{}, fault.New(fault.Internal, csvOp, "the reader is closed")
	}
	var cols []arrow.Array
	var rows int
	var err error
	if r.split.rejects {
		cols, rows, err = r.nextRejects(ctx)
	} else {
		cols, rows, err = r.rd.Next(ctx)
	}
	if r.split.seams != nil && (err == nil || err == io.EOF) {
		r.split.seams.Passed(r.split.part, r.rd.Offset())
	}
	if err != nil {
		if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = r.split.home.fail(err)
		}
		return partition.Batch{}, err
	}
	if r.adapt != nil {
		if cols, err = r.realise(cols, rows); err != nil {
			return partition.Batch{}, r.split.home.fail(err)
		}
	}
	b := partition.Batch{Cols: cols, Rows: rows, Seq: partition.MakeSeq(0, r.seq)}
	r.seq++
	return b, nil
}

// realise puts nulls and constants beside what was read; columns have their types already.
func (r *csvReader) realise(in []arrow.Array, rows int) ([]arrow.Array, error) {
	out := make([]arrow.Array, len(r.adapt.cols))
	for i, c := range r.adapt.cols {
		if c.from >= 0 {
			out[i] = in[c.from]
			continue
		}
		arr, err := r.adapt.column(i, nil, rows)
		if err != nil {
			return nil, r.adapt.place(err, i, 0)
		}
		out[i] = arr
		r.last = append(r.last, arr)
	}
	return out, nil
}

// nextRejects gives rejected rows as columns of rejectSchema.
func (r *csvReader) nextRejects(ctx context.Context) ([]arrow.Array, int, error) {
	rejects, err := r.rd.NextRejects(ctx)
	if err != nil {
		return nil, 0, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, rejectSchema)
	defer b.Release()
	for _, x := range rejects {
		b.Field(0).(*array.StringBuilder).Append(r.split.file.Path)
		b.Field(1).(*array.Int64Builder).Append(x.Line)
		b.Field(2).(*array.StringBuilder).Append(x.Text)
		b.Field(3).(*array.StringBuilder).Append(x.Reason)
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	out := make([]arrow.Array, len(r.split.cols))
	for i, c := range r.split.cols {
		out[i] = rec.Column(c)
		out[i].Retain()
	}
	r.last = out
	return out, len(rejects), nil
}

// drop releases what the last batch held.
func (r *csvReader) drop() {
	releaseAll(r.last)
	r.last = r.last[:0]
}

// Close closes the file and gives the memory back; it may be called again.
func (r *csvReader) Close() error {
	r.drop()
	if r.adapt != nil {
		r.adapt.release()
	}
	return r.shut()
}

func (r *csvReader) shut() (err error) {
	if r.release != nil {
		r.release()
		r.release = nil
	}
	if r.file != nil {
		err = r.file.Close()
		r.file = nil
	}
	r.rd = nil
	return err
}
