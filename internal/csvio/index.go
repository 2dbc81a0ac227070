package csvio

import (
	"bytes"
)

// Sizes of the indexer's window in bytes. The large one and its spans stay in the L2 cache; the small one follows a row that the
// masks could not settle, so that a file full of such rows is not scanned over and over.
const (
	windowMax = 16 << 10
	windowMin = 512
)

// indexer finds the rows and fields of a buffer. Its results live until the next call.
type indexer struct {
	d *Dialect
	c chars
	// width is the number of fields a row should have, stride that of the fields most rows have: surplus ones must be empty.
	width, stride int
	// mode is what to do with rows that do not fit; pad: short rows do.
	mode Ragged
	pad  bool

	window     int
	masks      wordMasks
	flat, rows []span

	// bad is the row that ended the index, where bad.reason is set. rejects are rows left out; dropped counts them where the
	// dialect does not ask to keep them.
	bad     badRow
	rejects []badRow
	dropped int64
	surplus bool
	// mostFields ends slowRow at a row that has more fields; 0 is no bound.
	mostFields int
}

// badRow is a row that does not fit: bytes start…end of the buffer, without the newline.
type badRow struct {
	start, end int
	reason     string
}

func newIndexer(d *Dialect, width, stride int) *indexer {
	return &indexer{d: d, c: chars{d.Comma, d.Newline, d.Quote}, width: width, stride: max(stride, width), mode: d.Ragged, pad: d.Ragged == RaggedPad,
		window: windowMax, masks: newWordMasks()}
}

// found is what index saw: n rows of stride spans each, the position after them, and whether quotes may stand in their fields.
type found struct {
	rows   []span
	n      int
	next   int
	quotes bool
	// more is set where the first row does not end in the buffer, long where the row at next has more bytes than a row may have.
	more, long bool
}

// index finds the rows that start in buf[pos:limit] and end before buf[end], at most maxRows of them and about a window at once.
// pos is the start of a row below limit. buf has slack bytes after end. Rows that are left out count for next alone.
func (x *indexer) index(buf []byte, pos, limit, end, maxRows int) found {
	if x.d.careful() {
		return x.carefully(buf, pos, limit, end, maxRows)
	}
	to := min(pos+x.window, end)
	q := newQuotes(x.d)
	words := q.words(&x.masks, buf[pos:], to-pos, to-pos)
	sound := words*64 >= to-pos
	x.room(words * 64)
	n, lines := extract(x.masks.delim[:words], pos, pos, x.flat), int(q.lines)
	if lines == 0 {
		if sound && to == end {
			return found{next: pos, more: true}
		}
		x.window = windowMin
		return x.oneRow(buf, pos, limit, end)
	}
	x.window = min(x.window*2, windowMax)
	f := found{quotes: q.any != 0}
	if x.regular(buf, n, lines, q.returns != 0) {
		f.rows, f.n = x.flat, min(lines, maxRows)
		for f.n > 0 && f.rows[(f.n-1)*x.stride].start() >= limit {
			f.n--
		}
		f.next = x.flat[f.n*x.stride-1].end() + 1
		if buf[f.next-1] != x.c.newline { // the carriage return was cut off
			f.next++
		}
		return f
	}
	f.rows, f.n, f.next = x.assemble(buf, x.flat[:n], limit, maxRows)
	return f
}

// room makes flat hold a span for each of n bytes, and what extract may overwrite.
func (x *indexer) room(n int) {
	n += spareSpans
	if cap(x.flat) < n {
		x.flat = make([]span, max(n, min(4*cap(x.flat), windowMax+spareSpans)))
	}
	x.flat = x.flat[:cap(x.flat)]
}

// regular says whether the n fields with lines row ends are rows of stride fields, then an unfinished row; it cuts the carriage
// returns off the last fields, if there may be any.
func (x *indexer) regular(buf []byte, n, lines int, returns bool) bool {
	stride, nl := x.stride, x.c.newline
	if n < lines*stride || n >= (lines+1)*stride {
		return false
	}
	for i := stride - 1; i < lines*stride; i += stride {
		if buf[x.flat[i].end()] != nl {
			return false
		}
	}
	for c := x.width; c < stride; c++ {
		for i := c; i < lines*stride; i += stride {
			if s := x.flat[i]; s.start() != s.end() && !(c == stride-1 && s.end() == s.start()+1 && buf[s.start()] == '\r') {
				return false
			}
		}
	}
	if returns && nl == '\n' {
		x.cutReturns(buf, lines)
	}
	return true
}

func (x *indexer) cutReturns(buf []byte, lines int) {
	for i := x.stride - 1; i < lines*x.stride; i += x.stride {
		x.flat[i] = cutReturn(buf, x.flat[i], '\n')
	}
}

// cutReturn takes a carriage return off the end of a row's last field.
func cutReturn(buf []byte, s span, nl byte) span {
	if e := s.end(); nl == '\n' && e > s.start() && buf[e-1] == '\r' {
		return makeSpan(s.start(), e-1)
	}
	return s
}

// assemble turns fields into rows where they are not regular. The fields that follow the last row end are left.
func (x *indexer) assemble(buf []byte, flat []span, limit, maxRows int) (rows []span, n, next int) {
	x.rows = x.rows[:0]
	next = flat[0].start()
	for i := 0; i < len(flat) && n < maxRows && x.bad.reason == ""; {
		if flat[i].start() >= limit {
			break
		}
		j := i
		for j < len(flat) && buf[flat[j].end()] != x.c.newline {
			j++
		}
		if j == len(flat) {
			break
		}
		next = flat[j].end() + 1
		n += x.addRow(buf, flat[i:j+1], "")
		i = j + 1
	}
	return x.rows, n, next
}

// addRow appends a row of fields to rows, put right to the stride, or leaves it out: it returns the number of rows added. malformed
// is the reason why the row is bad whatever its number of fields, else "".
func (x *indexer) addRow(buf []byte, fields []span, malformed string) int {
	k := len(fields)
	first, last := fields[0].start(), fields[k-1]
	cut := cutReturn(buf, last, x.c.newline)
	if k == 1 && x.width > 1 && cut.start() == cut.end() {
		return 0 // a blank line
	}
	reason := malformed
	if reason == "" {
		reason = x.misfit(fields[:k-1], cut)
	}
	if reason != "" {
		x.reject(badRow{start: first, end: cut.end(), reason: reason})
		return 0
	}
	have := min(k, x.stride)
	x.rows = append(x.rows, fields[:have]...)
	if have == k {
		x.rows[len(x.rows)-1] = cut
	}
	for ; have < x.stride; have++ {
		x.rows = append(x.rows, 0)
	}
	return 1
}

// misfit says what is wrong with the number of a row's fields, the last of which is given apart; "" is nothing.
func (x *indexer) misfit(fields []span, last span) string {
	k := len(fields) + 1
	if k == x.width || k < x.width && x.pad {
		return ""
	}
	if k > x.width {
		empty := last.start() == last.end()
		for _, s := range fields[x.width:] {
			empty = empty && s.start() == s.end()
		}
		if empty {
			x.surplus = true
			return ""
		}
	}
	return misfitReason(k, x.width)
}

// reject keeps, counts or reports a bad row, as the dialect says.
func (x *indexer) reject(b badRow) {
	switch x.mode {
	case RaggedSkip:
		x.dropped++
	case RaggedReject:
		x.rejects = append(x.rejects, b)
	default:
		x.bad = b
	}
}

// oneRow is index for a single row, byte by byte.
func (x *indexer) oneRow(buf []byte, pos, limit, end int) found {
	next, reason, complete := x.slowRow(buf, pos, end)
	if !complete {
		return found{next: pos, more: true}
	}
	x.rows = x.rows[:0]
	if next-pos > x.d.MaxRow {
		return found{next: pos, long: true}
	}
	f := found{quotes: x.c.quote != 0, next: next}
	if len(x.flat) > 0 {
		f.n = x.addRow(buf, x.flat, reason)
	}
	f.rows = x.rows
	return f
}

// carefully is index by slowRow alone.
func (x *indexer) carefully(buf []byte, pos, limit, end, maxRows int) found {
	f := found{quotes: x.c.quote != 0, next: pos}
	x.rows = x.rows[:0]
	for stop := pos + windowMax; f.n < maxRows && f.next < limit && f.next < stop && x.bad.reason == ""; {
		next, reason, complete := x.slowRow(buf, f.next, end)
		if !complete {
			f.more = f.next == pos
			break
		}
		if next-f.next > x.d.MaxRow {
			f.long = true
			break
		}
		f.next = next
		if len(x.flat) > 0 {
			f.n += x.addRow(buf, x.flat, reason)
		}
	}
	f.rows = x.rows
	return f
}

const (
	reasonClose = "text after the closing quote"
	reasonOpen  = "a quote is not closed"
	reasonMany  = "too many fields"
)

// slowRow is the grammar itself: it sets flat to the fields of the row at pos (none for a comment) and returns the start of the next
// row. complete is false where the row goes on at end. A row of too many fields is given up with reasonMany, at whatever comes next.
func (x *indexer) slowRow(buf []byte, pos, end int) (next int, reason string, complete bool) {
	x.flat = x.flat[:0]
	nl, comma := x.c.newline, x.c.comma
	if x.d.Comment != 0 && pos < end && buf[pos] == x.d.Comment {
		i := bytes.IndexByte(buf[pos:end], nl)
		return pos + i + 1, "", i >= 0
	}
	for p := pos; ; p++ {
		start := p
		if x.c.quote != 0 && p < end && buf[p] == x.c.quote {
			if p = x.closing(buf, p+1, end); p < 0 {
				return 0, "", false
			}
			isReturn := nl == '\n' && p+1 < end && buf[p] == '\r' && buf[p+1] == '\n'
			if p < end && buf[p] != comma && buf[p] != nl && !isReturn {
				reason = reasonClose
			}
		}
		for p < end && buf[p] != comma && buf[p] != nl {
			p++
		}
		if p >= end {
			return 0, "", false
		}
		x.flat = append(x.flat, makeSpan(start, p))
		if buf[p] == nl {
			return p + 1, reason, true
		}
		if len(x.flat) > x.mostFields && x.mostFields > 0 {
			return p + 1, reasonMany, true
		}
	}
}

// closing returns the position after the quote that closes a field whose text begins at p; −1 where it is not known yet.
func (x *indexer) closing(buf []byte, p, end int) int {
	quote, escape := x.c.quote, x.d.Escape
	for {
		if escape == 0 {
			i := bytes.IndexByte(buf[p:end], quote)
			if i < 0 || p+i+1 >= end {
				return -1
			}
			if p += i + 1; buf[p] != quote {
				return p
			}
			p++
			continue
		}
		for p < end && buf[p] != quote && buf[p] != escape {
			p++
		}
		if p+1 >= end {
			return -1
		}
		if buf[p] == quote {
			return p + 1
		}
		p += 2
	}
}
