package exec

import (
	"context"

	"github.com/sheafdata/sheaf/internal/agg"
	"github.com/sheafdata/sheaf/internal/group"
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
	cols, hashes, err := g.partial()
	if err != nil {
		return err
	}
	return s.addRows(cols, hashes, g.groups())
}

// addRows gives groups to the exchange: keys and states.
func (s *groupSpill) addRows(cols []vec.Vec, hashes []uint64, rows int) error {
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
	if s.shift == 0 { // by which merges are divided
		s.sketch.add(hashes)
	}
	return s.writer.Add(cols, hashes, rows)
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
	// unlike says that hardly any group is in more than one part.
	unlike bool
	// spare is the grouping of the buckets before, empty: its memory is in the caches, and costs nothing to be had.
	spare *grouping
}

// maxShift is how many bits of a hash can be looked at: the low ones place keys in tables.
const maxShift = 48

// groupRows takes groups, keys and states, with the hashes of their keys.
type groupRows func(cols []vec.Vec, hashes []uint64, rows int) error

// merge merges the groups of buckets [lo, hi) of the parts, in the order given, and pushes the answer's rows.
func (m *groupMerge) merge(ctx context.Context, parts []*Groups, lo, hi int) error {
	rows, sum := expected(parts, lo, hi)
	m.unlike = sum >= few(unlikeFrom) && 4*rows > 3*sum
	step := hi - lo
	for m.limit > 0 && step > 1 && step < buckets && rows > few(mergedAtOnce) { // all buckets come in order of first appearance
		step, rows = step/2, (rows+1)/2
	}
	if m.limit > 0 {
		rows = min(rows, int(m.limit/TableTimes/m.groupBytes()))
	}
	for from := lo; from < hi; from += step {
		to := min(from+step, hi)
		err := m.level(ctx, 0, rows, func(add groupRows) error {
			for _, p := range parts {
				if err := p.read(ctx, from, to, add); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mergedAtOnce is how many groups a merge should have in its table: of more it takes some buckets after the others.
const mergedAtOnce = 64 << 10

// unlikeFrom is how many rows a merge has at least for it to matter how it keeps keys that hardly ever come twice.
const unlikeFrom = 4 << 10

// groupBytes is about what a group takes in a table beside long texts: its place and hash, its keys and what is accumulated of it.
func (m *groupMerge) groupBytes() int64 {
	return 40 + 16*int64(len(m.node.Keys)) + 24*int64(len(m.node.Aggs))
}

// expected is about how many different groups the parts have in buckets [lo, hi), enough that a table made for them hardly ever grows,
// and how many rows.
func expected(parts []*Groups, lo, hi int) (groups, rows int) {
	most, sum, sketched := 0, 0, true
	var all sketch
	for _, p := range parts {
		n := p.rowsOf(lo, hi)
		most, sum = max(most, n), sum+n
		if sketched = sketched && p.Out != nil; sketched {
			all.least = append(all.least, p.sketch.least[:min(len(p.sketch.least), 2*roughSize)]...)
		}
	}
	if !sketched {
		return most, sum
	}
	n := int(1.1 * float64(all.rough()) * float64(hi-lo) / buckets)
	return max(most, min(n, sum)), sum
}

// level merges what read gives, of which there are about rows different groups. Groups that do not fit into one table are given away
// by further bits of their hash, each as far as it is merged, and the parts that this makes are merged one after the other.
func (m *groupMerge) level(ctx context.Context, shift uint, rows int, read func(groupRows) error) error {
	l := &mergeLevel{m: m, spill: &groupSpill{space: shuffle.From(ctx), node: m.node, shift: shift + hashBits}}
	defer l.spill.abort()
	var err error
	if l.g, m.spare = m.spare, nil; l.g == nil {
		if l.g, err = newGrouping(m.node, m.held, rows, m.unlike); err != nil {
			return err
		}
	}
	l.splits = m.limit > 0 && l.g.table != nil && shift < maxShift
	if err := read(l.add); err != nil {
		return err
	}
	if !l.spill.started() {
		return m.push(ctx, l.g)
	}
	if err := l.spill.add(l.g); err != nil {
		return err
	}
	l.g = nil
	m.held.Free()
	out, err := l.spill.finish()
	if err != nil {
		return err
	}
	defer out.Free()
	m.spent += out.Spilled()
	return m.parts(ctx, shift+hashBits, out)
}

// mergeLevel is one pass over groups.
type mergeLevel struct {
	m      *groupMerge
	g      *grouping
	spill  *groupSpill
	splits bool
	seen   int
	past   bool // groups go past the table: they are hardly ever the same
}

func (l *mergeLevel) add(cols []vec.Vec, hashes []uint64, rows int) (err error) {
	if l.past {
		return l.spill.addRows(cols, hashes, rows)
	}
	if err := l.g.mergeBatch(cols, hashes, rows); err != nil {
		return err
	}
	l.seen += rows
	if !l.splits || l.m.held.Held() <= l.m.limit {
		return nil
	}
	l.past = 2*l.g.groups() > l.seen
	if err := l.spill.add(l.g); err != nil {
		return err
	}
	l.m.held.Free()
	l.seen = 0
	l.g, err = newGrouping(l.m.node, l.m.held, 0, l.m.unlike)
	return err
}

// parts merges the buckets of what was given away, as many at a time as should fit.
func (m *groupMerge) parts(ctx context.Context, shift uint, out *shuffle.Output) error {
	part := &Groups{Out: out}
	for lo := 0; lo < shuffle.Buckets; {
		hi := lo + 1
		for hi < shuffle.Buckets && TableTimes*out.Bytes(lo, hi+1) <= m.limit {
			hi++
		}
		if out.Rows(lo, hi) > 0 {
			err := m.level(ctx, shift, 0, func(add groupRows) error { return part.read(ctx, lo, hi, add) })
			if err != nil {
				return err
			}
		}
		lo = hi
	}
	return nil
}

// TableTimes is how many times the bytes of its groups a merge takes: the table with its slots, hashes and texts, which has room to
// grow, and the answer beside it.
const TableTimes = 4

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
	defer m.keep(g)
	if m.node.DropNullKeys {
		return pushWithoutNullKeys(ctx, &res, g.nkeys, m.out)
	}
	return m.out.pushAll(ctx, &res)
}

// keep makes a grouping that was pushed the spare one, or frees it: also where the limit would leave the next one too little to grow.
func (m *groupMerge) keep(g *grouping) {
	if (m.limit == 0 || 2*m.held.Held() <= m.limit) && g.table != nil && group.Reset(g.table) && agg.Reset(g.accs) {
		m.spare = g
		return
	}
	m.held.Free()
}

// rowsOf is the number of rows of buckets [lo, hi); for groups that are kept as they are, about.
func (g *Groups) rowsOf(lo, hi int) int {
	if g.Out != nil {
		return int(g.Out.Rows(lo, hi))
	}
	return g.Rows * (hi - lo) / buckets
}

// leastGroups is how many groups a merge takes from a chunk as they lie: to copy fewer together is cheaper.
const leastGroups = 32

// read gives the groups of buckets [lo, hi) to add, a batch at a time.
func (g *Groups) read(ctx context.Context, lo, hi int, add groupRows) error {
	if g.Out != nil {
		r := shuffle.NewReader([]*shuffle.Output{g.Out}, lo, hi)
		r.Least(leastGroups)
		return readAll(ctx, r, func(b *vec.Batch, hashes []uint64) error {
			return addBatches(b, hashes, add)
		})
	}
	idx, rows := g.part(lo, hi), g.Rows
	if idx != nil {
		rows = len(idx)
	}
	cols := make([]vec.Vec, len(g.Cols))
	var scratch vec.Scratch
	var hashes []uint64
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
		hashes = g.hashesOf(hashes[:0], idx, at, n)
		if err := add(cols, hashes, n); err != nil {
			return err
		}
	}
	return nil
}

// hashesOf appends the hashes of n groups from at on, in the order of idx where it is not nil.
func (g *Groups) hashesOf(dst []uint64, idx []uint32, at, n int) []uint64 {
	switch {
	case len(g.Hashes) == 0:
		return nil
	case idx == nil:
		return append(dst, g.Hashes[at:at+n]...)
	}
	for _, i := range idx[at : at+n] {
		dst = append(dst, g.Hashes[i])
	}
	return dst
}

// addBatches gives rows to add in batches of the usual size.
func addBatches(b *vec.Batch, hashes []uint64, add groupRows) error {
	if b.Rows <= batchRows {
		return add(b.Cols, hashes, b.Rows)
	}
	cols := make([]vec.Vec, len(b.Cols))
	for at := 0; at < b.Rows; at += batchRows {
		n := min(batchRows, b.Rows-at)
		for c := range cols {
			vec.Slice(&cols[c], &b.Cols[c], at, n, nil)
		}
		if err := add(cols, hashes[at:at+n], n); err != nil {
			return err
		}
	}
	return nil
}

// mergeBatch adds groups that other groupings have made, with the hashes of their keys.
func (g *grouping) mergeBatch(cols []vec.Vec, hashes []uint64, rows int) error {
	gids, err := g.internHashed(cols[:g.nkeys], hashes, rows)
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
