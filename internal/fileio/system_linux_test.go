package fileio

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestSyncOfTheDisk: errors of the disk fail a write of many small files, and leave nothing; where the system cannot or may not sync all at
// once, each file is synced. What is synced was opened before the files were written.
func TestSyncOfTheDisk(t *testing.T) {
	defer func(was func(int) error) { syncfs = was }(syncfs)
	for _, c := range []struct {
		err  error
		fail bool
	}{{nil, false}, {unix.EIO, true}, {unix.ENOSPC, true}, {unix.EDQUOT, true}, {unix.EPERM, false}, {unix.EINVAL, false}, {unix.ENOSYS, false}, {unix.EACCES, false}} {
		for _, existing := range []Existing{Refuse, Extend} {
			dir := t.TempDir()
			path := filepath.Join(dir, "out")
			require.NoError(t, os.MkdirAll(path, 0o777))
			calls, lock := 0, 0
			syncfs = func(fd int) error {
				calls++
				require.Equal(t, lock, fd)
				return c.err
			}
			w, err := Begin(OutputOptions{Path: path, Folder: true, Existing: existing})
			require.NoError(t, err)
			lock = int(w.stage.lock.Fd())
			var files []Staged
			for i := range 2 * fewSyncs {
				o, err := w.Create(fmt.Sprint(i))
				require.NoError(t, err)
				_, err = o.Append([]byte("x"))
				require.NoError(t, err)
				require.NoError(t, w.Finish(o))
				files = append(files, Staged{File: fmt.Sprint(i), Name: fmt.Sprintf("k=%d/part-%%d.csv", i)})
			}
			names, err := w.Commit(files)
			require.Positive(t, calls)
			left := 0
			require.NoError(t, filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
				if !d.IsDir() {
					left++
				}
				return err
			}))
			if c.fail {
				require.ErrorIs(t, err, c.err)
				require.Zero(t, left)
				continue
			}
			require.NoError(t, err)
			require.Len(t, names, 2*fewSyncs)
			require.Equal(t, 2*fewSyncs, left)
		}
	}
}
