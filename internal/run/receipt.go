package run

import (
	"sync"
	"time"

	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/partition"
)

// Receipt is what a query did.
type Receipt struct {
	// Rows of the answers, BytesRead of the inputs (encoded), PeakMemory reserved at once.
	Rows, BytesRead, PeakMemory int64
	Wall                        time.Duration
	Stages                      []StageReceipt

	mu sync.Mutex
}

// StageReceipt is what the tasks of a stage did together, by operator from its input to its result.
type StageReceipt struct {
	Tasks, Splits int
	Ops           []exec.OpStat
}

func newReceipt(p *physical.Plan) *Receipt {
	return &Receipt{Stages: make([]StageReceipt, len(p.Stages))}
}

// Add implements exec.Receipts.
func (r *Receipt) Add(stage int, ops []exec.OpStat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.Stages[stage]
	s.Tasks++
	for i, op := range ops {
		if i == len(s.Ops) {
			s.Ops = append(s.Ops, exec.OpStat{Name: op.Name})
		}
		sum := &s.Ops[i]
		sum.Rows += op.Rows
		sum.Batches += op.Batches
		sum.Bytes += op.Bytes
		sum.Time += op.Time
		sum.Memory = max(sum.Memory, op.Memory)
	}
}

// addSplit counts a split that was read.
func (r *Receipt) addSplit(stage int, stats partition.Stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.BytesRead += stats.Bytes
	s := &r.Stages[stage]
	s.Splits++
	if len(s.Ops) > 0 {
		s.Ops[0].Bytes += stats.Bytes
	}
}
