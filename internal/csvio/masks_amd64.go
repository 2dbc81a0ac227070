package csvio

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2

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
