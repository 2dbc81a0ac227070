//go:build !amd64

package csvio

func masks(delim, line, quote []uint64, src []byte, c chars) uint64 {
	return masksGeneric(delim, line, quote, src, c)
}

func extract(delim []uint64, base, start int, out []span) int {
	return extractGeneric(delim, base, start, out)
}

func (s *quotes) setMasks(m *wordMasks, src []byte, n int) {
	s.any, s.returns = s.any|masks(m.delim[:n], m.line[:n], m.quote[:n], src, s.c), 1
}

func (s *quotes) fastWords(m *wordMasks, w, n int) int { return 0 }
