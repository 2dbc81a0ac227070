package readers

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// nullArray returns rows nulls of the type.
func nullArray(alloc memory.Allocator, typ arrow.DataType, rows int) arrow.Array {
	return array.MakeArrayOfNull(zeroing{alloc}, typ, rows)
}

// zeroing is an allocator whose memory is zero, which array.MakeArrayOfNull takes for granted: the buffers of a pool are not.
type zeroing struct{ memory.Allocator }

func (z zeroing) Allocate(size int) []byte {
	b := z.Allocator.Allocate(size)
	clear(b)
	return b
}

func (z zeroing) Reallocate(size int, b []byte) []byte {
	old := len(b)
	b = z.Allocator.Reallocate(size, b)
	if size > old {
		clear(b[old:])
	}
	return b
}
