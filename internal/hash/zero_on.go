//go:build hash_zero

package hash

const zeroByDefault = true
