package report

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/where"
	"github.com/sheafdata/sheaf/fault"
)

func text(err error) string {
	var b strings.Builder
	Style{}.Error(&b, err)
	return b.String()
}

func TestValueInItsLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	require.NoError(t, os.WriteFile(path, []byte("id,fare\n1,2\n22,2x,2x2\n3,\tq\n"), 0o666))
	f := &fault.Error{Kind: fault.Data, Op: "CSV", At: "main.go:3", File: path, Line: 3, Column: "fare", Text: "2x", Err: errors.New("no number")}
	require.Equal(t, "error: column \"fare\": no number\n  --> "+path+":3:4\n   |\n 3 | 22,2x,2x2\n   |    ^^\n", text(f))
	f.Text, f.Hint = "2", "set Ragged to Pad, Skip or Reject"
	got := text(f)
	require.Contains(t, got, "--> "+path+":3\n", "2 stands there several times: no caret")
	require.NotContains(t, got, "^")
	require.Contains(t, got, "= value: \"2\"\n   = help: --ragged pad")
	f.Line, f.Text = 4, "\tq"
	require.Contains(t, text(f), " 4 | 3,    q\n   |   ^^^^^\n", "a tab is four cells")
	f.Line = 99
	require.Contains(t, text(f), "99 |     q\n", "no such line: the text alone")
	f.File, f.Line = "", 0
	require.NotContains(t, text(f), "|")
}

func TestLongLinesAreCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("a,", 500)+"bad,"+strings.Repeat("é,", 500)+"\n"), 0o666))
	for _, line := range strings.Split(text(&fault.Error{Kind: fault.Data, File: path, Line: 1, Text: "bad", Err: errors.New("x")}), "\n")[2:] {
		require.LessOrEqual(t, len([]rune(line)), maxShown+10)
		if strings.Contains(line, "^") {
			require.Equal(t, 3, strings.Count(line, "^"))
		}
	}
}

func TestConditions(t *testing.T) {
	err := &fault.Error{Kind: fault.Plan, Hint: "look", Err: &where.Problem{Text: "名前 = x", From: 9, To: 10, Message: "no x"}}
	require.Equal(t, "error: no x\n  --> --where\n   |\n   | 名前 = x\n   |        ^\n   = help: look\n", text(err))
}

func TestNothingWritesToTheTerminal(t *testing.T) {
	got := text(&fault.Error{Kind: fault.Data, File: "a\x1b[2Jb", Column: "c\x1b", Text: "\x1b[31m", Line: 2, Row: 3, Hint: "h\x1b", Err: errors.New("e\x1b\x9b")})
	require.NotContains(t, got, "\x1b")
	require.NotContains(t, got, "\x9b")
	var b strings.Builder
	Style{Color: true}.Error(&b, errors.New("x"))
	require.Contains(t, b.String(), "\x1b[1;31merror\x1b[0m")
	b.Reset()
	Style{Color: true}.Warning(&b, &fault.Error{File: "none.csv", Line: 2, Text: "x", Err: errors.New("x")})
	require.Contains(t, b.String(), "\x1b[1;33mwarning\x1b[0m")
	require.NotContains(t, b.String(), "\x1b[1;31m")
}

func TestFlags(t *testing.T) {
	require.Equal(t, "--promote reads such values as text, --schema FILE takes the types of another file", flags("give the column's type in the option Schema, or PromoteTypes to read it as text"))
	require.Equal(t, "--types 'a \"b\"=text' reads the column as text; if the value stands for a missing one, name it with --null",
		flags(`declare the column: Types: map[string]arrow.DataType{"a "b"": arrow.BinaryTypes.String}, or add the spelling to Nulls or TimeLayouts`))
	require.Equal(t, "as it is", flags("as it is"))
}

// TestHintsSpeakOfFlags holds that no name of a Go option is left in the hints of the readers.
func TestHintsSpeakOfFlags(t *testing.T) {
	for _, dir := range []string{"csvio", "fileio"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "internal", dir, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			content, err := os.ReadFile(f)
			require.NoError(t, err)
			for _, hint := range hints(string(content)) {
				got := flags(strings.NewReplacer("%s", "\"x\"", `\"`, `"`).Replace(hint))
				require.NotRegexp(t, `Ragged|Quote\b|Encoding|Types|Nulls|MaxRow|MaxCol|Schema|Mode:|Overwrite\b|arrow\.`, got, "%s: %s", f, hint)
			}
		}
	}
}

// hints returns the hints that a source file gives.
func hints(source string) []string {
	var out []string
	for _, m := range hintCall.FindAllStringSubmatch(source, -1) {
		out = append(out, m[1])
	}
	return out
}

var hintCall = regexp.MustCompile(`WithHint\("((?:[^"\\]|\\.)*)"`)
