package sorting

import (
	"cmp"
	"math/bits"
	"slices"
)

// pair is a word of a row's key and the row.
type pair struct {
	key uint64
	row uint32
}

// Bounds between the ways to order pairs, measured on 8-byte random keys: below smallSort a comparison sort beats the counting of 256
// digits; a sort by the top bits leaves few ties when it covers the logarithm of the rows and tieBits more.
const (
	smallSort = 192
	tieBits   = 6
)

// sortPairs orders pairs by key, equal keys as they stand; rows must ascend among equal keys already. tmp is scratch of the same length.
//
// It is a radix sort by bytes from the least significant, but of the most significant bits alone that set the keys apart: the
// few rows that tie on those are sorted by themselves.
func sortPairs(p, tmp []pair) {
	if len(p) < smallSort {
		slices.SortFunc(p, func(a, b pair) int {
			if c := cmp.Compare(a.key, b.key); c != 0 {
				return c
			}
			return cmp.Compare(a.row, b.row)
		})
		return
	}
	vary, sorted := uint64(0), true
	for i := 1; i < len(p); i++ {
		vary |= p[i].key ^ p[i-1].key
		sorted = sorted && p[i-1].key <= p[i].key
	}
	if sorted {
		return
	}
	top := bits.Len64(vary)
	digits := (bits.Len(uint(len(p))) + tieBits + 7) / 8
	low := max(0, top-8*digits)
	if rest := bits.TrailingZeros64(vary); rest > low {
		low = rest
	}
	radixPasses(p, tmp, low, top)
	if vary&(1<<low-1) == 0 {
		return
	}
	for i := 0; i < len(p); {
		j := i + 1
		for j < len(p) && p[j].key>>low == p[i].key>>low {
			j++
		}
		if j-i > 1 {
			sortTies(p[i:j], tmp[i:j])
		}
		i = j
	}
}

// sortTies orders a few pairs by insertion, more by another round.
func sortTies(p, tmp []pair) {
	if len(p) > 24 {
		sortPairs(p, tmp)
		return
	}
	for i := 1; i < len(p); i++ {
		x, j := p[i], i
		for ; j > 0 && p[j-1].key > x.key; j-- {
			p[j] = p[j-1]
		}
		p[j] = x
	}
}

// radixPasses orders p by bits low to top of the keys, a byte a pass; a byte that all keys share costs only its count.
func radixPasses(p, tmp []pair, low, top int) {
	src, dst := p, tmp
	for shift := low; shift < top; shift += 8 {
		var count [256]uint32
		for i := range src {
			count[byte(src[i].key>>shift)]++
		}
		if count[byte(src[0].key>>shift)] == uint32(len(src)) {
			continue
		}
		at := uint32(0)
		for d := range count {
			at, count[d] = at+count[d], at
		}
		for i := range src {
			d := byte(src[i].key >> shift)
			dst[count[d]] = src[i]
			count[d]++
		}
		src, dst = dst, src
	}
	if &src[0] != &p[0] {
		copy(p, src)
	}
}
