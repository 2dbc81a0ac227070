package readers

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/parquetio"
)

// sharedFile is a Parquet file whose footer is parsed once, whatever number of splits read it; the file itself is open while one does.
type sharedFile struct {
	file fileio.File
	pq   *parquetio.File

	mu   sync.Mutex
	refs int
	h    fileio.Handle
}

// acquire opens the file, or joins those who have it open. Each success needs a release.
func (s *sharedFile) acquire(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refs == 0 {
		h, err := s.file.Open(ctx)
		if err != nil {
			return err
		}
		if s.file.Size >= 0 && h.Size() != s.file.Size {
			_ = h.Close()
			e := fault.New(fault.Input, "read_parquet", "the file changed while it was used: it had %d bytes and has %d now", s.file.Size, h.Size())
			e.File = s.file.Path
			return e
		}
		s.h = h
	}
	s.refs++
	return nil
}

func (s *sharedFile) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refs--; s.refs == 0 {
		_ = s.h.Close()
		s.h = nil
	}
}

// ReadAt reads the open file; whoever calls it holds an acquire.
func (s *sharedFile) ReadAt(p []byte, off int64) (int, error) { return s.h.ReadAt(p, off) }

// openShared opens the file and parses its footer.
func openShared(ctx context.Context, f fileio.File) (*sharedFile, error) {
	s := &sharedFile{file: f}
	if err := s.acquire(ctx); err != nil {
		return nil, err
	}
	defer s.release()
	s.file.Size = s.h.Size()
	pq, err := parquetio.Open(s, s.file.Size, f.Path)
	if err != nil {
		return nil, err
	}
	s.pq = pq
	return s, nil
}

// footerKey is a file in one state. Files of an fs.FS have no identity and are not cached here.
type footerKey struct {
	path string
	size int64
	mod  time.Time
}

// footerCacheBytes bounds the footers kept by the process.
const footerCacheBytes = 64 << 20

// footerCache keeps the footers used last.
type footerCache struct {
	mu    sync.Mutex
	byKey map[footerKey]*list.Element
	order list.List // of *footerEntry, the last used in front
	bytes int64
}

type footerEntry struct {
	key  footerKey
	file *sharedFile
	cost int64
}

var footers footerCache

// get returns the file, from the cache where it is there in the same state.
func (c *footerCache) get(ctx context.Context, f fileio.File) (*sharedFile, error) {
	if !f.Portable() {
		return openShared(ctx, f)
	}
	key := footerKey{f.Path, f.Size, f.ModTime}
	if s := c.find(key); s != nil {
		return s, nil
	}
	s, err := openShared(ctx, f)
	if err != nil {
		return nil, err
	}
	c.put(key, s)
	return s, nil
}

func (c *footerCache) find(key footerKey) *sharedFile {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*footerEntry).file
}

func (c *footerCache) put(key footerKey, s *sharedFile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[key] != nil {
		return
	}
	if c.byKey == nil {
		c.byKey = map[footerKey]*list.Element{}
	}
	entry := &footerEntry{key: key, file: s, cost: footerCost(s.pq)}
	c.byKey[key] = c.order.PushFront(entry)
	c.bytes += entry.cost
	for c.bytes > footerCacheBytes && c.order.Len() > 1 {
		last := c.order.Back()
		old := c.order.Remove(last).(*footerEntry)
		delete(c.byKey, old.key)
		c.bytes -= old.cost
	}
}

// footerCost estimates the memory of a parsed footer: about 400 bytes a column chunk.
func footerCost(f *parquetio.File) int64 {
	return 4096 + int64(f.NumRowGroups())*int64(f.Schema().NumFields())*400
}
