package partition

import (
	"context"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// NewSource returns a Source of the schema whose splits are the given iterators, in order: the ten-line reader. An iterator gives
// record batches of the schema, each valid until the iterator goes on; it may be ranged over several times. The splits are local.
func NewSource(s *arrow.Schema, splits ...func(context.Context) iter.Seq2[arrow.RecordBatch, error]) Source {
	return &funcSource{schema: s, splits: splits}
}

type funcSource struct {
	schema *arrow.Schema
	splits []func(context.Context) iter.Seq2[arrow.RecordBatch, error]
}

func (s *funcSource) Schema() *arrow.Schema { return s.schema }

func (s *funcSource) Plan(_ context.Context, r ScanRequest) (*Scan, error) {
	cols, err := ColumnIndexes(s.schema, r.Columns)
	if err != nil {
		return nil, err
	}
	scan := &Scan{Residual: r.Predicate}
	for _, open := range s.splits {
		scan.Splits = append(scan.Splits, &funcSplit{schema: s.schema, cols: cols, open: open})
	}
	return scan, nil
}

// ColumnIndexes returns the positions of the named columns in the schema: all of them, in order, for nil.
func ColumnIndexes(s *arrow.Schema, names []string) ([]int, error) {
	if names == nil {
		all := make([]int, s.NumFields())
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	idx := make([]int, 0, len(names))
	for _, n := range names {
		found := s.FieldIndices(n)
		if len(found) == 0 {
			return nil, fault.New(fault.Plan, "scan", "column %q not found", n)
		}
		idx = append(idx, found[0])
	}
	return idx, nil
}

type funcSplit struct {
	schema *arrow.Schema
	cols   []int
	open   func(context.Context) iter.Seq2[arrow.RecordBatch, error]
}

func (s *funcSplit) Stats() Stats { return Stats{} }

func (s *funcSplit) Open(ctx context.Context, _ *Env) (Reader, error) {
	next, stop := iter.Pull2(s.open(ctx))
	return &funcReader{split: s, next: next, stop: stop}, nil
}

type funcReader struct {
	split *funcSplit
	next  func() (arrow.RecordBatch, error, bool)
	stop  func()
}

func (r *funcReader) Next(ctx context.Context) (Batch, error) {
	if err := ctx.Err(); err != nil {
		return Batch{}, err
	}
	rec, err, ok := r.next()
	if !ok {
		return Batch{}, io.EOF
	}
	if err != nil {
		return Batch{}, err
	}
	if got, want := int(rec.NumCols()), r.split.schema.NumFields(); got != want {
		return Batch{}, fault.New(fault.Type, "scan", "a source gave a batch of %d columns, its schema has %d", got, want)
	}
	b := Batch{Rows: int(rec.NumRows()), Cols: make([]arrow.Array, len(r.split.cols))}
	for i, c := range r.split.cols {
		got, want := rec.Column(c).DataType(), r.split.schema.Field(c).Type
		if !arrow.TypeEqual(got, want) {
			f := fault.New(fault.Type, "scan", "a source gave %s, its schema says %s", got, want)
			f.Column = r.split.schema.Field(c).Name
			return Batch{}, f
		}
		b.Cols[i] = rec.Column(c)
	}
	return b, nil
}

func (r *funcReader) Close() error {
	r.stop()
	return nil
}
