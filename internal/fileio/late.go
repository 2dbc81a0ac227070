package fileio

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// late are the small files of a write that are not synced yet. One at a time, thousands of them take a disk's whole latency each; at the
// commit one call makes all durable, where the system has it.
type late struct {
	mu    sync.Mutex
	files []string
}

const (
	// lateBytes is how large a file is that is synced at once.
	lateBytes = 1 << 20
	// fewSyncs is how many files or folders are synced one by one.
	fewSyncs = 64
)

// Finish is OutFile.Finish for a file that this write commits: a small one becomes durable at Commit only.
func (w *Output) Finish(o *OutFile) error {
	if o.Size() >= lateBytes {
		return o.Finish()
	}
	err := before("sync")
	if closed := o.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return writeFault(o.shown, "write", err)
	}
	w.late.mu.Lock()
	defer w.late.mu.Unlock()
	w.late.files = append(w.late.files, o.file.Name())
	return nil
}

// syncLate makes the late files durable, which are still in the stage.
func (w *Output) syncLate() error {
	files := w.late.files
	w.late.files = nil
	if len(files) > fewSyncs {
		if ok, err := syncDisk(w.stage.lock); ok || err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := syncFile(f); err != nil {
			return err
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return syncAndClose(f)
}

func syncAndClose(f *os.File) error {
	err := f.Sync()
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// syncTree makes a new tree durable: its folders, and its files where they may be late.
func (w *Output) syncTree(root string) error {
	if err := before("sync tree"); err != nil {
		return err
	}
	late := len(w.late.files) > 0
	if late {
		if ok, err := syncDisk(w.stage.lock); ok || err != nil {
			return err
		}
	}
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return syncFolder(p)
		case late:
			return syncFile(p)
		}
		return nil
	})
}
