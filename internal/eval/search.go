package eval

import (
	"bytes"
	"strings"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// textMatch says which texts match a pattern.
type textMatch struct {
	test func(s []byte) bool
	// needs occurs in every text that matches; nil where nothing is known to. Where it suffices, a text with it matches.
	needs    *needle
	suffices bool
}

// maxGap is how many bytes that belong to no text may lie between two that are searched as one: lengths, and short texts, whose
// bytes Parquet has there, too.
const maxGap = 4 + vec.InlineLen + 4

// rows sets the bits of the live rows of a column that match. Long texts that lie one after the other in a buffer, as a reader gives them,
// are searched as one for what they need: most rows cost little more than their bytes then.
func (m *textMatch) rows(x *state, dst []uint64, col *vec.Vec, live []uint64) {
	heads := vec.Of[vec.ViewHeader](col)
	for i := x.next(live, 0); i < x.n; {
		h := &heads[i]
		if m.needs == nil || h.Len <= vec.InlineLen {
			if m.test(h.Value(col.Bufs)) {
				bitmap.Set(dst, i)
			}
			i = x.next(live, i+1)
			continue
		}
		end, after := uint64(h.Off)+uint64(h.Len), x.next(live, i+1)
		for ; after < x.n; after = x.next(live, after+1) {
			n := &heads[after]
			if n.Len <= vec.InlineLen {
				if m.test(n.Value(col.Bufs)) {
					bitmap.Set(dst, after)
				}
				continue
			}
			if n.Buf != h.Buf || uint64(n.Off) < end || uint64(n.Off)-end > maxGap {
				break
			}
			end = uint64(n.Off) + uint64(n.Len)
		}
		m.run(x, dst, heads, col.Bufs[h.Buf][:end], i, live)
		i = after
	}
}

// run looks for what is needed from the text of row first to the end of buf, and sets the bits of rows that match.
func (m *textMatch) run(x *state, dst []uint64, heads []vec.ViewHeader, buf []byte, first int, live []uint64) {
	row := first
	for at := int(heads[row].Off); ; {
		found := m.needs.index(buf[at:])
		if found < 0 {
			return
		}
		at += found
		for heads[row].Len <= vec.InlineLen || int(heads[row].Off)+int(heads[row].Len) <= at {
			row = x.next(live, row+1)
		}
		from := int(heads[row].Off)
		end := from + int(heads[row].Len)
		if at < from || at+len(m.needs.text) > end { // between two texts, or beyond the end of one
			at++
			continue
		}
		if m.suffices || m.test(buf[from:end]) {
			bitmap.Set(dst, row)
		}
		at = end
	}
}

// needle is a text that is looked for in long ones: by the byte of it that is rarest, as far as one can know.
type needle struct {
	text []byte
	rare int // the place of that byte
}

// newNeedle returns nil for an empty text.
func newNeedle(s string) *needle {
	if s == "" {
		return nil
	}
	n := &needle{text: []byte(s)}
	for i := range n.text {
		if rarity(n.text[i]) > rarity(n.text[n.rare]) {
			n.rare = i
		}
	}
	return n
}

// byFrequency are bytes of text and of what lies between, the most frequent ones first.
const byFrequency = " e\x00taoinsrhldcumfpgwyb0123456789,.-/_:vkSTAEICRNMOLDPBHFGUWYKV"

// rarity grows with how rare a byte is.
func rarity(b byte) int {
	switch at := strings.IndexByte(byFrequency, b); {
	case at >= 0:
		return at
	case b >= 0x80: // characters of other scripts share few first bytes
		return len(byFrequency) / 2
	}
	return len(byFrequency)
}

// rarer says whether n is better to look for than o.
func (n *needle) rarer(o *needle) bool {
	x, y := rarity(n.text[n.rare]), rarity(o.text[o.rare])
	return x > y || x == y && len(n.text) > len(o.text)
}

// index is bytes.Index of the needle. It goes from one place of the rare byte to the next, unless that turns out to be frequent.
func (n *needle) index(s []byte) int {
	rare, last := n.text[n.rare], len(s)-(len(n.text)-n.rare) // of the rare byte
	misses := 0
	for at := n.rare; at <= last; at++ {
		k := bytes.IndexByte(s[at:last+1], rare)
		if k < 0 {
			return -1
		}
		at += k
		from := at - n.rare
		if bytes.Equal(s[from:from+len(n.text)], n.text) {
			return from
		}
		if misses++; misses > 16+at/16 {
			from++
			if k = bytes.Index(s[from:], n.text); k < 0 {
				return -1
			}
			return from + k
		}
	}
	return -1
}
