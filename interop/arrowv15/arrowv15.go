// Package arrowv15 takes records of github.com/apache/arrow/go/v15, the older Go module of Apache Arrow, into Sheaf and gives them out.
// Nothing is copied: arrays of both modules stand on the same buffers, and the record that owns them is released when the last array
// on the other side is. Records must not be changed afterwards. The page docs/decisions/001-which-arrow.md says why there are two modules.
//
// Every type of v15 comes in. Extension types come as their storage, with their name and parameters in the metadata of the field, as in
// Arrow IPC. The types decimal32 and decimal64, which v15 does not have, cannot go out.
//
// Only the packages arrow, array and memory of v15 may be imported, here and beside Sheaf: its others do not start in one program with
// those of v18. No other package of Sheaf imports this one.
package arrowv15

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	old "github.com/apache/arrow/go/v15/arrow"
	oldarray "github.com/apache/arrow/go/v15/arrow/array"
	oldmemory "github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/sheafdata/sheaf/dataframe"
)

// Frame returns a frame over records, which it retains: their memory goes with the last frame, answer or record that has any of it, when
// the garbage collector finds out (memory that is not Go's is not given back). An error is a *fault.Error of Kind Type that names the column.
func Frame(schema *old.Schema, recs ...old.Record) (*dataframe.DataFrame, error) {
	s, err := FromSchema(schema)
	if err != nil {
		return nil, err
	}
	batches := make([]arrow.RecordBatch, 0, len(recs))
	for _, rec := range recs {
		b, err := FromRecord(rec)
		if err != nil {
			return nil, err
		}
		batches = append(batches, b)
	}
	df := dataframe.FromRecords(s, batches...)
	return df, df.Err()
}

// Records runs the frame and gives its rows as records of v15, as DataFrame.Batches does: each range runs it anew, breaking off cancels
// it. A record may be kept; releasing it is optional.
func Records(ctx context.Context, df *dataframe.DataFrame, opts ...dataframe.RunOption) iter.Seq2[old.Record, error] {
	return func(yield func(old.Record, error) bool) {
		for b, err := range df.Batches(ctx, opts...) {
			if err != nil {
				yield(nil, err)
				return
			}
			rec, err := ToRecord(b)
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// FromRecord returns the record as one of v18 over the same buffers. It retains rec until its own last column is released.
func FromRecord(rec old.Record) (arrow.RecordBatch, error) {
	schema, err := FromSchema(rec.Schema())
	if err != nil {
		return nil, err
	}
	rec.Retain()
	l := &lease{release: rec.Release}
	l.held.Store(1)
	defer l.drop()
	cols := make([]arrow.Array, rec.NumCols())
	for i, c := range rec.Columns() {
		data := l.data(c.Data(), schema.Field(i).Type)
		cols[i] = array.MakeFromData(data)
		data.Release()
	}
	out := array.NewRecordBatch(schema, cols, rec.NumRows())
	for _, c := range cols {
		c.Release()
	}
	return out, nil
}

// ToRecord returns the record as one of v15 over the same buffers. It retains rec until its own last column is released.
func ToRecord(rec arrow.RecordBatch) (old.Record, error) {
	schema, err := ToSchema(rec.Schema())
	if err != nil {
		return nil, err
	}
	rec.Retain()
	l := &lease{release: rec.Release}
	l.held.Store(1)
	defer l.drop()
	cols := make([]old.Array, rec.NumCols())
	for i, c := range rec.Columns() {
		data := l.oldData(c.Data(), schema.Field(i).Type)
		cols[i] = oldarray.MakeFromData(data)
		data.Release()
	}
	out := oldarray.NewRecord(schema, cols, rec.NumRows())
	for _, c := range cols {
		c.Release()
	}
	return out, nil
}

// lease holds a record for the buffers of the other module that stand on its memory. It is the allocator of these buffers, so that each
// tells it once when it is no longer used.
type lease struct {
	held    atomic.Int64 // buffers in use, and one for the conversion itself
	release func()
}

func (l *lease) drop() {
	if l.held.Add(-1) == 0 {
		l.release()
	}
}

// Free is told that a buffer is no longer used.
func (l *lease) Free([]byte) { l.drop() }

// Allocate is part of the allocators' interfaces; nothing is ever allocated, as the buffers are not resized.
func (l *lease) Allocate(size int) []byte { return make([]byte, size) }

// Reallocate is as Allocate.
func (l *lease) Reallocate(size int, b []byte) []byte {
	return append(make([]byte, 0, size), b...)[:size]
}

// data is the array d of v15 as one of v18, of the type that FromSchema made of its own. The caller releases it.
func (l *lease) data(d old.ArrayData, t arrow.DataType) *array.Data {
	buffers := make([]*memory.Buffer, len(d.Buffers()))
	for i, b := range d.Buffers() {
		if b != nil {
			l.held.Add(1)
			buffers[i] = memory.NewBufferWithAllocator(b.Bytes(), l)
			defer buffers[i].Release()
		}
	}
	types := childTypes(t)
	children := make([]arrow.ArrayData, len(d.Children()))
	for i, c := range d.Children() {
		children[i] = l.data(c, types[i])
		defer children[i].Release()
	}
	if t, ok := t.(*arrow.DictionaryType); ok {
		values := l.data(d.Dictionary(), t.ValueType)
		defer values.Release()
		return array.NewDataWithDictionary(t, d.Len(), buffers, d.NullN(), d.Offset(), values)
	}
	return array.NewData(t, d.Len(), buffers, children, d.NullN(), d.Offset())
}

// oldData is the array d of v18 as one of v15, of the type that ToSchema made of its own. The caller releases it.
func (l *lease) oldData(d arrow.ArrayData, t old.DataType) *oldarray.Data {
	buffers := make([]*oldmemory.Buffer, len(d.Buffers()))
	for i, b := range d.Buffers() {
		if b != nil {
			l.held.Add(1)
			buffers[i] = oldmemory.NewBufferWithAllocator(b.Bytes(), l)
			defer buffers[i].Release()
		}
	}
	types := oldChildTypes(t)
	children := make([]old.ArrayData, len(d.Children()))
	for i, c := range d.Children() {
		children[i] = l.oldData(c, types[i])
		defer children[i].Release()
	}
	if t, ok := t.(*old.DictionaryType); ok {
		values := l.oldData(d.Dictionary(), t.ValueType)
		defer values.Release()
		return oldarray.NewDataWithDictionary(t, d.Len(), buffers, d.NullN(), d.Offset(), values)
	}
	return oldarray.NewData(t, d.Len(), buffers, children, d.NullN(), d.Offset())
}

// childTypes are the types of a nested type's children, in the order of its arrays'.
func childTypes(t arrow.DataType) []arrow.DataType {
	switch t := t.(type) {
	case *arrow.RunEndEncodedType:
		return []arrow.DataType{t.RunEnds(), t.Encoded()}
	case arrow.NestedType:
		var types []arrow.DataType
		for _, f := range t.Fields() {
			types = append(types, f.Type)
		}
		return types
	}
	return nil
}

func oldChildTypes(t old.DataType) []old.DataType {
	switch t := t.(type) {
	case *old.RunEndEncodedType:
		return []old.DataType{t.RunEnds(), t.Encoded()}
	case old.NestedType:
		var types []old.DataType
		for _, f := range t.Fields() {
			types = append(types, f.Type)
		}
		return types
	}
	return nil
}
