package sorting

import (
	"cmp"
	"slices"
	"sort"
)

// samplesPerPart is how many rows of each run are looked at for each part to make: parts then differ in size by a few percent.
const samplesPerPart = 16

// place is a row of a run: places are ordered by key, then run, then row, as a merge gives them.
type place struct {
	run, row int
	weight   float64 // rows that the place stands for as a sample
}

// Split divides the merge of runs into parts that can be merged at the same time: merging each (NewMerger) and giving the parts one
// after the other is merging the runs. There are at most parts of them, about equal in rows whatever the keys are; equal keys may be
// divided. The parts share the memory of the runs.
func Split(o Options, runs []*Run, parts int) ([][]*Run, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	s := splitter{keys: o.Keys, runs: runs}
	out := make([][]*Run, 0, parts)
	begin := make([]int, len(runs))
	for _, cut := range s.cuts(parts) {
		end := make([]int, len(runs))
		for r := range runs {
			end[r] = s.before(r, cut)
		}
		out = append(out, s.part(begin, end))
		begin = end
	}
	end := make([]int, len(runs))
	for r := range runs {
		end[r] = runs[r].rows
	}
	return append(out, s.part(begin, end)), nil
}

type splitter struct {
	keys []Key
	runs []*Run
}

func (s *splitter) part(begin, end []int) []*Run {
	var part []*Run
	for r, run := range s.runs {
		if begin[r] < end[r] {
			part = append(part, run.Slice(begin[r], end[r]))
		}
	}
	return part
}

func (s *splitter) compare(a, b place) int {
	x, y := s.runs[a.run], s.runs[b.run]
	if c := compareKeys(s.keys, 0, x.cols, x.row(a.row), y.cols, y.row(b.row)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.row, b.row))
}

// cuts returns the first places of all parts but the first, from samples of the runs at even distances.
func (s *splitter) cuts(parts int) []place {
	var samples []place
	total := 0.0
	for r, run := range s.runs {
		n := min(run.rows, parts*samplesPerPart)
		for i := range n {
			samples = append(samples, place{run: r, row: i * run.rows / n, weight: float64(run.rows) / float64(n)})
		}
		total += float64(run.rows)
	}
	slices.SortFunc(samples, s.compare)
	var cuts []place
	seen := 0.0
	for _, p := range samples {
		if len(cuts)+1 < parts && seen > 0 && seen >= total*float64(len(cuts)+1)/float64(parts) {
			cuts = append(cuts, p)
		}
		seen += p.weight
	}
	return cuts
}

// before is how many rows of run r come before the place.
func (s *splitter) before(r int, cut place) int {
	return sort.Search(s.runs[r].rows, func(i int) bool { return s.compare(place{run: r, row: i}, cut) >= 0 })
}
