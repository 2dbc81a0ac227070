package cli

import "strings"

// splitList cuts the values of a flag that may be repeated at the commas that stand outside of quotes and brackets: names with a comma
// are put in double quotes, and decimal(10, 2) stays whole.
func splitList(values []string) []string {
	var out []string
	for _, v := range values {
		depth, start, inQuotes := 0, 0, false
		for i := 0; i < len(v); i++ {
			switch c := v[i]; {
			case c == '"':
				inQuotes = !inQuotes
			case inQuotes:
			case c == '(' || c == '[' || c == '<':
				depth++
			case c == ')' || c == ']' || c == '>':
				depth--
			case c == ',' && depth <= 0:
				out = append(out, strings.TrimSpace(v[start:i]))
				start = i + 1
			}
		}
		out = append(out, strings.TrimSpace(v[start:]))
	}
	return out
}

// unquote takes the double quotes off a name; doubled ones inside are one.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
	}
	return s
}

// lastEquals returns the place of the last equals sign outside of quotes and brackets, -1 where there is none.
func lastEquals(v string) int {
	depth, inQuotes, at := 0, false, -1
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"':
			inQuotes = !inQuotes
		case inQuotes:
		case c == '(' || c == '[' || c == '<':
			depth++
		case c == ')' || c == ']' || c == '>':
			depth--
		case c == '=' && depth <= 0:
			at = i
		}
	}
	return at
}

// names returns the column names that a flag lists.
func names(flag string, values []string) ([]string, error) {
	var out []string
	for _, v := range splitList(values) {
		if v = unquote(v); v == "" {
			return nil, usage("--%s: a column name is empty", flag)
		}
		out = append(out, v)
	}
	return out, nil
}

// pair is name=value as flags have it.
type pair struct{ name, value string }

// pairs returns the name=value pairs that a flag lists; the name may be quoted, else it ends at the last sign outside of brackets.
func pairs(flag, form string, values []string) ([]pair, error) {
	var out []pair
	for _, v := range splitList(values) {
		at := lastEquals(v)
		if len(v) > 0 && v[0] == '"' {
			if closing := strings.Index(v, `"=`); closing > 0 {
				at = closing + 1
			}
		}
		if at <= 0 || at == len(v)-1 {
			return nil, usageHint("write --"+flag+" "+form, "--%s: %q is not of the form %s", flag, v, form)
		}
		out = append(out, pair{unquote(strings.TrimSpace(v[:at])), strings.TrimSpace(v[at+1:])})
	}
	return out, nil
}
