package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// viewValues decodes the next len(dst) byte arrays of the page as views. Plain and length-delta values stay in the page, whose
// buffer joins the batch; values with shared prefixes are written out into a buffer of their own.
func (r *leafReader) viewValues(dst []viewHeader) error {
	if len(dst) == 0 {
		return nil
	}
	p := &r.page
	switch p.kind {
	case valuesDict:
		r.dictBuf()
		return gather(&p.codes, dst, as[viewHeader](r.dict.data)[:r.dict.n])
	case valuesPlain:
		if err := r.pageBuf(); err != nil {
			return err
		}
		from := p.pos
		end, err := plainViews(dst, p.data, p.pos, uint32(p.bufIndex))
		if err != nil {
			return err
		}
		p.pos = end
		return r.checkViews(dst, p.data, p.data[from:end])
	case valuesLens:
		return r.lensValues(dst)
	case valuesPrefix:
		if err := r.prefixValues(dst); err != nil {
			return err
		}
		return r.checkViews(dst, r.side, r.side)
	}
	return errValuesShort
}

// dictBuf makes the dictionary's bytes buffer 0 of the batch.
func (r *leafReader) dictBuf() {
	if len(r.out.bufs) == 0 {
		r.out.bufs = append(r.out.bufs, r.dict.buf)
	}
}

// pageBuf makes the page's bytes a buffer of the batch.
func (r *leafReader) pageBuf() error {
	p := &r.page
	if p.bufIndex >= 0 {
		return nil
	}
	if len(p.data) > math.MaxInt32 {
		return fmt.Errorf("a page of %d bytes is too long for views", len(p.data))
	}
	if r.dict != nil {
		r.dictBuf()
	}
	p.bufIndex = len(r.out.bufs)
	r.out.bufs = append(r.out.bufs, p.data)
	return nil
}

// viewBuf returns the buffer that a view points into.
func (r *leafReader) viewBuf(v *viewHeader) []byte {
	if v.len() <= inlineLen {
		return nil
	}
	return r.out.bufs[uint32(v.hi)]
}

// plainViews makes views of length-prefixed values in data from pos on, and returns where they end. A value of at most inlineLen bytes
// and its prefix are a view already, but for what follows it.
func plainViews(dst []viewHeader, data []byte, pos int, buf uint32) (int, error) {
	i := 0
	for ; i < len(dst) && pos+16 <= len(data); i++ {
		v := viewHeader{lo: binary.LittleEndian.Uint64(data[pos:]), hi: binary.LittleEndian.Uint64(data[pos+8:])}
		n := int(uint32(v.lo))
		if n <= inlineLen {
			m := &viewMasks[n]
			dst[i] = viewHeader{lo: v.lo & m.lo, hi: v.hi & m.hi}
			pos += 4 + n
			continue
		}
		pos += 4
		if n > len(data)-pos {
			return pos, errValuesShort
		}
		dst[i] = viewHeader{lo: v.lo, hi: uint64(buf) | uint64(pos)<<32}
		pos += n
	}
	for ; i < len(dst); i++ { // near the end of data
		if pos+4 > len(data) {
			return pos, errValuesShort
		}
		n := int(binary.LittleEndian.Uint32(data[pos:]))
		pos += 4
		if n > len(data)-pos {
			return pos, errValuesShort
		}
		dst[i] = makeView(data[pos:pos+n], buf, uint32(pos))
		pos += n
	}
	return pos, nil
}

// viewMasks[n] keeps the length and the n bytes of a view of a short value.
var viewMasks = func() (m [inlineLen + 1]viewHeader) {
	for n := range m {
		m[n] = inlineView([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")[:n])
		m[n].lo |= 1<<32 - 1
	}
	return m
}()

// lensValues decodes values whose lengths come apart.
func (r *leafReader) lensValues(dst []viewHeader) error {
	p := &r.page
	buf, err := r.scratchBytes(len(dst) * 4)
	if err != nil {
		return err
	}
	lens := asInt32(buf)
	if err := decodeDelta(&p.delta, lens); err != nil {
		return err
	}
	if err := r.pageBuf(); err != nil {
		return err
	}
	from, pos := p.pos, p.pos
	for i, n := range lens {
		if n < 0 || int(n) > len(p.data)-pos {
			return errValuesShort
		}
		dst[i] = makeView(p.data[pos:pos+int(n)], uint32(p.bufIndex), uint32(pos))
		pos += int(n)
	}
	p.pos = pos
	return r.checkViews(dst, p.data, p.data[from:pos])
}

// prefixValues decodes values that begin with a part of their predecessor. They are written to a buffer of the batch, whose size
// is known from the lengths before any is written.
func (r *leafReader) prefixValues(dst []viewHeader) error {
	p := &r.page
	pre, suf, total, err := r.prefixLengths(len(dst))
	if err != nil {
		return err
	}
	out, err := r.mem.get(total)
	if err != nil {
		return err
	}
	r.pinned = append(r.pinned, out)
	if r.dict != nil {
		r.dictBuf()
	}
	index := uint32(len(r.out.bufs))
	r.out.bufs = append(r.out.bufs, out)
	last, pos := r.last, 0
	for i := range pre {
		v := out[pos : pos+int(pre[i])+int(suf[i])]
		copy(v, last[:pre[i]])
		copy(v[pre[i]:], p.data[p.pos:p.pos+int(suf[i])])
		p.pos += int(suf[i])
		dst[i] = makeView(v, index, uint32(pos))
		pos += len(v)
		last = v
	}
	r.side = out
	if r.last, err = r.mem.grow(r.last[:0], len(last)); err != nil {
		return err
	}
	copy(r.last, last)
	return nil
}

// prefixLengths decodes the lengths of the next n values, checks that each has what it claims to share, and sums them.
func (r *leafReader) prefixLengths(n int) (pre, suf []int32, total int, err error) {
	p := &r.page
	buf, err := r.scratchBytes(n * 8)
	if err != nil {
		return nil, nil, 0, err
	}
	pre, suf = asInt32(buf[:n*4]), asInt32(buf[n*4:])
	if err := decodeDelta(&p.delta, pre); err != nil {
		return nil, nil, 0, err
	}
	if err := decodeDelta(&p.suffix, suf); err != nil {
		return nil, nil, 0, err
	}
	before, suffixes := len(r.last), 0
	for i := range pre {
		if pre[i] < 0 || suf[i] < 0 || int(pre[i]) > before {
			return nil, nil, 0, errPrefix
		}
		before = int(pre[i]) + int(suf[i])
		suffixes += int(suf[i])
		total += before
	}
	if suffixes > len(p.data)-p.pos {
		return nil, nil, 0, errValuesShort
	}
	if total > math.MaxInt32 {
		return nil, nil, 0, fmt.Errorf("%d values of a batch take %d bytes (a smaller batch may do)", n, total)
	}
	return pre, suf, total, nil
}

var errPrefix = errors.New("a value shares more with its predecessor than that has")

// checkViews checks that text is UTF-8. span is the bytes that the values lie in, with nothing between them but lengths.
func (r *leafReader) checkViews(views []viewHeader, buf, span []byte) error {
	if !r.leaf.isUTF8 || r.utf8 == UTF8Keep {
		return nil
	}
	i := invalidView(views, buf, span)
	if i < 0 {
		return nil
	}
	if r.utf8 == UTF8Error {
		return invalidText(views[i].bytes(buf))
	}
	var extra []byte
	index := uint32(len(r.out.bufs))
	for ; i < len(views); i++ {
		if s := views[i].bytes(buf); !utf8.Valid(s) {
			at := len(extra)
			extra = appendValid(extra, s)
			views[i] = makeView(extra[at:], index, uint32(at))
		}
	}
	r.out.bufs = append(r.out.bufs, extra)
	return r.mem.claim(int64(len(extra)))
}

// invalidView returns the first view that is not UTF-8, -1 where all are. ASCII, the common case, is settled on the whole span:
// where no byte of it has its top bit set, no value has. Lengths between the values can only make the answer less certain.
func invalidView(views []viewHeader, buf, span []byte) int {
	if isASCII(span) {
		return -1
	}
	for i := range views {
		if !utf8.Valid(views[i].bytes(buf)) {
			return i
		}
	}
	return -1
}

func isASCII(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 32 {
		v := binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) | binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
		if v&high != 0 {
			return false
		}
		b = b[32:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
