package readers_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/readers"
)

// TestMapsOfJSON reads maps as lists of entries and as objects, and says what is no map.
func TestMapsOfJSON(t *testing.T) {
	read := func(typ arrow.DataType, text string) (any, error) {
		path := filepath.Join(t.TempDir(), "x.jsonl")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		schema := arrow.NewSchema([]arrow.Field{{Name: "m", Type: typ, Nullable: true}}, nil)
		table, err := readers.JSON(path, &readers.JSONOptions{Schema: schema}).Collect(context.Background())
		if err != nil {
			return nil, err
		}
		var out []any
		for rec := range table.Batches() {
			for i := range int(rec.NumRows()) {
				out = append(out, rec.Column(0).ValueStr(i))
			}
		}
		return out, nil
	}
	text, number := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64
	for _, c := range []struct {
		typ        arrow.DataType
		text       string
		want, same string // same: the same rows written otherwise
	}{
		{arrow.MapOf(text, number), `{"m": {"a": 1, "b": null}}` + "\n" + `{"m": {}}` + "\n" + `{"m": null}` + "\n{}\n", "",
			`{"m": [{"key": "a", "value": 1}, {"value": null, "key": "b"}]}` + "\n" + `{"m": []}` + "\n" + `{}` + "\n" + `{"m": null}`},
		{arrow.MapOf(number, text), `{"m": {"7": "x"}}`, "", `{"m": [{"key": 7, "value": "x"}]}`},
		{arrow.MapOf(arrow.FixedWidthTypes.Date32, arrow.ListOf(number)), `{"m": {"2024-02-29": [1, null]}}`, "", `{"m": [{"key": "2024-02-29", "value": [1, null]}]}`},
		{arrow.MapOf(text, number), `{"m": [{"value": 1}]}`, "a key is missing or null", ""},
		{arrow.MapOf(text, number), `{"m": [null]}`, "a key is missing or null", ""},
		{arrow.MapOf(number, text), `{"m": {"a": "x"}}`, `the name "a" is the key`, ""},
		{arrow.MapOf(text, number), `{"m": 7}`, "is no map", ""},
		{arrow.FixedSizeListOf(2, number), `{"m": [1, 2, 3]}`, "it has 3 elements", ""},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: number}, `{"m": "x"}`, "is no", ""},
	} {
		got, err := read(c.typ, c.text)
		if c.want != "" {
			require.ErrorContains(t, err, c.want, c.text)
			continue
		}
		require.NoError(t, err, c.text)
		same, err := read(c.typ, c.same)
		require.NoError(t, err, c.same)
		require.Equal(t, got, same)
	}
}
