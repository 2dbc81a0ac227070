package where

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sheafdata/sheaf/fault"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	end    tokenKind = iota
	word             // a keyword, function or plain column name
	quoted           // a column name in double quotes or backquotes; text is the name
	number           // digits, as written
	str              // text in single quotes; text is what they enclose
	symbol           // an operator or bracket
)

// token is a piece of a condition; from and to are its bytes there.
type token struct {
	kind     tokenKind
	text     string
	from, to int
}

// is says whether the token is the keyword or symbol, keywords in any case.
func (t token) is(what string) bool {
	return t.kind == symbol && t.text == what || t.kind == word && strings.EqualFold(t.text, what)
}

// symbols are listed longest first, as they are tried.
var symbols = []string{"::", "==", "!=", "<>", "<=", ">=", "||", "//", "**", "&&", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", ",", ".", "[", "]", "!", "~", ";"}

// scan cuts a text into tokens, an end token last.
func scan(text string) ([]token, error) {
	s := scanner{text: text}
	var tokens []token
	for {
		t, err := s.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		if t.kind == end {
			return tokens, nil
		}
	}
}

type scanner struct {
	text string
	at   int
}

func (s *scanner) next() (token, error) {
	for s.at < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.text[s.at:])
		if !unicode.IsSpace(r) {
			break
		}
		s.at += n
	}
	from := s.at
	if from == len(s.text) {
		return token{kind: end, from: from, to: from}, nil
	}
	r, n := utf8.DecodeRuneInString(s.text[from:])
	switch {
	case r == '\'':
		return s.enclosed('\'', str, "text")
	case r == '"' || r == '`':
		return s.enclosed(byte(r), quoted, "name")
	case isDigit(byte(r)) || r == '.' && from+1 < len(s.text) && isDigit(s.text[from+1]):
		return s.number()
	case r == '_' || unicode.IsLetter(r):
		for s.at < len(s.text) {
			r, n := utf8.DecodeRuneInString(s.text[s.at:])
			if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				break
			}
			s.at += n
		}
		return token{word, s.text[from:s.at], from, s.at}, nil
	}
	for _, sym := range symbols {
		if strings.HasPrefix(s.text[from:], sym) {
			s.at += len(sym)
			return token{symbol, sym, from, s.at}, nil
		}
	}
	if strings.ContainsRune("‘’“”´", r) {
		return token{}, problem(s.text, from, from+n, "%q is a typographic quote", r).WithHint("write the plain quote ' around text")
	}
	return token{}, problem(s.text, from, from+n, "%q has no meaning here", r).WithHint("put a column of that name in double quotes, text in single quotes")
}

// enclosed reads what stands between two quotes; a doubled quote inside is one.
func (s *scanner) enclosed(quote byte, kind tokenKind, what string) (token, error) {
	from := s.at
	var b strings.Builder
	for at := from + 1; at < len(s.text); at++ {
		if s.text[at] != quote {
			b.WriteByte(s.text[at])
			continue
		}
		if at+1 < len(s.text) && s.text[at+1] == quote {
			b.WriteByte(quote)
			at++
			continue
		}
		s.at = at + 1
		if kind == quoted && b.Len() == 0 {
			return token{}, problem(s.text, from, s.at, "the name is empty").WithHint("empty text is two single quotes: ''")
		}
		return token{kind, b.String(), from, s.at}, nil
	}
	return token{}, problem(s.text, from, len(s.text), "the %s that begins here is not closed", what).WithHint("end it with %c; a %c inside is doubled", quote, quote)
}

// number reads digits with point and exponent; underscores may part the digits.
func (s *scanner) number() (token, error) {
	from := s.at
	digits := func() {
		for s.at < len(s.text) && (isDigit(s.text[s.at]) || s.text[s.at] == '_' && s.at > from) {
			s.at++
		}
	}
	digits()
	if s.at < len(s.text) && s.text[s.at] == '.' {
		s.at++
		digits()
	}
	if s.at < len(s.text) && (s.text[s.at] == 'e' || s.text[s.at] == 'E') {
		back := s.at
		s.at++
		if s.at < len(s.text) && (s.text[s.at] == '+' || s.text[s.at] == '-') {
			s.at++
		}
		if s.at == len(s.text) || !isDigit(s.text[s.at]) {
			s.at = back
		}
		digits()
	}
	if r, n := utf8.DecodeRuneInString(s.text[s.at:]); n > 0 && (r == '_' || unicode.IsLetter(r)) {
		return token{}, s.badNumber(from)
	}
	return token{number, s.text[from:s.at], from, s.at}, nil
}

// badNumber is the error of digits that run into letters.
func (s *scanner) badNumber(from int) *fault.Error {
	to := s.at
	for to < len(s.text) && (s.text[to] == '_' || s.text[to] >= 0x80 || unicode.IsLetter(rune(s.text[to])) || isDigit(s.text[to])) {
		to++
	}
	return problem(s.text, from, to, "%s is neither a number nor a name", s.text[from:to]).WithHint("put a column of that name in double quotes: %q", s.text[from:to])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
