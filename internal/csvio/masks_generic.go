//go:build !amd64

package csvio

func masks(delim, line, quote []uint64, src []byte, c chars) uint64 {
	return masksGeneric(delim, line, quote, src, c)
}
