package csvio

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
)

// Odd is a value that makes a column text, where nearly all others read as one other type.
type Odd struct {
	Column int
	// Type is that of the others, Values how many values were seen that are not null, and Count how many of them are odd.
	Type          arrow.DataType
	Values, Count int64
	// Text is the first odd value, Offset where it stands in the decoded file.
	Text   string
	Offset int64
}

const (
	// mostOdd is how many values of a column may be odd, and oddShare which part of them: more are no mistake but text.
	mostOdd  = 10
	oddShare = 10
)

// families are kinds of values that one column mixes.
var families = [...]guess{guessInt | guessBig | guessFloat, guessAny &^ (guessTime - 1), guessBool}

// suspect counts, for a column, the values that do not fit each family.
type suspect struct {
	values int64
	dead   bool // too many fit none
	of     [len(families)]struct {
		guess  Guess
		misses int64
		text   string
		at     int64
	}
}

// note takes a value of the kinds k that stands at an offset.
func (s *suspect) note(k guess, nanos bool, f []byte, at int64) {
	s.values++
	lost := 0
	for i, mask := range families {
		o := &s.of[i]
		if k&mask != 0 {
			o.guess.seen, o.guess.nanos = true, o.guess.nanos || nanos
			o.guess.not |= ^k
			continue
		}
		if o.misses++; o.misses == 1 {
			o.text, o.at = string(f[:min(len(f), maxOddText)]), at
		}
		if i == 0 && isCode(f) {
			o.misses += s.values + mostOdd // of a column of numbers that begin with zeros nobody wonders that it is text
		}
		if o.misses > mostOdd && o.misses*oddShare > s.values {
			lost++
		}
	}
	s.dead = lost == len(families)
}

// noteNumber is note for one more number in a column that numbers alone have been seen in.
func (s *suspect) noteNumber() {
	s.values++
	for i := 1; i < len(families); i++ {
		s.of[i].misses++
	}
}

// maxOddText is how many bytes of an odd value are kept.
const maxOddText = 200

// isCode says whether a value is digits after a zero or a plus: a postal code, a telephone number.
func isCode(f []byte) bool {
	return len(f) > 1 && (f[0] == '0' || f[0] == '+') && len(bytes.TrimLeft(f[1:], "0123456789")) == 0
}

// odd returns the value that makes the column text; ok is false where there is none, or too many.
func (s *suspect) odd(d *Dialect) (o Odd, ok bool) {
	for i := range s.of {
		f := &s.of[i]
		t, _ := f.guess.Type(d)
		if f.misses == 0 || f.misses > mostOdd || f.misses*oddShare > s.values || t.ID() == arrow.STRING || t.ID() == arrow.NULL {
			continue
		}
		return Odd{Type: t, Values: s.values, Count: f.misses, Text: f.text, Offset: f.at}, true
	}
	return Odd{}, false
}

// Odd returns the values that make columns text, one a column at most.
func (s *Samples) Odd() (list []Odd) {
	for c := range s.Columns {
		t, _ := s.Columns[c].Type(&s.head.Dialect)
		if t.ID() != arrow.STRING {
			continue
		}
		if o, ok := s.odd[c].odd(&s.head.Dialect); ok {
			o.Column = c
			list = append(list, o)
		}
	}
	return list
}

// TypeText is a type as messages name it.
func TypeText(t arrow.DataType) string { return typeText(t) }
