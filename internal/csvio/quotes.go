package csvio

import (
	"math/bits"
)

// quotes follows the state of quotes through the words of masks. It assumes that the first byte stands outside quotes (assumption 0);
// under assumption 1, within, every state is the opposite. The parity of quotes decides what is within; each opening quote must follow a
// delimiter or (doubled) a quote, and each closing one must stand before a delimiter, a row's end or a quote. Where one does not, parity
// means nothing, and the assumption does not hold.
//
// The assembly knows the places of the fields.
type quotes struct {
	in     uint64    // all ones where the last byte is within quotes
	after  uint64    // 1 where it is a delimiter or a quote, after which a quote may open
	closed [2]uint64 // 1 where it is a closing quote, by assumption: what follows it is not judged yet
	live   [2]uint64 // all ones for the assumptions that are judged and hold
	lines  uint64    // the number of newlines outside quotes
	// any and returns are 0 where no byte is a quote or a carriage return.
	any, returns uint64
	c            chars
}

// newQuotes starts after a delimiter.
func newQuotes(d *Dialect) quotes {
	return quotes{after: 1, live: [2]uint64{^uint64(0), 0}, c: chars{d.Comma, d.Newline, d.Quote}}
}

// word follows a word of n bytes, whose masks have no bits beyond them. buf begins with the word and ends where bytes are not known.
// It returns the delimiters and newlines outside quotes, and a bit for each assumption that is judged and does not hold.
func (s *quotes) word(delim, line, quote uint64, buf []byte, n int) (d, l uint64, bad uint64) {
	dq, in := delim|quote, s.in
	if quote|s.closed[0]|s.closed[1] != 0 {
		in ^= prefixXor(quote)
		may := dq<<1 | s.after
		sides := [2]uint64{quote &^ in, quote & in} // what closes under each assumption, and opens under the other
		for k, closes := range sides {
			if s.live[k] == 0 {
				continue
			}
			next := (closes<<1 | s.closed[k]) &^ dq
			if sides[k^1]&^may != 0 || next != 0 && stray(next, buf, n, s.c.newline) {
				bad |= 1 << k
			}
			s.closed[k] = closes >> (n - 1) & 1
		}
	}
	d, l = delim&^in, line&^in
	s.after = dq >> (n - 1) & 1
	s.in = -(in >> 63)
	return d, l, bad
}

// stray says whether one of the bytes marked in next, which follow a closing quote, is among the first n of buf and not the CR of a CRLF.
func stray(next uint64, buf []byte, n int, newline byte) bool {
	for ; next != 0; next &= next - 1 {
		p := bits.TrailingZeros64(next)
		if p >= n {
			return false
		}
		if buf[p] != '\r' || newline != '\n' || p+1 >= len(buf) || buf[p+1] != '\n' {
			return true
		}
	}
	return false
}

// wordMasks are masks of a window: the delimiters, newlines, quotes and carriage returns among 64 bytes a word.
type wordMasks struct{ delim, line, quote, cr []uint64 }

func newWordMasks() wordMasks {
	const words = windowMax / 64
	all := make([]uint64, 4*words)
	return wordMasks{all[:words:words], all[words : 2*words : 2*words], all[2*words : 3*words : 3*words], all[3*words:]}
}

// words follows the first n bytes of buf, which is readable for whole words, and of which known bytes may be looked at. It sets the words
// of m to the delimiters and newlines outside quotes, and gives up the assumptions that do not hold: at the word where the last one
// goes it ends. It returns the number of words before.
func (s *quotes) words(m *wordMasks, buf []byte, n, known int) int {
	blocks := (n + 63) / 64
	s.setMasks(m, buf[:blocks*64], blocks)
	for w := 0; w < blocks; {
		w += s.fastWords(m, w, n/64-w)
		for to := min(w+8, blocks); w < to; w++ {
			if !s.slowWord(m, w, buf[w*64:known], min(64, n-w*64)) {
				return w
			}
		}
	}
	return blocks
}

// slowWord is words for word w alone, whose masks are set; false says that the last assumption went.
func (s *quotes) slowWord(m *wordMasks, w int, buf []byte, n int) bool {
	keep := ^uint64(0) >> (64 - n)
	d, l, bad := s.word(m.delim[w]&keep, m.line[w]&keep, m.quote[w]&keep, buf, n)
	if bad != 0 {
		s.live[0] &= bad&1 - 1
		s.live[1] &= bad>>1 - 1
		if s.live[0]|s.live[1] == 0 {
			return false
		}
	}
	s.lines += uint64(bits.OnesCount64(l))
	m.delim[w], m.line[w] = d, l
	return true
}
