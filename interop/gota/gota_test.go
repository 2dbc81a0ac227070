package gota_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	gotaframe "github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/interop/gota"
)

func values(t *testing.T, df *dataframe.DataFrame, column string) []any {
	t.Helper()
	table, err := df.Collect(t.Context())
	require.NoError(t, err)
	var all []any
	for row := range table.NumRows() {
		all = append(all, table.Value(row, column))
	}
	return all
}

func TestFourTypesComeIn(t *testing.T) {
	in := gotaframe.New(
		series.New([]any{1, nil, -3}, series.Int, "i"),
		series.New([]any{1.5, math.NaN(), math.Inf(1)}, series.Float, "f"),
		series.New([]any{"a", nil, ""}, series.String, "s"),
		series.New([]any{true, nil, false}, series.Bool, "b"),
	)
	df, err := gota.Frame(in)
	require.NoError(t, err)
	require.Equal(t, []any{int64(1), nil, int64(-3)}, values(t, df, "i"))
	require.Equal(t, []any{1.5, nil, math.Inf(1)}, values(t, df, "f"))
	require.Equal(t, []any{"a", nil, ""}, values(t, df, "s"))
	require.Equal(t, []any{true, nil, false}, values(t, df, "b"))

	out, err := gota.Collect(t.Context(), df)
	require.NoError(t, err)
	require.Equal(t, in.Names(), out.Names())
	require.Equal(t, in.Types(), out.Types())
	require.Equal(t, in.Records(), out.Records())
}

func TestNoRows(t *testing.T) {
	df, err := gota.Frame(gotaframe.New(series.New([]int{}, series.Int, "i"), series.New([]string{}, series.String, "s")))
	require.NoError(t, err)
	require.Equal(t, "i:int64 s:utf8", fmt.Sprintf("%s:%s %s:%s", df.Schema().Field(0).Name, df.Schema().Field(0).Type, df.Schema().Field(1).Name, df.Schema().Field(1).Type))
	require.Empty(t, values(t, df, "i"))
	out, err := gota.Collect(t.Context(), df)
	require.NoError(t, err)
	require.Equal(t, []series.Type{series.Int, series.String}, out.Types())
	require.Zero(t, out.Nrow())
}

func TestErrorsOfGota(t *testing.T) {
	wrong := errors.New("no such file")
	_, err := gota.Frame(gotaframe.DataFrame{Err: wrong})
	require.ErrorIs(t, err, wrong)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Input, f.Kind)

	out, err := gota.Collect(t.Context(), dataframe.FromStructs([]struct{ X int64 }{{1}}).Select("y"))
	require.Error(t, err)
	require.Equal(t, err, out.Err)
}

// TestAllTypesGoOut: what Gota does not have becomes float or text.
func TestAllTypesGoOut(t *testing.T) {
	for _, c := range []struct {
		t    arrow.DataType
		json string
		kind series.Type
		want string
	}{
		{arrow.PrimitiveTypes.Int8, `[1, null]`, series.Int, "1 NaN"},
		{arrow.PrimitiveTypes.Int16, `[-1, null]`, series.Int, "-1 NaN"},
		{arrow.PrimitiveTypes.Int32, `[1, null]`, series.Int, "1 NaN"},
		{arrow.PrimitiveTypes.Int64, `[-9223372036854775808, 9223372036854775807]`, series.Int, "-9223372036854775808 9223372036854775807"},
		{arrow.PrimitiveTypes.Uint8, `[255, null]`, series.Int, "255 NaN"},
		{arrow.PrimitiveTypes.Uint16, `[1, null]`, series.Int, "1 NaN"},
		{arrow.PrimitiveTypes.Uint32, `[4294967295, null]`, series.Int, "4294967295 NaN"},
		{arrow.PrimitiveTypes.Uint64, `[1, null]`, series.Int, "1 NaN"},
		{arrow.PrimitiveTypes.Float32, `[1.5, null]`, series.Float, "1.500000 NaN"},
		{arrow.PrimitiveTypes.Float64, `[1.5, null]`, series.Float, "1.500000 NaN"},
		{&arrow.Decimal128Type{Precision: 10, Scale: 2}, `["1.25", null]`, series.Float, "1.250000 NaN"},
		{arrow.FixedWidthTypes.Boolean, `[true, null]`, series.Bool, "true NaN"},
		{arrow.BinaryTypes.String, `["ä", null]`, series.String, "ä NaN"},
		{arrow.BinaryTypes.Binary, `["YQ==", null]`, series.String, "a NaN"},
		{arrow.FixedWidthTypes.Date32, `["2024-02-29", null]`, series.String, "2024-02-29T00:00:00Z NaN"},
		{&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, `["2024-02-29 01:02:03.5Z", null]`, series.String, "2024-02-29T01:02:03.5Z NaN"},
		{arrow.ListOf(arrow.PrimitiveTypes.Int64), `[[1, 2], null]`, series.String, "[1 2] NaN"},
		{arrow.Null, `[null, null]`, series.String, "NaN NaN"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64}, `[7, null]`, series.Int, "7 NaN"},
	} {
		a, _, err := array.FromJSON(memory.DefaultAllocator, c.t, strings.NewReader(c.json))
		require.NoError(t, err, "%s", c.t)
		schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: c.t, Nullable: true}}, nil)
		out, err := gota.Collect(t.Context(), dataframe.FromRecords(schema, array.NewRecordBatch(schema, []arrow.Array{a}, 2)))
		require.NoError(t, err, "%s", c.t)
		require.Equal(t, c.kind, out.Types()[0], "%s", c.t)
		require.Equal(t, c.want, strings.Join(out.Col("x").Records(), " "), "%s", c.t)
	}
}

func TestTooLargeForGota(t *testing.T) {
	_, err := gota.Collect(t.Context(), dataframe.FromStructs([]struct{ X uint64 }{{1}, {math.MaxUint64}}))
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Data, f.Kind)
	require.Equal(t, "X", f.Column)
	require.EqualValues(t, 2, f.Row)
}

func TestDurations(t *testing.T) {
	out, err := gota.Collect(t.Context(), dataframe.FromStructs([]struct{ D time.Duration }{{90 * time.Second}}))
	require.NoError(t, err)
	require.Equal(t, []string{"1m30s"}, out.Col("D").Records())
}

func ExampleFrame() {
	in := gotaframe.LoadRecords([][]string{{"city", "people"}, {"Bonn", "330000"}, {"Ulm", "126000"}, {"Bonn", "10"}})
	df, err := gota.Frame(in)
	if err != nil {
		panic(err)
	}
	out, err := gota.Collect(context.Background(), df.GroupBy("city").Agg(expr.Sum("people").As("people")).Sort("city"))
	if err != nil {
		panic(err)
	}
	fmt.Println(out.Records())
	// Output: [[city people] [Bonn 330010] [Ulm 126000]]
}
