package agg

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// longSum is a sum of floats, or of products of two, without any rounding: an integer of 256 bits, two's complement, lowest word first,
// whose lowest bit is worth 2^(64·at). Words of all sums so lie at multiples of 64 bits, and one is added to another word by word. Values
// whose exponents lie too far apart for 256 bits are few; a sum that meets them grows (see longSums.wide). A last word has the place, at,
// in its lower half and in the upper what the sum has met.
type longSum [longWords]uint64

const (
	sumWords  = 4
	longWords = sumWords + 1
	// spareBits stay free at the top: a sum is less than 2^254 and what is added too, so that no addition overflows unseen.
	spareBits = 2
)

// What a sum has met.
const (
	exactUsed  = 1 << (32 + iota) // a value that is not zero
	exactGrown                    // its words are in wide, from words[0] on
	exactNaN
	exactPosInf
	exactNegInf
	exactInfinite = exactNaN | exactPosInf | exactNegInf
)

// Bits of floats.
const (
	mantissaBits = 52
	exponentMask = 0x7ff
	exponentBias = 1075 // of the lowest bit of the mantissa
)

func (a *longSum) at() int32        { return int32(uint32(a[sumWords])) }
func (a *longSum) kind() uint64     { return a[sumWords] &^ math.MaxUint32 }
func (a *longSum) is(k uint64) bool { return a[sumWords]&k != 0 }
func (a *longSum) set(at int32)     { a[sumWords] = a.kind() | uint64(uint32(at)) }

// longSums is an exact sum a group.
type longSums struct {
	by []uint64 // longWords a group, as they are in a state
	// wide has the sums that have grown, span words each: as many as all that can be added reaches over.
	wide []uint64
	// low is the place (as at) of the lowest word of a grown sum.
	low, span int32
	offs      []int32 // of the state
}

// exactOfValues sums floats: from 2^-1074 to 2^1024, and 127 bits of carries above.
func exactOfValues() longSums { return longSums{low: -17, span: 35} }

// exactOfProducts sums products of two floats: from 2^-2148 to 2^2048, and 127 bits of carries above.
func exactOfProducts() longSums { return longSums{low: -34, span: 68} }

func (t *longSums) grow(groups int) { t.by = growTo(t.by, longWords*groups) }

func (t *longSums) of(g int) *longSum { return (*longSum)(t.by[longWords*g:]) }

func (t *longSums) bytes() int64 { return int64(cap(t.by)+cap(t.wide)+cap(t.offs)/2) * 8 }

// addAll adds values to their groups; gids nil: all to group 0.
func (t *longSums) addAll(gids []uint32, vals []float64) {
	if gids == nil && len(vals) >= firstFrom {
		t.addToFirst(vals)
		return
	}
	g := uint32(0)
	for i, x := range vals {
		if gids != nil {
			g = gids[i]
		}
		b := math.Float64bits(x)
		e, m := int32(b>>mantissaBits)&exponentMask, b&(1<<mantissaBits-1)
		switch {
		case e == exponentMask:
			t.of(int(g)).infinite(x)
			continue
		case e != 0:
			m |= 1 << mantissaBits
		case m == 0:
			continue
		default:
			e = 1
		}
		t.add(g, b>>63, m, e-exponentBias)
	}
}

const (
	// firstBlock is how many mantissas, of 53 bits each, a word holds the sum of.
	firstBlock = 1 << 11
	// firstFrom is the number of values from which to look through the sums of all exponents costs less than it saves.
	firstFrom = 512
)

// addToFirst adds values to group 0. Mantissas of one sign and exponent are added as integers first: Radford Neal, "Fast exact summation
// using small and large superaccumulators" (2015).
func (t *longSums) addToFirst(vals []float64) {
	var sums [2 * (exponentMask + 1)]uint64
	var used [len(sums) / 64]uint64
	for len(vals) > 0 {
		part := vals[:min(len(vals), firstBlock)]
		vals = vals[len(part):]
		for _, x := range part {
			b := math.Float64bits(x)
			k := b >> mantissaBits // sign and exponent
			m := b & (1<<mantissaBits - 1)
			if k&exponentMask != 0 {
				m |= 1 << mantissaBits
			}
			if k&exponentMask == exponentMask {
				t.of(0).infinite(x)
				continue
			}
			old := sums[k]
			sums[k] = old + m
			if old == 0 {
				used[k>>6] |= 1 << (k & 63)
			}
		}
		for w, set := range used {
			for ; set != 0; set &= set - 1 {
				k := uint64(w<<6 | bits.TrailingZeros64(set))
				if m := sums[k]; m != 0 {
					t.add(0, k/(exponentMask+1), m, max(int32(k&exponentMask), 1)-exponentBias)
				}
				sums[k] = 0
			}
			used[w] = 0
		}
	}
}

// addProducts adds x·y of each pair of finite values.
func (t *longSums) addProducts(gids []uint32, xs, ys []float64) {
	ys = ys[:len(xs)]
	g := uint32(0)
	for i, x := range xs {
		if gids != nil {
			g = gids[i]
		}
		a, b := math.Float64bits(x), math.Float64bits(ys[i])
		ea, ma := int32(a>>mantissaBits)&exponentMask, a&(1<<mantissaBits-1)
		eb, mb := int32(b>>mantissaBits)&exponentMask, b&(1<<mantissaBits-1)
		if ea == exponentMask || eb == exponentMask {
			continue
		}
		if ea != 0 {
			ma |= 1 << mantissaBits
		} else {
			ea = 1
		}
		if eb != 0 {
			mb |= 1 << mantissaBits
		} else {
			eb = 1
		}
		hi, lo := bits.Mul64(ma, mb)
		if hi|lo != 0 {
			t.addLong(g, (a^b)>>63, hi, lo, ea+eb-2*exponentBias)
		}
	}
}

// infinite notes a value that is not finite.
func (a *longSum) infinite(x float64) {
	switch {
	case x != x:
		a[sumWords] |= exactNaN
	case x > 0:
		a[sumWords] |= exactPosInf
	default:
		a[sumWords] |= exactNegInf
	}
}

// add adds ±m·2^e, neg being the sign bit and m not 0.
func (t *longSums) add(g uint32, neg, m uint64, e int32) {
	w := t.of(int(g))
	shift := uint32(e - w.at()<<6)
	if w[sumWords]&(exactUsed|exactGrown) != exactUsed || shift > 64*sumWords-spareBits-64 {
		t.addFar(w, neg, 0, m, e)
		return
	}
	s, carry := -neg, neg // −x is ^x + 1: below the value all ones and the carry are zeros
	lo, hi := m<<(shift&63), m>>1>>(63-shift&63)
	switch shift >> 6 {
	case 0:
		w[0], carry = bits.Add64(w[0], lo^s, carry)
		w[1], carry = bits.Add64(w[1], hi^s, carry)
		w[2], carry = bits.Add64(w[2], s, carry)
		w[3] += s + carry
	case 1:
		w[1], carry = bits.Add64(w[1], lo^s, carry)
		w[2], carry = bits.Add64(w[2], hi^s, carry)
		w[3] += s + carry
	default: // 2: the shift is below 192
		w[2], carry = bits.Add64(w[2], lo^s, carry)
		w[3] += hi ^ s + carry
	}
	if w.full() {
		t.makeRoom(w)
	}
}

// addLong adds ±(hi·2^64+lo)·2^e, which is not 0.
func (t *longSums) addLong(g uint32, neg, hi, lo uint64, e int32) {
	w := t.of(int(g))
	shift := uint32(e - w.at()<<6)
	if w[sumWords]&(exactUsed|exactGrown) != exactUsed || shift > 64*sumWords-spareBits-128 {
		t.addFar(w, neg, hi, lo, e)
		return
	}
	s, carry := -neg, neg
	r := shift & 63
	x0, x1, x2 := lo<<r, hi<<r|lo>>1>>(63-r), hi>>1>>(63-r)
	if shift < 64 {
		w[0], carry = bits.Add64(w[0], x0^s, carry)
		w[1], carry = bits.Add64(w[1], x1^s, carry)
		w[2], carry = bits.Add64(w[2], x2^s, carry)
		w[3] += s + carry
	} else {
		w[1], carry = bits.Add64(w[1], x0^s, carry)
		w[2], carry = bits.Add64(w[2], x1^s, carry)
		w[3] += x2 ^ s + carry
	}
	if w.full() {
		t.makeRoom(w)
	}
}

// full says whether the sum has reached 2^254.
func (a *longSum) full() bool { return (a[sumWords-1]^a[sumWords-1]<<1)>>63 != 0 }

// up moves the sum's bits up a word, false where its top word is in use; down the other way.
func (a *longSum) up() bool {
	if top := int64(a[sumWords-2]); a[sumWords-1] != uint64(top>>63) || (top^top<<1)>>63 != 0 {
		return false
	}
	copy(a[1:sumWords], a[:])
	a[0] = 0
	a.set(a.at() - 1)
	return true
}

func (a *longSum) down() bool {
	if a[0] != 0 {
		return false
	}
	copy(a[:sumWords-1], a[1:])
	a[sumWords-1] = uint64(int64(a[sumWords-1]) >> 63)
	a.set(a.at() + 1)
	return true
}

// makeRoom brings a sum back below 2^254 of its lowest bit.
func (t *longSums) makeRoom(a *longSum) {
	if !a.down() {
		t.widen(a)
	}
}

// addFar adds a value that does not lie within the 256 bits as they stand.
func (t *longSums) addFar(a *longSum, neg, hi, lo uint64, e int32) {
	r := uint32(e) & 63
	x := longSum{lo << r, hi<<r | lo>>1>>(63-r), hi >> 1 >> (63 - r), 0, exactUsed}
	x.set(e >> 6)
	if neg != 0 {
		carry := uint64(1)
		for i, w := range x[:sumWords] {
			x[i], carry = bits.Add64(^w, 0, carry)
		}
	}
	if !a.is(exactUsed) {
		x.up() // half of the bits that are left are for what is smaller
	}
	t.mergeOne(a, &x, nil)
}

// widen turns a sum into one of span words.
func (t *longSums) widen(a *longSum) {
	if a.is(exactGrown) {
		return
	}
	k := len(t.wide)
	t.wide = growTo(t.wide, k+int(t.span))
	if a.is(exactUsed) {
		addWords(t.wide[k:], a[:sumWords], int(a.at()-t.low))
	}
	*a = longSum{uint64(k), sumWords: a.kind() | exactUsed | exactGrown}
	a.set(t.low)
}

func (t *longSums) wordsOf(a *longSum) []uint64 {
	if a.is(exactGrown) {
		return t.wide[a[0] : a[0]+uint64(t.span)]
	}
	return a[:sumWords]
}

// addWords adds the integer src, whose lowest word has place at in dst (which may lie outside, where src has but copies of its sign above
// and zeros below).
func addWords(dst, src []uint64, at int) {
	if at < 0 {
		src, at = src[-at:], 0
	}
	sign := uint64(int64(src[len(src)-1]) >> 63)
	carry := uint64(0)
	for i := at; i < len(dst); i++ {
		x := sign
		if i-at < len(src) {
			x = src[i-at]
		} else if sign+carry == 0 { // nothing but zeros to add, or ones and a carry
			return
		}
		dst[i], carry = bits.Add64(dst[i], x, carry)
	}
}

// mergeOne adds x to a; wide are the words of x where it has grown.
func (t *longSums) mergeOne(a, x *longSum, wide []uint64) {
	a[sumWords] |= x[sumWords] & exactInfinite
	switch {
	case !x.is(exactUsed):
	case x.is(exactGrown):
		t.widen(a)
		addWords(t.wordsOf(a), wide, 0)
	case !a.is(exactUsed):
		kind := a.kind()
		*a = *x
		a[sumWords] |= kind
	case a.is(exactGrown):
		addWords(t.wordsOf(a), x[:sumWords], int(x.at()-t.low))
	default:
		y := *x
		if !align(a, &y) {
			t.widen(a)
			addWords(t.wordsOf(a), x[:sumWords], int(x.at()-t.low))
			return
		}
		carry := uint64(0)
		for i := range sumWords {
			a[i], carry = bits.Add64(a[i], y[i], carry)
		}
		if a.full() {
			t.makeRoom(a)
		}
	}
}

// align gives two sums the same place, where that loses no bits.
func align(a, b *longSum) bool {
	if a.at() < b.at() {
		a, b = b, a
	}
	for a.at() > b.at() {
		if !a.up() && !b.down() {
			return false
		}
	}
	return true
}

// value is the sum, rounded to the nearest float64, ties to even; beyond its range ±Inf.
func (t *longSums) value(g int) float64 {
	a := t.of(g)
	switch {
	case a.is(exactInfinite):
		return a.notFinite()
	case !a.is(exactUsed):
		return 0
	}
	return roundWords(t.wordsOf(a), a.at())
}

func (a *longSum) notFinite() float64 {
	switch a[sumWords] & exactInfinite {
	case exactPosInf:
		return math.Inf(1)
	case exactNegInf:
		return math.Inf(-1)
	}
	return math.NaN()
}

// roundWords rounds a sum of values: a multiple of 2^-1074, so that what float64 keeps with fewer bits is exact.
func roundWords(words []uint64, at int32) float64 {
	top := len(words) - 1
	flip := uint64(int64(words[top]) >> 63)
	// The magnitude of a negative number is ^x + 1: as ^x above the lowest word that is not 0, and −x there.
	low := 0
	for low < top && words[low] == 0 {
		low++
	}
	word := func(i int) uint64 {
		switch {
		case i > low:
			return words[i] ^ flip
		case i == low:
			return (words[i] ^ flip) - flip
		}
		return 0
	}
	for top >= low && word(top) == 0 {
		top--
	}
	if top < low {
		return 0
	}
	n := bits.LeadingZeros64(word(top))
	m := word(top) << n
	rest := uint64(0)
	if top > 0 {
		m |= word(top-1) >> 1 >> (63 - n)
		rest = word(top-1) << n
		if top-1 > low {
			rest |= 1
		}
	}
	const drop = 64 - mantissaBits - 1
	tail := m & (1<<drop - 1)
	m >>= drop
	if half := uint64(1) << (drop - 1); tail > half || tail == half && (rest != 0 || m&1 == 1) {
		m++
	}
	f := math.Ldexp(float64(m), int(at)*64+top*64-n+drop)
	if flip != 0 {
		return -f
	}
	return f
}

func exactTypes() []arrow.DataType {
	return []arrow.DataType{&arrow.FixedSizeBinaryType{ByteWidth: 8 * longWords}, arrow.ListOf(arrow.PrimitiveTypes.Uint64)}
}

// columns are the state: the sums as they are, and in a list beside the words of those that have grown.
func (t *longSums) columns() []vec.Vec {
	groups := len(t.by) / longWords
	t.offs = growTo(t.offs[:0], groups+1)
	clear(t.offs)
	var grown []uint64
	if len(t.wide) > 0 {
		grown = make([]uint64, 0, len(t.wide))
		for g := range groups {
			if a := t.of(g); a.is(exactGrown) {
				grown = append(grown, t.wordsOf(a)...)
			}
			t.offs[g+1] = int32(len(grown))
		}
	}
	types := exactTypes()
	sums := vec.Vec{Type: types[0], Phys: vec.Fixed, Width: 8 * longWords, Len: groups, Data: vec.Bytes(t.by)}
	return []vec.Vec{sums, lists(types[1], column(arrow.PrimitiveTypes.Uint64, grown, nil), t.offs, false)}
}

// merge adds rows of the columns of another one's state.
func (t *longSums) merge(gids []uint32, state []vec.Vec, rows int, s *vec.Scratch) {
	var sums vec.Vec
	vec.Decode(&sums, &state[0], s)
	all := vec.Of[uint64](&vec.Vec{Data: sums.Data, Len: longWords * rows})
	child, n := childOf(&state[1], rows, s)
	grown, offs := vec.Of[uint64](&child), state[1].Offs
	for i, g := range gids {
		var wide []uint64
		if n > 0 {
			wide = grown[offs[i]-offs[0] : offs[i+1]-offs[0]]
		}
		t.mergeOne(t.of(int(g)), (*longSum)(all[longWords*i:]), wide)
	}
}
