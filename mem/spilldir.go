package mem

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/fault"
)

// SpillDir is the folder of one run's temporary files, below a folder of the user's. It is made with the first file and vanishes at
// Close. Where the system can, files have no name once they are open, so that they end with the process, however it ends. The folder
// holds a lock as long as its owner lives; SweepSpill removes those that nobody holds. It is safe for concurrent use.
type SpillDir struct {
	base string

	mu     sync.Mutex
	path   string
	lock   *os.File
	open   map[*SpillFile]struct{}
	closed bool
}

// SpillFile is a temporary file, read and written at offsets by several goroutines at once.
type SpillFile struct {
	file *os.File
	name string // "" where the file has no name any more
	dir  *SpillDir
}

const (
	// spillPrefix begins the names of run folders: by it a sweep knows ours.
	spillPrefix = "sheaf-spill-"
	lockName    = "lock"
	// lockGrace is how long a folder without a lock is left alone: its owner may be about to make it.
	lockGrace = time.Minute
)

// NewSpillDir returns a folder below base, "" for the system's temporary folder. Nothing is made yet.
func NewSpillDir(base string) *SpillDir {
	return &SpillDir{base: base, open: map[*SpillFile]struct{}{}}
}

// Base returns the folder that files are made below, as users know it.
func (d *SpillDir) Base() string {
	if d.base == "" {
		return os.TempDir()
	}
	return d.base
}

// Create makes a file. It fails with an Input fault that names the folder and the knob.
func (d *SpillDir) Create() (*SpillFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, fault.New(fault.Internal, "spill", "the run's spill folder is closed")
	}
	if d.path == "" {
		if err := d.make(); err != nil {
			return nil, SpillError(d.Base(), "make a folder in", 0, err)
		}
	}
	file, name, err := createSpillFile(d.path)
	if err != nil {
		return nil, SpillError(d.Base(), "make a file in", 0, err)
	}
	f := &SpillFile{file: file, name: name, dir: d}
	d.open[f] = struct{}{}
	return f, nil
}

// make makes the folder and takes its lock. A sweep that comes between the two may win the lock or remove the folder: then another
// folder is made.
func (d *SpillDir) make() error {
	var err error
	for range 10 {
		var path string
		if path, err = os.MkdirTemp(d.Base(), spillPrefix); err != nil {
			return err
		}
		name := filepath.Join(path, lockName)
		lock, lockErr := tryLock(name, true)
		if lockErr == nil && stillThere(lock, name) {
			d.path, d.lock = path, lock
			return nil
		}
		if lockErr == nil {
			_ = lock.Close()
		}
		_ = os.RemoveAll(path)
		err = errors.Join(errors.New("a sweep of stale folders took it"), lockErr)
	}
	return err
}

// stillThere says whether the name still leads to the file that was locked.
func stillThere(lock *os.File, name string) bool {
	a, err1 := lock.Stat()
	b, err2 := os.Stat(name)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// Close removes the folder with all that is in it and closes files that are still open. It may be called several times.
func (d *SpillDir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	var errs []error
	for f := range d.open {
		errs = append(errs, f.release())
	}
	clear(d.open)
	if d.path == "" {
		return errors.Join(errs...)
	}
	// The lock goes last on systems that lock open files by name, first on none: nobody else may take the folder meanwhile.
	errs = append(errs, removeLocked(d.path, d.lock))
	d.path, d.lock = "", nil
	if err := errors.Join(errs...); err != nil {
		return SpillError(d.Base(), "remove the run's folder in", 0, err)
	}
	return nil
}

// WriteAt writes all of p at off, or fails with a fault that names folder, bytes and knob.
func (f *SpillFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.file.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, SpillError(f.dir.Base(), "write to", len(p), err)
	}
	return n, nil
}

// ReadAt fills p from off.
func (f *SpillFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.file.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	return n, SpillError(f.dir.Base(), "read from", len(p), err)
}

// Close ends the file. It may be called several times.
func (f *SpillFile) Close() error {
	f.dir.mu.Lock()
	defer f.dir.mu.Unlock()
	if _, ok := f.dir.open[f]; !ok {
		return nil
	}
	delete(f.dir.open, f)
	return f.release()
}

func (f *SpillFile) release() error {
	err := f.file.Close()
	if f.name != "" {
		if gone := os.Remove(f.name); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// SpillError makes the failure to do something with bytes in a spill folder a fault. A disk that is full is of kind Memory, since
// neither memory nor disk has room for the rows; all else is of kind Input.
func SpillError(folder, what string, bytes int, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	kind := fault.Input
	if isFull(err) || errors.Is(err, io.ErrShortWrite) {
		kind = fault.Memory
	}
	size := ""
	if bytes > 0 {
		size = " " + sizeText(bytes)
	}
	return fault.New(kind, "spill", "cannot %s the spill folder %s%s: %w", what, folder, size, err).
		WithHint("rows that exceed the memory budget wait there: name a folder with room by sched.SpillDir(path), or raise sched.Memory(bytes)")
}

var swept sync.Map // bases that this process has swept

// SweepSpill removes the run folders below base that dead processes have left, "" for the system's temporary folder. Only the first
// call of a process for a base does something. It is best effort: what cannot be removed stays.
func SweepSpill(base string) {
	if base == "" {
		base = os.TempDir()
	}
	if _, done := swept.LoadOrStore(base, struct{}{}); !done {
		sweep(base)
	}
}

func sweep(base string) {
	dir, err := os.Open(base)
	if err != nil {
		return
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(1024)
		for _, name := range names {
			if strings.HasPrefix(name, spillPrefix) {
				sweepOne(filepath.Join(base, name))
			}
		}
		if err != nil || len(names) == 0 {
			return
		}
	}
}

// sweepOne removes a run folder if its lock is free. Who holds the lock while removing it keeps the owner of a folder that is just
// being made away from it.
func sweepOne(path string) {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return
	}
	lock, err := tryLock(filepath.Join(path, lockName), false)
	switch {
	case err == nil:
		_ = removeLocked(path, lock)
	case errors.Is(err, fs.ErrNotExist) && time.Since(info.ModTime()) > lockGrace:
		_ = os.RemoveAll(path)
	}
}

// sizeText is "(12 bytes)".
func sizeText(n int) string { return "(" + strconv.Itoa(n) + " bytes)" }

// Truncate makes the file so long.
func (f *SpillFile) Truncate(size int64) error { return f.file.Truncate(size) }
