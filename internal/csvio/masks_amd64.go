package csvio

import "golang.org/x/sys/cpu"

var (
	hasAVX2   = cpu.X86.HasAVX2
	hasAVX512 = hasAVX2 && cpu.X86.HasPOPCNT && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL &&
		cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512VPOPCNTDQ
)

// masksAVX2 is masksGeneric for n ≥ 1 blocks, two loads of 32 bytes a block.
//
//go:noescape
func masksAVX2(delim, line, quote *uint64, src *byte, n int, comma, newline, quoteChar byte) uint64

func masks(delim, line, quote []uint64, src []byte, c chars) uint64 {
	n := len(delim)
	if !hasAVX2 || n == 0 {
		return masksGeneric(delim, line, quote, src, c)
	}
	_, _, _ = line[n-1], quote[n-1], src[n*64-1]
	any := masksAVX2(&delim[0], &line[0], &quote[0], &src[0], n, c.comma, c.newline, c.quote)
	if c.quote == 0 {
		clear(quote[:n])
		any = 0
	}
	return any
}

// extractAVX512 is extractGeneric for n ≥ 1 words. It writes 16 spans at a time.
//
//go:noescape
func extractAVX512(delim *uint64, n int, base, start uint32, out *span) int

func extract(delim []uint64, base, start int, out []span) int {
	n := len(delim)
	if !hasAVX512 || n == 0 {
		return extractGeneric(delim, base, start, out)
	}
	_ = out[n*64+spareSpans-1]
	return extractAVX512(&delim[0], n, uint32(base), uint32(start), &out[0])
}

// masksAVX512 is masksGeneric for n ≥ 1 blocks, and sets a bit for each carriage return too; it returns the union of the words of both.
//
//go:noescape
func masksAVX512(delim, line, quote, cr *uint64, src *byte, n int, comma, newline, quoteChar byte) (quotes, returns uint64)

// setMasks sets the first n words of m, and the unions of those of quotes and of carriage returns.
func (s *quotes) setMasks(m *wordMasks, src []byte, n int) {
	if !hasAVX512 {
		s.any, s.returns = s.any|masks(m.delim[:n], m.line[:n], m.quote[:n], src, s.c), 1
		return
	}
	_, _, _, _, _ = m.delim[n-1], m.line[n-1], m.quote[n-1], m.cr[n-1], src[n*64-1]
	any, returns := masksAVX512(&m.delim[0], &m.line[0], &m.quote[0], &m.cr[0], &src[0], n, s.c.comma, s.c.newline, s.c.quote)
	if s.c.quote == 0 {
		clear(m.quote[:n])
		any = 0
	}
	s.any, s.returns = s.any|any, s.returns|returns
}

// quotesAVX512 is quotes.word for groups ≥ 1 of eight words; it returns how many it took before one under which an assumption fails, or
// may.
//
//go:noescape
func quotesAVX512(s *quotes, delim, line, quote, cr *uint64, groups int) int

// fastWords follows words of m from w on, which are n, in groups of eight; it returns how many words it took before those that slowWord
// must judge.
func (s *quotes) fastWords(m *wordMasks, w, n int) int {
	if n < 8 || !hasAVX512 {
		return 0
	}
	_, _, _, _ = m.delim[w+n-1], m.line[w+n-1], m.quote[w+n-1], m.cr[w+n-1]
	return 8 * quotesAVX512(s, &m.delim[w], &m.line[w], &m.quote[w], &m.cr[w], n/8)
}
