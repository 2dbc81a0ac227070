package eval

import (
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

var clocks = map[string]builder{
	"dt_year":       datePart(kernel.Year),
	"dt_quarter":    datePart(kernel.Quarter),
	"dt_month":      datePart(kernel.Month),
	"dt_week":       datePart(kernel.Week),
	"dt_day":        datePart(kernel.Day),
	"dt_year_day":   datePart(kernel.YearDay),
	"dt_weekday":    clockPart(kernel.WeekdayOf),
	"dt_hour":       clockPart(kernel.Hour),
	"dt_minute":     clockPart(kernel.Minute),
	"dt_second":     clockPart(kernel.SecondOf),
	"dt_date":       buildDate,
	"dt_truncate":   buildTruncate,
	"dt_add_months": buildAddMonths,
	"dt_in":         buildIn2,
	"dt_format":     buildFormat,
	"dt_seconds":    buildSeconds,
}

// ticksOf returns the values of a temporal column as int64.
func (x *state) ticksOf(v *vec.Vec) []int64 {
	if v.Phys == vec.Int64 {
		return vec.Of[int64](v)
	}
	out := vec.Alloc[int64](&x.s, v.Len)
	kernel.Convert(out, vec.Of[int32](v))
	return out
}

// localOf returns a column's local times in its unit.
func (x *state) localOf(v *vec.Vec, z *zone) []int64 {
	at := x.ticksOf(v)
	if z == nil {
		return at
	}
	out := vec.Alloc[int64](&x.s, v.Len)
	z.local(out, at, v.Valid)
	return out
}

// clockPart is a part that a kernel takes from ticks.
func clockPart(part func(dst, a []int64, u kernel.Unit)) builder {
	return func(n *node) (runFunc, error) {
		t := n.args[0].typ
		z, err := zoneOf(t)
		if err != nil {
			return nil, err
		}
		unit := unitOf(t)
		return func(x *state, act mask) (*vec.Vec, error) {
			a, err := x.plain(n.args[0], act)
			if err != nil {
				return nil, err
			}
			out := x.out(n.typ)
			out.Valid = a.Valid
			part(vec.Of[int64](out), x.localOf(a, z), unit)
			return out, nil
		}, nil
	}
}

// datePart is a part that a kernel takes from days. The days of a batch are mostly few: then the kernel makes a table of the days from first
// to last, and the rows are looked up.
func datePart(part func(dst, days []int64)) builder {
	return func(n *node) (runFunc, error) {
		t := n.args[0].typ
		z, err := zoneOf(t)
		if err != nil {
			return nil, err
		}
		unit := unitOf(t)
		return func(x *state, act mask) (*vec.Vec, error) {
			a, err := x.plain(n.args[0], act)
			if err != nil {
				return nil, err
			}
			out := x.out(n.typ)
			out.Valid = a.Valid
			dst := vec.Of[int64](out)
			kernel.DayOf(dst, x.localOf(a, z), unit)
			x.byDay(dst, a.Valid, part)
			return out, nil
		}, nil
	}
}

// tableShare is how many rows a table entry must serve: making one costs about as much as three look-ups.
const tableShare = 3

// byDay replaces days by what part makes of them.
func (x *state) byDay(days []int64, valid []uint64, part func(dst, days []int64)) {
	if len(days) == 0 {
		return
	}
	if valid != nil { // days under a null, often 1970, must not widen the table
		first := x.next(valid, 0)
		if first == x.n {
			return
		}
		kernel.SelectVS(days, valid, days, days[first])
	}
	least, most := kernel.Span(days)
	if span := uint64(most) - uint64(least); span >= uint64(len(days)/tableShare) {
		part(days, days)
		return
	}
	table := vec.Alloc[int64](&x.s, int(most-least)+1)
	for i := range table {
		table[i] = least + int64(i)
	}
	part(table, table)
	kernel.Lookup(days, days, table, least)
}

func buildDate(n *node) (runFunc, error) {
	z, err := zoneOf(n.args[0].typ)
	if err != nil {
		return nil, err
	}
	unit := unitOf(n.args[0].typ)
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		if a.Phys == vec.Int32 {
			return a, nil // a date already
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		days := vec.Alloc[int64](&x.s, x.n)
		kernel.DayOf(days, x.localOf(a, z), unit)
		kernel.Convert(vec.Of[int32](out), days)
		return out, nil
	}, nil
}

func buildSeconds(n *node) (runFunc, error) {
	per := float64(unitOf(n.args[0].typ).PerSecond())
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		dst := vec.Of[float64](out)
		for i, v := range vec.Of[int64](a) {
			dst[i] = float64(v) / per
		}
		return out, nil
	}, nil
}

// putTicks makes a column of n's type of int64 ticks.
func (x *state) putTicks(n *node, at []int64, valid []uint64) *vec.Vec {
	out := x.vec()
	*out = vec.Vec{Type: n.typ, Phys: n.phys, Width: 8, Len: x.n, Valid: valid}
	if n.phys == vec.Int64 {
		out.Data = vec.Bytes(at)
		return out
	}
	narrow := vec.Alloc[int32](&x.s, x.n)
	kernel.Convert(narrow, at)
	out.Width, out.Data = 4, vec.Bytes(narrow)
	return out
}

// stepOf is the ticks of a truncation unit within a day; 0 for weeks and longer.
func stepOf(unit string, u kernel.Unit) int64 {
	sec := u.PerSecond()
	switch unit {
	case "second":
		return max(sec, 1)
	case "minute":
		return max(60*sec, 1)
	case "hour":
		return max(3600*sec, 1)
	case "day":
		return u.PerDay()
	case "week", "month", "quarter", "year":
		return 0
	}
	d, err := time.ParseDuration(unit)
	if err != nil || u == kernel.Days {
		return 1
	}
	return max(int64(d)/(int64(time.Second)/sec), 1)
}

func buildTruncate(n *node) (runFunc, error) {
	t := n.args[0].typ
	z, err := zoneOf(t)
	if err != nil {
		return nil, err
	}
	unit := unitOf(t)
	name, _ := n.e.Param(0).(string)
	step := stepOf(name, unit)
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		at := x.ticksOf(a)
		out := vec.Alloc[int64](&x.s, x.n)
		switch {
		case step == 1:
			return a, nil
		case step == 0:
			x.truncateDays(out, x.localOf(a, z), a.Valid, unit, name)
			if z != nil {
				z.instants(out, out, a.Valid)
			}
		case z != nil:
			z.floor(out, at, step, a.Valid)
		default:
			kernel.FloorTo(out, at, step)
		}
		return x.putTicks(n, out, a.Valid), nil
	}, nil
}

// truncateDays goes to the first day of the week, month, quarter or year.
func (x *state) truncateDays(dst, local []int64, valid []uint64, unit kernel.Unit, name string) {
	kernel.DayOf(dst, local, unit)
	per := unit.PerDay()
	x.byDay(dst, valid, func(dst, days []int64) {
		switch name {
		case "week":
			kernel.WeekStart(dst, days)
		case "month":
			kernel.MonthStart(dst, days, 1)
		case "quarter":
			kernel.MonthStart(dst, days, 3)
		default:
			kernel.MonthStart(dst, days, 12)
		}
		if per != 1 {
			for i := range dst {
				dst[i] *= per
			}
		}
	})
}

// floor sets dst to instants rounded down to steps of local time.
func (z *zone) floor(dst, at []int64, step int64, valid []uint64) {
	for i, x := range at {
		if valid != nil && !bitmap.Get(valid, i) {
			dst[i] = x
			continue
		}
		off := z.offset(x)
		rest := kernel.FloorMod(x+off, step)
		if x-rest >= z.lo {
			dst[i] = x - rest
		} else {
			dst[i] = z.instant(x + off - rest)
		}
	}
}

func buildAddMonths(n *node) (runFunc, error) {
	t := n.args[0].typ
	z, err := zoneOf(t)
	if err != nil {
		return nil, err
	}
	unit, months := unitOf(t), n.e.Param(0).(int64)
	per := unit.PerDay()
	least, most := int64(math.MinInt64), int64(math.MaxInt64)
	if n.phys == vec.Int32 {
		least, most = math.MinInt32, math.MaxInt32
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		local := x.localOf(a, z)
		days := vec.Alloc[int64](&x.s, x.n)
		kernel.DayOf(days, local, unit)
		out := vec.Alloc[int64](&x.s, x.n)
		kernel.AddMonths(out, days, months)
		live := x.live(a.Valid, act)
		for i, d := range out {
			rest := local[i] - days[i]*per
			if per > 1 && kernel.MulOverflows(d, per) || d*per+rest < d*per || d*per+rest < least || d*per+rest > most {
				if x.next(live, i) == i {
					return nil, badValue(n.e, i, rowText(a, i), overflow)
				}
			}
			out[i] = d*per + rest
		}
		if z != nil {
			z.instants(out, out, a.Valid)
		}
		return x.putTicks(n, out, a.Valid), nil
	}, nil
}

// buildIn2 is Dt().In: an instant stays, a naive time is taken as local.
func buildIn2(n *node) (runFunc, error) {
	from, _ := n.args[0].typ.(*arrow.TimestampType)
	z, err := zoneOf(n.typ)
	if err != nil {
		return nil, err
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		if z == nil || from.TimeZone != "" {
			out := x.vec()
			*out = *a
			out.Type = n.typ
			return out, nil
		}
		out := vec.Alloc[int64](&x.s, x.n)
		z.instants(out, vec.Of[int64](a), a.Valid)
		return x.putTicks(n, out, a.Valid), nil
	}, nil
}

// timeOf is a tick as a time.Time in its zone; times of day are on 1970-01-01.
func timeOf(v int64, u kernel.Unit, loc *time.Location) time.Time {
	if u == kernel.Days {
		return time.Unix(v*86400, 0).UTC()
	}
	per := u.PerSecond()
	sec := kernel.FloorDiv(v, per)
	return time.Unix(sec, (v-sec*per)*(1e9/per)).In(loc)
}

func locationOf(t arrow.DataType) (*time.Location, error) {
	z, err := zoneOf(t)
	if err != nil || z == nil {
		return time.UTC, err
	}
	return z.loc, nil
}

func buildFormat(n *node) (runFunc, error) {
	t := n.args[0].typ
	loc, err := locationOf(t)
	if err != nil {
		return nil, err
	}
	layout, unit := n.e.Param(0).(string), unitOf(t)
	n.masked = true
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		at := x.ticksOf(a)
		w := x.newText(n.typ, a.Valid)
		live := x.live(a.Valid, act)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			x.tmp = timeOf(at[i], unit, loc).AppendFormat(x.tmp[:0], layout)
			w.put(i, x.tmp)
		}
		return w.done(), nil
	}, nil
}
