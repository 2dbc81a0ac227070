package dataframe

import (
	"context"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/plan"
)

// Persist runs the frame and returns one over its rows. They are kept as the engine has them, in memory while the budget has room
// (that of the process, or of sched.Memory) and in files of the spill folder beyond that, until the last frame made of them is gone, or
// Unpersist.
func (df *DataFrame) Persist(ctx context.Context, opts ...RunOption) (*DataFrame, error) {
	q, err := newQuery(ctx, "Persist", []*DataFrame{df}, opts)
	if err != nil {
		return nil, err
	}
	src := newKeptSource(q.nodes[0].Schema(), q.opts)
	if _, _, err := run.Write(ctx, plan.NewWrite(q.nodes[0], src), q.opts); err != nil {
		_ = src.store.close()
		return nil, placed(q.at, q.op, err)
	}
	return fromSource(q.at, "Persist", src), nil
}

// Unpersist drops the rows that Persist keeps, sooner than the garbage collector would. Frames made of df are of no use then: their
// actions fail. Of a frame that Persist did not return, and the second time, it does nothing.
func (df *DataFrame) Unpersist() {
	if df.fault() != nil {
		return
	}
	if scan, ok := df.node.(*plan.Scan); ok {
		if src, ok := scan.Source.(*keptSource); ok {
			_ = src.store.close() // memory goes back in any case; a file that cannot be removed goes with the folder
		}
	}
}

// unpersisted is the fault of a frame whose rows are gone.
func unpersisted() error {
	return fault.New(fault.Plan, "Persist", "the rows were dropped by Unpersist").WithHint("Persist again, or Unpersist later")
}
