package parquetio

import (
	"math/bits"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
)

// arena hands out the buffers of one Reader and keeps account of them. Buffers have size classes of powers of two, are 64-byte
// aligned where the allocator is, and go back to it at close. It is not safe for concurrent use.
type arena struct {
	alloc memory.Allocator // nil: the package's own pool
	free  [maxClass + 1][][]byte
	big   [][]byte // above the classes
	// used is the bytes held, limit what a file of its size may take, reserved what reserve has granted.
	used, limit, reserved int64
	reserve               func(int64) (func(), error)
	releases              []func()
	owned                 [][]byte
}

const (
	minClass = 6  // 64 bytes
	maxClass = 22 // 4 MiB; above, a buffer has its own size in steps of bigStep
	bigStep  = 1 << 20
	// bufSlack is the bytes that every buffer has beyond what was asked, for loads and stores of whole words.
	bufSlack = 8
	// reserveStep is how much is reserved at once.
	reserveStep = 1 << 20
	// baseLimit and limitPerByte bound the memory a file may take, unless large pages are allowed: what a reader promises is
	// 64 MiB and 20 times the file, and its caller needs some of that.
	baseLimit    = 32 << 20
	limitPerByte = 16
)

func classOf(n int) int { return max(minClass, bits.Len(uint(max(n+bufSlack, 1)-1))) }

// get returns a buffer of n bytes, contents unspecified, with at least bufSlack bytes of capacity beyond.
func (a *arena) get(n int) ([]byte, error) {
	c := classOf(n)
	if c > maxClass {
		return a.getBig(n)
	}
	if l := len(a.free[c]); l > 0 {
		b := a.free[c][l-1]
		a.free[c] = a.free[c][:l-1]
		return b[:n], nil
	}
	if err := a.claim(1 << c); err != nil {
		return nil, err
	}
	return a.allocate(1 << c)[:n], nil
}

func (a *arena) allocate(size int) []byte {
	var b []byte
	if a.alloc != nil {
		b = a.alloc.Allocate(size)
	} else {
		b = shared.get(size)
	}
	a.owned = append(a.owned, b)
	return b[:size:size]
}

// getBig returns a buffer beyond the size classes, of about its own size.
func (a *arena) getBig(n int) ([]byte, error) {
	for i, b := range a.big {
		if cap(b) >= n+bufSlack {
			last := len(a.big) - 1
			a.big[i] = a.big[last]
			a.big = a.big[:last]
			return b[:n], nil
		}
	}
	size := (n + bufSlack + bigStep - 1) / bigStep * bigStep
	if err := a.claim(int64(size)); err != nil {
		return nil, err
	}
	return a.allocate(size)[:n], nil
}

// put takes a buffer of get back; nil is nothing.
func (a *arena) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	c := bits.Len(uint(cap(b)) - 1)
	if c > maxClass {
		a.big = append(a.big, b[:0])
		return
	}
	a.free[c] = append(a.free[c], b[:0])
}

// grow returns a buffer of n bytes that starts with the bytes of b, which it takes back.
func (a *arena) grow(b []byte, n int) ([]byte, error) {
	if n+bufSlack <= cap(b) {
		return b[:n], nil
	}
	g, err := a.get(n)
	if err != nil {
		return b, err
	}
	copy(g, b)
	a.put(b)
	return g, nil
}

// heap returns fresh memory for what outlives the Reader, such as a dictionary. It stays on the account until close.
func (a *arena) heap(n int) ([]byte, error) {
	if err := a.claim(int64(n)); err != nil {
		return nil, err
	}
	return make([]byte, n, (n+2*bufSlack-1)&^7), nil // at least 16 bytes: smaller objects need not be aligned to 8
}

// claim puts n bytes on the account.
func (a *arena) claim(n int64) error {
	if a.used+n > a.limit {
		return fault.New(fault.Memory, op, "reading needs %d MiB, out of proportion for a file of this size", (a.used+n)>>20).
			WithHint("LargePages allows it")
	}
	if a.reserve != nil && a.used+n > a.reserved {
		step := max(a.used+n-a.reserved, reserveStep)
		release, err := a.reserve(step)
		if err != nil {
			return err
		}
		a.reserved += step
		a.releases = append(a.releases, release)
	}
	a.used += n
	return nil
}

// close gives everything back.
func (a *arena) close() {
	for _, b := range a.owned {
		if a.alloc != nil {
			a.alloc.Free(b)
		} else {
			shared.put(b)
		}
	}
	for _, release := range a.releases {
		release()
	}
	*a = arena{}
}

// pool keeps buffers between readers that have no allocator of their own.
type pool struct {
	mu   sync.Mutex
	free [maxClass + 1][][]byte
	held int64
}

// maxPooled bounds what the pool keeps: the buffers of about two readers of 20 columns.
const maxPooled = 64 << 20

var shared pool

func (p *pool) get(size int) []byte {
	class := bits.Len(uint(size) - 1)
	if class > maxClass {
		return make([]byte, size)
	}
	p.mu.Lock()
	if l := len(p.free[class]); l > 0 {
		b := p.free[class][l-1]
		p.free[class] = p.free[class][:l-1]
		p.held -= int64(cap(b))
		p.mu.Unlock()
		return b
	}
	p.mu.Unlock()
	return make([]byte, size)
}

func (p *pool) put(b []byte) {
	c := bits.Len(uint(cap(b)) - 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if c > maxClass || p.held+int64(cap(b)) > maxPooled {
		return
	}
	p.free[c] = append(p.free[c], b[:0])
	p.held += int64(cap(b))
}
