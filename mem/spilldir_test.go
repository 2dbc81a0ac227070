package mem

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
)

func names(t *testing.T, dir string) (list []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestSpillDirIsLazyAndVanishes(t *testing.T) {
	base := t.TempDir()
	d := NewSpillDir(base)
	require.Equal(t, base, d.Base())
	require.Empty(t, names(t, base))
	f, err := d.Create()
	require.NoError(t, err)
	require.Len(t, names(t, base), 1)
	g, err := d.Create()
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("hello"), 3)
	require.NoError(t, err)
	got := make([]byte, 5)
	_, err = f.ReadAt(got, 3)
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
	_, err = f.ReadAt(got, 6)
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	require.Empty(t, names(t, base))
	require.NoError(t, g.Close())
	_, err = d.Create()
	require.Error(t, err)
}

func TestSpillDirWithoutAFolder(t *testing.T) {
	base := filepath.Join(t.TempDir(), "absent")
	_, err := NewSpillDir(base).Create()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Input, f.Kind)
	require.Contains(t, err.Error(), base)
	require.Contains(t, err.Error(), "sched.SpillDir")
}

func TestSpillErrorKinds(t *testing.T) {
	err := SpillError("/data", "write to", 77, fmt.Errorf("x: %w", io.ErrShortWrite))
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Memory, f.Kind, "no room in memory nor on disk")
	require.Contains(t, err.Error(), "/data (77 bytes)")
	require.ErrorAs(t, SpillError("/data", "read from", 1, fs.ErrPermission), &f)
	require.Equal(t, fault.Input, f.Kind)
	require.Same(t, err, SpillError("/other", "write to", 1, err), "a fault stays as it is")
}

// Folders are made, used, swept and closed all at once: no owner ever loses its folder.
func TestSweepSparesTheLiving(t *testing.T) {
	base := t.TempDir()
	stop := make(chan struct{})
	var sweeping, wg sync.WaitGroup
	sweeping.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				sweep(base)
			}
		}
	})
	for range 4 {
		wg.Go(func() {
			for range 40 {
				d := NewSpillDir(base)
				f, err := d.Create()
				if !assert.NoError(t, err) {
					return
				}
				_, err = f.WriteAt([]byte("x"), 0)
				assert.NoError(t, err)
				_, err = os.Stat(d.path)
				assert.NoError(t, err)
				_, err = d.Create()
				assert.NoError(t, err)
				assert.NoError(t, d.Close())
			}
		})
	}
	wg.Wait()
	close(stop)
	sweeping.Wait()
	for _, n := range names(t, base) { // a folder that lost its lock before it was locked, of none
		t.Error("left:", n)
	}
}

func TestSweepRemovesTheDeadAndNothingElse(t *testing.T) {
	base := t.TempDir()
	stale := filepath.Join(base, spillPrefix+"123")
	require.NoError(t, os.MkdirAll(filepath.Join(stale, "sub"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(stale, lockName), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(stale, "rows-1"), []byte("x"), 0o600))
	young := filepath.Join(base, spillPrefix+"young")
	require.NoError(t, os.Mkdir(young, 0o700))
	old := filepath.Join(base, spillPrefix+"old")
	require.NoError(t, os.Mkdir(old, 0o700))
	hourAgo := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(old, hourAgo, hourAgo))
	require.NoError(t, os.WriteFile(filepath.Join(base, spillPrefix+"file"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(base, "mine"), 0o700))
	SweepSpill(base)
	require.Equal(t, []string{"mine", spillPrefix + "file", spillPrefix + "young"}, names(t, base))
	require.NoError(t, os.MkdirAll(stale, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(stale, lockName), nil, 0o600))
	SweepSpill(base)
	require.DirExists(t, stale, "once a process and base")
	SweepSpill(filepath.Join(base, "absent"))
}

const (
	childVar  = "SHEAF_TEST_SPILL_CHILD"
	childBase = "SHEAF_TEST_SPILL_BASE"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childVar) {
	case "":
		os.Exit(m.Run())
	case "spill":
		spillForever(os.Getenv(childBase))
	case "full":
		fillUp(os.Getenv(childBase))
	}
}

// spillForever makes folders and files until it is killed.
func spillForever(base string) {
	fmt.Println("ready")
	for i := 0; ; i++ {
		d := NewSpillDir(base)
		for range 3 {
			f, err := d.Create()
			if err == nil {
				_, err = f.WriteAt(make([]byte, 100_000), int64(i))
			}
			if err != nil {
				fmt.Println(err)
				os.Exit(3)
			}
		}
		if i%3 != 0 { // some folders stay open
			_ = d.Close()
		}
	}
}

func child(t *testing.T, what, base string) *exec.Cmd {
	exe, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(exe)
	c.Env = append(os.Environ(), childVar+"="+what, childBase+"="+base)
	return c
}

// What a killed process leaves is gone after the next start, and nothing of a living one.
func TestKilledProcessesLeaveNothingForLong(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	base := t.TempDir()
	living := NewSpillDir(base)
	_, err := living.Create()
	require.NoError(t, err)
	own := names(t, base)
	left := 0
	for range 12 {
		c := child(t, "spill", base)
		out, err := c.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "ready", strings.TrimSpace(line))
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		require.NoError(t, c.Process.Kill())
		_ = c.Wait()
		left += len(names(t, base)) - len(own)
		sweep(base)
		for _, n := range names(t, base) {
			if _, err := os.Stat(filepath.Join(base, n, lockName)); errors.Is(err, fs.ErrNotExist) {
				// Killed between making the folder and its lock: a later sweep takes it.
				long := time.Now().Add(-2 * lockGrace)
				require.NoError(t, os.Chtimes(filepath.Join(base, n), long, long))
			}
		}
		sweep(base)
		require.Equal(t, own, names(t, base))
	}
	require.Positive(t, left, "the test must see folders that were left")
	require.NoError(t, living.Close())
	require.Empty(t, names(t, base))
}
