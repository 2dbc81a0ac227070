package ref

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/partition"
)

// Binary is a value of a binary type.
type Binary string

// List is a value of a list type.
type List []any

// Struct is a value of a struct type: its fields.
type Struct []any

// OfSource reads all of a source, in order.
func OfSource(ctx context.Context, src partition.Source) (*Table, error) {
	plan, err := src.Plan(ctx, partition.ScanRequest{})
	if err != nil {
		return nil, err
	}
	t := &Table{Schema: src.Schema()}
	for _, split := range plan.Splits {
		if err := t.read(ctx, split); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Table) read(ctx context.Context, split partition.Split) error {
	r, err := split.Open(ctx, nil)
	if err != nil {
		return err
	}
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return r.Close()
		}
		if err != nil {
			_ = r.Close()
			return err
		}
		t.Rows = append(t.Rows, rowsOf(b.Cols, b.Rows)...)
	}
}

// OfRecords returns record batches as a table.
func OfRecords(s *arrow.Schema, recs []arrow.RecordBatch) *Table {
	t := &Table{Schema: s}
	for _, rec := range recs {
		t.Rows = append(t.Rows, rowsOf(rec.Columns(), int(rec.NumRows()))...)
	}
	return t
}

func rowsOf(cols []arrow.Array, n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = make(Row, len(cols))
		for c, col := range cols {
			rows[i][c] = Value(col, i)
		}
	}
	return rows
}

// Value returns element i of an array as Row says, without memory of the array.
func Value(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Null:
		return nil
	case *array.Dictionary:
		return Value(a.Dictionary(), a.GetValueIndex(i))
	case *array.Boolean:
		return a.Value(i)
	case *array.Int8:
		return int64(a.Value(i))
	case *array.Int16:
		return int64(a.Value(i))
	case *array.Int32:
		return int64(a.Value(i))
	case *array.Int64:
		return a.Value(i)
	case *array.Date32:
		return int64(a.Value(i))
	case *array.Date64:
		return int64(a.Value(i))
	case *array.Time32:
		return int64(a.Value(i))
	case *array.Time64:
		return int64(a.Value(i))
	case *array.Timestamp:
		return int64(a.Value(i))
	case *array.Duration:
		return int64(a.Value(i))
	}
	return otherValue(a, i)
}

func otherValue(a arrow.Array, i int) any {
	switch a := a.(type) {
	case *array.Uint8:
		return uint64(a.Value(i))
	case *array.Uint16:
		return uint64(a.Value(i))
	case *array.Uint32:
		return uint64(a.Value(i))
	case *array.Uint64:
		return a.Value(i)
	case *array.Float32:
		return float64(a.Value(i))
	case *array.Float64:
		return a.Value(i)
	case *array.String:
		return strings.Clone(a.Value(i))
	case *array.LargeString:
		return strings.Clone(a.Value(i))
	case *array.StringView:
		return strings.Clone(a.Value(i))
	case *array.Binary:
		return Binary(a.Value(i))
	case *array.LargeBinary:
		return Binary(a.Value(i))
	case *array.BinaryView:
		return Binary(a.Value(i))
	case *array.FixedSizeBinary:
		return Binary(a.Value(i))
	case *array.Struct:
		s := make(Struct, a.NumField())
		for k := range s {
			s[k] = Value(a.Field(k), i)
		}
		return s
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		l := List{}
		for k := from; k < to; k++ {
			l = append(l, Value(a.ListValues(), int(k)))
		}
		return l
	}
	panic(fmt.Sprintf("ref: no values of %s", a.DataType()))
}

// Order is the total order of two values that are not null: numbers exactly, whatever their types, NaN equal to itself and above all,
// text by bytes, false before true.
func Order(a, b any) int {
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string))
	case Binary:
		return strings.Compare(string(x), string(b.(Binary)))
	case List:
		return slices.CompareFunc(x, b.(List), orderNull)
	case Struct:
		return slices.CompareFunc(x, b.(Struct), orderNull)
	case bool:
		switch y := b.(bool); {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	}
	nanA, nanB := isNaN(a), isNaN(b)
	switch {
	case nanA && nanB:
		return 0
	case nanA:
		return 1
	case nanB:
		return -1
	}
	return exact(a).Cmp(exact(b))
}

func orderNull(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return Order(a, b)
}

func isNaN(v any) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}

// exact is a number's value without loss; infinities included.
func exact(v any) *big.Float {
	switch x := v.(type) {
	case int64:
		return new(big.Float).SetInt64(x)
	case uint64:
		return new(big.Float).SetUint64(x)
	}
	return big.NewFloat(v.(float64))
}

// keyText is equal for equal keys: null equals null, NaN itself and −0 zero.
func keyText(key Row) string {
	var b strings.Builder
	for _, v := range key {
		v = oneZero(v)
		fmt.Fprintf(&b, "%T:%q;", v, fmt.Sprint(v))
	}
	return b.String()
}

// oneZero is a value with 0 in place of −0, also within lists and structs.
func oneZero(v any) any {
	each := func(vs []any) []any {
		out := make([]any, len(vs))
		for i, x := range vs {
			out[i] = oneZero(x)
		}
		return out
	}
	switch v := v.(type) {
	case float64:
		if v == 0 {
			return 0.0
		}
	case List:
		return List(each(v))
	case Struct:
		return Struct(each(v))
	}
	return v
}
