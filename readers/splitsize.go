package readers

import "runtime"

// Bounds of a split in encoded bytes, and the rows that are worth a task.
const (
	minSplitBytes = 1 << 20
	maxSplitBytes = 32 << 20
	minSplitRows  = 64 << 10
)

// splitBytes is the size of a split of an input of total bytes: what was asked for, else eight splits a worker within the bounds.
func splitBytes(wished, total int64) int64 {
	if wished > 0 {
		return wished
	}
	return min(max(total/int64(8*runtime.GOMAXPROCS(0)), minSplitBytes), maxSplitBytes)
}
