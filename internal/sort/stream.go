package sorting

import (
	"cmp"
	"slices"
	"sort"

	"github.com/sheafdata/sheaf/internal/vec"
)

// Stats is what is known of the keys of a run, which merges need of all their runs before they see the first row.
type Stats struct{ keys []keyStats }

// Stats returns what is known of the run's keys. It stays good when the run is released.
func (r *Run) Stats() Stats { return Stats{slices.Clone(r.stats)} }

// Input is a run to merge: one in memory, or one that comes a window at a time.
type Input struct {
	// Run is a run in memory; nil for one that comes in windows.
	Run *Run
	// Next returns the next rows of a run in windows, as columns of Options.Types in sorted order; none at its end. They are good until
	// the next call.
	Next func() (cols []vec.Vec, rows int, err error)
	// Rows is how many rows Next gives in all, Stats what is known of their keys: it may cover more rows than come.
	Rows  int64
	Stats Stats
}

// window is the run of the rows of Next; it has none where the input has ended.
func (in *Input) window(o Options) (*Run, error) {
	cols, rows, err := in.Next()
	if err != nil {
		return nil, err
	}
	return &Run{o: o, cols: slices.Clone(cols), rows: rows}, nil
}

// Pile is a sorted run that may lie in files, as Cut looks into it.
type Pile interface {
	// NumRows is how many rows there are.
	NumRows() int64
	// Samples are rows 0, every, 2·every… as a run. Parts are the more even the more samples each pile has.
	Samples() (rows *Run, every int)
	// Window returns rows [from, to) as a run: fewer than every of them.
	Window(from, to int64) (*Run, error)
}

// Cutter divides the merge of piles into parts of about equal numbers of rows, whatever the keys are. It is safe for concurrent use.
type Cutter struct {
	keys    []Key
	piles   []Pile
	samples []*Run
	every   []int
	places  []place // of all samples, in the order of the merge
	total   float64
}

// NewCutter returns a cutter for piles of the same options.
func NewCutter(o Options, piles []Pile) *Cutter {
	c := &Cutter{keys: o.Keys, piles: piles}
	for p, pile := range piles {
		rows, every := pile.Samples()
		c.samples, c.every = append(c.samples, rows), append(c.every, every)
		for k := range rows.rows {
			w := float64(min(int64(every), pile.NumRows()-int64(k*every)))
			c.places = append(c.places, place{run: p, row: k, weight: w})
			c.total += w
		}
	}
	slices.SortFunc(c.places, c.compare)
	return c
}

// Part returns where part i of so many begins in each pile; parts itself is the end of the last one. Merging the parts one after the
// other is merging the piles.
func (c *Cutter) Part(i, parts int) ([]int64, error) {
	at := make([]int64, len(c.piles))
	if i <= 0 {
		return at, nil
	}
	cut, ok := c.place(i, parts)
	for p, pile := range c.piles {
		at[p] = pile.NumRows()
		if i >= parts || !ok {
			continue
		}
		var err error
		if at[p], err = c.before(p, cut); err != nil {
			return nil, err
		}
	}
	return at, nil
}

// place is the sample at which part i begins; false where the parts before have all rows.
func (c *Cutter) place(i, parts int) (place, bool) {
	seen := 0.0
	for _, p := range c.places {
		if seen > 0 && seen >= c.total*float64(i)/float64(parts) {
			return p, true
		}
		seen += p.weight
	}
	return place{}, false
}

// compare orders places of samples as the merge gives their rows.
func (c *Cutter) compare(a, b place) int {
	x, y := c.samples[a.run], c.samples[b.run]
	if d := compareKeys(c.keys, 0, x.cols, x.row(a.row), y.cols, y.row(b.row)); d != 0 {
		return d
	}
	return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.row, b.row))
}

// before is how many rows of pile p come before the sample cut.
func (c *Cutter) before(p int, cut place) (int64, error) {
	if p == cut.run {
		return int64(cut.row * c.every[p]), nil
	}
	// Samples [0, n) come before the cut: the place lies behind the last of them, and not behind the next.
	n := sort.Search(c.samples[p].rows, func(k int) bool { return c.compare(place{run: p, row: k}, cut) >= 0 })
	if n == 0 {
		return 0, nil
	}
	from := int64((n-1)*c.every[p]) + 1
	to := min(int64(n*c.every[p]), c.piles[p].NumRows())
	if from >= to {
		return from, nil
	}
	w, err := c.piles[p].Window(from, to)
	if err != nil {
		return 0, err
	}
	y := c.samples[cut.run]
	k := sort.Search(w.rows, func(k int) bool {
		d := compareKeys(c.keys, 0, w.cols, w.row(k), y.cols, y.row(cut.row))
		return cmp.Or(d, cmp.Compare(p, cut.run)) > 0
	})
	return from + int64(k), nil
}

// Every returns rows 0, n, 2n… of the run, copied, for Pile.Samples: of the columns, it has the keys alone.
func (r *Run) Every(n int) *Run {
	idx := make([]uint32, 0, r.rows/n+1)
	for i := 0; i < r.rows; i += n {
		idx = append(idx, uint32(r.row(i)))
	}
	out := &Run{o: r.o, rows: len(idx), stats: r.stats, cols: make([]vec.Vec, len(r.cols))}
	keys := map[int]bool{}
	for _, k := range r.o.Keys {
		keys[k.Col] = true
	}
	for c := range r.cols {
		if !keys[c] {
			continue
		}
		b := vec.NewBuilder(r.o.Types[c])
		b.AppendTake(&r.cols[c], idx)
		out.cols[c] = b.Vec()
	}
	return out
}
