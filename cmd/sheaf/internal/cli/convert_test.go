package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// must runs a command line that has to succeed and returns its answer.
func must(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := sheaf(t, args...)
	require.Zero(t, code, "%v: %s", args, stderr)
	return stdout
}

// sameTable holds that two files have equal columns, types and rows.
func sameTable(t *testing.T, dir, a, b string) {
	t.Helper()
	require.Equal(t, must(t, "schema", "--json", a), must(t, "schema", "--json", b))
	for i, path := range []string{a, b} {
		must(t, "convert", path, filepath.Join(dir, "same"+string(rune('a'+i))+".csv"), "--overwrite", "--quiet")
	}
	first, err := os.ReadFile(filepath.Join(dir, "samea.csv"))
	require.NoError(t, err)
	second, err := os.ReadFile(filepath.Join(dir, "sameb.csv"))
	require.NoError(t, err)
	require.True(t, string(first) == string(second), "%s and %s have different rows", a, b)
}

// TestTaxiFilesThereAndBack takes real files to CSV and back with --schema.
func TestTaxiFilesThereAndBack(t *testing.T) {
	data := os.Getenv("SHEAF_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "..", "..", "..", "shared", "data")
	}
	files, _ := filepath.Glob(filepath.Join(data, "taxi", "*.parquet"))
	if len(files) == 0 {
		t.Skip("no taxi files: SHEAF_DATA names no folder that has them")
	}
	for _, file := range files {
		dir := t.TempDir()
		csv, back := filepath.Join(dir, "there.csv"), filepath.Join(dir, "back.parquet")
		must(t, "convert", file, csv)
		must(t, "convert", csv, back, "--schema", file)
		sameTable(t, dir, file, back)
		require.NotEqual(t, "0\n", must(t, "count", back))
	}
}

// TestFormatsThereAndBack takes a table with every plain type through all formats.
func TestFormatsThereAndBack(t *testing.T) {
	dir := t.TempDir()
	first := filepath.Join(dir, "first.parquet")
	must(t, "convert", filepath.Join("testdata", "in", "trips.csv"), first,
		"--cast", "id=int16,fare=decimal(12, 3),tip amount=float32,pickup=timestamp[ms, tz=UTC]", "--rename", `tip amount="a ""quoted"", name"`)
	for _, name := range []string{"x.csv", "x.tsv", "x.csv.gz", "x.json", "x.ndjson", "x.arrow", "x.feather", "x.parquet", "x.dat", "x.parquet.odd"} {
		out, back := filepath.Join(dir, name), filepath.Join(dir, "back.parquet")
		args := []string{"convert", first, out}
		from := []string{"convert", out, back, "--overwrite", "--schema", first}
		if strings.HasSuffix(name, ".dat") || strings.HasSuffix(name, ".odd") {
			args = append(args, "--to", "json")
			from = append(from, "--from", "json")
		}
		must(t, args...)
		must(t, from...)
		sameTable(t, dir, first, back)
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	trips := filepath.Join("testdata", "in", "trips.csv")
	folder := filepath.Join(dir, "out")
	must(t, "convert", trips, folder, "--to", "csv", "--partition-by", "zone")
	require.Equal(t, "4\n", must(t, "count", folder))
	require.Equal(t, "1\n", must(t, "count", folder, "--hive", "--where", "zone = 'JFK' and fare > 50"))
	must(t, "convert", trips, folder, "--to", "csv", "--partition-by", "zone", "--append")
	require.Equal(t, "8\n", must(t, "count", folder))
	must(t, "convert", trips, folder, "--to", "csv", "--one-file", "--overwrite")
	require.Equal(t, "4\n", must(t, "count", folder))
	_, stderr, code := sheaf(t, "convert", trips, folder, "--to", "csv")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "--overwrite replaces it, --append adds to it")
	must(t, "convert", trips, folder, "--to", "csv", "--file-rows", "1", "--overwrite")
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 4)
}

func TestRejectsAreListed(t *testing.T) {
	dir := t.TempDir()
	out, rejects := filepath.Join(dir, "out.parquet"), filepath.Join(dir, "bad.csv")
	_, stderr, code := sheaf(t, "convert", filepath.Join("testdata", "in", "bad.csv"), out, "--rejects", rejects)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "2 rows, ")
	require.Contains(t, stderr, "3 rows left out, listed in "+rejects)
	text, err := os.ReadFile(rejects)
	require.NoError(t, err)
	require.Contains(t, string(text), `,3,"2,b",2 fields where 3 are expected`)
	require.Equal(t, "[\n  {\"id\": 1, \"name\": \"a\", \"fare\": 2.5},\n  {\"id\": 5, \"name\": \"e\", \"fare\": 7}\n]\n", must(t, "head", out, "--json"))
}

func TestConvertSaysLittle(t *testing.T) {
	dir := t.TempDir()
	trips := filepath.Join("testdata", "in", "trips.csv")
	stdout, stderr, code := sheaf(t, "convert", trips, filepath.Join(dir, "a.csv"), "--quiet")
	require.Zero(t, code)
	require.Empty(t, stdout+stderr)
	stdout, stderr, _ = sheaf(t, "convert", trips, filepath.Join(dir, "b.csv"))
	require.Empty(t, stdout)
	require.Regexp(t, `^4 rows, \d+ B to .*b\.csv in \S+\n$`, stderr)
	stdout, _, _ = sheaf(t, "convert", trips, filepath.Join(dir, "c.csv"), "--dry-run")
	require.Contains(t, stdout, "plan")
	_, err := os.Stat(filepath.Join(dir, "c.csv"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
