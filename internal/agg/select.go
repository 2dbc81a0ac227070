package agg

import (
	"slices"
	"unsafe"
)

// rankBits returns the memory of ranks as the integers that they are.
func rankBits(vals []float64) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(vals))), len(vals))
}

// smallSelect is the length up to which sorting by insertion selects fastest.
const smallSelect = 16

// selectAt moves the k-th smallest of a to its place, smaller ones before it and greater ones behind: Hoare's quickselect with pivots
// from a sample around the place wanted, as in Floyd and Rivest, "Expected time bounds for selection" (1975), and a partition without
// branches on the data. After many bad pivots it sorts, so that no order of values takes quadratic time.
func selectAt(a []int64, k int) {
	for rounds := 0; len(a) > smallSelect; rounds++ {
		if rounds > 64 {
			slices.Sort(a)
			return
		}
		pivot := pivotOf(a, k)
		less := partition(a, pivot, 0)
		if k < less {
			a = a[:less]
			continue
		}
		// What equals the pivot comes next: many equal values end the search here.
		equal := partition(a[less:], pivot, 1)
		if k < less+equal {
			return
		}
		a, k = a[less+equal:], k-less-equal
	}
	for i := 1; i < len(a); i++ {
		x := a[i]
		j := i
		for ; j > 0 && a[j-1] > x; j-- {
			a[j] = a[j-1]
		}
		a[j] = x
	}
}

// pivotOf is a value of a near the k-th: the right place of a sample.
func pivotOf(a []int64, k int) int64 {
	n := len(a)
	if n < 256 {
		x, y, z := a[n/4], a[n/2], a[n-1-n/4]
		return max(min(x, y), min(max(x, y), z))
	}
	var sample [31]int64
	size := 15
	if n > 4096 {
		size = 31
	}
	s := sample[:size]
	for i := range s {
		s[i] = a[(2*i+1)*(n/(2*size))]
	}
	slices.Sort(s)
	at := k * size / n
	// Towards the middle by one: the side that is left then is the smaller one more often.
	if at < size/2 {
		at++
	} else if at > size/2 {
		at--
	}
	return s[at]
}

// partition moves the values below pivot+more to the front and returns how many there are.
func partition(a []int64, pivot int64, more int64) int {
	limit := pivot + more
	if limit < pivot { // pivot is the largest integer: all are at most it
		return len(a)
	}
	k := 0
	for i, x := range a {
		y := a[k]
		a[i] = y
		a[k] = x
		next := k + 1
		if x >= limit {
			next = k
		}
		k = next
	}
	return k
}
