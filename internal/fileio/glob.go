package fileio

import (
	"path"
	"strings"

	"github.com/sheafdata/sheaf/fault"
)

func hasMeta(name string) bool { return strings.ContainsAny(name, "*?[{") }

// glob returns the files that match the pattern, sorted.
func (r *resolver) glob(name, pattern string) ([]File, error) {
	var files []File
	seen := map[string]bool{}
	for _, p := range expandBraces(pattern, maxBraces) {
		var found []File
		dir, rest := staticPrefix(p)
		for _, seg := range rest {
			if _, err := path.Match(seg, "x"); err != nil {
				e := fault.New(fault.Plan, "read", "the pattern is malformed: %w", err)
				e.File = name
				return nil, e
			}
		}
		if err := r.match(dir, rest, &found); err != nil {
			return nil, err
		}
		for _, f := range found {
			if !seen[f.Path] {
				seen[f.Path] = true
				files = append(files, f)
			}
		}
	}
	if len(files) == 0 {
		return nil, r.missing(name, "no file matches the pattern")
	}
	sortFiles(files)
	return files, nil
}

// maxBraces bounds how many patterns the alternatives of one make.
const maxBraces = 4096

// expandBraces returns the patterns that {a,b} stands for. Unbalanced braces are taken as they are.
func expandBraces(p string, limit int) []string {
	open := strings.IndexByte(p, '{')
	if open < 0 {
		return []string{p}
	}
	depth, start := 0, open+1
	var alts []string
	for i := open; i < len(p); i++ {
		switch p[i] {
		case '{':
			depth++
		case ',':
			if depth == 1 {
				alts = append(alts, p[start:i])
				start = i + 1
			}
		case '}':
			if depth--; depth > 0 {
				continue
			}
			alts = append(alts, p[start:i])
			var out []string
			for _, a := range alts {
				out = append(out, expandBraces(p[:open]+a+p[i+1:], limit)...)
				if len(out) >= limit {
					return out[:limit]
				}
			}
			return out
		}
	}
	return []string{p}
}

// staticPrefix cuts a pattern into the folder before its first wildcard and the segments from there on.
func staticPrefix(p string) (dir string, rest []string) {
	segs := strings.Split(p, "/")
	for i, s := range segs[:len(segs)-1] {
		if hasMeta(s) {
			return strings.Join(segs[:i], "/"), trim(segs[i:])
		}
		if i == 0 && s == "" {
			segs[0] = "/"
		}
	}
	last := len(segs) - 1
	return strings.Join(segs[:last], "/"), trim(segs[last:])
}

// trim removes empty segments: "a//b" is "a/b".
func trim(segs []string) []string {
	out := segs[:0:0]
	for _, s := range segs {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// match collects the files below dir that match the segments. A folder that cannot be listed matches nothing.
func (r *resolver) match(dir string, segs []string, out *[]File) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if len(segs) == 0 {
		return nil
	}
	seg, last := segs[0], len(segs) == 1
	if !hasMeta(seg) {
		return r.descend(path.Join(dir, seg), segs[1:], out)
	}
	entries, err := r.list(dir)
	if err != nil {
		return nil
	}
	if seg == "**" {
		if last {
			return r.walk(dir, out, func(string) bool { return true })
		}
		if err := r.match(dir, segs[1:], out); err != nil {
			return err
		}
	}
	for _, e := range entries {
		base := e.Name()
		if hidden(base) && (seg[0] != base[0]) {
			continue
		}
		full := path.Join(dir, base)
		if r.pending[full] {
			continue
		}
		if seg == "**" {
			if e.IsDir() {
				if err := r.match(full, segs, out); err != nil {
					return err
				}
			}
			continue
		}
		if ok, _ := path.Match(seg, base); ok {
			if err := r.descend(full, segs[1:], out); err != nil {
				return err
			}
		}
	}
	return nil
}

// descend takes the file, or goes on below the folder; a folder that matches the whole pattern gives its files.
func (r *resolver) descend(full string, segs []string, out *[]File) error {
	info, err := r.sys.stat(full)
	switch {
	case err != nil:
		return nil
	case info.IsDir() && len(segs) > 0:
		return r.match(full, segs, out)
	case info.IsDir():
		return r.walk(full, out, func(base string) bool { return HasExt(base, r.ext) })
	case len(segs) == 0 && info.Mode().IsRegular():
		*out = append(*out, r.sys.file(full, info))
	}
	return nil
}
