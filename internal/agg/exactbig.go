package agg

import (
	"encoding/binary"
	"math"
	"math/big"
)

// bigMoments computes with exact sums in big integers, whose memory it keeps.
type bigMoments struct {
	x, y, xy, n, a, b big.Int
	bytes             []byte
}

// load makes z the sum of group g as a multiple of 2^exp.
func (m *bigMoments) load(z *big.Int, t *longSums, g int) (exp int) {
	s := t.of(g)
	if !s.is(exactUsed) {
		z.SetInt64(0)
		return 0
	}
	words := t.wordsOf(s)
	m.bytes = m.bytes[:0]
	flip := uint64(int64(words[len(words)-1]) >> 63)
	for i := len(words) - 1; i >= 0; i-- {
		m.bytes = binary.BigEndian.AppendUint64(m.bytes, words[i]^flip)
	}
	z.SetBytes(m.bytes)
	if flip != 0 {
		z.Not(z) // ^x is −x−1
	}
	return int(s.at()) * 64
}

// spread makes z n·Σxy − Σx·Σy as a multiple of 2^exp: n² times the covariance, without rounding.
func (m *bigMoments) spread(z *big.Int, x, y, xy *longSums, g int, n int64) (exp int) {
	ex := m.load(&m.x, x, g)
	ey := ex
	if y == x {
		m.y.Set(&m.x)
	} else {
		ey = m.load(&m.y, y, g)
	}
	exy := m.load(&m.xy, xy, g)
	m.a.Mul(&m.x, &m.y)
	m.b.Mul(&m.xy, m.n.SetInt64(n))
	exp = min(ex+ey, exy)
	m.a.Lsh(&m.a, uint(ex+ey-exp))
	m.b.Lsh(&m.b, uint(exy-exp))
	z.Sub(&m.b, &m.a)
	return exp
}

// covariance is the sum of products of distances from the means of n pairs, divided by d; of y = x the variance.
func (m *bigMoments) covariance(x, y, xy *longSums, g int, n, d int64) float64 {
	exp := m.spread(&m.x, x, y, xy, g, n)
	m.n.SetInt64(n)
	m.n.Mul(&m.n, m.b.SetInt64(d))
	// A quotient of more than 64 bits, the last one set where there is a remainder: it rounds as the exact one does.
	shift := max(0, m.n.BitLen()+66-m.x.BitLen())
	m.x.Lsh(&m.x, uint(shift))
	m.a.QuoRem(&m.x, &m.n, &m.b)
	f, e := m.round(&m.a, m.b.Sign() != 0)
	return math.Ldexp(f, e+exp-shift)
}

// round returns z as f·2^e, f rounded to 53 bits, where more says that z lies beyond the integer by something.
func (m *bigMoments) round(z *big.Int, more bool) (f float64, e int) {
	neg := z.Sign() < 0
	m.y.Abs(z)
	if drop := m.y.BitLen() - 62; drop > 0 {
		more = more || m.y.TrailingZeroBits() < uint(drop)
		m.y.Rsh(&m.y, uint(drop))
		e = drop
	}
	u := m.y.Uint64() << 1
	if more {
		u |= 1
	}
	if f = float64(u); neg {
		f = -f
	}
	return f, e - 1
}

// correlation is NaN where a column does not vary.
func (m *bigMoments) correlation(x, y, xy, xx, yy *longSums, g int, n int64) float64 {
	const normal = 60 // bits that f has about: what is multiplied below neither over- nor underflows
	part := func(x, y, xy *longSums) (float64, int) {
		exp := m.spread(&m.x, x, y, xy, g, n)
		shift := max(0, normal-m.x.BitLen())
		m.x.Lsh(&m.x, uint(shift))
		f, e := m.round(&m.x, false)
		return f, e + exp - shift
	}
	fx, ex := part(x, x, xx)
	fy, ey := part(y, y, yy)
	if fx <= 0 || fy <= 0 {
		return math.NaN()
	}
	f, e := part(x, y, xy)
	if (ex+ey)&1 != 0 {
		fx, ex = 2*fx, ex-1
	}
	r := math.Ldexp(f/math.Sqrt(fx*fy), e-(ex+ey)/2)
	return max(-1, min(1, r))
}
