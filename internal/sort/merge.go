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
}

// NewMerger merges runs of the same options. limit is how many rows to give at most; negative is all. The runs stay the caller's.
func NewMerger(o Options, runs []*Run, limit int64) (*Merger, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &Merger{o: o, acct: account{reserve: o.Reserve}}
	stats := make([]keyStats, len(o.Keys))
	for _, r := range runs {
		if r.rows == 0 {
			continue
		}
		m.runs = append(m.runs, cursor{run: r})
		m.left += int64(r.rows)
		for i := range stats {
			stats[i].merge(&r.stats[i])
		}
	}
	if limit >= 0 {
		m.left = min(m.left, limit)
	}
	if len(m.runs) < 2 {
		return m, nil
	}
	m.l = newLayout(o.Keys, stats)
	need := int64(0)
	for i := range m.runs {
		need += 8 * int64(m.runs[i].run.rows*m.l.words)
	}
	if err := m.acct.set(need); err != nil {
		return nil, err
	}
	for i := range m.runs {
		m.runs[i].words = m.runs[i].run.sortedWords(&m.l)
	}
	for _, t := range o.Types {
		m.built = append(m.built, vec.NewBuilder(t))
	}
	m.initTree()
	return m, nil
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
	m.left -= int64(n)
	if len(m.runs) == 1 {
		c := &m.runs[0]
		c.run.Batch(dst, c.pos, n, s)
		c.pos += n
		return n, nil
	}
	if cap(m.from) < n {
		m.from, m.index = make([]uint32, n), make([]uint32, n)
	}
	m.pick(m.from[:n])
	m.gather(dst, n, s)
	return n, nil
}

// pick plays the tree for the runs of the next rows.
func (m *Merger) pick(from []uint32) {
	for i := range m.runs {
		m.runs[i].begin = m.runs[i].pos
	}
	for i := range from {
		w := m.tree[0]
		from[i] = uint32(w)
		m.runs[w].pos++
		m.replay(w)
	}
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
