package readers

import "runtime"

// Bounds of a split in encoded bytes, and the rows that are worth a task.
const (
	minSplitBytes = 1 << 20
	maxSplitBytes = 32 << 20
	minSplitRows  = 64 << 10
	// maxCoarseBytes is the largest split where few are wished for.
	maxCoarseBytes = 256 << 20
)

// splitBytes is the size of a split of an input of total bytes: what was asked for, else eight splits a worker within the bounds.
func splitBytes(wished, total int64) int64 {
	if wished > 0 {
		return wished
	}
	return min(max(total/int64(8*runtime.GOMAXPROCS(0)), minSplitBytes), maxSplitBytes)
}

// coarseBytes is the size of the next split where few splits are wished for and left bytes are to be split: a share of what is left that
// all workers together take most of, so that the splits at the end are of the usual size and the workers end together (guided
// self-scheduling: Polychronopoulos and Kuck, 1987).
func coarseBytes(usual, left int64) int64 {
	return max(usual, min(left/int64(runtime.GOMAXPROCS(0)+1), maxCoarseBytes))
}
