package readers

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/parquetio"
	"github.com/sheafdata/sheaf/partition"
)

// SetFilter makes the reader leave out rows that the filter does not want: row groups and pages by their statistics, then rows by the
// filter's columns before others are decoded.
func (r *parquetReader) SetFilter(f partition.RowFilter) {
	if r.f == nil {
		return
	}
	for _, c := range r.adapt.cols { // a value that cannot be cast is an error whose place counts all rows
		if c.from >= 0 && !arrow.TypeEqual(r.f.pq.Schema().Field(r.adapt.read[c.from]).Type, c.typ) {
			return
		}
	}
	var early []int
	for _, c := range f.Columns() {
		if c < 0 || c >= len(r.adapt.cols) || r.adapt.cols[c].from < 0 {
			early = nil
			break
		}
		early = append(early, r.adapt.cols[c].from)
	}
	r.filter, r.early = f, early
}

// filtered adds the filter to what is read of a row group.
func (r *parquetReader) filtered(o *parquetio.ReadOptions) {
	if r.filter != nil && len(r.early) > 0 {
		o.Filter, o.Early = r.filter, r.early
	}
}

// wanted returns the rows of a part of a row group that the filter leaves by the statistics.
func (r *parquetReader) wanted(g *groupRanges) []rowRange {
	if r.filter == nil {
		return g.ranges
	}
	bounds := r.filter.Bounds()
	if bounds.IsZero() {
		return g.ranges
	}
	rows := r.f.pq.RowGroup(g.group).Rows
	footer := r.f.pq.Stats(g.group)
	ranges := g.ranges
	for _, e := range bounds.Conjuncts() {
		out := judge(e, func(name string) (facts, bool) {
			src := r.source(name)
			if src < 0 {
				return facts{}, false
			}
			own := r.f.pq.Schema().Field(src)
			st, ok := footer[own.Name]
			return factsOf(st, rows, own.Type), ok
		})
		if out&canTrue == 0 {
			return nil
		}
		if out != canTrue {
			ranges = intersect(ranges, r.wantedPages(g.group, e, rows))
		}
	}
	return ranges
}

// source is the file's column of a wanted one, -1 where there is none.
func (r *parquetReader) source(name string) int {
	for _, c := range r.adapt.cols {
		if c.name == name && c.from >= 0 {
			return r.adapt.read[c.from]
		}
	}
	return -1
}

// wantedPages returns the rows of a row group that e may be true for, by the page index of the one column that it reads.
func (r *parquetReader) wantedPages(group int, e expr.Expr, rows int64) []rowRange {
	all := []rowRange{{0, rows}}
	names := e.Columns()
	if len(names) != 1 {
		return all
	}
	src := r.source(names[0])
	if src < 0 {
		return all
	}
	pages, err := r.f.pq.Pages(group, src)
	if err != nil || pages == nil {
		return all
	}
	own := r.f.pq.Schema().Field(src).Type
	var out []rowRange
	for _, p := range pages {
		verdict := judge(e, func(string) (facts, bool) {
			if p.AllNull {
				return facts{mayNull: true, onlyNull: true}, true
			}
			return factsOf(p.Stats, p.Rows.To-p.Rows.From, own), true
		})
		switch n := len(out); {
		case verdict&canTrue == 0:
		case n > 0 && out[n-1].to == p.Rows.From:
			out[n-1].to = p.Rows.To
		default:
			out = append(out, rowRange{p.Rows.From, p.Rows.To})
		}
	}
	return out
}
