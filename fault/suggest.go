package fault

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Suggest returns `did you mean "x"?` for the name that the wrong one most likely stands for, or the list of names where none is near
// and the list is short, else "". It is the tail of every unknown-name message.
//
// Nearest first: the same name in another case or with other separators (tipAmount, tip_amount); a slip of the keyboard (up to a third
// of the letters, letters swapped included); a name that begins with the wrong one or the other way round; a name that has it as a word, or all its
// words; a name that contains it. Among equals the shorter one, then the one that comes first.
func Suggest(wrong string, names []string) string {
	if best := nearest(wrong, names); best != "" {
		return "did you mean " + strconv.Quote(best) + "?"
	}
	if len(names) > 0 && len(names) <= 20 {
		return "there are " + strings.Join(names, ", ")
	}
	return ""
}

// nearest returns the name of the lowest rank, "" where all are far.
func nearest(wrong string, names []string) string {
	best, least := "", far
	for _, n := range names {
		r := rankOf(wrong, n)
		if r < least || r == least && r < far && len(n) < len(best) {
			best, least = n, r
		}
	}
	return best
}

// Ranks of names, from near to far; a slip of n letters has rankSlip + n where that is no more than one letter, and manySlips + n
// otherwise.
const (
	rankCase      = 0
	rankSeparator = 1
	rankSlip      = 2
	rankPrefix    = 10
	rankWord      = 20
	manySlips     = 30
	rankInside    = 80
	far           = 100
)

// leastPart is how long a part of a name must be to tell anything by being within another.
const leastPart = 2

func rankOf(wrong, name string) int {
	if strings.EqualFold(wrong, name) {
		return rankCase
	}
	a, b := strings.ToLower(wrong), strings.ToLower(name)
	if bare(a) == bare(b) && bare(a) != "" {
		return rankSeparator
	}
	limit := min(1+len(a)/3, 20)
	slips := editDistance(a, b, limit)
	switch {
	case slips == 1 && len(a) > 2:
		return rankSlip + slips
	case len(a) >= leastPart && strings.HasPrefix(b, a), len(b) > leastPart && strings.HasPrefix(a, b):
		return rankPrefix
	case hasWords(words(name), words(wrong)), len(b) > leastPart && hasWords(words(wrong), words(name)):
		return rankWord
	case slips <= limit && slips < len(b):
		return manySlips + slips
	case len(a) > leastPart && strings.Contains(b, a):
		return rankInside
	}
	return far
}

// bare leaves only letters and digits.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// words splits a name at separators and where capitals begin: tip_amount and TipAmount are [tip amount].
func words(s string) []string {
	var list []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			list = append(list, string(word))
		}
		word = nil
	}
	wasLower := false
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) || wasLower && unicode.IsUpper(r) {
			flush()
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			word = append(word, unicode.ToLower(r))
		}
		wasLower = unicode.IsLower(r)
	}
	flush()
	return list
}

// hasWords says whether a name has all of some words, shortened or with an ending.
func hasWords(name, wanted []string) bool {
	for _, w := range wanted {
		if len(w) < leastPart || !slices.ContainsFunc(name, func(n string) bool {
			return strings.HasPrefix(n, w) || len(n) > leastPart && strings.HasPrefix(w, n)
		}) {
			return false
		}
	}
	return len(wanted) > 0
}

// editDistance is the Damerau–Levenshtein distance (restricted: optimal string alignment) in characters, or limit+1 where it is over the
// limit.
func editDistance(x, y string, limit int) int {
	a, b := []rune(x), []rune(y)
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	two, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], two[j-2]+1)
			}
		}
		two, prev, cur = prev, cur, two
	}
	return min(prev[len(b)], limit+1)
}
