// Package docs holds the documents and checks them: the Go code in the tables of coming-from-*.md and in the blocks of the README and
// of memory.md is compiled and run, the README's program and its commands, too.
package docs

import (
	"fmt"
	"go/parser"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// snippet is the Sheaf cell of a table's row.
type snippet struct{ at, code string }

// snippets are the last cells of all rows of all tables of a page.
func snippets(t *testing.T, page string) (found []snippet) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	for i, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| |") {
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "| "), `\|`, "\x00"), " | ")
		require.Len(t, cells, 3, "%s:%d", page, i+1)
		code := strings.ReplaceAll(cells[2], "\x00", "|")
		require.Regexp(t, "^`[^`]+`$", code, "%s:%d", page, i+1)
		found = append(found, snippet{fmt.Sprintf("%s:%d", page, i+1), strings.Trim(code, "`")})
	}
	return found
}

// blocks are the texts between ``` of a page, by what stands behind the first of them.
func blocks(t *testing.T, page, language string) (found []snippet) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	inside, wanted := false, false
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
			wanted = inside && line == "```"+language
			if wanted {
				found = append(found, snippet{at: fmt.Sprintf("%s:%d", page, i+2)})
			}
		case wanted:
			found[len(found)-1].code += line + "\n"
		}
	}
	return found
}

// lines are the lines of the Go blocks of a page that are no whole programs: each is a snippet.
func lines(t *testing.T, page string) (found []snippet) {
	for _, b := range blocks(t, page, "go") {
		if strings.HasPrefix(b.code, "package") {
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(b.code), "\n") {
			code, _, _ := strings.Cut(line, " // ")
			found = append(found, snippet{b.at, strings.TrimSpace(code)})
		}
	}
	require.NotEmpty(t, found, page)
	return found
}

// TestSnippets writes a program with a function for each row of the tables and runs it: what does not compile fails the build, what
// gives a fault is printed with its place.
func TestSnippets(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	pages, err := filepath.Glob("coming-from-*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	var program, calls strings.Builder
	n := 0
	add := func(all []snippet) {
		for _, s := range all {
			body := s.code
			if _, err := parser.ParseExpr(body); err == nil {
				body = fmt.Sprintf("check(%q)(%s)", s.at, body)
			}
			fmt.Fprintf(&program, "func row%d() {\n\t%s\n}\n\n", n, body)
			fmt.Fprintf(&calls, "\trun(%q, row%d)\n", s.at, n)
			n++
		}
	}
	for _, page := range pages {
		all := snippets(t, page)
		require.GreaterOrEqual(t, len(all), 30, "%s: rows of code", page)
		add(all)
	}
	for _, page := range []string{filepath.Join("..", "README.md"), "memory.md"} {
		add(lines(t, page))
	}
	prelude, err := os.ReadFile(filepath.Join("testdata", "prelude.go.txt"))
	require.NoError(t, err)
	folder := t.TempDir()
	source := filepath.Join(folder, "main.go")
	text := strings.Replace(string(prelude), "// CALLS\n", calls.String(), 1) + program.String()
	require.NoError(t, os.WriteFile(source, []byte(text), 0o644))
	binary := filepath.Join(folder, "snippets.exe")
	out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput()
	require.NoError(t, err, "%s", out)
	run := exec.Command(binary)
	run.Dir = folder
	out, err = run.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
