package vec

import (
	"strings"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/internal/invariants"
)

// freshBytes returns n bytes of unspecified content at an address that is a multiple of 8, for a caller that writes each of them:
// make would clear what is overwritten at once, and for the columns of an answer that is a third of what writing them costs. A
// strings.Builder is the one way to memory without pointers that is not cleared; what it rounds n up to is never seen.
func freshBytes(n int) []byte {
	if n < 16 { // smaller objects share a block, and need not start at a multiple of 8
		return alignedBytes(n)
	}
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	fresh := unsafe.Slice(unsafe.StringData(b.String()), n)
	if invariants.Enabled {
		for i := range fresh {
			fresh[i] = 0xDB
		}
	}
	return fresh
}

// heapCopy returns a buffer with a copy of b, at an address fit for any element type.
func heapCopy(b []byte) *memory.Buffer {
	c := freshBytes(len(b))
	copy(c, b)
	return memory.NewBufferBytes(c)
}
