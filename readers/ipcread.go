package readers

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// ipcReader gives the batches of a split, cut to the engine's size.
type ipcReader struct {
	split *ipcSplit
	in    *ipcInput
	adapt *adapting
	next  int // batches read

	cols []arrow.Array // of the record at hand, as adapted
	rows int64         // of it
	at   int64         // rows given of it
	row  int64         // rows given before it
	last []arrow.Array
	seq  int
	err  error
}

func (r *ipcReader) Next(ctx context.Context) (partition.Batch, error) {
	releaseAll(r.last)
	r.last = nil
	if err := ctx.Err(); err != nil {
		return partition.Batch{}, err
	}
	for r.err == nil && r.at == r.rows {
		if r.err = r.record(); r.err != nil && r.err != io.EOF {
			r.err = named(r.in.fail(r.err), "read_ipc")
		}
	}
	if r.err != nil {
		return partition.Batch{}, r.err
	}
	n := min(r.rows-r.at, batchRows)
	for _, c := range r.cols {
		r.last = append(r.last, array.NewSlice(c, r.at, r.at+n))
	}
	r.at += n
	b := partition.Batch{Cols: r.last, Rows: int(n), Seq: partition.MakeSeq(0, r.seq)}
	r.seq++
	return b, nil
}

// record goes to the next record batch, checks it and adapts it.
func (r *ipcReader) record() error {
	r.drop()
	rec, err := r.in.read()
	if err != nil {
		return err
	}
	defer rec.Release()
	r.next++
	rows := rec.NumRows()
	var in []arrow.Array
	for _, c := range r.split.adapt.read {
		col := rec.Column(c)
		if err := r.check(col, rows); err != nil {
			f := fault.New(fault.Input, "read_ipc", "batch %d is damaged: %w", r.next, err)
			f.File, f.Column = r.split.file.Path, rec.ColumnName(c)
			return f
		}
		in = append(in, col)
	}
	r.rows, r.at = rows, 0
	// Columns of one value are made as long as the record: those cost a few bytes a row.
	if r.cols, err = r.adapt.realise(in, int(rows), r.row); err != nil {
		r.rows = 0
	}
	return err
}

func (r *ipcReader) check(col arrow.Array, rows int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = r.in.panicked(p)
		}
	}()
	if int64(col.Len()) != rows {
		return fault.New(fault.Input, "read_ipc", "it has %d rows of %d", col.Len(), rows)
	}
	return checkData(col.Data(), maxCheckDepth)
}

func (r *ipcReader) drop() {
	releaseAll(r.cols)
	r.cols = nil
	r.row += r.rows
	r.rows, r.at = 0, 0
}

// Close ends the reader.
func (r *ipcReader) Close() error {
	releaseAll(r.last)
	r.last = nil
	r.drop()
	r.adapt.release()
	r.in.close()
	r.err = io.EOF
	return nil
}
