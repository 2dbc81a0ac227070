package readers

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
)

// Text inside maps and lists of fixed size is read as views, and the columns are declared with plain text.
func TestCastTextInMapsAndFixedLists(t *testing.T) {
	mem := memory.DefaultAllocator
	for _, c := range []struct {
		from, to arrow.DataType
		json     string
	}{
		{arrow.MapOf(arrow.BinaryTypes.StringView, arrow.PrimitiveTypes.Int32), arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64),
			`[[{"key":"a","value":1},{"key":"a long key of many bytes","value":null}],null,[],[{"key":"b","value":-7}]]`},
		{arrow.MapOf(arrow.BinaryTypes.StringView, arrow.MapOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.StringView)),
			arrow.MapOf(arrow.BinaryTypes.String, arrow.MapOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String)),
			`[[{"key":"a","value":[{"key":1,"value":"x"}]}],[{"key":"b","value":[]},{"key":"c","value":null}],null]`},
		{arrow.FixedSizeListOf(2, arrow.BinaryTypes.StringView), arrow.FixedSizeListOf(2, arrow.BinaryTypes.String), `[["a","b"],null,["c",null]]`},
	} {
		arr, _, err := array.FromJSON(mem, c.from, strings.NewReader(c.json))
		require.NoError(t, err)
		want, _, err := array.FromJSON(mem, c.to, strings.NewReader(c.json))
		require.NoError(t, err)
		for from := range arr.Len() {
			part := array.NewSlice(arr, int64(from), int64(arr.Len()))
			got, err := castArray(dirtyAllocator{mem}, part, c.to)
			require.NoError(t, err)
			require.True(t, array.Equal(array.NewSlice(want, int64(from), int64(arr.Len())), got), "from row %d: %s", from, got)
		}
	}
}
