//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package mem

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// createSpillFile makes a file and takes its name away: it lives as long as it is open.
func createSpillFile(folder string) (f *os.File, name string, err error) {
	if f, err = os.CreateTemp(folder, "rows-"); err != nil {
		return nil, "", err
	}
	if os.Remove(f.Name()) != nil {
		return f, f.Name(), nil // a file system that cannot: Close removes it
	}
	return f, "", nil
}

// tryLock opens the lock file, made where create says so, and takes the lock, which ends with the process. It does not wait.
func tryLock(name string, create bool) (*os.File, error) {
	flags := os.O_RDWR | unix.O_NOFOLLOW
	if create {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(name, flags, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if create && (errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.ENOSYS)) {
		return f, nil // a file system without locks: a sweep cannot take it either, and leaves it
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// removeLocked removes a folder while its lock is held, then ends the lock.
func removeLocked(folder string, lock *os.File) error {
	return errors.Join(os.RemoveAll(folder), lock.Close())
}

// isFull says whether a write failed for want of room: on the disk, in the quota, or up to the largest size of a file.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}
