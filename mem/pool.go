package mem

import (
	"math/bits"
	"sync"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/internal/invariants"
)

const (
	minClass = 9  // 512 bytes: below, the Go allocator is as good
	maxClass = 26 // 64 MiB: larger buffers are rare and go back to the heap
	// maxKept is how many bytes of free buffers a pool keeps a size class: enough for the buffers of two splits in flight.
	maxKept = 64 << 20
	align   = 64
)

// Pool is an Arrow allocator that keeps freed buffers by size class (powers of two, 64-byte aligned), because touching fresh memory
// costs several times what reading it does. It is safe for concurrent use. Buffers that leave to users must not come from it.
type Pool struct {
	classes [maxClass + 1]class
}

type class struct {
	mu   sync.Mutex
	free [][]byte
}

var _ memory.Allocator = (*Pool)(nil)

// NewPool returns an empty pool.
func NewPool() *Pool { return &Pool{} }

// Shared is the process's pool, for scans and operators.
var Shared = NewPool()

func classOf(size int) int { return max(minClass, bits.Len(uint(size-1))) }

// Allocate returns size bytes, not zeroed where they are recycled.
func (p *Pool) Allocate(size int) []byte {
	if size == 0 {
		return []byte{}
	}
	c := classOf(size)
	if c > maxClass {
		return aligned(size)
	}
	cl := &p.classes[c]
	cl.mu.Lock()
	if n := len(cl.free); n > 0 {
		b := cl.free[n-1]
		cl.free = cl.free[:n-1]
		cl.mu.Unlock()
		return b[:size]
	}
	cl.mu.Unlock()
	return aligned(1 << c)[:size]
}

// aligned returns n bytes from the heap at a 64-byte boundary.
func aligned(n int) []byte {
	raw := make([]byte, n+align)
	shift := int(-uintptr(unsafe.Pointer(unsafe.SliceData(raw))) & (align - 1))
	return raw[shift : shift+n : shift+n]
}

// Reallocate returns b at the new size, moved where it does not fit.
func (p *Pool) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	grown := p.Allocate(size)
	copy(grown, b)
	p.Free(b)
	return grown
}

// Free takes b back. Under invariants it is overwritten, so that late readers are seen.
func (p *Pool) Free(b []byte) {
	c := bits.Len(uint(cap(b))) - 1
	if cap(b) == 0 || cap(b) != 1<<c || c < minClass || c > maxClass {
		return
	}
	b = b[:cap(b)]
	if invariants.Enabled {
		p.poison(c, b)
	}
	cl := &p.classes[c]
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if (len(cl.free)+1)<<c <= maxKept {
		cl.free = append(cl.free, b)
	}
}

// poison scribbles over a freed buffer and panics where it is free already.
func (p *Pool) poison(c int, b []byte) {
	cl := &p.classes[c]
	cl.mu.Lock()
	defer cl.mu.Unlock()
	for _, f := range cl.free {
		if unsafe.SliceData(f) == unsafe.SliceData(b) {
			panic("mem: buffer freed twice")
		}
	}
	for i := range b {
		b[i] = 0xDB
	}
}
