package typename

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
)

func TestParse(t *testing.T) {
	for name, want := range map[string]arrow.DataType{
		"int64": arrow.PrimitiveTypes.Int64, " INT ": arrow.PrimitiveTypes.Int64, "Double": arrow.PrimitiveTypes.Float64, "text": arrow.BinaryTypes.String,
		"decimal(10, 2)": &arrow.Decimal128Type{Precision: 10, Scale: 2}, "decimal(40,0)": &arrow.Decimal256Type{Precision: 40}, "numeric(5)": &arrow.Decimal128Type{Precision: 5},
		"timestamp": &arrow.TimestampType{Unit: arrow.Microsecond}, "timestamp[ms]": &arrow.TimestampType{Unit: arrow.Millisecond},
		"timestamp[ns, tz=Europe/Berlin]": &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Europe/Berlin"},
		"timestamp(UTC)":                  &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
		"time[s]":                         &arrow.Time32Type{Unit: arrow.Second}, "duration[ms]": &arrow.DurationType{Unit: arrow.Millisecond}, "varchar(20)": arrow.BinaryTypes.String,
		"list<list<int64>>": arrow.ListOf(arrow.ListOf(arrow.PrimitiveTypes.Int64)),
	} {
		got, err := Parse(name)
		require.Nil(t, err, name)
		require.True(t, arrow.TypeEqual(want, got), "%s: %s", name, got)
	}
	for _, name := range []string{"", "intt", "decimal", "decimal(0)", "decimal(99,1)", "decimal(5,6)", "decimal(a)", "timestamp[us", "timestamp[us, tz=Nowhere]", "timestamp[s,ms]",
		"list<>", "list<what>", "time[day]", "struct<a: int64>", "int64(3)"} {
		_, err := Parse(name)
		require.NotNil(t, err, name)
		require.NotEmpty(t, err.Hint, name)
	}
}

// TestTablesNamesAreRead holds that every name that tables print for a plain type is read as that type.
func TestTablesNamesAreRead(t *testing.T) {
	for name, typ := range plain {
		got, err := Parse(dataframe.TypeName(typ))
		require.Nil(t, err, name)
		require.Equal(t, dataframe.TypeName(typ), dataframe.TypeName(got), name)
	}
}

func FuzzParse(f *testing.F) {
	for name := range plain {
		f.Add(name)
	}
	f.Add("decimal(10, 2)")
	f.Add("list<timestamp[us, tz=UTC]>")
	f.Fuzz(func(t *testing.T, name string) {
		typ, err := Parse(name)
		require.NotEqual(t, typ == nil, err == nil)
	})
}
