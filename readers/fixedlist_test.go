package readers_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/readers"
)

// hintedLists writes lists, a row group for each text, to a file whose Arrow schema says that all have two elements.
func hintedLists(t *testing.T, nullable bool, groups ...string) string {
	i32 := arrow.PrimitiveTypes.Int32
	var says bytes.Buffer
	require.NoError(t, ipc.NewWriter(&says, ipc.WithSchema(arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.FixedSizeListOf(2, i32), Nullable: nullable}}, nil))).Close())
	md := arrow.MetadataFrom(map[string]string{"ARROW:schema": base64.StdEncoding.EncodeToString(says.Bytes())})
	schema := arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.ListOf(i32), Nullable: nullable}}, &md)
	path := filepath.Join(t.TempDir(), "x.parquet")
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := pqarrow.NewFileWriter(schema, f, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	require.NoError(t, err)
	for _, g := range groups {
		rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(g))
		require.NoError(t, err)
		require.NoError(t, w.Write(rec))
	}
	require.NoError(t, w.Close())
	return path
}

// TestListsThatAreNotOfTheSizeDeclared: the footer tells most of them, and they are lists; for others the error says what to do, which helps.
func TestListsThatAreNotOfTheSizeDeclared(t *testing.T) {
	for _, c := range []struct {
		nullable bool
		groups   []string
		fixed    bool
	}{
		{true, []string{`[{"l": [1, 2]}, {"l": [3, null]}]`}, true},
		{true, []string{`[{"l": [1, 2]}, {"l": null}]`, `[{"l": null}]`}, true},
		{false, []string{`[{"l": [1, 2]}, {"l": [3, 4]}]`}, true},
		{false, []string{`[{"l": [1, 2]}, {"l": [3]}]`}, false},                    // no list is null
		{true, []string{`[{"l": [1, 2]}, {"l": [3]}]`}, false},                     // no value is null
		{true, []string{`[{"l": [1]}]`, `[{"l": [2, 3, 4]}]`}, false},              // in a group each
		{true, []string{`[{"l": [1, 2, 3]}]`, `[{"l": null}, {"l": [1]}]`}, false}, // too many in one
	} {
		df := readers.Parquet(hintedLists(t, c.nullable, c.groups...), nil)
		require.NoError(t, df.Err())
		require.Equal(t, c.fixed, df.Schema().Field(0).Type.ID() == arrow.FIXED_SIZE_LIST, "%v", c.groups)
		_, err := df.Collect(t.Context())
		require.NoError(t, err)
	}
	path := hintedLists(t, true, `[{"l": [1]}, {"l": [2, 3, 4]}]`)
	_, err := readers.Parquet(path, nil).Collect(t.Context())
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.ErrorContains(t, err, "a list of length 1 cannot be read as fixed_size_list<item: int32, nullable>[2]")
	require.Contains(t, f.Hint, "option Schema")
	require.Equal(t, []any{path, "l", int64(1)}, []any{f.File, f.Column, f.Row})
	table, err := readers.Parquet(path, &readers.ParquetOptions{Schema: arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true}}, nil)}).Collect(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, table.NumRows())
}
