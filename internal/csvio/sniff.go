package csvio

import "bytes"

// What the delimiter is guessed from.
const (
	sniffRows  = 20       // rows after the header
	sniffBytes = 64 << 10 // of the file
)

// delimiters are the candidates besides the comma, by how common they are.
var delimiters = []byte{';', '\t', '|'}

// shape is what the first rows look like under a delimiter.
type shape struct {
	header int  // fields of the header
	rows   int  // rows seen after it
	alike  int  // of them, rows with as many fields as the header; surplus empty ones at the end count for nothing
	whole  bool // no part of a row is left behind them
}

// sniff guesses the delimiter by the first rows of data, which starts with the header. It is careful: the comma stays unless the header
// itself has another candidate and the rows agree with it.
func (d *Dialect) sniff(data []byte, whole bool) byte {
	buf, end := d.sample(data, whole)
	best, comma := byte(','), d.shape(',', buf, end, sniffRows)
	most := 1
	if comma.alike == comma.rows {
		most = max(most, comma.header)
	}
	for _, c := range delimiters {
		if c == d.Quote || c == d.Escape || c == d.Comment || c == d.Decimal || c == d.Thousands {
			continue
		}
		s := d.shape(c, buf, end, sniffRows)
		agree := s.alike == s.rows || comma.header <= 1 && 2*s.alike >= s.rows
		if agree && s.header > most {
			best, most = c, s.header
		}
	}
	return best
}

// sample copies the first bytes to where rows can be read.
func (d *Dialect) sample(data []byte, whole bool) (buf []byte, end int) {
	if len(data) > sniffBytes {
		data, whole = data[:sniffBytes], false
	}
	buf = make([]byte, len(data)+1+slack)
	end = copy(buf, data)
	if whole && end > 0 && buf[end-1] != d.Newline {
		buf[end] = d.Newline
		end++
	}
	return buf, end
}

// mayEscape says whether backslashes stand before quotes somewhere in the first bytes, and mean nothing else.
func (d *Dialect) mayEscape(data []byte) bool {
	return d.Quote != 0 && d.Quote != '\\' && d.Comma != '\\' && d.Comment != '\\' && bytes.Contains(data[:min(len(data), sniffBytes)], []byte{'\\', d.Quote})
}

// sniffEscape says whether quotes within quotes have backslashes before them: rows do not fit with doubled quotes, and all do so.
func (d *Dialect) sniffEscape(data []byte, whole bool) bool {
	buf, end := d.sample(data, whole)
	doubled := d.shape(d.Comma, buf, end, sniffBytes)
	cut := !whole || len(data) > sniffBytes // then the last row may be cut
	if doubled.header > 0 && doubled.alike == doubled.rows && (doubled.whole || cut) {
		return false
	}
	as := *d
	as.Escape = '\\'
	escaped := as.shape(d.Comma, buf, end, sniffBytes)
	return escaped.rows > 0 && escaped.alike == escaped.rows && (doubled.header == 0 || doubled.header == escaped.header)
}

// shape splits the first rows, so many at most, at the delimiter.
func (d *Dialect) shape(comma byte, buf []byte, end, most int) (s shape) {
	as := *d
	as.Comma = comma
	x := newIndexer(&as, 1, 1)
	x.mostFields = MaxColumns
	for pos := 0; s.rows < most; {
		next, reason, ok := x.slowRow(buf, pos, end)
		if !ok {
			s.whole = pos == end
			break
		}
		n := len(x.flat)
		blank := n == 0 || n == 1 && len(bytes.TrimSpace(buf[pos:next-1])) == 0
		pos = next
		switch {
		case blank:
		case s.header == 0 && reason != "":
			return shape{}
		case s.header == 0:
			s.header = n
		default:
			s.rows++
			if reason == "" && x.wide(buf, s.header) {
				s.alike++
			}
		}
	}
	return s
}

// wide says whether the row in flat has n fields, not counting empty ones at its end.
func (x *indexer) wide(buf []byte, n int) bool {
	if len(x.flat) < n {
		return false
	}
	for _, f := range x.flat[n:] {
		if len(bytes.TrimRight(buf[f.start():f.end()], "\r")) > 0 {
			return false
		}
	}
	return true
}
