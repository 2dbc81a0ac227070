package csvio

import (
	"math"
	"math/big"
	"math/bits"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
)

// lowestByte returns the number of the lowest byte of w that is not zero.
func lowestByte(w uint64) uint { return uint(bits.TrailingZeros64(w)) >> 3 }

// decodeRare parses the types that only a declared schema asks for, a value at a time.
func (c *column) decodeRare(f *fields, to int) int {
	for i := range f.n {
		s, e := f.get(i)
		null, ok := s == e, true
		if !null {
			null, ok = c.rareValue(f.buf[s:e], to+i)
		}
		if !ok {
			return i
		}
		if null {
			c.zero(to + i)
			c.setNull(to + i)
		}
	}
	return -1
}

// zero clears the value of row i, of a kind that takes whole bytes.
func (c *column) zero(i int) {
	w := widths[c.kind]
	clear(wordBytes(c.data, len(c.data)*8)[i*w : i*w+w])
}

func (c *column) rareValue(f []byte, i int) (null, ok bool) {
	switch c.kind {
	case kindDate64, kindTime32, kindTime64:
		return c.rareTime(f, i)
	}
	f, null, ok = c.lookAgain(f)
	if null || !ok {
		return null, ok
	}
	switch c.kind {
	case kindUint64:
		values[uint64](c)[i], ok = parseUint(f)
	case kindFloat32:
		values[float32](c)[i], ok = parseFloat32(f)
	case kindDecimal128:
		t := c.Type.(*arrow.Decimal128Type)
		var v *big.Int
		if v, ok = c.parseDecimal(f, int(t.Precision), int(t.Scale)); ok {
			values[decimal128.Num](c)[i] = decimal128.FromBigInt(v)
		}
	case kindDecimal256:
		t := c.Type.(*arrow.Decimal256Type)
		var v *big.Int
		if v, ok = c.parseDecimal(f, int(t.Precision), int(t.Scale)); ok {
			values[decimal256.Num](c)[i] = decimal256.FromBigInt(v)
		}
	default:
		ok = false
	}
	return false, ok
}

// parseFloat32 rounds once where the text is short enough for a float64 to be exact about halves; else strconv does.
func parseFloat32(f []byte) (float32, bool) {
	v, ok := parseFloat(f)
	if !ok || math.IsInf(v, 0) || math.IsNaN(v) {
		return float32(v), ok
	}
	return roundFloat32(f), true
}

func (c *column) rareTime(f []byte, i int) (null, ok bool) {
	m, null, ok := c.slowMoment(f)
	if null || !ok {
		return null, ok
	}
	if c.kind == kindDate64 {
		values[int64](c)[i] = int64(m.days) * secondsPerDay * 1000
		return false, m.hasDate && !m.hasZone && m.nanos == 0
	}
	if m.hasDate || !m.hasTime || m.hasZone {
		return false, false
	}
	v, ok := m.unix(c.perSecond)
	if !ok {
		c.why = "does not fit in the column's unit"
	}
	if c.kind == kindTime32 {
		values[int32](c)[i] = int32(v)
	} else {
		values[int64](c)[i] = v
	}
	return false, ok
}

// parseDecimal reads a number exactly at the scale: digits beyond it must be zero, and at most precision digits may remain.
func (c *column) parseDecimal(f []byte, precision, scale int) (*big.Int, bool) {
	s := string(f)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "+-")
	if len(f)-len(s) > 1 {
		return nil, false
	}
	exp := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, ok := parseInt([]byte(s[i+1:]))
		if !ok || e > 1000 || e < -1000 {
			return nil, false
		}
		s, exp = s[:i], int(e)
	}
	whole, frac, _ := strings.Cut(s, ".")
	digits := whole + frac
	if digits == "" || strings.Trim(digits, "0123456789") != "" || len(digits) > 1000 {
		return nil, false
	}
	shift := scale + exp - len(frac) // of the point, to the right
	if shift < 0 {
		cut := max(len(digits)+shift, 0)
		if strings.Trim(digits[cut:], "0") != "" {
			c.why = "has more decimals than the column's scale"
			return nil, false
		}
		digits = digits[:cut]
	} else {
		digits += strings.Repeat("0", shift)
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > precision {
		c.why = "has more digits than the column's precision"
		return nil, false
	}
	v := new(big.Int)
	if digits != "" {
		v.SetString(digits, 10)
	}
	if neg {
		v.Neg(v)
	}
	return v, true
}
