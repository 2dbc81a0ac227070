package fileio

import (
	"errors"
	"io/fs"
	"os"
)

// renameChecked renames where the system has no renaming that refuses: it looks first.
func renameChecked(from, to string) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fs.ErrExist
		}
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return os.Rename(from, to)
}
