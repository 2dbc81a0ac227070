package expr

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
)

// Call runs the function over n rows. args are arrays of n rows with the types that binding gave the arguments, text and dates also in
// Arrow's other layouts and as dictionaries; they stay the caller's. The result, of type Result and allocated from mem (nil: the Go
// heap), is the caller's. A panic of the function is a fault of kind Panic with its row, counted from 1 within this call.
func (u *UserFunction) Call(ctx context.Context, mem memory.Allocator, args []arrow.Array, n int) (out arrow.Array, err error) {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	row := -1
	defer func() {
		if r := recover(); r != nil {
			f := fault.New(fault.Panic, u.Name, "the user function panicked: %v\n%s", r, clipStack(debug.Stack()))
			f.Row = int64(row + 1)
			out, err = nil, f
		}
	}()
	for _, a := range args {
		if a.Len() != n {
			return nil, fault.New(fault.Internal, u.Name, "an argument has %d rows, not %d", a.Len(), n)
		}
	}
	if u.rows == nil {
		return u.callArrow(ctx, args, n)
	}
	if len(args) != len(u.rows.loads) {
		return nil, fault.New(fault.Internal, u.Name, "%d arguments, not %d", len(args), len(u.rows.loads))
	}
	slices := make([]any, len(args))
	for i, a := range args {
		if slices[i], err = u.rows.loads[i](a); err != nil {
			return nil, fault.New(fault.Internal, u.Name, "%w", err)
		}
	}
	valid, result := validity(args, n), u.rows.makeOut(n)
	u.rows.run(slices, valid, n, result, &row)
	return u.rows.store(result, valid, n, mem), nil
}

// maxStack is how many bytes of a panic's stack a message keeps.
const maxStack = 2000

func clipStack(b []byte) string {
	if len(b) > maxStack {
		b = b[:maxStack]
	}
	return string(b)
}

func (u *UserFunction) callArrow(ctx context.Context, args []arrow.Array, n int) (arrow.Array, error) {
	out, err := u.arrow(ctx, args)
	switch {
	case err != nil:
		return nil, fault.New(fault.Data, u.Name, "%w", err)
	case out == nil:
		return nil, fault.New(fault.Type, u.Name, "the user function returned no array")
	case out.Len() != n:
		return nil, fault.New(fault.Type, u.Name, "the user function returned %d rows for %d", out.Len(), n)
	case !arrow.TypeEqual(out.DataType(), u.Result):
		return nil, fault.New(fault.Type, u.Name, "the user function returned %s, it was registered with %s", out.DataType(), u.Result)
	}
	return out, nil
}

// validity is the bitmap of rows in which no argument is null; nil where that is all.
func validity(args []arrow.Array, n int) []byte {
	var valid []byte
	for _, a := range args {
		dict, _ := a.(*array.Dictionary)
		if a.NullN() == 0 && a.DataType().ID() != arrow.NULL && (dict == nil || dict.Dictionary().NullN() == 0) {
			continue
		}
		if valid == nil {
			valid = make([]byte, (n+7)/8)
			for i := range valid {
				valid[i] = 0xff
			}
		}
		for i := range n {
			if a.IsNull(i) || dict != nil && dict.Dictionary().IsNull(dict.GetValueIndex(i)) {
				valid[i>>3] &^= 1 << (i & 7)
			}
		}
	}
	return valid
}

// loadSlice copies the values of an array to Go values; null rows hold any value.
func loadSlice[A Value](a arrow.Array) ([]A, error) {
	if dict, ok := a.(*array.Dictionary); ok {
		values, err := loadSlice[A](dict.Dictionary())
		if err != nil {
			return nil, err
		}
		out := make([]A, a.Len())
		for i := range out {
			if !a.IsNull(i) {
				out[i] = values[dict.GetValueIndex(i)]
			}
		}
		return out, nil
	}
	out := make([]A, a.Len())
	if a.DataType().ID() == arrow.NULL || fill(any(out), a) {
		return out, nil
	}
	return nil, fmt.Errorf("a column of type %s does not give values of type %T", a.DataType(), *new(A))
}

// numbers copies fixed-width values; false where the array is of another type.
func numbers[T any, A interface {
	arrow.Array
	Values() []T
}](out []T, a arrow.Array) bool {
	src, ok := a.(A)
	if ok {
		copy(out, src.Values())
	}
	return ok
}

// fill copies the values of an array to a slice of a Value type; false where they do not match.
func fill(out any, a arrow.Array) bool {
	switch x := out.(type) {
	case []bool:
		src, ok := a.(*array.Boolean)
		for i := range x {
			x[i] = ok && src.Value(i)
		}
		return ok
	case []int:
		src, ok := a.(*array.Int64)
		for i := range x {
			if ok {
				x[i] = int(src.Value(i))
			}
		}
		return ok
	case []uint:
		src, ok := a.(*array.Uint64)
		for i := range x {
			if ok {
				x[i] = uint(src.Value(i))
			}
		}
		return ok
	case []int8:
		return numbers[int8, *array.Int8](x, a)
	case []int16:
		return numbers[int16, *array.Int16](x, a)
	case []int32:
		return numbers[int32, *array.Int32](x, a)
	case []int64:
		return numbers[int64, *array.Int64](x, a)
	case []uint8:
		return numbers[uint8, *array.Uint8](x, a)
	case []uint16:
		return numbers[uint16, *array.Uint16](x, a)
	case []uint32:
		return numbers[uint32, *array.Uint32](x, a)
	case []uint64:
		return numbers[uint64, *array.Uint64](x, a)
	case []float32:
		return numbers[float32, *array.Float32](x, a)
	case []float64:
		return numbers[float64, *array.Float64](x, a)
	case []string:
		return fillText(x, a)
	case [][]byte:
		return fillBytes(x, a)
	case []time.Time:
		return fillTimes(x, a)
	case []time.Duration:
		src, ok := a.(*array.Duration)
		for i := range x {
			if ok {
				x[i] = time.Duration(src.Value(i)) * src.DataType().(*arrow.DurationType).Unit.Multiplier()
			}
		}
		return ok
	}
	return false
}

// fillText makes one copy of all text of the batch, because a user function may keep its strings.
func fillText(out []string, a arrow.Array) bool {
	src, ok := a.(array.StringLike)
	if !ok {
		return false
	}
	var all strings.Builder
	for i := range out {
		if !a.IsNull(i) {
			all.WriteString(src.Value(i))
		}
	}
	text, at := all.String(), 0
	for i := range out {
		if !a.IsNull(i) {
			n := len(src.Value(i))
			out[i] = text[at : at+n]
			at += n
		}
	}
	return true
}

func fillBytes(out [][]byte, a arrow.Array) bool {
	src, ok := a.(interface{ Value(int) []byte })
	for i := range out {
		if ok && !a.IsNull(i) {
			out[i] = append([]byte{}, src.Value(i)...)
		}
	}
	return ok
}

func fillTimes(out []time.Time, a arrow.Array) bool {
	loc := time.UTC
	if ts, ok := a.DataType().(*arrow.TimestampType); ok {
		if zone, err := ts.GetZone(); err == nil {
			loc = zone
		}
	}
	switch src := a.(type) {
	case *array.Timestamp:
		unit := src.DataType().(*arrow.TimestampType).Unit
		for i := range out {
			out[i] = unixIn(int64(src.Value(i)), unit).In(loc)
		}
	case *array.Date32:
		for i := range out {
			out[i] = time.Unix(int64(src.Value(i))*86400, 0).UTC()
		}
	case *array.Date64:
		for i := range out {
			out[i] = time.UnixMilli(int64(src.Value(i))).UTC()
		}
	default:
		return false
	}
	return true
}

// storeSlice makes the array of a []R, null where valid has no bit.
func storeSlice[R Value](out any, valid []byte, n int, mem memory.Allocator) arrow.Array {
	b := array.NewBuilder(mem, goType[R]())
	defer b.Release()
	b.Reserve(n)
	ok := func(i int) bool { return valid == nil || valid[i>>3]>>(i&7)&1 != 0 }
	switch x := out.(type) {
	case []bool:
		appendAll(b.(*array.BooleanBuilder), x, ok)
	case []int:
		appendAs(b.(*array.Int64Builder), x, ok, func(v int) int64 { return int64(v) })
	case []int8:
		appendAll(b.(*array.Int8Builder), x, ok)
	case []int16:
		appendAll(b.(*array.Int16Builder), x, ok)
	case []int32:
		appendAll(b.(*array.Int32Builder), x, ok)
	case []int64:
		appendAll(b.(*array.Int64Builder), x, ok)
	case []uint:
		appendAs(b.(*array.Uint64Builder), x, ok, func(v uint) uint64 { return uint64(v) })
	case []uint8:
		appendAll(b.(*array.Uint8Builder), x, ok)
	case []uint16:
		appendAll(b.(*array.Uint16Builder), x, ok)
	case []uint32:
		appendAll(b.(*array.Uint32Builder), x, ok)
	case []uint64:
		appendAll(b.(*array.Uint64Builder), x, ok)
	case []float32:
		appendAll(b.(*array.Float32Builder), x, ok)
	case []float64:
		appendAll(b.(*array.Float64Builder), x, ok)
	case []string:
		appendAll(b.(*array.StringBuilder), x, ok)
	case [][]byte:
		appendAll(b.(*array.BinaryBuilder), x, ok)
	case []time.Time:
		appendAs(b.(*array.TimestampBuilder), x, ok, func(v time.Time) arrow.Timestamp { return arrow.Timestamp(v.UnixMicro()) })
	case []time.Duration:
		appendAs(b.(*array.DurationBuilder), x, ok, func(v time.Duration) arrow.Duration { return arrow.Duration(v) })
	}
	return b.NewArray()
}

type appender[T any] interface {
	Append(T)
	AppendNull()
}

func appendAll[T any, B appender[T]](b B, vs []T, ok func(int) bool) {
	appendAs(b, vs, ok, func(v T) T { return v })
}

func appendAs[T, U any, B appender[U]](b B, vs []T, ok func(int) bool, as func(T) U) {
	for i, v := range vs {
		if ok(i) {
			b.Append(as(v))
		} else {
			b.AppendNull()
		}
	}
}
