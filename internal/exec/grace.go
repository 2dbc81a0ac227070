package exec

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/shuffle"
)

// A join whose right side does not fit into memory goes by parts (Grace): the right rows are dealt by the hash of their keys instead of
// put into a table, the left rows are dealt in the same way, and tasks join a range of buckets each. What is too much for one table
// even so, as the rows of one key may be, is joined block by block: the left rows of the range pass once for each block.

// tableShare is the part of the budget that one join table may take: several joins share it with what is between them.
const tableShare = 4

// joinBytes is how much a join table that all tasks share may take. It follows from the options of the run alone.
func joinBytes(ctx context.Context) int64 {
	if n := joinLimit.Load(); n > 0 {
		return n
	}
	limit := mem.From(ctx).Limit()
	if limit == 0 {
		limit = mem.Process().Limit()
	}
	return max(minTable, limit/tableShare)
}

// joinLimit, where it is not 0, limits join tables instead of the budget.
var joinLimit atomic.Int64

// LimitJoins sets the bytes that a join table may take, whatever the budget, so that tests can have small joins go by parts; 0 leaves it to
// the budget. It returns what was set before.
func LimitJoins(bytes int64) int64 { return joinLimit.Swap(bytes) }

// PartBytes is how much the right rows of one task of a join by parts may take in a table.
func PartBytes(ctx context.Context) int64 {
	if n := joinLimit.Load(); n > 0 {
		return n
	}
	return tableBytes(ctx)
}

// dealer deals the right rows of a join by the hash of their keys.
type dealer struct {
	writer *shuffle.Writer
	keys   int
	all    bool // rows with a null key, too
	hasher hash.Hasher
	hashes []uint64
	cols   []vec.Vec
}

func newDealer(ctx context.Context, o join.Options) *dealer {
	d := &dealer{keys: len(o.Keys), all: o.KeepAll}
	var types []arrow.DataType
	for _, t := range append(append(types, o.Keys...), o.Payload...) {
		types = append(types, vec.Logical(t))
	}
	d.writer = shuffle.From(ctx).Writer(shuffle.Options{Name: "join", Types: types, Hashed: d.keys > 0})
	return d
}

func (d *dealer) add(keys, payload []vec.Vec, rows int) error {
	d.cols = append(append(d.cols[:0], keys...), payload...)
	if d.keys == 0 {
		return d.writer.Add(d.cols, nil, rows)
	}
	d.hashes = growTo(d.hashes, rows)
	d.hasher.Hash(d.hashes, keys, rows)
	return d.writer.Add(d.cols, d.hashes, rows)
}

// Dealt says that the rows of the table were too many for memory: the join goes by parts, and only fragments with ByParts read them.
func (t *Table) Dealt() bool { return t.dealt != nil }

// Hashed says that dealt rows are in buckets: the join has equal keys.
func (t *Table) Hashed() bool { return t.hashed }

// DealtBytes is the memory that dealt rows take when they are read.
func (t *Table) DealtBytes() int64 { return t.dealt.Bytes(0, shuffle.Buckets) }

// deal gives the rows of the builder to a dealer, which takes those that follow.
func (s *buildStep) deal(ctx context.Context) error {
	s.dealer = newDealer(ctx, s.options)
	err := s.builder.Each(batchRows, func(keys, payload []vec.Vec, rows int) error { return s.dealer.add(keys, payload, rows) })
	s.builder.Release()
	return err
}

// tooMuch says whether rows must be dealt now: they take too much, or the budget has no more.
func (s *buildStep) tooMuch(err error) bool {
	if s.limit == 0 { // row order is wanted, or what is nearest depends on all rows
		return false
	}
	var f *fault.Error
	if err != nil {
		return errors.As(err, &f) && f.Kind == fault.Memory
	}
	return s.builder.Bytes() > s.limit/2 // the index takes about as much again
}

// parts joins ranges of buckets: it stands at the head of a task's pipeline.
type parts struct {
	probe  *probeStep
	node   *plan.Join
	layout tableLayout
	table  *Table
	limit  int64 // bytes of a table of some of its rows
}

// run joins buckets [lo, hi) of the left rows with those of the dealt table.
func (p *parts) run(ctx context.Context, left []*Exchanged, lo, hi int, head *link) error {
	held := reservation(ctx, "join")
	defer held.Free()
	p.limit = PartBytes(ctx)
	if len(p.layout.keys) == 0 {
		lo, hi = 0, shuffle.Buckets
	}
	r := shuffle.NewReader([]*shuffle.Output{p.table.dealt}, lo, hi)
	defer r.Close()
	blocks := p.node.AsOf == nil && p.table.dealt.Bytes(lo, hi) > p.limit/2 // the index takes about as much again
	if blocks {
		p.probe.pass = &pass{}
	}
	for more := true; more; {
		table, next, err := p.block(ctx, r, held, blocks)
		if err != nil {
			return err
		}
		more = next
		if err := p.join(ctx, table, left, lo, hi, head); err != nil {
			return err
		}
		table.Release()
	}
	if !blocks {
		return nil
	}
	p.probe.pass.last, p.probe.pass.at = true, 0
	return pushExchanged(ctx, left, lo, hi, head)
}

// join passes the left rows over a table of right rows, and gives those of it that have no match where the kind wants them.
func (p *parts) join(ctx context.Context, table *join.Table, left []*Exchanged, lo, hi int, head *link) error {
	built, err := newTable(table, p.node.AsOf != nil, nil)
	if err != nil {
		return err
	}
	p.probe.use(built, p.node)
	if p.probe.pass != nil {
		p.probe.pass.at = 0
	}
	if err := pushExchanged(ctx, left, lo, hi, head); err != nil || p.probe.met == nil {
		return err
	}
	return pushUnmet(ctx, p.node, built.payload, &Unmet{Rows: table.NumRows(), Met: p.probe.met}, &p.probe.link)
}

// block builds a table of the next right rows: of all, or of as many as may be at once. more says that some are left.
func (p *parts) block(ctx context.Context, r *shuffle.Reader, held *mem.Reservation, blocks bool) (t *join.Table, more bool, err error) {
	types, n := p.table.dealt.Types(), len(p.layout.keys)
	b := join.NewBuilder(join.Options{Keys: types[:n], Payload: types[n:], KeepAll: p.layout.all, Reserve: held.Grow})
	defer func() {
		if err != nil {
			b.Release()
		}
	}()
	var rows vec.Batch
	for {
		_, err := r.Next(ctx, &rows)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, false, err
		}
		if err := b.Add(rows.Cols[:n], rows.Cols[n:], rows.Rows); err != nil {
			return nil, false, err
		}
		if blocks && b.Bytes() > p.limit/2 {
			more = true
			break
		}
	}
	t, err = b.Build()
	return t, more, err
}

// pass is what a join by blocks knows of the left rows, which pass once for each block and, last, without one.
type pass struct {
	at   int      // number of the next left row in this pass
	seen []uint64 // the rows with a match so far
	last bool

	left, right []uint32
}

// pairs notes the left rows of pairs as seen and returns those pairs that the kind gives now.
func (p *pass) pairs(kind plan.JoinKind, pairs join.Pairs) join.Pairs {
	p.left = p.left[:0]
	for _, l := range pairs.Left {
		n := p.at + int(l)
		if p.seen[n>>6]>>(n&63)&1 == 0 {
			p.seen[n>>6] |= 1 << (n & 63)
			p.left = append(p.left, l)
		}
	}
	switch kind {
	case plan.Semi:
		return join.Pairs{Left: p.left}
	case plan.Anti:
		return join.Pairs{}
	}
	return pairs
}

// begin makes room for the rows of a batch.
func (p *pass) begin(rows int) {
	for len(p.seen) < (p.at+rows+63)/64 {
		p.seen = append(p.seen, 0)
	}
}

// unseen returns the rows of a batch that no block had a match for, where the kind gives them.
func (p *pass) unseen(kind plan.JoinKind, rows int) join.Pairs {
	p.left, p.right = p.left[:0], p.right[:0]
	if kind != plan.Left && kind != plan.Full && kind != plan.Anti {
		return join.Pairs{}
	}
	for i := range rows {
		n := p.at + i
		if p.seen[n>>6]>>(n&63)&1 == 0 {
			p.left, p.right = append(p.left, uint32(i)), append(p.right, join.NoRow)
		}
	}
	if kind == plan.Anti {
		return join.Pairs{Left: p.left}
	}
	return join.Pairs{Left: p.left, Right: p.right}
}
