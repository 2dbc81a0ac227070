package eval

import (
	"bytes"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

var texts = map[string]builder{
	"str_contains":      textTest(func(p string) (textMatch, error) { return contains(p), nil }),
	"str_starts_with":   textTest(func(p string) (textMatch, error) { return hasPrefix(p), nil }),
	"str_ends_with":     textTest(func(p string) (textMatch, error) { return hasSuffix(p), nil }),
	"str_match":         textTest(matches),
	"str_like":          textTest(like),
	"str_replace":       buildReplace,
	"str_replace_match": buildReplaceMatch,
	"str_extract":       buildExtract,
	"str_split":         buildSplit,
	"str_concat":        buildConcat,
	"str_lower":         textMap(func(dst, s []byte) []byte { return mapCase(dst, s, 'A', unicode.ToLower) }),
	"str_upper":         textMap(func(dst, s []byte) []byte { return mapCase(dst, s, 'a', unicode.ToUpper) }),
	"str_trim":          textPart(func(s []byte) (int, int) { return trimmed(s) }),
	"str_len":           textLen(func(s []byte) int64 { return int64(utf8.RuneCount(s)) }),
	"str_len_bytes":     textLen(func(s []byte) int64 { return int64(len(s)) }),
	"str_slice":         buildSlice,
	"str_parse_time":    buildParseTime,
}

// isText says whether a type is text, as opposed to binary.
func isText(t arrow.DataType) bool { return t.ID() == arrow.STRING }

// text views bytes as a string; good while they are.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// textWriter makes a column of text row by row, in memory of the batch. Rows not put hold an empty text.
type textWriter struct {
	x     *state
	out   *vec.Vec
	heads []vec.ViewHeader
	chunk []byte
	bufs  [][]byte
}

// textChunk is the bytes of the first buffer of a text result.
const textChunk = 32 << 10

func (x *state) newText(t arrow.DataType, valid []uint64) *textWriter {
	out := x.out(t)
	out.Valid = valid
	w := &x.writer
	*w = textWriter{x: x, out: out, heads: vec.Of[vec.ViewHeader](out), bufs: w.bufs[:0]}
	clear(w.heads)
	return w
}

// put copies s as row i.
func (w *textWriter) put(i int, s []byte) {
	w.heads[i] = w.add(s)
}

func (w *textWriter) add(s []byte) vec.ViewHeader {
	if len(s) <= vec.InlineLen {
		return vec.Inline(s)
	}
	if len(w.chunk)+len(s) > cap(w.chunk) {
		w.chunk = w.x.s.Alloc(max(textChunk, 2*cap(w.chunk), len(s)))[:0]
		w.bufs = append(w.bufs, nil)
	}
	off := len(w.chunk)
	w.chunk = append(w.chunk, s...)
	w.bufs[len(w.bufs)-1] = w.chunk
	return vec.Long(s, uint32(len(w.bufs)-1), uint32(off))
}

func (w *textWriter) done() *vec.Vec {
	w.out.Bufs = w.x.s.BufList(len(w.bufs))
	copy(w.out.Bufs, w.bufs)
	return w.out
}

// textTest is an operation from text to bool by a constant pattern.
func textTest(compile func(pattern string) (textMatch, error)) builder {
	return func(n *node) (runFunc, error) {
		pattern, _ := n.e.Param(0).(string)
		match, err := compile(pattern)
		if err != nil || n.args[0].phys != vec.View {
			return nil, err
		}
		n.masked = true
		return func(x *state, act mask) (*vec.Vec, error) {
			a, err := x.plain(n.args[0], act)
			if err != nil {
				return nil, err
			}
			out := x.out(n.typ)
			out.Valid = a.Valid
			dst := out.Bits()
			clear(dst)
			match.rows(x, dst, a, x.live(a.Valid, act))
			return out, nil
		}, nil
	}
}

func contains(p string) textMatch {
	pat := []byte(p)
	return textMatch{test: func(s []byte) bool { return bytes.Contains(s, pat) }, needs: newNeedle(p), suffices: true}
}

func hasPrefix(p string) textMatch {
	pat := []byte(p)
	return textMatch{test: func(s []byte) bool { return bytes.HasPrefix(s, pat) }}
}

func hasSuffix(p string) textMatch {
	pat := []byte(p)
	return textMatch{test: func(s []byte) bool { return bytes.HasSuffix(s, pat) }}
}

func matches(p string) (textMatch, error) {
	re, err := regexp.Compile(p)
	if err != nil {
		return textMatch{}, err
	}
	lit, _ := re.LiteralPrefix() // it says that ^x$ is x, too
	if regexp.QuoteMeta(lit) == p {
		return contains(lit), nil
	}
	return textMatch{test: re.Match, needs: newNeedle(lit)}, nil
}

// like compiles SQL's pattern: to a literal test where it is one, else to RE2.
func like(p string) (textMatch, error) {
	var parts []string // literals between runs of %
	var re, lit strings.Builder
	re.WriteString(`(?s)\A`)
	simple, escaped := true, false
	for _, r := range p {
		switch {
		case escaped || r != '%' && r != '_' && r != '\\':
			re.WriteString(regexp.QuoteMeta(string(r)))
			lit.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '_':
			re.WriteString(".")
			simple = false
		default:
			re.WriteString(".*")
			parts = append(parts, lit.String())
			lit.Reset()
		}
	}
	if escaped { // a last \ stands for itself
		re.WriteString(`\\`)
		lit.WriteByte('\\')
	}
	parts = append(parts, lit.String())
	if simple && utf8.ValidString(p) {
		return likeParts(parts), nil
	}
	c, err := regexp.Compile(re.String() + `\z`)
	if err != nil {
		return textMatch{}, err
	}
	return textMatch{test: c.Match}, nil
}

// likeParts matches a pattern whose only wildcard is %: the first and last part at the ends, the others in order between.
func likeParts(parts []string) textMatch {
	pats := make([][]byte, len(parts))
	for i, p := range parts {
		pats[i] = []byte(p)
	}
	first, last := pats[0], pats[len(pats)-1]
	if len(pats) == 1 {
		return textMatch{test: func(s []byte) bool { return bytes.Equal(s, first) }}
	}
	middle := pats[1 : len(pats)-1]
	m := textMatch{suffices: len(middle) == 1 && len(first)+len(last) == 0}
	for _, p := range middle {
		if n := newNeedle(string(p)); len(first) == 0 && n != nil && (m.needs == nil || n.rarer(m.needs)) {
			m.needs = n // a first part decides sooner
		}
	}
	m.test = func(s []byte) bool {
		if len(s) < len(first)+len(last) || !bytes.HasPrefix(s, first) || !bytes.HasSuffix(s, last) {
			return false
		}
		s = s[len(first) : len(s)-len(last)]
		for _, m := range middle {
			at := bytes.Index(s, m)
			if at < 0 {
				return false
			}
			s = s[at+len(m):]
		}
		return true
	}
	return m
}

// textMap is an operation that writes a new text for each.
func textMap(write func(dst, s []byte) []byte) builder {
	return func(n *node) (runFunc, error) { return textWrite(n, write), nil }
}

func textWrite(n *node, write func(dst, s []byte) []byte) runFunc {
	n.masked = true
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		heads := vec.Of[vec.ViewHeader](a)
		w := x.newText(n.typ, a.Valid)
		live := x.live(a.Valid, act)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			x.tmp = write(x.tmp[:0], heads[i].Value(a.Bufs))
			w.put(i, x.tmp)
		}
		return w.done(), nil
	}
}

// mapCase maps characters; bytes that are no UTF-8 stay. from is the first of the 26 ASCII letters to change, which is done without look-ups.
func mapCase(dst, s []byte, from byte, to func(rune) rune) []byte {
	start := len(dst)
	dst = append(dst, s...)
	for i, c := range dst[start:] {
		if c >= utf8.RuneSelf {
			return mapUnicode(dst[:start+i], s[i:], to)
		}
		if c-from < 26 {
			dst[start+i] = c ^ 0x20
		}
	}
	return dst
}

func mapUnicode(dst, s []byte, to func(rune) rune) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[0])
		} else {
			dst = utf8.AppendRune(dst, to(r))
		}
		s = s[n:]
	}
	return dst
}

// textPart is an operation whose result is a part of the text: its bytes are shared.
func textPart(part func(s []byte) (from, to int)) builder {
	return func(n *node) (runFunc, error) {
		return func(x *state, act mask) (*vec.Vec, error) {
			a, err := x.plain(n.args[0], act)
			if err != nil {
				return nil, err
			}
			out := x.out(n.typ)
			out.Valid, out.Bufs = a.Valid, a.Bufs
			dst, heads := vec.Of[vec.ViewHeader](out), vec.Of[vec.ViewHeader](a)
			clear(dst)
			for i := x.next(a.Valid, 0); i < x.n; i = x.next(a.Valid, i+1) {
				from, to := part(heads[i].Value(a.Bufs))
				dst[i] = partOf(&heads[i], a.Bufs, from, to)
			}
			return out, nil
		}, nil
	}
}

// partOf is the header of bytes from … to-1 of a value.
func partOf(h *vec.ViewHeader, bufs [][]byte, from, to int) vec.ViewHeader {
	s := h.Value(bufs)[from:to]
	if len(s) <= vec.InlineLen {
		return vec.Inline(s)
	}
	return vec.Long(s, h.Buf, h.Off+uint32(from))
}

func trimmed(s []byte) (int, int) {
	left := len(s) - len(bytes.TrimLeftFunc(s, unicode.IsSpace))
	return left, left + len(bytes.TrimSpace(s))
}

func buildSlice(n *node) (runFunc, error) {
	start, count := n.e.Param(0).(int64), n.e.Param(1).(int64)
	return textPart(func(s []byte) (int, int) { return sliceChars(s, start, count) })(n)
}

// sliceChars returns the bytes of count characters from start on, which counts from the end where it is negative.
func sliceChars(s []byte, start, count int64) (from, to int) {
	if start < 0 {
		chars := int64(utf8.RuneCount(s))
		if start += chars; start < 0 {
			count = max(0, count+start) // what is outside is left out
			start = 0
		}
	}
	from = skipChars(s, 0, start)
	return from, skipChars(s, from, count)
}

func skipChars(s []byte, at int, k int64) int {
	for ; k > 0 && at < len(s); k-- {
		if s[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, n := utf8.DecodeRune(s[at:])
		at += n
	}
	return at
}

func textLen(size func(s []byte) int64) builder {
	return func(n *node) (runFunc, error) {
		return func(x *state, act mask) (*vec.Vec, error) {
			a, err := x.plain(n.args[0], act)
			if err != nil {
				return nil, err
			}
			out := x.out(n.typ)
			out.Valid = a.Valid
			dst, heads := vec.Of[int64](out), vec.Of[vec.ViewHeader](a)
			for i := x.next(a.Valid, 0); i < x.n; i = x.next(a.Valid, i+1) {
				dst[i] = size(heads[i].Value(a.Bufs))
			}
			return out, nil
		}, nil
	}
}

func buildReplace(n *node) (runFunc, error) {
	old, with := []byte(n.e.Param(0).(string)), []byte(n.e.Param(1).(string))
	return textWrite(n, func(dst, s []byte) []byte {
		if len(old) == 0 {
			return append(dst, s...)
		}
		for {
			at := bytes.Index(s, old)
			if at < 0 {
				return append(dst, s...)
			}
			dst = append(append(dst, s[:at]...), with...)
			s = s[at+len(old):]
		}
	}), nil
}

func buildReplaceMatch(n *node) (runFunc, error) {
	re, err := regexp.Compile(n.e.Param(0).(string))
	if err != nil {
		return nil, err
	}
	with := []byte(n.e.Param(1).(string))
	return textWrite(n, func(dst, s []byte) []byte {
		last := 0
		for _, m := range re.FindAllSubmatchIndex(s, -1) {
			dst = append(dst, s[last:m[0]]...)
			dst = re.Expand(dst, with, s, m)
			last = m[1]
		}
		return append(dst, s[last:]...)
	}), nil
}

func buildExtract(n *node) (runFunc, error) {
	re, err := regexp.Compile(n.e.Param(0).(string))
	if err != nil {
		return nil, err
	}
	group := int(n.e.Param(1).(int64))
	n.masked = true
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Bufs, out.Valid = a.Bufs, x.s.Bits(x.n)
		clear(out.Valid)
		dst, heads := vec.Of[vec.ViewHeader](out), vec.Of[vec.ViewHeader](a)
		clear(dst)
		live := x.live(a.Valid, act)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			m := re.FindSubmatchIndex(heads[i].Value(a.Bufs))
			if m != nil && m[2*group] >= 0 {
				bitmap.Set(out.Valid, i)
				dst[i] = partOf(&heads[i], a.Bufs, m[2*group], m[2*group+1])
			}
		}
		return out, nil
	}, nil
}

// buildConcat joins the operands of a row; null where one is null.
func buildConcat(n *node) (runFunc, error) {
	for _, a := range n.args {
		if a.phys != vec.View {
			return nil, nil
		}
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		parts := x.s.Vecs(len(n.args))
		var valid []uint64
		for i, a := range n.args {
			v, err := x.operand(a, act)
			if err != nil {
				return nil, err
			}
			parts[i] = *v
			if !a.isLit() {
				valid = x.both(valid, v.Valid)
			}
		}
		w := x.newText(n.typ, valid)
		for i := x.next(valid, 0); i < x.n; i = x.next(valid, i+1) {
			x.tmp = x.tmp[:0]
			for k := range parts {
				at := i
				if n.args[k].isLit() {
					at = 0
				}
				x.tmp = append(x.tmp, vec.Of[vec.ViewHeader](&parts[k])[at].Value(parts[k].Bufs)...)
			}
			w.put(i, x.tmp)
		}
		return w.done(), nil
	}, nil
}

// buildSplit cuts text into lists whose elements share its bytes.
func buildSplit(n *node) (runFunc, error) {
	sep := []byte(n.e.Param(0).(string))
	n.masked = true
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		heads := vec.Of[vec.ViewHeader](a)
		offs := vec.Alloc[int32](&x.s, x.n+1)
		live := x.live(a.Valid, act)
		total := 0
		next := x.next(live, 0)
		for i := range x.n {
			offs[i] = int32(total)
			if i == next {
				total += countParts(heads[i].Value(a.Bufs), sep)
				next = x.next(live, i+1)
			}
		}
		offs[x.n] = int32(total)
		elems := vec.Alloc[vec.ViewHeader](&x.s, total)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			splitInto(elems[offs[i]:offs[i+1]], &heads[i], a.Bufs, sep)
		}
		out := x.vec()
		*out = vec.Vec{Type: n.typ, Phys: vec.List, Len: x.n, Valid: a.Valid, Offs: offs, Child: x.s.Vecs(1)}
		out.Child[0] = vec.Vec{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 16, Len: total, Data: vec.Bytes(elems), Bufs: a.Bufs}
		return out, nil
	}, nil
}

func countParts(s, sep []byte) int {
	if len(sep) == 0 {
		return utf8.RuneCount(s)
	}
	return bytes.Count(s, sep) + 1
}

// splitInto writes the headers of the parts; an empty separator cuts between characters.
func splitInto(dst []vec.ViewHeader, h *vec.ViewHeader, bufs [][]byte, sep []byte) {
	s := h.Value(bufs)
	at := 0
	for i := range dst {
		end := len(s)
		switch {
		case len(sep) == 0:
			end = skipChars(s, at, 1)
		case i < len(dst)-1:
			end = at + bytes.Index(s[at:], sep)
		}
		dst[i] = partOf(h, bufs, at, end)
		at = end + len(sep)
	}
}

func buildParseTime(n *node) (runFunc, error) {
	layout := n.e.Param(0).(string)
	unit := unitOf(n.typ)
	per := unit.PerSecond()
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		dst, heads := vec.Of[int64](out), vec.Of[vec.ViewHeader](a)
		live := x.live(a.Valid, act)
		for i := x.next(live, 0); i < x.n; i = x.next(live, i+1) {
			s := heads[i].Value(a.Bufs)
			at, err := time.Parse(layout, text(s))
			if err != nil {
				return nil, badValue(n.e, i, string(s), "the text does not fit the layout %q", layout)
			}
			if dst[i], err = toTicks(at, per); err != nil {
				return nil, badValue(n.e, i, string(s), "%v", err)
			}
		}
		return out, nil
	}, nil
}
