package sorting

import (
	"github.com/sheafdata/sheaf/internal/vec"
)

// Sorter collects rows and sorts them to a run. It is not safe for concurrent use.
type Sorter struct {
	o    Options
	cols []*vec.Builder
	rows int
	acct account
}

// NewSorter returns a sorter without rows.
func NewSorter(o Options) (*Sorter, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Sorter{o: o, acct: account{reserve: o.Reserve}}
	for _, t := range o.Types {
		s.cols = append(s.cols, vec.NewBuilder(t))
	}
	return s, nil
}

// NumRows is how many rows were added.
func (s *Sorter) NumRows() int { return s.rows }

// Bytes is the memory of the rows added.
func (s *Sorter) Bytes() int64 {
	sum := int64(0)
	for _, c := range s.cols {
		sum += c.Bytes()
	}
	return sum
}

// Add copies a batch of rows, key columns included. After an error the sorter is of no use but for Release.
func (s *Sorter) Add(cols []vec.Vec, rows int) error { return s.add(cols, rows, nil, true) }

// add copies the rows in sel, or all.
func (s *Sorter) add(cols []vec.Vec, rows int, sel []uint32, all bool) error {
	if len(cols) != len(s.cols) {
		return internalError("%d columns, want %d", len(cols), len(s.cols))
	}
	if rows > MaxRows-s.rows {
		return internalError("a run of more than %d rows", MaxRows)
	}
	for i, c := range s.cols {
		if all {
			c.Append(&cols[i])
		} else {
			c.AppendTake(&cols[i], sel)
		}
	}
	if !all {
		rows = len(sel)
	}
	s.rows += rows
	return s.acct.set(s.Bytes())
}

// Release gives back what was reserved, where there is no Finish.
func (s *Sorter) Release() {
	s.acct.release()
	*s = Sorter{o: s.o}
}

// Finish sorts the rows. The sorter and its memory are the run's afterwards.
func (s *Sorter) Finish() (*Run, error) {
	r := newRun(s.o, vecsOf(s.cols), s.rows)
	if err := r.sort(&s.acct, s.Bytes()); err != nil {
		s.Release()
		return nil, err
	}
	r.acct = s.acct.take()
	*s = Sorter{o: s.o}
	return r, nil
}

// Run is sorted rows: immutable, and free to be read by several tasks.
type Run struct {
	o    Options
	cols []vec.Vec
	// order lists the rows of cols as they sort; nil: they stand sorted.
	order []uint32
	rows  int
	stats []keyStats
	acct  account
}

// NewRun returns a run of rows that are sorted already, as a run of another process is.
func NewRun(o Options, cols []vec.Vec, rows int) (*Run, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(cols) != len(o.Types) {
		return nil, internalError("%d columns, want %d", len(cols), len(o.Types))
	}
	return newRun(o, cols, rows), nil
}

func newRun(o Options, cols []vec.Vec, rows int) *Run {
	r := &Run{o: o, cols: cols, rows: rows, stats: make([]keyStats, len(o.Keys))}
	for i, k := range o.Keys {
		r.stats[i].add(&cols[k.Col])
	}
	return r
}

// sort finds the order; held is what is reserved for the columns.
func (r *Run) sort(acct *account, held int64) error {
	l := newLayout(r.o.Keys, r.stats)
	if l.words == 0 && l.from == len(r.o.Keys) || r.rows < 2 {
		return nil // all rows are equal
	}
	result := 4 * int64(r.rows)
	if err := acct.set(held + result + orderBytes(r.rows) + 8*int64(r.rows*(l.words+1))); err != nil {
		return err
	}
	words := make([]uint64, r.rows*l.words)
	l.encode(words, r.cols, r.rows)
	o := orderer{l: &l, keys: r.o.Keys, words: words, cols: r.cols}
	r.order = o.order(r.rows)
	return acct.set(held + result)
}

// NumRows is how many rows the run has.
func (r *Run) NumRows() int { return r.rows }

// Bytes is the memory the run has reserved.
func (r *Run) Bytes() int64 { return r.acct.held }

// Release gives back what was reserved. The run must not be used afterwards.
func (r *Run) Release() {
	r.acct.release()
	*r = Run{o: r.o}
}

// Truncate keeps the first n rows.
func (r *Run) Truncate(n int) {
	if n >= r.rows {
		return
	}
	if r.order == nil {
		for i := range r.cols {
			vec.Slice(&r.cols[i], &r.cols[i], 0, n, nil)
		}
	} else {
		r.order = r.order[:n]
	}
	r.rows = n
}

// Batch writes n sorted rows from row from on into dst (as many Vecs as Options.Types), in memory of s or shared with the run.
func (r *Run) Batch(dst []vec.Vec, from, n int, s *vec.Scratch) {
	for i := range r.cols {
		if r.order == nil {
			vec.Slice(&dst[i], &r.cols[i], from, n, s)
		} else {
			vec.Take(&dst[i], &r.cols[i], r.order[from:from+n], s)
		}
	}
}

// Slice returns the rows [from, to) of the sorted run as a run that shares its memory: it lives as long as r does, and reserves
// nothing of its own.
func (r *Run) Slice(from, to int) *Run {
	part := *r
	part.acct = account{}
	part.rows = to - from
	if r.order != nil {
		part.order = r.order[from:to]
		return &part
	}
	part.cols = make([]vec.Vec, len(r.cols))
	for i := range r.cols {
		vec.Slice(&part.cols[i], &r.cols[i], from, to-from, nil)
	}
	return &part
}

// sortedWords returns the words of the rows in sorted order.
func (r *Run) sortedWords(l *layout) []uint64 {
	words := make([]uint64, r.rows*l.words)
	cols := r.cols
	if r.order != nil {
		cols = make([]vec.Vec, len(r.cols))
		for _, k := range l.keys {
			vec.Take(&cols[k.Col], &r.cols[k.Col], r.order, nil)
		}
	}
	l.encode(words, cols, r.rows)
	return words
}

func (r *Run) row(i int) int {
	if r.order == nil {
		return i
	}
	return int(r.order[i])
}

func vecsOf(bs []*vec.Builder) []vec.Vec {
	out := make([]vec.Vec, len(bs))
	for i, b := range bs {
		out[i] = b.Vec()
	}
	return out
}
