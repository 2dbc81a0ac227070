package fault

import (
	"slices"
	"strconv"
	"strings"
)

// Suggest returns ` did you mean "x"?` for the name nearest to the wrong one, or the list of names where none is near and the
// list is short, else "". It is the tail of every unknown-name message.
func Suggest(wrong string, names []string) string {
	best, bestDist := "", 1+len(wrong)/3
	for _, n := range names {
		if strings.EqualFold(n, wrong) {
			return "did you mean " + strconv.Quote(n) + "?"
		}
		if d := editDistance(strings.ToLower(wrong), strings.ToLower(n), bestDist); d <= bestDist && (best == "" || d < bestDist) {
			best, bestDist = n, d
		}
	}
	if best != "" {
		return "did you mean " + strconv.Quote(best) + "?"
	}
	if len(names) > 0 && len(names) <= 20 {
		return "there are " + strings.Join(slices.Clone(names), ", ")
	}
	return ""
}

// editDistance is the Damerau–Levenshtein distance (restricted: optimal string alignment), or limit+1 where it is over the limit.
func editDistance(a, b string, limit int) int {
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
	return prev[len(b)]
}
