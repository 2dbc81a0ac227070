package exec

import (
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

// inPieces calls do with ranges of the batch's rows, each of which has no more than so many bytes of text and lists, if it has several rows.
func inPieces(b *vec.Batch, most int64, do func(from, n int) error) error {
	var cols []vec.Measure
	widest := int64(0)
	for i := range b.Cols {
		if m := vec.MeasureOf(&b.Cols[i]); m.Widest > 0 {
			cols = append(cols, m)
			widest += m.Widest
		}
	}
	if int64(b.Rows)*widest <= most {
		return do(0, b.Rows)
	}
	from, sum := 0, int64(0)
	for i := range b.Rows {
		row := int64(0)
		for k := range cols {
			row += cols[k].Row(i)
		}
		if sum += row; sum > most && i > from {
			if err := do(from, i-from); err != nil {
				return err
			}
			from, sum = i, row
		}
	}
	return do(from, b.Rows-from)
}
