package parquetio

import (
	"math"
	"math/bits"

	"github.com/sheafdata/sheaf/internal/vec"
)

const (
	// maxDictBytes ends a dictionary: readers hold it whole, and it should fit their caches.
	maxDictBytes = 2 << 20
	maxDictLen   = 256 << 10
	// sampleValues is how many values of the first page say what codes and differences would take.
	sampleValues = 4096
)

// decide chooses the encoding of the chunk by its first page: what a value would take as a code, extrapolated to a whole row group, as
// it is, and as a difference.
func (w *leafWriter) decide(last bool) {
	n := len(w.codes)
	w.mode = modePlain
	if n == 0 {
		return
	}
	total := n
	if !last {
		total = int(min(int64(n)*max(w.g.e.o.RowGroupRows/int64(max(w.rows, 1)), 1), 1<<40))
	}
	plainBits := w.plainBits()
	distinct := expectDistinct(w.dictLen(), n, total)
	dictBits := w.codeBits(distinct) + plainBits*float64(distinct)/float64(total)
	if float64(distinct)*plainBits/8 > maxDictBytes || distinct > maxDictLen {
		dictBits = plainBits // the dictionary would end before the row group does
	}
	best := plainBits
	if dictBits < 0.95*plainBits {
		w.mode, best = modeDict, dictBits
	}
	// Differences must save much, because codes and plain values are faster to read.
	if w.deltaBits() < best/2 {
		w.mode = modeDelta
	}
	if w.mode != modeDict {
		w.uncode()
	}
}

// codeBits is what a code of a dictionary of so many values takes, by the first ones: less than its bits where values repeat.
func (w *leafWriter) codeBits(distinct int) float64 {
	sample := w.codes[:min(len(w.codes), sampleValues)]
	w.packed = appendHybrid(w.packed[:0], sample, codeWidth(distinct))
	return 8 * float64(len(w.packed)) / float64(len(sample))
}

// plainBits is what a value of the dictionary takes in plain encoding.
func (w *leafWriter) plainBits() float64 {
	return 8 * float64(w.dictBytes()) / float64(max(w.dictLen(), 1))
}

// deltaBits is what a value takes as difference to the one before it, by the first values; without end where that cannot be: texts
// take any number of bits.
func (w *leafWriter) deltaBits() float64 {
	never := math.Inf(1)
	if w.g.e.o.PlainOnly {
		return never
	}
	codes := w.codes[:min(len(w.codes), sampleValues)]
	var size int
	switch {
	case w.l.elem.typ == physInt32:
		w.n32 = sized(w.n32, len(codes))
		take(w.n32, w.d32.vals, codes)
		size = len(appendDelta(nil, w.n32))
	case w.l.elem.typ == physInt64:
		w.n64 = sized(w.n64, len(codes))
		take(w.n64, w.d64.vals, codes)
		size = len(appendDelta(nil, w.n64))
	default:
		return never
	}
	return 8 * float64(size) / float64(len(codes))
}

func take[K number](dst, vals []K, codes []uint32) {
	for i, c := range codes {
		dst[i] = vals[c]
	}
}

// sized returns a slice of n elements, over s where it fits.
func sized[T any](s []T, n int) []T {
	if n > cap(s) {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// uncode turns the codes of the page back into values and forgets the dictionary, which no page needs.
func (w *leafWriter) uncode() {
	w.codeBounds()
	codes := w.codes
	w.codes = w.codes[:0]
	if w.l.bloom {
		w.startBloom()
	}
	switch w.l.elem.typ {
	case physInt32, physFloat:
		w.n32 = sized(w.n32, len(codes))
		take(w.n32, w.d32.vals, codes)
		w.plain = append(w.plain, raw(w.n32)...)
	case physInt64, physDouble:
		w.n64 = sized(w.n64, len(codes))
		take(w.n64, w.d64.vals, codes)
		w.plain = append(w.plain, raw(w.n64)...)
	default:
		for _, c := range codes {
			w.appendBytes(w.dt.value(int(c)))
		}
	}
	w.dropDict()
}

// dropDict forgets the dictionary.
func (w *leafWriter) dropDict() {
	w.d32.reset()
	w.d64.reset()
	w.dt.reset()
	w.known = 0
}

// checkDict ends the dictionary after a page where it has become too large or does not pay any more. Its codes stay good.
func (w *leafWriter) checkDict() {
	n, added := float64(len(w.codes)), float64(w.dictLen()-w.known)
	if plain := w.plainBits(); added*plain+n*float64(codeWidth(w.dictLen())) > n*plain {
		w.badPages++
	} else {
		w.badPages = 0
	}
	if w.badPages < 3 && w.dictBytes() < maxDictBytes && w.dictLen() < maxDictLen {
		return
	}
	w.mode = modePlain
	if w.l.bloom {
		w.startBloom()
	}
}

// codeBounds finds the bounds of a page of text codes: each code that occurs is compared once.
func (w *leafWriter) codeBounds() {
	if w.dt.size() == 0 || w.l.order == orderNone {
		return
	}
	d := &w.dt
	d.seen = zeroed(d.seen, (d.size()+7)&^7)
	seen := d.seen
	for _, c := range w.codes {
		seen[c] = 1
	}
	sign, most := w.l.sign(), w.l.boundBytes()
	for at := 0; at < len(seen); at += 8 {
		for x := load64(seen, at); x != 0; x &= x - 1 {
			code := at + bits.TrailingZeros64(x)/8
			e := d.entry(code)
			if e.len() <= vec.InlineLen { // most are between the bounds by their first bytes alone
				p, q := bits.ReverseBytes64(e.lo>>32|e.hi<<32)^sign, bits.ReverseBytes32(uint32(e.hi>>32))
				if w.bounds.has && w.bounds.tlo.below(p, q) && w.bounds.thi.above(p, q) {
					continue
				}
			}
			value := d.value(code)
			p, q := prefix12(&[2]uint64{e.lo, e.hi}, value)
			w.bounds.addText(p^sign, q, value, most)
		}
	}
}

// sign is what turns the first bytes of a value into unsigned order.
func (l *writeLeaf) sign() uint64 {
	if l.order == orderDecimal {
		return flip
	}
	return 0
}

// span returns how many of the next n rows the page takes at once: few where values are long.
func (w *leafWriter) span(v *vec.Vec, from, n int) int {
	if v.Phys != vec.View {
		return min(n, 8192)
	}
	n = min(n, 2048)
	for n > 1 && textBytes(v, selection{from: from, n: n}) > max(w.g.e.o.PageBytes, 64<<10) {
		n /= 2
	}
	return n
}

// nestedSpan returns where the next slots that the page takes at once end: whole rows, few where values are long.
func (w *leafWriter) nestedSpan(v *vec.Vec, at *levels, from int) int {
	for step := 4096; ; step /= 2 {
		to := min(from+step, len(at.idx))
		for to < len(at.idx) && at.rep[to] != 0 {
			to++
		}
		first := from + 1 // the end of the first row
		for first < to && at.rep[first] != 0 {
			first++
		}
		if first == to || v.Phys != vec.View || step <= 1 {
			return to
		}
		w.idx = w.idx[:0]
		for _, x := range at.idx[from:to] {
			if x >= 0 {
				w.idx = append(w.idx, x)
			}
		}
		if textBytes(v, selection{n: len(w.idx), idx: w.idx}) <= max(w.g.e.o.PageBytes, 64<<10) {
			return to
		}
	}
}
