//go:build !amd64

package csvio

const hasAVX512 = false

func masks(delim, line, quote []uint64, src []byte, c chars) uint64 {
	return masksGeneric(delim, line, quote, src, c)
}

func extract(delim []uint64, base, start int, out []span) int {
	return extractGeneric(delim, base, start, out)
}

func (s *quotes) fastWords(delim, line []uint64, src []byte, n int) int { return 0 }
