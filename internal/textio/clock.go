package textio

import "github.com/apache/arrow-go/v18/arrow"

// civil returns the date of days since 1970-01-01 in the proleptic Gregorian calendar, after Howard Hinnant's "chrono-compatible
// low-level date algorithms".
func civil(days int64) (year int64, month, day uint64) {
	z := days + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := uint64(z - era*146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	year = int64(yoe) + era*400
	if mp >= 10 {
		month = mp - 9
		year++
	}
	return year, month, day
}

// dates writes dates; most columns have few of them, or runs of one, so that the last one is kept.
type dates struct {
	last int64
	text [10]byte
	has  bool
}

func (d *dates) put(c *cell, at int, days int64) int {
	if d.has && d.last == days {
		*(*[10]byte)(c[at : at+10]) = d.text
		return at + 10
	}
	y, m, day := civil(days)
	start := at
	plain := y >= 0 && y <= 9999
	if plain {
		at = putFixed(c, at, uint64(y), 4)
	} else { // ISO 8601 wants a sign here
		sign := byte('+')
		if y < 0 {
			sign, y = '-', -y
		}
		c[at] = sign
		at = putFixed(c, at+1, uint64(y), max(4, digitsOf(uint64(y))))
	}
	c[at&31] = '-'
	store2(c, at+1, pairs[m])
	c[(at+3)&31] = '-'
	store2(c, at+4, pairs[day])
	if plain {
		d.last, d.has = days, true
		copy(d.text[:], c[start:start+10])
	}
	return at + 6
}

// perSecond returns the ticks of a second and how many digits these are.
func perSecond(u arrow.TimeUnit) (per int64, digits int) {
	switch u {
	case arrow.Millisecond:
		return 1e3, 3
	case arrow.Microsecond:
		return 1e6, 6
	case arrow.Nanosecond:
		return 1e9, 9
	}
	return 1, 0
}

// putClock writes a time of day of so many seconds, and the ticks beyond them where there are any.
func putClock(c *cell, at int, seconds, ticks uint64, digits int) int {
	h := seconds / 3600
	m := seconds / 60 % 60
	s := seconds % 60
	store2(c, at, pairs[h%100])
	c[(at+2)&31] = ':'
	store2(c, at+3, pairs[m])
	c[(at+5)&31] = ':'
	store2(c, at+6, pairs[s])
	at += 8
	if ticks == 0 {
		return at
	}
	for ticks%1000 == 0 {
		ticks /= 1000
		digits -= 3
	}
	c[at&31] = '.'
	return putFixed(c, at+1, ticks, digits)
}

// floorDiv divides towards minus infinity.
func floorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		q, r = q-1, r+b
	}
	return q, r
}
