package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// valueKind is how the values of the current page are decoded.
type valueKind uint8

const (
	valuesNone   valueKind = iota // the page has nulls only, or the column has no data
	valuesPlain                   // fixed-width values or length-prefixed bytes, in data from pos
	valuesDict                    // codes, in codes
	valuesBits                    // booleans a bit each, in data from bit pos
	valuesRuns                    // booleans in the hybrid, in codes
	valuesDelta                   // integers, in delta
	valuesLens                    // bytes in data from pos, their lengths in delta
	valuesPrefix                  // bytes that share prefixes with their predecessors
	valuesStream                  // byte stream split: data has a stream of count bytes for each byte of a value
)

// page is the data page that a leafReader is in.
type page struct {
	no       int // in the chunk, from 1, dictionary included
	off      int64
	values   int  // level pairs of the page
	left     int  // level pairs not decoded yet
	v2       bool // rows do not span pages
	def, rep hybrid
	kind     valueKind
	data     []byte
	pos      int
	count    int // valuesStream: how many values the page has
	codes    hybrid
	delta    deltaDecoder
	suffix   deltaDecoder // valuesPrefix: delta has the prefixes
	// bufIndex is the number of data among the buffers of the batch's views, -1 where it is not among them yet.
	bufIndex int
	owned    []byte // the arena's buffer behind data, nil for mapped memory
}

// nextPage moves to the next data page with values. It loads dictionary pages on the way.
func (r *leafReader) nextPage() error {
	for {
		r.dropPage()
		var h pageHeader
		l, err := r.src.header(r.src.off, &h)
		if err != nil {
			return err
		}
		off := r.src.off
		r.page.no++
		r.page.off = off
		r.src.off = off + int64(l) + int64(h.compressed)
		switch h.typ {
		case pageDict:
			if err := r.loadDictionary(off, l, &h); err != nil {
				return err
			}
		case pageData, pageDataV2:
			r.seenData = true
			if h.values == 0 {
				continue
			}
			return r.loadData(off, l, &h)
		}
	}
}

// dropPage gives the current page's buffer back, or keeps it for the batch that has views of it.
func (r *leafReader) dropPage() {
	p := &r.page
	for _, b := range r.scraps {
		r.mem.put(b)
	}
	r.scraps = r.scraps[:0]
	if p.owned != nil {
		if p.bufIndex >= 0 {
			r.pinned = append(r.pinned, p.owned)
		} else {
			r.mem.put(p.owned)
		}
	}
	r.page = page{no: p.no, off: p.off, bufIndex: -1}
}

func (r *leafReader) loadData(off int64, l int, h *pageHeader) error {
	if h.typ == pageDataV2 && r.leaf.maxRep == 0 && h.rows != h.values {
		return fmt.Errorf("the page has %d rows and %d values in a column without lists", h.rows, h.values)
	}
	if r.expect > 0 && r.leaf.maxRep == 0 && r.expect != int64(h.values) {
		return fmt.Errorf("the page has %d values, the offset index says %d rows", h.values, r.expect)
	}
	r.expect = 0
	b, err := r.src.payload(off, l, h)
	if err != nil {
		return err
	}
	p := &r.page
	p.values, p.left, p.v2 = int(h.values), int(h.values), h.typ == pageDataV2
	var data []byte
	if p.v2 {
		data, err = r.openV2(b, h)
	} else {
		data, err = r.openV1(b, h)
	}
	if err != nil {
		return err
	}
	return r.openValues(h.enc, data)
}

// openV1 decompresses a v1 page and opens its levels; it returns the values' bytes.
func (r *leafReader) openV1(b []byte, h *pageHeader) ([]byte, error) {
	data, owned, err := r.src.expand(r.codec, b, int(h.uncompressed))
	if err != nil {
		return nil, err
	}
	if owned {
		r.page.owned = data
	}
	if data, err = r.levelsV1(&r.page.rep, data, r.leaf.maxRep, h.repEnc); err != nil {
		return nil, err
	}
	return r.levelsV1(&r.page.def, data, r.leaf.maxDef, h.defEnc)
}

func (r *leafReader) levelsV1(h *hybrid, data []byte, most uint8, enc encoding) ([]byte, error) {
	if most == 0 {
		return data, nil
	}
	width := uint(bits.Len8(most))
	switch enc {
	case encRLE:
		if len(data) < 4 {
			return nil, errors.New("the page ends within its levels")
		}
		n := binary.LittleEndian.Uint32(data)
		if uint64(n) > uint64(len(data)-4) {
			return nil, errors.New("the page's levels are longer than the page")
		}
		h.reset(data[4:4+n], width)
		return data[4+n:], nil
	case encBitPacked:
		n := (r.page.values*int(width) + 7) / 8
		if n > len(data) {
			return nil, errors.New("the page's levels are longer than the page")
		}
		buf, err := r.mem.get(n)
		if err != nil {
			return nil, err
		}
		r.scraps = append(r.scraps, buf)
		transpose(buf, data[:n], r.page.values, width)
		h.resetPacked(buf, width, r.page.values)
		return data[n:], nil
	}
	return nil, fmt.Errorf("levels have encoding %d", enc)
}

// openV2 opens the levels of a v2 page, which are not compressed, and decompresses the rest.
func (r *leafReader) openV2(b []byte, h *pageHeader) ([]byte, error) {
	levels := int(h.repLen + h.defLen)
	size := int(h.uncompressed) - levels
	codec := r.codec
	if !h.isCompressed {
		codec = codecNone
	}
	stored := b[levels:]
	var data []byte
	var owned bool
	var err error
	if size > 0 || len(stored) > 0 && codec == codecNone {
		// The levels move along: the window that b is in may move before they are read.
		if data, owned, err = r.src.expand(codec, stored, size); err != nil {
			return nil, err
		}
	}
	if owned {
		r.page.owned = data
	}
	lv := b[:levels]
	if r.src.f.mapped == nil && levels > 0 {
		buf, err := r.mem.get(levels)
		if err != nil {
			return nil, err
		}
		r.scraps = append(r.scraps, buf)
		copy(buf, lv)
		lv = buf
	}
	if r.leaf.maxRep > 0 {
		r.page.rep.reset(lv[:h.repLen], uint(bits.Len8(r.leaf.maxRep)))
	}
	if r.leaf.maxDef > 0 {
		r.page.def.reset(lv[h.repLen:], uint(bits.Len8(r.leaf.maxDef)))
	}
	return data, nil
}

// openValues prepares to decode the page's values.
func (r *leafReader) openValues(enc encoding, data []byte) error {
	p := &r.page
	p.data = data
	if r.leaf.out == outNull {
		return nil
	}
	phys := r.leaf.elem.typ
	switch {
	case enc == encPlain && phys == physBoolean:
		p.kind = valuesBits
	case enc == encPlain:
		p.kind = valuesPlain
	case enc.isDict() && phys != physBoolean:
		return r.openCodes(data)
	case enc == encRLE && phys == physBoolean:
		return r.openRuns(data)
	case enc == encDeltaBinary && (phys == physInt32 || phys == physInt64):
		p.kind = valuesDelta
		_, err := p.delta.open(data, p.values)
		return err
	case enc == encDeltaLength && phys == physByteArray:
		return r.openLengths(data)
	case enc == encDeltaByteArray && (phys == physByteArray || phys == physFixed):
		return r.openPrefixes(data)
	case enc == encByteStreamSplit && r.leaf.physWidth() > 0:
		w := r.leaf.physWidth()
		if len(data)%w != 0 {
			return fmt.Errorf("a byte-stream-split page of %d bytes for values of %d", len(data), w)
		}
		p.kind, p.count = valuesStream, len(data)/w
	default:
		return fmt.Errorf("the encoding %d of %v values is not supported", enc, phys)
	}
	return nil
}

func (r *leafReader) openCodes(data []byte) error {
	if r.dict == nil {
		return errors.New("the page is dictionary-encoded and there is no dictionary page before it")
	}
	r.page.kind = valuesDict
	if len(data) == 0 { // a page of nulls only
		r.page.codes.reset(nil, 0)
		return nil
	}
	if data[0] > 32 {
		return errBadWidth
	}
	r.page.codes.reset(data[1:], uint(data[0]))
	return nil
}

func (r *leafReader) openRuns(data []byte) error {
	r.page.kind = valuesRuns
	if len(data) == 0 {
		r.page.codes.reset(nil, 1)
		return nil
	}
	if len(data) < 4 {
		return errRunsShort
	}
	n := binary.LittleEndian.Uint32(data)
	if uint64(n) > uint64(len(data)-4) {
		return errRunsShort
	}
	r.page.codes.reset(data[4:4+n], 1)
	return nil
}

// openLengths opens DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. Where the bytes start is known when the lengths have
// been walked once.
func (r *leafReader) openLengths(data []byte) error {
	p := &r.page
	p.kind = valuesLens
	if len(data) == 0 {
		return nil
	}
	n, err := deltaEnd(data, p.values)
	if err != nil {
		return err
	}
	p.pos = n
	_, err = p.delta.open(data[:n], p.values)
	return err
}

// openPrefixes opens DELTA_BYTE_ARRAY: prefix lengths, suffix lengths, suffixes.
func (r *leafReader) openPrefixes(data []byte) error {
	p := &r.page
	p.kind = valuesPrefix
	r.last = r.last[:0]
	if len(data) == 0 {
		return nil
	}
	n, err := deltaEnd(data, p.values)
	if err != nil {
		return err
	}
	if _, err := p.delta.open(data[:n], p.values); err != nil {
		return err
	}
	m, err := deltaEnd(data[n:], p.values)
	if err != nil {
		return err
	}
	p.pos = n + m
	_, err = p.suffix.open(data[n:n+m], p.values)
	return err
}
