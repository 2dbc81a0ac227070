package writers_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/partition/partitiontest"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/writers"
)

func TestLifeOfSinks(t *testing.T) {
	rec := rowsFrom(0, 500)
	each(t, func(t *testing.T, k kind) {
		for name, o := range map[string]options{"folder": {}, "file": {}, "one file": {oneFile: true}, "keys": {by: []string{"b"}}, "several files": {rows: 100}, "append": {mode: writers.Append}, "overwrite": {mode: writers.Overwrite}} {
			t.Run(name, func(t *testing.T) {
				partitiontest.TestSink(t, rowsSchema, batchOf(rec), func(t *testing.T) (partition.Sink, func() int64) {
					dir := t.TempDir()
					path := filepath.Join(dir, "deep", "out")
					if name == "file" {
						path += k.ext
					}
					return k.write(path, o), func() int64 {
						if !exists(path) || len(dataFiles(t, path)) == 0 {
							require.Empty(t, slices.DeleteFunc(namesBelow(t, dir), hidden))
							return 0
						}
						schema := rowsSchema
						if len(o.by) > 0 {
							schema = arrow.NewSchema(slices.Delete(slices.Clone(rowsSchema.Fields()), 3, 4), nil)
						}
						n, err := k.read(path, schema, false).Count(context.Background())
						require.NoError(t, err)
						return n
					}
				})
			})
		}
	})
}

// hidden says whether a path has a hidden name in it, or is a folder on the way to the output.
func hidden(path string) bool {
	return path == "deep" || path == "deep/out" || slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return strings.HasPrefix(s, ".") })
}

func dataFiles(t *testing.T, path string) []string {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return []string{path}
	}
	return slices.DeleteFunc(namesBelow(t, path), func(n string) bool { return hidden(n) || !strings.Contains(filepath.Base(n), "part-") })
}

// frame is the rows 0 to n in batches of 1000.
func frame(n int) *dataframe.DataFrame {
	var recs []arrow.RecordBatch
	for at := 0; at < n; at += 1000 {
		recs = append(recs, rowsFrom(at, min(1000, n-at)))
	}
	return dataframe.FromRecords(rowsSchema, recs...)
}

// TestRowsReadBack writes a frame of several splits in every layout and reads the same rows in the same order.
func TestRowsReadBack(t *testing.T) {
	df := frame(70_000) // two splits at least
	want := lines(t, df)
	each(t, func(t *testing.T, k kind) {
		for name, o := range map[string]options{"folder": {}, "file": {}, "one file": {oneFile: true}, "files of 7000 rows": {rows: 7000}} {
			dir := t.TempDir()
			path := filepath.Join(dir, "out")
			if name == "file" {
				path += k.ext
			}
			rep, err := df.Write(context.Background(), k.write(path, o), sched.Workers(4))
			require.NoError(t, err, name)
			require.EqualValues(t, len(want), rep.Rows, name)
			require.Positive(t, rep.Bytes)
			if name == "file" || o.oneFile {
				require.Len(t, rep.Files, 1)
			}
			size := int64(0)
			for _, f := range rep.Files {
				info, err := os.Stat(f)
				require.NoError(t, err)
				size += info.Size()
			}
			require.Equal(t, size, rep.Bytes, name)
			require.Equal(t, want, lines(t, k.read(path, rowsSchema, false)), name)
			require.Empty(t, slices.DeleteFunc(namesBelow(t, dir), func(n string) bool { return !strings.Contains(n, ".sheaf") }), "nothing is left behind")
		}
	})
}

// TestKeys writes hive folders and reads the keys back as a column.
func TestKeys(t *testing.T) {
	df := frame(3000).With(expr.Col("i").Mod(7).Cast(arrow.BinaryTypes.String).Str().Concat("/ =%ü").As("k"), expr.If(expr.Col("i").Mod(3).Eq(0), nil, expr.Col("i").Mod(3)).As("n"))
	want := lines(t, df.Sort("i").Select("i", "s", "k", "n"))
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "out")
		rep, err := df.Write(context.Background(), k.write(path, options{by: []string{"k", "n"}}))
		require.NoError(t, err)
		require.Len(t, rep.Files, 21)
		require.Contains(t, namesBelow(t, path), "k=0%2F %3D%25ü/n=__HIVE_DEFAULT_PARTITION__")
		back := k.read(path, nil, true)
		require.Equal(t, want, lines(t, back.Sort("i").Select("i", "s", "k", "n")))
	})
}

func TestModes(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		ctx := context.Background()
		write := func(path string, first, n int, o options) error {
			_, err := dataframe.FromRecords(rowsSchema, rowsFrom(first, n)).Write(ctx, k.write(path, o))
			return err
		}
		for _, path := range []string{filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "out"+k.ext)} {
			count := func() int64 {
				n, err := k.read(path, rowsSchema, false).Count(ctx)
				require.NoError(t, err)
				return n
			}
			require.NoError(t, write(path, 0, 10, options{}))
			err := write(path, 0, 5, options{})
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, fault.Exists, f.Kind)
			require.NotEmpty(t, f.Hint)
			require.Equal(t, path, f.File)
			require.EqualValues(t, 10, count())
			require.NoError(t, write(path, 0, 7, options{mode: writers.Overwrite}))
			require.EqualValues(t, 7, count())
			if strings.HasSuffix(path, k.ext) {
				require.Error(t, write(path, 0, 1, options{mode: writers.Append}))
				continue
			}
			require.NoError(t, write(path, 100, 3, options{mode: writers.Append}))
			require.NoError(t, write(path, 200, 2, options{mode: writers.Append, rows: 1}))
			require.EqualValues(t, 12, count())
			var names []string
			for i := range 4 {
				names = append(names, "part-0000"+string(rune('0'+i)))
			}
			for i, n := range namesBelow(t, path) {
				require.True(t, strings.HasPrefix(n, names[i]), n)
			}
		}
	})
}

func TestOverwriteSparesWhatIsNoData(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.doc"), []byte("years of work"), 0o666))
	_, err := frame(10).Write(context.Background(), writers.CSV(dir, &writers.CSVOptions{Mode: writers.Overwrite}))
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Exists, f.Kind)
	require.ErrorContains(t, err, "thesis.doc")
	require.Equal(t, []string{"thesis.doc"}, namesBelow(t, dir))
}

// TestOverwriteOfTheInput reads what it replaces.
func TestOverwriteOfTheInput(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "out")
		_, err := frame(5000).Write(context.Background(), k.write(path, options{}))
		require.NoError(t, err)
		_, err = k.read(path, rowsSchema, false).Filter(expr.Col("i").Ge(4000)).Write(context.Background(), k.write(path, options{mode: writers.Overwrite}))
		require.NoError(t, err)
		require.Equal(t, lines(t, frame(5000))[4000:], lines(t, k.read(path, rowsSchema, false)))
	})
}

func TestOptionsThatDoNotFit(t *testing.T) {
	dir := t.TempDir()
	bad := map[string]partition.Sink{
		"keys in a file":      writers.CSV(filepath.Join(dir, "a.csv"), &writers.CSVOptions{PartitionBy: []string{"i"}}),
		"rows of a file":      writers.JSON(filepath.Join(dir, "a.jsonl"), &writers.JSONOptions{FileRows: 3}),
		"negative rows":       writers.JSON(filepath.Join(dir, "a"), &writers.JSONOptions{FileRows: -3}),
		"no such column":      writers.IPC(filepath.Join(dir, "a"), &writers.IPCOptions{PartitionBy: []string{"ii"}}),
		"twice":               writers.IPC(filepath.Join(dir, "a"), &writers.IPCOptions{PartitionBy: []string{"i", "i"}}),
		"all columns":         writers.IPC(filepath.Join(dir, "a"), &writers.IPCOptions{PartitionBy: []string{"i", "f", "s", "b", "t", "d"}}),
		"no such mode":        writers.IPC(filepath.Join(dir, "a"), &writers.IPCOptions{Mode: 7}),
		"compression":         writers.CSV(filepath.Join(dir, "a"), &writers.CSVOptions{Compression: "rar"}),
		"codec only read":     writers.CSV(filepath.Join(dir, "a.csv.bz2"), nil),
		"another compression": writers.CSV(filepath.Join(dir, "a.csv.gz"), &writers.CSVOptions{Compression: "zstd"}),
		"comma":               writers.CSV(filepath.Join(dir, "a"), &writers.CSVOptions{Comma: '"'}),
		"two layouts":         writers.CSV(filepath.Join(dir, "a"), &writers.CSVOptions{OneFile: true, FileRows: 1}),
		"no path":             writers.CSV("", nil),
		"a URL":               writers.CSV("s3://bucket/a.csv", nil),
	}
	for name, s := range bad {
		_, err := frame(10).Write(context.Background(), s)
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, fault.Plan, f.Kind, "%s: %v", name, err)
		require.True(t, strings.HasPrefix(f.Op, "write_"), "%s: %v", name, err)
		require.Contains(t, f.At, "layout_test.go", name)
	}
	require.Empty(t, namesBelow(t, dir))
}

func TestEmptyFrames(t *testing.T) {
	none := frame(10).Filter(expr.Col("i").Lt(0))
	each(t, func(t *testing.T, k kind) {
		for _, name := range []string{"out", "out" + k.ext} {
			path := filepath.Join(t.TempDir(), name)
			rep, err := none.Write(context.Background(), k.write(path, options{}))
			require.NoError(t, err)
			require.Zero(t, rep.Rows)
			require.Len(t, rep.Files, 1)
			n, err := k.read(path, rowsSchema, false).Count(context.Background())
			require.NoError(t, err)
			require.Zero(t, n)
		}
	})
}

// TestDictionaries writes columns whose type is a dictionary, and sliced batches of them.
func TestDictionaries(t *testing.T) {
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{{Name: "k", Type: typ, Nullable: true}}, nil)
	df := frame(2000).Select(expr.Col("s").Cast(typ).As("k"))
	require.NoError(t, df.Err())
	require.True(t, df.Schema().Equal(schema))
	want := lines(t, df.Select(expr.Col("k").Cast(arrow.BinaryTypes.String).As("k")))
	text := arrow.NewSchema([]arrow.Field{{Name: "k", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	each(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "out"+k.ext)
		_, err := df.Write(context.Background(), k.write(path, options{}))
		require.NoError(t, err)
		if k.name == "csv" || k.name == "csv gzip" { // null and empty text are one in a single column
			return
		}
		require.Equal(t, want, lines(t, k.read(path, text, false).Select(expr.Col("k").Cast(arrow.BinaryTypes.String).As("k"))))
	})
}
