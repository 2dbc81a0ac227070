package delayed

import (
	"context"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/sched"
)

var allocator = memory.DefaultAllocator

// source is the partition.Source of delayed record batches: a split a node.
type source struct {
	schema *arrow.Schema
	parts  []*Node
}

// Schema implements partition.Source.
func (s *source) Schema() *arrow.Schema { return s.schema }

// err returns the first fault of a part.
func (s *source) err() error {
	for _, n := range s.parts {
		if n.err != nil {
			return n.err
		}
	}
	return nil
}

// Plan implements partition.Source.
func (s *source) Plan(_ context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	cols, err := partition.ColumnIndexes(s.schema, r.Columns)
	if err != nil {
		return nil, err
	}
	scan := &partition.Scan{Residual: r.Predicate}
	shared := sharedBy(s.parts)
	for i, n := range s.parts {
		scan.Splits = append(scan.Splits, &split{source: s, part: i, node: n, cols: cols, shared: shared})
	}
	return scan, nil
}

// sharedBy returns the calls that more than one of the parts need, each with a place for its result.
func sharedBy(parts []*Node) map[*Node]*once {
	counts := map[*Node]int{}
	for _, p := range parts {
		_ = Walk([]*Node{p}, func(n *Node) error { // they have no faults
			counts[n]++
			return nil
		})
	}
	shared := map[*Node]*once{}
	for n, count := range counts {
		if count > 1 {
			shared[n] = &once{}
		}
	}
	for n, o := range shared {
		o.node = n.behind(shared)
	}
	return shared
}

// behind returns the node with all shared calls below it replaced by a wait for their one result.
func (n *Node) behind(shared map[*Node]*once) *Node {
	made := map[*Node]*Node{}
	var replace func(m *Node) *Node
	replace = func(m *Node) *Node {
		if m.known != nil {
			return m
		}
		if c, ok := made[m]; ok {
			return c
		}
		c := &Node{fn: m.fn, at: m.at, key: m.key, typ: m.typ}
		if o, ok := shared[m]; ok && m != n {
			f := *m.fn
			f.call = o.get
			c.fn = &f
		} else {
			for _, a := range m.args {
				c.args = append(c.args, replace(a))
			}
		}
		made[m] = c
		return c
	}
	return replace(n)
}

// once is a result that several splits of one scan read. The first that needs it computes it.
type once struct {
	node *Node

	mu      sync.Mutex
	working chan struct{} // not nil while somebody computes it
	done    bool
	value   any
	err     error
}

func (o *once) get(ctx context.Context, _ []any) (any, error) {
	for {
		o.mu.Lock()
		switch {
		case o.done:
			defer o.mu.Unlock()
			return o.value, o.err
		case o.working == nil:
			o.working = make(chan struct{})
			o.mu.Unlock()
			return o.compute(ctx)
		}
		working := o.working
		o.mu.Unlock()
		if err := Block(ctx, working); err != nil {
			return nil, err
		}
	}
}

func (o *once) compute(ctx context.Context) (any, error) {
	out, err := compute(ctx, []*Node{o.node}, optionsOf(ctx))
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.working)
	o.working = nil
	if err != nil && ctx.Err() != nil {
		return nil, err // it was this reader that was cancelled: another tries again
	}
	if o.done, o.err = true, err; err == nil {
		o.value = out[0]
	}
	return o.value, o.err
}

// optionsOf returns the scheduler and observers of the task that was given ctx, for what it runs within.
func optionsOf(ctx context.Context) []sched.Option {
	outer, ok := sched.OptionsFrom(ctx)
	if !ok {
		return nil
	}
	return []sched.Option{func(o *sched.Options) {
		o.On, o.Workers, o.Memory, o.SpillDir, o.Observers = outer.On, outer.Workers, outer.Memory, outer.SpillDir, outer.Observers
	}}
}

// split is one part.
type split struct {
	source *source
	part   int
	node   *Node
	cols   []int
	shared map[*Node]*once
}

// Stats implements partition.Split.
func (s *split) Stats() partition.Stats { return partition.Stats{} }

// Open implements partition.Split.
func (s *split) Open(context.Context, *partition.Env) (partition.Reader, error) {
	return &reader{split: s}, nil
}

// reader gives the one batch of a split.
type reader struct {
	split *split
	over  bool
}

// Next implements partition.Reader.
func (r *reader) Next(ctx context.Context) (partition.Batch, error) {
	if ctx.Err() != nil {
		return partition.Batch{}, canceled(ctx)
	}
	if r.over {
		return partition.Batch{}, io.EOF
	}
	r.over = true
	rec, err := r.split.record(ctx)
	if err != nil {
		return partition.Batch{}, err
	}
	b := partition.Batch{Rows: int(rec.NumRows()), Cols: make([]arrow.Array, len(r.split.cols))}
	for i, c := range r.split.cols {
		b.Cols[i] = rec.Column(c)
	}
	return b, nil
}

// Close implements partition.Reader.
func (r *reader) Close() error { return nil }

// record computes the part and checks it.
func (s *split) record(ctx context.Context) (arrow.RecordBatch, error) {
	var v any
	if o, ok := s.shared[s.node]; ok {
		var err error
		if v, err = o.get(ctx, nil); err != nil {
			return nil, err
		}
	} else {
		out, err := compute(ctx, []*Node{s.node.behind(s.shared)}, optionsOf(ctx))
		if err != nil {
			return nil, err
		}
		v = out[0]
	}
	rec, _ := v.(arrow.RecordBatch)
	var why *fault.Error
	switch {
	case rec == nil:
		why = fault.New(fault.Type, "Frame", "part %d is nil", s.part)
	case !rec.Schema().Equal(s.source.schema):
		why = fault.New(fault.Type, "Frame", "part %d is not of the frame's schema but has %s", s.part, rec.Schema())
	default:
		return rec, nil
	}
	why.At = s.node.at.String()
	return nil, why
}
