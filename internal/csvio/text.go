package csvio

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
	"unsafe"
)

// view is the 16 bytes of an Arrow string view: length and four bytes, then eight bytes or buffer index and offset.
type view struct{ lo, hi uint64 }

// inlineMasks keep the first n bytes of twelve in the words of a view, n ≤ 12.
var inlineMasks = func() (m [13]view) {
	for n := range m {
		for i := range n {
			if i < 4 {
				m[n].lo |= 0xff << (32 + 8*i)
			} else {
				m[n].hi |= 0xff << (8 * (i - 4))
			}
		}
	}
	return m
}()

// makeView returns the view of the n bytes at p of a buffer, which is the buffer of that index of the array.
func makeView(base unsafe.Pointer, p, n, index int) view {
	w := load(base, p)
	if n <= 12 {
		m := &inlineMasks[n]
		return view{lo: uint64(n) | w<<32&m.lo, hi: load(base, p+4) & m.hi}
	}
	return view{lo: uint64(n) | w<<32, hi: uint64(index) | uint64(p)<<32}
}

// decodeText makes views of the fields: into the buffer where a field stands there as it is, else into the column's arena.
func (c *column) decodeText(f *fields, to int) int {
	dst := values[view](c)[to : to+f.n]
	if f.quotes || !f.ascii || len(c.nullWords) > 0 {
		return c.decodeOddText(f, dst, to)
	}
	base, rows, stride := baseOf(f.buf), f.rows, f.stride
	for i, at := 0, f.at; i < len(dst); i, at = i+1, at+stride {
		s, e := rows[at].plain()
		if s == e {
			dst[i] = view{}
			c.setNull(to + i)
			continue
		}
		dst[i] = makeView(base, s, e-s, 0)
	}
	return -1
}

// decodeOddText is decodeText where quotes, null spellings or bytes over 0x7f may occur.
func (c *column) decodeOddText(f *fields, dst []view, to int) int {
	check := !f.ascii && c.kind == kindText
	for i := range dst {
		s := f.rows[i*f.stride+f.at]
		quoted := s&quotedFlag != 0
		start, end := s.start(), s.end()
		field := f.buf[start:end]
		if !quoted && (len(field) == 0 || len(c.nullWords) > 0 && c.isNull(field)) {
			dst[i] = view{}
			c.setNull(to + i)
			continue
		}
		invalid := check && !utf8.Valid(field)
		if invalid && !c.d.ReplaceInvalid {
			c.why = "is not valid UTF-8"
			return i
		}
		if invalid || quoted && c.d.hasEscapes(field) {
			dst[i] = c.rewrite(field, quoted, invalid)
			continue
		}
		dst[i] = makeView(baseOf(f.buf), start, end-start, 0)
	}
	return -1
}

// hasEscapes says whether the inside of a quoted field holds an escaped character.
func (d *Dialect) hasEscapes(f []byte) bool {
	if d.Escape != 0 {
		return bytes.IndexByte(f, d.Escape) >= 0
	}
	return bytes.IndexByte(f, d.Quote) >= 0
}

// rewrite puts the text that the field means into the arena.
func (c *column) rewrite(field []byte, quoted, invalid bool) view {
	at := len(c.arena)
	if quoted {
		c.arena = c.d.unescape(c.arena, field)
	} else {
		c.arena = append(c.arena, field...)
	}
	if invalid {
		fixed := bytes.ToValidUTF8(c.arena[at:], []byte("\uFFFD"))
		c.arena = append(c.arena[:at], fixed...)
	}
	n := len(c.arena) - at
	c.arena = append(c.arena, make([]byte, 16)...) // makeView reads beyond the text
	v := makeView(baseOf(c.arena), at, n, 1)
	c.arena = c.arena[:at+n]
	return v
}

// unescape appends what the inside of a quoted field means.
func (d *Dialect) unescape(dst, f []byte) []byte {
	escape := d.Quote
	if d.Escape != 0 {
		escape = d.Escape
	}
	for {
		i := bytes.IndexByte(f, escape)
		if i < 0 || i+1 >= len(f) {
			return append(dst, f...)
		}
		dst = append(append(dst, f[:i]...), f[i+1])
		f = f[i+2:]
	}
}

// ascii says whether no byte of b is over 0x7f.
func ascii(b []byte) bool {
	var or uint64
	for ; len(b) >= 32; b = b[32:] {
		or |= binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) | binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
	}
	for _, c := range b {
		or |= uint64(c)
	}
	return or&high1 == 0
}
