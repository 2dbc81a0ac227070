package kernel

// The comparisons write a bitmap, 64 rows a word, 8 rows a step: shifts by constants are what makes them fast. Of the six, three are
// here for VS and two for VV; the others are complements (a > x is not a ≤ x) or have their operands swapped. All follow the total order
// in which NaN equals itself and is the greatest: with a constant that is no NaN plain comparisons do, because a NaN lane is then
// neither less nor equal.

// EqVS sets the bits where a = x.
func EqVS[T Ordered](dst []uint64, a []T, x T) {
	for len(a) >= 64 && len(dst) > 0 {
		p := (*[64]T)(a)
		var w uint64
		for j := 0; j < 64; j += 8 {
			q := (*[8]T)(p[j : j+8]) //gcassert:bce
			w |= (b2u(q[0] == x) | b2u(q[1] == x)<<1 | b2u(q[2] == x)<<2 | b2u(q[3] == x)<<3 |
				b2u(q[4] == x)<<4 | b2u(q[5] == x)<<5 | b2u(q[6] == x)<<6 | b2u(q[7] == x)<<7) << (uint(j) & 63)
		}
		dst[0] = w
		dst, a = dst[1:], a[64:]
	}
	if len(a) > 0 {
		var w uint64
		for j, v := range a {
			w |= b2u(v == x) << (uint(j) & 63)
		}
		dst[0] = w
	}
}

// LtVS sets the bits where a < x.
func LtVS[T Ordered](dst []uint64, a []T, x T) {
	for len(a) >= 64 && len(dst) > 0 {
		p := (*[64]T)(a)
		var w uint64
		for j := 0; j < 64; j += 8 {
			q := (*[8]T)(p[j : j+8]) //gcassert:bce
			w |= (b2u(q[0] < x) | b2u(q[1] < x)<<1 | b2u(q[2] < x)<<2 | b2u(q[3] < x)<<3 |
				b2u(q[4] < x)<<4 | b2u(q[5] < x)<<5 | b2u(q[6] < x)<<6 | b2u(q[7] < x)<<7) << (uint(j) & 63)
		}
		dst[0] = w
		dst, a = dst[1:], a[64:]
	}
	if len(a) > 0 {
		var w uint64
		for j, v := range a {
			w |= b2u(v < x) << (uint(j) & 63)
		}
		dst[0] = w
	}
}

// LeVS sets the bits where a ≤ x.
func LeVS[T Ordered](dst []uint64, a []T, x T) {
	for len(a) >= 64 && len(dst) > 0 {
		p := (*[64]T)(a)
		var w uint64
		for j := 0; j < 64; j += 8 {
			q := (*[8]T)(p[j : j+8]) //gcassert:bce
			w |= (b2u(q[0] <= x) | b2u(q[1] <= x)<<1 | b2u(q[2] <= x)<<2 | b2u(q[3] <= x)<<3 |
				b2u(q[4] <= x)<<4 | b2u(q[5] <= x)<<5 | b2u(q[6] <= x)<<6 | b2u(q[7] <= x)<<7) << (uint(j) & 63)
		}
		dst[0] = w
		dst, a = dst[1:], a[64:]
	}
	if len(a) > 0 {
		var w uint64
		for j, v := range a {
			w |= b2u(v <= x) << (uint(j) & 63)
		}
		dst[0] = w
	}
}

// EqVV sets the bits where a = b, for integers.
func EqVV[T Int](dst []uint64, a, b []T) {
	b = b[:len(a)]
	for len(a) >= 64 && len(b) >= 64 && len(dst) > 0 {
		p, q := (*[64]T)(a), (*[64]T)(b)
		var w uint64
		for j := 0; j < 64; j += 8 {
			x, y := (*[8]T)(p[j:j+8]), (*[8]T)(q[j:j+8]) //gcassert:bce
			w |= (b2u(x[0] == y[0]) | b2u(x[1] == y[1])<<1 | b2u(x[2] == y[2])<<2 | b2u(x[3] == y[3])<<3 |
				b2u(x[4] == y[4])<<4 | b2u(x[5] == y[5])<<5 | b2u(x[6] == y[6])<<6 | b2u(x[7] == y[7])<<7) << (uint(j) & 63)
		}
		dst[0] = w
		dst, a, b = dst[1:], a[64:], b[64:]
	}
	if len(a) > 0 {
		var w uint64
		for j, v := range a {
			w |= b2u(v == b[j]) << (uint(j) & 63)
		}
		dst[0] = w
	}
}

// LtVV sets the bits where a < b, for integers.
func LtVV[T Int](dst []uint64, a, b []T) {
	b = b[:len(a)]
	for len(a) >= 64 && len(b) >= 64 && len(dst) > 0 {
		p, q := (*[64]T)(a), (*[64]T)(b)
		var w uint64
		for j := 0; j < 64; j += 8 {
			x, y := (*[8]T)(p[j:j+8]), (*[8]T)(q[j:j+8]) //gcassert:bce
			w |= (b2u(x[0] < y[0]) | b2u(x[1] < y[1])<<1 | b2u(x[2] < y[2])<<2 | b2u(x[3] < y[3])<<3 |
				b2u(x[4] < y[4])<<4 | b2u(x[5] < y[5])<<5 | b2u(x[6] < y[6])<<6 | b2u(x[7] < y[7])<<7) << (uint(j) & 63)
		}
		dst[0] = w
		dst, a, b = dst[1:], a[64:], b[64:]
	}
	if len(a) > 0 {
		var w uint64
		for j, v := range a {
			w |= b2u(v < b[j]) << (uint(j) & 63)
		}
		dst[0] = w
	}
}

// EqFloatVV sets the bits where a = b in the total order.
func EqFloatVV[T Float](dst []uint64, a, b []T) {
	b = b[:len(a)]
	for len(a) >= 64 && len(b) >= 64 && len(dst) > 0 {
		p, q := (*[64]T)(a), (*[64]T)(b)
		var w uint64
		for j := 0; j < 64; j += 8 {
			x, y := (*[8]T)(p[j:j+8]), (*[8]T)(q[j:j+8]) //gcassert:bce
			w |= ((b2u(x[0] == y[0]) | b2u(x[0] != x[0])&b2u(y[0] != y[0])) | (b2u(x[1] == y[1])|b2u(x[1] != x[1])&b2u(y[1] != y[1]))<<1 |
				(b2u(x[2] == y[2])|b2u(x[2] != x[2])&b2u(y[2] != y[2]))<<2 | (b2u(x[3] == y[3])|b2u(x[3] != x[3])&b2u(y[3] != y[3]))<<3 |
				(b2u(x[4] == y[4])|b2u(x[4] != x[4])&b2u(y[4] != y[4]))<<4 | (b2u(x[5] == y[5])|b2u(x[5] != x[5])&b2u(y[5] != y[5]))<<5 |
				(b2u(x[6] == y[6])|b2u(x[6] != x[6])&b2u(y[6] != y[6]))<<6 | (b2u(x[7] == y[7])|b2u(x[7] != x[7])&b2u(y[7] != y[7]))<<7) << (uint(j) & 63)
		}
		dst[0] = w
		dst, a, b = dst[1:], a[64:], b[64:]
	}
	if len(a) > 0 {
		var w uint64
		for j, x := range a {
			y := b[j]
			w |= (b2u(x == y) | b2u(x != x)&b2u(y != y)) << (uint(j) & 63)
		}
		dst[0] = w
	}
}

// LtFloatVV sets the bits where a < b in the total order: less, or a number below NaN.
func LtFloatVV[T Float](dst []uint64, a, b []T) {
	b = b[:len(a)]
	for len(a) >= 64 && len(b) >= 64 && len(dst) > 0 {
		p, q := (*[64]T)(a), (*[64]T)(b)
		var w uint64
		for j := 0; j < 64; j += 8 {
			x, y := (*[8]T)(p[j:j+8]), (*[8]T)(q[j:j+8]) //gcassert:bce
			w |= ((b2u(x[0] < y[0]) | b2u(x[0] == x[0])&b2u(y[0] != y[0])) | (b2u(x[1] < y[1])|b2u(x[1] == x[1])&b2u(y[1] != y[1]))<<1 |
				(b2u(x[2] < y[2])|b2u(x[2] == x[2])&b2u(y[2] != y[2]))<<2 | (b2u(x[3] < y[3])|b2u(x[3] == x[3])&b2u(y[3] != y[3]))<<3 |
				(b2u(x[4] < y[4])|b2u(x[4] == x[4])&b2u(y[4] != y[4]))<<4 | (b2u(x[5] < y[5])|b2u(x[5] == x[5])&b2u(y[5] != y[5]))<<5 |
				(b2u(x[6] < y[6])|b2u(x[6] == x[6])&b2u(y[6] != y[6]))<<6 | (b2u(x[7] < y[7])|b2u(x[7] == x[7])&b2u(y[7] != y[7]))<<7) << (uint(j) & 63)
		}
		dst[0] = w
		dst, a, b = dst[1:], a[64:], b[64:]
	}
	if len(a) > 0 {
		var w uint64
		for j, x := range a {
			y := b[j]
			w |= (b2u(x < y) | b2u(x == x)&b2u(y != y)) << (uint(j) & 63)
		}
		dst[0] = w
	}
}

// IsNaN sets the bits where a is NaN.
func IsNaN[T Float](dst []uint64, a []T) {
	for i := range dst {
		lo := i * 64
		var w uint64
		for j, v := range a[lo:min(lo+64, len(a))] {
			w |= b2u(v != v) << (uint(j) & 63)
		}
		dst[i] = w
	}
}
