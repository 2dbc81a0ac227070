package csvio

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"unsafe"
)

const zeros = 0x3030303030303030 // eight ASCII zeros

// eightDigits says whether the eight bytes of w are ASCII digits; x is w ^ zeros.
func eightDigits(x uint64) bool { return (x|(x+0x0606060606060606))&0xf0f0f0f0f0f0f0f0 == 0 }

// eightValue returns the number that eight digits make, the first in the lowest byte; x is their values, a byte each. Three
// multiplications join pairs, fours and eights (Langdale, Lemire: "Quickly parsing eight digits", 2018).
func eightValue(x uint64) uint64 {
	x = x * 2561 >> 8 & 0x00ff00ff00ff00ff
	x = x * 6553601 >> 16 & 0x0000ffff0000ffff
	return x * 42949672960001 >> 32
}

// load returns the eight bytes at p. It does not check bounds, since it stands in the innermost loops: positions come from the index,
// which lies within the buffer, and the buffer has slack bytes after its end.
func load(base unsafe.Pointer, p int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(base, p))[:])
}

// baseOf returns the address that load counts from.
func baseOf(buf []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(buf)) }

// parseDigits returns the number that the digits of f make; ok is false for an empty f, other bytes, or more than 64 bits.
func parseDigits(f []byte) (v uint64, ok bool) {
	if len(f) == 0 {
		return 0, false
	}
	for ; len(f) >= 8 && v < 1e10; f = f[8:] {
		x := binary.LittleEndian.Uint64(f) ^ zeros
		if !eightDigits(x) {
			return 0, false
		}
		v = v*1e8 + eightValue(x)
	}
	for _, c := range f {
		if c -= '0'; c > 9 {
			return 0, false
		}
		hi, lo := bits.Mul64(v, 10)
		sum, carry := bits.Add64(lo, uint64(c), 0)
		if hi != 0 || carry != 0 {
			return 0, false
		}
		v = sum
	}
	return v, true
}

// parseInt reads an optional sign and digits.
func parseInt(f []byte) (int64, bool) {
	neg := false
	if len(f) > 1 && (f[0] == '-' || f[0] == '+') {
		neg = f[0] == '-'
		f = f[1:]
	}
	v, ok := parseDigits(f)
	switch {
	case !ok || v > 1<<63 || v == 1<<63 && !neg:
		return 0, false
	case neg:
		return -int64(v), true
	}
	return int64(v), true
}

// parseUint is parseInt for unsigned numbers.
func parseUint(f []byte) (uint64, bool) {
	if len(f) > 1 && f[0] == '+' {
		f = f[1:]
	}
	return parseDigits(f)
}

// exactPow10 are the powers of ten that a float64 holds exactly.
var exactPow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseFloat reads a decimal number, correctly rounded, or inf, infinity, nan in any case. Where digits and power of ten are both
// exact in a float64, one division or multiplication rounds once (Clinger, 1990); the rest is left to strconv.
func parseFloat(f []byte) (float64, bool) {
	m, exp, neg, whole := scanDecimal(f)
	if whole && m < 1<<53 && exp >= -22 && exp <= 22 {
		v := float64(m)
		if exp < 0 {
			v /= exactPow10[-exp]
		} else {
			v *= exactPow10[exp]
		}
		if neg {
			v = -v
		}
		return v, true
	}
	if !floatChars(f) {
		return 0, false
	}
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(f), len(f)), 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

// scanDecimal reads [sign]digits[.digits][e[sign]digits] with at most 19 digits; whole is false where f is anything else.
func scanDecimal(f []byte) (m uint64, exp int, neg, whole bool) {
	i := 0
	if i < len(f) && (f[i] == '-' || f[i] == '+') {
		neg = f[i] == '-'
		i++
	}
	from, point := i, -1
	for ; i < len(f); i++ {
		c := f[i] - '0'
		if c <= 9 {
			m = m*10 + uint64(c)
			continue
		}
		if f[i] != '.' || point >= 0 {
			break
		}
		point = i
		for len(f)-i > 8 { // the fraction, eight digits at once
			x := binary.LittleEndian.Uint64(f[i+1:]) ^ zeros
			if !eightDigits(x) {
				break
			}
			m = m*1e8 + eightValue(x)
			i += 8
		}
	}
	digits := i - from
	if point >= 0 {
		digits--
	}
	if digits == 0 || digits > 19 {
		return 0, 0, false, false
	}
	if point >= 0 {
		exp = point + 1 - i
	}
	if i < len(f) {
		if f[i]|0x20 != 'e' || len(f)-i > 6 {
			return 0, 0, false, false
		}
		e, ok := parseInt(f[i+1:])
		if !ok {
			return 0, 0, false, false
		}
		exp += int(e)
	}
	return m, exp, neg, true
}

// floatChars leaves out what strconv takes and files do not mean: hexadecimal and underscores.
func floatChars(f []byte) bool {
	for _, c := range f {
		if c == '_' || c|0x20 == 'x' {
			return false
		}
	}
	return len(f) > 0
}

// plainNumber rewrites a number with other separators as digits and a point: thousands separators must stand between digits, before
// the decimal separator. ok is false where they do not, and where a '.' is neither.
func plainNumber(dst, f []byte, decimal, thousands byte) (out []byte, ok bool) {
	whole := true
	for i, c := range f {
		switch {
		case c == decimal:
			c, whole = '.', false
		case c == thousands && thousands != 0:
			if !whole || i == 0 || i+1 == len(f) || !isDigit(f[i-1]) || !isDigit(f[i+1]) {
				return dst, false
			}
			continue
		case c == '.':
			return dst, false
		}
		dst = append(dst, c)
	}
	return dst, true
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// roundFloat32 reads a number that parseFloat takes, rounded once to a float32.
func roundFloat32(f []byte) float32 {
	v, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(f), len(f)), 32)
	return float32(v)
}
