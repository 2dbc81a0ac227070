package format

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestByName(t *testing.T) {
	for name, want := range map[string]Format{"a.parquet": Parquet, "a.PARQUET": Parquet, "a.csv": CSV, "a.csv.gz": CSV, "a.tsv": CSV, "a.jsonl.zst": JSON, "a.feather": IPC,
		"a": "", "a.b/c": "", ".csv": CSV, "a.gz": "", "a.xlsx": ""} {
		got, tabs := ByName(name)
		require.Equal(t, want, got, name)
		require.Equal(t, name == "a.tsv", tabs, name)
	}
}

func TestOf(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "out.csv", "year=2024") // a folder that is named like a file
	require.NoError(t, os.MkdirAll(deep, 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "out.csv", "_done.csv"), nil, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(deep, "part.parquet"), nil, 0o666))
	got, _ := Of(filepath.Join(dir, "out.csv"))
	require.Equal(t, Parquet, got)
	got, _ = Of(filepath.Join(dir, "out.csv", "*", "p*"))
	require.Equal(t, Parquet, got)
	got, _ = Of(filepath.Join(dir, "nothing"))
	require.Empty(t, got)
}

func TestNamed(t *testing.T) {
	f, tabs, err := Named("TSV")
	require.NoError(t, err)
	require.Equal(t, CSV, f)
	require.True(t, tabs)
	_, _, err = Named("xlsx")
	require.ErrorContains(t, err, "parquet, csv, tsv, json or arrow")
}
