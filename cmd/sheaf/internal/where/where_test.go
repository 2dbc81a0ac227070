package where

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

var update = flag.Bool("update", false, "rewrite golden files")

// trips is the schema that the tests' conditions are over.
var trips = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "fare", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "zone", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "pickup", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	{Name: "day", Type: arrow.FixedWidthTypes.Date32, Nullable: true}, {Name: "paid", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "tip amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "a.b", Type: arrow.PrimitiveTypes.Int32},
	{Name: "took", Type: arrow.FixedWidthTypes.Duration_us, Nullable: true}, {Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
	{Name: "at", Type: arrow.StructOf(arrow.Field{Name: "lat", Type: arrow.PrimitiveTypes.Float64}), Nullable: true},
	{Name: "price", Type: &arrow.Decimal128Type{Precision: 10, Scale: 2}, Nullable: true}, {Name: "not", Type: arrow.FixedWidthTypes.Boolean},
}, nil)

// TestConditions holds every line of testdata/conditions.txt to what it means, or to what is said of it: the text, ---- and the answer.
func TestConditions(t *testing.T) {
	path := filepath.Join("testdata", "conditions.txt")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var out strings.Builder
	cases := 0
	for _, block := range strings.Split(string(content), "\n\n") {
		text, want, _ := strings.Cut(strings.Trim(block, "\n"), "\n----\n")
		if strings.HasPrefix(text, "#") || text == "" {
			out.WriteString(text + "\n\n")
			continue
		}
		got := answer(text)
		if !*update {
			require.Equal(t, want, got, text)
		}
		out.WriteString(text + "\n----\n" + got + "\n\n")
		cases++
	}
	require.Greater(t, cases, 80)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644))
	}
}

// answer is the expression that a condition means, or its error with a caret.
func answer(text string) string {
	e, err := Parse(text, trips)
	if err == nil {
		return e.String()
	}
	var p *Problem
	if !errors.As(err, &p) {
		return "no place: " + err.Error()
	}
	caret := strings.Repeat(" ", p.From) + strings.Repeat("^", max(p.To-p.From, 1))
	var f *fault.Error
	errors.As(err, &f)
	out := caret + "\nerror: " + p.Message
	if f.Hint != "" {
		out += "\nhelp: " + f.Hint
	}
	return out
}

func TestEveryFunctionBinds(t *testing.T) {
	// The first column of the letters' type that binds will do; every function must take one.
	for name, f := range functions {
		require.True(t, bindsSomehow(name, f), "%s: %s", name, f.usage)
	}
	for from, to := range aliases {
		if to == "" {
			require.Contains(t, elsewhere, from)
			continue
		}
		require.Contains(t, functions, to)
		require.NotContains(t, functions, from)
	}
}

func bindsSomehow(name string, f function) bool {
	values := []string{"fare", "zone", "pickup", "took", "tags", "day", "paid"}
	least, _ := arity(f.params)
	letters := strings.NewReplacer("|", "", "*", "").Replace(f.params)
	for _, first := range values {
		for _, second := range append(values, "'x'") {
			for _, text := range []string{"'a'", "'month'", "'UTC'", "'1h'", "'2006'"} {
				args := []string{}
				for i := range least {
					switch {
					case letters[i] == 'i':
						args = append(args, "1")
					case letters[i] != 'e':
						args = append(args, text)
					case i == 0:
						args = append(args, first)
					default:
						args = append(args, second)
					}
				}
				if _, err := Parse(name+"("+strings.Join(args, ", ")+") is not null", trips); err == nil {
					return true
				}
			}
		}
	}
	return false
}

func TestDepthIsBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", 5000) + "paid" + strings.Repeat(")", 5000), strings.Repeat("not ", 5000) + "paid", strings.Repeat("-", 9000) + "1 > 0",
		"id" + strings.Repeat("+1", 5000) + " > 0", strings.Repeat("abs(", 5000) + "1" + strings.Repeat(")", 5000) + " > 0",
	} {
		_, err := Parse(text, trips)
		var p *Problem
		require.ErrorAs(t, err, &p, text[:20])
	}
	long := "id = 0" + strings.Repeat(" or id = 1", 3000)
	e, err := Parse(long, trips)
	require.NoError(t, err, "long lists of conditions do not nest")
	require.Len(t, e.Args(), 3001)
}

// FuzzParse holds that any text is an expression that binds to a bool, or a problem with a place inside of the text.
func FuzzParse(f *testing.F) {
	content, err := os.ReadFile(filepath.Join("testdata", "conditions.txt"))
	require.NoError(f, err)
	for _, block := range strings.Split(string(content), "\n\n") {
		text, _, _ := strings.Cut(block, "\n----\n")
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text, trips)
		if err == nil {
			b, err := expr.Bind(e, trips)
			require.NoError(t, err)
			require.Contains(t, []arrow.Type{arrow.BOOL, arrow.NULL}, b.Type().ID())
			return
		}
		var p *Problem
		require.ErrorAs(t, err, &p)
		require.LessOrEqual(t, 0, p.From)
		require.LessOrEqual(t, p.From, p.To)
		require.LessOrEqual(t, p.To, len(text))
		require.NotEmpty(t, p.Message)
	})
}
