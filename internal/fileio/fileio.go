// Package fileio turns what a user names into files and bytes: one file, a glob, a folder, several files, standard input; from the
// system or an fs.FS; whole files by range and streams decompressed on the way. And it makes files and folders that appear whole or not
// at all (Output). Readers, writers and the command share it.
//
// It must not know formats beyond compression codecs, nor frames. It imports fault, the codecs and x/sys only.
package fileio

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/sheafdata/sheaf/fault"
)

// File is an input file that Resolve found.
type File struct {
	// Path is the file's name as given, or joined to the folder or pattern as given: what errors show. "-" is standard input.
	Path string
	// Size in bytes; -1 is unknown (standard input and pipes that were not read yet).
	Size int64
	// ModTime is when the file changed last; caches key on it with Path and Size.
	ModTime time.Time
	// FS holds the file; nil is the system's.
	FS fs.FS
	// Hive lists the key=value folders on the way to the file, outermost first, where ResolveOptions.Hive asked for them.
	Hive []KeyValue
	// pipe holds what a pipe gave, which can be read but once; nil for other files.
	pipe *spooled
}

// KeyValue is a folder name of the form key=value, both unescaped.
type KeyValue struct {
	Key, Value string
	// Null is set for the name that stands for a null value.
	Null bool
}

// Stdin is the path that means standard input.
const Stdin = "-"

// IsStdin says whether the file is standard input.
func (f File) IsStdin() bool { return f.Path == Stdin && f.FS == nil }

// Portable says whether another process on a shared file system can open the file by its path.
func (f File) Portable() bool { return f.FS == nil && !f.IsStdin() && f.pipe == nil }

// Handle is an open file that is read by range, from any goroutine.
type Handle interface {
	io.ReaderAt
	// Size is the file's length in bytes when it was opened.
	Size() int64
	Close() error
}

// Open opens the file for reading by range. Standard input and pipes are spooled to a temporary file the first time; a file of an fs.FS without
// ReadAt is read into memory. The caller closes the Handle.
func (f File) Open(ctx context.Context) (Handle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.IsStdin() {
		return openStdin()
	}
	if f.FS != nil {
		return f.openFS()
	}
	if f.pipe != nil {
		return f.openPipe()
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, f.fail("open", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "open", Path: f.Path, Err: fs.ErrInvalid}
	}
	if err != nil {
		_ = file.Close()
		return nil, f.fail("open", err)
	}
	return &systemHandle{File: file, size: info.Size()}, nil
}

// systemHandle reads by pread: a file that shrinks gives an error, where a mapping would kill the process.
type systemHandle struct {
	*os.File
	size int64
}

func (h *systemHandle) Size() int64 { return h.size }

func (f File) openFS() (Handle, error) {
	file, err := f.FS.Open(f.Path)
	if err != nil {
		return nil, f.fail("open", err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, f.fail("open", err)
	}
	if at, ok := file.(io.ReaderAt); ok {
		return &fsHandle{ReaderAt: at, file: file, size: info.Size()}, nil
	}
	data, err := io.ReadAll(file)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, f.fail("read", err)
	}
	return NewBytes(data), nil
}

type fsHandle struct {
	io.ReaderAt
	file fs.File
	size int64
}

func (h *fsHandle) Size() int64  { return h.size }
func (h *fsHandle) Close() error { return h.file.Close() }

// fail wraps an error of the file system with the file's name.
func (f File) fail(what string, err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		err = pe.Err
	}
	e := fault.New(fault.Input, "read", "cannot %s: %w", what, err)
	e.File = f.Path
	return e
}

// system is the file system that paths are looked up in: the process's, or an fs.FS. Paths of an fs.FS are slash-separated and
// cleaned, as fs.ValidPath wants them.
type system struct{ fs fs.FS }

func (s system) stat(name string) (fs.FileInfo, error) {
	if s.fs != nil {
		return fs.Stat(s.fs, clean(name))
	}
	return os.Stat(filepath.FromSlash(name))
}

func (s system) readDir(name string) ([]fs.DirEntry, error) {
	if s.fs != nil {
		return fs.ReadDir(s.fs, clean(name))
	}
	if name == "" {
		name = "."
	}
	return os.ReadDir(filepath.FromSlash(name))
}

func (s system) file(name string, info fs.FileInfo) File {
	if s.fs != nil {
		name = clean(name)
	} else {
		name = filepath.FromSlash(name)
	}
	f := File{Path: name, Size: info.Size(), ModTime: info.ModTime(), FS: s.fs}
	if s.fs == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		f.Size, f.pipe = -1, &spooled{}
	}
	return f
}

func clean(name string) string {
	name = path.Clean(name)
	for len(name) > 1 && name[0] == '/' {
		name = name[1:]
	}
	return name
}
