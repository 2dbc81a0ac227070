package exec

import (
	"context"

	"github.com/sheafdata/sheaf/internal/agg"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/shuffle"
)

// groupSpill is where a grouping gives its groups away: an exchange by the hash of the key.
type groupSpill struct {
	space  *shuffle.Space
	node   *plan.GroupBy
	shift  uint
	writer *shuffle.Writer
	sketch sketch
}

func (s *groupSpill) started() bool { return s.writer != nil }

// add gives all groups of g to the exchange.
func (s *groupSpill) add(g *grouping) error {
	if s.writer == nil {
		o := shuffle.Options{Name: "group_by", Hashed: true, Shift: s.shift}
		for _, t := range exprTypes(s.node.Keys) {
			o.Types = append(o.Types, vec.Logical(t))
		}
		for _, e := range s.node.Aggs {
			o.Types = append(o.Types, agg.StateTypes(e)...)
		}
		s.writer = s.space.Writer(o)
	}
	cols, hashes, err := g.partial()
	if err != nil {
		return err
	}
	if s.shift == 0 { // by which merges are divided
		s.sketch.add(hashes)
	}
	return s.writer.Add(cols, hashes, g.groups())
}

func (s *groupSpill) finish() (*shuffle.Output, error) { return s.writer.Finish() }

func (s *groupSpill) abort() {
	if s.writer != nil {
		s.writer.Abort()
	}
}

// groupMerge merges partial groups into the answer of a group-by.
type groupMerge struct {
	node  *plan.GroupBy
	held  *mem.Reservation
	out   *link
	limit int64 // bytes of a table, 0 none
	spent int64 // bytes that were spilled on the way
}

// maxShift is how many bits of a hash can be looked at: the low ones place keys in tables.
const maxShift = 48

// merge merges the groups of buckets [lo, hi) of the parts, in the order given, and pushes the answer's rows.
func (m *groupMerge) merge(ctx context.Context, parts []*Groups, lo, hi int) error {
	return m.level(ctx, 0, func(add func(cols []vec.Vec, rows int) error) error {
		for _, p := range parts {
			if err := p.read(ctx, lo, hi, add); err != nil {
				return err
			}
		}
		return nil
	})
}

// level merges what read gives. Groups that do not fit into one table are given away by further bits of their hash, each as far as it
// is merged, and the parts that this makes are merged one after the other.
func (m *groupMerge) level(ctx context.Context, shift uint, read func(add func(cols []vec.Vec, rows int) error) error) error {
	g, err := newGrouping(m.node, m.held)
	if err != nil {
		return err
	}
	spill := &groupSpill{space: shuffle.From(ctx), node: m.node, shift: shift + hashBits}
	defer spill.abort()
	splits := m.limit > 0 && g.table != nil && shift < maxShift
	err = read(func(cols []vec.Vec, rows int) error {
		if err := g.mergeBatch(cols, rows); err != nil {
			return err
		}
		if !splits || m.held.Held() <= m.limit {
			return nil
		}
		if err := spill.add(g); err != nil {
			return err
		}
		m.held.Free()
		g, err = newGrouping(m.node, m.held)
		return err
	})
	if err != nil {
		return err
	}
	if !spill.started() {
		return m.push(ctx, g)
	}
	if err := spill.add(g); err != nil {
		return err
	}
	m.held.Free()
	out, err := spill.finish()
	if err != nil {
		return err
	}
	defer out.Free()
	m.spent += out.Spilled()
	return m.parts(ctx, shift+hashBits, out)
}

// parts merges the buckets of what was given away, as many at a time as should fit.
func (m *groupMerge) parts(ctx context.Context, shift uint, out *shuffle.Output) error {
	for lo := 0; lo < shuffle.Buckets; {
		hi := lo + 1
		for hi < shuffle.Buckets && 2*out.Bytes(lo, hi+1) <= m.limit {
			hi++
		}
		part := &Groups{Out: out}
		err := m.level(ctx, shift, func(add func([]vec.Vec, int) error) error { return part.read(ctx, lo, hi, add) })
		if err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

// push pushes the answer's rows of a grouping, and frees it.
func (m *groupMerge) push(ctx context.Context, g *grouping) error {
	rows := g.groups()
	res := vec.Batch{Rows: rows}
	if g.table != nil {
		var err error
		if res.Cols, err = g.table.Keys(0, rows); err != nil {
			return err
		}
	}
	for _, acc := range g.accs {
		col, err := acc.Result(rows)
		if err != nil {
			return err
		}
		res.Cols = append(res.Cols, col)
	}
	defer m.held.Free()
	if m.node.DropNullKeys {
		return pushWithoutNullKeys(ctx, &res, g.nkeys, m.out)
	}
	return m.out.pushAll(ctx, &res)
}

// read gives the groups of buckets [lo, hi) to add, a batch at a time.
func (g *Groups) read(ctx context.Context, lo, hi int, add func(cols []vec.Vec, rows int) error) error {
	if g.Out != nil {
		return readAll(ctx, shuffle.NewReader([]*shuffle.Output{g.Out}, lo, hi), func(b *vec.Batch, _ []uint64) error { return addBatches(b, add) })
	}
	idx, rows := g.part(lo, hi), g.Rows
	if idx != nil {
		rows = len(idx)
	}
	cols := make([]vec.Vec, len(g.Cols))
	var scratch vec.Scratch
	for at := 0; at < rows; at += batchRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(batchRows, rows-at)
		scratch.Reset()
		for c := range cols {
			if idx == nil {
				vec.Slice(&cols[c], &g.Cols[c], at, n, &scratch)
			} else {
				vec.Take(&cols[c], &g.Cols[c], idx[at:at+n], &scratch)
			}
		}
		if err := add(cols, n); err != nil {
			return err
		}
	}
	return nil
}

// addBatches gives rows to add in batches of the usual size.
func addBatches(b *vec.Batch, add func(cols []vec.Vec, rows int) error) error {
	if b.Rows <= batchRows {
		return add(b.Cols, b.Rows)
	}
	cols := make([]vec.Vec, len(b.Cols))
	for at := 0; at < b.Rows; at += batchRows {
		n := min(batchRows, b.Rows-at)
		for c := range cols {
			vec.Slice(&cols[c], &b.Cols[c], at, n, nil)
		}
		if err := add(cols, n); err != nil {
			return err
		}
	}
	return nil
}

// mergeBatch adds groups that other groupings have made.
func (g *grouping) mergeBatch(cols []vec.Vec, rows int) error {
	gids, err := g.intern(cols[:g.nkeys], rows)
	if err != nil {
		return err
	}
	at, groups := g.nkeys, g.groups()
	for i, acc := range g.accs {
		if err := acc.Merge(gids, cols[at:at+g.nst[i]], rows, groups); err != nil {
			return err
		}
		at += g.nst[i]
	}
	return g.account()
}
