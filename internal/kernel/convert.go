package kernel

import "math"

// Convert sets dst to a converted as Go converts, for pairs where that loses nothing or where loss is wanted.
func Convert[D, S Number](dst []D, a []S) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = D(a[i])
	}
}

// ConvertInt sets dst to a, integer to integer, and returns true where a value did not fit.
func ConvertInt[D, S Int](dst []D, a []S) bool {
	a = a[:len(dst)]
	bad := false
	for i := range dst {
		d := D(a[i])
		bad = bad || !FitsInt(d, a[i])
		dst[i] = d
	}
	return bad
}

// FitsInt says whether d, converted from s, is s.
func FitsInt[D, S Int](d D, s S) bool { return S(d) == s && (d < 0) == (s < 0) }

// FloatFits says whether the float x is a whole number within [lo, hi), bounds that are powers of two or zero.
func FloatFits(x, lo, hi float64) bool { return x >= lo && x < hi && x == math.Trunc(x) }

// FloatToInt sets dst to the whole numbers of a and returns true where one is none or does not fit; such lanes hold 0.
func FloatToInt[D Int, S Float](dst []D, a []S, lo, hi float64) bool {
	a = a[:len(dst)]
	bad := false
	for i := range dst {
		x := float64(a[i])
		if !FloatFits(x, lo, hi) {
			bad = true
			x = 0
		}
		dst[i] = D(x)
	}
	return bad
}
