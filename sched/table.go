package sched

import (
	"math/bits"
	"sync/atomic"
)

// table is an array that grows while others read it: chunks of doubling size that never move. One goroutine at a time may call grow;
// what a reader gets to see must be published by other means, such as an atomic counter.
type table[T any] struct {
	chunks [maxChunks]atomic.Pointer[[]T]
	room   int // of the chunks there are
}

const (
	firstChunkBits = 6
	firstChunk     = 1 << firstChunkBits
	maxChunks      = 32 - firstChunkBits
)

// at returns the element of an index below what grow was called with.
func (t *table[T]) at(i int32) *T {
	c := bits.Len32(uint32(i) >> firstChunkBits)
	if c > 0 {
		i -= firstChunk << (c - 1)
	}
	return &(*t.chunks[c].Load())[i]
}

// grow makes room for n elements.
func (t *table[T]) grow(n int) {
	for t.room < n {
		c, size := 0, firstChunk
		if t.room > 0 {
			c, size = bits.Len(uint(t.room)>>firstChunkBits), t.room
		}
		chunk := make([]T, size)
		t.chunks[c].Store(&chunk)
		t.room += size
	}
}

// clear frees everything.
func (t *table[T]) clear() {
	for c := range t.chunks {
		t.chunks[c].Store(nil)
	}
	t.room = 0
}
