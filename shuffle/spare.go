package shuffle

import (
	"sync"

	"github.com/sheafdata/sheaf/internal/vec"
)

// maxSpare is how many chunks' memory a space keeps.
const maxSpare = 2

// spare keeps the memory of chunks that were written to files for those that are filled next, because touching fresh memory costs more
// than writing into it. What it keeps is reserved.
type spare struct {
	space *Space
	mu    sync.Mutex
	kept  []*vec.Scratch
}

func (p *spare) put(s *vec.Scratch) {
	size := s.Bytes()
	if size < chunkBytes/2 || size > 4*chunkBytes || p.space.closed.Load() {
		return
	}
	s.Reset()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) < maxSpare {
		p.kept = append(p.kept, s)
		p.space.must(s.Bytes())
	}
}

// get returns memory for a chunk, empty.
func (p *spare) get() *vec.Scratch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.kept); n > 0 {
		s := p.kept[n-1]
		p.kept[n-1] = nil
		p.kept = p.kept[:n-1]
		p.space.release(s.Bytes())
		return s
	}
	return new(vec.Scratch)
}

func (p *spare) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.kept {
		p.space.release(s.Bytes())
	}
	p.kept = nil
}
