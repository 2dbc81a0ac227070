package window

import (
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// frameBounds are the frames [lo, hi) of all places. Neither bound ever moves back from a place to the next, over all partitions.
type frameBounds struct {
	frame  expr.Frame
	lo, hi []uint32
}

// bounds returns the frames of all places, made once for all calls with the frame.
func (c *computer) bounds(f expr.Frame) (lo, hi []uint32, err error) {
	for _, b := range c.frames {
		if b.frame == f {
			return b.lo, b.hi, nil
		}
	}
	if err := c.mem.grow(8 * int64(c.rows)); err != nil {
		return nil, nil, err
	}
	c.cached += 8 * int64(c.rows)
	b := frameBounds{frame: f, lo: make([]uint32, c.rows), hi: make([]uint32, c.rows)}
	if f.Kind == expr.RowsFrame {
		c.rowFrames(&b)
	} else if err := c.rangeFrames(&b); err != nil {
		return nil, nil, err
	}
	c.frames = append(c.frames, b)
	return b.lo, b.hi, nil
}

// steps is a bound of a Rows frame as a number of rows that fits any sum with a place.
func steps(v any) int64 {
	n, _ := v.(int64)
	return min(max(n, -1<<40), 1<<40)
}

func (c *computer) rowFrames(b *frameBounds) {
	from, to := steps(b.frame.From), steps(b.frame.To)
	for g := range c.partitions() {
		s, e := int64(c.starts[g]), int64(c.starts[g+1])
		for p := s; p < e; p++ {
			lo := min(max(p+from, s), e)
			b.lo[p] = uint32(lo)
			b.hi[p] = uint32(max(min(p+to+1, e), lo))
		}
	}
}

// rangeFrames finds frames by the distance of the order key's value. Rows whose key is null are peers of each other, and in reach of
// others only through an unbounded end.
func (c *computer) rangeFrames(b *frameBounds) error {
	if fromPeers(b.frame.From) && fromPeers(b.frame.To) {
		if _, err := c.changes(); err != nil {
			return err
		}
		c.peerFrames(b)
		return nil
	}
	if len(c.spec.Order) != 1 {
		return internalError("a range over %d keys", len(c.spec.Order))
	}
	if err := c.mem.grow(40 * int64(c.rows)); err != nil { // the key's values at most, in order
		return err
	}
	key := c.spec.Order[0]
	var v vec.Vec
	vec.Take(&v, &c.cols[key.Col], c.perm, nil)
	vec.Decode(&v, &v, nil)
	w := ranger{c: c, b: b, desc: key.Desc, valid: v.Valid}
	if v.Phys == vec.Null {
		w.valid = make([]uint64, bitmap.Words(c.rows))
	}
	return w.run(&v)
}

// isZero says whether a bound is the current row's own value.
func isZero(v any) bool {
	return v == any(int64(0)) || v == any(float64(0)) || v == any(time.Duration(0))
}

// fromPeers says whether a bound needs no arithmetic with values.
func fromPeers(v any) bool {
	return isZero(v) || v == any(expr.UnboundedPreceding) || v == any(expr.UnboundedFollowing)
}

// peerFrames are those between ends of the partition and the peers of the row.
func (c *computer) peerFrames(b *frameBounds) {
	starts := func(p int) bool { return c.peers[p>>6]>>(uint(p)&63)&1 == 1 }
	for g := range c.partitions() {
		s, e := int(c.starts[g]), int(c.starts[g+1])
		for p := s; p < e; {
			q := p + 1
			for q < e && !starts(q) {
				q++
			}
			lo, hi := uint32(p), uint32(q)
			if b.frame.From == any(expr.UnboundedPreceding) {
				lo = uint32(s)
			}
			if b.frame.To == any(expr.UnboundedFollowing) {
				hi = uint32(e)
			}
			for ; p < q; p++ {
				b.lo[p], b.hi[p] = lo, hi
			}
		}
	}
}

// ranger finds the frames of one range.
type ranger struct {
	c     *computer
	b     *frameBounds
	desc  bool
	valid []uint64 // of the key in order; nil: no nulls
}

func (w *ranger) run(v *vec.Vec) error {
	switch v.Phys {
	case vec.Null:
		return each(w, make([]int64, v.Len), func(s *span[int64]) error { return nil })
	case vec.Int8:
		return each(w, widened(vec.Of[int8](v)), w.ints(v.Type))
	case vec.Int16:
		return each(w, widened(vec.Of[int16](v)), w.ints(v.Type))
	case vec.Int32:
		return each(w, widened(vec.Of[int32](v)), w.ints(v.Type))
	case vec.Int64:
		return each(w, vec.Of[int64](v), w.ints(v.Type))
	case vec.Uint8:
		return each(w, widened(vec.Of[uint8](v)), w.ints(v.Type))
	case vec.Uint16:
		return each(w, widened(vec.Of[uint16](v)), w.ints(v.Type))
	case vec.Uint32:
		return each(w, widened(vec.Of[uint32](v)), w.ints(v.Type))
	case vec.Uint64:
		return each(w, vec.Of[uint64](v), w.uints())
	case vec.Float16, vec.Float32, vec.Float64:
		return each(w, floats(v), w.floats())
	case vec.Dec128, vec.Dec256:
		return each(w, decimals(v), w.decimals(v.Type))
	}
	return internalError("a range over values of type %s", v.Type)
}

func widened[T int8 | int16 | int32 | uint8 | uint16 | uint32](vals []T) []int64 {
	out := make([]int64, len(vals))
	for i, x := range vals {
		out[i] = int64(x)
	}
	return out
}

// span is the values of a partition whose key is not null, at places [at, at+len), and its whole extent.
type span[T any] struct {
	vals               []T
	at, from, to       int
	lo, hi             []uint32 // of these places
	openLeft, openNext bool     // the frame reaches to the partition's first row, to its last
}

// each calls fn for the values of every partition and sets the frames of its nulls. Frames whose bound is open are set already.
func each[T any](w *ranger, vals []T, fn func(*span[T]) error) error {
	f := &w.b.frame
	for g := range w.c.partitions() {
		s, e := int(w.c.starts[g]), int(w.c.starts[g+1])
		first, last := s, e // of the values
		for first < e && w.valid != nil && !bitmap.Get(w.valid, first) {
			first++
		}
		for last > first && w.valid != nil && !bitmap.Get(w.valid, last-1) {
			last--
		}
		sp := span[T]{vals: vals[first:last], at: first, from: s, to: e, lo: w.b.lo[first:last], hi: w.b.hi[first:last]}
		sp.openLeft = f.From == any(expr.UnboundedPreceding)
		sp.openNext = f.To == any(expr.UnboundedFollowing)
		w.nulls(s, first, &sp.openLeft, &sp.openNext, s, e)
		w.nulls(last, e, &sp.openLeft, &sp.openNext, s, e)
		for i := range sp.lo {
			sp.lo[i], sp.hi[i] = uint32(s), uint32(e)
		}
		if len(sp.vals) == 0 {
			continue
		}
		if err := fn(&sp); err != nil {
			return err
		}
	}
	return nil
}

// nulls sets the frames of places [a, b), whose keys are null.
func (w *ranger) nulls(a, b int, openLeft, openNext *bool, s, e int) {
	lo, hi := uint32(a), uint32(b)
	if *openLeft {
		lo = uint32(s)
	}
	if *openNext {
		hi = uint32(e)
	}
	for p := a; p < b; p++ {
		w.b.lo[p], w.b.hi[p] = lo, hi
	}
}

// ints are frames over integers and times: the bounds as distances in the key's unit, the nearer one where they are no whole number.
func (w *ranger) ints(t arrow.DataType) func(*span[int64]) error {
	from := distance(w.b.frame.From, t, true)
	to := distance(w.b.frame.To, t, false)
	return func(s *span[int64]) error {
		rangeInts(s, from, to, w.desc)
		return nil
	}
}

// distance is a bound in units of the key's type, rounded into the frame. Unbounded ends give 0, which nobody reads.
func distance(v any, t arrow.DataType, up bool) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case time.Duration:
		unit := nanos(t)
		q, r := int64(v)/unit, int64(v)%unit
		if r > 0 && up {
			q++
		}
		if r < 0 && !up {
			q--
		}
		return q
	}
	return 0
}

// nanos is the unit of a temporal type.
func nanos(t arrow.DataType) int64 {
	switch t := t.(type) {
	case *arrow.Date32Type:
		return int64(24 * time.Hour)
	case *arrow.Date64Type:
		return int64(time.Millisecond)
	case arrow.TemporalWithUnit:
		return int64(t.TimeUnit().Multiplier())
	}
	return 1
}

// addInts is a + b, held at the ends of int64; over says that it is beyond one: -1 below, 1 above.
func addInts(a, b int64) (sum int64, over int) {
	sum = a + b
	switch {
	case b > 0 && sum < a:
		return math.MaxInt64, 1
	case b < 0 && sum > a:
		return math.MinInt64, -1
	}
	return sum, 0
}

// rangeInts moves both ends along. In descending order all is mirrored: the value −x of each x (as ^x, whose order is the same and
// which never overflows) ascends.
func rangeInts(s *span[int64], from, to int64, desc bool) {
	vals := s.vals
	flip := int64(0)
	if desc {
		flip = -1
	}
	lo, hi := 0, 0
	for i, x := range vals {
		x ^= flip
		if !s.openLeft {
			bound, over := addInts(x, from)
			for lo < len(vals) && (vals[lo]^flip < bound || over > 0) {
				lo++
			}
			s.lo[i] = uint32(s.at + lo)
		}
		if !s.openNext {
			bound, over := addInts(x, to)
			for hi < len(vals) && vals[hi]^flip <= bound && over >= 0 {
				hi++
			}
			s.hi[i] = uint32(s.at + hi)
		}
		s.hi[i] = max(s.hi[i], s.lo[i])
	}
}

// uints shifts uint64 values into the middle of 128 bits: see wide.
func (w *ranger) uints() func(*span[uint64]) error {
	from, to := distance(w.b.frame.From, nil, true), distance(w.b.frame.To, nil, false)
	return func(s *span[uint64]) error {
		lo, hi := 0, 0
		vals := s.vals
		flip := uint64(0)
		if w.desc {
			flip = math.MaxUint64
		}
		for i, x := range vals {
			x ^= flip
			if !s.openLeft {
				bound, over := addUints(x, from)
				for lo < len(vals) && (vals[lo]^flip < bound || over > 0) {
					lo++
				}
				s.lo[i] = uint32(s.at + lo)
			}
			if !s.openNext {
				bound, over := addUints(x, to)
				for hi < len(vals) && vals[hi]^flip <= bound && over >= 0 {
					hi++
				}
				s.hi[i] = uint32(s.at + hi)
			}
			s.hi[i] = max(s.hi[i], s.lo[i])
		}
		return nil
	}
}

func addUints(a uint64, b int64) (sum uint64, over int) {
	sum = a + uint64(b)
	switch {
	case b > 0 && sum < a:
		return math.MaxUint64, 1
	case b < 0 && sum > a:
		return 0, -1
	}
	return sum, 0
}

// floats are frames over floats in their total order, NaN above all.
func (w *ranger) floats() func(*span[float64]) error {
	from, to := number(w.b.frame.From), number(w.b.frame.To)
	if w.desc {
		from, to = -from, -to
	}
	return func(s *span[float64]) error {
		lo, hi := 0, 0
		vals := s.vals
		for i, x := range vals {
			if !s.openLeft {
				for bound := x + from; lo < len(vals) && before(vals[lo], bound, w.desc); lo++ {
				}
				s.lo[i] = uint32(s.at + lo)
			}
			if !s.openNext {
				for bound := x + to; hi < len(vals) && !before(bound, vals[hi], w.desc); hi++ {
				}
				s.hi[i] = uint32(s.at + hi)
			}
			s.hi[i] = max(s.hi[i], s.lo[i])
		}
		return nil
	}
}

// before says whether a stands before b in the order.
func before(a, b float64, desc bool) bool {
	if desc {
		a, b = b, a
	}
	return a < b || b != b && a == a
}

func number(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

// decimals are frames over decimals, computed in 256 bits.
func (w *ranger) decimals(t arrow.DataType) func(*span[wide]) error {
	scale := t.(arrow.DecimalType).GetScale()
	from, to := scaled(number(w.b.frame.From), scale, true), scaled(number(w.b.frame.To), scale, false)
	return func(s *span[wide]) error {
		lo, hi := 0, 0
		vals := s.vals
		flip := uint64(0)
		if w.desc {
			flip = math.MaxUint64
		}
		for i := range vals { // values are this span's own: they are mirrored in place
			vals[i].xor(flip)
		}
		for i, x := range vals {
			if !s.openLeft {
				bound := x
				bound.add(&from)
				for lo < len(vals) && vals[lo].less(&bound) {
					lo++
				}
				s.lo[i] = uint32(s.at + lo)
			}
			if !s.openNext {
				bound := x
				bound.add(&to)
				for hi < len(vals) && !bound.less(&vals[hi]) {
					hi++
				}
				s.hi[i] = uint32(s.at + hi)
			}
			s.hi[i] = max(s.hi[i], s.lo[i])
		}
		return nil
	}
}

// scaled is a distance as the integer of a decimal of the scale, rounded into the frame: the float's shortest text counts, so that
// 0.1 is a tenth.
func scaled(x float64, scale int32, up bool) wide {
	const limit = 1e78 // beyond all decimals
	x = min(max(x, -limit), limit)
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'g', -1, 64))
	if !ok {
		return wide{}
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, -scale))), nil)
	if scale >= 0 {
		r.Mul(r, new(big.Rat).SetInt(ten))
	} else {
		r.Quo(r, new(big.Rat).SetInt(ten))
	}
	q, m := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int)) // rounds down
	if up && m.Sign() != 0 {
		q.Add(q, big.NewInt(1))
	}
	return wideOf(q)
}
