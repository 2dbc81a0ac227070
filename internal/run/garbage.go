package run

import (
	"runtime"
	"runtime/metrics"
)

// garbageBytes is how much garbage may lie in the heap, beside a quarter of what lives, while tasks emit far more than they read, and
// while they write: a write takes as much for ten files as for one.
const garbageBytes = 16 << 20

// collectGarbage runs the collector where much garbage lies in the heap. By itself it would let the heap grow to twice what lives, and
// further while it is at work: out of proportion to a file of a few hundred bytes whose rows are megabytes. It costs a microsecond where
// there is nothing to do; an answer that somebody keeps is collected each time it has grown by a quarter.
func collectGarbage() {
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	live, objects := heap[0].Value.Uint64(), heap[1].Value.Uint64()
	if objects > live+live/4+garbageBytes {
		runtime.GC()
	}
}
