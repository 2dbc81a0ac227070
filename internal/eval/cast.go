package eval

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

var casts = map[string]builder{
	"cast":     func(n *node) (runFunc, error) { return buildCast(n, false) },
	"try_cast": func(n *node) (runFunc, error) { return buildCast(n, true) },
}

// caster converts the x.n rows of a to another type. live is the rows that count, nil for all; bad marks those of them that the type cannot
// hold, nil for none. The result's validity is the caller's, unless the caster says otherwise by setting it.
type caster func(x *state, a *vec.Vec, live []uint64) (out *vec.Vec, bad []uint64)

func buildCast(n *node, try bool) (runFunc, error) {
	from, to := n.args[0].typ, n.typ
	if arrow.TypeEqual(from, to) {
		return func(x *state, act mask) (*vec.Vec, error) { return x.whole(n.args[0], act) }, nil
	}
	c, err := casterOf(from, to)
	if c == nil || err != nil {
		return nil, err
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out, bad := c(x, a, x.live(a.Valid, act))
		if out.Valid == nil {
			out.Valid = a.Valid
		}
		switch {
		case bad == nil:
		case try:
			out.Valid = x.except(out.Valid, bad)
		default:
			i := bitmap.Next(bad, 0, x.n)
			return nil, badValue(n.e, i, rowText(a, i), "the value cannot be cast from %s to %s", from, to)
		}
		return out, nil
	}, nil
}

func integer(p vec.Phys) bool { return p >= vec.Int8 && p <= vec.Uint64 }

// family groups types as casts see them.
type family uint8

const (
	otherFamily family = iota
	intFamily
	floatFamily
	boolFamily
	decimalFamily
	textFamily
	binaryFamily
	timeFamily // dates, times, timestamps, durations
)

func familyOf(t arrow.DataType) family {
	switch t.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return intFamily
	case arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64:
		return floatFamily
	case arrow.BOOL:
		return boolFamily
	case arrow.DECIMAL128, arrow.DECIMAL256:
		return decimalFamily
	case arrow.STRING:
		return textFamily
	case arrow.BINARY, arrow.FIXED_SIZE_BINARY:
		return binaryFamily
	case arrow.DATE32, arrow.DATE64, arrow.TIME32, arrow.TIME64, arrow.TIMESTAMP, arrow.DURATION:
		return timeFamily
	}
	return otherFamily
}

// casterOf returns the conversion between two different types, nil where there is none.
func casterOf(from, to arrow.DataType) (caster, error) {
	if arrow.TypeEqual(from, to) {
		return func(x *state, a *vec.Vec, _ []uint64) (*vec.Vec, []uint64) { return a, nil }, nil
	}
	if from.ID() == arrow.NULL {
		return func(x *state, a *vec.Vec, _ []uint64) (*vec.Vec, []uint64) { return x.nulls(to), nil }, nil
	}
	f, t := familyOf(from), familyOf(to)
	switch {
	case t == textFamily:
		return toText(from, f)
	case f == textFamily:
		return fromText(to, t)
	case f == timeFamily && t == timeFamily:
		return betweenTimes(from, to)
	case f == decimalFamily || t == decimalFamily:
		return castDecimal(from, to, f, t), nil
	case f == binaryFamily && t == binaryFamily:
		return castBinary(from, to), nil
	case t == boolFamily && f != otherFamily:
		return toBool(from), nil
	case f == boolFamily:
		return fromBool(to), nil
	case f == otherFamily || t == otherFamily:
		return castNested(from, to)
	}
	return castNumber(from, to), nil
}

// lanes is a conversion of the rows lo … hi-1; true where one of them does not fit.
type lanes func(out, in *vec.Vec, lo, hi int) bool

// run converts all rows, and looks at each where one does not fit.
func (conv lanes) caster(to arrow.DataType) caster {
	if conv == nil {
		return nil
	}
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		out := x.out(to)
		if !conv(out, a, 0, x.n) {
			return out, nil
		}
		bad, some := x.s.Bits(x.n), false
		clear(bad)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			if conv(out, a, i, i+1) {
				bitmap.Set(bad, i)
				some = true
			}
		}
		if !some {
			return out, nil
		}
		return out, bad
	}
}

// castNumber is between integers, floats, and the integers below times.
func castNumber(from, to arrow.DataType) caster {
	fp, _, _ := vec.PhysOf(from)
	tp, _, _ := vec.PhysOf(to)
	switch {
	case fp == vec.Float16:
		return fromHalf(to)
	case tp == vec.Float16:
		return toHalf(from)
	case fp == tp: // an integer and a time of its width
		return func(x *state, a *vec.Vec, _ []uint64) (*vec.Vec, []uint64) {
			out := x.vec()
			*out = *a
			out.Type = to
			return out, nil
		}
	}
	switch fp {
	case vec.Int8:
		return intTo[int8](tp).caster(to)
	case vec.Int16:
		return intTo[int16](tp).caster(to)
	case vec.Int32:
		return intTo[int32](tp).caster(to)
	case vec.Int64:
		return intTo[int64](tp).caster(to)
	case vec.Uint8:
		return intTo[uint8](tp).caster(to)
	case vec.Uint16:
		return intTo[uint16](tp).caster(to)
	case vec.Uint32:
		return intTo[uint32](tp).caster(to)
	case vec.Uint64:
		return intTo[uint64](tp).caster(to)
	case vec.Float32:
		return floatTo[float32](tp).caster(to)
	case vec.Float64:
		return floatTo[float64](tp).caster(to)
	}
	return nil
}

func intTo[S kernel.Int](to vec.Phys) lanes {
	switch to {
	case vec.Int8:
		return intInt[int8, S]
	case vec.Int16:
		return intInt[int16, S]
	case vec.Int32:
		return intInt[int32, S]
	case vec.Int64:
		return intInt[int64, S]
	case vec.Uint8:
		return intInt[uint8, S]
	case vec.Uint16:
		return intInt[uint16, S]
	case vec.Uint32:
		return intInt[uint32, S]
	case vec.Uint64:
		return intInt[uint64, S]
	case vec.Float32:
		return convert[float32, S]
	case vec.Float64:
		return convert[float64, S]
	}
	return nil
}

func intInt[D, S kernel.Int](out, in *vec.Vec, lo, hi int) bool {
	return kernel.ConvertInt(vec.Of[D](out)[lo:hi], vec.Of[S](in)[lo:hi])
}

func convert[D, S kernel.Number](out, in *vec.Vec, lo, hi int) bool {
	kernel.Convert(vec.Of[D](out)[lo:hi], vec.Of[S](in)[lo:hi])
	return false
}

func floatTo[S kernel.Float](to vec.Phys) lanes {
	switch to {
	case vec.Int8:
		return floatInt[int8, S](-1<<7, 1<<7)
	case vec.Int16:
		return floatInt[int16, S](-1<<15, 1<<15)
	case vec.Int32:
		return floatInt[int32, S](-1<<31, 1<<31)
	case vec.Int64:
		return floatInt[int64, S](-1<<63, 1<<63)
	case vec.Uint8:
		return floatInt[uint8, S](0, 1<<8)
	case vec.Uint16:
		return floatInt[uint16, S](0, 1<<16)
	case vec.Uint32:
		return floatInt[uint32, S](0, 1<<32)
	case vec.Uint64:
		return floatInt[uint64, S](0, 1<<64)
	case vec.Float64:
		return convert[float64, S]
	case vec.Float32:
		return narrowFloat[S]
	}
	return nil
}

func floatInt[D kernel.Int, S kernel.Float](least, most float64) lanes {
	return func(out, in *vec.Vec, lo, hi int) bool {
		return kernel.FloatToInt(vec.Of[D](out)[lo:hi], vec.Of[S](in)[lo:hi], least, most)
	}
}

// narrowFloat rounds to float32; a number that becomes infinite does not fit.
func narrowFloat[S kernel.Float](out, in *vec.Vec, lo, hi int) bool {
	dst, bad := vec.Of[float32](out)[lo:hi], false
	for i, v := range vec.Of[S](in)[lo:hi] {
		dst[i] = float32(v)
		bad = bad || math.IsInf(float64(dst[i]), 0) && !math.IsInf(float64(v), 0)
	}
	return bad
}

// toBool is true for all but zero.
func toBool(from arrow.DataType) caster {
	p, w, _ := vec.PhysOf(from)
	if !integer(p) && p != vec.Float32 && p != vec.Float64 && !isDecimal(p) {
		if p != vec.Float16 {
			return nil
		}
	}
	return func(x *state, a *vec.Vec, _ []uint64) (*vec.Vec, []uint64) {
		out := x.out(arrow.FixedWidthTypes.Boolean)
		dst := out.Bits()
		clear(dst)
		for i := range x.n {
			var or byte
			for k, b := range a.Data[i*w : (i+1)*w] {
				if k == w-1 && (p == vec.Float16 || p == vec.Float32 || p == vec.Float64) {
					b &= 0x7F // the sign: −0 is zero
				}
				or |= b
			}
			if or != 0 {
				bitmap.Set(dst, i)
			}
		}
		return out, nil
	}
}

func isDecimal(p vec.Phys) bool { return p == vec.Dec128 || p == vec.Dec256 }

// fromBool is 0 or 1.
func fromBool(to arrow.DataType) caster {
	p, _, _ := vec.PhysOf(to)
	fill := map[vec.Phys]func(out *vec.Vec, bits []uint64){
		vec.Int8: zeroOne[int8], vec.Int16: zeroOne[int16], vec.Int32: zeroOne[int32], vec.Int64: zeroOne[int64],
		vec.Uint8: zeroOne[uint8], vec.Uint16: zeroOne[uint16], vec.Uint32: zeroOne[uint32], vec.Uint64: zeroOne[uint64],
		vec.Float32: zeroOne[float32], vec.Float64: zeroOne[float64],
		vec.Float16: func(out *vec.Vec, bits []uint64) { kernel.SelectSS(vec.Of[uint16](out), bits, 0x3C00, 0) },
	}[p]
	if fill == nil {
		return nil
	}
	return func(x *state, a *vec.Vec, _ []uint64) (*vec.Vec, []uint64) {
		out := x.out(to)
		fill(out, a.Bits())
		return out, nil
	}
}

func zeroOne[T kernel.Number](out *vec.Vec, bits []uint64) {
	kernel.SelectSS(vec.Of[T](out), bits, 1, 0)
}
