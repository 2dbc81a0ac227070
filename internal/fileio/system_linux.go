package fileio

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// beginWriteback asks the system to write a range of the file out, without waiting.
func beginWriteback(f *os.File, off, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), off, n, unix.SYNC_FILE_RANGE_WRITE)
}

var syncfs = unix.Syncfs // tests change it

// syncDisk makes everything on the file system of the open file durable; an error is one of the disk since the file was opened. ok is
// false where the system cannot, or may not: files and folders are synced one by one then.
func syncDisk(on *os.File) (ok bool, err error) {
	if on == nil {
		return false, nil
	}
	switch err := syncfs(int(on.Fd())); err {
	case nil:
		return true, nil
	case unix.EIO, unix.ENOSPC, unix.EDQUOT:
		return false, os.NewSyscallError("syncfs", err)
	}
	return false, nil
}

// renameNew renames from to a name that must not exist: fs.ErrExist where it does.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) { // some file systems cannot
		return renameChecked(from, to)
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}

// exchange swaps two names at once; ok is false where the system cannot.
func exchange(a, b string) (ok bool) {
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE) == nil
}
