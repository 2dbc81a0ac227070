package csvio

import (
	"encoding/binary"
	"math/bits"
)

const (
	low7  = 0x7f7f7f7f7f7f7f7f
	high1 = 0x8080808080808080
	ones  = 0x0101010101010101
	// slack is how many bytes must be readable after the last byte that is scanned or parsed.
	slack = 64
)

// chars are the bytes that shape a file.
type chars struct{ comma, newline, quote byte }

// masksGeneric sets a bit for each byte of src that is a comma or newline (delim), a newline (line) or a quote (quote): 64 bytes a
// word, len(delim) words; src holds as many bytes. It returns the union of the quote words. Where c.quote is 0, no byte counts as one.
func masksGeneric(delim, line, quote []uint64, src []byte, c chars) uint64 {
	comma, nl, q := uint64(c.comma)*ones, uint64(c.newline)*ones, uint64(c.quote)*ones
	var any uint64
	line, quote = line[:len(delim)], quote[:len(delim)]
	for i := range delim {
		block := src[i*64 : i*64+64]
		var d, l, qm uint64
		for k := 0; k < 64; k += 8 {
			w := binary.LittleEndian.Uint64(block[k:])
			lw := equalBytes(w, nl)
			d |= gather(equalBytes(w, comma)|lw) << k
			l |= gather(lw) << k
			qm |= gather(equalBytes(w, q)) << k
		}
		if c.quote == 0 {
			qm = 0
		}
		delim[i], line[i], quote[i] = d, l, qm
		any |= qm
	}
	return any
}

// equalBytes sets the high bit of each byte of w that equals the byte of pattern, exactly.
func equalBytes(w, pattern uint64) uint64 {
	x := w ^ pattern
	return ^((x&low7 + low7) | x) & high1
}

// gather packs the high bits of 8 bytes into the low 8 bits.
func gather(m uint64) uint64 { return (m >> 7) * 0x0102040810204080 >> 56 }

// prefixXor returns a word whose bit i is the parity of bits 0…i of q.
func prefixXor(q uint64) uint64 {
	q ^= q << 1
	q ^= q << 2
	q ^= q << 4
	q ^= q << 8
	q ^= q << 16
	q ^= q << 32
	return q
}

// span is a field in a buffer: its start in the low half, its end in the high half. Quotes are within.
type span uint64

func makeSpan(start, end int) span { return span(uint64(uint32(start)) | uint64(end)<<32) }

func (s span) start() int { return int(uint32(s) &^ quotedFlag) }
func (s span) end() int   { return int(s >> 32) }

// plain is start and end of a span that has no flag.
func (s span) plain() (start, end int) { return int(uint32(s)), int(s >> 32) }

// quotedFlag marks, in the start of a span, a field that stood in quotes, which the span no longer includes.
const quotedFlag = 1 << 31

// spareSpans is how many spans after those it returns extract may overwrite.
const spareSpans = 16

// extractGeneric sets a span of out for each delimiter of the masks; base is the position of the first mask's bit 0 and start that of the
// first field. It returns the number of spans, beyond which out has room for spareSpans. Bit order is position order.
func extractGeneric(delim []uint64, base, start int, out []span) int {
	n := 0
	s := uint64(start)
	for _, m := range delim {
		for m != 0 {
			p := uint64(base + bits.TrailingZeros64(m))
			out[n] = span(s | p<<32)
			n++
			s = p + 1
			m &= m - 1
		}
		base += 64
	}
	return n
}
