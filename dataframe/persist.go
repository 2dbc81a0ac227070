package dataframe

import (
	"context"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/plan"
)

// Persist runs the frame and returns one over its rows, which are kept in memory until the last frame made of it is gone, or
// Unpersist.
func (df *DataFrame) Persist(ctx context.Context, opts ...RunOption) (*DataFrame, error) {
	q, err := newQuery(ctx, "Persist", []*DataFrame{df}, opts)
	if err != nil {
		return nil, err
	}
	tables, _, err := q.tables(ctx)
	if err != nil {
		return nil, err
	}
	src := newMemorySource(tables[0].schema, tables[0].batches)
	src.persisted = true
	return fromSource(q.at, "Persist", src), nil
}

// Unpersist drops the rows that Persist keeps, sooner than the garbage collector would. Frames made of df are of no use then: their
// actions fail. Of a frame that Persist did not return, and the second time, it does nothing.
func (df *DataFrame) Unpersist() {
	if df.fault() != nil {
		return
	}
	if scan, ok := df.node.(*plan.Scan); ok {
		if src, ok := scan.Source.(*memorySource); ok && src.persisted {
			src.recs.Store(nil)
		}
	}
}

// unpersisted is the fault of a frame whose rows are gone.
func unpersisted() error {
	return fault.New(fault.Plan, "Persist", "the rows were dropped by Unpersist").WithHint("Persist again, or Unpersist later")
}
