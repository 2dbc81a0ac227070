package sorting

import (
	"bytes"
	"math"
	"math/bits"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// keyStats is what is known of a key column's values over one or more runs: it decides how few bits a key needs.
type keyStats struct {
	rows, nulls bool // there are values; there are nulls
	phys        vec.Phys
	width       int
	lo, hi      uint64 // ranks, where the kind has them
	maxLen      int    // of text
	common      []byte // what all text values begin with
}

// add takes in the rows of a column.
func (s *keyStats) add(v *vec.Vec) {
	s.phys, s.width = v.Phys, v.Width
	if v.Dict != nil {
		s.width = v.Dict.Values.Width
	}
	valid := v.Nulls(nil)
	if v.Phys == vec.Null || valid != nil && !bitmap.All(valid, v.Len) {
		s.nulls = true
	}
	if v.Phys == vec.Null {
		return
	}
	switch {
	case hasRank(v.Phys):
		s.addRanks(v, valid)
	case v.Phys == vec.View:
		s.addText(v, valid)
	default:
		s.rows = s.rows || v.Len > 0
	}
}

func (s *keyStats) addRanks(v *vec.Vec, valid []uint64) {
	r := make([]uint64, v.Len)
	ranks(r, v)
	lo, hi := uint64(math.MaxUint64), uint64(0)
	if valid == nil {
		for _, x := range r {
			lo, hi = min(lo, x), max(hi, x)
		}
	} else {
		for i, x := range r {
			if bitmap.Get(valid, i) {
				lo, hi = min(lo, x), max(hi, x)
			}
		}
	}
	if lo > hi {
		return // no values
	}
	s.merge(&keyStats{rows: true, nulls: s.nulls, phys: s.phys, width: s.width, lo: lo, hi: hi})
}

func (s *keyStats) addText(v *vec.Vec, valid []uint64) {
	values, codes := v, []uint32(nil)
	if v.Dict != nil {
		values, codes = &v.Dict.Values, v.Codes()
	}
	heads := vec.Of[vec.ViewHeader](values)
	for i := range v.Len {
		if valid != nil && !bitmap.Get(valid, i) {
			continue
		}
		at := uint32(i)
		if codes != nil {
			at = codes[i]
		}
		h := &heads[at]
		s.maxLen = max(s.maxLen, int(h.Len))
		if s.rows && len(s.common) == 0 {
			continue
		}
		p := h.Value(values.Bufs)
		if !s.rows {
			s.common, s.rows = bytes.Clone(p), true
		} else {
			s.common = s.common[:commonPrefix(s.common, p)]
		}
	}
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// merge takes in what is known of other rows of the same column.
func (s *keyStats) merge(o *keyStats) {
	s.nulls = s.nulls || o.nulls
	if !o.rows {
		return
	}
	if !s.rows {
		nulls := s.nulls
		*s = *o
		s.nulls = nulls
		return
	}
	s.lo, s.hi = min(s.lo, o.lo), max(s.hi, o.hi)
	s.maxLen = max(s.maxLen, o.maxLen)
	s.common = s.common[:commonPrefix(s.common, o.common)]
}

// maxWords is how many words a row's normalised keys have at most: keys beyond are compared by column, and rarely get there.
const maxWords = 4

// layout says which bits of a row's words hold which key.
type layout struct {
	keys  []keyLayout // those with a place in the words, in order
	words int         // a row
	// from is the first key that the words do not decide wholly: on a tie, columns are compared from there on.
	from int
}

// keyLayout is the place of a key: planes of at most 64 bits one after the other.
type keyLayout struct {
	Key
	stats keyStats
	form  keyForm
	flag  bool // a plane of one bit for null goes before
	skip  int  // bytes of common prefix
	shift uint // formText: the bits of the length, below the text
	bits  uint // of the first plane
	last  uint // of the last plane, where there is more than one
	exact bool
}

type keyForm uint8

const (
	formNone   keyForm = iota // nothing to store: constant or not storable
	formRank                  // one plane of rank − lo, null folded in
	formText                  // one plane: up to 7 bytes and the length
	formText2                 // two: 8 bytes; up to 7 bytes and the length
	formPrefix                // one: the first 8 bytes, not exact
	formWide                  // decimals: a plane a word
)

// newLayout packs as many keys as fit.
func newLayout(keys []Key, stats []keyStats) layout {
	l := layout{from: len(keys)}
	used := uint(0)
	for i, k := range keys {
		kl := layoutKey(k, stats[i])
		n := kl.total()
		if used+n > 64*maxWords {
			l.from = i
			break
		}
		used += n
		l.keys = append(l.keys, kl)
		if !kl.exact {
			l.from = i
			break
		}
	}
	l.words = int(used+63) / 64
	return l
}

// total is the bits that a key takes in all.
func (k *keyLayout) total() uint {
	n := k.bits
	if k.flag {
		n++
	}
	switch k.form {
	case formText2:
		n += k.last
	case formWide:
		n = n - k.bits + uint(k.stats.width)*8
	}
	return n
}

func layoutKey(k Key, s keyStats) keyLayout {
	l := keyLayout{Key: k, stats: s, exact: true}
	switch {
	case !s.rows: // no values: all rows are equal
	case hasRank(s.phys):
		l.form = formRank
		span := s.hi - s.lo
		if s.nulls && span == math.MaxUint64 {
			l.flag = true
		} else if s.nulls {
			span++ // null is a value of its own below or above
		}
		l.bits = uint(bits.Len64(span))
	case s.phys == vec.View:
		l.layoutText()
	case s.phys == vec.Dec128 || s.phys == vec.Dec256:
		l.form, l.bits, l.last, l.flag = formWide, 64, 64, s.nulls
	case s.phys == vec.Fixed:
		l.form, l.bits, l.flag, l.exact = formPrefix, 64, s.nulls, s.width <= 8
	default:
		l.flag, l.exact = s.nulls, false
	}
	return l
}

func (k *keyLayout) layoutText() {
	k.flag = k.stats.nulls
	k.skip = len(k.stats.common)
	n := k.stats.maxLen - k.skip
	k.shift = uint(bits.Len(uint(n)))
	switch {
	case n == 0: // one value; null or not is all there is
	case n <= 7:
		k.form, k.bits = formText, 8*uint(n)+k.shift
	case n <= 15:
		k.form, k.bits, k.last = formText2, 64, 8*uint(n-8)+k.shift
	default:
		k.form, k.bits, k.exact = formPrefix, 64, false
	}
}
