package csvio

import (
	"bytes"
	"io"
)

// Sizes of samples in bytes. A file up to WholeBytes is seen whole; of a larger one, the head, a number of windows inside, and the tail:
// a column may look like one thing for months and then like another.
const (
	WholeBytes  = 4 << 20
	headBytes   = 1 << 20
	innerBytes  = 64 << 10
	innerCount  = 15
	sampleFloor = 96 << 10 // of a file, however many files there are
)

// Samples infers the types of a file's columns.
type Samples struct {
	head    *Head
	guesser *guesser
	// Columns is what the samples allow, for each column of the file.
	Columns []Guess
	odd     []suspect
	// Rows and RowBytes are how many rows were seen and what they take.
	Rows, RowBytes int64
}

// NewSamples returns Samples that have seen nothing.
func NewSamples(h *Head) *Samples {
	s := &Samples{head: h, Columns: make([]Guess, len(h.Names)), odd: make([]suspect, len(h.Names))}
	s.guesser = newGuesser(&h.Dialect)
	return s
}

// File samples a file by range: rows start at the head's Start. Not much more than budget is read, or the usual sizes where that is
// less; 0 is the usual sizes.
func (s *Samples) File(r io.ReaderAt, size, budget int64) error {
	if budget <= 0 || budget > WholeBytes {
		budget = WholeBytes
	}
	budget = max(budget, sampleFloor)
	if size <= budget {
		return s.window(r, s.head.Start, size, size)
	}
	scale := func(n int64) int64 { return max(n*budget/WholeBytes, 16<<10) }
	head, inner := scale(headBytes), scale(innerBytes)
	count := min(int64(innerCount), (budget-head)/inner)
	if err := s.window(r, s.head.Start, min(s.head.Start+head, size), size); err != nil {
		return err
	}
	for i := int64(1); i <= count; i++ {
		from := max(s.head.Start+head, size/(count+1)*i)
		if from >= size-inner {
			break
		}
		if err := s.window(r, from, from+inner, size); err != nil {
			return err
		}
	}
	return s.window(r, max(s.head.Start, size-inner), size, size)
}

// window looks at the rows within from…to of a file.
func (s *Samples) window(r io.ReaderAt, from, to, size int64) error {
	if from >= to {
		return nil
	}
	buf := make([]byte, int(to-from)+1+slack)
	n, err := r.ReadAt(buf[:to-from], from)
	if err != nil && err != io.EOF {
		return err
	}
	end := n
	if from+int64(n) >= size && end > 0 && buf[end-1] != s.head.Dialect.Newline {
		buf[end] = s.head.Dialect.Newline
		end++
	}
	if from == s.head.Start {
		s.rows(buf, 0, end, from)
		return nil
	}
	s.inside(buf, end, from)
	return nil
}

// Bytes looks at the rows of data, which starts where a row does; whole says that nothing follows.
func (s *Samples) Bytes(data []byte, whole bool) {
	buf := make([]byte, len(data)+1+slack)
	end := copy(buf, data)
	if whole && end > 0 && buf[end-1] != s.head.Dialect.Newline {
		buf[end] = s.head.Dialect.Newline
		end++
	}
	s.rows(buf, 0, end, s.head.Start)
}

// inside looks at a window that starts anywhere. Whether that is within quotes cannot be known: it takes the assumption under which
// every row is sound, and nothing where there is none.
func (s *Samples) inside(buf []byte, end int, base int64) {
	nl := s.head.Dialect.Newline
	i := bytes.IndexByte(buf[:end], nl)
	if i < 0 {
		return
	}
	if s.sound(buf, i+1, end) {
		s.rows(buf, i+1, end, base)
		return
	}
	if q := bytes.IndexByte(buf[:end], s.head.Dialect.Quote); s.head.Dialect.Quote != 0 && q >= 0 {
		if i = bytes.IndexByte(buf[q:end], nl); i >= 0 && s.sound(buf, q+i+1, end) {
			s.rows(buf, q+i+1, end, base)
		}
	}
}

// each calls see for the rows of buf[pos:end], and returns how many were left out.
func (s *Samples) each(buf []byte, pos, end int, see func(rows []span, n, stride int, quotes bool)) int64 {
	x := newIndexer(&s.head.Dialect, len(s.head.Names), s.head.Stride)
	x.mode = RaggedSkip
	for pos < end {
		f := x.index(buf, pos, end, end, min(max(batchCells/x.stride, 1), BatchRows))
		if f.more || f.long {
			break
		}
		see(f.rows, f.n, x.stride, f.quotes)
		s.Rows += int64(f.n)
		s.RowBytes += int64(f.next - pos)
		pos = f.next
	}
	return x.dropped
}

func (s *Samples) sound(buf []byte, pos, end int) bool {
	return s.each(buf, pos, end, func([]span, int, int, bool) {}) == 0
}

// rows looks at the rows of buf[pos:end]; buf starts at the offset base of the file.
func (s *Samples) rows(buf []byte, pos, end int, base int64) {
	q := s.head.Dialect.Quote
	s.each(buf, pos, end, func(rows []span, n, stride int, quotes bool) {
		for c := range s.Columns {
			for i := c; i < n*stride; i += stride {
				start, stop := rows[i].start(), rows[i].end()
				if quotes && stop-start >= 2 && buf[start] == q {
					start, stop = start+1, stop-1
				}
				s.guesser.see(&s.Columns[c], &s.odd[c], buf[start:stop], base+int64(start))
			}
		}
	})
}
