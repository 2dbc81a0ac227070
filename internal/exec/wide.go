package exec

import (
	"context"

	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
)

// wideBytes is about how many bytes of text and lists the rows of a push may have where a step makes several rows of one: a row is
// never cut.
const wideBytes = 2 << 20

// pieces cuts the pairs of a join so that no push has much more than wideBytes of text and lists.
type pieces struct {
	cols  []int         // columns of the left side that go on
	right []vec.Measure // columns of the table that go on and have such values
	// widest is the bytes of right's widest row.
	widest int64
	// repeats: a left row may have several pairs.
	repeats bool
	// left measures the batch that is joined, once somebody asks; widestLeft is the bytes of its widest row.
	left       []vec.Measure
	widestLeft int64
	measured   bool
}

// use makes p measure what s takes of a table.
func (p *pieces) use(s *probeStep, t *Table) {
	*p = pieces{cols: p.cols[:0], right: p.right[:0], left: p.left[:0], repeats: t.asOf == nil && !t.Unique()}
	for _, c := range s.cols {
		switch {
		case !c.live:
		case !c.right:
			p.cols = append(p.cols, c.from)
		case t.wide != nil && t.wide[c.from].Widest > 0:
			p.right = append(p.right, t.wide[c.from])
			p.widest += t.wide[c.from].Widest
		}
	}
}

// begin says that another batch is joined.
func (p *pieces) begin() { p.measured = false }

// next returns how many of the pairs to give next.
func (p *pieces) next(b *vec.Batch, pairs join.Pairs) int {
	n := len(pairs.Left)
	if pairs.Right == nil { // no row becomes more
		return n
	}
	limit := p.widest
	if p.repeats && !pairs.Whole {
		p.measure(b)
		limit += p.widestLeft
	}
	if int64(n)*limit <= wideBytes {
		return n
	}
	p.measure(b)
	sum := int64(0)
	for i := range pairs.Left {
		if sum += p.row(pairs, i); sum > wideBytes && i > 0 {
			return i
		}
	}
	return n
}

func (p *pieces) measure(b *vec.Batch) {
	if p.measured {
		return
	}
	p.measured, p.left, p.widestLeft = true, p.left[:0], 0
	for _, c := range p.cols {
		if m := vec.MeasureOf(&b.Cols[c]); m.Widest > 0 {
			p.left = append(p.left, m)
			p.widestLeft += m.Widest
		}
	}
}

// row is the bytes of text and lists in the joined row of a pair.
func (p *pieces) row(pairs join.Pairs, i int) int64 {
	sum := int64(0)
	for k := range p.left {
		sum += p.left[k].Row(int(pairs.Left[i]))
	}
	if r := pairs.Right[i]; r != join.NoRow {
		for k := range p.right {
			sum += p.right[k].Row(int(r))
		}
	}
	return sum
}

// measured measures the text and lists of batches, one after the other.
type measured struct {
	cols   []vec.Measure
	widest int64 // bytes of the widest row, or more; 0 where all rows together have few
	dicts  map[int]dictWidth
}

// dictWidth is what is known of the dictionary that a column had last.
type dictWidth struct {
	dict   *vec.Dict
	widest int64
}

// of measures a batch, if all its rows may have more bytes than most. What it says is good as long as the batch is.
func (m *measured) of(b *vec.Batch, most int64) {
	m.cols, m.widest = m.cols[:0], 0
	if m.atMost(b) <= most {
		return
	}
	for i := range b.Cols {
		if c := vec.MeasureOf(&b.Cols[i]); c.Widest > 0 {
			m.cols = append(m.cols, c)
			m.widest += c.Widest
		}
	}
}

// atMost is about how many bytes all rows have at most, by what is known without looking at each: texts have their places in buffers, unless
// they share them, which a few rows tell.
func (m *measured) atMost(b *vec.Batch) int64 {
	sum := int64(0)
	for i := range b.Cols {
		switch c := &b.Cols[i]; {
		case c.Len == 0:
		case c.Dict != nil:
			sum += int64(b.Rows) * m.ofDict(i, c.Dict)
		case c.Phys == vec.View:
			size := int64(0)
			for _, buf := range c.Bufs {
				size += int64(len(buf))
			}
			sum += max(size, int64(b.Rows)*someLongest(c))
		case c.Phys == vec.List || c.Phys == vec.Struct:
			sum += int64(b.Rows) * vec.MeasureOf(c).Widest
		}
	}
	return sum
}

// someLongest is the length of the longest of some of a column's texts.
func someLongest(c *vec.Vec) int64 {
	if len(c.Bufs) == 0 {
		return 0
	}
	const looks = 16
	longest, heads := uint32(0), vec.Of[vec.ViewHeader](c)
	for i := range min(looks, len(heads)) {
		longest = max(longest, heads[i*len(heads)/looks%len(heads)].Len)
	}
	return int64(longest)
}

// ofDict returns the bytes of the widest value of column i's dictionary, which stays the same for many batches.
func (m *measured) ofDict(i int, d *vec.Dict) int64 {
	if known := m.dicts[i]; known.dict == d {
		return known.widest
	}
	if m.dicts == nil {
		m.dicts = map[int]dictWidth{}
	}
	widest := vec.MeasureOf(&d.Values).Widest
	m.dicts[i] = dictWidth{d, widest}
	return widest
}

// prefix is how many of n rows from row from on have no more than so many bytes, one at least.
func (m *measured) prefix(from, n int, most int64) int {
	if int64(n)*m.widest <= most {
		return n
	}
	sum := int64(0)
	for i := range n {
		for k := range m.cols {
			sum += m.cols[k].Row(from + i)
		}
		if sum > most && i > 0 {
			return i
		}
	}
	return n
}

// inPieces calls do with ranges of the batch's rows, each of which has no more than so many bytes of text and lists, if it has several rows.
func (m *measured) inPieces(b *vec.Batch, most int64, do func(from, n int) error) error {
	m.of(b, most)
	for from := 0; from < b.Rows; {
		n := m.prefix(from, b.Rows-from, most)
		if err := do(from, n); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// pushBytes is the text and the lists that a source pushes at once at most, where a batch has more: what follows copies them.
const pushBytes = 4 << 20

// pending is a batch of a source that is pushed in pieces, between which the task may pause.
type pending struct {
	out   vec.Batch
	at    int // rows before it are pushed
	wide  measured
	pause *pause // nil: the task runs to its end
}

// begin makes the rows of out the next to be pushed.
func (p *pending) begin() {
	p.at = 0
	p.wide.of(&p.out, pushBytes)
}

// some pushes the rows that are left, or as many of them as may be pushed or emitted at once.
func (p *pending) some(ctx context.Context, l *link) error {
	from, n := p.at, p.out.Rows-p.at
	if p.pause != nil {
		n = p.pause.rows(n)
	}
	n = p.wide.prefix(from, n, pushBytes)
	p.at += n
	var err error
	if n == p.out.Rows {
		err = l.pushAll(ctx, &p.out)
	} else {
		err = l.pushSlice(ctx, &p.out, from, n)
	}
	if err == nil && p.pause != nil && p.pause.due(n) {
		return errPaused
	}
	return err
}
