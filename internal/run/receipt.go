package run

import (
	"slices"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/partition"
)

// Receipt is what a query did.
type Receipt struct {
	// Rows of the answers, BytesRead of the inputs (encoded), Spilled to files, PeakMemory reserved at once.
	Rows, BytesRead, Spilled, PeakMemory int64
	Wall                                 time.Duration
	Stages                               []StageReceipt
	// Warnings of sources that had to guess: renamed columns, fields that were left out. Each once.
	Warnings []string

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
		sum.Spilled += op.Spilled
		sum.LeftOut += op.LeftOut
		sum.Exchange = sum.Exchange || op.Exchange
		sum.Time += op.Time
		sum.Memory = max(sum.Memory, op.Memory)
	}
}

// addStage makes room for a stage more.
func (r *Receipt) addStage() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Stages = append(r.Stages, StageReceipt{})
}

// addWarnings takes over what a source that was planned has to say.
func (r *Receipt) addWarnings(source partition.Source) {
	w, ok := source.(interface{ Warnings() []string })
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range w.Warnings() {
		if !slices.Contains(r.Warnings, text) {
			r.Warnings = append(r.Warnings, text)
		}
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

// addSpilled counts what was written to files of the rows that a stage gave to others.
func (r *Receipt) addSpilled(stage int, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ops := r.Stages[stage].Ops; len(ops) > 0 {
		ops[len(ops)-1].Spilled += bytes
	}
}
