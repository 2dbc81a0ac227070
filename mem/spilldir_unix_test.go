//go:build linux || darwin

package mem

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sheafdata/sheaf/fault"
)

// fillUp writes until the system allows no more.
func fillUp(base string) {
	signal.Ignore(unix.SIGXFSZ)
	limit := unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
	d := NewSpillDir(base)
	f, err := d.Create()
	for i := 0; err == nil && i < 100; i++ {
		_, err = f.WriteAt(make([]byte, 100_000), int64(i)*100_000)
	}
	var full *fault.Error
	if !errors.As(err, &full) || full.Kind != fault.Memory {
		fmt.Println("not full:", err)
		os.Exit(4)
	}
	fmt.Println(err)
	if err := d.Close(); err != nil {
		fmt.Println(err)
		os.Exit(5)
	}
	os.Exit(0)
}

func TestFullDiskIsAClearError(t *testing.T) {
	base := t.TempDir()
	out, err := child(t, "full", base).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "cannot write to the spill folder "+base+" (100000 bytes)")
	require.Contains(t, string(out), "sched.SpillDir")
	require.Empty(t, names(t, base))
}

// A file has no name once it is open, so that it ends with the process.
func TestSpillFilesHaveNoName(t *testing.T) {
	base := t.TempDir()
	d := NewSpillDir(base)
	_, err := d.Create()
	require.NoError(t, err)
	require.Equal(t, []string{lockName}, names(t, d.path))
	require.NoError(t, d.Close())
}
