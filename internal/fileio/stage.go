package fileio

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Stage is a hidden folder in which a write builds its files. Whoever made it holds the lock of the file in it, which the system
// gives back when the process ends however it ends: a stage whose lock can be had belongs to nobody, and the next write removes it.
type Stage struct {
	// Dir is the folder.
	Dir string
	// lock is open from before the first file until after the last sync: errors of the disk in between are told to it.
	lock *os.File
	keep bool // it must stay, with its journal, for the next write
}

const (
	// StagePrefix begins the names of stages. Readers skip names that begin with a dot.
	StagePrefix = ".sheaf-write-"
	lockName    = "lock"
	journalName = "journal"
)

// newStage makes a stage in the folder dir.
func newStage(dir string) (*Stage, error) {
	for {
		if err := before("stage"); err != nil {
			return nil, err
		}
		s := &Stage{Dir: filepath.Join(dir, StagePrefix+newID())}
		if err := os.Mkdir(s.Dir, 0o777); err != nil {
			return nil, err
		}
		err := s.hold()
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			_ = os.RemoveAll(s.Dir)
			return nil, err
		}
		// another write took the folder for a dead one before it was locked: make another one
	}
}

func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// hold locks the new stage and makes sure that it still stands under its name.
func (s *Stage) hold() error {
	name := filepath.Join(s.Dir, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, taken := tryLock(f); taken { // a sweep had the file first, and removes it
		_ = f.Close()
		return fs.ErrNotExist
	}
	mine, err1 := f.Stat()
	there, err2 := os.Stat(name)
	if err1 != nil || err2 != nil || !os.SameFile(mine, there) {
		_ = f.Close()
		return fs.ErrNotExist
	}
	s.lock = f
	return nil
}

// remove takes the stage away with all that is in it.
func (s *Stage) remove() error {
	if s.lock != nil { // some systems do not remove what is open
		_ = s.lock.Close()
		s.lock = nil
	}
	if s.keep {
		return nil
	}
	err := os.RemoveAll(s.Dir)
	if err != nil { // once more, where permissions of folders in it were the reason
		_ = filepath.WalkDir(s.Dir, func(p string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				_ = os.Chmod(p, 0o700)
			}
			return nil
		})
		err = os.RemoveAll(s.Dir)
	}
	return err
}

// Sweep removes from the folder what writes left behind whose process is gone: it undoes their half-done moves and removes their
// stages. What belongs to a running process stays. Errors are not reported: what cannot be removed now stays for the next time.
func Sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), StagePrefix) {
			sweepStage(filepath.Join(dir, e.Name()))
		}
	}
}

func sweepStage(dir string) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return
	}
	if locked, _ := tryLock(f); !locked {
		_ = f.Close()
		return
	}
	s := &Stage{Dir: dir, lock: f}
	if moves, err := readJournal(dir); err != nil || undo(filepath.Dir(dir), moves) != nil {
		_ = f.Close() // it cannot be undone now: the journal must stay
		return
	}
	_ = os.Remove(filepath.Join(dir, journalName))
	// A write may have made the folder at this moment and wait to lock it: it must not find it under its name once the lock is free. Some
	// systems do not rename what holds an open file.
	if dead := filepath.Join(filepath.Dir(dir), StagePrefix+newID()); os.Rename(dir, dead) == nil {
		s.Dir = dead
	}
	_ = s.remove()
}
