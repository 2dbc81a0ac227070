package delayed

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/sched"
)

// Table returns the rows of a frame as a delayed value: one task, which collects them. What the frame does within runs on the same
// workers and for the same observers.
func Table(df *dataframe.DataFrame, opts ...sched.Option) *Value[*dataframe.Table] {
	f := &function{name: "collect", serial: serialOf("collect")}
	f.call = func(ctx context.Context, _ []any) (any, error) {
		return result(df.Collect(ctx, append(optionsOf(ctx), opts...)...))
	}
	v := call[*dataframe.Table](f)
	if err := df.Err(); err != nil && v.node.err == nil {
		v.node.err = err
	}
	return v
}

// Parts returns the rows of a frame as n record batches of about equal size, in row order: a delayed value a partition. The frame is
// collected once.
func Parts(df *dataframe.DataFrame, n int) []*Value[arrow.RecordBatch] {
	if n < 1 {
		return []*Value[arrow.RecordBatch]{Failed[arrow.RecordBatch](misuse("Parts", here(0), "%d parts", n))}
	}
	table := Table(df)
	slice := Func2Err(func(t *dataframe.Table, part int) (arrow.RecordBatch, error) {
		from, to := t.NumRows()*int64(part)/int64(n), t.NumRows()*int64(part+1)/int64(n)
		return rowsOf(t, from, to)
	}, Name("part"))
	parts := make([]*Value[arrow.RecordBatch], n)
	for i := range parts {
		parts[i] = slice(table, Of(i))
	}
	return parts
}

// rowsOf returns the rows [from, to) of a table as one record batch.
func rowsOf(t *dataframe.Table, from, to int64) (arrow.RecordBatch, error) {
	n := t.Schema().NumFields()
	chunks := make([][]arrow.Array, n)
	at := int64(0)
	for rec := range t.Batches() {
		lo, hi := max(from-at, 0), min(to-at, rec.NumRows())
		if lo < hi {
			for c := range n {
				chunks[c] = append(chunks[c], array.NewSlice(rec.Column(c), lo, hi))
			}
		}
		at += rec.NumRows()
	}
	cols := make([]arrow.Array, n)
	for c := range n {
		if len(chunks[c]) == 0 {
			cols[c] = array.MakeArrayOfNull(allocator, t.Schema().Field(c).Type, 0)
			continue
		}
		if len(chunks[c]) == 1 {
			cols[c] = chunks[c][0]
			continue
		}
		all, err := array.Concatenate(chunks[c], allocator)
		if err != nil {
			return nil, fault.New(fault.Internal, "Parts", "column %q: %w", t.Schema().Field(c).Name, err)
		}
		cols[c] = all
	}
	return array.NewRecordBatch(t.Schema(), cols, to-from), nil
}

// Splits returns the partitions of a source, in row order, as delayed values: each reads one split, all columns, when it runs.
func Splits(ctx context.Context, src partition.Source) ([]*Value[arrow.RecordBatch], error) {
	if src == nil {
		return nil, misuse("Splits", here(0), "the source is nil")
	}
	scan, err := src.Plan(ctx, partition.ScanRequest{})
	if err != nil {
		return nil, err
	}
	read := Func1CtxErr(func(ctx context.Context, s partition.Split) (arrow.RecordBatch, error) {
		one := &oneSplit{src.Schema(), s}
		t, err := dataframe.FromSource(one).Collect(ctx, optionsOf(ctx)...)
		if err != nil {
			return nil, err
		}
		return rowsOf(t, 0, t.NumRows())
	}, Name("read"))
	parts := make([]*Value[arrow.RecordBatch], len(scan.Splits))
	for i, s := range scan.Splits {
		parts[i] = read(Of(s))
	}
	return parts, nil
}

// oneSplit is a source of one split that is planned.
type oneSplit struct {
	schema *arrow.Schema
	split  partition.Split
}

func (s *oneSplit) Schema() *arrow.Schema { return s.schema }

func (s *oneSplit) Plan(_ context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	return &partition.Scan{Splits: []partition.Split{s.split}, Residual: r.Predicate}, nil
}

// Frame returns a frame of delayed record batches of the schema, in order: each is a partition, computed when the frame is run and
// reads it, on the frame's workers, and not kept. What several parts need is computed once a run, and kept until the run is over.
func Frame[A Arg[arrow.RecordBatch]](schema *arrow.Schema, parts ...A) *dataframe.DataFrame {
	if schema == nil {
		return dataframe.FromError(misuse("Frame", here(0), "the schema is nil"))
	}
	src := &source{schema, argNodes[A, arrow.RecordBatch](parts)}
	if err := src.err(); err != nil {
		return dataframe.FromError(err)
	}
	return dataframe.FromSource(src)
}

// Source is Frame for who wants a partition.Source. What was built wrongly is an error of its Plan.
func Source[A Arg[arrow.RecordBatch]](schema *arrow.Schema, parts ...A) partition.Source {
	return &source{schema, argNodes[A, arrow.RecordBatch](parts)}
}
