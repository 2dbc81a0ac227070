package eval

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

// betweenTimes converts dates, times of day, timestamps and durations. A timestamp gives the date or time of day in its zone, a date the
// midnight in the zone; giving a timestamp a zone or taking it away keeps the ticks, as UTC. What would lose part of a unit does not fit.
func betweenTimes(from, to arrow.DataType) (caster, error) {
	fz, err := zoneOf(from)
	if err != nil {
		return nil, err
	}
	tz, err := zoneOf(to)
	if err != nil {
		return nil, err
	}
	fu, tu := unitOf(from), unitOf(to)
	isDate := func(t arrow.DataType) bool { return t.ID() == arrow.DATE32 || t.ID() == arrow.DATE64 }
	isClock := func(t arrow.DataType) bool { return t.ID() == arrow.TIME32 || t.ID() == arrow.TIME64 }
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		at := x.ticksOf(a)
		out := vec.Alloc[int64](&x.s, x.n)
		var bad []uint64
		switch {
		case isDate(to):
			if from.ID() == arrow.TIMESTAMP {
				at = x.localOf(a, fz)
			}
			kernel.DayOf(out, at, fu)
			bad = x.scale(out, out, 1, tu.PerDay(), live)
		case isClock(to) && from.ID() == arrow.TIMESTAMP:
			local := x.localOf(a, fz)
			per := fu.PerDay()
			for i, v := range local {
				out[i] = kernel.FloorMod(v, per)
			}
			bad = x.scale(out, out, fu.PerSecond(), tu.PerSecond(), live)
			if bad != nil { // the fraction of a timestamp's second is dropped
				bad = nil
				for i, v := range local {
					out[i] = kernel.FloorMod(v, per) / (fu.PerSecond() / tu.PerSecond())
				}
			}
		case isDate(from):
			bad = x.scale(out, at, fu.PerDay(), tu.PerDay(), live)
			if tz != nil {
				tz.instants(out, out, a.Valid)
			}
		default:
			bad = x.scale(out, at, fu.PerSecond(), tu.PerSecond(), live)
		}
		p, w, _ := vec.PhysOf(to)
		res := x.putTicks(&node{typ: to, phys: p}, out, nil)
		if w == 4 {
			for i, v := range out {
				if v != int64(int32(v)) && (live == nil || bitmap.Get(live, i)) {
					bad = x.mark(bad, i)
				}
			}
		}
		return res, bad
	}, nil
}

// scale sets dst to ticks of which there are from a second (or day) as ticks of which there are to; live rows that overflow, or lose part of
// a tick, are marked.
func (x *state) scale(dst, at []int64, from, to int64, live []uint64) (bad []uint64) {
	at = at[:len(dst)]
	switch {
	case from == to:
		copy(dst, at)
	case to > from:
		k := to / from
		limit := math.MaxInt64 / k
		for i, v := range at {
			dst[i] = v * k
			if (v > limit || v < -limit) && (live == nil || bitmap.Get(live, i)) {
				bad = x.mark(bad, i)
			}
		}
	default:
		k := from / to
		for i, v := range at {
			q := kernel.FloorDiv(v, k)
			dst[i] = q
			if q*k != v && (live == nil || bitmap.Get(live, i)) {
				bad = x.mark(bad, i)
			}
		}
	}
	return bad
}
