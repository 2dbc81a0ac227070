package shuffle

import (
	"io"
	"slices"
	"sync"

	"github.com/sheafdata/sheaf/mem"
)

// maxFiles is how many files a space has: several, so that writers on several cores do not wait for one file's lock in the kernel, and
// few, because descriptors are.
const maxFiles = 4

// store is the files of a space. Room that was freed is given out again, so that the merges of many passes do not fill the disk.
type store struct {
	dir *mem.SpillDir
	// create makes a file: tests put others in.
	create func() (spillFile, error)

	mu     sync.Mutex
	files  []*extents
	next   int
	closed bool
}

type spillFile interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Close() error
}

// extents is one file and which of its bytes are free. The store's lock guards it.
type extents struct {
	file spillFile
	end  int64    // bytes given out lie before it
	top  int64    // the file may have so many bytes
	free []extent // in order, never adjacent
}

type extent struct{ off, len int64 }

// place is where bytes stand.
type place struct {
	file *extents
	extent
}

// extentUnit is what lengths are rounded up to, so that freed room fits again.
const extentUnit = 4096

func newStore(dir string) *store {
	s := &store{dir: mem.NewSpillDir(dir)}
	s.create = func() (spillFile, error) { return s.dir.Create() }
	return s
}

// write puts b somewhere. After an error nothing is taken.
func (s *store) write(b []byte) (place, error) {
	p, err := s.take(int64(len(b)))
	if err != nil {
		return p, err
	}
	if n, err := p.file.file.WriteAt(b, p.off); err != nil || n < len(b) {
		if err == nil {
			err = io.ErrShortWrite
		}
		s.release(p)
		return place{}, mem.SpillError(s.dir.Base(), "write to", len(b), err)
	}
	return p, nil
}

func (s *store) read(b []byte, p place, off int64) error {
	if n, err := p.file.file.ReadAt(b, p.off+off); n < len(b) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return mem.SpillError(s.dir.Base(), "read from", len(b), err)
	}
	return nil
}

// take gives out room for n bytes: the smallest free extent that has it, else at the end of a file.
func (s *store) take(n int64) (place, error) {
	n = (n + extentUnit - 1) &^ (extentUnit - 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	var best *extents
	at := -1
	for _, f := range s.files {
		for i, e := range f.free {
			if e.len >= n && (at < 0 || e.len < best.free[at].len) {
				best, at = f, i
			}
		}
	}
	if at >= 0 {
		e := &best.free[at]
		p := place{best, extent{e.off, n}}
		e.off, e.len = e.off+n, e.len-n
		if e.len == 0 {
			best.free = slices.Delete(best.free, at, at+1)
		}
		return p, nil
	}
	if len(s.files) < maxFiles {
		file, err := s.create()
		if err != nil {
			return place{}, err
		}
		s.files = append(s.files, &extents{file: file})
	}
	f := s.files[s.next%len(s.files)]
	s.next++
	p := place{f, extent{f.end, n}}
	f.end += n
	f.top = max(f.top, f.end)
	return p, nil
}

// truncateStep is how many bytes at the end of a file must be free before they are given back to the disk.
const truncateStep = 32 << 20

// release takes room back.
func (s *store) release(p place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.file == nil || s.closed {
		return
	}
	f, e := p.file, p.extent
	i, _ := slices.BinarySearchFunc(f.free, e.off, func(x extent, off int64) int { return int(min(1, max(-1, x.off-off))) })
	if i < len(f.free) && e.off+e.len == f.free[i].off {
		e.len += f.free[i].len
		f.free = slices.Delete(f.free, i, i+1)
	}
	if i > 0 && f.free[i-1].off+f.free[i-1].len == e.off {
		i--
		e.off, e.len = f.free[i].off, e.len+f.free[i].len
		f.free = slices.Delete(f.free, i, i+1)
	}
	if e.off+e.len < f.end {
		f.free = slices.Insert(f.free, i, e)
		return
	}
	f.end = e.off
	if f.top-f.end >= truncateStep || f.end == 0 {
		if f.file.Truncate(f.end) == nil { // else the room stays the file's and is used again
			f.top = f.end
		}
	}
}

// bytes is how much of the files is in use.
func (s *store) bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := int64(0)
	for _, f := range s.files {
		sum += f.end
		for _, e := range f.free {
			sum -= e.len
		}
	}
	return sum
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, f := range s.files {
		_ = f.file.Close() // the folder's Close reports what it cannot remove
	}
	s.files = nil
	return s.dir.Close()
}
