package fileio

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func beginWriteback(*os.File, int64, int64) {}

// syncDisk makes everything on the file system of the open file durable; ok is false where the system cannot.
func syncDisk(*os.File) (ok bool, err error) { return false, nil }

// renameNew renames from to a name that must not exist: fs.ErrExist where it does.
func renameNew(from, to string) error {
	err := unix.RenamexNp(from, to, unix.RENAME_EXCL)
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EINVAL) { // some file systems cannot
		return renameChecked(from, to)
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}

// exchange swaps two names at once; ok is false where the system cannot.
func exchange(a, b string) (ok bool) { return unix.RenamexNp(a, b, unix.RENAME_SWAP) == nil }
