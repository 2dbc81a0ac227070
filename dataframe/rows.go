package dataframe

import (
	"context"
	"iter"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// Rows iterates over the rows as values of T: a struct with a field for every column that is wanted, or a single value (an expr.Value,
// a pointer to one, sql.Null of one) for a frame of one column. Every range runs the frame anew; a break cancels what still runs. A
// value that a field cannot hold exactly is an error, and so is a null in a field that cannot hold one; the rows before it are given.
//
// Fields are matched by their `sheaf:"name"` tags or their names; "-" skips one. Integers fit in any integer type that holds the
// value and in floats that hold it exactly; dates, times and timestamps in time.Time; durations in time.Duration; decimals in strings;
// lists in slices; structs in structs; anything in any (see Table.Value).
func Rows[T any](ctx context.Context, df *DataFrame, opts ...RunOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var buf []T
		wanted := true
		err := eachBatch(ctx, "Rows", df, opts, func(d *rowDecoder[T], rec arrow.RecordBatch) (int, *fault.Error, bool) {
			buf = slices.Grow(buf[:0], int(rec.NumRows()))[:rec.NumRows()]
			clear(buf)
			n, failure := d.decode(rec, buf)
			for i := range n {
				if wanted = yield(buf[i], nil); !wanted {
					return n, nil, false
				}
			}
			return n, failure, true
		})
		if err != nil && wanted {
			var zero T
			yield(zero, err)
		}
	}
}

// CollectAs runs the frame and returns its rows as values of T: a struct, or an expr.Value for a frame of one column. Rows says how
// columns and fields are matched.
func CollectAs[T any](ctx context.Context, df *DataFrame, opts ...RunOption) ([]T, error) {
	parts := [][]T{{}} // put together at the end: growing one slice would copy most rows twice
	err := eachBatch(ctx, "CollectAs", df, opts, func(d *rowDecoder[T], rec arrow.RecordBatch) (int, *fault.Error, bool) {
		part := make([]T, rec.NumRows())
		n, failure := d.decode(rec, part)
		parts = append(parts, part)
		return n, failure, true
	})
	switch {
	case err != nil:
		return nil, err
	case len(parts) == 2:
		return parts[1], nil
	case len(parts) == 1:
		return parts[0], nil
	}
	return slices.Concat(parts...), nil
}

// One runs the frame and returns its only row; none or several are an error.
func One[T any](ctx context.Context, df *DataFrame, opts ...RunOption) (T, error) {
	const op = "One"
	var zero T
	var rows []T
	at := fault.Caller()
	err := eachBatch(ctx, op, df, opts, func(d *rowDecoder[T], rec arrow.RecordBatch) (int, *fault.Error, bool) {
		part := make([]T, rec.NumRows())
		n, failure := d.decode(rec, part)
		rows = append(rows, part[:n]...)
		return n, failure, len(rows) < 2
	})
	switch {
	case err != nil:
		return zero, err
	case len(rows) == 0:
		return zero, placed(at, op, fault.New(fault.Data, op, "the frame has no row; One wants exactly one"))
	case len(rows) > 1:
		return zero, placed(at, op, fault.New(fault.Data, op, "the frame has more than one row; One wants exactly one"))
	}
	return rows[0], nil
}

// eachBatch runs the frame and hands its record batches to take, which returns how many rows it took, why it could not take the next
// one, and whether it wants more.
func eachBatch[T any](ctx context.Context, op string, df *DataFrame, opts []RunOption,
	take func(*rowDecoder[T], arrow.RecordBatch) (int, *fault.Error, bool)) error {
	q, err := newQuery(ctx, op, []*DataFrame{df}, opts)
	if err != nil {
		return err
	}
	decoder, err := newRowDecoder[T](q.nodes[0].Schema())
	if err != nil {
		return placed(q.at, op, err)
	}
	var failure *fault.Error
	row := int64(0)
	_, err = q.each(ctx, func(_ int, rec arrow.RecordBatch) bool {
		n, failed, more := take(decoder, rec)
		row += int64(n)
		if failed != nil {
			failed.Row = row + 1
			failure = failed
		}
		return more && failed == nil
	})
	if failure != nil {
		return placed(q.at, op, failure)
	}
	return err
}
