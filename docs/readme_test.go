package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeProgram holds the README's program against examples/first, and its output against what the README shows.
func TestReadmeProgram(t *testing.T) {
	readme := filepath.Join("..", "README.md")
	source, err := os.ReadFile(filepath.Join("..", "examples", "first", "main.go"))
	require.NoError(t, err)
	_, program, found := strings.Cut(string(source), "package main")
	require.True(t, found)
	require.Equal(t, "package main"+program, blocks(t, readme, "go")[0].code)
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	run := exec.Command("go", "run", "./examples/first")
	run.Dir = ".."
	out, err := run.Output()
	require.NoError(t, err)
	require.Equal(t, string(out), blocks(t, readme, "")[0].code)
}

// TestReadmeMistake holds the README's line about a mistake against what the program says with it.
func TestReadmeMistake(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	_, line, found := strings.Cut(string(readme), "\n    first/main.go:")
	require.True(t, found)
	line, _, _ = strings.Cut(line, "\n")
	source, err := os.ReadFile(filepath.Join("..", "examples", "first", "main.go"))
	require.NoError(t, err)
	folder := filepath.Join(t.TempDir(), "first")
	require.NoError(t, os.Mkdir(folder, 0o755))
	wrong := strings.Replace(string(source), `"fare_amount"`, `"fare_amout"`, 1)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(wrong), 0o644))
	run := exec.Command("go", "run", filepath.Join(folder, "main.go"))
	run.Dir = ".."
	out, err := run.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "first/main.go:"+line+"\n")
}

// TestReadmeCommands runs the lines of the README that begin with sheaf, in order, over the sample of trips.
func TestReadmeCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	folder := t.TempDir()
	binary := filepath.Join(folder, "sheaf.exe")
	out, err := exec.Command("go", "build", "-o", binary, "../cmd/sheaf").CombinedOutput()
	require.NoError(t, err, "%s", out)
	sample, err := os.ReadFile(filepath.Join("..", "examples", "nyctaxi", "testdata", "sample.csv"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "trips.csv"), sample, 0o644))
	n := 0
	for _, line := range strings.Split(string(text), "\n") {
		command, _, _ := strings.Cut(line, " #")
		command, found := strings.CutPrefix(command, "    sheaf ")
		if !found {
			continue
		}
		var args []string
		for i, part := range strings.Split(command, "\"") { // every second part stood in quotes
			if i%2 == 1 {
				args = append(args, part)
			} else {
				args = append(args, strings.Fields(part)...)
			}
		}
		run := exec.Command(binary, args...)
		run.Dir = folder
		out, err := run.CombinedOutput()
		require.NoError(t, err, "sheaf %s\n%s", command, out)
		n++
	}
	require.GreaterOrEqual(t, n, 5)
	require.FileExists(t, filepath.Join(folder, "by-type", "payment_type=1", "part-00000.csv"))
}
