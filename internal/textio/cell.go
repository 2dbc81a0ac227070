package textio

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"unsafe"
)

// cellSize is the bytes of a cell: the text of a value, with what follows it, of up to so many bytes. Longer text stands in its
// column's arena, and the cell holds where.
const cellSize = 32

type cell [cellSize]byte

// store2, store4 and store8 write at a place whose room the caller has checked: within a cell.
func store2(c *cell, at int, v uint16) {
	*(*uint16)(unsafe.Add(unsafe.Pointer(c), at)) = v
}

// pairs are the texts of 00 to 99, as words.
var pairs = func() (t [100]uint16) {
	for i := range t {
		t[i] = binary.NativeEndian.Uint16([]byte{byte('0' + i/10), byte('0' + i%10)})
	}
	return t
}()

var pow10 = [20]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// digitsOf returns how many digits u has.
func digitsOf(u uint64) int {
	n := bits.Len64(u|1) * 1233 >> 12
	if u >= pow10[n] {
		n++
	}
	return max(n, 1)
}

// putUint writes u at a place and returns the place after it.
func putUint(c *cell, at int, u uint64) int {
	if u < 10 {
		c[at&31] = byte('0' + u)
		return at + 1
	}
	end := at + digitsOf(u)
	p := end
	for u >= 100 {
		q := u / 100
		p -= 2
		store2(c, p, pairs[u-q*100])
		u = q
	}
	if u >= 10 {
		store2(c, p-2, pairs[u])
	} else {
		c[(p-1)&31] = byte('0' + u)
	}
	return end
}

// putInt writes v, which takes up to 20 bytes.
func putInt(c *cell, at int, v int64) int {
	u := uint64(v)
	if v < 0 {
		c[at&31] = '-'
		at++
		u = -u
	}
	return putUint(c, at, u)
}

// putFixed writes u with exactly n digits, leading zeros included.
func putFixed(c *cell, at int, u uint64, n int) int {
	end := at + n
	for p := end; n > 0; n -= 2 {
		if n == 1 {
			c[(p-1)&31] = byte('0' + u%10)
			break
		}
		q := u / 100
		p -= 2
		store2(c, p, pairs[u-q*100])
		u = q
	}
	return end
}

// floatWords are the texts of what is no number.
type floatWords struct{ nan, inf, minus string }

// shortDecimals finds the fewest decimals of f where these are at most six and its digits at most fifteen: then f is the number
// nearest to digits/scale, and no shorter text is.
func shortDecimals(f float64) (digits uint64, decimals int, ok bool) {
	if !(f < 1e9) {
		if u := uint64(f); f < 1e15 && float64(u) == f {
			return u, 0, true
		}
		return 0, 0, false
	}
	if u := uint64(f*100 + 0.5); float64(u)/100 == f {
		return u, 2, true
	}
	u := uint64(f*1e6 + 0.5)
	return u, 6, float64(u)/1e6 == f
}

// putFloat writes the shortest text that reads back as f, for f of the given bits, or as the words where it is no number.
func putFloat(c *cell, f float64, size int, w *floatWords) int {
	at := 0
	mag := f
	if math.Signbit(f) {
		mag = -f
		c[0] = '-'
		at = 1
	}
	if size == 64 {
		if u, decimals, ok := shortDecimals(mag); ok {
			return putDecimals(c, at, u, decimals)
		}
	}
	return putOddFloat(c, f, size, w)
}

// putDecimals writes u/10^decimals without trailing zeros, but with one decimal at least.
func putDecimals(c *cell, at int, u uint64, decimals int) int {
	switch decimals {
	case 0:
		at = putUint(c, at, u)
		c[at&31], c[(at+1)&31] = '.', '0'
		return at + 2
	case 2:
		q := u / 100
		at = putUint(c, at, q)
		c[at&31] = '.'
		store2(c, at+1, pairs[u-q*100])
		if c[(at+2)&31] == '0' {
			return at + 2
		}
		return at + 3
	}
	q := u / 1e6
	r := u - q*1e6
	at = putUint(c, at, q)
	c[at&31] = '.'
	store2(c, at+1, pairs[r/1e4])
	store2(c, at+3, pairs[r/100%100])
	store2(c, at+5, pairs[r%100])
	end := at + 7
	for c[(end-1)&31] == '0' && end > at+2 {
		end--
	}
	return end
}

func putOddFloat(c *cell, f float64, size int, w *floatWords) int {
	switch {
	case f != f:
		return copy(c[:], w.nan)
	case math.IsInf(f, 1):
		return copy(c[:], w.inf)
	case math.IsInf(f, -1):
		return copy(c[:], w.minus)
	}
	if m := math.Abs(f); m != 0 && (m < 1e-4 || m >= 1e16) {
		return len(strconv.AppendFloat(c[:0], f, 'e', -1, size))
	}
	n := len(strconv.AppendFloat(c[:0], f, 'f', -1, size))
	for _, b := range c[:n] {
		if b == '.' {
			return n
		}
	}
	c[n], c[n+1] = '.', '0'
	return n + 2
}
