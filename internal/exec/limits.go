package exec

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/sched"
)

// Half of a run's budget is for what lives at once (see mem.Budget.Soft); of it a worker's task keeps a third for what it cannot
// spill, the table it builds. The rest holds rows between tasks, which can be spilled, batches and decoders.
const tableShares = 3

// A task's structure is granted twice its table, whatever is left of the budget: tables, runs and merges keep to that by giving rows
// away, and could not go on with less. It is minFloor at least and maxFloor at most, beyond which a structure has to ask.
const (
	minFloor = 6 << 20
	maxFloor = 32 << 20
)

// reservation returns an empty reservation of the operation in the run's budget.
func reservation(ctx context.Context, op string) *mem.Reservation {
	return mem.From(ctx).Reservation(op).Floor(min(maxFloor, max(minFloor, 2*tableBytes(ctx)+minFloor/2)))
}

// scanFloor is what a reader is granted whatever is in use: it cannot spill, and pages and dictionaries of a file with many columns are
// as large as whoever wrote it made them.
const scanFloor = maxFloor

// minTable keeps tables useful where the budget is tiny.
const minTable = 512 << 10

// tableBytes is how much a task may hold in a table before it gives its content away. It follows from the options of the run alone,
// never from what else is running: answers may depend on it in the order of groups and the rounding of sums.
func tableBytes(ctx context.Context) int64 {
	if tiny.Load() {
		return TinyBytes
	}
	o, _ := sched.OptionsFrom(ctx)
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	limit := mem.From(ctx).Limit()
	if limit == 0 {
		limit = mem.Process().Limit()
	}
	return max(minTable, limit/2/int64(tableShares*workers))
}

// TableBytes is how much a task of the run may hold in a table: what those who divide work among tasks go by.
func TableBytes(ctx context.Context) int64 { return tableBytes(ctx) }

// TinyBytes is the size of tiny tables.
const TinyBytes = 16 << 10

// tiny is set by tests.
var tiny atomic.Bool

// SetTinyTables makes tasks give the content of their tables away after every batch, and divide all work as finely as they can, or
// undoes it, and returns what was set: tests prove with it that no answer depends on how much memory there is.
func SetTinyTables(on bool) (was bool) { return tiny.Swap(on) }

// few returns n, or as good as nothing where tables are tiny.
func few(n int) int {
	if tiny.Load() {
		return 2
	}
	return n
}

// inOrder says whether the run restores row order everywhere.
func inOrder(ctx context.Context) bool {
	o, _ := sched.OptionsFrom(ctx)
	return o.InOrder
}
