package mem

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/windows"
)

var fileNumber atomic.Int64

// createSpillFile makes a file that the system deletes when its last handle is closed, also when the process is killed.
func createSpillFile(folder string) (f *os.File, name string, err error) {
	path := filepath.Join(folder, "rows-"+strconv.FormatInt(fileNumber.Add(1), 10))
	f, err = openFile(path, windows.FILE_SHARE_DELETE, windows.CREATE_NEW, windows.FILE_ATTRIBUTE_TEMPORARY|windows.FILE_FLAG_DELETE_ON_CLOSE)
	return f, "", err
}

// tryLock opens the lock file so that nobody else can open it. It does not wait.
func tryLock(name string, create bool) (*os.File, error) {
	how := uint32(windows.OPEN_EXISTING)
	if create {
		how = windows.OPEN_ALWAYS
	}
	return openFile(name, 0, how, windows.FILE_ATTRIBUTE_NORMAL)
}

func openFile(path string, share, how, flags uint32) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE|windows.DELETE, share, nil, how, flags, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// removeLocked ends the lock, because an open file cannot be removed here, and removes the folder. A folder that is just being made
// loses its lock's name at most, and its owner then makes another.
func removeLocked(folder string, lock *os.File) error {
	return errors.Join(lock.Close(), os.RemoveAll(folder))
}

// isFull says whether a write failed for want of room.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED) || errors.Is(err, windows.ERROR_FILE_TOO_LARGE)
}
