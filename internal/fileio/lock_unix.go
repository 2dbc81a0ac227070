//go:build unix && !solaris && !aix && !illumos

package fileio

import (
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the file's lock, which the system gives back when the process ends however it ends. taken says that another has it; where
// the file system has no locks, nobody has.
func tryLock(f *os.File) (locked, taken bool) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	return err == nil, err == unix.EWOULDBLOCK
}

// lockFolder waits for the lock of a folder; unlock gives it back.
func lockFolder(dir string) (unlock func()) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}
	}
	for unix.Flock(int(f.Fd()), unix.LOCK_EX) == unix.EINTR {
	}
	return func() { _ = f.Close() }
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return syncAndClose(f)
}
