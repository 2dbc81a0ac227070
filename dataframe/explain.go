package dataframe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/internal/run"
	"github.com/sheafdata/sheaf/optimizer"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/sched"
)

// ExplainOption says which form of the plan Explain shows.
type ExplainOption int

// The forms: the optimised plan (the default), the plan as it was written, the stages that run, and every phase of the optimizer with
// the rules that fired.
const (
	Optimized ExplainOption = iota
	Logical
	Physical
	AllPhases
)

// Explain draws the frame's plan in the forms asked for, one after the other. A frame that holds a fault gives its text.
func (df *DataFrame) Explain(opts ...ExplainOption) string {
	if err := df.Err(); err != nil {
		return err.Error() + "\n"
	}
	if len(opts) == 0 {
		opts = []ExplainOption{Optimized}
	}
	better, trace, err := optimizer.Optimize(df.node, optimizer.Options{Fold: run.Fold})
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for i, form := range opts {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch form {
		case Logical:
			b.WriteString(plan.Format(df.node))
		case Physical:
			b.WriteString(stagesText(better))
		case AllPhases:
			b.WriteString(trace.String() + "== physical\n" + stagesText(better))
		default:
			b.WriteString(plan.Format(better))
		}
	}
	return b.String()
}

// stagesText draws the stages of an optimised plan.
func stagesText(n plan.Node) string {
	stages, err := physical.Lower(n)
	if err != nil {
		return err.Error() + "\n"
	}
	return stages.String()
}

// Receipt is what a run did.
type Receipt struct {
	// Rows of the answer; BytesRead of the input, encoded; Spilled to disk; PeakMemory reserved at once.
	Rows, BytesRead, Spilled, PeakMemory int64
	Wall                                 time.Duration
	Operators                            []OpReceipt
	Warnings                             []string
}

// OpReceipt is what one operator of a stage did in all its tasks. Time is added up over the tasks, so with several workers it can
// exceed the wall time.
type OpReceipt struct {
	Name                         string
	Exchange                     bool
	Rows, Bytes, Spilled, Memory int64
	// LeftOut is the rows that a scan passed over because a join, a top-k or a condition above had no use for them. Rows are those given.
	LeftOut int64
	Time    time.Duration
}

// Analyze runs the frame, drops its rows and returns the receipt.
func (df *DataFrame) Analyze(ctx context.Context, opts ...RunOption) (Receipt, error) {
	q, err := newQuery(ctx, "Analyze", []*DataFrame{df}, opts)
	if err != nil {
		return Receipt{}, err
	}
	receipt, err := q.each(ctx, func(int, arrow.RecordBatch) bool { return true })
	if err != nil {
		return Receipt{}, err
	}
	return newReceipt(receipt), nil
}

func newReceipt(r *run.Receipt) Receipt {
	out := Receipt{Rows: r.Rows, BytesRead: r.BytesRead, Spilled: r.Spilled, PeakMemory: r.PeakMemory, Wall: r.Wall, Warnings: r.Warnings}
	for i, s := range r.Stages {
		for _, op := range s.Ops {
			out.Operators = append(out.Operators, OpReceipt{
				Name: fmt.Sprintf("%d %s", i, op.Name), Rows: op.Rows, Bytes: op.Bytes, Memory: op.Memory, Time: op.Time, Exchange: op.Exchange, Spilled: op.Spilled, LeftOut: op.LeftOut,
			})
		}
	}
	return out
}

// String draws the receipt as a table.
func (r Receipt) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-28s %14s %14s %14s %14s %12s\n", "operator", "rows", "bytes", "spilled", "memory", "time")
	for _, op := range r.Operators {
		fmt.Fprintf(&b, "%-28s %14s %14s %14s %14s %12s\n", op.Name, group3(op.Rows), group3(op.Bytes), group3(op.Spilled), group3(op.Memory), op.Time.Round(time.Microsecond))
	}
	for _, op := range r.Operators {
		if op.LeftOut > 0 {
			fmt.Fprintf(&b, "%s left %s out that nothing above had a use for\n", op.Name, plural(op.LeftOut, "row"))
		}
	}
	fmt.Fprintf(&b, "%s in %s, %s bytes read, %s bytes spilled, %s bytes of memory at most\n",
		plural(r.Rows, "row"), r.Wall.Round(time.Microsecond), group3(r.BytesRead), group3(r.Spilled), group3(r.PeakMemory))
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}

// optimize returns the optimised plans of an action's frames; what they share is one node.
func optimize(nodes []plan.Node, o sched.Options) ([]plan.Node, error) {
	if o.Reproducible {
		nodes = slices.Clone(nodes)
		for i := range nodes {
			var err error
			if nodes[i], err = optimizer.Exact(nodes[i]); err != nil {
				return nil, err
			}
		}
	}
	rules := optimizer.Options{Fold: run.Fold}
	if o.InOrder { // tables that keep an order cannot spill: no join gets one more
		rules.Disable = append(rules.Disable, "reduce_join")
	}
	out, _, err := optimizer.OptimizeAll(nodes, rules)
	return out, err
}
