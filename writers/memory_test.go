package writers_test

import (
	"context"
	"iter"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/sched"
)

// heldWhileWriting writes so many splits of the same rows to one file and returns the most bytes that lived in the heap when a split had
// given half of its rows: waiting parts, finished tasks, what becomes the footer.
func heldWhileWriting(t *testing.T, k kind, splits int, rec arrow.RecordBatch) uint64 {
	t.Helper()
	const batches = 6
	var mu sync.Mutex
	var most uint64
	look := func() {
		mu.Lock()
		defer mu.Unlock()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}
	split := func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for i := range batches {
				if i == batches/2 {
					look()
				}
				if !yield(rec, nil) {
					return
				}
			}
		}
	}
	all := make([]func(context.Context) iter.Seq2[arrow.RecordBatch, error], splits)
	for i := range all {
		all[i] = split
	}
	path := filepath.Join(t.TempDir(), "x"+k.ext)
	report, err := dataframe.FromSource(partition.NewSource(rowsSchema, all...)).Write(context.Background(), k.write(path, options{}), sched.Workers(2))
	require.NoError(t, err)
	require.EqualValues(t, int64(splits)*batches*rec.NumRows(), report.Rows)
	return most
}

// TestTenTimesTheRowsInTheSameMemory: a write holds as much for ten times the input. How many parts wait for their turn at a moment is
// chance; all of them, or all that was written, would be several times what is allowed.
func TestTenTimesTheRowsInTheSameMemory(t *testing.T) {
	rec := rowsFrom(0, 4000)
	each(t, func(t *testing.T, k kind) {
		if testing.Short() && (k.name == "csv gzip" || k.name == "json zstd") {
			t.Skip("compressing takes long")
		}
		heldWhileWriting(t, k, 6, rec) // what the process keeps for all writes
		small, large := heldWhileWriting(t, k, 6, rec), heldWhileWriting(t, k, 60, rec)
		t.Logf("%d KiB, %d KiB with ten times the rows", small>>10, large>>10)
		require.LessOrEqual(t, large, small+small/5+12<<20)
	})
}
