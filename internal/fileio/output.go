package fileio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sheafdata/sheaf/fault"
)

// Existing says what to do with what is at the output's place already.
type Existing uint8

// What may be done.
const (
	Refuse  Existing = iota // an Exists fault
	Replace                 // it is replaced as a whole
	Extend                  // files are added to the folder
)

// OutputOptions say where a write goes.
type OutputOptions struct {
	// Path is the file or folder.
	Path string
	// Folder says that it is a folder of files.
	Folder bool
	// Existing says what to do with what is there.
	Existing Existing
	// Ext are the extensions of data files (with dot, lower case): a folder is replaced only where it holds nothing else.
	Ext []string
}

// Output is a write under way: files that are built out of sight and get their names together, at Commit.
//
// A new file or folder is built in a hidden folder beside it and renamed. A folder that is replaced is swapped with the new one. Files
// that are added to a folder are built in a hidden folder inside it; a journal makes several renames one, see moveAll.
type Output struct {
	opts   OutputOptions
	stage  *Stage
	target string // Path with symbolic links followed
	parts  []string
	inside bool // the stage is in the target, which exists
	exists bool
	stream bool // the target is no regular file: the bytes are copied into it
	done   bool
	late   late
}

// Staged is a finished file of the stage and the name that it gets: relative to the folder, with slashes; "" where the output is one
// file. The first "%d" of a name stands for a number that is given at Commit: they count up from 0 in each folder, or on from what
// is there.
type Staged struct{ File, Name string }

// Begin checks the place, removes what dead writes left there, and makes the stage.
func Begin(o OutputOptions) (*Output, error) {
	w := &Output{opts: o}
	if err := w.look(); err != nil {
		return nil, err
	}
	parent, parts := anchor(w.target)
	w.parts = parts
	if w.stream {
		parent = os.TempDir()
	}
	Sweep(parent)
	if w.exists && o.Folder {
		Sweep(w.target)
	}
	var err error
	if w.inside = w.exists && o.Folder && o.Existing == Extend; w.inside {
		w.stage, err = newStage(w.target)
	} else {
		w.stage, err = newStage(parent)
		if err != nil && errors.Is(err, fs.ErrPermission) && w.exists && o.Folder { // a folder of ours in one that is not
			w.inside = true
			w.stage, err = newStage(w.target)
		}
	}
	if err != nil {
		return nil, writeFault(o.Path, "make a temporary folder", err)
	}
	return w, nil
}

// look finds out what is at the place.
func (w *Output) look() error {
	o := w.opts
	if o.Path == "" {
		return fault.New(fault.Plan, "write", "no path is given")
	}
	if o.Path == Stdin && !o.Folder {
		w.target, w.stream = o.Path, true
		return nil
	}
	if isURL(o.Path) {
		e := fault.New(fault.Plan, "write", "writing to URLs and object stores is not built yet")
		e.File = o.Path
		return e.WithHint("write to a folder and copy it")
	}
	abs, err := filepath.Abs(o.Path)
	if err != nil {
		return writeFault(o.Path, "find the folder", err)
	}
	w.target = abs
	if info, err := os.Lstat(abs); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if w.target, err = filepath.EvalSymlinks(abs); err != nil {
			return writeFault(o.Path, "follow the link", err)
		}
	}
	info, err := os.Stat(w.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return writeFault(o.Path, "look at the output", err)
	}
	w.exists = true
	return w.mayWrite(info)
}

func (w *Output) mayWrite(info fs.FileInfo) error {
	o := w.opts
	switch {
	case o.Folder && !info.IsDir():
		return existsFault(o.Path, "there is a file of that name, and a folder is to be written")
	case !o.Folder && info.IsDir():
		return existsFault(o.Path, "there is a folder of that name, and a file is to be written")
	case !o.Folder && !info.Mode().IsRegular():
		w.stream = true
		return nil
	case !o.Folder && o.Existing == Extend:
		e := fault.New(fault.Plan, "write", "rows cannot be appended to one file")
		e.File = o.Path
		return e.WithHint("append to a folder: a path without the format's extension")
	case !o.Folder && o.Existing == Refuse:
		return existsFault(o.Path, "the file is there already").WithHint("set Mode: Overwrite, or choose another name")
	case o.Folder && o.Existing == Refuse:
		return w.mustBeEmpty()
	case o.Folder && o.Existing == Replace:
		return w.mustBeOurs()
	}
	return nil
}

func existsFault(path, what string) *fault.Error {
	e := fault.New(fault.Exists, "write", "%s", what)
	e.File = path
	return e
}

// mustBeEmpty allows a folder that holds nothing.
func (w *Output) mustBeEmpty() error {
	entries, err := os.ReadDir(w.target)
	if err != nil {
		return writeFault(w.opts.Path, "list the folder", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), StagePrefix) {
			return existsFault(w.opts.Path, "the folder is there already and is not empty").WithHint("set Mode: Overwrite or Append, or choose another name")
		}
	}
	return nil
}

// mustBeOurs allows a folder that holds data files only: to replace any other one would destroy what nobody meant.
func (w *Output) mustBeOurs() error {
	return filepath.WalkDir(w.target, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return writeFault(w.opts.Path, "list the folder", err)
		case d.IsDir() && p != w.target && strings.HasPrefix(d.Name(), StagePrefix):
			return fs.SkipDir
		case d.IsDir() && (p == w.target || !strings.HasPrefix(d.Name(), ".")) || hidden(d.Name()) && d.Type().IsRegular() || d.Type().IsRegular() && HasExt(d.Name(), w.opts.Ext):
			return nil
		}
		rel, _ := filepath.Rel(w.target, p)
		return existsFault(w.opts.Path, fmt.Sprintf("the folder holds %q, which is no data file: it is not replaced", rel)).WithHint("remove it, or choose another folder")
	})
}

// anchor returns the deepest folder above the target that exists, and the names from there to the target.
func anchor(target string) (dir string, parts []string) {
	dir = filepath.Dir(target)
	parts = []string{filepath.Base(target)}
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || filepath.Dir(dir) == dir {
			return dir, parts
		}
		parts = append([]string{filepath.Base(dir)}, parts...)
		dir = filepath.Dir(dir)
	}
}

// Stage is the folder for the files of the write. It is on the file system of the output.
func (w *Output) Stage() string { return w.stage.Dir }

// Create begins a file of the stage.
func (w *Output) Create(name string) (*OutFile, error) {
	return CreateIn(w.stage.Dir, name, w.opts.Path)
}

// CreateIn begins a file in the stage of a write that another process has begun; shown is the output's name.
func CreateIn(stage, name, shown string) (*OutFile, error) {
	return create(filepath.Join(stage, name), shown)
}

// Abort removes what was written. After Commit it does nothing.
func (w *Output) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	if err := w.stage.remove(); err != nil {
		return writeFault(w.opts.Path, "remove the temporary files", err)
	}
	return nil
}

// Commit gives the files their names, all at once, and returns these. Where it fails nothing of the write is left.
func (w *Output) Commit(files []Staged) (names []string, err error) {
	if w.done {
		return nil, fault.New(fault.Internal, "write", "committed or aborted before")
	}
	switch {
	case w.stream:
		names, err = w.copyOut(files)
	case w.inside:
		names, err = w.commitInside(files)
	default:
		files = slices.Clone(files)
		names, err = w.commitBeside(files)
		if errors.Is(err, fs.ErrExist) && w.opts.Folder && w.opts.Existing == Extend && isFolder(w.target) { // another write made it meanwhile
			if err = w.goInside(files); err == nil {
				names, err = w.commitInside(files)
			}
		}
	}
	w.done = true
	removed := w.stage.remove()
	if err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, existsFault(w.opts.Path, "it came to be there while this write ran")
		}
		return nil, writeFault(w.opts.Path, "finish the write", err)
	}
	_ = removed // the rows are there: what could not be removed goes with the next write
	return names, nil
}

// goInside moves the stage into the folder of the output, where readers find its journal.
func (w *Output) goInside(files []Staged) error {
	stage, err := newStage(w.target)
	if err != nil {
		return err
	}
	old := w.stage
	w.stage = stage
	for i := range files {
		name := "moved-" + strconv.Itoa(i)
		if err := os.Rename(filepath.Join(old.Dir, files[i].File), filepath.Join(stage.Dir, name)); err != nil {
			_ = old.remove() // the error that is returned says more
			return err
		}
		files[i].File = name
	}
	return old.remove()
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// commitBeside builds what is missing of the path as a tree in the stage and renames its root. It notes in files where they are now.
func (w *Output) commitBeside(files []Staged) ([]string, error) {
	if len(w.late.files) <= fewSyncs { // more are synced with the tree
		if err := w.syncLate(); err != nil {
			return nil, err
		}
	}
	base := filepath.Dir(w.stage.Dir)
	tree := filepath.Join(w.stage.Dir, "tree")
	root := filepath.Join(append([]string{tree}, w.parts[1:]...)...)
	var names []string
	if w.opts.Folder {
		if err := os.MkdirAll(root, 0o777); err != nil {
			return nil, err
		}
		numbered := number(files, 0)
		for i, f := range numbered {
			to := filepath.Join(root, filepath.FromSlash(f.Name))
			if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
				return nil, err
			}
			if err := os.Rename(filepath.Join(w.stage.Dir, f.File), to); err != nil {
				return nil, err
			}
			files[i].File, _ = filepath.Rel(w.stage.Dir, to)
			names = append(names, filepath.Join(w.opts.Path, filepath.FromSlash(f.Name)))
		}
	} else {
		if err := os.MkdirAll(filepath.Dir(root), 0o777); err != nil {
			return nil, err
		}
		if err := os.Rename(filepath.Join(w.stage.Dir, files[0].File), root); err != nil {
			return nil, err
		}
		names = []string{w.opts.Path}
	}
	if err := w.syncTree(tree); err != nil {
		return nil, err
	}
	w.late.files = nil // synced with the tree, under other names by now
	rel := func(p string) string { r, _ := filepath.Rel(base, p); return r }
	err := w.place(base, tree, rel)
	if errors.Is(err, fs.ErrExist) && len(w.parts) > 1 { // another write made the folder on the way
		if err = os.MkdirAll(filepath.Dir(w.target), 0o777); err == nil {
			err = moveAll(w.stage, []move{{rel(root), rel(w.target)}}, w.opts.Path)
		}
	}
	return names, err
}

// place gives the tree its name.
func (w *Output) place(base, tree string, rel func(string) string) error {
	to := filepath.Join(base, w.parts[0])
	if !w.exists {
		return moveAll(w.stage, []move{{rel(tree), rel(to)}}, w.opts.Path)
	}
	if err := before("rename"); err != nil {
		return err
	}
	info, err := os.Stat(w.target)
	if err != nil {
		return err
	}
	_ = os.Chmod(tree, info.Mode().Perm())
	if !w.opts.Folder {
		if err := os.Rename(tree, w.target); err != nil {
			return err
		}
		return syncFolder(base)
	}
	if w.opts.Existing != Replace { // an empty folder: whatever came into it meanwhile stays
		if err := os.Remove(w.target); err != nil {
			return err
		}
		return moveAll(w.stage, []move{{rel(tree), rel(w.target)}}, w.opts.Path)
	}
	if exchange(tree, w.target) { // the old folder goes with the stage
		err := syncFolder(base)
		if err != nil {
			exchange(tree, w.target)
		}
		return err
	}
	return moveAll(w.stage, []move{{rel(w.target), rel(filepath.Join(w.stage.Dir, "old"))}, {rel(tree), rel(w.target)}}, w.opts.Path)
}

// commitInside moves the files into the folder, and what it held into the stage where that is to go.
func (w *Output) commitInside(files []Staged) ([]string, error) {
	if err := w.syncLate(); err != nil {
		return nil, err
	}
	unlock := lockFolder(w.target) // one commit at a time, or two would take the same names
	defer unlock()
	var moves []move
	from := 0
	rel := func(p string) string { r, _ := filepath.Rel(w.target, p); return r }
	if w.opts.Existing == Extend {
		from = nextNumber(w.target)
	} else {
		entries, err := os.ReadDir(w.target)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), StagePrefix) {
				if err := os.MkdirAll(filepath.Join(w.stage.Dir, "old"), 0o777); err != nil {
					return nil, err
				}
				moves = append(moves, move{e.Name(), rel(filepath.Join(w.stage.Dir, "old", e.Name()))})
			}
		}
	}
	var names []string
	for _, f := range number(files, from) {
		name := filepath.FromSlash(f.Name)
		if err := os.MkdirAll(filepath.Join(w.target, filepath.Dir(name)), 0o777); err != nil {
			return nil, err
		}
		moves = append(moves, move{rel(filepath.Join(w.stage.Dir, f.File)), name})
		names = append(names, filepath.Join(w.opts.Path, name))
	}
	return names, moveAll(w.stage, moves, w.opts.Path)
}

// copyOut copies the finished file to where it cannot be renamed to: standard output, a device, a pipe.
func (w *Output) copyOut(files []Staged) ([]string, error) {
	src, err := os.Open(filepath.Join(w.stage.Dir, files[0].File))
	if err != nil {
		return nil, err
	}
	defer src.Close()
	dst := os.Stdout
	if w.target != Stdin {
		if dst, err = os.OpenFile(w.target, os.O_WRONLY, 0); err != nil {
			return nil, err
		}
		defer dst.Close()
	}
	_, err = io.Copy(dst, src)
	return []string{w.opts.Path}, err
}

// number puts numbers for the "%d" of names, counting up from the given one in each folder, in the order of the files.
func number(files []Staged, from int) []Staged {
	next := map[string]int{}
	out := slices.Clone(files)
	for i, f := range out {
		dir, base := "", f.Name
		if at := strings.LastIndexByte(f.Name, '/'); at >= 0 {
			dir, base = f.Name[:at+1], f.Name[at+1:]
		}
		n, seen := next[dir]
		if !seen {
			n = from
		}
		next[dir] = n + 1
		out[i].Name = dir + strings.Replace(base, "%d", fmt.Sprintf("%05d", n), 1)
	}
	return out
}

// nextNumber returns a number above those of all files below the folder.
func nextNumber(dir string) int {
	next := 0
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), StagePrefix) {
			return fs.SkipDir
		}
		rest, ok := strings.CutPrefix(d.Name(), "part-")
		if !ok {
			return nil
		}
		digits := strings.TrimRight(rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))], " ")
		if n, err := strconv.Atoi(digits); err == nil && n >= next {
			next = n + 1
		}
		return nil
	})
	return next
}
