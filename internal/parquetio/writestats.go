package parquetio

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unicode/utf8"

	"github.com/sheafdata/sheaf/internal/vec"
)

// boundBytes is how many bytes of a text bound are kept.
const boundBytes = 64

// writeBounds collects the least and the greatest of some values.
type writeBounds struct {
	has bool
	// lo and hi are integers mapped to the order of unsigned 64-bit ones.
	lo, hi   uint64
	flo, fhi float64
	tlo, thi textBound
}

// textBound is a byte string, cut to boundBytes.
type textBound struct {
	p    uint64 // the first 8 bytes, big-endian
	q    uint32 // the next 4
	b    []byte
	long bool // cut
}

func (b *writeBounds) reset() { b.has, b.tlo.b, b.thi.b = false, b.tlo.b[:0], b.thi.b[:0] }

// flip maps signed integers to the order of unsigned ones, and back.
const flip = 1 << 63

func (b *writeBounds) addInts(lo, hi uint64) {
	if !b.has {
		b.has, b.lo, b.hi = true, lo, hi
		return
	}
	b.lo, b.hi = min(b.lo, lo), max(b.hi, hi)
}

func (b *writeBounds) addFloats(lo, hi float64) {
	switch {
	case lo > hi: // none but NaN
	case !b.has:
		b.has, b.flo, b.fhi = true, lo, hi
	default:
		if lo < b.flo {
			b.flo = lo
		}
		if hi > b.fhi {
			b.fhi = hi
		}
	}
}

// minMax returns the least and the greatest of at least one value.
func minMax[T int32 | uint32 | int64 | uint64](v []T) (T, T) {
	lo, hi := v[0], v[0]
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	return lo, hi
}

// floatMinMax leaves NaN out; lo > hi where there is nothing else.
func floatMinMax[T float32 | float64](v []T) (float64, float64) {
	lo, hi := T(math.Inf(1)), T(math.Inf(-1))
	for _, x := range v {
		if x < lo {
			lo = x
		}
		if x > hi {
			hi = x
		}
	}
	return float64(lo), float64(hi)
}

// prefix12 returns the first 12 bytes of a value, filled with zeros, as big-endian numbers: most comparisons end there.
func prefix12(w *[2]uint64, value []byte) (uint64, uint32) {
	if uint32(w[0]) <= vec.InlineLen {
		return bits.ReverseBytes64(w[0]>>32 | w[1]<<32), bits.ReverseBytes32(uint32(w[1] >> 32))
	}
	return binary.BigEndian.Uint64(value), binary.BigEndian.Uint32(value[8:])
}

// addText takes a value whose prefix is p and q. sign is flip for two's complement, else 0. most is where values are cut.
func (b *writeBounds) addText(p uint64, q uint32, value []byte, most int) {
	if !b.has {
		b.has = true
		b.tlo.set(p, q, value, most)
		b.thi.set(p, q, value, most)
		return
	}
	if p < b.tlo.p || p == b.tlo.p && q <= b.tlo.q {
		if c := b.tlo.against(p, q, value, most); c < 0 || c == 0 && len(value) <= most {
			b.tlo.set(p, q, value, most)
		}
	}
	if p > b.thi.p || p == b.thi.p && q >= b.thi.q {
		if c := b.thi.against(p, q, value, most); c > 0 || c == 0 && len(value) > most {
			b.thi.set(p, q, value, most)
		}
	}
}

// against compares a value, cut, with the bound.
func (t *textBound) against(p uint64, q uint32, value []byte, most int) int {
	switch {
	case p < t.p || p == t.p && q < t.q:
		return -1
	case p != t.p || q != t.q:
		return 1
	}
	if len(value) <= vec.InlineLen && len(t.b) <= vec.InlineLen {
		return len(value) - len(t.b)
	}
	return bytes.Compare(value[:min(len(value), most)], t.b)
}

// below says that the bound is below all values that begin with p and q, above that it is above them.
func (t *textBound) below(p uint64, q uint32) bool { return t.p < p || t.p == p && t.q < q }
func (t *textBound) above(p uint64, q uint32) bool { return t.p > p || t.p == p && t.q > q }

func (t *textBound) set(p uint64, q uint32, value []byte, most int) {
	t.p, t.q, t.long = p, q, len(value) > most
	t.b = append(t.b[:0], value[:min(len(value), most)]...)
}

// merge takes the values of o, which are of the same leaf.
func (b *writeBounds) merge(o *writeBounds, l *writeLeaf) {
	if !o.has {
		return
	}
	switch l.order {
	case orderFloat:
		b.addFloats(o.flo, o.fhi)
	case orderBytes, orderDecimal:
		most := l.boundBytes()
		for _, t := range [2]*textBound{&o.tlo, &o.thi} {
			value := t.b
			if t.long { // stands for a longer value
				value = append(t.b[:len(t.b):len(t.b)], 0)
			}
			b.addText(t.p, t.q, value, most)
		}
	default:
		b.addInts(o.lo, o.hi)
	}
}

// boundBytes is where the text bounds of the leaf are cut; fixed-size values are not, because readers expect their size.
func (l *writeLeaf) boundBytes() int {
	if l.elem.typ == physFixed {
		return int(l.elem.typeLen)
	}
	return boundBytes
}

// storedBounds are bounds as they are in the file; nil is none.
type storedBounds struct {
	min, max           []byte
	minExact, maxExact bool
}

func (s *storedBounds) encode(w *thriftEncoder) {
	if s.max != nil {
		w.bytes(5, s.max)
	}
	if s.min != nil {
		w.bytes(6, s.min)
	}
	if s.max != nil {
		w.bool(7, s.maxExact)
	}
	if s.min != nil {
		w.bool(8, s.minExact)
	}
}

// store returns the bounds as the file has them. A zero is written with the sign that makes the bound wider.
func (b *writeBounds) store(l *writeLeaf) storedBounds {
	s := storedBounds{minExact: true, maxExact: true}
	if !b.has {
		return s
	}
	le := binary.LittleEndian
	switch l.order {
	case orderBool:
		s.min, s.max = []byte{byte(b.lo)}, []byte{byte(b.hi)}
	case orderSigned, orderUnsigned:
		lo, hi := b.lo, b.hi
		if l.order == orderSigned {
			lo, hi = lo^flip, hi^flip
		}
		if l.elem.typ == physInt32 {
			s.min, s.max = le.AppendUint32(nil, uint32(lo)), le.AppendUint32(nil, uint32(hi))
		} else {
			s.min, s.max = le.AppendUint64(nil, lo), le.AppendUint64(nil, hi)
		}
	case orderFloat:
		lo, hi := b.flo, b.fhi
		if lo == 0 {
			lo = math.Copysign(0, -1)
		}
		if hi == 0 {
			hi = 0
		}
		if l.elem.typ == physFloat {
			s.min, s.max = le.AppendUint32(nil, math.Float32bits(float32(lo))), le.AppendUint32(nil, math.Float32bits(float32(hi)))
		} else {
			s.min, s.max = le.AppendUint64(nil, math.Float64bits(lo)), le.AppendUint64(nil, math.Float64bits(hi))
		}
	case orderBytes, orderDecimal:
		b.storeText(&s, l)
	}
	return s
}

func (b *writeBounds) storeText(s *storedBounds, l *writeLeaf) {
	s.min, s.max = append([]byte{}, b.tlo.b...), append([]byte{}, b.thi.b...)
	isText := l.elem.logical.kind == logString
	if b.tlo.long {
		s.minExact = false
		if isText {
			s.min = s.min[:wholeRunes(s.min)]
		}
	}
	if b.thi.long {
		s.maxExact = false
		if isText && utf8.Valid(s.max[:wholeRunes(s.max)]) {
			s.max = nextText(s.max[:wholeRunes(s.max)])
		} else {
			s.max = nextBytes(s.max)
		}
	}
}

// wholeRunes returns how many bytes of b, cut somewhere, are whole characters.
func wholeRunes(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				return len(b)
			}
			return i
		}
	}
	return len(b)
}

// nextText returns a text above all that start with b, nil where there is none.
func nextText(b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeLastRune(b)
		b = b[:len(b)-n]
		switch {
		case r == 0xD7FF:
			return utf8.AppendRune(b, 0xE000)
		case r < utf8.MaxRune:
			return utf8.AppendRune(b, r+1)
		}
	}
	return nil
}

// nextBytes returns bytes above all that start with b, nil where there are none.
func nextBytes(b []byte) []byte {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0xff {
			b[i]++
			return b[:i+1]
		}
	}
	return nil
}
