package fileio

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
)

// tree makes files in a folder and moves there.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		full := filepath.Join(dir, filepath.FromSlash(n))
		require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o755))
		require.NoError(t, os.WriteFile(full, []byte(n), 0o644))
	}
	t.Chdir(dir)
	return dir
}

func paths(files []File) []string {
	var out []string
	for _, f := range files {
		out = append(out, filepath.ToSlash(f.Path))
	}
	return out
}

var treeFiles = []string{
	"a.csv", "b.csv.gz", "c.parquet", "odd[1].csv", "d/one.csv", "d/two.txt", "d/.hidden.csv", "d/_SUCCESS", "d/deep/er/three.csv",
	"h/year=2023/month=01/x.parquet", "h/year=2024/month=__HIVE_DEFAULT_PARTITION__/y%20z.parquet", "h/_k=a%2Fb/w.parquet",
}

var resolveCases = []struct {
	name string
	opts ResolveOptions
	want []string
}{
	{"file", ResolveOptions{Path: "a.csv"}, []string{"a.csv"}},
	{"literal name with brackets", ResolveOptions{Path: "odd[1].csv"}, []string{"odd[1].csv"}},
	{"glob", ResolveOptions{Path: "*.csv"}, []string{"a.csv", "odd[1].csv"}},
	{"glob with braces", ResolveOptions{Path: "{b,a}.csv*"}, []string{"a.csv", "b.csv.gz"}},
	{"glob in folders", ResolveOptions{Path: "d/*/*/*.csv"}, []string{"d/deep/er/three.csv"}},
	{"double star", ResolveOptions{Path: "**/*.csv"}, []string{"a.csv", "d/deep/er/three.csv", "d/one.csv", "odd[1].csv"}},
	{"double star last", ResolveOptions{Path: "d/**"}, []string{"d/deep/er/three.csv", "d/one.csv", "d/two.txt"}},
	{"double star between", ResolveOptions{Path: "d/**/three.csv"}, []string{"d/deep/er/three.csv"}},
	{"folder", ResolveOptions{Path: "d", Ext: []string{".csv"}}, []string{"d/deep/er/three.csv", "d/one.csv"}},
	{"folder of compressed files", ResolveOptions{Path: ".", Ext: []string{".csv"}}, []string{"a.csv", "b.csv.gz", "d/deep/er/three.csv", "d/one.csv", "odd[1].csv"}},
	{"glob of folders", ResolveOptions{Path: "h/year=*", Ext: []string{".parquet"}}, []string{"h/year=2023/month=01/x.parquet", "h/year=2024/month=__HIVE_DEFAULT_PARTITION__/y%20z.parquet"}},
	{"files below path, in their order", ResolveOptions{Path: "d", Files: []string{"two.txt", "*.csv", "two.txt"}}, []string{"d/two.txt", "d/one.csv"}},
	{"files alone", ResolveOptions{Files: []string{"c.parquet", "a.csv"}}, []string{"c.parquet", "a.csv"}},
}

func TestResolve(t *testing.T) {
	tree(t, treeFiles...)
	for _, c := range resolveCases {
		t.Run(c.name, func(t *testing.T) {
			files, err := Resolve(context.Background(), c.opts)
			require.NoError(t, err)
			require.Equal(t, c.want, paths(files))
			for _, f := range files {
				require.Equal(t, int64(len(f.Path)), f.Size)
				require.True(t, f.Portable())
			}
		})
	}
}

func TestResolveInFS(t *testing.T) {
	m := fstest.MapFS{}
	for _, n := range treeFiles {
		m[n] = &fstest.MapFile{Data: []byte(n)}
	}
	for _, c := range resolveCases {
		t.Run(c.name, func(t *testing.T) {
			c.opts.FS = m
			files, err := Resolve(context.Background(), c.opts)
			require.NoError(t, err)
			require.Equal(t, c.want, paths(files))
			require.False(t, files[0].Portable())
			h, err := files[0].Open(context.Background())
			require.NoError(t, err)
			got := make([]byte, h.Size())
			_, err = h.ReadAt(got, 0)
			require.NoError(t, err)
			require.Equal(t, files[0].Path, string(got))
			require.NoError(t, h.Close())
		})
	}
}

func TestResolveAbsoluteAndSlashes(t *testing.T) {
	dir := tree(t, treeFiles...)
	files, err := Resolve(context.Background(), ResolveOptions{Path: filepath.Join(dir, "d", "*.csv")})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "d", "one.csv"), files[0].Path)
	files, err = Resolve(context.Background(), ResolveOptions{Path: "d//*.csv"})
	require.NoError(t, err)
	require.Equal(t, []string{"d/one.csv"}, paths(files))
}

func TestResolveHive(t *testing.T) {
	tree(t, treeFiles...)
	files, err := Resolve(context.Background(), ResolveOptions{Path: "h", Hive: true})
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.Equal(t, []KeyValue{{Key: "_k", Value: "a/b"}}, files[0].Hive)
	require.Equal(t, []KeyValue{{Key: "year", Value: "2023"}, {Key: "month", Value: "01"}}, files[1].Hive)
	require.True(t, files[2].Hive[1].Null)
}

func TestResolveFaults(t *testing.T) {
	tree(t, "trips/green_2023-01.parquet", "trips/green_2023-02.parquet", "empty/readme.txt")
	cases := []struct {
		opts ResolveOptions
		kind fault.Kind
		want []string
	}{
		{ResolveOptions{}, fault.Plan, []string{"no path"}},
		{ResolveOptions{Path: "trips/green_2023-1.parquet"}, fault.Input, []string{"no such file", "trips/green_2023-1.parquet", `did you mean "green_2023-01.parquet"?`}},
		{ResolveOptions{Path: "trisp/green_2023-01.parquet"}, fault.Input, []string{`did you mean "trips"?`}},
		{ResolveOptions{Path: "trips/yellow_*.parquet"}, fault.Input, []string{"no file matches", "trips/yellow_*.parquet", "green_2023-01.parquet"}},
		{ResolveOptions{Path: "trips/[.parquet"}, fault.Plan, []string{"malformed"}},
		{ResolveOptions{Path: "empty", Ext: []string{".csv", ".tsv"}}, fault.Input, []string{".csv or .tsv", "readme.txt"}},
		{ResolveOptions{Path: "https://example.org/a.csv"}, fault.Plan, []string{"not built yet", "https://example.org/a.csv"}},
		{ResolveOptions{Path: "s3://bucket/a.csv"}, fault.Plan, []string{"not built yet"}},
	}
	for _, c := range cases {
		_, err := Resolve(context.Background(), c.opts)
		var f *fault.Error
		require.ErrorAs(t, err, &f, "%+v", c.opts)
		require.Equal(t, c.kind, f.Kind, f.Error())
		for _, w := range c.want {
			require.Contains(t, f.Error(), w)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Resolve(ctx, ResolveOptions{Path: "trips"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestExpandBraces(t *testing.T) {
	require.Equal(t, []string{"x1a", "x1b", "x2a", "x2b"}, expandBraces("x{1,2}{a,b}", 100))
	require.Equal(t, []string{"a", "bc", "bd"}, expandBraces("{a,b{c,d}}", 100))
	require.Equal(t, []string{"a{b"}, expandBraces("a{b", 100))
	require.Len(t, expandBraces(strings.Repeat("{a,b}", 14), 1000), 1000)
}

func TestOpenFaults(t *testing.T) {
	dir := tree(t, "d/x")
	_, err := File{Path: filepath.Join(dir, "gone")}.Open(context.Background())
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = File{Path: dir}.Open(context.Background())
	var f *fault.Error
	require.True(t, errors.As(err, &f))
	require.Equal(t, dir, f.File)
}

func FuzzExpandBraces(f *testing.F) {
	for _, s := range []string{"a{b,c}", "{{,}}", "}{", "{,{,{,", "**/{a,b}*[x-z]?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if len(p) > 200 {
			return
		}
		if got := expandBraces(p, 256); len(got) == 0 || len(got) > 256 {
			t.Fatalf("%d patterns", len(got))
		}
		staticPrefix(p)
	})
}
