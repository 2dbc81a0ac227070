package sorting

import (
	"github.com/sheafdata/sheaf/internal/vec"
)

// Merger gives the rows of several runs in one sorted order, equal keys in the order of the runs. It is not safe for concurrent use.
type Merger struct {
	o    Options
	l    layout
	runs []cursor
	left int64 // rows still to give

	// tree is a loser tree: tree[0] is the run with the least row, tree[n] the loser of the match at node n.
	tree []int32

	dry   int      // the run whose window is used up and whose next one decides the next row; -1 none
	from  []uint32 // per row of a batch: its run
	index []uint32
	built []*vec.Builder
	acct  account
}

// cursor is a place in a run.
type cursor struct {
	run   *Run
	words []uint64 // of the rows in sorted order
	pos   int
	begin int // pos when the batch began
	base  uint32
	in    *Input // of a run in windows: run is the current one
	left  int64  // its rows beyond the window
}

// NewMerger merges runs of the same options. limit is how many rows to give at most; negative is all. The runs stay the caller's.
func NewMerger(o Options, runs []*Run, limit int64) (*Merger, error) {
	ins := make([]Input, len(runs))
	for i, r := range runs {
		ins[i] = Input{Run: r}
	}
	return NewStreamMerger(o, ins, limit)
}

// NewStreamMerger merges runs of the same options, of which some may come in windows. limit is how many rows to give at most; negative
// is all. What the inputs hold stays the caller's.
func NewStreamMerger(o Options, ins []Input, limit int64) (*Merger, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &Merger{o: o, dry: -1, acct: account{reserve: o.Reserve}}
	stats := make([]keyStats, len(o.Keys))
	for i := range ins {
		in := &ins[i]
		known := in.Stats.keys
		switch {
		case in.Run != nil && in.Run.rows > 0:
			m.runs = append(m.runs, cursor{run: in.Run})
			m.left += int64(in.Run.rows)
			known = in.Run.stats
		case in.Run == nil && in.Rows > 0:
			m.runs = append(m.runs, cursor{run: &Run{o: o}, in: in, left: in.Rows})
			m.left += in.Rows
		default:
			continue
		}
		for i := range stats {
			stats[i].merge(&known[i])
		}
	}
	if limit >= 0 {
		m.left = min(m.left, limit)
	}
	if len(m.runs) < 2 {
		return m, nil
	}
	m.l = newLayout(o.Keys, stats)
	for i := range m.runs {
		c := &m.runs[i]
		if err := m.encode(c); err != nil {
			return nil, err
		}
		if err := m.refill(c); err != nil {
			return nil, err
		}
	}
	for _, t := range o.Types {
		m.built = append(m.built, vec.NewBuilder(t))
	}
	m.initTree()
	return m, nil
}

// encode makes the words of a cursor's rows.
func (m *Merger) encode(c *cursor) error {
	if err := m.acct.set(m.acct.held + 8*int64(c.run.rows*m.l.words-len(c.words))); err != nil {
		return err
	}
	c.words = c.run.sortedWords(&m.l)
	return nil
}

// refill gets the next window of a run whose window is used up.
func (m *Merger) refill(c *cursor) error {
	if c.in == nil || c.left == 0 || c.pos < c.run.rows {
		return nil
	}
	w, err := c.in.window(m.o)
	if err != nil {
		return err
	}
	if w.rows == 0 || int64(w.rows) > c.left {
		return internalError("a run of %d rows gave %d, %d were left", c.in.Rows, w.rows, c.left)
	}
	c.run, c.pos, c.begin, c.left = w, 0, 0, c.left-int64(w.rows)
	if len(m.runs) < 2 {
		return nil
	}
	return m.encode(c)
}

// Release gives back what the merger reserved.
func (m *Merger) Release() {
	m.acct.release()
	m.runs, m.left = nil, 0
}

// Next writes the next rows, at most max, into dst (as many Vecs as Options.Types) and returns how many; 0 is the end. The rows are
// good until s is reset or Next is called again.
func (m *Merger) Next(dst []vec.Vec, max int, s *vec.Scratch) (int, error) {
	n := int(min(int64(max), m.left))
	if n <= 0 {
		return 0, nil
	}
	if len(m.runs) == 1 {
		return m.single(dst, n, s)
	}
	if cap(m.from) < n {
		m.from, m.index = make([]uint32, n), make([]uint32, n)
	}
	if m.dry >= 0 { // the window that ended the last batch
		w := int32(m.dry)
		m.dry = -1
		if err := m.refill(&m.runs[w]); err != nil {
			return 0, err
		}
		m.replay(w)
	}
	n = m.pick(m.from[:n])
	m.left -= int64(n)
	m.gather(dst, n, s)
	return n, nil
}

// single gives the next rows of the only run.
func (m *Merger) single(dst []vec.Vec, n int, s *vec.Scratch) (int, error) {
	c := &m.runs[0]
	if err := m.refill(c); err != nil {
		return 0, err
	}
	n = min(n, c.run.rows-c.pos)
	m.left -= int64(n)
	c.run.Batch(dst, c.pos, n, s)
	c.pos += n
	return n, nil
}

// pick plays the tree for the runs of the next rows, and returns how many: a batch ends with a window.
func (m *Merger) pick(from []uint32) int {
	for i := range m.runs {
		m.runs[i].begin = m.runs[i].pos
	}
	for i := range from {
		w := m.tree[0]
		from[i] = uint32(w)
		c := &m.runs[w]
		c.pos++
		if c.pos == c.run.rows && c.left > 0 {
			m.dry = int(w)
			return i + 1
		}
		m.replay(w)
	}
	return len(from)
}

// gather puts the rows of a batch, a stretch of each run, one stretch after the other, and takes them in their order from there.
func (m *Merger) gather(dst []vec.Vec, n int, s *vec.Scratch) {
	base := uint32(0)
	for i := range m.runs {
		c := &m.runs[i]
		c.base = base
		base += uint32(c.pos - c.begin)
	}
	for col, b := range m.built {
		b.Reset()
		for i := range m.runs {
			c := &m.runs[i]
			if c.pos == c.begin {
				continue
			}
			v := &c.run.cols[col]
			if c.run.order == nil {
				b.AppendRange(v, c.begin, c.pos-c.begin)
			} else {
				b.AppendTake(v, c.run.order[c.begin:c.pos])
			}
		}
	}
	index := m.index[:n]
	for i, r := range m.from[:n] {
		index[i] = m.runs[r].base
		m.runs[r].base++
	}
	for col, b := range m.built {
		v := b.Vec()
		vec.Take(&dst[col], &v, index, s)
	}
}

// initTree plays all matches: leaves are the runs, at places n to 2n−1 of a heap-shaped tree.
func (m *Merger) initTree() {
	n := len(m.runs)
	m.tree = make([]int32, n)
	winner := make([]int32, 2*n)
	for i := range n {
		winner[n+i] = int32(i)
	}
	for node := n - 1; node >= 1; node-- {
		a, b := winner[2*node], winner[2*node+1]
		if m.less(b, a) {
			a, b = b, a
		}
		winner[node], m.tree[node] = a, b
	}
	m.tree[0] = winner[1]
}

// replay moves run w, whose row has changed, up from its leaf.
func (m *Merger) replay(w int32) {
	for node := (len(m.runs) + int(w)) / 2; node >= 1; node /= 2 {
		if m.less(m.tree[node], w) {
			m.tree[node], w = w, m.tree[node]
		}
	}
	m.tree[0] = w
}

// less says whether the row of run a goes before that of run b. A run at its end goes last.
func (m *Merger) less(a, b int32) bool {
	x, y := &m.runs[a], &m.runs[b]
	if x.pos >= x.run.rows || y.pos >= y.run.rows {
		if (x.pos >= x.run.rows) == (y.pos >= y.run.rows) {
			return a < b
		}
		return y.pos >= y.run.rows
	}
	n := m.l.words
	p, q := x.words[x.pos*n:x.pos*n+n], y.words[y.pos*n:y.pos*n+n]
	for i, u := range p {
		if u != q[i] {
			return u < q[i]
		}
	}
	if m.l.from < len(m.o.Keys) {
		if c := compareKeys(m.o.Keys, m.l.from, x.run.cols, x.run.row(x.pos), y.run.cols, y.run.row(y.pos)); c != 0 {
			return c < 0
		}
	}
	return a < b
}
