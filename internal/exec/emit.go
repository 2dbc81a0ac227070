package exec

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// Rows is a task's result as record batches of a schema, on the Go heap: they may go to the user as they are.
type Rows struct {
	Schema  *arrow.Schema
	Batches []arrow.RecordBatch
	N       int64
	// More is the rest of a task that has paused; nil where there is none. Whoever takes the rows must resume it or close it.
	More *Resume
	marked
	held *mem.Reservation
}

// Free gives the reserved bytes back; the rows stay good, but are no longer the engine's.
func (r *Rows) Free() {
	if r.held != nil {
		r.held.Free()
	}
}

// Bytes is what the rows reserve; 0 for those of another process.
func (r *Rows) Bytes() int64 {
	if r.held == nil {
		return 0
	}
	return r.held.Held()
}

// emitStep collects rows as record batches. Small batches, as a selective filter leaves them, are put together.
type emitStep struct {
	schema *arrow.Schema
	build  []*vec.Builder
	rows   *Rows
	bytes  int64        // of rows.Batches
	shared int64        // bytes of text that rows which are put together have in dictionaries
	full   func() error // called after rows were added; nil where nobody asks
	sizes  measured
	wide   bool // a few rows are megabytes: they are not put together, which would copy them once more
}

func newEmitStep(schema *arrow.Schema, held *mem.Reservation) *emitStep {
	s := &emitStep{schema: schema, rows: &Rows{Schema: schema, held: held}}
	for _, f := range schema.Fields() {
		s.build = append(s.build, vec.NewBuilder(f.Type))
	}
	return s
}

// minEmit is how many rows a record batch must have to be emitted by itself rather than put together with its neighbours.
const minEmit = batchRows / 2

// maxEmitBytes is the size from which rows are emitted however few they are: long text must not be put together to gigabytes.
const maxEmitBytes = 2 << 20

func (s *emitStep) push(_ context.Context, b *vec.Batch) error {
	if s.full == nil {
		return s.add(b)
	}
	var part vec.Batch
	var scratch vec.Scratch
	return s.sizes.inPieces(b, wideBytes, func(from, n int) error {
		piece := b
		if s.wide = n < b.Rows; s.wide {
			scratch.Reset()
			sliceBatch(&part, b, from, n, &scratch)
			piece = &part
		}
		if err := s.add(piece); err != nil {
			return err
		}
		return s.full()
	})
}

func (s *emitStep) add(b *vec.Batch) error {
	pending := s.pending()
	if pending == 0 && (b.Rows >= minEmit || s.wide) {
		return s.emit(b.Cols, b.Rows)
	}
	if pending+b.Rows > 2*batchRows {
		if err := s.flush(); err != nil {
			return err
		}
	}
	for i, c := range s.build {
		c.Append(&b.Cols[i])
		s.shared += vec.SharedText(&b.Cols[i])
	}
	s.rows.N += int64(b.Rows)
	if len(s.build) == 0 {
		return s.flushCount(b.Rows)
	}
	if s.pending() >= minEmit || s.pendingBytes() >= maxEmitBytes {
		return s.flush()
	}
	return nil
}

// pendingBytes is what the rows that are put together take, also of text that they share as yet.
func (s *emitStep) pendingBytes() int64 {
	sum := s.shared
	for _, c := range s.build {
		sum += c.Used()
	}
	return sum
}

func (s *emitStep) pending() int {
	if len(s.build) == 0 {
		return 0
	}
	return s.build[0].Len()
}

// flushCount keeps rows that have no columns.
func (s *emitStep) flushCount(rows int) error {
	s.rows.Batches = append(s.rows.Batches, array.NewRecordBatch(s.schema, nil, int64(rows)))
	return nil
}

func (s *emitStep) flush() error {
	rows := s.pending()
	if rows == 0 {
		return nil
	}
	cols := make([]vec.Vec, len(s.build))
	for i, c := range s.build {
		cols[i] = c.Vec()
	}
	s.rows.N -= int64(rows)
	if err := s.emit(cols, rows); err != nil {
		return err
	}
	for _, c := range s.build {
		c.Reset()
	}
	s.shared = 0
	return nil
}

// emit copies the rows into a record batch of exactly the schema.
func (s *emitStep) emit(cols []vec.Vec, rows int) error {
	rec, err := toRecord(s.schema, cols, rows)
	if err != nil {
		return err
	}
	return s.keep(rec)
}

// takes says whether a batch of so many rows would be emitted by itself, so that its columns may come through emitTaken.
func (s *emitStep) takes(rows int) bool {
	return len(s.build) > 0 && s.pending() == 0 && rows >= minEmit
}

// takenColumn is rows of a column, or all of them where rows is nil.
type takenColumn struct {
	col  *vec.Vec
	rows *vec.Rows
}

// emitTaken is emit for rows that are gathered on the way into the record batch, which saves a copy of them.
func (s *emitStep) emitTaken(cols []takenColumn, rows int, scratch *vec.Scratch) error {
	arrs := make([]arrow.Array, len(cols))
	for i, c := range cols {
		var err error
		if t := s.schema.Field(i).Type; c.rows == nil {
			arrs[i], err = vec.ToArrow(c.col, t)
		} else {
			arrs[i], err = c.rows.ToArrow(c.col, t, scratch)
		}
		if err != nil {
			return err
		}
	}
	if err := s.keep(array.NewRecordBatch(s.schema, arrs, int64(rows))); err != nil || s.full == nil {
		return err
	}
	return s.full()
}

// keep adds a record batch to the rows.
func (s *emitStep) keep(rec arrow.RecordBatch) error {
	size := recordBytes(rec)
	if err := s.rows.held.Grow(size); err != nil {
		return err
	}
	s.bytes += size
	s.rows.Batches = append(s.rows.Batches, rec)
	s.rows.N += rec.NumRows()
	return nil
}

// emitted is the memory of the rows so far.
func (s *emitStep) emitted() int64 { return s.bytes + s.pendingBytes() }

// take returns the rows that stand in record batches; those that are being put together stay.
func (s *emitStep) take() *Rows {
	s.rows.N -= int64(s.pending())
	return s.rows
}

// restart begins new rows, whose memory is reserved from held.
func (s *emitStep) restart(held *mem.Reservation) {
	s.rows, s.bytes = &Rows{Schema: s.schema, held: held, N: int64(s.pending())}, 0
}

func (s *emitStep) finish(context.Context) error { return s.flush() }

// toRecord copies columns into a record batch of the schema.
func toRecord(schema *arrow.Schema, cols []vec.Vec, rows int) (arrow.RecordBatch, error) {
	arrs := make([]arrow.Array, len(cols))
	for i := range cols {
		a, err := vec.ToArrow(&cols[i], schema.Field(i).Type)
		if err != nil {
			return nil, err
		}
		arrs[i] = a
	}
	return array.NewRecordBatch(schema, arrs, int64(rows)), nil
}

// recordBytes is the memory of a record batch's buffers.
func recordBytes(rec arrow.RecordBatch) int64 {
	n := int64(0)
	for _, c := range rec.Columns() {
		n += int64(c.Data().SizeInBytes())
	}
	return n
}
