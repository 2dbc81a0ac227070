// Package hash turns columns into 64-bit hashes, a whole slice at a time. Equal values hash equally whatever their encoding: plain
// or dictionary, narrow or wide integers, float32 or float64, text as view or dictionary; −0.0 hashes as 0.0, every NaN as one,
// every null as one. The functions and their constants are fixed: hashes are equal in every process and on every platform, so
// partitions made by different machines fit together. They are not meant to withstand an adversary.
//
// The top bits are for choosing a partition, the low bits for choosing a slot: the two choices are then independent.
//
// hash knows vec and arrow types; it does not allocate per row and keeps no state but the dictionaries of a Hasher.
package hash

import (
	"math"
	"math/bits"
	"sync/atomic"
)

// Odd constants with evenly spread bits (the first digits of √2, √3, √5, √7 and √11 after the point, made odd).
const (
	k0 = 0x6a09e667f3bcc909
	k1 = 0xbb67ae8584caa73b
	k2 = 0x3c6ef372fe94f82b
	k3 = 0xa54ff53a5f1d36f1
	k4 = 0x510e527fade682d1

	// Null is the hash of a null of any type.
	Null uint64 = 0x9b05688c2b3e6c1f
)

// canonNaN is the one bit pattern that stands for every NaN.
const canonNaN = 0x7ff8000000000001

// allEqual makes every hash of a slice function 0.
var allEqual atomic.Bool

func init() { allEqual.Store(zeroByDefault) }

// SetAllEqual makes all hashes of the whole-slice functions equal, or undoes it, and returns what was set: tests prove with it that
// no answer depends on hashes being different. The build tag hash_zero sets it from the start. Tables made under one setting must
// not be used under the other.
func SetAllEqual(on bool) (was bool) { return allEqual.Swap(on) }

// AllEqual says whether SetAllEqual is on, for those who mix more into a hash.
func AllEqual() bool { return allEqual.Load() }

// fold multiplies to 128 bits and folds the halves: the mixing step of wyhash (Wang Yi, public domain).
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Word hashes a value of up to 8 bytes: a sign- or zero-extended integer, or what FloatBits gives.
func Word(x uint64) uint64 { return fold(x^k0, k1) }

// Pair hashes a value of 16 bytes. (Multiplying the halves with each other takes one step less but maps keys that differ in their
// top bytes alone, such as names that end in a number, to clusters.)
func Pair(lo, hi uint64) uint64 { return fold(fold(lo^k0, k1)^hi, k2) }

// Combine returns the hash of a sequence whose part so far hashes to h and whose next element hashes to x. It depends on the order.
func Combine(h, x uint64) uint64 { return fold(h^k2, x^k3) }

// FloatBits returns the bits of x with −0.0 as 0.0 and one NaN for all: equal bits are equal keys.
func FloatBits(x float64) uint64 {
	if x != x {
		return canonNaN
	}
	return math.Float64bits(x + 0) // −0.0 + 0 is 0.0
}

// Half returns float16 bits as the FloatBits of the value.
func Half(h uint16) uint64 { return FloatBits(halfToFloat(h)) }

// halfToFloat widens IEEE 754 binary16.
func halfToFloat(h uint16) float64 {
	sign, exp, frac := 1.0, int(h>>10&31), float64(h&1023)
	if h>>15 == 1 {
		sign = -1
	}
	switch {
	case exp == 31 && frac != 0:
		return math.NaN()
	case exp == 31:
		return math.Inf(int(sign))
	case exp == 0:
		return sign * math.Ldexp(frac, -24)
	}
	return sign * math.Ldexp(frac+1024, exp-25)
}

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Ints hashes integers as if widened to 64 bits. dst has the length of vals.
func Ints[T integer](dst []uint64, vals []T) {
	dst = dst[:len(vals)]
	if allEqual.Load() {
		clear(dst)
		return
	}
	for i, v := range vals {
		dst[i] = fold(uint64(v)^k0, k1)
	}
}

// Pairs hashes 16-byte values given as two slices of words.
func Pairs(dst, lo, hi []uint64) {
	dst, hi = dst[:len(lo)], hi[:len(lo)]
	if allEqual.Load() {
		clear(dst)
		return
	}
	for i, v := range lo {
		dst[i] = fold(fold(v^k0, k1)^hi[i], k2)
	}
}

// Floats hashes floats by value, float32 as if widened.
func Floats[T ~float32 | ~float64](dst []uint64, vals []T) {
	dst = dst[:len(vals)]
	if allEqual.Load() {
		clear(dst)
		return
	}
	for i, v := range vals {
		b := math.Float64bits(float64(v) + 0)
		if v != v {
			b = canonNaN
		}
		dst[i] = fold(b^k0, k1)
	}
}

// CombineAll folds the hashes of the next column into dst, row by row.
func CombineAll(dst, next []uint64) {
	dst = dst[:len(next)]
	if allEqual.Load() {
		clear(dst)
		return
	}
	for i, x := range next {
		dst[i] = fold(dst[i]^k2, x^k3)
	}
}
