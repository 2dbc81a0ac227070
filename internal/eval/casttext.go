package eval

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

// toText writes values as text: numbers in their shortest form that reads back the same (floats always with a point or exponent), bools as
// true and false, times in ISO 8601 with a space, in the column's zone with its offset; binary must be UTF-8.
func toText(from arrow.DataType, f family) (caster, error) {
	if f == binaryFamily {
		return binaryToText(from), nil
	}
	write, err := textOf(from, f)
	if write == nil || err != nil {
		return nil, err
	}
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		w := x.newText(arrow.BinaryTypes.String, nil)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			x.tmp = write(x.tmp[:0], a, i)
			w.put(i, x.tmp)
		}
		return w.done(), nil
	}, nil
}

func textOf(from arrow.DataType, f family) (func(b []byte, v *vec.Vec, i int) []byte, error) {
	switch f {
	case intFamily:
		return func(b []byte, v *vec.Vec, i int) []byte {
			s, u, signed := intAt(v, i)
			if signed {
				return strconv.AppendInt(b, s, 10)
			}
			return strconv.AppendUint(b, u, 10)
		}, nil
	case floatFamily:
		bits := 64
		if from.ID() == arrow.FLOAT32 {
			bits = 32
		} else if from.ID() == arrow.FLOAT16 {
			return nil, nil
		}
		return func(b []byte, v *vec.Vec, i int) []byte { return appendFloat(b, floatAt(v, i), bits) }, nil
	case boolFamily:
		return func(b []byte, v *vec.Vec, i int) []byte { return strconv.AppendBool(b, bitmap.Get(v.Bits(), i)) }, nil
	case decimalFamily:
		scale := scaleOf(from)
		var z big.Int
		return func(b []byte, v *vec.Vec, i int) []byte { bigAt(&z, v, i); return appendDecimal(b, &z, scale) }, nil
	case timeFamily:
		return timeText(from)
	}
	return nil, nil
}

// appendFloat writes 1.0, 0.1, 1e+16, inf, nan.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case f != f:
		return append(b, "nan"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	}
	if m := math.Abs(f); m != 0 && (m < 1e-4 || m >= 1e16) {
		return strconv.AppendFloat(b, f, 'e', -1, bits)
	}
	from := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, bits)
	if bytes.IndexByte(b[from:], '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}

func appendDecimal(b []byte, z *big.Int, scale int32) []byte {
	if z.Sign() < 0 {
		b = append(b, '-')
	}
	digits := new(big.Int).Abs(z).String()
	if scale < 0 && z.Sign() != 0 {
		b = append(b, digits...)
		for range -scale {
			b = append(b, '0')
		}
		return b
	}
	for len(digits) <= int(scale) {
		digits = "0" + digits
	}
	point := len(digits) - int(max(scale, 0))
	b = append(b, digits[:point]...)
	if scale > 0 {
		b = append(append(b, '.'), digits[point:]...)
	}
	return b
}

func timeText(from arrow.DataType) (func(b []byte, v *vec.Vec, i int) []byte, error) {
	loc, err := locationOf(from)
	if err != nil {
		return nil, err
	}
	unit := unitOf(from)
	at := func(v *vec.Vec, i int) int64 {
		s, _, _ := intAt(&vec.Vec{Phys: v.Phys, Data: v.Data, Len: v.Len}, i)
		return s
	}
	layout := "2006-01-02"
	switch t := from.(type) {
	case *arrow.DurationType:
		per := t.Unit.Multiplier()
		return func(b []byte, v *vec.Vec, i int) []byte {
			if ticks := at(v, i); !kernel.MulOverflows(ticks, int64(per)) {
				return append(b, (time.Duration(ticks) * per).String()...)
			}
			return append(strconv.AppendInt(b, at(v, i)/int64(time.Second/per), 10), 's')
		}, nil
	case *arrow.TimestampType:
		layout = "2006-01-02 15:04:05.999999999"
		if t.TimeZone != "" {
			layout += "Z07:00"
		}
	case *arrow.Time32Type, *arrow.Time64Type:
		layout = "15:04:05.999999999"
	}
	if from.ID() == arrow.TIMESTAMP && layout[len(layout)-1] == '0' {
		layout = layout[:len(layout)-6] + "-07:00"
	}
	return func(b []byte, v *vec.Vec, i int) []byte { return timeOf(at(v, i), unit, loc).AppendFormat(b, layout) }, nil
}

func binaryToText(from arrow.DataType) caster {
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		var bad []uint64
		if a.Phys == vec.Fixed {
			w := x.newText(arrow.BinaryTypes.String, nil)
			for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
				s := a.Data[i*a.Width : (i+1)*a.Width]
				if !utf8.Valid(s) {
					bad = x.mark(bad, i)
					continue
				}
				w.put(i, s)
			}
			return w.done(), bad
		}
		out := x.vec()
		*out = *a
		out.Type = arrow.BinaryTypes.String
		heads := vec.Of[vec.ViewHeader](a)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			if !utf8.Valid(heads[i].Value(a.Bufs)) {
				bad = x.mark(bad, i)
			}
		}
		return out, bad
	}
}

// fromText reads values; spaces around them do not count.
func fromText(to arrow.DataType, t family) (caster, error) {
	if t == binaryFamily {
		if to.ID() == arrow.BINARY {
			return func(x *state, a *vec.Vec, _ []uint64) (*vec.Vec, []uint64) {
				out := x.vec()
				*out = *a
				out.Type = to
				return out, nil
			}, nil
		}
		return castBinary(arrow.BinaryTypes.Binary, to), nil
	}
	read, err := textReader(to, t)
	if read == nil || err != nil {
		return nil, err
	}
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		out := x.out(to)
		if out.Phys == vec.Bool {
			clear(out.Bits())
		}
		var bad []uint64
		heads := vec.Of[vec.ViewHeader](a)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			if !read(out, i, bytes.TrimSpace(heads[i].Value(a.Bufs))) {
				bad = x.mark(bad, i)
			}
		}
		return out, bad
	}, nil
}

// textReader returns what stores a text as row i; false where it is no value of the type.
func textReader(to arrow.DataType, t family) (func(out *vec.Vec, i int, s []byte) bool, error) {
	p, w, _ := vec.PhysOf(to)
	switch t {
	case intFamily:
		return intReader(p, w), nil
	case floatFamily:
		bits := w * 8
		if bits < 32 {
			return nil, nil
		}
		return func(out *vec.Vec, i int, s []byte) bool {
			f, err := strconv.ParseFloat(text(s), bits)
			if err != nil || bytes.IndexByte(s, '_') >= 0 || bytes.ContainsAny(s, "xX") {
				return false
			}
			if bits == 32 {
				vec.Of[float32](out)[i] = float32(f)
			} else {
				vec.Of[float64](out)[i] = f
			}
			return true
		}, nil
	case boolFamily:
		return func(out *vec.Vec, i int, s []byte) bool {
			b, ok := boolWords[string(bytes.ToLower(s))]
			bitmap.SetTo(out.Bits(), i, b)
			return ok
		}, nil
	case decimalFamily:
		write := decimalWriter(to, t)
		var z big.Int
		return func(out *vec.Vec, i int, s []byte) bool {
			scale, ok := decimalText(&z, string(s))
			return ok && write(out, i, &z, scale)
		}, nil
	case timeFamily:
		return timeReader(to)
	}
	return nil, nil
}

var boolWords = map[string]bool{"true": true, "t": true, "1": true, "yes": true, "y": true, "false": false, "f": false, "0": false, "no": false, "n": false}

func intReader(p vec.Phys, w int) func(out *vec.Vec, i int, s []byte) bool {
	signed := p <= vec.Int64
	bits := w * 8
	return func(out *vec.Vec, i int, s []byte) bool {
		neg, u, ok := parseInt(s)
		top := ^uint64(0) >> (64 - bits)
		if signed {
			top >>= 1
			if neg {
				top++
			}
		}
		if !ok || u > top || neg && !signed && u != 0 {
			return false
		}
		if neg {
			u = -u
		}
		switch w {
		case 1:
			vec.Of[uint8](out)[i] = uint8(u)
		case 2:
			vec.Of[uint16](out)[i] = uint16(u)
		case 4:
			vec.Of[uint32](out)[i] = uint32(u)
		default:
			vec.Of[uint64](out)[i] = u
		}
		return true
	}
}

// parseInt reads a sign and digits of at most 64 bits.
func parseInt(s []byte) (neg bool, u uint64, ok bool) {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if len(s) == 0 {
		return neg, 0, false
	}
	for _, c := range s {
		d := uint64(c - '0')
		if d > 9 || u > math.MaxUint64/10 || u*10 > math.MaxUint64-d {
			return neg, 0, false
		}
		u = u*10 + d
	}
	return neg, u, true
}

func timeReader(to arrow.DataType) (func(out *vec.Vec, i int, s []byte) bool, error) {
	unit := unitOf(to)
	per := unit.PerSecond()
	switch t := to.(type) {
	case *arrow.Date32Type:
		return func(out *vec.Vec, i int, s []byte) bool {
			d, rest, ok := parseDate(s)
			vec.Of[int32](out)[i] = int32(d)
			return ok && len(rest) == 0
		}, nil
	case *arrow.Date64Type:
		return func(out *vec.Vec, i int, s []byte) bool {
			d, rest, ok := parseDate(s)
			vec.Of[int64](out)[i] = d * unit.PerDay()
			return ok && len(rest) == 0
		}, nil
	case *arrow.Time32Type, *arrow.Time64Type:
		return func(out *vec.Vec, i int, s []byte) bool {
			v, rest, ok := parseClock(s, per)
			if out.Phys == vec.Int32 {
				vec.Of[int32](out)[i] = int32(v)
			} else {
				vec.Of[int64](out)[i] = v
			}
			return ok && len(rest) == 0
		}, nil
	case *arrow.TimestampType:
		z, err := zoneOf(t)
		if err != nil {
			return nil, err
		}
		return func(out *vec.Vec, i int, s []byte) bool {
			v, ok := parseTimestamp(s, per, z, t.TimeZone != "")
			vec.Of[int64](out)[i] = v
			return ok
		}, nil
	}
	return nil, nil
}

// digits reads exactly n digits.
func digits(s []byte, n int) (v int64, rest []byte, ok bool) {
	if len(s) < n {
		return 0, s, false
	}
	for _, c := range s[:n] {
		if c < '0' || c > '9' {
			return 0, s, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, s[n:], true
}

// parseDate reads YYYY-MM-DD as days since 1970.
func parseDate(s []byte) (days int64, rest []byte, ok bool) {
	width := 4
	for width < len(s) && width < 6 && s[width] >= '0' && s[width] <= '9' {
		width++
	}
	y, s, ok1 := digits(s, width)
	if !ok1 || len(s) < 6 || s[0] != '-' || s[3] != '-' {
		return 0, s, false
	}
	m, _, ok2 := digits(s[1:], 2)
	d, rest, ok3 := digits(s[4:], 2)
	if !ok2 || !ok3 || m < 1 || m > 12 || d < 1 || d > kernel.MonthDays(y, uint32(m)) {
		return 0, s, false
	}
	return kernel.DaysOf(y, m, d), rest, true
}

// parseClock reads HH:MM, HH:MM:SS and fractions of a second as ticks; a fraction finer than a tick is none.
func parseClock(s []byte, per int64) (v int64, rest []byte, ok bool) {
	h, s, ok1 := digits(s, 2)
	if !ok1 || len(s) < 3 || s[0] != ':' {
		return 0, s, false
	}
	m, s, ok2 := digits(s[1:], 2)
	sec := int64(0)
	ok3 := true
	if len(s) > 0 && s[0] == ':' {
		sec, s, ok3 = digits(s[1:], 2)
	}
	if !ok2 || !ok3 || h > 23 || m > 59 || sec > 59 {
		return 0, s, false
	}
	v = (h*3600 + m*60 + sec) * per
	if len(s) > 1 && s[0] == '.' && s[1] >= '0' && s[1] <= '9' {
		s = s[1:]
		for scale := per; len(s) > 0 && s[0] >= '0' && s[0] <= '9'; s = s[1:] {
			d := int64(s[0] - '0')
			if scale /= 10; scale == 0 && d != 0 {
				return 0, s, false
			}
			v += d * scale
		}
	}
	return v, s, true
}

// parseTimestamp reads a date and, after T or a space, a time of day and an offset. Without an offset it is local time of the zone; a
// naive timestamp takes no offset but that of UTC.
func parseTimestamp(s []byte, per int64, z *zone, zoned bool) (int64, bool) {
	days, s, ok := parseDate(s)
	if !ok {
		return 0, false
	}
	clock, offset, has := int64(0), int64(0), false
	if len(s) > 0 {
		if s[0] != 'T' && s[0] != ' ' {
			return 0, false
		}
		if clock, s, ok = parseClock(s[1:], per); !ok {
			return 0, false
		}
		if offset, has, ok = parseOffset(bytes.TrimLeft(s, " ")); !ok {
			return 0, false
		}
	}
	day := 86400 * per
	at := days * day
	if kernel.MulOverflows(days, day) || at+clock < at {
		return 0, false
	}
	at += clock
	switch {
	case has && !zoned && offset != 0:
		return 0, false
	case has:
		return at - offset*per, true
	case z != nil:
		return z.instant(at), true
	}
	return at, true
}

// parseOffset reads nothing, Z, ±HH, ±HHMM or ±HH:MM as seconds.
func parseOffset(s []byte) (sec int64, has, ok bool) {
	if len(s) == 0 {
		return 0, false, true
	}
	if len(s) == 1 && (s[0] == 'Z' || s[0] == 'z') {
		return 0, true, true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, false, false
	}
	sign := int64(1)
	if s[0] == '-' {
		sign = -1
	}
	h, s, ok := digits(s[1:], 2)
	m := int64(0)
	if ok && len(s) > 0 {
		if s[0] == ':' {
			s = s[1:]
		}
		m, s, ok = digits(s, 2)
	}
	if !ok || len(s) > 0 || h > 23 || m > 59 {
		return 0, false, false
	}
	return sign * (h*3600 + m*60), true, true
}

// toTicks is an instant in ticks, its fraction of a tick dropped.
func toTicks(at time.Time, per int64) (int64, error) {
	sec := at.Unix()
	if kernel.MulOverflows(sec, per) {
		return 0, errors.New("the time is beyond what the timestamp's unit can hold")
	}
	return sec*per + int64(at.Nanosecond())/(1e9/per), nil
}
