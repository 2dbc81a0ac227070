package eval

import (
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
)

// zone converts between instants and local times of a zone, both in ticks of a unit since 1970. It remembers the stretch between two
// changes of the offset that it met last: values near each other cost a comparison.
type zone struct {
	loc *time.Location
	per int64 // ticks of a second

	stretch
	known [8]stretch // met before, the oldest is replaced
	next  int
}

// stretch is a time between two changes of the offset.
type stretch struct {
	lo, hi int64 // instants; lo is included
	off    int64 // ticks
}

// zoneOf returns the zone of a timestamp type, nil for naive ones and for UTC, whose local times are the instants.
func zoneOf(t arrow.DataType) (*zone, error) {
	ts, ok := t.(*arrow.TimestampType)
	if !ok || ts.TimeZone == "" || ts.TimeZone == "UTC" {
		return nil, nil
	}
	loc, err := ts.GetZone()
	if err != nil {
		return nil, err
	}
	return &zone{loc: loc, per: unitOf(t).PerSecond()}, nil
}

// unitOf returns the unit of a temporal type; date32 has days.
func unitOf(t arrow.DataType) kernel.Unit {
	if t.ID() == arrow.DATE64 {
		return kernel.Milli
	}
	if u, ok := t.(arrow.TemporalWithUnit); ok {
		switch u.TimeUnit() {
		case arrow.Second:
			return kernel.Second
		case arrow.Millisecond:
			return kernel.Milli
		case arrow.Microsecond:
			return kernel.Micro
		}
		return kernel.Nano
	}
	return kernel.Days
}

// find makes the stretch around an instant the remembered one.
func (z *zone) find(at int64) {
	for _, k := range z.known {
		if at >= k.lo && at < k.hi {
			z.stretch = k
			return
		}
	}
	t := time.Unix(kernel.FloorDiv(at, z.per), 0).In(z.loc)
	_, off := t.Zone()
	start, end := t.ZoneBounds()
	z.off, z.lo, z.hi = int64(off)*z.per, math.MinInt64, math.MaxInt64
	if !start.IsZero() {
		z.lo = ticks(start.Unix(), z.per)
	}
	if !end.IsZero() {
		z.hi = ticks(end.Unix(), z.per)
	}
	z.known[z.next] = z.stretch
	z.next = (z.next + 1) % len(z.known)
}

// ticks is seconds in ticks, at most the bounds of int64.
func ticks(sec, per int64) int64 {
	if !kernel.MulOverflows(sec, per) {
		return sec * per
	}
	if sec < 0 {
		return math.MinInt64
	}
	return math.MaxInt64
}

// offset is what local time is ahead at an instant.
func (z *zone) offset(at int64) int64 {
	if at < z.lo || at >= z.hi {
		z.find(at)
	}
	return z.off
}

// local sets dst to the local times of instants, those under a null to any.
func (z *zone) local(dst, at []int64, valid []uint64) {
	at = at[:len(dst)]
	lo, hi, off := z.lo, z.hi, z.off
	for i, x := range at {
		if x < lo || x >= hi {
			if valid != nil && !bitmap.Get(valid, i) {
				dst[i] = x
				continue
			}
			z.find(x)
			lo, hi, off = z.lo, z.hi, z.off
		}
		dst[i] = x + off
	}
}

// instant is the instant of a local time. Where the clock was put back and the time came twice, it is the first; where it was put forward
// and the time never was, it is that long after the change as the time is after the gap began.
func (z *zone) instant(local int64) int64 {
	day := 86400 * z.per
	if at := local - z.off; at-day >= z.lo && at+day < z.hi && at-day < at && at+day > at {
		return at
	}
	before, after := z.offset(local-day), z.offset(local+day)
	if before == after || z.offset(local-before) == before {
		return local - before
	}
	if z.offset(local-after) == after {
		return local - after
	}
	return local - before
}

// instants sets dst to the instants of local times, those under a null to any.
func (z *zone) instants(dst, local []int64, valid []uint64) {
	for i, x := range local {
		if valid != nil && !bitmap.Get(valid, i) {
			dst[i] = x
			continue
		}
		dst[i] = z.instant(x)
	}
}
