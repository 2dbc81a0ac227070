package ref

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// floatTolerance is what floats may differ by, of Σ|x| or of the value: the bound that sums promise.
const floatTolerance = 1e-12

// Diff says how got differs from want, the reference: "" where they have the same rows in the same order.
func Diff(want, got *Table) string {
	if len(want.Rows) != len(got.Rows) {
		return fmt.Sprintf("%d rows, want %d\n%s", len(got.Rows), len(want.Rows), both(want, got, 0))
	}
	for i, w := range want.Rows {
		g := got.Rows[i]
		if len(w) != len(g) {
			return fmt.Sprintf("row %d: %d columns, want %d", i, len(g), len(w))
		}
		for c := range w {
			if !same(w[c], g[c], want.Scale) {
				return fmt.Sprintf("row %d, column %q: got %v (%T), want %v (%T)\n%s", i, want.Schema.Field(c).Name, g[c], g[c], w[c], w[c], both(want, got, max(0, i-2)))
			}
		}
	}
	return ""
}

// DiffRows is Diff for rows in any order. Rows must have the same text in both, but for floats, which are compared to 7 digits.
func DiffRows(want, got *Table) string {
	a, b := &Table{Schema: want.Schema, Scale: want.Scale, Rows: inOrder(want.Rows)}, &Table{Schema: got.Schema, Rows: inOrder(got.Rows)}
	return Diff(a, b)
}

func inOrder(rows []Row) []Row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return strings.Compare(roughText(a), roughText(b)) })
	return rows
}

func roughText(r Row) string {
	var b strings.Builder
	for _, v := range r {
		if f, ok := v.(float64); ok {
			fmt.Fprintf(&b, "%.7g|", f+0)
			continue
		}
		fmt.Fprintf(&b, "%v|", v)
	}
	return b.String()
}

// same says whether two values are equal, floats nearly so.
func same(w, g any, scale float64) bool {
	x, ok1 := w.(float64)
	y, ok2 := g.(float64)
	if ok1 && ok2 {
		if x == y || math.IsNaN(x) && math.IsNaN(y) {
			return true
		}
		return math.Abs(x-y) <= floatTolerance*max(scale, math.Abs(x), math.Abs(y))
	}
	if w == nil || g == nil {
		return w == nil && g == nil
	}
	a, ok1 := w.(List)
	b, ok2 := g.(List)
	if ok1 && ok2 {
		return slices.EqualFunc(a, b, func(x, y any) bool { return same(x, y, scale) })
	}
	if s, ok := w.(Struct); ok {
		o, ok := g.(Struct)
		return ok && slices.EqualFunc(s, o, func(x, y any) bool { return same(x, y, scale) })
	}
	if _, ok := g.(Struct); ok {
		return false
	}
	return !ok1 && !ok2 && w == g
}

// both shows a few rows of both tables.
func both(want, got *Table, from int) string {
	var b strings.Builder
	show := func(name string, t *Table) {
		fmt.Fprintf(&b, "%s:\n", name)
		for i := from; i < min(from+6, len(t.Rows)); i++ {
			fmt.Fprintf(&b, "  %d: %v\n", i, t.Rows[i])
		}
	}
	show("want", want)
	show("got", got)
	return b.String()
}
