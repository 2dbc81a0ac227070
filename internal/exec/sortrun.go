package exec

import (
	"context"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/shuffle"
)

// SortedRun is the sorted rows of a part: the columns of the sort's input, then the computed keys. They are one run or several, one
// after the other in the order of the rows.
type SortedRun struct {
	runs  []*pile
	types []arrow.DataType
	keys  []sorting.Key
	held  *mem.Reservation
	marked

	once   sync.Once // the first of a merge's inputs keeps what divides it, for all tasks of the merge
	cutter *sorting.Cutter
}

// Free gives the reserved bytes back. Rows in memory stay good: a cancelled task may still read them.
func (r *SortedRun) Free() {
	if r.held != nil {
		r.held.Free()
	}
	for _, p := range r.runs {
		if p.out != nil {
			p.out.Free()
		}
	}
}

// NumRows is the number of rows.
func (r *SortedRun) NumRows() int64 {
	n := int64(0)
	for _, p := range r.runs {
		n += p.NumRows()
	}
	return n
}

// Bytes is about the memory of the rows.
func (r *SortedRun) Bytes() int64 {
	n := int64(0)
	for _, p := range r.runs {
		n += p.bytes
	}
	return n
}

func (r *SortedRun) options() sorting.Options { return sorting.Options{Types: r.types, Keys: r.keys} }

// Of a run in an exchange the keys of some rows stay in memory, to divide merges by: a thousandth of the rows, and of a short run
// minSamples, so that parts are even however many runs there are.
const (
	sampleEvery = 1024
	minSamples  = 32
)

func sampleDistance(rows int) int { return max(1, min(sampleEvery, rows/minSamples)) }

// pile is a sorted run: in memory, or in an exchange, and then with some rows in memory to find others by.
type pile struct {
	options sorting.Options
	run     *sorting.Run
	out     *shuffle.Output
	stats   sorting.Stats
	samples *sorting.Run
	every   int // distance of the samples
	bytes   int64
}

// NumRows implements sorting.Pile.
func (p *pile) NumRows() int64 {
	if p.run != nil {
		return int64(p.run.NumRows())
	}
	return p.out.Rows(0, shuffle.Buckets)
}

// Samples implements sorting.Pile.
func (p *pile) Samples() (*sorting.Run, int) {
	if p.samples == nil { // all of memory; several tasks may do so at once, each for itself
		every := sampleDistance(p.run.NumRows())
		return p.run.Every(every), every
	}
	return p.samples, p.every
}

// Window implements sorting.Pile.
func (p *pile) Window(from, to int64) (*sorting.Run, error) {
	if p.run != nil {
		return p.run.Slice(int(from), int(to)), nil
	}
	sorter, err := sorting.NewSorter(p.options) // rows come in batches; they are sorted already
	if err != nil {
		return nil, err
	}
	err = readAll(context.Background(), shuffle.NewRangeReader(p.out, from, to), func(b *vec.Batch, _ []uint64) error { return sorter.Add(b.Cols, b.Rows) })
	if err != nil {
		return nil, err
	}
	return sorter.Finish()
}

// input is rows [from, to) of the run, for a merge. What it opens is closed by the function.
func (p *pile) input(ctx context.Context, from, to int64) (sorting.Input, func()) {
	if p.run != nil {
		return sorting.Input{Run: p.run.Slice(int(from), int(to))}, func() {}
	}
	r := shuffle.NewRangeReader(p.out, from, to)
	var b vec.Batch
	left := to - from
	next := func() ([]vec.Vec, int, error) {
		if left == 0 {
			return nil, 0, nil
		}
		if _, err := r.Next(ctx, &b); err != nil {
			return nil, 0, err
		}
		left -= int64(b.Rows)
		return b.Cols, b.Rows, nil
	}
	return sorting.Input{Next: next, Rows: to - from, Stats: p.stats}, r.Close
}

// newPile writes a run in memory to an exchange.
func newPile(ctx context.Context, o sorting.Options, run *sorting.Run) (*pile, error) {
	w := shuffle.From(ctx).Writer(shuffle.Options{Name: "sort", Types: o.Types})
	defer w.Abort()
	every := sampleDistance(run.NumRows())
	p := &pile{options: sorting.Options{Types: o.Types, Keys: o.Keys}, stats: run.Stats(), samples: run.Every(every), every: every}
	cols := make([]vec.Vec, len(o.Types))
	var scratch vec.Scratch
	for at := 0; at < run.NumRows(); at += batchRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		scratch.Reset()
		n := min(batchRows, run.NumRows()-at)
		run.Batch(cols, at, n, &scratch)
		if err := w.Add(cols, nil, n); err != nil {
			return nil, err
		}
	}
	var err error
	p.bytes = w.Bytes()
	p.out, err = w.Finish()
	return p, err
}
