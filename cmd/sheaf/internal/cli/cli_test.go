package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite golden files")

// sheaf runs a command line and returns what it printed and its exit code.
func sheaf(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(context.Background(), args, Streams{&out, &errs})
	return out.String(), errs.String(), code
}

// TestCommands holds every command of testdata/commands.txt, run in testdata/in, to its answer, its messages and its exit code.
func TestCommands(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "commands.txt"))
	require.NoError(t, err)
	file, err := filepath.Abs(filepath.Join("testdata", "commands.txt"))
	require.NoError(t, err)
	t.Chdir(filepath.Join("testdata", "in"))
	t.Setenv("COLUMNS", "120")
	var out strings.Builder
	cases := 0
	for _, block := range strings.Split("\n"+string(content), "\n$ sheaf ")[1:] {
		line, want, _ := strings.Cut(block, "\n")
		stdout, stderr, code := sheaf(t, words(line)...)
		got := stdout
		if stderr != "" || code != 0 {
			got += fmt.Sprintf("[exit %d]\n%s", code, stderr)
		}
		if !*update {
			require.Equal(t, strings.TrimRight(want, "\n"), strings.TrimRight(got, "\n"), line)
		}
		if strings.Contains(line, "--json") && code == 0 {
			var v any
			require.NoError(t, json.Unmarshal([]byte(stdout), &v), line)
		}
		out.WriteString("$ sheaf " + line + "\n" + strings.TrimRight(got, "\n") + "\n\n")
		cases++
	}
	require.Greater(t, cases, 60)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644))
	}
}

// words cuts a command line as a shell does: double quotes keep blanks, a backslash the next character.
func words(line string) []string {
	var out []string
	var word strings.Builder
	inWord, inQuotes := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case c == '"':
			inQuotes, inWord = !inQuotes, true
		case c == ' ' && !inQuotes:
			if inWord {
				out = append(out, word.String())
				word.Reset()
			}
			inWord = false
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	if inWord {
		out = append(out, word.String())
	}
	return out
}

func TestManPagesAndCompletion(t *testing.T) {
	dir := t.TempDir()
	_, stderr, code := sheaf(t, "man", dir)
	require.Zero(t, code, stderr)
	page, err := os.ReadFile(filepath.Join(dir, "sheaf-convert.1"))
	require.NoError(t, err)
	for _, part := range []string{".SH SYNOPSIS", ".SH EXIT STATUS", `\-\-partition\-by NAME`, "starts_with"} {
		require.Contains(t, string(page), part)
	}
	for i, line := range strings.Split(string(page), "\n") {
		if strings.HasPrefix(line, ".") {
			require.Regexp(t, `^\.(TH|SH|TP|PP|B|nf|fi)\b`, line, "line %d", i+1)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		stdout, _, code := sheaf(t, "completion", shell)
		require.Zero(t, code)
		require.Contains(t, stdout, "sheaf")
	}
	stdout, _, _ := sheaf(t, "__complete", "convert", "--compression", "s")
	require.Contains(t, stdout, "snappy")
}

func TestVersion(t *testing.T) {
	stdout, stderr, code := sheaf(t, "--version")
	require.Zero(t, code)
	require.Empty(t, stderr)
	require.Regexp(t, `^sheaf \S.*\n$`, stdout)
}

func TestCanceledRunFails(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	code := Run(ctx, []string{"count", filepath.Join("testdata", "in", "trips.csv"), "--where", "id > 1"}, Streams{&out, &errs})
	require.Equal(t, exitFailed, code)
	require.Equal(t, "error: interrupted\n", errs.String())
	require.Empty(t, out.String())
}

func TestSplitList(t *testing.T) {
	require.Equal(t, []string{"a", `"b,c"`, "d=decimal(10, 2)", "e=list<int64>", ""}, splitList([]string{`a, "b,c",d=decimal(10, 2)`, "e=list<int64>,"}))
	got, err := pairs("cast", "NAME=TYPE", []string{`a=int64,"x=y"=text,b=c=date,t=timestamp[ms, tz=UTC]`})
	require.NoError(t, err)
	require.Equal(t, []pair{{"a", "int64"}, {"x=y", "text"}, {"b=c", "date"}, {"t", "timestamp[ms, tz=UTC]"}}, got)
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{"512MB": 512e6, "4 GB": 4e9, "1.5GiB": 3 << 29, "1000": 1000, "2k": 2048, "7b": 7} {
		got, err := size(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "GB", "-1GB", "0", "1XB", "1e40", "NaN"} {
		_, err := size(text)
		require.Error(t, err, text)
	}
}
