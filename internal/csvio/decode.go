package csvio

import (
	"bytes"
	"math"
	"unsafe"
)

// fields is a column's fields in n rows of an index.
type fields struct {
	buf    []byte
	rows   []span
	stride int
	at     int // the column's place in a row
	n      int
	// quotes: fields may stand in quotes. ascii: the buffer holds no byte over 0x7f.
	quotes, ascii bool
}

func (f *fields) get(i int) (start, end int) {
	s := f.rows[i*f.stride+f.at]
	return s.start(), s.end()
}

// unquote takes the quotes off the fields that stand in them, and flags those of text.
func (c *column) unquote(f *fields) {
	q := c.d.Quote
	flag := span(0)
	if c.kind == kindText || c.kind == kindBinary {
		flag = quotedFlag
	}
	for i := range f.n {
		p := &f.rows[i*f.stride+f.at]
		s := *p
		if start, end := s.start(), s.end(); end-start >= 2 && f.buf[start] == q {
			*p = makeSpan(start+1, end-1) | flag
		}
	}
}

// mostlyBare says whether the quotes of fields are better looked for only where a field does not parse (bare): no quick path reads one.
func (c *column) mostlyBare(f *fields) bool {
	switch c.kind {
	case kindInt8, kindInt16, kindInt32, kindInt64, kindUint8, kindUint16, kindUint32, kindFloat64, kindDate32, kindTimestamp:
		s, _ := f.get(0)
		return f.buf[s] != c.d.Quote && !isDigit(c.d.Quote)
	}
	return false
}

// bare takes the quotes off the field s…e, the place at among the spans, where that has not been done.
func (c *column) bare(f *fields, at, s, e int) []byte {
	if f.quotes && e-s >= 2 && f.buf[s] == c.d.Quote {
		s, e = s+1, e-1
		f.rows[at] = makeSpan(s, e)
	}
	return f.buf[s:e]
}

// decode parses the fields into the column from row to on. It returns the first row, from 0 in f, that does not parse; −1 is none.
func (c *column) decode(f fields, to int) (bad int) {
	if c.Field < 0 {
		return -1
	}
	if f.quotes && !c.mostlyBare(&f) {
		c.unquote(&f)
		f.quotes = c.kind == kindText || c.kind == kindBinary
	}
	switch c.kind {
	case kindNull:
		return c.decodeNull(&f)
	case kindBool:
		return c.decodeBool(&f, to)
	case kindInt8:
		return decodeInts(c, &f, values[int8](c)[to:to+f.n], to, math.MinInt8, math.MaxInt8)
	case kindInt16:
		return decodeInts(c, &f, values[int16](c)[to:to+f.n], to, math.MinInt16, math.MaxInt16)
	case kindInt32:
		return decodeInts(c, &f, values[int32](c)[to:to+f.n], to, math.MinInt32, math.MaxInt32)
	case kindInt64:
		return decodeInts(c, &f, values[int64](c)[to:to+f.n], to, math.MinInt64, math.MaxInt64)
	case kindUint8:
		return decodeInts(c, &f, values[uint8](c)[to:to+f.n], to, 0, math.MaxUint8)
	case kindUint16:
		return decodeInts(c, &f, values[uint16](c)[to:to+f.n], to, 0, math.MaxUint16)
	case kindUint32:
		return decodeInts(c, &f, values[uint32](c)[to:to+f.n], to, 0, math.MaxUint32)
	case kindFloat64:
		return c.decodeFloat64(&f, values[float64](c)[to:to+f.n], to)
	case kindDate32:
		return c.decodeDate32(&f, values[int32](c)[to:to+f.n], to)
	case kindTimestamp:
		return c.decodeTimestamp(&f, values[int64](c)[to:to+f.n], to)
	case kindText:
		return c.decodeText(&f, to)
	case kindBinary:
		return c.decodeText(&f, to)
	}
	return c.decodeRare(&f, to)
}

// lookAgain is the slow path of columns that are not text: a field that did not parse may be null by its spelling, or have spaces
// around it, or a number with other separators. It returns the field to parse, or null.
func (c *column) lookAgain(f []byte) (field []byte, null, ok bool) {
	c.why = ""
	f = bytes.Trim(f, " \t")
	if len(f) == 0 || c.isNull(f) {
		return nil, true, true
	}
	if c.odd {
		c.plain, ok = plainNumber(c.plain[:0], f, c.d.Decimal, c.d.Thousands)
		return c.plain, false, ok
	}
	return f, false, true
}

func (c *column) decodeNull(f *fields) int {
	for i := range f.n {
		s, e := f.get(i)
		if _, null, _ := c.lookAgain(f.buf[s:e]); !null {
			return i
		}
	}
	return -1
}

type smallInt interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32
}

// decodeInts parses up to seven digits and a sign, or eight digits, at once; the rest goes the slow way.
func decodeInts[T smallInt](c *column, f *fields, dst []T, to int, lo, hi int64) int {
	base, rows, stride := baseOf(f.buf), f.rows, f.stride
	longest := 8
	if c.odd || c.likeNull {
		longest = 0
	}
	for i, at := 0, f.at; i < len(dst); i, at = i+1, at+stride {
		s, e := rows[at].plain()
		n := e - s
		if n == 0 {
			dst[i] = 0
			c.setNull(to + i)
			continue
		}
		if n <= longest {
			w := load(base, s)
			neg := 0
			if byte(w) == '-' {
				neg = 1
			}
			n -= neg
			x := (w>>(8*neg) ^ zeros) << (64 - 8*n)
			v := (int64(eightValue(x)) ^ -int64(neg)) + int64(neg)
			if eightDigits(x) && n > 0 && v >= lo && v <= hi {
				dst[i] = T(v)
				continue
			}
		}
		v, null, ok := c.slowInt(c.bare(f, at, s, e), lo, hi)
		if !ok {
			return i
		}
		dst[i] = T(v)
		if null {
			c.setNull(to + i)
		}
	}
	return -1
}

func (c *column) slowInt(f []byte, lo, hi int64) (v int64, null, ok bool) {
	if !c.odd && !c.likeNull {
		if v, ok = parseInt(f); ok && v >= lo && v <= hi {
			return v, false, true
		}
	}
	f, null, ok = c.lookAgain(f)
	if null || !ok {
		return 0, null, ok
	}
	if v, ok = parseInt(f); ok && (v < lo || v > hi) {
		c.why, ok = "is out of range", false
	}
	return v, false, ok
}

// decodeFloat64 parses numbers of up to eight characters at once: the point is squeezed out of the word, and the digits divided by a
// power of ten, both exact.
func (c *column) decodeFloat64(f *fields, dst []float64, to int) int {
	const dots = '.' * ones
	base, rows, stride := baseOf(f.buf), f.rows, f.stride
	longest := 8
	if c.odd || c.likeNull {
		longest = 0
	}
	for i, at := 0, f.at; i < len(dst); i, at = i+1, at+stride {
		s, e := rows[at].plain()
		n := e - s
		if n == 0 {
			dst[i] = 0
			c.setNull(to + i)
			continue
		}
		if n <= longest {
			w := load(base, s)
			neg := 0
			if byte(w) == '-' {
				neg = 1
			}
			n -= neg
			shift := 64 - 8*n
			w = w >> (8 * neg) << shift
			x := w ^ zeros<<shift
			dot := equalBytes(w, dots)
			below := dot>>7 - 1 // the bytes before the first point
			squeezed := (x&below)<<8 | x&^(below<<8|0xff)
			if dot != 0 { // no branch, as numbers with and without a point stand side by side
				x = squeezed
			}
			points := uint((dot | -dot) >> 63) // 0 or 1
			frac := (7 - lowestByte(dot)) & -points
			if eightDigits(x) && n > int(points) { // another point is no digit
				v := float64(int64(eightValue(x))) / shortPow10[frac&7]
				dst[i] = math.Float64frombits(math.Float64bits(v) | uint64(neg)<<63)
				continue
			}
		}
		if n > longest && longest > 0 {
			if v, ok := wideFloat(base, s, n); ok {
				dst[i] = v
				continue
			}
		}
		v, null, ok := c.slowFloat(c.bare(f, at, s, e))
		if !ok {
			return i
		}
		dst[i] = v
		if null {
			c.setNull(to + i)
		}
	}
	return -1
}

// wideFloat parses a number of nine to sixteen characters and maybe a sign, as decodeFloat64 does shorter ones: hi has the last eight
// characters, lo those before. ok is false for all other fields, and for digits that a float64 does not hold exactly.
func wideFloat(base unsafe.Pointer, s, n int) (v float64, ok bool) {
	const dots = '.' * ones
	w := load(base, s)
	neg := 0
	if byte(w) == '-' {
		neg, w = 1, load(base, s+1)
	}
	s += neg
	n -= neg
	if n > 16 {
		return 0, false
	}
	shift := 128 - 8*n // 64 where hi has all
	lo, hi := (w^zeros)<<shift, load(base, s+n-8)
	dotLo, dotHi, frac := equalBytes(w<<shift, dots), equalBytes(hi, dots), 0
	hi ^= zeros
	switch {
	case dotHi != 0 && dotLo|dotHi&(dotHi-1) == 0:
		below := dotHi>>7 - 1
		frac = 7 - int(lowestByte(dotHi))
		hi = (hi&below)<<8 | hi&^(below<<8|0xff) | lo>>56
		lo <<= 8
	case dotLo != 0 && dotHi|dotLo&(dotLo-1) == 0:
		below := dotLo>>7 - 1
		frac = 15 - int(lowestByte(dotLo))
		lo = (lo&below)<<8 | lo&^(below<<8|0xff)
	}
	m := eightValue(lo)*1e8 + eightValue(hi)
	if !eightDigits(lo) || !eightDigits(hi) || m >= 1<<53 {
		return 0, false
	}
	v = float64(int64(m)) / exactPow10[frac&15]
	return math.Float64frombits(math.Float64bits(v) | uint64(neg)<<63), true
}

// shortPow10 divide numbers of up to seven decimals.
var shortPow10 = [8]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}

func (c *column) slowFloat(f []byte) (v float64, null, ok bool) {
	if !c.odd && !c.likeNull {
		if v, ok = parseFloat(f); ok {
			return v, false, true
		}
	}
	f, null, ok = c.lookAgain(f)
	if null || !ok {
		return 0, null, ok
	}
	v, ok = parseFloat(f)
	return v, false, ok
}

// isoDate is the ten bytes 2006-01-02 as two words to compare with.
func isoDate(base unsafe.Pointer, p int) (key [2]uint64) {
	return [2]uint64{load(base, p), load(base, p+2)}
}

// clockMask marks the colons of 15:04:05.
const clockMask = 0x0000ff0000ff0000

// isoClock reads the eight bytes 15:04:05 as seconds since midnight.
func isoClock(w uint64) (secs int64, ok bool) {
	x := w ^ 0x30303a30303a3030
	if !eightDigits(x) || x&clockMask != 0 {
		return 0, false
	}
	y := x*10 + x>>8 // tens·10 + units, in the byte of the tens
	h, m, s := y&0xff, y>>24&0xff, y>>48&0xff
	return int64(h*3600 + m*60 + s), h < 24 && m < 60 && s < 60
}

// isoFraction returns the fraction of a second in units of per: n is the length of the point and up to eight digits after it, which stand
// in w; 0 is no fraction. ok is false for other text and where the unit is too coarse.
func isoFraction(w uint64, point byte, n int, per int64) (v int64, ok bool) {
	if n == 0 {
		return 0, true
	}
	digits := n - 1
	x := (w ^ zeros) << (64 - 8*uint(digits)) // a shift by 64, of no digits, gives 0
	if point != '.' || digits == 0 || !eightDigits(x) {
		return 0, false
	}
	v = int64(eightValue(x)) * per
	unit := fractionUnits[digits&15]
	if v%unit != 0 {
		return 0, false
	}
	return v / unit, true
}

// fractionUnits are the parts of a second that so many digits count.
var fractionUnits = [16]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// date returns the days of the date at p, ten bytes long; ok is false where it is not of the form 2006-01-02.
func (c *column) date(buf []byte, p int) (days int32, ok bool) {
	key := isoDate(baseOf(buf), p)
	if key[0] == c.dateKey[0] && key[1] == c.dateKey[1] {
		return c.dateDays, true
	}
	f := buf[p : p+10]
	if f[4] != '-' || f[7] != '-' {
		return 0, false
	}
	y, ok1 := parseDigits(f[:4])
	m, ok2 := parseDigits(f[5:7])
	d, ok3 := parseDigits(f[8:10])
	if !ok1 || !ok2 || !ok3 {
		return 0, false
	}
	if days, ok = civilDays(int(y), int(m), int(d)); ok {
		c.dateKey, c.dateDays = key, days
	}
	return days, ok
}

func (c *column) decodeDate32(f *fields, dst []int32, to int) int {
	iso := len(c.d.Layouts) == 0 && !c.likeNull // layouts go first
	for i := range dst {
		s, e := f.get(i)
		if s == e {
			dst[i] = 0
			c.setNull(to + i)
			continue
		}
		if e-s == 10 && iso {
			if days, ok := c.date(f.buf, s); ok {
				dst[i] = days
				continue
			}
		}
		m, null, ok := c.slowMoment(c.bare(f, i*f.stride+f.at, s, e))
		if !ok || !null && (!m.hasDate || m.hasTime && m.nanos != 0 || m.hasZone) {
			return i
		}
		dst[i] = m.days
		if null {
			c.setNull(to + i)
		}
	}
	return -1
}

func (c *column) decodeTimestamp(f *fields, dst []int64, to int) int {
	buf, per := f.buf, c.perSecond
	base, rows, stride := baseOf(buf), f.rows, f.stride
	iso := per < 1e9 && len(c.d.Layouts) == 0 && !c.likeNull
	utc := 0 // the characters of a Z, which the text of a column with a time zone must end with to be read at once
	if c.zone != nil {
		utc = 1
	}
	for i, at := 0, f.at; i < len(dst); i, at = i+1, at+stride {
		s, e := rows[at].plain()
		if s == e {
			dst[i] = 0
			c.setNull(to + i)
			continue
		}
		if n := e - s - utc; iso && n >= 19 && n <= 28 && (buf[s+10] == ' ' || buf[s+10] == 'T') && (utc == 0 || buf[e-1] == 'Z') {
			secs, ok := isoClock(load(base, s+11))
			days, ok2 := c.date(buf, s)
			frac, ok3 := isoFraction(load(base, s+20), buf[s+19], n-19, per)
			if ok && ok2 && ok3 {
				dst[i] = (int64(days)*secondsPerDay+secs)*per + frac
				continue
			}
		}
		v, null, ok := c.slowTimestamp(c.bare(f, at, s, e))
		if !ok {
			return i
		}
		dst[i] = v
		if null {
			c.setNull(to + i)
		}
	}
	return -1
}

func (c *column) slowTimestamp(f []byte) (v int64, null, ok bool) {
	m, null, ok := c.slowMoment(f)
	switch {
	case null || !ok:
		return 0, null, ok
	case !m.hasDate:
		return 0, false, false
	case m.hasZone && c.zone == nil:
		c.why = "has a time zone and the column has none"
		return 0, false, false
	case !m.hasZone && c.zone != nil:
		m.inZone(c.zone)
	}
	if v, ok = m.unix(c.perSecond); !ok {
		c.why = "does not fit in the column's unit"
	}
	return v, false, ok
}

func (c *column) slowMoment(f []byte) (m moment, null, ok bool) {
	c.why = ""
	f = bytes.Trim(f, " \t")
	if len(f) == 0 || c.isNull(f) {
		return m, true, true
	}
	for _, layout := range c.d.Layouts {
		if m, ok = layoutMoment(string(f), layout); ok {
			return m, false, true
		}
	}
	if m, ok = parseMoment(f, dateOrder(c.Order)); !ok && dateOrder(c.Order) != orderYMD {
		m, ok = parseMoment(f, orderYMD) // a year that goes first is told by its four digits
	}
	return m, false, ok
}

func (c *column) decodeBool(f *fields, to int) int {
	dst := wordBytes(c.data, len(c.data)*8)
	for i := range f.n {
		s, e := f.get(i)
		v, null, ok := c.boolean(f.buf[s:e])
		if !ok {
			return i
		}
		at := to + i
		if dst[at>>3] &^= 1 << (at & 7); v {
			dst[at>>3] |= 1 << (at & 7)
		}
		if null {
			c.setNull(at)
		}
	}
	return -1
}
