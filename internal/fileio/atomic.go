package fileio

import (
	"errors"
	"os"
	"path/filepath"
)

// AtomicFile is a file being written that appears under its name whole, at Commit, or not at all.
type AtomicFile struct {
	*os.File
	path string
	done bool
}

// CreateAtomic begins a file in the folder of its final name, under a hidden temporary one.
func CreateAtomic(path string) (*AtomicFile, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".sheaf-tmp-*")
	if err != nil {
		return nil, File{Path: path}.fail("create", err)
	}
	return &AtomicFile{File: f, path: path}, nil
}

// Commit syncs the file to disk and gives it its name, replacing what was there.
func (a *AtomicFile) Commit() error {
	if a.done {
		return nil
	}
	a.done = true
	err := errors.Join(a.Sync(), a.File.Close())
	if err == nil {
		err = os.Rename(a.Name(), a.path)
	}
	if err != nil {
		_ = os.Remove(a.Name())
		return File{Path: a.path}.fail("write", err)
	}
	return nil
}

// Abort removes the file. After Commit it does nothing.
func (a *AtomicFile) Abort() error {
	if a.done {
		return nil
	}
	a.done = true
	return errors.Join(a.File.Close(), os.Remove(a.Name()))
}
