package dataframe

import (
	"context"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

// RunOption sets one of a run's options; package sched makes them.
type RunOption = sched.Option

// query is an action under way: frames, optimised together, and where it was called.
type query struct {
	at, op string
	nodes  []plan.Node
	opts   sched.Options
}

// newQuery optimises the frames of an action.
func newQuery(ctx context.Context, op string, frames []*DataFrame, opts []RunOption) (*query, error) {
	q := &query{at: fault.Caller(), op: op, opts: sched.Apply(opts...)}
	switch {
	case ctx == nil:
		return nil, placed(q.at, op, fault.New(fault.Plan, op, "the context is nil").WithHint("give context.Background()"))
	case q.opts.Workers < 0 || q.opts.Memory < 0:
		return nil, placed(q.at, op, fault.New(fault.Plan, op, "negative options: %d workers, %d bytes of memory", q.opts.Workers, q.opts.Memory))
	}
	for i, df := range frames {
		if err := df.fault(); err != nil {
			if df == nil && len(frames) > 1 {
				err = fault.New(fault.Plan, op, "frame %d is nil", i+1)
			}
			return nil, placed(q.at, op, err)
		}
		q.nodes = append(q.nodes, df.node)
	}
	var err error
	if q.nodes, err = optimize(q.nodes, q.opts); err != nil {
		return nil, placed(q.at, op, err)
	}
	return q, nil
}

// each runs the query and gives the record batches of each frame's answer, in row order.
func (q *query) each(ctx context.Context, yield func(frame int, rec arrow.RecordBatch) bool) (*run.Receipt, error) {
	if len(q.nodes) == 0 {
		return &run.Receipt{}, nil
	}
	rows := int64(0)
	receipt, err := run.Query(ctx, q.nodes, q.opts, func(frame int, part *exec.Rows) bool {
		for _, rec := range part.Batches {
			rows += rec.NumRows()
			if !yield(frame, rec) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return nil, placed(q.at, q.op, err)
	}
	receipt.Rows = rows
	return receipt, nil
}

// tables runs the query and collects each frame's answer.
func (q *query) tables(ctx context.Context) ([]*Table, *run.Receipt, error) {
	batches := make([][]arrow.RecordBatch, len(q.nodes))
	receipt, err := q.each(ctx, func(frame int, rec arrow.RecordBatch) bool {
		batches[frame] = append(batches[frame], rec)
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	tables := make([]*Table, len(batches))
	for i := range tables {
		tables[i] = newTable(q.nodes[i].Schema(), batches[i])
	}
	return tables, receipt, nil
}

// Collect runs the frame and returns its rows. They are on the Go heap and the caller's.
func (df *DataFrame) Collect(ctx context.Context, opts ...RunOption) (*Table, error) {
	q, err := newQuery(ctx, "Collect", []*DataFrame{df}, opts)
	if err != nil {
		return nil, err
	}
	tables, _, err := q.tables(ctx)
	if err != nil {
		return nil, err
	}
	return tables[0], nil
}

// CollectAll runs several frames at once and returns their rows; what they share runs once.
func CollectAll(ctx context.Context, frames []*DataFrame, opts ...RunOption) ([]*Table, error) {
	q, err := newQuery(ctx, "CollectAll", frames, opts)
	if err != nil {
		return nil, err
	}
	tables, _, err := q.tables(ctx)
	return tables, err
}

// Head runs the frame for its first n rows and reads no more than it must.
func (df *DataFrame) Head(ctx context.Context, n int64, opts ...RunOption) (*Table, error) {
	q, err := newQuery(ctx, "Head", []*DataFrame{df.Limit(n)}, opts)
	if err != nil {
		return nil, err
	}
	tables, _, err := q.tables(ctx)
	if err != nil {
		return nil, err
	}
	return tables[0], nil
}

// Count runs the frame for the number of its rows. Where metadata has it, no data is read.
func (df *DataFrame) Count(ctx context.Context, opts ...RunOption) (int64, error) {
	counted := df.then("Count", func(in plan.Node) (plan.Node, error) {
		return plan.NewAgg(in, nil, []expr.Expr{expr.Count().As("count")}, false)
	})
	q, err := newQuery(ctx, "Count", []*DataFrame{counted}, opts)
	if err != nil {
		return 0, err
	}
	tables, _, err := q.tables(ctx)
	if err != nil {
		return 0, err
	}
	n, _ := tables[0].Value(0, "count").(int64)
	return n, nil
}

// Batches iterates over the rows as record batches, in row order. Every range runs the frame anew; a break cancels what still runs. An
// error is given once, as the last pair.
func (df *DataFrame) Batches(ctx context.Context, opts ...RunOption) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		wanted := true
		q, err := newQuery(ctx, "Batches", []*DataFrame{df}, opts)
		if err == nil {
			_, err = q.each(ctx, func(_ int, rec arrow.RecordBatch) bool {
				wanted = yield(rec, nil)
				return wanted
			})
		}
		if err != nil && wanted { // after a break nobody listens any more
			yield(nil, err)
		}
	}
}

// WriteReport is what a write says of itself: rows, bytes, files.
type WriteReport = partition.Report

// Write runs the frame and writes its rows to a sink, all of them or none. Every task of the last stage writes a part of its own, so
// that the rows never are in memory all at once; a sink that is one file has them in row order.
func (df *DataFrame) Write(ctx context.Context, to partition.Sink, opts ...RunOption) (WriteReport, error) {
	q, err := newQuery(ctx, "Write", []*DataFrame{df}, opts)
	if err != nil {
		return WriteReport{}, err
	}
	if to == nil {
		return WriteReport{}, placed(q.at, q.op, fault.New(fault.Plan, q.op, "the sink is nil"))
	}
	report, _, err := run.Write(ctx, plan.NewWrite(q.nodes[0], to), q.opts)
	if err != nil {
		return WriteReport{}, placed(q.at, q.op, err)
	}
	return report, nil
}
