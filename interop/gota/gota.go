// Package gota takes frames of github.com/go-gota/gota into Sheaf and gives them out. Values are copied: Gota keeps them one by one.
//
// Gota has four types. Its int is int64 here, float is float64, string is text, bool is bool. NaN, which is how Gota marks a value that
// is not there, is null, in columns of floats too. The other way integers of all widths become int, floats and decimals float, times,
// dates and everything else text as Go prints it, and null becomes NaN. Gota's int is as wide as the machine's; an unsigned number
// beyond it is an error.
//
// No other package of Sheaf imports this one.
package gota

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	gota "github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/fault"
)

// Frame returns a frame with the rows of a Gota frame, copied now. The error is that of the Gota frame, as a *fault.Error of Kind Input.
func Frame(in gota.DataFrame) (*dataframe.DataFrame, error) {
	if in.Err != nil {
		return nil, &fault.Error{Kind: fault.Input, Op: "gota", Text: in.Err.Error(), Err: in.Err}
	}
	fields := make([]arrow.Field, in.Ncol())
	cols := make([]arrow.Array, in.Ncol())
	for i, name := range in.Names() {
		s := in.Col(name)
		if s.Err != nil {
			return nil, &fault.Error{Kind: fault.Input, Op: "gota", Column: name, Text: s.Err.Error(), Err: s.Err}
		}
		cols[i] = column(s)
		fields[i] = arrow.Field{Name: name, Type: cols[i].DataType(), Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	df := dataframe.FromRecords(schema, array.NewRecordBatch(schema, cols, int64(in.Nrow())))
	return df, df.Err()
}

// column copies a series.
func column(s series.Series) arrow.Array {
	n := s.Len()
	switch s.Type() {
	case series.Int:
		b := array.NewInt64Builder(memory.DefaultAllocator)
		return fill(b, n, s, func(e series.Element) (int64, bool) { v, err := e.Int(); return int64(v), err == nil })
	case series.Float:
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		return fill(b, n, s, func(e series.Element) (float64, bool) { v := e.Float(); return v, !math.IsNaN(v) })
	case series.Bool:
		b := array.NewBooleanBuilder(memory.DefaultAllocator)
		return fill(b, n, s, func(e series.Element) (bool, bool) { v, err := e.Bool(); return v, err == nil })
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	return fill(b, n, s, func(e series.Element) (string, bool) { return e.String(), true })
}

// builder is an Arrow builder of one Go type.
type builder[T any] interface {
	array.Builder
	Append(T)
}

func fill[T any](b builder[T], n int, s series.Series, value func(series.Element) (T, bool)) arrow.Array {
	b.Reserve(n)
	for i := range n {
		e := s.Elem(i)
		if v, ok := value(e); ok && !e.IsNA() {
			b.Append(v)
		} else {
			b.AppendNull()
		}
	}
	return b.NewArray()
}

// Collect runs the frame and returns its rows as a Gota frame, which holds all of them in memory.
func Collect(ctx context.Context, df *dataframe.DataFrame, opts ...dataframe.RunOption) (gota.DataFrame, error) {
	table, err := df.Collect(ctx, opts...)
	if err != nil {
		return gota.DataFrame{Err: err}, err
	}
	all := make([]series.Series, table.Schema().NumFields())
	for i, f := range table.Schema().Fields() {
		values := make([]any, table.NumRows())
		kind := kindOf(f.Type)
		for row := range table.NumRows() {
			v, err := toGota(kind, table.Value(row, f.Name))
			if err != nil {
				err.Column, err.Row = f.Name, row+1
				return gota.DataFrame{Err: err}, err
			}
			values[row] = v
		}
		all[i] = series.New(values, kind, f.Name)
	}
	out := gota.New(all...)
	return out, out.Err
}

// kindOf is the Gota type that holds values of an Arrow type.
func kindOf(t arrow.DataType) series.Type {
	switch d, isDictionary := t.(*arrow.DictionaryType); {
	case isDictionary:
		return kindOf(d.ValueType)
	case arrow.IsInteger(t.ID()):
		return series.Int
	case arrow.IsFloating(t.ID()), arrow.IsDecimal(t.ID()):
		return series.Float
	case t.ID() == arrow.BOOL:
		return series.Bool
	}
	return series.String
}

// toGota is a value of a table as Gota's series of this type take it; nil is NaN.
func toGota(kind series.Type, v any) (any, *fault.Error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case []byte:
		return string(v), nil
	}
	switch kind {
	case series.Int:
		n, ok := integer(v)
		if !ok {
			return nil, fault.New(fault.Data, "gota", "%v does not fit into Gota's int", v).WithHint("Cast the column to text or float64")
		}
		return n, nil
	case series.Float:
		return float(v), nil
	case series.Bool:
		return v, nil
	}
	return fmt.Sprint(v), nil
}

func integer(v any) (n int, fits bool) {
	switch v := v.(type) {
	case int8:
		return int(v), true
	case int16:
		return int(v), true
	case int32:
		return int(v), true
	case int64:
		return int(v), int64(int(v)) == v
	case uint8:
		return int(v), true
	case uint16:
		return int(v), true
	case uint32:
		return int(v), uint64(v) <= math.MaxInt
	case uint64:
		return int(v), v <= math.MaxInt
	}
	return 0, false
}

// float is a float64, or the text of a decimal, which Gota reads.
func float(v any) any {
	if f, ok := v.(float32); ok {
		return float64(f)
	}
	return v
}
