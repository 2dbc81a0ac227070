//go:build !linux && !darwin

package fileio

import "os"

func beginWriteback(*os.File, int64, int64) {}

// syncDisk makes everything on the file system of the open file durable; ok is false where the system cannot.
func syncDisk(*os.File) (ok bool, err error) { return false, nil }

// renameNew renames from to a name that must not exist: fs.ErrExist where it does.
func renameNew(from, to string) error { return renameChecked(from, to) }

// exchange swaps two names at once; ok is false where the system cannot.
func exchange(a, b string) (ok bool) { return false }
