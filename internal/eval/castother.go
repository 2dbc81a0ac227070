package eval

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// fromHalf and toHalf go by way of float32.
func fromHalf(to arrow.DataType) caster {
	var next caster
	if to.ID() != arrow.FLOAT32 {
		next = castNumber(arrow.PrimitiveTypes.Float32, to)
	}
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		wide := x.out(arrow.PrimitiveTypes.Float32)
		dst := vec.Of[float32](wide)
		for i, h := range vec.Of[uint16](a) {
			dst[i] = float16.FromBits(h).Float32()
		}
		if next == nil {
			return wide, nil
		}
		return next(x, wide, live)
	}
}

func toHalf(from arrow.DataType) caster {
	first, _ := casterOf(from, arrow.PrimitiveTypes.Float32)
	if first == nil {
		return nil
	}
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		wide, bad := first(x, a, live)
		out := x.out(arrow.FixedWidthTypes.Float16)
		dst := vec.Of[uint16](out)
		for i, v := range vec.Of[float32](wide) {
			h := float16.New(v)
			dst[i] = h.Uint16()
			if h.IsInf() && !math.IsInf(float64(v), 0) && (live == nil || bitmap.Get(live, i)) {
				bad = x.mark(bad, i)
			}
		}
		return out, bad
	}
}

// mark sets bit i of a bitmap that is made when first needed.
func (x *state) mark(bad []uint64, i int) []uint64 {
	if bad == nil {
		bad = x.s.Bits(x.n)
		clear(bad)
	}
	bitmap.Set(bad, i)
	return bad
}

// castDecimal converts between decimals and numbers, exactly or not at all, but for the rounding that floats bring.
func castDecimal(from, to arrow.DataType, f, t family) caster {
	read, write := decimalReader(from, f), decimalWriter(to, t)
	if read == nil || write == nil {
		return nil
	}
	if f == decimalFamily && t == decimalFamily {
		a, b := from.(arrow.DecimalType), to.(arrow.DecimalType)
		fp, _, _ := vec.PhysOf(from)
		tp, _, _ := vec.PhysOf(to)
		if fp == tp && a.GetScale() == b.GetScale() && a.GetPrecision() <= b.GetPrecision() {
			return func(x *state, v *vec.Vec, _ []uint64) (*vec.Vec, []uint64) {
				out := x.vec()
				*out = *v
				out.Type = to
				return out, nil
			}
		}
	}
	var z big.Int
	one := func(out *vec.Vec, i int, a *vec.Vec) bool {
		scale, ok := read(&z, a, i)
		return ok && write(out, i, &z, scale)
	}
	if quick := quickDecimal(from, to, f, t, one); quick != nil {
		return quick
	}
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		out := x.out(to)
		var bad []uint64
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			if !one(out, i, a) {
				bad = x.mark(bad, i)
			}
		}
		return out, bad
	}
}

// quickDecimal returns the casts that do most values without big integers, and the others with one; nil for other types.
func quickDecimal(from, to arrow.DataType, f, t family, one func(out *vec.Vec, i int, a *vec.Vec) bool) caster {
	fp, _, _ := vec.PhysOf(from)
	tp, _, _ := vec.PhysOf(to)
	switch {
	case fp == vec.Dec128 && tp == vec.Float64:
		return castDecFloat(from, func(out *vec.Vec, i int, a *vec.Vec) { one(out, i, a) })
	case tp == vec.Dec128 && (fp == vec.Dec128 || f == intFamily && fp != vec.Uint64):
		up := scaleOf(to) - scaleOf(from)
		if up < 0 || up > 18 {
			return nil
		}
		return castToDec(to, pow10(up).Int64(), one)
	}
	return nil
}

// decimalReader returns what sets z to a value as an unscaled integer and its scale; false where it has none (NaN).
func decimalReader(from arrow.DataType, f family) func(z *big.Int, v *vec.Vec, i int) (int32, bool) {
	p, _, _ := vec.PhysOf(from)
	switch f {
	case decimalFamily:
		scale := scaleOf(from)
		return func(z *big.Int, v *vec.Vec, i int) (int32, bool) { bigAt(z, v, i); return scale, true }
	case boolFamily:
		return func(z *big.Int, v *vec.Vec, i int) (int32, bool) {
			z.SetInt64(0)
			if bitmap.Get(v.Bits(), i) {
				z.SetInt64(1)
			}
			return 0, true
		}
	case intFamily:
		return func(z *big.Int, v *vec.Vec, i int) (int32, bool) {
			if s, u, signed := intAt(v, i); signed {
				z.SetInt64(s)
			} else {
				z.SetUint64(u)
			}
			return 0, true
		}
	case floatFamily:
		bits := 64
		if p == vec.Float32 {
			bits = 32
		} else if p != vec.Float64 {
			return nil
		}
		return func(z *big.Int, v *vec.Vec, i int) (int32, bool) {
			f := floatAt(v, i)
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return 0, false
			}
			return decimalText(z, strconv.FormatFloat(f, 'e', -1, bits))
		}
	}
	return nil
}

// decimalText sets z to the digits of a number in decimal or exponent notation and returns its scale, which may be negative.
func decimalText(z *big.Int, s string) (scale int32, ok bool) {
	mantissa, exp := s, 0
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		var err error
		if exp, err = strconv.Atoi(s[at+1:]); err != nil || exp > 1000 || exp < -1000 {
			return 0, false
		}
		mantissa = s[:at]
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits := whole + frac
	if strings.Trim(digits, "+-0123456789") != "" || strings.ContainsAny(digits[min(1, len(digits)):], "+-") || len(digits) > 400 {
		return 0, false
	}
	if _, ok := z.SetString(digits, 10); !ok {
		return 0, false
	}
	return int32(len(frac) - exp), true
}

// rescale brings z from one scale to another; false where digits would be lost.
func rescale(z *big.Int, from, to int32) bool {
	switch {
	case z.Sign() == 0:
		return true
	case to > from:
		z.Mul(z, pow10(to-from))
	case to < from:
		var r big.Int
		z.QuoRem(z, pow10(from-to), &r)
		return r.Sign() == 0
	}
	return true
}

func decimalWriter(to arrow.DataType, t family) func(out *vec.Vec, i int, z *big.Int, scale int32) bool {
	p, _, _ := vec.PhysOf(to)
	switch t {
	case decimalFamily:
		d := to.(arrow.DecimalType)
		limit, want := pow10(d.GetPrecision()), d.GetScale()
		return func(out *vec.Vec, i int, z *big.Int, scale int32) bool {
			if !rescale(z, scale, want) || z.CmpAbs(limit) >= 0 {
				return false
			}
			putBig(out, i, z)
			return true
		}
	case intFamily:
		return func(out *vec.Vec, i int, z *big.Int, scale int32) bool {
			if !rescale(z, scale, 0) {
				return false
			}
			return putInt(out, i, z)
		}
	case floatFamily:
		return func(out *vec.Vec, i int, z *big.Int, scale int32) bool {
			f, _ := strconv.ParseFloat(z.String()+"e"+strconv.Itoa(int(-scale)), 64)
			switch p {
			case vec.Float64:
				vec.Of[float64](out)[i] = f
			case vec.Float32:
				vec.Of[float32](out)[i] = float32(f)
			default:
				h := float16.New(float32(f))
				vec.Of[uint16](out)[i] = h.Uint16()
				return !h.IsInf()
			}
			return true
		}
	case boolFamily:
		return func(out *vec.Vec, i int, z *big.Int, _ int32) bool {
			bitmap.SetTo(out.Bits(), i, z.Sign() != 0)
			return true
		}
	}
	return nil
}

// intAt is an integer value of any kind.
func intAt(v *vec.Vec, i int) (s int64, u uint64, signed bool) {
	switch v.Phys {
	case vec.Int8:
		return int64(vec.Of[int8](v)[i]), 0, true
	case vec.Int16:
		return int64(vec.Of[int16](v)[i]), 0, true
	case vec.Int32:
		return int64(vec.Of[int32](v)[i]), 0, true
	case vec.Int64:
		return vec.Of[int64](v)[i], 0, true
	case vec.Uint8:
		return 0, uint64(vec.Of[uint8](v)[i]), false
	case vec.Uint16:
		return 0, uint64(vec.Of[uint16](v)[i]), false
	case vec.Uint32:
		return 0, uint64(vec.Of[uint32](v)[i]), false
	}
	return 0, vec.Of[uint64](v)[i], false
}

// putInt stores z as an integer of the column's kind; false where it does not fit.
func putInt(v *vec.Vec, i int, z *big.Int) bool {
	signed := v.Phys <= vec.Int64
	bits := v.Width * 8
	if signed && !z.IsInt64() || !signed && !z.IsUint64() {
		return false
	}
	u := z.Uint64()
	if signed {
		s := z.Int64()
		if s>>(bits-1) != 0 && s>>(bits-1) != -1 {
			return false
		}
		u = uint64(s)
	} else if bits < 64 && u>>bits != 0 {
		return false
	}
	for k := range v.Width {
		v.Data[i*v.Width+k] = byte(u >> (8 * k))
	}
	return true
}

// castBinary is between binary and binary of fixed size, whose length must be right.
func castBinary(from, to arrow.DataType) caster {
	_, w, _ := vec.PhysOf(to)
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		if to.ID() == arrow.BINARY {
			wr := x.newText(to, nil)
			for i := range x.n {
				wr.put(i, a.Data[i*a.Width:(i+1)*a.Width])
			}
			return wr.done(), nil
		}
		out := x.out(to)
		var bad []uint64
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			var s []byte
			if a.Phys == vec.Fixed {
				s = a.Data[i*a.Width : (i+1)*a.Width]
			} else {
				s = vec.Of[vec.ViewHeader](a)[i].Value(a.Bufs)
			}
			if len(s) != w {
				bad = x.mark(bad, i)
				continue
			}
			copy(out.Data[i*w:], s)
		}
		return out, bad
	}
}

// castNested converts the elements of lists, and the fields of structs by their places.
func castNested(from, to arrow.DataType) (caster, error) {
	if f, ok := from.(*arrow.StructType); ok {
		t, ok := to.(*arrow.StructType)
		if !ok || t.NumFields() != f.NumFields() {
			return nil, nil
		}
		return castStruct(f, t)
	}
	f, ok1 := from.(arrow.ListLikeType)
	t, ok2 := to.(arrow.ListLikeType)
	if !ok1 || !ok2 {
		return nil, nil
	}
	elem, err := casterOf(f.Elem(), t.Elem())
	if elem == nil || err != nil {
		return nil, err
	}
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) { return x.castList(a, to, elem, live) }, nil
}

func (x *state) castList(a *vec.Vec, to arrow.DataType, elem caster, live []uint64) (*vec.Vec, []uint64) {
	rows := x.n
	child := x.decoded(&a.Child[0])
	// Only the elements of live rows count.
	x.n = child.Len
	alive := x.s.Bits(child.Len)
	clear(alive)
	for i := 0; i < rows; i++ {
		if live == nil || bitmap.Get(live, i) {
			bitmap.SetRange(alive, int(a.Offs[i]), int(a.Offs[i+1]))
		}
	}
	part, badElems := elem(x, child, x.both(alive, child.Valid))
	if part.Valid == nil {
		part.Valid = child.Valid
	}
	x.n = rows
	out := x.vec()
	*out = vec.Vec{Type: to, Phys: vec.List, Len: rows, Offs: a.Offs, Child: x.s.Vecs(1)}
	out.Child[0] = *part
	var bad []uint64
	if badElems != nil {
		for i := range rows {
			if at := bitmap.Next(badElems, int(a.Offs[i]), int(a.Offs[i+1])); at >= 0 {
				bad = x.mark(bad, i)
			}
		}
	}
	return out, bad
}

func castStruct(from, to *arrow.StructType) (caster, error) {
	fields := make([]caster, from.NumFields())
	for i := range fields {
		var err error
		if fields[i], err = casterOf(from.Field(i).Type, to.Field(i).Type); err != nil || fields[i] == nil {
			return nil, err
		}
	}
	return func(x *state, a *vec.Vec, live []uint64) (*vec.Vec, []uint64) {
		out := x.vec()
		*out = vec.Vec{Type: to, Phys: vec.Struct, Len: x.n, Child: x.s.Vecs(len(fields))}
		var bad []uint64
		for i, c := range fields {
			child := x.decoded(&a.Child[i])
			part, wrong := c(x, child, x.both(live, child.Valid))
			if part.Valid == nil {
				part.Valid = child.Valid
			}
			out.Child[i] = *part
			if wrong != nil && bad == nil {
				bad = wrong
			} else if wrong != nil {
				bitmap.Or(bad, bad, wrong)
			}
		}
		return out, bad
	}, nil
}
