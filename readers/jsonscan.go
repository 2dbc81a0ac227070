package readers

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner reads JSON tokens of bytes in memory (RFC 8259, and NaN, Infinity and -Infinity, which Python writes).
type jsonScanner struct {
	buf      []byte
	pos      int
	depth    int
	maxDepth int
	scratch  []byte // the last string with escapes, decoded
}

// jsonError is what is wrong at a byte of the buffer.
type jsonError struct {
	pos int
	msg string
}

func (e *jsonError) Error() string { return e.msg }

func (s *jsonScanner) fail(format string, args ...any) error {
	return &jsonError{pos: s.pos, msg: fmt.Sprintf(format, args...)}
}

// defaultJSONDepth is how deep values may nest: real data seldom passes ten, and every level is a level of the schema.
const defaultJSONDepth = 64

func (s *jsonScanner) space() {
	for s.pos < len(s.buf) {
		switch s.buf[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte that is no space, 0 at the end.
func (s *jsonScanner) peek() byte {
	s.space()
	if s.pos < len(s.buf) {
		return s.buf[s.pos]
	}
	return 0
}

func (s *jsonScanner) expect(c byte) error {
	if got := s.peek(); got != c {
		return s.unexpected(fmt.Sprintf("%q", c))
	}
	s.pos++
	return nil
}

func (s *jsonScanner) unexpected(wanted string) error {
	if s.pos >= len(s.buf) {
		return s.fail("the value ends where %s is expected", wanted)
	}
	r, _ := utf8.DecodeRune(s.buf[s.pos:])
	return s.fail("%q where %s is expected", r, wanted)
}

// enter and leave count the nesting.
func (s *jsonScanner) enter() error {
	if s.depth++; s.depth > s.maxDepth {
		return s.fail("values nest deeper than %d levels", s.maxDepth)
	}
	s.pos++
	return nil
}

func (s *jsonScanner) leave() {
	s.depth--
	s.pos++
}

// str reads a string at its opening quote; the result is good until the next call.
func (s *jsonScanner) str() ([]byte, error) {
	start := s.pos + 1
	high := byte(0)
	for i := start; i < len(s.buf); i++ {
		c := s.buf[i]
		switch {
		case c == '"':
			out := s.buf[start:i]
			if high >= utf8.RuneSelf && !utf8.Valid(out) {
				return nil, s.fail("a text is not valid UTF-8")
			}
			s.pos = i + 1
			return out, nil
		case c == '\\':
			return s.escaped(start, i)
		case c < ' ':
			s.pos = i
			return nil, s.fail("a control character within a text")
		}
		high |= c
	}
	s.pos = len(s.buf)
	return nil, s.fail("a text is not closed")
}

// escaped reads the rest of a string from its first backslash at i.
func (s *jsonScanner) escaped(start, i int) ([]byte, error) {
	out := append(s.scratch[:0], s.buf[start:i]...)
	for i < len(s.buf) {
		c := s.buf[i]
		switch {
		case c == '"':
			s.scratch = out
			if !utf8.Valid(out) {
				return nil, s.fail("a text is not valid UTF-8")
			}
			s.pos = i + 1
			return out, nil
		case c < ' ':
			s.pos = i
			return nil, s.fail("a control character within a text")
		case c != '\\':
			out = append(out, c)
			i++
		default:
			n := 0
			if out, n = appendEscape(out, s.buf[i:]); n == 0 {
				s.pos = i
				return nil, s.fail("a text has a malformed escape")
			}
			i += n
		}
	}
	s.pos = len(s.buf)
	return nil, s.fail("a text is not closed")
}

// appendEscape decodes the escape at the start of b and returns its length, 0 where it is malformed or half a surrogate pair.
func appendEscape(out, b []byte) ([]byte, int) {
	if len(b) < 2 {
		return out, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return append(out, b[1]), 2
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case 'u':
		r, ok := hex4(b[2:])
		if !ok {
			return out, 0
		}
		if !utf16.IsSurrogate(r) {
			return utf8.AppendRune(out, r), 6
		}
		if len(b) < 12 || b[6] != '\\' || b[7] != 'u' {
			return out, 0
		}
		low, ok := hex4(b[8:])
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return out, 0
		}
		return utf8.AppendRune(out, r), 12
	}
	return out, 0
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// numberKind says what a number's text is.
type numberKind uint8

const (
	wholeNumber numberKind = iota
	fractionNumber
	oddNumber // NaN, Infinity
)

// number reads a number and returns its text.
func (s *jsonScanner) number() ([]byte, numberKind, error) {
	start, kind := s.pos, wholeNumber
	i := s.pos
	at := func() byte {
		if i < len(s.buf) {
			return s.buf[i]
		}
		return 0
	}
	digits := func() bool {
		from := i
		for i < len(s.buf) && s.buf[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if at() == '-' {
		i++
	}
	if c := at(); c == 'I' || c == 'N' && i == start {
		return s.oddNumber(i)
	}
	zero := at() == '0'
	first := i
	ok := digits()
	ok = ok && !(zero && i-first > 1)
	if ok && at() == '.' {
		kind = fractionNumber
		i++
		ok = digits()
	}
	if ok && at()|0x20 == 'e' {
		kind = fractionNumber
		i++
		if c := at(); c == '+' || c == '-' {
			i++
		}
		ok = digits()
	}
	if !ok {
		return nil, kind, s.fail("a number is malformed")
	}
	s.pos = i
	return s.buf[start:i], kind, nil
}

func (s *jsonScanner) oddNumber(from int) ([]byte, numberKind, error) {
	for _, w := range []string{"NaN", "Infinity"} {
		if end := from + len(w); end <= len(s.buf) && string(s.buf[from:end]) == w {
			tok := s.buf[s.pos:end]
			s.pos = end
			return tok, oddNumber, nil
		}
	}
	return nil, oddNumber, s.fail("a number is malformed")
}

// word reads true, false or null.
func (s *jsonScanner) word(w string) error {
	if end := s.pos + len(w); end <= len(s.buf) && string(s.buf[s.pos:end]) == w {
		s.pos = end
		return nil
	}
	return s.unexpected("a value")
}

// skip reads over a value and checks it; the result is its text.
func (s *jsonScanner) skip() ([]byte, error) {
	s.space()
	start := s.pos
	var err error
	switch c := s.peek(); c {
	case '{':
		err = s.object(func([]byte) error { _, err := s.skip(); return err })
	case '[':
		err = s.list(func() error { _, err := s.skip(); return err })
	case '"':
		_, err = s.str()
	case 't':
		err = s.word("true")
	case 'f':
		err = s.word("false")
	case 'n':
		err = s.word("null")
	default:
		if c != '-' && c != 'I' && c != 'N' && c-'0' > 9 {
			return nil, s.unexpected("a value")
		}
		_, _, err = s.number()
	}
	if err != nil {
		return nil, err
	}
	return s.buf[start:s.pos], nil
}

// object reads an object at its brace; field is called at each value. The name is good until the value is read.
func (s *jsonScanner) object(field func(name []byte) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.leave()
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.unexpected("a name in quotes")
		}
		name, err := s.str()
		if err == nil {
			err = s.expect(':')
		}
		if err == nil {
			s.space()
			err = field(name)
		}
		if err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.leave()
			return nil
		default:
			return s.unexpected("a comma or the end of the object")
		}
	}
}

// list reads an array at its bracket; elem is called at each value.
func (s *jsonScanner) list(elem func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.leave()
		return nil
	}
	for {
		s.space()
		if err := elem(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.leave()
			return nil
		default:
			return s.unexpected("a comma or the end of the array")
		}
	}
}
