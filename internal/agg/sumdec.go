package agg

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// int256 is a two's complement integer, least word first, as decimal256 lies in memory.
type int256 [4]uint64

func fromBytes(b [32]byte) int256 { return *(*int256)(unsafe.Pointer(&b)) }

func (x int256) bytes() [32]byte { return *(*[32]byte)(unsafe.Pointer(&x)) }

func (x *int256) negative() bool { return int64(x[3]) < 0 }

// decTotal sums decimals in 256 bits.
type decTotal struct {
	spec *spec
	sums []int256
	out  [][32]byte
}

// decType is the type of a decimal sum in a state; the scale is not told there.
var decType arrow.DataType = &arrow.Decimal256Type{Precision: 76}

func (t *decTotal) grow(groups int) { t.sums = growTo(t.sums, groups) }

func (t *decTotal) reset() {
	clear(t.sums)
	t.sums = t.sums[:0]
}

func (t *decTotal) size() int { return 0 }

func (t *decTotal) move(*store, int, bool) {}

func (t *decTotal) expect(groups int) { t.sums = roomFor(t.sums, groups) }

func (t *decTotal) add(gids []uint32, v *vec.Vec) error {
	if v.Phys == vec.Dec256 {
		return t.addWide(gids, vec.Of[[32]byte](v))
	}
	vals := vec.Of[[2]uint64](v)
	if gids == nil {
		s := t.sums[0]
		for i := range vals {
			s.addNarrow(&vals[i])
		}
		t.sums[0] = s
		return nil
	}
	for i, g := range gids[:len(vals)] {
		t.sums[g].addNarrow(&vals[i])
	}
	return nil
}

// addNarrow adds an integer of 128 bits: 2^64 of them stay within 256 bits, so there is no check.
func (x *int256) addNarrow(y *[2]uint64) {
	ext := uint64(int64(y[1]) >> 63)
	var c uint64
	x[0], c = bits.Add64(x[0], y[0], 0)
	x[1], c = bits.Add64(x[1], y[1], c)
	x[2], c = bits.Add64(x[2], ext, c)
	x[3], _ = bits.Add64(x[3], ext, c)
}

func (t *decTotal) addWide(gids []uint32, vals [][32]byte) error {
	over := false
	for i, b := range vals {
		g := uint32(0)
		if gids != nil {
			g = gids[i]
		}
		over = t.sums[g].add(fromBytes(b)) || over
	}
	if over {
		return t.spec.overflow()
	}
	return nil
}

// add adds y and says whether the sum left 256 bits.
func (x *int256) add(y int256) bool {
	sx, sy := x[3]>>63, y[3]>>63
	var c uint64
	x[0], c = bits.Add64(x[0], y[0], 0)
	x[1], c = bits.Add64(x[1], y[1], c)
	x[2], c = bits.Add64(x[2], y[2], c)
	x[3], _ = bits.Add64(x[3], y[3], c)
	return sx == sy && x[3]>>63 != sx
}

// abs returns the magnitude.
func (x int256) abs() int256 {
	if !x.negative() {
		return x
	}
	var out int256
	var b uint64
	for i := range x {
		out[i], b = bits.Sub64(0, x[i], b)
	}
	return out
}

// float256 rounds x to float64 once.
func float256(x int256) float64 {
	m := x.abs()
	top := 3
	for top > 0 && m[top] == 0 {
		top--
	}
	hi, lo, sticky := m[top], uint64(0), uint64(0)
	if top > 0 {
		lo = m[top-1]
		for _, w := range m[:top-1] {
			sticky |= w
		}
	}
	if sticky != 0 {
		lo |= 1
	}
	f := 0.0
	if top == 0 {
		f = float64(hi)
	} else {
		n := uint(bits.LeadingZeros64(hi))
		w := hi<<n | lo>>1>>(63-n)
		if lo<<n != 0 {
			w |= 1
		}
		f = math.Ldexp(float64(w), 64*top-int(n))
	}
	if x.negative() {
		return -f
	}
	return f
}

func (t *decTotal) merge(gids []uint32, state []vec.Vec) error {
	return t.addWide(gids, vec.Of[[32]byte](&state[0]))
}

func (t *decTotal) types() []arrow.DataType { return []arrow.DataType{decType} }

func (t *decTotal) columns(valid []uint64) []vec.Vec {
	return []vec.Vec{column(decType, t.raw(len(t.sums)), valid)}
}

func (t *decTotal) raw(n int) [][32]byte {
	t.out = growTo(t.out[:0], n)[:n]
	for g := range t.out {
		t.out[g] = t.sums[g].bytes()
	}
	return t.out
}

func (t *decTotal) float(g int) float64 { return float256(t.sums[g]) / decScale(t.spec.in) }

func (t *decTotal) bytes() int64 { return int64(cap(t.sums)+cap(t.out)) * 32 }

// result brings the sums to the type of the expression: a decimal of the argument's scale, or a float.
func (t *decTotal) result(groups int, valid []uint64) (vec.Vec, error) {
	out := t.spec.out
	p, _, _ := vec.PhysOf(out)
	if p == vec.Float64 {
		vals := make([]float64, groups)
		for g := range vals {
			vals[g] = t.float(g)
		}
		return column(out, vals, valid), nil
	}
	d, ok := out.(arrow.DecimalType)
	if !ok {
		return vec.Vec{}, t.spec.badType()
	}
	limit := pow10(int(d.GetPrecision()))
	for g := range groups {
		if !less256(t.sums[g].abs(), limit) {
			return vec.Vec{}, t.spec.overflow()
		}
	}
	if p == vec.Dec256 {
		return column(out, t.raw(groups), valid), nil
	}
	vals := make([]int128, groups)
	for g := range vals {
		vals[g] = int128{t.sums[g][0], t.sums[g][1]}
	}
	return column(out, vals, valid), nil
}

// pow10 is 10^n for 0 ≤ n ≤ 76.
func pow10(n int) int256 {
	x := int256{1}
	for range n {
		var carry uint64
		for i := range x {
			hi, lo := bits.Mul64(x[i], 10)
			var c uint64
			x[i], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
	}
	return x
}

// less256 compares magnitudes.
func less256(a, b int256) bool {
	for i := 3; i >= 0; i-- {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// half widens float16 bits.
func half(x uint16) float64 { return math.Float64frombits(hash.Half(x)) }
