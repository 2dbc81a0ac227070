package csvio

import "golang.org/x/sys/cpu"

var (
	hasAVX2   = cpu.X86.HasAVX2
	hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasPCLMULQDQ && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT && hasAVX2
)

// masksAVX2 is masksGeneric for n ≥ 1 blocks, two loads of 32 bytes a block.
//
//go:noescape
func masksAVX2(delim, line, quote *uint64, src *byte, n int, comma, newline, quoteChar byte) uint64

func masks(delim, line, quote []uint64, src []byte, c chars) uint64 {
	n := len(delim)
	if !hasAVX2 || c.quote == 0 || n == 0 {
		return masksGeneric(delim, line, quote, src, c)
	}
	_, _, _ = line[n-1], quote[n-1], src[n*64-1]
	return masksAVX2(&delim[0], &line[0], &quote[0], &src[0], n, c.comma, c.newline, c.quote)
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

// quotesAVX512 is masks and quotes.word for n ≥ 1 words; it returns how many it took before one under which an assumption fails, or
// may.
//
//go:noescape
func quotesAVX512(s *quotes, delim, line *uint64, src *byte, n int) int

// fastWords follows up to n ≥ 1 whole words of src, and returns how many it took before one that slowWord must judge.
func (s *quotes) fastWords(delim, line []uint64, src []byte, n int) int {
	_, _, _ = delim[n-1], line[n-1], src[n*64-1]
	return quotesAVX512(s, &delim[0], &line[0], &src[0], n)
}
