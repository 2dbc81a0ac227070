package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// Task is one execution of a fragment.
type Task struct {
	Fragment *Fragment
	// Split is the main input, where it is not the results of tasks.
	Split partition.Split
	// Part is the number of the split, from 0.
	Part int
	// Lo and Hi are the hash buckets [Lo, Hi) that a merge of groups takes, or the rows of an exchange; of a merge of sorted runs it is
	// part Lo of Hi.
	Lo, Hi int
	// Unmet is the rows of a join table that a task gives as rows without a left side; nil for other tasks.
	Unmet *Unmet
}

// Buckets is the number of hash buckets that merges of groups divide.
const Buckets = buckets

// Result is what a task makes: *Rows, *Groups, *SortedRun or *Table.
type Result interface {
	// Free gives the reserved bytes back. It may be called several times, by one goroutine at a time.
	Free()
	// Held is what Free frees, for those who must free what nobody has read; nil for none.
	Held() *mem.Reservation
}

// Held implements Result.
func (r *Rows) Held() *mem.Reservation { return r.held }

// Held implements Result.
func (g *Groups) Held() *mem.Reservation { return g.held }

// Held implements Result.
func (r *SortedRun) Held() *mem.Reservation { return r.held }

// Held implements Result.
func (t *Table) Held() *mem.Reservation { return t.held }

// Receipts gets what the operators of a task did. It is called once a task, from the task's goroutine.
type Receipts interface {
	Add(stage int, ops []OpStat)
}

type receiptsKey struct{}

// WithReceipts returns a context under which tasks report to r.
func WithReceipts(ctx context.Context, r Receipts) context.Context {
	return context.WithValue(ctx, receiptsKey{}, r)
}

// Do runs the task: in holds the results of its dependencies, join tables first. The result is what Fragment.Mode says.
func (t *Task) Do(ctx context.Context, in []any) (result any, err error) {
	held := reservation(ctx, sinkName(t.Fragment))
	return t.guard(held, func() (any, error) {
		tables, err := tablesOf(t.Fragment, in)
		if err != nil {
			return nil, err
		}
		p, err := compile(ctx, t, tables, held)
		if err != nil {
			return nil, err
		}
		lasting := ctx
		if t.mayPause(ctx, p) {
			p.life = newLife(ctx)
			p.ends = append(p.ends, p.life.end)
			lasting = p.life
		}
		var filter *rowFilter
		if !t.Fragment.FromTasks {
			if filter, err = newRowFilter(lasting, t.Fragment, tables); err != nil {
				p.end()
				return nil, err
			}
		}
		from := t.source(ctx, p, tables, in[t.Fragment.Tables:], filter)
		if s, ok := t.Split.(partition.ScarceSplit); ok && p.life != nil && s.Scarce() {
			from = &turn{source: from}
		}
		return t.work(ctx, p, held, from)
	})
}

// source returns what feeds the task's pipeline: a split, rows of other tasks, or what is merged of their results.
func (t *Task) source(ctx context.Context, p *pipeline, tables []*Table, in []any, filter *rowFilter) source {
	inner := multiplies(t.Fragment.Root) && pausable(ctx) // one row may become more than can wait: it stops within a push
	var pushes *pause
	if !inner {
		pushes = newPause(ctx, t, p)
	}
	var from source
	switch {
	case !t.Fragment.FromTasks:
		from = &scan{link: p.head, split: t.Split, schema: leafSchema(t.Fragment.Root), part: t.Part, pending: pending{pause: pushes}, filter: filter}
	case t.Fragment.Merge == nil && p.parts == nil:
		from = &exchanged{link: p.head, task: t, in: in, pending: pending{pause: pushes}}
	default:
		return newMerging(ctx, t, p, func(ctx context.Context) error { return t.feed(ctx, p, tables, in) })
	}
	if inner {
		return newMerging(ctx, t, p, from.run)
	}
	return from
}

// guard turns panics of do into errors, and frees what its result would hold where there is none.
func (t *Task) guard(held *mem.Reservation, do func() (any, error)) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = t.panicked(p)
		}
		if err != nil {
			held.Free()
			result = nil
		}
	}()
	return do()
}

// work feeds the pipeline from the source and returns what it makes.
func (t *Task) work(ctx context.Context, p *pipeline, held *mem.Reservation, s source) (any, error) {
	paused := false
	defer func() {
		if !paused {
			p.end()
		}
	}()
	return t.guard(held, func() (any, error) {
		err := p.feed(ctx, s)
		paused = errors.Is(err, errPaused)
		switch {
		case paused:
			rows := p.sink.(*emitStep).take()
			rows.More = &Resume{task: t, pipe: p, from: s}
			return rows, nil
		case err != nil && !errors.Is(err, errEnough):
			return nil, t.place(p, err)
		}
		return t.finish(ctx, p, held)
	})
}

// finish ends the pipeline after all its input.
func (t *Task) finish(ctx context.Context, p *pipeline, held *mem.Reservation) (any, error) {
	p.clock.enter(0)
	p.clock.failed = len(p.clock.ops) // rows that a breaker gives have no numbers
	if err := p.head.finish(ctx); err != nil && !errors.Is(err, errEnough) {
		return nil, t.place(p, err)
	}
	p.clock.enter(0)
	last := &p.clock.ops[len(p.clock.ops)-1]
	last.Memory = max(held.Held(), last.Memory)
	if s, ok := p.sink.(giver); ok {
		last.Exchange = true
		last.Rows, last.Bytes = s.given()
	}
	if r, ok := ctx.Value(receiptsKey{}).(Receipts); ok {
		r.Add(t.Fragment.Stage, p.clock.ops)
	}
	return p.result()
}

// place says where in the input an error arose: the partition, where the task reads one, and the row of it, where every row of the
// partition has come as far as the operator that failed. Errors that name a file know better.
func (t *Task) place(p *pipeline, err error) error {
	f := &fault.Error{Kind: fault.Input, Op: sourceName(t.Fragment), Err: err}
	switch {
	case errors.As(err, &f):
		if f.File != "" {
			return err
		}
	case p.clock.failed > 0 || t.Fragment.FromTasks || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	}
	placed := *f
	if placed.Partition == 0 && !t.Fragment.FromTasks {
		placed.Partition = t.Part + 1
	}
	switch {
	case p.clock.failed == 0 || placed.Row == 0: // the reader's own error, or none of a row
	case p.countsRows(p.clock.failed) && !t.Fragment.Pruned:
		placed.Row += p.clock.row
	default:
		placed.Row = 0
	}
	return &placed
}

// panicked turns a panic of a user function or a decoder into an error with its place.
func (t *Task) panicked(p any) error {
	f := fault.New(fault.Panic, sourceName(t.Fragment), "panic: %v\n%s", p, debug.Stack())
	f.Partition = t.Part + 1
	return f
}

// feed pushes the results of tasks into the pipeline.
func (t *Task) feed(ctx context.Context, p *pipeline, tables []*Table, in []any) error {
	f := t.Fragment
	switch node := f.Merge.(type) {
	case nil:
		if p.parts != nil {
			left, err := inputs[*Exchanged](in)
			if err != nil {
				return err
			}
			return p.parts.run(ctx, left, t.Lo, t.Hi, &p.head)
		}
		return fault.New(fault.Internal, "exec", "rows of tasks have a source of their own")
	case *plan.Join:
		return t.pushUnmet(ctx, node, p, tables)
	case *plan.GroupBy:
		parts, err := inputs[*Groups](in)
		if err != nil {
			return err
		}
		work := reservation(ctx, "group_by")
		defer work.Free()
		m := &groupMerge{node: node, held: work, out: &p.head}
		if !inOrder(ctx) {
			m.limit = 2 * tableBytes(ctx) // nothing else of the task grows meanwhile
		}
		err = m.merge(ctx, parts, t.Lo, t.Hi)
		p.clock.ops[0].Spilled += m.spent
		return err
	case *plan.Sort:
		parts, err := inputs[*SortedRun](in)
		if err != nil {
			return err
		}
		work := reservation(ctx, "sort")
		defer work.Free()
		return mergeRuns(ctx, node, parts, t.Lo, t.Hi, work.Grow, &p.head)
	}
	return fault.New(fault.Internal, "exec", "no merge for %s", OpName(f.Merge))
}

func inputs[T any](in []any) ([]T, error) {
	parts := make([]T, len(in))
	for i, v := range in {
		p, ok := v.(T)
		if !ok {
			return nil, fault.New(fault.Internal, "exec", "input %d is a %T, not a %T", i, v, p)
		}
		parts[i] = p
	}
	return parts, nil
}

func tablesOf(f *Fragment, in []any) ([]*Table, error) {
	if len(in) < f.Tables {
		return nil, fault.New(fault.Internal, "exec", "%d inputs, %d join tables expected", len(in), f.Tables)
	}
	return inputs[*Table](in[:f.Tables])
}

// pushWithoutNullKeys pushes the groups none of whose keys is null.
func pushWithoutNullKeys(ctx context.Context, b *vec.Batch, nkeys int, out *link) error {
	var idx []uint32
	for i := range b.Rows {
		null := false
		for k := range nkeys {
			null = null || !b.Cols[k].ValidAt(i)
		}
		if !null {
			idx = append(idx, uint32(i))
		}
	}
	var scratch vec.Scratch
	kept := vec.Batch{Cols: make([]vec.Vec, len(b.Cols)), Rows: len(idx), Seq: b.Seq}
	for c := range b.Cols {
		vec.Take(&kept.Cols[c], &b.Cols[c], idx, &scratch)
	}
	return out.pushAll(ctx, &kept)
}

// Describe returns the fragment in a line, for errors and drawings.
func (t *Task) Describe() string {
	return fmt.Sprintf("stage %d, part %d", t.Fragment.Stage, t.Part)
}
