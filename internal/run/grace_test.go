package run_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/exec/exectest"
	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/internal/ref"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

// Joins whose tables are too large for memory go by parts, and by blocks where a part is too large too: the same rows in another order.
func TestJoinsByParts(t *testing.T) {
	defer exec.LimitJoins(exec.LimitJoins(0))
	parted := 0
	for i, op := range joins() {
		if op.Name == "full joins in a row, then groups" || testing.Short() && i%4 != 0 { // the first row of a group is another one
			continue
		}
		r := rand.New(rand.NewPCG(uint64(i), 5))
		var ins []plan.Node
		for range op.Inputs {
			d := exectest.Random(r, exectest.Schema, 350, 0.1)
			src := exectest.NewSource(d, exectest.Layout{Splits: 4, Batch: 50, Text: exectest.Text(i % 3)})
			ins = append(ins, plan.NewScan(src))
		}
		n, err := op.Make(ins)
		require.NoError(t, err)
		want, err := ref.Run(context.Background(), n)
		require.NoError(t, err)
		for _, v := range []struct {
			limit int64
			on    sched.Scheduler
		}{{2 << 10, sched.Pool(4)}, {30 << 10, sched.Inline()}, {30 << 10, asBytes()}} {
			exec.LimitJoins(v.limit)
			var recs []arrow.RecordBatch
			receipt, err := run.Query(context.Background(), []plan.Node{n}, sched.Options{Workers: 4, On: v.on}, func(_ int, rows *exec.Rows) bool {
				recs = append(recs, rows.Batches...)
				return true
			})
			require.NoError(t, err, op.Name)
			require.Empty(t, ref.DiffRows(want, ref.OfRecords(n.Schema(), recs)), "%s, %d bytes", op.Name, v.limit)
			require.Zero(t, mem.Process().Used())
			stages, err := physical.Lower(n)
			require.NoError(t, err)
			if len(receipt.Stages) > len(stages.Stages) {
				parted++
			}
		}
	}
	require.Greater(t, parted, 20, "joins that went by parts")
}
