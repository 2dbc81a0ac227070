package fileio

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(t testing.TB, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
}

func journalOf(t testing.TB, moves ...move) string {
	b, err := json.Marshal(moves)
	require.NoError(t, err)
	return string(b)
}

// TestSweepUndoes leaves a folder as a process that died in the middle of its moves would.
func TestSweepUndoes(t *testing.T) {
	dir := t.TempDir()
	stage := filepath.Join(dir, StagePrefix+"dead")
	write(t, filepath.Join(dir, "part-00000.csv"), "old")
	write(t, filepath.Join(dir, "part-00001.csv"), "new, moved")
	write(t, filepath.Join(stage, "b"), "new, not moved")
	write(t, filepath.Join(stage, "lock"), "")
	write(t, filepath.Join(stage, journalName), journalOf(t, move{filepath.Base(stage) + "/a", "part-00001.csv"}, move{filepath.Base(stage) + "/b", "k=1/part-00002.csv"}))
	files, err := Resolve(context.Background(), ResolveOptions{Path: dir, Ext: []string{".csv"}})
	require.NoError(t, err)
	require.Len(t, files, 1, "readers leave out what does not count yet")
	files, err = Resolve(context.Background(), ResolveOptions{Path: dir + "/*.csv"})
	require.NoError(t, err)
	require.Len(t, files, 1, "patterns too")
	Sweep(dir)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "part-00000.csv", entries[0].Name())
}

// TestSweepSparesTheLiving: the stage of a write under way stays.
func TestSweepSparesTheLiving(t *testing.T) {
	dir := t.TempDir()
	w, err := Begin(OutputOptions{Path: filepath.Join(dir, "out"), Folder: true})
	require.NoError(t, err)
	Sweep(dir)
	f, err := w.Create("x")
	require.NoError(t, err)
	_, err = f.Append([]byte("rows"))
	require.NoError(t, err)
	require.NoError(t, f.Finish())
	names, err := w.Commit([]Staged{{File: "x", Name: "part-%d.csv"}})
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "out", "part-00000.csv")}, names)
	require.FileExists(t, names[0])
	require.NoError(t, w.Abort(), "after Commit it does nothing")
	require.FileExists(t, names[0])
}

// TestTwoWritesToOnePlace: the second one to commit finds that it is taken.
func TestTwoWritesToOnePlace(t *testing.T) {
	for _, folder := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "out")
		var writes []*Output
		for range 2 {
			w, err := Begin(OutputOptions{Path: path, Folder: folder})
			require.NoError(t, err)
			f, err := w.Create("x")
			require.NoError(t, err)
			require.NoError(t, f.Finish())
			writes = append(writes, w)
		}
		name := ""
		if folder {
			name = "part-%d"
		}
		_, err := writes[1].Commit([]Staged{{File: "x", Name: name}})
		require.NoError(t, err)
		_, err = writes[0].Commit([]Staged{{File: "x", Name: name}})
		require.ErrorContains(t, err, "it came to be there")
		entries, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, entries, 1)
	}
}

func TestLinksAreFollowed(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "real.csv"), filepath.Join(dir, "link.csv")
	write(t, target, "old")
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	w, err := Begin(OutputOptions{Path: link, Existing: Replace})
	require.NoError(t, err)
	f, err := w.Create("x")
	require.NoError(t, err)
	_, err = f.Append([]byte("new"))
	require.NoError(t, err)
	require.NoError(t, f.Finish())
	_, err = w.Commit([]Staged{{File: "x"}})
	require.NoError(t, err)
	b, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "new", string(b))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
}

func TestHiveFoldersReadBack(t *testing.T) {
	for _, v := range []string{"", "a", "a/b", "a=b", "100%", "..", "x.", "x ", "größe", hiveNull, "a\nb", `c:\d`, "?*", "%2F"} {
		name := HiveFolder("k/1", v, false)
		require.NotContains(t, name[3:], "/")
		require.Equal(t, []KeyValue{{Key: "k/1", Value: v}}, hiveOf("out/"+name+"/part"), "%q", v)
	}
	require.True(t, hiveOf("out/" + HiveFolder("k", "", true) + "/part")[0].Null)
}

// FuzzJournal sweeps stages with any journal: nothing outside the folder may be touched.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(journalOf(f, move{StagePrefix + "x/a", "../outside"})))
	f.Add([]byte(journalOf(f, move{StagePrefix + "x/a", "inside"}, move{"/etc/a", "b"})))
	f.Add([]byte("[{}]"))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, journal []byte) {
		base := t.TempDir()
		dir := filepath.Join(base, "dir")
		write(t, filepath.Join(base, "outside"), "keep")
		write(t, filepath.Join(dir, "inside"), "data")
		write(t, filepath.Join(dir, StagePrefix+"x", journalName), string(journal))
		Sweep(dir)
		_, _ = Resolve(context.Background(), ResolveOptions{Path: dir})
		b, err := os.ReadFile(filepath.Join(base, "outside"))
		require.NoError(t, err)
		require.Equal(t, "keep", string(b))
	})
}
