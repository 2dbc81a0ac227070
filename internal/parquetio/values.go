package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

var errValuesShort = errors.New("the page ends before its values do")

// values decodes the next k values of the page into the slots [at, at+m) of the batch, spread by the slots' validity bits.
func (r *leafReader) values(at, m, k int) error {
	o := &r.out
	switch r.leaf.out {
	case outNull:
		return nil
	case outBool:
		return r.boolValues(at, m, k)
	case outView:
		if o.codes {
			d := as[uint32](o.data)[at : at+m]
			if err := r.page.codes.codes(d[:k], r.dict.n); err != nil {
				return err
			}
			expand(d, k, o.valid, at)
			return nil
		}
		d := as[viewHeader](o.data)[at : at+m]
		if err := r.viewValues(d[:k]); err != nil {
			return err
		}
		expand(d, k, o.valid, at)
		return nil
	}
	switch r.leaf.width {
	case 1:
		return fixedValues[uint8](r, at, m, k)
	case 2:
		return fixedValues[uint16](r, at, m, k)
	case 4:
		return fixedValues[uint32](r, at, m, k)
	case 8:
		return fixedValues[uint64](r, at, m, k)
	case 16:
		return fixedValues[[16]byte](r, at, m, k)
	case 32:
		return fixedValues[[32]byte](r, at, m, k)
	}
	return r.wideValues(at, m, k)
}

// fixedValues is values for elements of type T.
func fixedValues[T fixed](r *leafReader, at, m, k int) error {
	d := as[T](r.out.data)[at : at+m]
	var err error
	if r.page.kind == valuesDict {
		err = gather(&r.page.codes, d[:k], as[T](r.dict.data)[:r.dict.n])
	} else {
		err = r.physValues(raw(d[:k]), k)
	}
	if err == nil && k < m {
		expand(d, k, r.out.valid, at)
	}
	return err
}

// wideValues is values for fixed-size binary of any width.
func (r *leafReader) wideValues(at, m, k int) error {
	w := r.leaf.width
	d := r.out.data[at*w : (at+m)*w]
	if r.page.kind == valuesDict {
		buf, err := r.scratchBytes(k * 4)
		if err != nil {
			return err
		}
		codes := as[uint32](buf)
		if err := r.page.codes.codes(codes, r.dict.n); err != nil {
			return err
		}
		for i, c := range codes {
			copy(d[i*w:(i+1)*w], r.dict.data[int(c)*w:])
		}
	} else if err := r.physValues(d[:k*w], k); err != nil {
		return err
	}
	for i := m - 1; i >= 0 && k > 0 && k <= i; i-- {
		if p := at + i; r.out.valid[p>>3]>>(uint(p)&7)&1 != 0 {
			k--
			copy(d[i*w:(i+1)*w], d[k*w:(k+1)*w])
		}
	}
	return nil
}

// physValues decodes the next k values, not dictionary-encoded, as Arrow values into dst.
func (r *leafReader) physValues(dst []byte, k int) error {
	if k == 0 {
		return nil
	}
	p := &r.page
	w := r.leaf.physWidth()
	if p.kind == valuesPlain && w > 0 {
		n := k * w
		if n > len(p.data)-p.pos {
			return errValuesShort
		}
		src := p.data[p.pos : p.pos+n]
		p.pos += n
		return r.leaf.convert(dst, src)
	}
	if w == 0 {
		return r.physBytes(dst, k)
	}
	if r.leaf.conv == convSame {
		return r.physRaw(dst, k)
	}
	tmp, err := r.scratchBytes(k * w)
	if err != nil {
		return err
	}
	if err := r.physRaw(tmp, k); err != nil {
		return err
	}
	return r.leaf.convert(dst, tmp)
}

// physBytes decodes byte arrays that become fixed-width values: decimals.
func (r *leafReader) physBytes(dst []byte, k int) error {
	p := &r.page
	if p.kind == valuesPlain {
		n, err := convertBytes(r.leaf, dst, p.data[p.pos:], k)
		p.pos += n
		return err
	}
	buf, err := r.mem.get(k * 16)
	if err != nil {
		return err
	}
	defer r.mem.put(buf)
	views := as[viewHeader](buf)
	if err := r.viewValues(views); err != nil {
		return err
	}
	w := r.leaf.width
	for i := range views {
		if err := bigEndian(dst[i*w:(i+1)*w], views[i].bytes(r.viewBuf(&views[i]))); err != nil {
			return err
		}
	}
	return nil
}

// physRaw decodes the next k values in their physical form, where the page is neither plain nor dictionary-encoded.
func (r *leafReader) physRaw(dst []byte, k int) error {
	p := &r.page
	switch p.kind {
	case valuesDelta:
		if r.leaf.elem.typ == physInt32 {
			return decodeDelta(&p.delta, asInt32(dst))
		}
		return decodeDelta(&p.delta, asInt64(dst))
	case valuesStream:
		if k > p.count-p.pos {
			return errValuesShort
		}
		unsplit(dst, p.data, p.pos, k, p.count, r.leaf.physWidth())
		p.pos += k
		return nil
	case valuesPrefix: // fixed-length values with shared prefixes
		buf, err := r.mem.get(k * 16)
		if err != nil {
			return err
		}
		defer r.mem.put(buf)
		views := as[viewHeader](buf)
		if err := r.prefixValues(views); err != nil {
			return err
		}
		w := r.leaf.physWidth()
		for i := range views {
			if views[i].len() != w {
				return fmt.Errorf("a value of %d bytes in a column of fixed length %d", views[i].len(), w)
			}
			copy(dst[i*w:], views[i].bytes(r.viewBuf(&views[i])))
		}
		return nil
	}
	return errValuesShort
}

// unsplit gathers k values of w bytes from the w streams of count bytes each, from value pos on.
func unsplit(dst, data []byte, pos, k, count, w int) {
	switch w {
	case 4:
		a, b, c, d := data[pos:][:k], data[count+pos:][:k], data[2*count+pos:][:k], data[3*count+pos:][:k]
		for i := range a {
			binary.LittleEndian.PutUint32(dst[i*4:], uint32(a[i])|uint32(b[i])<<8|uint32(c[i])<<16|uint32(d[i])<<24)
		}
	default:
		for j := range w {
			s := data[j*count+pos:][:k]
			for i, v := range s {
				dst[i*w+j] = v
			}
		}
	}
}

func (r *leafReader) scratchBytes(n int) ([]byte, error) {
	b, err := r.mem.grow(r.scratch, n)
	r.scratch = b
	return b, err
}

func (r *leafReader) boolValues(at, m, k int) error {
	o, p := &r.out, &r.page
	dst, pos := o.data, at
	if k < m {
		tmp, err := r.scratchBytes(k/8 + 1)
		if err != nil {
			return err
		}
		dst, pos = tmp, 0
	}
	switch {
	case k == 0:
	case p.kind == valuesRuns:
		if _, err := p.codes.bits(dst, pos, k); err != nil {
			return err
		}
	case k > len(p.data)*8-p.pos:
		return errValuesShort
	default:
		copyBits(dst, pos, p.data, p.pos, k)
		p.pos += k
	}
	if k < m {
		if k == 0 {
			dst = zeroBits[:]
		}
		expandBits(o.data, at, dst, o.valid, at, m)
	}
	return nil
}

var zeroBits [8]byte

// skipValues passes over k values of the page.
func (r *leafReader) skipValues(k int) error {
	if k == 0 || r.leaf.out == outNull {
		return nil
	}
	p := &r.page
	switch p.kind {
	case valuesDict, valuesRuns:
		return p.codes.skip(k)
	case valuesBits, valuesStream:
		if limit := p.count + len(p.data)*8; p.kind == valuesBits && k > limit-p.pos {
			return errValuesShort
		}
		p.pos += k
		return nil
	case valuesPlain:
		if w := r.leaf.physWidth(); w > 0 {
			if k*w > len(p.data)-p.pos {
				return errValuesShort
			}
			p.pos += k * w
			return nil
		}
		return r.skipPlainBytes(k)
	case valuesDelta:
		return r.skipDelta(k)
	case valuesLens, valuesPrefix:
		return r.skipViews(k)
	}
	return nil
}

func (r *leafReader) skipPlainBytes(k int) error {
	p := &r.page
	for ; k > 0; k-- {
		if len(p.data)-p.pos < 4 {
			return errValuesShort
		}
		n := int(binary.LittleEndian.Uint32(p.data[p.pos:]))
		if n > len(p.data)-p.pos-4 {
			return errValuesShort
		}
		p.pos += 4 + n
	}
	return nil
}

func (r *leafReader) skipDelta(k int) error {
	var buf [512]int64
	for k > 0 {
		n := min(k, len(buf))
		var err error
		if r.leaf.elem.typ == physInt32 {
			err = decodeDelta(&r.page.delta, asInt32(raw(asUint64(buf[:n])))[:n])
		} else {
			err = decodeDelta(&r.page.delta, buf[:n])
		}
		if err != nil {
			return err
		}
		k -= n
	}
	return nil
}

// skipViews decodes byte arrays and forgets them, with the buffers they have taken.
func (r *leafReader) skipViews(k int) error {
	buf, err := r.mem.get(min(k, skipStep) * 16)
	if err != nil {
		return err
	}
	mode := r.utf8
	r.utf8 = UTF8Keep
	defer func() {
		r.utf8 = mode
		r.mem.put(buf)
	}()
	pinned, bufs, index := len(r.pinned), len(r.out.bufs), r.page.bufIndex
	for k > 0 {
		n := min(k, skipStep)
		if err := r.viewValues(as[viewHeader](buf)[:n]); err != nil {
			return err
		}
		for _, b := range r.pinned[pinned:] {
			r.mem.put(b)
		}
		r.pinned, r.out.bufs, r.page.bufIndex = r.pinned[:pinned], r.out.bufs[:bufs], index
		k -= n
	}
	return nil
}

// invalidText is the error of text that is not UTF-8.
func invalidText(s []byte) error {
	const most = 40
	return fmt.Errorf("the text %q is not valid UTF-8 (UTF8Replace and UTF8Keep read it)", s[:min(len(s), most)])
}

// appendValid appends s with U+FFFD for what is not UTF-8.
func appendValid(dst, s []byte) []byte {
	for len(s) > 0 {
		c, n := utf8.DecodeRune(s)
		dst = utf8.AppendRune(dst, c)
		s = s[n:]
	}
	return dst
}
