package exec

import (
	"context"
	"slices"

	"github.com/sheafdata/sheaf/internal/agg"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/group"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
)

// Groups is the partial answer of a group-by over a part of the rows: a row a group, with its key columns and the state columns of
// every aggregate, in order of first appearance.
type Groups struct {
	Cols []vec.Vec // keys, then states
	Rows int
	// Hashes of the groups' keys; empty without keys.
	Hashes []uint64
	// order and starts list the groups by the top hashBits of their hash, where there are many; nil where there are few.
	order  []uint32
	starts []uint32
	held   *mem.Reservation
}

// Free gives the reserved bytes back.
func (g *Groups) Free() {
	if g.held != nil {
		g.held.Free()
	}
}

const (
	// hashBits is how many top bits of the hash name a bucket: 256 buckets let the largest merges (tens of millions of groups) run
	// in tables near the size of the second-level cache.
	hashBits = 8
	buckets  = 1 << hashBits
	// bucketFrom is the number of groups from which a partial lists them by bucket.
	bucketFrom = 4096
)

// bucketise lists the groups by bucket with a counting sort, which keeps first appearance within a bucket.
func (g *Groups) bucketise() {
	if g.Rows < bucketFrom || len(g.Hashes) == 0 {
		return
	}
	g.starts = make([]uint32, buckets+1)
	for _, h := range g.Hashes {
		g.starts[h>>(64-hashBits)+1]++
	}
	for b := range buckets {
		g.starts[b+1] += g.starts[b]
	}
	at := slices.Clone(g.starts)
	g.order = make([]uint32, g.Rows)
	for i, h := range g.Hashes {
		b := h >> (64 - hashBits)
		g.order[at[b]] = uint32(i)
		at[b]++
	}
}

// part returns the groups of buckets [lo, hi); nil means all of them, in their order.
func (g *Groups) part(lo, hi int) []uint32 {
	if lo == 0 && hi == buckets {
		return nil
	}
	if g.order != nil {
		return g.order[g.starts[lo]:g.starts[hi]]
	}
	idx := make([]uint32, 0, g.Rows)
	for i, h := range g.Hashes {
		if b := int(h >> (64 - hashBits)); b >= lo && b < hi {
			idx = append(idx, uint32(i))
		}
	}
	return idx
}

// grouping is what partial and merging group-bys share: the key table, the accumulators and what they reserve.
type grouping struct {
	node  *plan.GroupBy
	nkeys int
	table group.Table // nil without keys: one group
	accs  []agg.Acc
	nst   []int // state columns of each accumulator
	gids  []uint32
	held  *mem.Reservation
	base  int64 // bytes reserved for table and accumulators
}

func newGrouping(node *plan.GroupBy, held *mem.Reservation) (*grouping, error) {
	g := &grouping{node: node, nkeys: len(node.Keys), held: held}
	if g.nkeys > 0 {
		table, err := group.New(exprTypes(node.Keys), group.Options{Reserve: held.Grow})
		if err != nil {
			return nil, err
		}
		g.table = table
	}
	for _, e := range node.Aggs {
		acc, err := agg.New(e)
		if err != nil {
			return nil, err
		}
		g.accs = append(g.accs, acc)
		g.nst = append(g.nst, len(agg.StateTypes(e)))
	}
	return g, nil
}

// groups returns the number of groups so far.
func (g *grouping) groups() int {
	if g.table == nil {
		return 1
	}
	return g.table.Len()
}

// intern returns the group of each row, nil where there are no keys: every row is of group 0.
func (g *grouping) intern(keys []vec.Vec, rows int) ([]uint32, error) {
	if g.table == nil {
		return nil, nil
	}
	g.gids = slices.Grow(g.gids[:0], rows)[:rows]
	return g.gids, g.table.Intern(keys, rows, g.gids)
}

// account reserves what the accumulators have grown by; the table reserves for itself.
func (g *grouping) account() error {
	now := int64(0)
	for _, a := range g.accs {
		now += a.Bytes()
	}
	if now == g.base {
		return nil
	}
	delta := now - g.base
	g.base = now
	return g.held.Grow(delta)
}

// groupStep is a partial group-by: the sink of a task.
type groupStep struct {
	*grouping
	prog  *eval.Program
	cols  []vec.Vec // keys, then arguments and conditions as args says
	args  []aggArgs
	where []uint64
	out   *Groups
}

// aggArgs says where an aggregate's arguments and condition stand among the computed columns.
type aggArgs struct {
	from, to int
	where    int // -1: none
}

func (s *groupStep) push(ctx context.Context, b *vec.Batch) error {
	if err := s.prog.Run(ctx, b, s.cols); err != nil {
		return err
	}
	gids, err := s.intern(s.cols[:s.nkeys], b.Rows)
	if err != nil {
		return err
	}
	groups := s.groups()
	for i, acc := range s.accs {
		a := s.args[i]
		var where []uint64
		if a.where >= 0 {
			where = s.trueBits(&s.cols[a.where])
		}
		if err := acc.Update(gids, s.cols[a.from:a.to], where, b.Rows, groups); err != nil {
			return err
		}
	}
	return s.account()
}

// trueBits returns the rows of a boolean column that are true: null is not. The words live until the next call.
func (s *groupStep) trueBits(v *vec.Vec) []uint64 {
	bits := v.Bits()
	if v.Valid == nil {
		return bits
	}
	s.where = slices.Grow(s.where[:0], len(bits))[:len(bits)]
	for i := range bits {
		s.where[i] = bits[i] & v.Valid[i]
	}
	return s.where
}

func (s *groupStep) finish(context.Context) error {
	g := &Groups{Rows: s.groups(), held: s.held}
	if s.table != nil {
		keys, err := s.table.Keys(0, g.Rows)
		if err != nil {
			return err
		}
		g.Cols = append(g.Cols, keys...)
		g.Hashes = s.table.Hashes()
	}
	for i, acc := range s.accs {
		// No batch may have come: the accumulators then know of no group yet.
		if err := acc.Update(nil, make([]vec.Vec, s.args[i].to-s.args[i].from), nil, 0, g.Rows); err != nil {
			return err
		}
		g.Cols = append(g.Cols, acc.State()...)
	}
	g.bucketise()
	s.out = g
	return s.account()
}

// mergeGroups merges partial groups of buckets [lo, hi), in the order given, and pushes the answer's rows.
func mergeGroups(ctx context.Context, node *plan.GroupBy, parts []*Groups, lo, hi int, held *mem.Reservation, out *link) error {
	g, err := newGrouping(node, held)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := g.merge(ctx, p, p.part(lo, hi)); err != nil {
			return err
		}
	}
	rows := g.groups()
	res := vec.Batch{Rows: rows}
	if g.table != nil {
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
	if node.DropNullKeys {
		return pushWithoutNullKeys(ctx, &res, g.nkeys, out)
	}
	return out.pushAll(ctx, &res)
}

// merge adds the groups of a partial: those of idx, or all for nil.
func (g *grouping) merge(ctx context.Context, p *Groups, idx []uint32) error {
	rows := p.Rows
	if idx != nil {
		rows = len(idx)
	}
	cols := make([]vec.Vec, len(p.Cols))
	var scratch vec.Scratch
	for at := 0; at < rows; at += batchRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(batchRows, rows-at)
		scratch.Reset()
		for c := range cols {
			if idx == nil {
				vec.Slice(&cols[c], &p.Cols[c], at, n, &scratch)
			} else {
				vec.Take(&cols[c], &p.Cols[c], idx[at:at+n], &scratch)
			}
		}
		if err := g.mergeBatch(cols, n); err != nil {
			return err
		}
	}
	return nil
}

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
