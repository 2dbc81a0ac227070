package kernel

import "math/bits"

// AddFloatVV sets dst to a + b, for floats.
func AddFloatVV[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i] //gcassert:bce
	}
}

// AddFloatVS sets dst to a + x.
func AddFloatVS[T Float](dst, a []T, x T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + x //gcassert:bce
	}
}

// SubFloatVV sets dst to a − b.
func SubFloatVV[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i] //gcassert:bce
	}
}

// SubFloatSV sets dst to x − b.
func SubFloatSV[T Float](dst []T, x T, b []T) {
	b = b[:len(dst)]
	for i := range dst {
		dst[i] = x - b[i] //gcassert:bce
	}
}

// MulFloatVV sets dst to a × b.
func MulFloatVV[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i] //gcassert:bce
	}
}

// MulFloatVS sets dst to a × x.
func MulFloatVS[T Float](dst, a []T, x T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * x //gcassert:bce
	}
}

// DivFloatVV sets dst to a ÷ b.
func DivFloatVV[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / b[i] //gcassert:bce
	}
}

// DivFloatVS sets dst to a ÷ x.
func DivFloatVS[T Float](dst, a []T, x T) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / x //gcassert:bce
	}
}

// DivFloatSV sets dst to x ÷ b.
func DivFloatSV[T Float](dst []T, x T, b []T) {
	b = b[:len(dst)]
	for i := range dst {
		dst[i] = x / b[i] //gcassert:bce
	}
}

// The checked integer kernels return true where a lane overflowed; that lane holds the wrapped value. The sign bit of the accumulated
// word tells: a sum overflows where both operands differ from it in sign.

// AddSignedVV sets dst to a + b.
func AddSignedVV[T Signed](dst, a, b []T) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	var bad T
	for i := range dst {
		x, y := a[i], b[i] //gcassert:bce
		s := x + y
		bad |= (x ^ s) & (y ^ s)
		dst[i] = s //gcassert:bce
	}
	return bad < 0
}

// AddSignedVS sets dst to a + y. The lanes are in order if the least and the greatest are.
func AddSignedVS[T Signed](dst, a []T, y T) bool {
	a = a[:len(dst)]
	var bad T
	for i := range dst {
		x := a[i] //gcassert:bce
		s := x + y
		bad |= (x ^ s) & (y ^ s)
		dst[i] = s //gcassert:bce
	}
	return bad < 0
}

// SubSignedVV sets dst to a − b.
func SubSignedVV[T Signed](dst, a, b []T) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	var bad T
	for i := range dst {
		x, y := a[i], b[i] //gcassert:bce
		s := x - y
		bad |= (x ^ y) & (x ^ s)
		dst[i] = s //gcassert:bce
	}
	return bad < 0
}

// SubSignedVS sets dst to a − y.
func SubSignedVS[T Signed](dst, a []T, y T) bool {
	a = a[:len(dst)]
	var bad T
	for i := range dst {
		x := a[i] //gcassert:bce
		s := x - y
		bad |= (x ^ y) & (x ^ s)
		dst[i] = s //gcassert:bce
	}
	return bad < 0
}

// SubSignedSV sets dst to x − b.
func SubSignedSV[T Signed](dst []T, x T, b []T) bool {
	b = b[:len(dst)]
	var bad T
	for i := range dst {
		y := b[i] //gcassert:bce
		s := x - y
		bad |= (x ^ y) & (x ^ s)
		dst[i] = s //gcassert:bce
	}
	return bad < 0
}

// AddUnsignedVV sets dst to a + b.
func AddUnsignedVV[T Unsigned](dst, a, b []T) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	var bad uint64
	for i := range dst {
		s := a[i] + b[i]
		bad |= b2u(s < a[i])
		dst[i] = s //gcassert:bce
	}
	return bad != 0
}

// AddUnsignedVS sets dst to a + y.
func AddUnsignedVS[T Unsigned](dst, a []T, y T) bool {
	a = a[:len(dst)]
	var bad uint64
	for i := range dst {
		s := a[i] + y
		bad |= b2u(s < y)
		dst[i] = s //gcassert:bce
	}
	return bad != 0
}

// SubUnsignedVV sets dst to a − b.
func SubUnsignedVV[T Unsigned](dst, a, b []T) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	var bad uint64
	for i := range dst {
		bad |= b2u(a[i] < b[i])
		dst[i] = a[i] - b[i] //gcassert:bce
	}
	return bad != 0
}

// SubUnsignedVS sets dst to a − y.
func SubUnsignedVS[T Unsigned](dst, a []T, y T) bool {
	a = a[:len(dst)]
	var bad uint64
	for i := range dst {
		bad |= b2u(a[i] < y)
		dst[i] = a[i] - y
	}
	return bad != 0
}

// SubUnsignedSV sets dst to x − b.
func SubUnsignedSV[T Unsigned](dst []T, x T, b []T) bool {
	b = b[:len(dst)]
	var bad uint64
	for i := range dst {
		bad |= b2u(x < b[i])
		dst[i] = x - b[i] //gcassert:bce
	}
	return bad != 0
}

// MulNarrowVV sets dst to a × b for integers of up to 32 bits, whose products fit 64.
func MulNarrowVV[T ~int8 | ~int16 | ~int32 | ~uint8 | ~uint16](dst, a, b []T) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	var bad int64
	for i := range dst {
		p := int64(a[i]) * int64(b[i])
		dst[i] = T(p)
		bad |= p ^ int64(T(p))
	}
	return bad != 0
}

// MulUint32VV sets dst to a × b.
func MulUint32VV[T ~uint32](dst, a, b []T) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	var high uint64
	for i := range dst {
		p := uint64(a[i]) * uint64(b[i])
		dst[i] = T(p)
		high |= p >> 32
	}
	return high != 0
}

// MulInt64VV sets dst to a × b. Operands of 32 bits cannot overflow, so only where one is larger the exact test is made.
func MulInt64VV[T ~int64](dst, a, b []T) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	var wide uint64
	for i := range dst {
		x, y := a[i], b[i] //gcassert:bce
		wide |= (uint64(x) + 1<<31) | (uint64(y) + 1<<31)
		dst[i] = x * y //gcassert:bce
	}
	if wide>>32 == 0 {
		return false
	}
	// dst may be a or b, whose values are gone then; the product and one operand do not give the other back, so callers of the
	// exact test keep them apart.
	return true
}

// MulOverflows says whether x × y overflows int64.
func MulOverflows(x, y int64) bool {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
	return int64(hi) != int64(lo)>>63
}

// MulUint64VV sets dst to a × b.
func MulUint64VV[T ~uint64](dst, a, b []T) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	var high uint64
	for i := range dst {
		hi, lo := bits.Mul64(uint64(a[i]), uint64(b[i]))
		high |= hi
		dst[i] = T(lo)
	}
	return high != 0
}

// FloorDivSigned returns ⌊x ÷ y⌋ for y ≠ 0; the least value by −1 wraps.
func FloorDivSigned[T Signed](x, y T) T {
	q := x / y
	if x%y != 0 && (x < 0) != (y < 0) {
		q--
	}
	return q
}

// FloorModSigned returns x − y·⌊x ÷ y⌋ for y ≠ 0: it has the sign of y.
func FloorModSigned[T Signed](x, y T) T {
	r := x % y
	if r != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r
}

// FloorDivSignedVV sets dst to ⌊a ÷ b⌋ and zero's bit where b is 0; such lanes hold 0. It returns true where the least value met −1.
func FloorDivSignedVV[T Signed](dst, a, b []T, zero []uint64) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	clear(zero)
	overflow := false
	for i := range dst {
		x, y := a[i], b[i]
		if y == 0 {
			zero[i>>6] |= 1 << (uint(i) & 63)
			dst[i] = 0
			continue
		}
		overflow = overflow || y == -1 && x == -x && x != 0
		dst[i] = FloorDivSigned(x, y)
	}
	return overflow
}

// FloorModSignedVV sets dst to the remainder of FloorDivSignedVV.
func FloorModSignedVV[T Signed](dst, a, b []T, zero []uint64) {
	a, b = a[:len(dst)], b[:len(dst)]
	clear(zero)
	for i := range dst {
		x, y := a[i], b[i]
		if y == 0 {
			zero[i>>6] |= 1 << (uint(i) & 63)
			dst[i] = 0
			continue
		}
		dst[i] = FloorModSigned(x, y)
	}
}

// DivModUnsignedVV sets dst to a ÷ b, or to the remainder, and zero's bit where b is 0; such lanes hold 0.
func DivModUnsignedVV[T Unsigned](dst, a, b []T, zero []uint64, mod bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	clear(zero)
	for i := range dst {
		x, y := a[i], b[i]
		switch {
		case y == 0:
			zero[i>>6] |= 1 << (uint(i) & 63)
			dst[i] = 0
		case mod:
			dst[i] = x % y
		default:
			dst[i] = x / y
		}
	}
}

// MulNarrowVS sets dst to a × y.
func MulNarrowVS[T ~int8 | ~int16 | ~int32 | ~uint8 | ~uint16](dst, a []T, y T) bool {
	a = a[:len(dst)]
	var bad int64
	for i := range dst {
		p := int64(a[i]) * int64(y)
		dst[i] = T(p)
		bad |= p ^ int64(T(p))
	}
	return bad != 0
}

// MulInt64VS sets dst to a × y. The products are in order while a stays within the bounds that y leaves it.
func MulInt64VS[T ~int64](dst, a []T, y T) bool {
	a = a[:len(dst)]
	least, most := T(0), T(0)
	for i := range dst {
		x := a[i] //gcassert:bce
		least, most = min(least, x), max(most, x)
		dst[i] = x * y //gcassert:bce
	}
	return MulOverflows(int64(least), int64(y)) || MulOverflows(int64(most), int64(y))
}
