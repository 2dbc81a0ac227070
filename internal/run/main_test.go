package run_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// The tests build small heaps of many objects, the reference's rows: a garbage collection at each doubling of those took a third of
// their time. The budgets that they check count what is reserved, not the heap.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
