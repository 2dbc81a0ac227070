package expr_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

var (
	join2 = expr.Func2("test_join2", func(a string, n int) string { return a + string(rune('0'+n)) })
	day1  = expr.Func1("test_day1", func(at time.Time) int8 { return int8(at.Day()) })
	boom  = expr.Func1("test_boom", func(v int64) bool {
		if v == 3 {
			panic("three")
		}
		return v > 0
	})
	short = expr.FuncArrow("test_short", arrow.PrimitiveTypes.Int64, func(_ context.Context, args []arrow.Array) (arrow.Array, error) {
		return array.NewSlice(args[0], 0, 1), nil
	})
)

func column(t *testing.T, typ arrow.DataType, json string) arrow.Array {
	a, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(json))
	require.NoError(t, err)
	return a
}

func call(t *testing.T, e expr.Expr, args ...arrow.Array) (arrow.Array, error) {
	require.NoError(t, e.Err())
	return e.UserFunction().Call(context.Background(), nil, args, args[0].Len())
}

func TestCallRows(t *testing.T) {
	ints := column(t, arrow.PrimitiveTypes.Int64, `[1, null, 3, 4]`)
	for _, typ := range []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}} {
		out, err := call(t, join2("s", "i"), column(t, typ, `["a", "b", null, "dd"]`), ints)
		require.NoError(t, err)
		require.Equal(t, `["a1" (null) (null) "dd4"]`, out.String(), typ.String())
	}
	out, err := call(t, join2("s", "i"), array.NewSlice(column(t, arrow.BinaryTypes.String, `["x", "a", "b"]`), 1, 3), array.NewSlice(ints, 2, 4))
	require.NoError(t, err)
	require.Equal(t, `["a3" "b4"]`, out.String(), "slices")

	zoned := &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Asia/Tokyo"}
	out, err = call(t, day1("t"), column(t, zoned, `["2024-01-31T20:00:00Z", null]`))
	require.NoError(t, err)
	require.Equal(t, `[1 (null)]`, out.String(), "the day in Tokyo")
	out, err = call(t, day1("t"), column(t, arrow.FixedWidthTypes.Date32, `["2024-02-29"]`))
	require.NoError(t, err)
	require.Equal(t, `[29]`, out.String())
}

func TestCallFaults(t *testing.T) {
	var f *fault.Error
	_, err := call(t, boom("i"), column(t, arrow.PrimitiveTypes.Int64, `[1, 2, 3]`))
	require.True(t, errors.As(err, &f))
	require.Equal(t, fault.Panic, f.Kind)
	require.Equal(t, int64(3), f.Row)
	_, err = call(t, short("i"), column(t, arrow.PrimitiveTypes.Int64, `[1, 2, 3]`))
	require.ErrorContains(t, err, "1 rows for 3")
	_, err = call(t, boom("i"), column(t, arrow.BinaryTypes.String, `["a"]`))
	require.Error(t, err)
	require.Panics(t, func() { expr.Func1("test_boom", func(v int64) int64 { return v }) })
}

func TestUnknownFunctionDoesNotDecode(t *testing.T) {
	data, err := expr.Marshal(half("f"))
	require.NoError(t, err)
	for i := range data { // the name is in there once
		if string(data[i:min(i+9, len(data))]) == "test_half" {
			data[i] = 'b'
		}
	}
	_, err = expr.Unmarshal(data)
	require.ErrorContains(t, err, "best_half")
}
