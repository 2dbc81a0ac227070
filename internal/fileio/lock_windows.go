package fileio

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the file's lock, which the system gives back when the process ends however it ends. taken says that another has it; where
// the file system has no locks, nobody has.
func tryLock(f *os.File) (locked, taken bool) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	return err == nil, err == windows.ERROR_LOCK_VIOLATION
}

// lockFolder does nothing here: folders have no locks.
func lockFolder(string) (unlock func()) { return func() {} }

// syncFolder does nothing here: folders cannot be synced.
func syncFolder(string) error { return nil }
