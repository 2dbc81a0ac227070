package dataframe

import (
	"iter"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/fault"
)

// Table is an answer in memory: record batches of one schema on the Go heap. It never changes; goroutines may share it.
type Table struct {
	schema  *arrow.Schema
	batches []arrow.RecordBatch
	starts  []int64 // first row of each batch, then the number of rows
}

func newTable(schema *arrow.Schema, batches []arrow.RecordBatch) *Table {
	t := &Table{schema: schema, batches: batches, starts: []int64{0}}
	for _, b := range batches {
		t.starts = append(t.starts, t.NumRows()+b.NumRows())
	}
	return t
}

// Schema returns the columns' names and types.
func (t *Table) Schema() *arrow.Schema { return t.schema }

// NumRows returns the number of rows.
func (t *Table) NumRows() int64 { return t.starts[len(t.starts)-1] }

// Column returns the values of a column, a chunk a record batch, nil where there is no such column. It shares the table's memory;
// Release is optional.
func (t *Table) Column(name string) *arrow.Chunked {
	i := t.index(name)
	if i < 0 {
		return nil
	}
	chunks := make([]arrow.Array, len(t.batches))
	for b, rec := range t.batches {
		chunks[b] = rec.Column(i)
	}
	return arrow.NewChunked(t.schema.Field(i).Type, chunks)
}

func (t *Table) index(name string) int {
	for i, f := range t.schema.Fields() {
		if f.Name == name {
			return i
		}
	}
	return -1
}

// Value returns a value by row, from 0, and column: nil for a null, and for a row or column that is not there. Integers, floats,
// bools, text and bytes come as Go's types of their width, []byte as a copy; dates (midnight UTC), times of day (on 1970-01-01) and
// timestamps (in their zone, naive ones in UTC) as time.Time, durations as time.Duration, decimals as their text, lists as []any, structs
// and maps as map[string]any (keys of maps as text), dictionaries as their values.
func (t *Table) Value(row int64, name string) any {
	c := t.index(name)
	if c < 0 || row < 0 || row >= t.NumRows() {
		return nil
	}
	b, at := t.locate(row)
	return goValue(t.batches[b].Column(c), at)
}

// locate returns the batch of a row that is there, and the row's place in it.
func (t *Table) locate(row int64) (batch, at int) {
	b, found := slices.BinarySearch(t.starts, row)
	if !found {
		b--
	}
	for t.batches[b].NumRows() == 0 {
		b++
	}
	return b, int(row - t.starts[b])
}

// Batches iterates over the record batches in row order.
func (t *Table) Batches() iter.Seq[arrow.RecordBatch] { return slices.Values(t.batches) }

// Frame returns a frame over the table's rows.
func (t *Table) Frame() *DataFrame { return FromRecords(t.schema, t.batches...) }

// FromRecords returns a frame over record batches of the schema, in order. They are retained: do not change them.
func FromRecords(schema *arrow.Schema, recs ...arrow.RecordBatch) *DataFrame {
	at := fault.Caller()
	if schema == nil {
		return failed(at, "FromRecords", fault.New(fault.Plan, "FromRecords", "the schema is nil"))
	}
	for i, r := range recs {
		if err := checkRecord(schema, r); err != nil {
			err.Partition = i + 1
			return failed(at, "FromRecords", err)
		}
	}
	for _, r := range recs {
		r.Retain() // for good: the frame and all made of it may be used as long as the program likes
	}
	return fromSource(at, "FromRecords", newMemorySource(schema, slices.Clone(recs)))
}

// checkRecord says how a record batch breaks the promises of its schema: names, types, and nulls only where the schema allows them.
func checkRecord(schema *arrow.Schema, r arrow.RecordBatch) *fault.Error {
	if r == nil {
		return fault.New(fault.Plan, "", "the record batch is nil")
	}
	if got, want := r.Schema().NumFields(), schema.NumFields(); got != want {
		return fault.New(fault.Type, "", "the record batch has %d columns, the schema %d", got, want)
	}
	for i, want := range schema.Fields() {
		got := r.Schema().Field(i)
		var f *fault.Error
		switch {
		case got.Name != want.Name:
			f = fault.New(fault.Type, "", "column %d of the record batch is named %q, that of the schema %q", i+1, got.Name, want.Name)
		case !arrow.TypeEqual(got.Type, want.Type):
			f = fault.New(fault.Type, "", "the record batch has %s, the schema %s", got.Type, want.Type)
		case !want.Nullable && want.Type.ID() != arrow.NULL && r.Column(i).NullN() > 0:
			f = fault.New(fault.Data, "", "%d nulls in a column that the schema says has none", r.Column(i).NullN()).WithHint("set Nullable in the schema")
		default:
			continue
		}
		f.Column = want.Name
		return f
	}
	return nil
}

// memoryArrays returns the arrays of the named columns of a record.
func memoryArrays(rec arrow.RecordBatch, cols []int) []arrow.Array {
	arrs := make([]arrow.Array, len(cols))
	for i, c := range cols {
		arrs[i] = rec.Column(c)
	}
	return arrs
}

// sliceRecord returns rows [from, to) of a record.
func sliceRecord(rec arrow.RecordBatch, from, to int64) arrow.RecordBatch {
	if from == 0 && to == rec.NumRows() {
		return rec
	}
	if rec.NumCols() == 0 {
		return array.NewRecordBatch(rec.Schema(), nil, to-from)
	}
	return rec.NewSlice(from, to)
}
