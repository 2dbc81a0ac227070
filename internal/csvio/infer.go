package csvio

import (
	"bytes"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
)

// guess is a set of kinds that values may be of.
type guess uint64

const (
	guessBool guess = 1 << iota
	guessInt        // fits int64
	guessBig        // an integer of any size
	guessFloat
	guessTime // of day
	guessDate // in the order year, month, day; the next two bits are the other orders
	_
	_
	guessStamp // a date, or a date and a time without zone; as guessDate
	_
	_
	guessZoned // a date and a time with zone; as guessDate
	_
	_
	guessLayout // the first of the dialect's layouts; the next bits are the others
)

const (
	guessAny   guess = ^guess(0)
	guessMulti       = 1 | 2 | 4 // the three orders of a guess
	// maxLayouts is how many layouts have a bit.
	maxLayouts = 48
)

// Guess is what the values of a column seen so far allow. The zero Guess has seen none.
type Guess struct {
	not   guess // kinds that some value is not of
	seen  bool  // a value that is not null
	nanos bool  // a time with digits beyond the microsecond
}

// Merge joins what was seen of a column in two places.
func (g Guess) Merge(o Guess) Guess {
	return Guess{not: g.not | o.not, seen: g.seen || o.seen, nanos: g.nanos || o.nanos}
}

// Type returns the narrowest type for all values seen, and the order of dates in it: null where none was seen. Integers beyond int64
// and numbers that begin with a zero are text, since numbers would lose digits; so are dates whose order no value tells.
func (g Guess) Type(d *Dialect) (t arrow.DataType, order uint8) {
	may := guessAny &^ g.not
	is := func(k guess) bool { return may&k != 0 }
	switch {
	case !g.seen:
		return arrow.Null, 0
	case is(guessBool):
		return arrow.FixedWidthTypes.Boolean, 0
	case is(guessInt):
		return arrow.PrimitiveTypes.Int64, 0
	case is(guessBig):
		return arrow.BinaryTypes.String, 0
	case is(guessFloat):
		return arrow.PrimitiveTypes.Float64, 0
	case is(guessTime):
		return g.timeType(false, true, false), 0
	case is(guessDate * guessMulti):
		return ordered(may, guessDate, arrow.FixedWidthTypes.Date32)
	case is(guessStamp * guessMulti):
		return ordered(may, guessStamp, g.timeType(true, true, false))
	case is(guessZoned * guessMulti):
		return ordered(may, guessZoned, g.timeType(true, true, true))
	}
	for i := range min(len(d.Layouts), maxLayouts) {
		if is(guessLayout << i) {
			p := layoutParts(d.Layouts[i])
			return g.timeType(p.hasDate, p.hasTime, p.hasZone), 0
		}
	}
	return arrow.BinaryTypes.String, 0
}

// ordered returns the type of dates in the one order that is left, or text where month and day cannot be told apart.
func ordered(may, kind guess, t arrow.DataType) (arrow.DataType, uint8) {
	left := may / kind & guessMulti
	if left&1 == 0 && bits.OnesCount64(uint64(left)) > 1 {
		return arrow.BinaryTypes.String, 0
	}
	return t, uint8(bits.TrailingZeros64(uint64(left)))
}

func (g Guess) timeType(date, clock, zone bool) arrow.DataType {
	unit := arrow.Microsecond
	if g.nanos {
		unit = arrow.Nanosecond
	}
	switch {
	case !clock:
		return arrow.FixedWidthTypes.Date32
	case !date:
		return &arrow.Time64Type{Unit: unit}
	case zone:
		return &arrow.TimestampType{Unit: unit, TimeZone: "UTC"}
	}
	return &arrow.TimestampType{Unit: unit}
}

// guesser looks at fields.
type guesser struct {
	d     *Dialect
	nulls [][]byte
	plain []byte
	// numericNulls says that a spelling of null may look like a number.
	numericNulls bool
}

func newGuesser(d *Dialect) *guesser {
	g := &guesser{d: d}
	words := d.Nulls
	if words == nil {
		words = NullWords
	}
	for _, w := range words {
		g.nulls = append(g.nulls, []byte(w))
		g.numericNulls = g.numericNulls || len(w) > 0 && (isDigit(w[len(w)-1]) || w[len(w)-1] == '.')
	}
	return g
}

// see adds a field, without its quotes, to what is known of its column. at is where it stands.
//
// A field of blanks alone makes its column text: it may mean something, and other readers take it so.
func (g *guesser) see(to *Guess, odd *suspect, f []byte, at int64) {
	if len(f) == 0 || odd.dead && to.seen && to.not == guessAny {
		return
	}
	if to.seen && g.quick(to, f) {
		odd.noteNumber()
		return
	}
	blank := f
	if f = bytes.Trim(f, " \t"); len(f) == 0 {
		to.seen, to.not = true, guessAny
		odd.note(0, false, blank, at)
		return
	}
	for _, w := range g.nulls {
		if bytes.Equal(w, f) {
			return
		}
	}
	to.seen = true
	nanos := false
	k := g.kinds(f, &nanos)
	to.not |= ^k
	to.nanos = to.nanos || nanos
	if !odd.dead {
		odd.note(k, nanos, f, at)
	}
}

// kinds returns what a field may be.
func (g *guesser) kinds(f []byte, nanos *bool) (k guess) {
	if g.d.saysBool(f) {
		k |= guessBool
	}
	for i, layout := range g.d.Layouts[:min(len(g.d.Layouts), maxLayouts)] {
		if m, ok := layoutMoment(string(f), layout); ok {
			k |= guessLayout << i
			*nanos = *nanos || m.nanos%1000 != 0
		}
	}
	if k >= guessLayout {
		return k
	}
	return k | g.number(f) | moments(f, nanos)
}

// number returns the kinds of number that a field may be.
func (g *guesser) number(f []byte) guess {
	if g.d.Decimal != '.' || g.d.Thousands != 0 {
		var ok bool
		if g.plain, ok = plainNumber(g.plain[:0], f, g.d.Decimal, g.d.Thousands); !ok {
			return 0
		}
		f = g.plain
	}
	digits := f
	if digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) > 1 && (digits[0] == '0' && isDigit(digits[1]) || digits[0] == '+') {
		return 0 // "007" and "+49…" are names, not numbers
	}
	if _, ok := parseInt(f); ok {
		return guessInt | guessBig | guessFloat
	}
	if _, ok := parseFloat(f); !ok {
		return 0
	}
	if bytes.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) < 0 {
		return guessBig | guessFloat
	}
	return guessFloat
}

// moments returns the kinds of date and time that a field may be.
func moments(f []byte, nanos *bool) (k guess) {
	if len(f) < 4 || !isDigit(f[0]) {
		return 0
	}
	orders := []dateOrder{orderMDY, orderDMY}
	if isDigit(f[1]) && isDigit(f[2]) && isDigit(f[3]) {
		orders = []dateOrder{orderYMD}
	}
	for _, o := range orders {
		m, ok := parseMoment(f, o)
		if !ok {
			continue
		}
		*nanos = *nanos || m.nanos%1000 != 0
		switch {
		case !m.hasDate:
			k |= guessTime
		case m.hasZone:
			k |= guessZoned << o
		case m.hasTime:
			k |= guessStamp << o
		default:
			k |= (guessDate | guessStamp) << o
		}
	}
	return k
}

// Order returns the order of dates that the values tell, for a column whose type is declared.
func (g Guess) Order() uint8 {
	may := guessAny &^ g.not
	left := (may/guessDate | may/guessStamp | may/guessZoned) & guessMulti
	if !g.seen || left == 0 || left&1 == 0 && bits.OnesCount64(uint64(left)) > 1 {
		return 0
	}
	return uint8(bits.TrailingZeros64(uint64(left)))
}

// Seen says whether there was a value that is not null.
func (g Guess) Seen() bool { return g.seen }
