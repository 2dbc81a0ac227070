package parquetio

import "sort"

// pageDirectory says where the data pages of a column chunk are, for reading from the middle of it. It is made once a chunk, from
// the offset index or by walking the page headers. nil and empty mean that nothing is known.
type pageDirectory struct {
	pages []pagePlace
	end   int64 // rows of the row group
}

type pagePlace struct{ off, row int64 }

// find returns the page that holds row, -1 where there is none.
func (d *pageDirectory) find(row int64) int {
	if d == nil {
		return -1
	}
	return sort.Search(len(d.pages), func(i int) bool { return d.pages[i].row > row }) - 1
}

// endOf returns where the page that holds row ends, or 0 where that is not known.
func (d *pageDirectory) endOf(row int64) int64 {
	if i := d.find(row); i >= 0 && i+1 < len(d.pages) {
		return d.pages[i+1].off
	}
	return 0
}

// rows returns how many rows page i has.
func (d *pageDirectory) rows(i int) int64 {
	if i+1 < len(d.pages) {
		return d.pages[i+1].row - d.pages[i].row
	}
	return d.end - d.pages[i].row
}

// directory returns the directory of a leaf's chunk.
func (f *File) directory(group int, l *leaf) *pageDirectory {
	key := [2]int{group, l.index}
	f.mu.Lock()
	d, ok := f.dirs[key]
	f.mu.Unlock()
	if ok {
		return d
	}
	d = f.offsetDirectory(group, l)
	if d == nil {
		d = f.walkPages(group, l)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if was, ok := f.dirs[key]; ok {
		return was
	}
	f.dirs[key] = d
	return d
}

// offsetDirectory makes a directory of the offset index; nil where there is none or it cannot be right.
func (f *File) offsetDirectory(group int, l *leaf) *pageDirectory {
	g := &f.meta.groups[group]
	chunk := &g.cols[l.index]
	places, err := f.offsetIndex(chunk)
	if err != nil || len(places) == 0 || places[0].row != 0 {
		return nil
	}
	start, end := chunk.span()
	for i, p := range places {
		if p.off < start || p.off >= end || p.row >= g.rows || i > 0 && (p.row <= places[i-1].row || p.off <= places[i-1].off) {
			return nil
		}
	}
	return &pageDirectory{pages: places, end: g.rows}
}

// walkWindow is how much is read for each page header that is walked over.
const walkWindow = 4 << 10

// walkPages makes a directory by reading the headers of all pages. Where pages do not say their rows (v1 pages of columns with
// lists), or a header is damaged, it returns nil, and rows are found by decoding levels.
func (f *File) walkPages(group int, l *leaf) *pageDirectory {
	g := &f.meta.groups[group]
	start, end := g.cols[l.index].span()
	mem := &arena{limit: 64 << 20}
	defer mem.close()
	s := source{f: f, mem: mem, off: start, end: end, stop: end, winSize: walkWindow}
	d := &pageDirectory{end: g.rows}
	var row int64
	for off := start; row < g.rows; {
		var h pageHeader
		n, err := s.header(off, &h)
		if err != nil {
			return nil
		}
		rows := int64(h.values)
		if h.typ == pageDataV2 {
			rows = int64(h.rows)
		} else if l.maxRep > 0 && h.typ == pageData {
			return nil
		}
		if (h.typ == pageData || h.typ == pageDataV2) && rows > 0 {
			d.pages = append(d.pages, pagePlace{off: off, row: row})
			row += rows
		}
		off += int64(n) + int64(h.compressed)
	}
	if row != g.rows {
		return nil
	}
	return d
}
