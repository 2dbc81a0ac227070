package fileio

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sheafdata/sheaf/fault"
)

// ResolveOptions say which files are meant.
type ResolveOptions struct {
	// Path is a file, a glob, a folder, "-", or with Files the folder that they lie in ("" is the current one).
	Path string
	// FS is looked in; nil is the system's.
	FS fs.FS
	// Files are files or globs below Path, in this order.
	Files []string
	// Ext are the extensions (with dot, lower case) of the files to take from a folder; none takes all.
	Ext []string
	// Hive keeps the key=value folders of each file.
	Hive bool
}

// Resolve returns the files that the options name: in the order of Files, and below each name sorted by path, each file once.
// A folder is walked with all its subfolders; names that begin with a dot or an underscore are left out there and by wildcards.
// Globs know *, ?, [a-z], {a,b} and ** (any number of folders); a file whose literal name looks like a glob is found first.
// Nothing found is a fault that names the pattern and what is near.
func Resolve(ctx context.Context, o ResolveOptions) ([]File, error) {
	names := []string{o.Path}
	if len(o.Files) > 0 {
		names = names[:0]
		for _, f := range o.Files {
			names = append(names, join(o.Path, f))
		}
	}
	r := resolver{ctx: ctx, sys: system{o.FS}, ext: o.Ext}
	var files []File
	seen := map[string]bool{}
	for _, name := range names {
		found, err := r.resolve(name)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if !seen[f.Path] {
				seen[f.Path] = true
				files = append(files, f)
			}
		}
	}
	if o.Hive {
		for i := range files {
			files[i].Hive = hiveOf(files[i].Path)
		}
	}
	return files, nil
}

func join(dir, name string) string {
	if dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

type resolver struct {
	ctx context.Context
	sys system
	ext []string
	// pending are files that a write under way has given their names, and which do not count yet.
	pending map[string]bool
}

// list returns what is in a folder, and notes which of it does not count yet.
func (r *resolver) list(dir string) ([]fs.DirEntry, error) {
	entries, err := r.sys.readDir(dir)
	if err != nil || r.sys.fs != nil {
		return entries, err
	}
	for name := range pending(dir, entries) {
		if r.pending == nil {
			r.pending = map[string]bool{}
		}
		r.pending[name] = true
	}
	return entries, nil
}

func (r *resolver) resolve(name string) ([]File, error) {
	switch {
	case name == "":
		return nil, fault.New(fault.Plan, "read", "no path is given")
	case name == Stdin && r.sys.fs == nil:
		return []File{{Path: Stdin, Size: -1}}, nil
	case r.sys.fs == nil && isURL(name):
		return nil, notYet(name)
	}
	slashed := name
	if r.sys.fs == nil {
		slashed = filepath.ToSlash(name)
	}
	info, err := r.sys.stat(slashed)
	switch {
	case err == nil && info.IsDir():
		return r.folder(name, slashed)
	case err == nil:
		return []File{r.sys.file(slashed, info)}, nil
	case !hasMeta(slashed):
		if errors.Is(err, fs.ErrNotExist) {
			return nil, r.missing(name, "there is no such file or folder")
		}
		return nil, File{Path: name}.fail("open", err)
	}
	return r.glob(name, slashed)
}

func (r *resolver) folder(name, slashed string) ([]File, error) {
	var files []File
	if err := r.walk(slashed, &files, func(base string) bool { return HasExt(base, r.ext) }); err != nil {
		return nil, err
	}
	if len(files) == 0 {
		e := fault.New(fault.Input, "read", "the folder holds no file that ends in %s", strings.Join(r.ext, " or "))
		if len(r.ext) == 0 {
			e = fault.New(fault.Input, "read", "the folder holds no files")
		}
		e.File = name
		return nil, e.WithHint("%s", r.near(path.Join(slashed, "x"), "name the files or a pattern"))
	}
	sortFiles(files)
	return files, nil
}

// walk collects the files below dir whose name is wanted, without hidden ones.
func (r *resolver) walk(dir string, out *[]File, want func(base string) bool) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	entries, err := r.list(dir)
	if err != nil {
		return File{Path: dir}.fail("list", err)
	}
	for _, e := range entries {
		full := path.Join(dir, e.Name())
		if hidden(e.Name()) || r.pending[full] {
			continue
		}
		if e.IsDir() {
			if err := r.walk(full, out, want); err != nil {
				return err
			}
			continue
		}
		if !want(e.Name()) {
			continue
		}
		// Links to files are followed, links to folders are not: they may go round.
		if info, err := r.sys.stat(full); err == nil && info.Mode().IsRegular() {
			*out = append(*out, r.sys.file(full, info))
		}
	}
	return nil
}

// hidden says whether a name is left out of folders and wildcards; key=value folders may begin with an underscore.
func hidden(base string) bool {
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") && !strings.Contains(base, "=")
}

func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}

func (r *resolver) missing(name, what string) error {
	e := fault.New(fault.Input, "read", "%s", what)
	e.File = name
	slashed := name
	if r.sys.fs == nil {
		slashed = filepath.ToSlash(name)
	}
	if hint := r.near(slashed, ""); hint != "" {
		return e.WithHint("%s", hint)
	}
	return e
}

// near says what lies where the name should be, in the deepest folder of it that exists.
func (r *resolver) near(name, otherwise string) string {
	dir, base := path.Dir(name), path.Base(name)
	for {
		if entries, err := r.sys.readDir(dir); err == nil {
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if s := fault.Suggest(base, names); s != "" {
				return s
			}
			return otherwise
		}
		up := path.Dir(dir)
		if up == dir {
			return otherwise
		}
		dir, base = up, path.Base(dir)
	}
}

func isURL(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && len(scheme) > 1 && !strings.ContainsAny(scheme, "/\\")
}

func notYet(name string) error {
	e := fault.New(fault.Plan, "read", "reading from URLs and object stores is not built yet")
	e.File = name
	return e.WithHint("download the file, or give an fs.FS that reads it in the option FS")
}
