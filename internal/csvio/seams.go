package csvio

import (
	"context"
	"io"
	"math/bits"
	"sync"
	"sync/atomic"
)

// Seams cuts a file at given offsets and finds, for each, the first row that starts there or later: exactly, whatever quotes, stray
// quotes and quoted newlines lie before it. Nothing is read until a start is asked for; what is found is kept. It may be used by
// several goroutines: each scans what nobody has scanned and no reader has passed, so that opening all parts of a file reads it once more,
// at memory speed where it has no quotes, and again only what was scanned before the state at its beginning was known.
//
// The state at a cut follows from the parity of quotes before it as long as every quote stands where quotes should; a chunk is checked
// for that under both assumptions about its start, in one pass. Where the assumption that turns out true does not hold, the chunk is
// read by the parser itself, which knows the true state at its end.
type Seams struct {
	d    Dialect
	cuts []int64

	mu     sync.Mutex
	starts []int64 // −1: not known
	states []state // at the cut

	chunks []chunk
}

type state uint8

const (
	outside state = iota
	inside        // quotes
	unknown       // only the start is known
)

type chunk struct {
	mu   sync.Mutex
	done bool
	sum  summary
	// passed is where a reader of the chunk has come to: a row starts there.
	passed atomic.Int64
}

// summary is what a scan of a chunk says.
type summary struct {
	// ok under the assumption that the scan starts outside or inside quotes; flips: it ends in the other state.
	ok    [2]bool
	flips bool
	// known: it starts at a row's start, which is outside.
	known bool
}

// NewSeams returns the seams of a file of the dialect at the cuts, ascending; a row starts at the first, and the last is the file's
// end.
func NewSeams(d Dialect, cuts []int64) *Seams {
	s := &Seams{d: d, cuts: cuts, starts: make([]int64, len(cuts)), states: make([]state, len(cuts)), chunks: make([]chunk, len(cuts))}
	for i := range s.starts {
		s.starts[i] = -1
	}
	s.starts[0] = cuts[0]
	s.d.Ragged = RaggedSkip
	return s
}

// Start returns the offset of the first row that starts at cut k or later: the end of the file where there is none.
func (s *Seams) Start(ctx context.Context, r io.ReaderAt, k int) (int64, error) {
	s.mu.Lock()
	i := k
	for s.starts[i] < 0 {
		i--
	}
	start, st := s.starts[i], s.states[i]
	s.mu.Unlock()
	for ; i < k; i++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		var err error
		if start, st, err = s.step(ctx, r, i, start, st); err != nil {
			return 0, err
		}
		s.mu.Lock()
		s.starts[i+1], s.states[i+1] = start, st
		s.mu.Unlock()
	}
	return start, nil
}

// Passed says that a reader of the part from cut k to the next has come to offset, where a row starts: what lies before need not be read
// once more to find the starts of later parts.
func (s *Seams) Passed(k int, offset int64) {
	s.chunks[k].passed.Store(min(offset, s.cuts[len(s.cuts)-1]))
}

// step goes from cut i to the next.
func (s *Seams) step(ctx context.Context, r io.ReaderAt, i int, start int64, st state) (int64, state, error) {
	to := s.cuts[i+1]
	if i+2 == len(s.cuts) {
		return to, outside, nil
	}
	from, known := s.cuts[i], i == 0
	if passed := s.chunks[i].passed.Load(); passed > start || st == unknown {
		start = max(start, passed)
		from, known = start, true
	}
	if start >= to {
		return start, unknown, nil
	}
	if !s.d.careful() {
		sum, err := s.summary(r, i, from, known, st != unknown)
		if err != nil {
			return 0, 0, err
		}
		if sum.known {
			st = outside
		}
		if sum.ok[st] {
			if sum.flips {
				st ^= 1
			}
			next, ok, err := s.rowAfter(r, to, st)
			if err != nil || ok {
				return next, st, err
			}
		}
	}
	next, err := s.parse(ctx, r, start, to)
	return next, unknown, err
}

// summary scans chunk i: from its cut, or from a row start that is known there. It does so once for all who ask, but for those that do
// not know the state at the cut, where it began at the cut.
func (s *Seams) summary(r io.ReaderAt, i int, from int64, known, state bool) (summary, error) {
	c := &s.chunks[i]
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done && (c.sum.known || state) {
		return c.sum, nil
	}
	sum, err := s.scan(r, from, s.cuts[i+1], known)
	if err == nil {
		c.sum, c.done = sum, true
	}
	return sum, err
}

// scanBlock is how many bytes a scan reads at once; it stays in the cache.
const scanBlock = 128 << 10

var scanBuffers = sync.Pool{New: func() any { b := make([]byte, scanBlock+2*slack); return &b }}

// scan returns the summary of the bytes from…to; known: a row starts at from.
func (s *Seams) scan(r io.ReaderAt, from, to int64, known bool) (summary, error) {
	if s.d.Quote == 0 {
		return summary{ok: [2]bool{true, true}, known: known}, nil
	}
	p, err := newParity(&s.d, r, from)
	if err != nil {
		return summary{}, err
	}
	defer p.close()
	if known {
		p.after = 1
	} else {
		p.live[inside] = ^uint64(0)
	}
	for p.at < to && p.live[outside]|p.live[inside] != 0 {
		if err := p.read(r, to); err != nil {
			return summary{}, err
		}
		for i := 0; i < p.n; i += windowMax {
			p.window(i)
		}
	}
	p.finish()
	return summary{ok: [2]bool{p.live[outside] != 0, p.live[inside] != 0}, flips: p.in != 0, known: known}, nil
}

// rowAfter returns the offset of the first row at or after a cut, given the state there; ok is false where a quote on the way stands
// where none should.
func (s *Seams) rowAfter(r io.ReaderAt, cut int64, st state) (start int64, ok bool, err error) {
	var before [1]byte
	if _, err := r.ReadAt(before[:], cut-1); err != nil && err != io.EOF {
		return 0, false, err
	}
	if st == outside && before[0] == s.d.Newline {
		return cut, true, nil
	}
	size := s.cuts[len(s.cuts)-1]
	p, err := newParity(&s.d, r, cut)
	if err != nil {
		return 0, false, err
	}
	defer p.close()
	p.in = -uint64(st)
	for ahead := int64(1 << 10); p.at < size; ahead = min(ahead*4, scanBlock) {
		base := p.at
		if err := p.read(r, min(p.at+ahead, size)); err != nil {
			return 0, false, err
		}
		for i := 0; i < p.n; i += windowMax {
			n, words := p.window(i)
			for w, rows := range p.m.line[:words] {
				if rows != 0 {
					return base + int64(i+w*64+bits.TrailingZeros64(rows)) + 1, true, nil
				}
			}
			if words*64 < n {
				return 0, false, nil
			}
		}
	}
	return size, true, nil
}

// parse finds the first row at or after to by reading rows from start on.
func (s *Seams) parse(ctx context.Context, r io.ReaderAt, start, to int64) (int64, error) {
	size := s.cuts[len(s.cuts)-1]
	in := Input{R: io.NewSectionReader(r, start, size-start), Offset: start, Limit: to}
	rd, err := NewReader(in, Config{Dialect: s.d, Width: 1})
	if err != nil {
		return 0, err
	}
	for {
		if _, _, err := rd.Next(ctx); err == io.EOF {
			return min(rd.base+int64(rd.pos), size), nil
		} else if err != nil {
			return 0, err
		}
	}
}

// parity follows the state of quotes through a file.
type parity struct {
	quotes
	m   wordMasks
	buf *[]byte
	n   int   // bytes read of the block
	at  int64 // the offset after the block
}

var parities = sync.Pool{New: func() any { return &parity{m: newWordMasks()} }}

// newParity starts at an offset, knowing the byte before it.
func newParity(d *Dialect, r io.ReaderAt, from int64) (*parity, error) {
	p := parities.Get().(*parity)
	p.quotes, p.at = newQuotes(d), from
	if from > 0 {
		var before [1]byte
		if _, err := r.ReadAt(before[:], from-1); err != nil && err != io.EOF {
			return nil, err
		}
		p.after = b2u(before[0] == d.Comma || before[0] == d.Newline || before[0] == d.Quote && d.Quote != 0)
	}
	p.buf = scanBuffers.Get().(*[]byte)
	return p, nil
}

func (p *parity) close() {
	scanBuffers.Put(p.buf)
	parities.Put(p)
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// read reads the next block, which ends at to at the latest, and the two bytes after it; a row ends at the end of the file.
func (p *parity) read(r io.ReaderAt, to int64) error {
	buf := *p.buf
	want := int(min(to-p.at, scanBlock))
	got, err := r.ReadAt(buf[:want+2], p.at)
	if err != nil && err != io.EOF {
		return err
	}
	if got < want {
		return io.ErrUnexpectedEOF
	}
	for i := got; i < want+2; i++ {
		buf[i] = p.c.newline
	}
	p.n = want
	p.at += int64(want)
	return nil
}

// window follows the bytes of the block from i on, a window at most: it returns how many there are, and how many words were taken.
func (p *parity) window(i int) (n, words int) {
	buf := (*p.buf)[i:]
	n = min(p.n-i, windowMax)
	return n, p.words(&p.m, buf, n, p.n-i+2)
}

// finish judges the last byte of the block, where it is a closing quote, by those that follow it.
func (p *parity) finish() {
	next := (*p.buf)[p.n : p.n+2]
	c := p.c
	ok := next[0] == c.comma || next[0] == c.newline || next[0] == c.quote || next[0] == '\r' && c.newline == '\n' && next[1] == '\n'
	for k, closes := range p.closed {
		if closes != 0 && !ok {
			p.live[k] = 0
		}
	}
}
