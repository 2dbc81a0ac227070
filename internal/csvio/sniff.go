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
	header int // fields of the header
	rows   int // rows seen after it
	alike  int // of them, rows with as many fields as the header; surplus empty ones at the end count for nothing
}

// sniff guesses the delimiter by the first rows of data, which starts with the header. It is careful: the comma stays unless the header
// itself has another candidate and the rows agree with it.
func (d *Dialect) sniff(data []byte, whole bool) byte {
	if len(data) > sniffBytes {
		data, whole = data[:sniffBytes], false
	}
	buf := make([]byte, len(data)+1+slack)
	end := copy(buf, data)
	if whole && end > 0 && buf[end-1] != d.Newline {
		buf[end] = d.Newline
		end++
	}
	best, comma := byte(','), d.shape(',', buf, end)
	most := 1
	if comma.alike == comma.rows {
		most = max(most, comma.header)
	}
	for _, c := range delimiters {
		if c == d.Quote || c == d.Escape || c == d.Comment || c == d.Decimal || c == d.Thousands {
			continue
		}
		s := d.shape(c, buf, end)
		agree := s.alike == s.rows || comma.header <= 1 && 2*s.alike >= s.rows
		if agree && s.header > most {
			best, most = c, s.header
		}
	}
	return best
}

// shape splits the first rows at the delimiter.
func (d *Dialect) shape(comma byte, buf []byte, end int) (s shape) {
	as := *d
	as.Comma = comma
	x := newIndexer(&as, 1, 1)
	x.mostFields = MaxColumns
	for pos := 0; s.rows < sniffRows; {
		next, reason, ok := x.slowRow(buf, pos, end)
		if !ok {
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
