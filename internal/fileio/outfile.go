package fileio

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/sheafdata/sheaf/fault"
)

// OutFile is a file being written in a Stage.
type OutFile struct {
	file   *os.File
	shown  string // what errors call it
	size   atomic.Int64
	pushed atomic.Int64 // bytes whose way to the disk has begun
}

// pushEvery is how many bytes gather before the system is asked to begin writing them: the sync at the end then waits for little.
const pushEvery = 8 << 20

// create begins a file; shown is its name in errors.
func create(path, shown string) (*OutFile, error) {
	err := before("create")
	if err != nil {
		return nil, writeFault(shown, "create the file", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, writeFault(shown, "create the file", err)
	}
	return &OutFile{file: f, shown: shown}, nil
}

// Append writes b after all that was appended so far and returns where it stands. It is safe for concurrent use: each call has bytes
// of its own.
func (o *OutFile) Append(b []byte) (off int64, err error) {
	if err := before("write"); err != nil {
		return 0, writeFault(o.shown, "write", err)
	}
	end := o.size.Add(int64(len(b)))
	off = end - int64(len(b))
	if _, err := o.file.WriteAt(b, off); err != nil {
		return 0, writeFault(o.shown, "write", err)
	}
	if from := o.pushed.Load(); end-from >= pushEvery && o.pushed.CompareAndSwap(from, end) {
		beginWriteback(o.file, from, end-from)
	}
	return off, nil
}

// Write implements io.Writer.
func (o *OutFile) Write(b []byte) (int, error) {
	if _, err := o.Append(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Sibling begins another file beside this one, for what does not fit in memory. Its errors name the same output.
func (o *OutFile) Sibling(name string) (*OutFile, error) {
	return create(filepath.Join(filepath.Dir(o.file.Name()), name), o.shown)
}

// Size returns the bytes appended so far.
func (o *OutFile) Size() int64 { return o.size.Load() }

// Name is the name that errors show: the output's, not that of the temporary file.
func (o *OutFile) Name() string { return o.shown }

// Truncate drops what was appended from off on. Nobody may be appending.
func (o *OutFile) Truncate(off int64) error {
	if err := o.file.Truncate(off); err != nil {
		return writeFault(o.shown, "write", err)
	}
	o.size.Store(off)
	o.pushed.Store(min(o.pushed.Load(), off))
	return nil
}

// ReadAt implements io.ReaderAt over what was written.
func (o *OutFile) ReadAt(b []byte, off int64) (int, error) { return o.file.ReadAt(b, off) }

// Finish syncs the file to the disk and closes it.
func (o *OutFile) Finish() error {
	err := before("sync")
	if err == nil {
		err = o.file.Sync()
	}
	if closed := o.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return writeFault(o.shown, "write", err)
	}
	return nil
}

// Discard closes the file without a sync: it is to be removed.
func (o *OutFile) Discard() { _ = o.file.Close() }

// writeFault makes an error of the file system one that names the output.
func writeFault(name, what string, err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		err = pe.Err
	case errors.As(err, &le):
		err = le.Err
	}
	e := fault.New(fault.Input, "write", "cannot %s: %w", what, err)
	e.File = name
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return e.WithHint("free some space, or write to another disk; nothing of this write is left")
	case errors.Is(err, fs.ErrPermission):
		return e.WithHint("the folder %s must be writable", filepath.Dir(name))
	}
	return e
}
