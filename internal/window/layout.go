package window

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/group"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

// computer is the rows of a Spec brought into partitions and order.
type computer struct {
	spec *Spec
	cols []vec.Vec
	rows int

	// gids has the partition of each row; nil: all are of partition 0.
	gids []uint32
	// perm lists the rows by partition, each in order: a place is an index of it. straight says that it is 0, 1, 2….
	perm     []uint32
	straight bool
	// starts has the first place of each partition, and the number of rows at its end.
	starts []uint32
	// peers has a bit a place: 1 where a partition begins or an order key differs from that of the place before. Made when first needed.
	peers []uint64
	// frames are the frames made so far.
	frames []frameBounds

	mem, result account
	// cached is the part of mem that a call has made for others, too.
	cached int64
}

// partitions is the number of partitions.
func (c *computer) partitions() int { return len(c.starts) - 1 }

// layout numbers the partitions and orders the rows.
func (c *computer) layout() error {
	if c.rows > sorting.MaxRows {
		return internalError("%d rows are too many for one window", c.rows)
	}
	n := 1
	if len(c.spec.Over) > 0 {
		var err error
		if n, err = c.partition(); err != nil {
			return err
		}
	}
	if err := c.mem.grow(4 * int64(c.rows+n+1)); err != nil {
		return err
	}
	c.starts = make([]uint32, n+1)
	c.countPartitions()
	if len(c.spec.Order) == 0 {
		c.perm = make([]uint32, c.rows)
		c.inRowOrder()
		return nil
	}
	return c.inOrder()
}

// partition numbers the partition keys and returns how many there are.
func (c *computer) partition() (int, error) {
	types := make([]arrow.DataType, len(c.spec.Over))
	keys := make([]vec.Vec, len(c.spec.Over))
	for i, at := range c.spec.Over {
		keys[i], types[i] = c.cols[at], c.cols[at].Type
	}
	if err := c.mem.grow(4 * int64(c.rows)); err != nil {
		return 0, err
	}
	before := c.mem.held
	t, err := group.New(types, group.Options{Reserve: c.mem.grow})
	if err != nil {
		return 0, err
	}
	c.gids = make([]uint32, c.rows)
	err = t.Intern(keys, c.rows, c.gids)
	c.mem.back(before)
	return t.Len(), err
}

func (c *computer) countPartitions() {
	if c.gids == nil {
		c.starts[len(c.starts)-1] = uint32(c.rows)
		return
	}
	for _, g := range c.gids {
		c.starts[g+1]++
	}
	for g := 1; g < len(c.starts); g++ {
		c.starts[g] += c.starts[g-1]
	}
}

// inRowOrder lists the rows by partition with a counting sort.
func (c *computer) inRowOrder() {
	if c.gids == nil || c.partitions() < 2 {
		c.straight = true
		for i := range c.perm {
			c.perm[i] = uint32(i)
		}
		return
	}
	at := make([]uint32, len(c.starts))
	copy(at, c.starts)
	for i, g := range c.gids {
		c.perm[at[g]] = uint32(i)
		at[g]++
	}
}

// inOrder lists the rows by partition and order keys with one sort, which compares the partition first.
func (c *computer) inOrder() error {
	o := sorting.Options{Reserve: c.mem.reserve}
	cols := c.cols
	if c.partitions() > 1 {
		cols = append(cols[:len(cols):len(cols)], vec.Vec{Type: arrow.PrimitiveTypes.Uint32, Phys: vec.Uint32, Width: 4, Len: c.rows, Data: vec.Bytes(c.gids)})
		o.Keys = append(o.Keys, sorting.Key{Col: len(cols) - 1})
	}
	o.Keys = append(o.Keys, c.spec.Order...)
	for i := range cols {
		o.Types = append(o.Types, cols[i].Type)
	}
	order, err := sorting.Permutation(o, cols, c.rows)
	if err != nil {
		return err
	}
	if c.perm = order; order == nil {
		c.perm, c.straight = make([]uint32, c.rows), true
		for i := range c.perm {
			c.perm[i] = uint32(i)
		}
	}
	return nil
}

// changes returns peers. Without an order every row is a place of its own.
func (c *computer) changes() ([]uint64, error) {
	if c.peers != nil || c.rows == 0 {
		return c.peers, nil
	}
	words := bitmap.Words(c.rows)
	if err := c.mem.grow(8 * int64(words)); err != nil {
		return nil, err
	}
	c.cached += 8 * int64(words)
	before := c.mem.held
	if err := c.mem.grow(8 * int64(c.rows)); err != nil { // the ranks of a key
		return nil, err
	}
	bits := make([]uint64, words)
	if len(c.spec.Order) == 0 {
		bitmap.SetRange(bits, 0, c.rows)
	} else {
		sorting.MarkChanges(bits, c.spec.Order, c.cols, c.perm)
	}
	for _, s := range c.starts[:c.partitions()] {
		if int(s) < c.rows {
			bits[s>>6] |= 1 << (s & 63)
		}
	}
	c.mem.back(before)
	c.peers = bits
	return bits, nil
}

// where returns the condition of a call as a bit a row, 1 where it is true; nil: all.
func (c *computer) where(call *Call) []uint64 {
	if call.Where < 0 {
		return nil
	}
	v := &c.cols[call.Where]
	bits := make([]uint64, bitmap.Words(c.rows))
	if v.Phys == vec.Null {
		return bits
	}
	var plain vec.Vec
	vec.Decode(&plain, v, nil)
	copy(bits, plain.Bits())
	if plain.Valid != nil {
		bitmap.And(bits, bits, plain.Valid[:len(bits)])
	}
	return bits
}

// call computes one call.
func (c *computer) call(call *Call) (vec.Vec, error) {
	switch op := call.Expr.Op(); op {
	case "row_number", "rank", "dense_rank":
		return c.ranking(call, op)
	case "lag", "lead":
		return c.shift(call, op)
	case "fill_forward", "fill_backward":
		return c.fill(call, op == "fill_backward")
	}
	f := FrameOf(call.Expr)
	if f.Kind == expr.WholePartition {
		return c.whole(call)
	}
	return c.framed(call, f)
}

// FrameOf is the frame of a bound call: cumulative functions have one by their nature, and a frame without bounds is the partition.
func FrameOf(e expr.Expr) expr.Frame {
	switch e.Op() {
	case "cum_sum", "cum_min", "cum_max":
		return expr.Frame{Kind: expr.RowsFrame, From: expr.UnboundedPreceding, To: int64(0)}
	}
	f := e.Mods().Frame
	if f.From == any(expr.UnboundedPreceding) && f.To == any(expr.UnboundedFollowing) {
		return expr.Frame{}
	}
	return f
}

// baseOp is the aggregate that a function is over its frame.
func baseOp(op string) string {
	switch op {
	case "cum_sum":
		return "sum"
	case "cum_min":
		return "min"
	case "cum_max":
		return "max"
	}
	return op
}
