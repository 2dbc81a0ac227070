package textio

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// texts formats text and binary.
func (c *column) texts(v *vec.Vec, at, n int) error {
	binary := v.Type.ID() == arrow.BINARY
	heads := vec.Of[vec.ViewHeader](v)[at : at+n]
	quick := !c.json && len(c.null) == 0 && c.commaAt <= ','
	for i := range heads {
		if v.Valid != nil && !bitmap.Get(v.Valid, at+i) {
			continue // what stands there may be anything
		}
		if quick && c.putShort(i, &heads[i]) {
			continue
		}
		b := heads[i].Value(v.Bufs)
		switch {
		case c.json && binary:
			from := len(c.long)
			c.long = append(appendBase64(c.long, b), c.sep...)
			c.inArena(i, from)
		case c.json:
			if !utf8.Valid(b) {
				return c.notUTF8(b, at+i)
			}
			from := len(c.long)
			c.long = append(appendQuoted(c.long, b), c.sep...)
			c.inArena(i, from)
		default:
			if !isASCII(b) && !utf8.Valid(b) {
				return c.notUTF8(b, at+i)
			}
			c.putField(i, b)
		}
	}
	return nil
}

func (c *column) notUTF8(b []byte, row int) error {
	f := fault.New(fault.Data, "write", "text files hold UTF-8, and the %s is not", c.typ)
	f.Column, f.Row, f.Text = c.name, int64(row)+1, string(b)
	return f.WithHint("write Parquet or Arrow IPC, which hold any bytes")
}

// padding fills the bytes after the first n of twelve with a letter.
var padding = func() (m [vec.InlineLen + 1][2]uint64) {
	for n := range m {
		for i := n; i < 16; i++ {
			m[n][i/8] |= 'x' << (8 * (i % 8))
		}
	}
	return m
}()

// putShort makes cell i hold a field of CSV that its view header has, where all bytes are ASCII above the comma: letters, digits and
// most signs, nothing that needs quotes. It returns false for all others. The text for null is empty.
func (c *column) putShort(i int, h *vec.ViewHeader) bool {
	n := int(h.Len)
	if uint(n-1) >= vec.InlineLen {
		return false
	}
	w := (*[2]uint64)(unsafe.Pointer(h))
	a, b := w[0]>>32|w[1]<<32, w[1]>>32
	pad := &padding[n]
	a, b = a|pad[0], b|pad[1]
	const above = ones * (0x7f - ',') // carries into the high bit from the comma's successor on
	if (a|b)&highs != 0 || (a+above)&(b+above)&highs != highs {
		return false
	}
	to := &c.cells[i]
	*(*[2]uint64)(unsafe.Pointer(to)) = [2]uint64{a, b}
	c.lens[i] = c.finish(to, n)
	return true
}

// putField makes cell i hold a field of CSV, in quotes where it must be.
func (c *column) putField(i int, b []byte) {
	if len(b) <= maxInCell && !c.mustQuote(b) {
		to := &c.cells[i]
		c.lens[i] = c.finish(to, copy(to[:], b))
		return
	}
	from := len(c.long)
	c.long = append(c.appendText(c.long, b, false), c.sep...)
	c.inArena(i, from)
}

// appendText appends a field of CSV. A name, unlike a value, may be empty without quotes, but not where it is the only one.
func (c *column) appendText(dst, b []byte, name bool) []byte {
	if !(name && len(b) == 0 && !c.single) && !c.mustQuote(b) {
		return append(dst, b...)
	}
	dst = append(dst, '"')
	for _, x := range b {
		if x == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, x)
	}
	return append(dst, '"')
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// zeros has the high bit of every byte of w that is zero set, and maybe of bytes above such a one.
func zeros(w uint64) uint64 { return (w - ones) &^ w & highs }

// mustQuote says whether a text would not be read back without quotes: it is empty, it looks like null, it holds the comma, a quote or
// an end of line, or it begins or ends with a blank, which some readers cut off.
func (c *column) mustQuote(b []byte) bool {
	if len(b) == 0 || string(b) == string(c.null) || b[0] == ' ' || b[len(b)-1] == ' ' {
		return true
	}
	comma := ones * uint64(c.commaAt)
	for len(b) >= 8 {
		if special(binary.LittleEndian.Uint64(b), comma) {
			return true
		}
		b = b[8:]
	}
	if len(b) == 0 {
		return false
	}
	w := uint64(0)
	for i, x := range b {
		w |= uint64(x) << (8 * i)
	}
	return special(w|^uint64(0)<<(8*len(b)), comma)
}

func special(w, comma uint64) bool {
	return zeros(w^comma)|zeros(w^(ones*'"'))|zeros(w^(ones*'\n'))|zeros(w^(ones*'\r')) != 0
}

func isASCII(b []byte) bool {
	var or uint64
	for len(b) >= 8 {
		or |= binary.LittleEndian.Uint64(b)
		b = b[8:]
	}
	for _, x := range b {
		or |= uint64(x)
	}
	return or&highs == 0
}

// dictCells are the texts of a dictionary's entries, formatted once for all rows that have them.
type dictCells struct {
	of    *vec.Dict
	cells []cell
	lens  []uint32
	long  []byte
}

// beginDict formats the entries of a dictionary, where they are not those of the last batch.
func (c *column) beginDict(d *vec.Dict) error {
	if c.dict.of == d {
		return nil
	}
	n := d.Values.Len
	own, ownLens, ownLong := c.cells, c.lens, c.long
	defer func() { c.cells, c.lens, c.long = own, ownLens, ownLong }()
	c.dict.of = nil // until it is whole
	if cap(c.dict.cells) < n {
		c.dict.cells, c.dict.lens = make([]cell, n), make([]uint32, n)
	}
	c.cells, c.lens, c.long = c.dict.cells[:n], c.dict.lens[:n], c.dict.long[:0]
	if err := c.values(&d.Values, 0, n); err != nil {
		return err
	}
	c.nulls(&d.Values, 0, n)
	c.dict = dictCells{of: d, cells: c.cells, lens: c.lens, long: c.long}
	return nil
}

// formatDict copies the cells of the entries.
func (c *column) formatDict(v *vec.Vec, at, n int) {
	codes := v.Codes()[at : at+n]
	if len(c.dict.cells) == 0 { // an empty dictionary: all rows are null
		return
	}
	for i, code := range codes {
		c.cells[i] = c.dict.cells[code]
		c.lens[i] = c.dict.lens[code]
	}
}

// lane is what join needs of a column.
type lane struct {
	cells        *[blockRows]cell
	lens         *[blockRows]uint32
	prefix, from []byte
}

// join puts the cells of n rows together.
func (e *Encoder) join(dst []byte, n int) []byte {
	total := cellSize
	e.lanes = e.lanes[:0]
	for i := range e.cols {
		c := &e.cols[i]
		e.lanes = append(e.lanes, lane{(*[blockRows]cell)(c.cells), (*[blockRows]uint32)(c.lens), c.prefix, c.from})
		total += n * len(c.prefix)
		for _, l := range c.lens[:n] {
			total += int(l)
		}
	}
	at := len(dst)
	dst = grow(dst, total)
	base := unsafe.Pointer(unsafe.SliceData(dst))
	for r := range n {
		for i := range e.lanes {
			c := &e.lanes[i]
			if len(c.prefix) > 0 {
				at += copy(dst[at:cap(dst)], c.prefix)
			}
			l := int(c.lens[r])
			if l <= cellSize { // room for a whole cell is beyond every place
				*(*cell)(unsafe.Add(base, at)) = c.cells[r]
			} else {
				from := *(*uint64)(unsafe.Pointer(&c.cells[r]))
				copy(dst[at:cap(dst)], c.from[from:from+uint64(l)])
			}
			at += l
		}
	}
	return dst[:at]
}

// grow returns dst with room for n bytes more.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	next := make([]byte, len(dst), max(2*cap(dst), len(dst)+n))
	copy(next, dst)
	return next
}
