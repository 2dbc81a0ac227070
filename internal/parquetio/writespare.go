package parquetio

import (
	"runtime"
	"sync"
)

// spares keeps memory for the next who needs some. A sync.Pool would lose it to the garbage collector, so that a long write makes it anew
// every few row groups and its heap grows by what was thrown away. It is safe for concurrent use.
type spares[T any] struct {
	mu   sync.Mutex
	kept []T
}

// take returns a kept value; false says that there is none.
func (s *spares[T]) take() (v T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.kept) - 1
	if last < 0 {
		return v, false
	}
	v = s.kept[last]
	clear(s.kept[last:])
	s.kept = s.kept[:last]
	return v, true
}

// put keeps a value, one a processor at most: many files may be open at once, few are at work.
func (s *spares[T]) put(v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) < runtime.GOMAXPROCS(0) {
		s.kept = append(s.kept, v)
	}
}
