package plan

import (
	"strings"

	"github.com/sheafdata/sheaf/expr"
)

// Describe returns a node in a line, without what is below it.
func Describe(n Node) string { return n.label() }

// Format draws a plan for people: a node a line, inputs below and indented. A node that several read is drawn once and named after.
func Format(n Node) string {
	f := formatter{uses: map[Node]int{}, number: map[Node]int{}}
	f.count(n)
	f.write(n, 0)
	return f.b.String()
}

type formatter struct {
	b      strings.Builder
	uses   map[Node]int
	number map[Node]int
}

func (f *formatter) count(n Node) {
	f.uses[n]++
	if f.uses[n] == 1 {
		for _, in := range n.Inputs() {
			f.count(in)
		}
	}
}

func (f *formatter) write(n Node, depth int) {
	f.b.WriteString(strings.Repeat("  ", depth))
	if at, drawn := f.number[n]; drawn {
		f.b.WriteString("shared " + string(rune('A'+at%26)) + "\n")
		return
	}
	f.b.WriteString(n.label())
	if f.uses[n] > 1 {
		f.number[n] = len(f.number)
		f.b.WriteString("  (shared " + string(rune('A'+f.number[n]%26)) + ")")
	}
	f.b.WriteByte('\n')
	for _, in := range n.Inputs() {
		f.write(in, depth+1)
	}
}

func join(list []string) string { return strings.Join(list, ", ") }

// joinExprs writes expressions with their names, where a name is not what is seen anyway.
func joinExprs(exprs []expr.Expr) string {
	list := make([]string, len(exprs))
	for i, e := range exprs {
		list[i] = e.String()
	}
	return join(list)
}

func joinKeys(keys []SortKey) string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = k.Expr.Unalias().String()
		if k.Desc {
			list[i] += " desc"
		}
		if k.NullsFirst {
			list[i] += " nulls first"
		}
	}
	return join(list)
}
