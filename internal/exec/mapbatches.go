package exec

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/plan"
)

// mapStep calls a user function on every batch, as a record batch of exactly the input's schema, and pushes what it returns.
type mapStep struct {
	link
	node    *plan.MapBatches
	in      *arrow.Schema
	out     vec.Batch
	scratch vec.Scratch
}

func (c *compiler) mapBatches(n *plan.MapBatches, l link) (step, columns, error) {
	in := n.Input.Schema()
	s := &mapStep{link: l, node: n, in: in, out: vec.Batch{Cols: make([]vec.Vec, n.OutSchema.NumFields())}}
	return s, allColumns(in), nil
}

func (s *mapStep) push(ctx context.Context, b *vec.Batch) error {
	rec, err := toRecord(s.in, b.Cols, b.Rows)
	if err != nil {
		return err
	}
	defer rec.Release()
	res, err := s.call(ctx, rec)
	if err != nil {
		return s.fault(err)
	}
	if res == nil {
		return s.fault(fault.New(fault.Data, "", "the function returned neither a record batch nor an error"))
	}
	if res != rec { // a function may return what it was given
		defer res.Release()
	}
	if err := s.check(res); err != nil {
		return s.fault(err)
	}
	s.scratch.Reset()
	for i := range s.out.Cols {
		if err := vec.FromArrow(res.Column(i), &s.out.Cols[i], &s.scratch); err != nil {
			return s.fault(err)
		}
	}
	s.out.Rows, s.out.Seq = int(res.NumRows()), b.Seq
	return s.link.pushAll(ctx, &s.out)
}

// call turns a panic of the function into an error.
func (s *mapStep) call(ctx context.Context, rec arrow.RecordBatch) (res arrow.RecordBatch, err error) {
	defer func() {
		if p := recover(); p != nil {
			res, err = nil, fault.New(fault.Panic, "", "panic: %v\n%s", p, debug.Stack())
		}
	}()
	return s.node.Fn(ctx, rec)
}

// fault names the operator and the function in an error.
func (s *mapStep) fault(err error) error {
	var f *fault.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &f):
		named := *f
		if named.Op == "" {
			named.Op = "MapBatches"
			named.Hint = "the function is " + s.node.Name
		}
		return &named
	}
	return fault.New(fault.Input, "MapBatches", "%w", err).WithHint("the function is %s", s.node.Name)
}

// check holds a result against the schema that was promised.
func (s *mapStep) check(res arrow.RecordBatch) error {
	want := s.node.OutSchema
	if int(res.NumCols()) != want.NumFields() {
		return fault.New(fault.Type, "", "the function returned %d columns, not the %d of its schema", res.NumCols(), want.NumFields())
	}
	for i := range want.NumFields() {
		f, col := want.Field(i), res.Column(i)
		var err *fault.Error
		switch {
		case res.ColumnName(i) != f.Name:
			err = fault.New(fault.Type, "", "column %d of the function's result is named %q, in its schema %q", i+1, res.ColumnName(i), f.Name)
		case !arrow.TypeEqual(expr.ValueType(col.DataType()), expr.ValueType(f.Type)):
			err = fault.New(fault.Type, "", "the function returned values of type %s, its schema says %s", col.DataType(), f.Type)
		case !f.Nullable && col.NullN() > 0:
			err = fault.New(fault.Data, "", "the function returned nulls in a column whose schema says it has none")
		case col.Len() != int(res.NumRows()):
			err = fault.New(fault.Data, "", "the function returned %d values in a batch of %d rows", col.Len(), res.NumRows())
		default:
			continue
		}
		err.Column = f.Name
		return err
	}
	return nil
}
