package agg

import "math/bits"

// counts is a map from words to numbers, by open addressing: two slices, no pointers.
type counts struct {
	keys []uint64 // key+1; 0 is empty
	n    []int64
	used int
}

// add adds n to the number of key and says whether it is new. Keys are below 2⁶⁴−1.
func (c *counts) add(key uint64, n int64) bool {
	if 2*(c.used+1) > len(c.keys) {
		c.grow()
	}
	mask := uint64(len(c.keys) - 1)
	for at := slot(key) & mask; ; at = (at + 1) & mask {
		switch c.keys[at] {
		case key + 1:
			c.n[at] += n
			return false
		case 0:
			c.keys[at], c.n[at] = key+1, n
			c.used++
			return true
		}
	}
}

// slot spreads a key over all bits: Fibonacci hashing, its high half folded down.
func slot(key uint64) uint64 {
	hi, lo := bits.Mul64(key, 0x9E3779B97F4A7C15)
	return hi ^ lo ^ lo>>32
}

func (c *counts) grow() {
	old := *c
	size := max(2*len(c.keys), 64)
	c.keys, c.n, c.used = make([]uint64, size), make([]int64, size), 0
	for i, k := range old.keys {
		if k != 0 {
			c.add(k-1, old.n[i])
		}
	}
}

func (c *counts) bytes() int64 { return int64(cap(c.keys)+cap(c.n)) * 8 }
