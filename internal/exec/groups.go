package exec

import (
	"context"
	"math"
	"slices"

	"github.com/sheafdata/sheaf/internal/agg"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/group"
	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/shuffle"
)

// Groups is the partial answer of a group-by over a part of the rows: a row a group, with its key columns and the state columns of
// every aggregate, in order of first appearance. A few groups stay as they are; many go through an exchange, where a group may stand
// more than once.
type Groups struct {
	Cols []vec.Vec // keys, then states; of few groups
	Rows int       // rows in Cols, or in Out
	// Hashes of the groups' keys, where they are few; empty without keys.
	Hashes []uint64
	// Out holds the groups instead where they are many, and sketch says how many they are without doubles.
	Out    *shuffle.Output
	sketch sketch
	// order and starts list the groups by the top hashBits of their hash, where there are many; nil where there are few.
	order  []uint32
	starts []uint32
	marked
	held *mem.Reservation
}

// Free gives the reserved bytes back.
func (g *Groups) Free() {
	if g.held != nil {
		g.held.Free()
	}
	if g.Out != nil {
		g.Out.Free()
	}
}

// Bytes is about the memory of the groups.
func (g *Groups) Bytes() int64 {
	if g.Out != nil {
		return g.Out.Bytes(0, shuffle.Buckets)
	}
	n := int64(0)
	for i := range g.Cols {
		n += g.Cols[i].Bytes()
	}
	return n
}

const (
	// hashBits is how many top bits of the hash name a bucket: 256 buckets let the largest merges (tens of millions of groups) run
	// in tables near the size of the second-level cache.
	hashBits = 8
	buckets  = 1 << hashBits
	// bucketFrom is the number of groups from which a partial lists them by bucket.
	bucketFrom = 4096
	// keptGroups and keptBytes bound the groups that a partial keeps as they are: small enough that a thousand tasks hold little.
	keptGroups = 4 << 10
	keptBytes  = 256 << 10
	// flushGroups is the number of groups at which a partial looks whether it reduces the rows at all. A table of so many still lies
	// in the second-level cache; where it holds more than half as many groups as it saw rows, and more than mostGroups are to be
	// expected, larger tables would only be slower.
	flushGroups = 64 << 10
	mostGroups  = 256 << 10
	// againGroups is the number of groups at which it looks after rows went past: where more than manyGroups are to be expected, so few
	// rows tell, since two of a group are then rare. At first it takes more, because keys may come round by round.
	againGroups = 16 << 10
	manyGroups  = 1 << 20
	// passRows is how many rows go past the table where nine tenths of the rows it saw were groups of their own; then it looks again.
	passRows = 512 << 10
	// flushBytes bounds a partial's table where the budget does not: beyond the last-level cache a lookup costs several times as much.
	flushBytes = 48 << 20
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

// newGrouping returns an empty grouping that expects so many groups, 0 unknown, and says whether hardly any row is to come twice.
func newGrouping(node *plan.GroupBy, held *mem.Reservation, expect int, unlike bool) (*grouping, error) {
	g := &grouping{node: node, nkeys: len(node.Keys), held: held}
	if g.nkeys > 0 {
		table, err := group.New(exprTypes(node.Keys), group.Options{Reserve: held.Grow, SizeHint: expect, Unlike: unlike})
		if err != nil {
			return nil, err
		}
		g.table = table
	}
	var err error
	if g.accs, err = agg.NewAll(node.Aggs); err != nil {
		return nil, err
	}
	agg.Expect(g.accs, expect)
	for _, e := range node.Aggs {
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

// internHashed is intern where the hashes of the keys are known.
func (g *grouping) internHashed(keys []vec.Vec, hashes []uint64, rows int) ([]uint32, error) {
	table, ok := g.table.(group.Hashed)
	if !ok || len(hashes) < rows {
		return g.intern(keys, rows)
	}
	g.gids = slices.Grow(g.gids[:0], rows)[:rows]
	return g.gids, table.InternHashed(keys, hashes, rows, g.gids)
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

// groupStep is a partial group-by: the sink of a task. It gives the groups it has to an exchange, and begins anew, when its table has
// become large or does not reduce the rows.
type groupStep struct {
	*grouping
	prog  *eval.Program
	cols  []vec.Vec // keys, then arguments and conditions as args says
	args  []aggArgs
	where []uint64
	spill *groupSpill
	limit int64
	seen  int // rows since the table was empty
	look  int // groups at which to look at the reduction
	out   *Groups

	pass   int // rows to come that go past the table
	hasher hash.Hasher
	hashes []uint64
	each   []uint32 // 0, 1, 2…
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
	if s.pass > 0 {
		s.pass -= b.Rows
		return s.pushPast(b.Rows)
	}
	gids, err := s.intern(s.cols[:s.nkeys], b.Rows)
	if err != nil {
		return err
	}
	if err := s.update(s.accs, gids, b.Rows, s.groups()); err != nil {
		return err
	}
	if err := s.account(); err != nil {
		return err
	}
	s.seen += b.Rows
	return s.flushIfLarge()
}

// update gives the rows' arguments to accumulators.
func (s *groupStep) update(accs []agg.Acc, gids []uint32, rows, groups int) error {
	for i, acc := range accs {
		a := s.args[i]
		var where []uint64
		if a.where >= 0 {
			where = s.trueBits(&s.cols[a.where])
		}
		if err := acc.Update(gids, s.cols[a.from:a.to], where, rows, groups); err != nil {
			return err
		}
	}
	return nil
}

// pushPast gives every row away as a group of its own: looking for its group would cost more than it saves.
func (s *groupStep) pushPast(rows int) error {
	for len(s.each) < rows {
		s.each = append(s.each, uint32(len(s.each)))
	}
	accs, err := agg.NewAll(s.node.Aggs)
	if err != nil {
		return err
	}
	if err := s.update(accs, s.each[:rows], rows, rows); err != nil {
		return err
	}
	cols := slices.Clone(s.cols[:s.nkeys])
	for _, acc := range accs {
		cols = append(cols, acc.State()...)
	}
	s.hashes = growTo(s.hashes, rows)
	s.hasher.Hash(s.hashes, s.cols[:s.nkeys], rows)
	return s.spill.addRows(cols, s.hashes, rows)
}

// flushIfLarge empties the table where a larger one would not pay, or has no place in the budget.
func (s *groupStep) flushIfLarge() error {
	if s.table == nil {
		return nil
	}
	n := s.groups()
	if n >= s.look {
		most := few(mostGroups)
		if n < few(flushGroups) {
			most = few(manyGroups)
		}
		if 2*n > s.seen && (n >= most || expectGroups(n, s.seen) > most) {
			if 10*n <= 9*s.seen {
				return s.flush(n)
			}
			s.pass = passRows // rows go past an empty table alone: those in it would come after them
			if err := s.flush(0); err != nil {
				return err
			}
			s.look = few(againGroups)
			return nil
		}
		s.look = max(2*n, few(flushGroups))
	}
	if s.held.Held() > s.limit {
		return s.flush(n)
	}
	return nil
}

// expectGroups estimates how many groups there are when n were found in so many rows, were all of them equally frequent: of d groups,
// d·(1−e^(−rows/d)) are then to be expected.
func expectGroups(n, rows int) int {
	found, x := float64(n)/float64(rows), 1.0 // x is rows/d: (1−e^−x)/x falls from 1 to 0
	lo, hi := 1e-6, float64(rows)+1
	for range 60 {
		if x = math.Sqrt(lo * hi); -math.Expm1(-x)/x > found {
			lo = x
		} else {
			hi = x
		}
	}
	return int(float64(rows) / x)
}

// flush gives the groups away and begins anew, with room for as many as are expected.
func (s *groupStep) flush(expect int) error {
	if err := s.complete(s.args); err != nil {
		return err
	}
	if err := s.spill.add(s.grouping); err != nil {
		return err
	}
	s.held.Free()
	g, err := newGrouping(s.node, s.held, expect, false)
	if err != nil {
		return err
	}
	g.gids = s.gids
	s.grouping, s.seen, s.look = g, 0, few(flushGroups)
	return nil
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
	if err := s.complete(s.args); err != nil {
		return err
	}
	if s.spill.started() || s.table != nil && (s.groups() > few(keptGroups) || s.held.Held() > keptBytes) {
		if err := s.spill.add(s.grouping); err != nil {
			return err
		}
		s.held.Free()
		out, err := s.spill.finish()
		if err != nil {
			return err
		}
		s.out = &Groups{Out: out, sketch: s.spill.sketch, Rows: int(out.Rows(0, shuffle.Buckets)), held: s.held}
		s.out.sketch.settle()
		return nil
	}
	cols, hashes, err := s.partial()
	if err != nil {
		return err
	}
	s.out = &Groups{Cols: cols, Rows: s.groups(), Hashes: hashes, held: s.held}
	s.out.bucketise()
	return s.account()
}

// given implements giver.
func (s *groupStep) given() (rows, bytes int64) { return int64(s.out.Rows), s.out.Bytes() }

// complete lets the accumulators know of all groups: no batch may have come.
func (g *grouping) complete(args []aggArgs) error {
	for i, acc := range g.accs {
		if err := acc.Update(nil, make([]vec.Vec, args[i].to-args[i].from), nil, 0, g.groups()); err != nil {
			return err
		}
	}
	return nil
}

// partial returns the groups as columns, and their hashes: what is merged later. They are good while the grouping does not change.
func (g *grouping) partial() (cols []vec.Vec, hashes []uint64, err error) {
	if g.table != nil {
		keys, err := g.table.Keys(0, g.groups())
		if err != nil {
			return nil, nil, err
		}
		cols = append(cols, keys...)
		hashes = g.table.Hashes()
	}
	for _, acc := range g.accs {
		cols = append(cols, acc.State()...)
	}
	return cols, hashes, nil
}
