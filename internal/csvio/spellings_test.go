package csvio

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
)

// readOne returns a field as a column of a type has it, or the error.
func readOne(t *testing.T, d Dialect, typ arrow.DataType, order dateOrder, field string) (arrow.Array, error) {
	t.Helper()
	r, err := NewReader(Input{R: strings.NewReader(field + ",x\n")},
		Config{Dialect: mustDialect(t, d), Width: 2, Columns: []Column{{Name: "a", Field: 0, Type: typ, Order: uint8(order)}}})
	require.NoError(t, err)
	cols, _, err := r.Next(t.Context())
	if err != nil {
		return nil, err
	}
	return cols[0], nil
}

// A spelling of null that could be read as a value is null in a column of any type.
func TestNullsThatLookLikeValues(t *testing.T) {
	d := Dialect{Quote: '"', Nulls: []string{"-1", "0", "1900-01-01", "1900-01-01 00:00:00", "NaN", "n"}}
	moment := &arrow.TimestampType{Unit: arrow.Microsecond}
	fine := &arrow.TimestampType{Unit: arrow.Nanosecond}
	for _, c := range []struct {
		typ         arrow.DataType
		null, other string
	}{
		{arrow.PrimitiveTypes.Int8, "-1", "1"}, {arrow.PrimitiveTypes.Int16, "-1", "-2"}, {arrow.PrimitiveTypes.Int32, "0", "00"}, {arrow.PrimitiveTypes.Int64, "-1", "-12345678901"},
		{arrow.PrimitiveTypes.Uint8, "0", "1"}, {arrow.PrimitiveTypes.Uint16, "0", "1"}, {arrow.PrimitiveTypes.Uint32, "0", "1"}, {arrow.PrimitiveTypes.Uint64, "0", "1"},
		{arrow.PrimitiveTypes.Float32, "-1", "-1.0"}, {arrow.PrimitiveTypes.Float64, "-1", "-1.0"}, {arrow.PrimitiveTypes.Float64, "NaN", "nan"},
		{&arrow.Decimal128Type{Precision: 5}, "-1", "-2"}, {arrow.FixedWidthTypes.Date32, "1900-01-01", "1900-01-02"}, {arrow.FixedWidthTypes.Date64, "1900-01-01", "1900-01-02"},
		{moment, "1900-01-01 00:00:00", "1900-01-01 00:00:01"}, {moment, "1900-01-01", "1900-01-02"}, {fine, "1900-01-01 00:00:00", "1900-01-01 00:00:01"},
		{arrow.FixedWidthTypes.Boolean, "0", "1"}, {arrow.FixedWidthTypes.Boolean, "n", "y"}, {arrow.BinaryTypes.String, "-1", "-1.0"},
	} {
		for field, nulls := range map[string]int{c.null: 1, c.other: 0} {
			got, err := readOne(t, d, c.typ, orderYMD, field)
			require.NoError(t, err, "%s: %q", c.typ, field)
			require.Equal(t, nulls, got.NullN(), "%s: %q is %s", c.typ, field, got)
		}
	}
}

// NUL bytes are no digits, and no quotes where there are none.
func TestFieldsOfNUL(t *testing.T) {
	nul := strings.Repeat("\x00", 10)
	_, err := readOne(t, Dialect{Quote: '"'}, arrow.FixedWidthTypes.Date32, orderYMD, nul)
	require.Error(t, err)
	_, err = readOne(t, Dialect{Quote: '"'}, &arrow.TimestampType{Unit: arrow.Microsecond}, orderYMD, nul+" 12:00:00")
	require.Error(t, err)
	for _, d := range []Dialect{{}, {Comment: '#'}} {
		for _, long := range []int{1, 20_000} {
			data := "\x00abc," + strings.Repeat("x", long) + "\n"
			r, err := NewReader(Input{R: bytes.NewReader([]byte(data))}, Config{Dialect: mustDialect(t, d), Width: 2, Columns: textColumns(2)})
			require.NoError(t, err)
			got, err := readAll(r)
			require.NoError(t, err)
			require.Equal(t, "\x00abc", *got[0][0])
		}
	}
}

// What quotes a field is no part of it, be it a digit.
func TestDigitsThatQuote(t *testing.T) {
	r, err := NewReader(Input{R: strings.NewReader("2,x\n151,y\n")},
		Config{Dialect: mustDialect(t, Dialect{Quote: '1'}), Width: 2, Columns: []Column{{Name: "a", Field: 0, Type: arrow.PrimitiveTypes.Int64}}})
	require.NoError(t, err)
	cols, _, err := r.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, "[2 5]", cols[0].String())
}

// A date that begins with four digits is the year's first in a column of any order, with blanks around it, and in any unit.
func TestYearFirstInAnyOrder(t *testing.T) {
	for _, order := range []dateOrder{orderYMD, orderMDY, orderDMY} {
		for _, field := range []string{"2024-01-02", " 2024-01-02", "2024/01/02", "2024-01-02 "} {
			got, err := readOne(t, Dialect{Quote: '"'}, arrow.FixedWidthTypes.Date32, order, field)
			require.NoError(t, err, "%q, order %d", field, order)
			require.Equal(t, "[2024-01-02]", got.String())
		}
		for _, unit := range []arrow.TimeUnit{arrow.Second, arrow.Microsecond, arrow.Nanosecond} {
			got, err := readOne(t, Dialect{Quote: '"'}, &arrow.TimestampType{Unit: unit}, order, "2024-01-02 03:04:05")
			require.NoError(t, err)
			require.Contains(t, got.ValueStr(0), "2024-01-02T03:04:05")
		}
	}
	got, err := readOne(t, Dialect{Quote: '"'}, arrow.FixedWidthTypes.Date32, orderDMY, "01-02-2024")
	require.NoError(t, err)
	require.Equal(t, "[2024-02-01]", got.String())
}

func TestMaxRowHasALimit(t *testing.T) {
	_, err := Dialect{Quote: '"', MaxRow: math.MaxInt}.WithDefaults()
	require.ErrorContains(t, err, "MaxRowBytes")
}
