//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly && !windows

package mem

import (
	"errors"
	"os"
)

func createSpillFile(folder string) (f *os.File, name string, err error) {
	if f, err = os.CreateTemp(folder, "rows-"); err != nil {
		return nil, "", err
	}
	return f, f.Name(), nil
}

var errNoLocks = errors.New("no locks on this system")

// tryLock makes the file of an owner. There are no locks here that end with a process, so a sweep takes none and leaves all folders.
func tryLock(name string, create bool) (*os.File, error) {
	if !create {
		return nil, errNoLocks
	}
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
}

func removeLocked(folder string, lock *os.File) error {
	return errors.Join(lock.Close(), os.RemoveAll(folder))
}

// isFull says no: these systems have no common error for it. A short write is seen all the same.
func isFull(error) bool { return false }
