package mem

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/internal/invariants"
)

const (
	minClass = 9  // 512 bytes: below, the Go allocator is as good
	maxClass = 26 // 64 MiB: larger buffers are rare and go back to the heap
	// maxKept is how many bytes of free buffers a pool keeps in all, or keptPerCPU a processor where that is more. A worker that scans
	// Parquet was measured to have 6 MiB of them at rest; kept to 2 MiB it took 40 % more processor time, with 8 MiB as little as
	// without any bound.
	maxKept    = 64 << 20
	keptPerCPU = 8 << 20
	align      = 64
)

// Pool is an Arrow allocator that keeps freed buffers by size class (powers of two, 64-byte aligned), because touching fresh memory
// costs several times what reading it does. It is safe for concurrent use. Buffers that leave to users must not come from it.
type Pool struct {
	classes [maxClass + 1]class
	kept    atomic.Int64 // bytes of free buffers
	bound   atomic.Int64 // of kept
	hand    atomic.Uint32

	mu     sync.Mutex
	bounds []int64 // those that Bound asked for
}

type class struct {
	mu   sync.Mutex
	free [][]byte
}

var _ memory.Allocator = (*Pool)(nil)

// NewPool returns an empty pool.
func NewPool() *Pool {
	p := &Pool{}
	p.rebound()
	return p
}

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
		cl.free[n-1] = nil
		cl.free = cl.free[:n-1]
		cl.mu.Unlock()
		p.kept.Add(-1 << c)
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
	if p.kept.Add(1<<c) > p.bound.Load() {
		p.evict(c)
		if p.kept.Load() > p.bound.Load() { // it alone is too large
			p.kept.Add(-1 << c)
			return
		}
	}
	cl := &p.classes[c]
	cl.mu.Lock()
	cl.free = append(cl.free, b)
	cl.mu.Unlock()
}

// evict drops free buffers until the rest is within the bound, one of a class at a time in turn, so that classes that are no longer asked
// for empty themselves. Of class spare, whose buffer is about to be kept, none is taken where others have some.
func (p *Pool) evict(spare int) {
	for idle := 0; p.kept.Load() > p.bound.Load() && idle <= 2*len(p.classes); {
		c := int(p.hand.Add(1)) % len(p.classes)
		if c < minClass || c == spare && idle < len(p.classes) || !p.drop(c) {
			idle++
			continue
		}
		idle = 0
	}
}

func (p *Pool) drop(c int) bool {
	cl := &p.classes[c]
	cl.mu.Lock()
	defer cl.mu.Unlock()
	n := len(cl.free)
	if n == 0 {
		return false
	}
	cl.free[n-1] = nil
	cl.free = cl.free[:n-1]
	p.kept.Add(-1 << c)
	return true
}

// Bound makes the pool keep no more than so many bytes until undo is called: a run with a small budget asks for a small part of it, but for
// what its workers need to be fast (8 MiB each). Of several bounds the smallest counts.
func (p *Pool) Bound(bytes int64) (undo func()) {
	p.mu.Lock()
	p.bounds = append(p.bounds, bytes)
	p.mu.Unlock()
	p.rebound()
	return sync.OnceFunc(func() {
		p.mu.Lock()
		i := slices.Index(p.bounds, bytes)
		p.bounds = slices.Delete(p.bounds, i, i+1)
		p.mu.Unlock()
		p.rebound()
	})
}

func (p *Pool) rebound() {
	p.mu.Lock()
	least := int64(max(maxKept, keptPerCPU*runtime.GOMAXPROCS(0)))
	for _, b := range p.bounds {
		least = min(least, b)
	}
	p.bound.Store(least)
	p.mu.Unlock()
	p.evict(0)
}

// Kept returns the bytes of free buffers, which no budget counts.
func (p *Pool) Kept() int64 { return p.kept.Load() }

// Trim lets go of all free buffers.
func (p *Pool) Trim() {
	for c := range p.classes {
		for p.drop(c) {
		}
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
