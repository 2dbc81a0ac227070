package dataframe

import (
	"context"
	"reflect"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/plan"
)

// structBatch is how many structs FromStructs puts in a record batch.
const structBatch = 64 << 10

// FromStructs returns a frame over structs, which are copied now. The columns are the exported fields, embedded structs' included,
// named by their `sheaf:"name"` tags or by themselves; the tag "-" skips a field. Fields *F and sql.Null[F] can be null, and so can
// slices and maps: nil is null. Times become microseconds in UTC, durations nanoseconds, slices lists, structs struct columns, maps with
// keys of text or numbers map columns, in order of their keys.
func FromStructs[T any](rows []T) *DataFrame {
	const op = "FromStructs"
	at := fault.Caller()
	e, err := newRowEncoder[T]()
	if err != nil {
		return failed(at, op, err)
	}
	var recs []arrow.RecordBatch
	first := 0
	for part := range slices.Chunk(rows, structBatch) {
		rec, row, failure := e.encode(part)
		if failure != nil {
			failure.Row = int64(first + row + 1)
			return failed(at, op, failure)
		}
		recs = append(recs, rec)
		first += len(part)
	}
	return fromSource(at, op, newMemorySource(e.schema, recs))
}

// Map gives a row fn(row) for every row, struct to struct: T has a field for every column that fn reads, U one for every column of the
// result. fn runs on several goroutines; a panic is an error with its row. graph.RegisterFunc lets a top-level function travel.
func Map[T, U any](df *DataFrame, fn func(T) U) *DataFrame {
	if fn == nil {
		return mapRows[T, U](df, mapping{op: "Map"}, nil)
	}
	return mapRows(df, mapping{"Map", graph.Symbol(fn), adapterOf(mapAdapter, fn)}, func(v T, out []U) ([]U, error) { return append(out, fn(v)), nil })
}

// FlatMap gives the rows that fn makes of every row: none, several, or an error, which ends the run. Otherwise it is as Map.
func FlatMap[T, U any](df *DataFrame, fn func(T) ([]U, error)) *DataFrame {
	if fn == nil {
		return mapRows[T, U](df, mapping{op: "FlatMap"}, nil)
	}
	return mapRows(df, mapping{"FlatMap", graph.Symbol(fn), adapterOf(flatMapAdapter, fn)}, func(v T, out []U) ([]U, error) {
		us, err := fn(v)
		return append(out, us...), err
	})
}

// mapping is Map or FlatMap, with the function's symbol and what makes it of that elsewhere.
type mapping struct{ op, symbol, adapter string }

// mapRows appends a node that decodes rows, calls each for every one and encodes what it gives.
func mapRows[T, U any](df *DataFrame, m mapping, each func(T, []U) ([]U, error)) *DataFrame {
	op := m.op
	return df.then(op, func(in plan.Node) (plan.Node, error) {
		if each == nil {
			return nil, fault.New(fault.Plan, op, "the function is nil")
		}
		if t := reflect.TypeFor[T](); !isRowStruct(t) {
			return nil, fault.New(fault.Plan, op, "rows are structs, not %s", t)
		}
		if _, err := newRowDecoder[T](in.Schema()); err != nil {
			return nil, err
		}
		encoder, err := newRowEncoder[U]()
		if err != nil {
			return nil, err
		}
		// Decoders keep scratch memory between batches, so each call takes one for itself.
		decoders := sync.Pool{New: func() any {
			d, _ := newRowDecoder[T](in.Schema()) // it was good above
			return d
		}}
		n, err := plan.NewMapBatches(in, encoder.schema, func(_ context.Context, rec arrow.RecordBatch) (arrow.RecordBatch, error) {
			d := decoders.Get().(*rowDecoder[T])
			defer decoders.Put(d)
			return mapBatch(op, d, encoder, rec, each)
		}, m.symbol)
		if err != nil {
			return nil, err
		}
		n.(*plan.MapBatches).Adapter = m.adapter
		return n, nil
	})
}

// mapBatch maps the rows of one record batch.
func mapBatch[T, U any](op string, d *rowDecoder[T], e *rowEncoder[U], rec arrow.RecordBatch, each func(T, []U) ([]U, error)) (arrow.RecordBatch, error) {
	rows := make([]T, rec.NumRows())
	n, failure := d.decode(rec, rows)
	if failure != nil {
		failure.Op, failure.Row = op, int64(n+1)
		return nil, failure
	}
	out, err := callRows(op, rows, each)
	if err != nil {
		return nil, err
	}
	result, row, failure := e.encode(out)
	if failure != nil {
		failure.Op, failure.Row = op, int64(row+1)
		return nil, failure
	}
	return result, nil
}

// callRows calls the user's function for every row. A panic or an error says the row of the batch.
func callRows[T, U any](op string, rows []T, each func(T, []U) ([]U, error)) (out []U, err error) {
	row := 0
	defer func() {
		if p := recover(); p != nil {
			f := fault.New(fault.Panic, op, "panic: %v", p)
			f.Row = int64(row + 1)
			err = f
		}
	}()
	out = make([]U, 0, len(rows))
	for row = range rows {
		if out, err = each(rows[row], out); err != nil {
			return nil, rowFault(op, err, row)
		}
	}
	return out, nil
}

// rowFault gives an error of a user's function the row, from 0, that it was called with.
func rowFault(op string, err error, row int) error {
	f := placed("", op, err)
	if f.Row == 0 {
		f.Row = int64(row + 1)
	}
	return f
}
