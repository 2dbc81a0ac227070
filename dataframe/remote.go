package dataframe

import (
	"context"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/plan"
)

// The adapters by which functions reach other processes, which know them by their symbols alone.
const (
	batchAdapter   = "batches"
	mapAdapter     = "map"
	flatMapAdapter = "flat_map"
)

func init() {
	plan.RegisterAdapter(batchAdapter, func(symbol string, _, _ *arrow.Schema) (plan.BatchFunc, error) {
		fn, err := registered(symbol)
		if err != nil {
			return nil, err
		}
		batches, ok := fn.(func(context.Context, arrow.RecordBatch) (arrow.RecordBatch, error))
		if !ok {
			return nil, wrongFunction("MapBatches", symbol, fn)
		}
		return batches, nil
	})
	plan.RegisterAdapter(mapAdapter, func(symbol string, in, _ *arrow.Schema) (plan.BatchFunc, error) { return remoteMap("Map", symbol, in) })
	plan.RegisterAdapter(flatMapAdapter, func(symbol string, in, _ *arrow.Schema) (plan.BatchFunc, error) {
		return remoteMap("FlatMap", symbol, in)
	})
}

// adapterOf returns the adapter for a function that is registered, "" for any other: it stays in this process.
func adapterOf(adapter string, fn any) string {
	if _, ok := graph.FuncName(fn); !ok {
		return ""
	}
	return adapter
}

func registered(symbol string) (any, error) {
	fn, ok := graph.FuncNamed(symbol)
	if !ok {
		return nil, fault.New(fault.Internal, "decode_plan", "no function %s is registered in this process", symbol).
			WithHint("call graph.RegisterFunc from an init function that the worker's program has, too")
	}
	return fn, nil
}

func wrongFunction(op, symbol string, fn any) error {
	return fault.New(fault.Internal, "decode_plan", "the function %s is a %T, which %s does not take", symbol, fn, op)
}

// remoteMap is Map and FlatMap for a function whose types are known at run time alone.
func remoteMap(op, symbol string, in *arrow.Schema) (plan.BatchFunc, error) {
	fn, err := registered(symbol)
	if err != nil {
		return nil, err
	}
	m := reflectMap{op: op, fn: reflect.ValueOf(fn)}
	t := m.fn.Type()
	if t.NumIn() != 1 || t.IsVariadic() || op == "Map" && t.NumOut() != 1 || op == "FlatMap" && !isFlat(t) {
		return nil, wrongFunction(op, symbol, fn)
	}
	m.from, m.to = t.In(0), t.Out(0)
	if op == "FlatMap" {
		m.to = m.to.Elem()
	}
	if m.encoder, err = encoderOf(m.to); err != nil {
		return nil, err
	}
	if _, err := decoderOf(m.from, in); err != nil {
		return nil, err
	}
	m.in = in
	return m.call, nil
}

// isFlat says whether a function returns a slice and an error.
func isFlat(t reflect.Type) bool {
	return t.NumOut() == 2 && t.Out(0).Kind() == reflect.Slice && t.Out(1) == reflect.TypeFor[error]()
}

// reflectMap is mapBatch without type parameters.
type reflectMap struct {
	op       string
	fn       reflect.Value
	from, to reflect.Type
	in       *arrow.Schema
	encoder  *structEncoder
}

func (m *reflectMap) call(_ context.Context, rec arrow.RecordBatch) (arrow.RecordBatch, error) {
	d, err := decoderOf(m.from, m.in)
	if err != nil {
		return nil, err
	}
	n := int(rec.NumRows())
	rows := reflect.MakeSlice(reflect.SliceOf(m.from), n, n)
	if stored, failure := d.decodeAt(rec, rows.UnsafePointer(), n); failure != nil {
		failure.Op, failure.Row = m.op, int64(stored+1)
		return nil, failure
	}
	out, err := m.rows(rows)
	if err != nil {
		return nil, err
	}
	result, row, failure := m.encoder.encodeAt(out.UnsafePointer(), m.to.Size(), out.Len())
	if failure != nil {
		failure.Op, failure.Row = m.op, int64(row+1)
		return nil, failure
	}
	return result, nil
}

// rows is callRows.
func (m *reflectMap) rows(rows reflect.Value) (out reflect.Value, err error) {
	row := 0
	defer func() {
		if p := recover(); p != nil {
			f := fault.New(fault.Panic, m.op, "panic: %v", p)
			f.Row = int64(row + 1)
			err = f
		}
	}()
	out = reflect.MakeSlice(reflect.SliceOf(m.to), 0, rows.Len())
	for row = range rows.Len() {
		res := m.fn.Call([]reflect.Value{rows.Index(row)})
		if m.op == "Map" {
			out = reflect.Append(out, res[0])
			continue
		}
		out = reflect.AppendSlice(out, res[0])
		if e, _ := res[1].Interface().(error); e != nil {
			return out, rowFault(m.op, e, row)
		}
	}
	return out, nil
}
