package csvio

import (
	"math"
	"time"
)

// dateOrder is the order of year, month and day in dates of one column.
type dateOrder uint8

const (
	orderYMD dateOrder = iota
	orderMDY
	orderDMY
)

// moment is a date, a time of day, or both, as a text gives them.
type moment struct {
	days             int32 // since 1970-01-01
	nanos            int64 // since midnight, as written
	offset           int32 // seconds east of UTC
	hasDate, hasTime bool
	hasZone          bool
}

// daysBefore is the number of days of a common year before each month.
var daysBefore = [...]int32{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// civilDays returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar; ok is false where there is no such date.
// 0 ≤ y ≤ 9999.
func civilDays(y, m, d int) (days int32, ok bool) {
	if m < 1 || m > 12 || d < 1 {
		return 0, false
	}
	last := int(daysBefore[m] - daysBefore[m-1])
	if m == 2 && isLeap(y) {
		last++
	}
	if d > last {
		return 0, false
	}
	before := y - 1 // whole years since year 1; −1 for year 0, a leap year
	leaps := before/4 - before/100 + before/400
	if y == 0 {
		leaps = -1
	}
	days = int32(before*365+leaps) + daysBefore[m-1] + int32(d) - 719163
	if m > 2 && isLeap(y) {
		days++
	}
	return days, true
}

// cursor reads small numbers off a text.
type cursor struct {
	f []byte
	i int
}

func (c *cursor) peek() byte {
	if c.i < len(c.f) {
		return c.f[c.i]
	}
	return 0
}

func (c *cursor) accept(b byte) bool {
	if c.peek() == b && c.i < len(c.f) {
		c.i++
		return true
	}
	return false
}

// number reads lo to hi digits.
func (c *cursor) number(lo, hi int) (v int, ok bool) {
	from := c.i
	for c.i < len(c.f) && c.i-from < hi && isDigit(c.f[c.i]) {
		v = v*10 + int(c.f[c.i]-'0')
		c.i++
	}
	return v, c.i-from >= lo
}

// parseMoment reads a date, a date and a time, or a time of day: 2006-01-02 (also with / or .), or 01/02/2006 in the column's order;
// then T or spaces and 15:04[:05[.999999999]][ AM|PM][Z| UTC|±hh[[:]mm]].
func parseMoment(f []byte, order dateOrder) (m moment, ok bool) {
	if len(f) < 4 || len(f) > 64 || !isDigit(f[0]) {
		return m, false
	}
	c := &cursor{f: f}
	if f[1] == ':' || f[2] == ':' {
		ok = c.clock(&m) && c.i == len(f)
		return m, ok
	}
	if !c.date(&m, order) {
		return m, false
	}
	if c.i == len(f) {
		return m, true
	}
	if !c.accept('T') && !c.accept('t') {
		if !c.accept(' ') {
			return m, false
		}
		for c.accept(' ') {
		}
	}
	if !c.clock(&m) {
		return m, false
	}
	ok = c.zone(&m) && c.i == len(f)
	return m, ok
}

func (c *cursor) date(m *moment, order dateOrder) bool {
	var n [3]int
	var ok bool
	widths := [3]int{2, 2, 4}
	if order == orderYMD {
		widths = [3]int{4, 2, 2}
	}
	var sep byte
	for k, w := range widths {
		lo := 1
		if w == 4 {
			lo = 4
		}
		if n[k], ok = c.number(lo, w); !ok {
			return false
		}
		if k == 0 {
			if sep = c.peek(); sep != '-' && sep != '/' && sep != '.' {
				return false
			}
		}
		if k < 2 && !c.accept(sep) {
			return false
		}
	}
	y, mo, d := n[0], n[1], n[2]
	switch order {
	case orderMDY:
		y, mo, d = n[2], n[0], n[1]
	case orderDMY:
		y, mo, d = n[2], n[1], n[0]
	}
	m.days, ok = civilDays(y, mo, d)
	m.hasDate = ok
	return ok
}

func (c *cursor) clock(m *moment) bool {
	h, ok := c.number(1, 2)
	if !ok || !c.accept(':') {
		return false
	}
	minute, ok := c.number(2, 2)
	if !ok || minute > 59 {
		return false
	}
	sec, frac := 0, int64(0)
	if c.accept(':') {
		if sec, ok = c.number(2, 2); !ok || sec > 59 {
			return false
		}
		if c.peek() == '.' || c.peek() == ',' {
			c.i++
			if frac, ok = c.fraction(); !ok {
				return false
			}
		}
	}
	if h, ok = c.halfDay(h); !ok || h > 23 {
		return false
	}
	m.nanos = int64(h*3600+minute*60+sec)*1e9 + frac
	m.hasTime = true
	return true
}

// fraction reads 1 to 9 digits as nanoseconds.
func (c *cursor) fraction() (int64, bool) {
	from := c.i
	v, ok := c.number(1, 9)
	for k := c.i - from; k < 9; k++ {
		v *= 10
	}
	return int64(v), ok && !isDigit(c.peek())
}

// halfDay applies an AM or PM that may follow.
func (c *cursor) halfDay(h int) (int, bool) {
	at := c.i
	c.accept(' ')
	if c.i+1 < len(c.f) && c.f[c.i+1]|0x20 == 'm' {
		half := c.f[c.i] | 0x20
		if half == 'a' || half == 'p' {
			c.i += 2
			if h < 1 || h > 12 {
				return 0, false
			}
			h %= 12
			if half == 'p' {
				h += 12
			}
			return h, true
		}
	}
	c.i = at
	return h, true
}

func (c *cursor) zone(m *moment) bool {
	if c.i == len(c.f) {
		return true
	}
	c.accept(' ')
	m.hasZone = true
	rest := string(c.f[c.i:])
	if rest == "Z" || rest == "z" || rest == "UTC" || rest == "GMT" {
		c.i = len(c.f)
		return true
	}
	sign := c.peek()
	if sign != '+' && sign != '-' {
		return false
	}
	c.i++
	h, ok := c.number(2, 2)
	if !ok || h > 18 {
		return false
	}
	minute := 0
	if c.accept(':') || c.i < len(c.f) {
		if minute, ok = c.number(2, 2); !ok || minute > 59 {
			return false
		}
	}
	m.offset = int32(h*3600 + minute*60)
	if sign == '-' {
		m.offset = -m.offset
	}
	return true
}

const secondsPerDay = 86400

// unix returns the moment in units of perSecond, as UTC; ok is false where it has finer digits or does not fit.
func (m *moment) unix(perSecond int64) (int64, bool) {
	secs := int64(m.days)*secondsPerDay + m.nanos/1e9 - int64(m.offset)
	nanoUnit := int64(1e9) / perSecond
	frac := m.nanos % 1e9
	if frac%nanoUnit != 0 {
		return 0, false
	}
	if perSecond == 1e9 && (secs > math.MaxInt64/1_000_000_000-1 || secs < math.MinInt64/1_000_000_000+1) {
		return 0, false
	}
	return secs*perSecond + frac/nanoUnit, true
}

// inZone moves the moment, written as a clock in loc shows it, to UTC.
func (m *moment) inZone(loc *time.Location) {
	t := time.Unix(int64(m.days)*secondsPerDay+m.nanos/1e9, 0).UTC()
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc)
	_, off := local.Zone()
	m.offset = int32(off)
	m.hasZone = true
}

// layoutMoment reads f by a Go time layout.
func layoutMoment(f, layout string) (moment, bool) {
	t, err := time.Parse(layout, f)
	if err != nil {
		return moment{}, false
	}
	_, off := t.Zone()
	days, ok := civilDays(max(t.Year(), 0), int(t.Month()), t.Day())
	h, mi, s := t.Clock()
	m := moment{days: days, nanos: int64(h*3600+mi*60+s)*1e9 + int64(t.Nanosecond()), offset: int32(off)}
	p := layoutParts(layout)
	m.hasDate, m.hasTime, m.hasZone = p.hasDate, p.hasTime, p.hasZone
	return m, ok
}

// layoutParts says what a Go time layout gives: it formats moments that differ in one part and sees whether the text does.
func layoutParts(layout string) (m moment) {
	base := time.Date(2003, 4, 5, 7, 8, 9, 123456789, time.UTC)
	text := base.Format(layout)
	m.hasDate = base.AddDate(1, 1, 1).Format(layout) != text
	m.hasTime = base.Add(5*time.Hour+3*time.Minute+2*time.Second).Format(layout) != text
	east := time.FixedZone("XYZ", 5*3600+1800)
	m.hasZone = time.Date(2003, 4, 5, 7, 8, 9, 123456789, east).Format(layout) != text
	return m
}
